//! What arrives for gRPC calls, and calls of the host's own functions into the guest.

use wasmtime::{Instance, Store};

use super::{Ends, Invocation, Vm, get, invoke, wire};
use crate::error::{ArtifactError, Failure};
use crate::host::{Host, Shared};
use crate::world::grpc::GrpcDelivery;

type Arrives = wasmtime::TypedFunc<(u32, u32, u32), ()>;

pub(super) struct CallExports {
    on_initial_metadata: Option<Arrives>,
    on_message: Option<Arrives>,
    on_trailing_metadata: Option<Arrives>,
    on_close: Option<Arrives>,
    on_foreign_function: Option<Arrives>,
}

impl CallExports {
    pub(super) fn of(instance: &Instance, store: &mut Store<Host>) -> Result<Self, ArtifactError> {
        Ok(Self {
            on_initial_metadata: get(instance, store, "proxy_on_grpc_receive_initial_metadata")?,
            on_message: get(instance, store, "proxy_on_grpc_receive")?,
            on_trailing_metadata: get(instance, store, "proxy_on_grpc_receive_trailing_metadata")?,
            on_close: get(instance, store, "proxy_on_grpc_close")?,
            on_foreign_function: get(instance, store, "proxy_on_foreign_function")?,
        })
    }
}

impl Vm {
    /// Delivers what arrived for a gRPC call, on the account of the stream that made it.
    pub(crate) fn on_grpc(
        &mut self,
        lent: &mut Box<Shared>,
        token: u32,
        (root, account): (u32, u32),
        delivery: GrpcDelivery,
    ) -> Result<(), Failure> {
        let exports = &self.exports.calls;
        let (name, function, detail) = match &delivery {
            GrpcDelivery::InitialMetadata(map) => (
                "proxy_on_grpc_receive_initial_metadata",
                exports.on_initial_metadata.as_ref(),
                wire(map.len()),
            ),
            GrpcDelivery::Message(message) => {
                ("proxy_on_grpc_receive", exports.on_message.as_ref(), wire(message.len()))
            }
            GrpcDelivery::TrailingMetadata(map) => (
                "proxy_on_grpc_receive_trailing_metadata",
                exports.on_trailing_metadata.as_ref(),
                wire(map.len()),
            ),
            GrpcDelivery::Close { status, .. } => {
                ("proxy_on_grpc_close", exports.on_close.as_ref(), *status)
            }
        };
        let invocation = Invocation { name, context: root, account };
        self.store.data_mut().grpc.delivery = Some(delivery);
        let params = (root, token, detail);
        let end = invoke(&mut self.store, lent, self.budget, invocation, function, params);
        self.host().grpc.delivery = None;
        end.map(drop)
    }

    /// Calls the guest on behalf of a foreign function.
    pub(crate) fn on_foreign_function(
        &mut self,
        lent: &mut Box<Shared>,
        root: u32,
        function: u32,
        arguments: Vec<u8>,
    ) -> Result<(), Failure> {
        let invocation = Invocation::of("proxy_on_foreign_function", root);
        let params = (root, function, wire(arguments.len()));
        self.host().foreign_arguments = Some(arguments);
        let callback = self.exports.calls.on_foreign_function.as_ref();
        let end = invoke(&mut self.store, lent, self.budget, invocation, callback, params);
        self.host().foreign_arguments = None;
        end.map(drop)
    }

    /// Asks a plugin context whether it can be deleted, and deletes it unless it asks for time.
    pub(crate) fn begin_end(&mut self, lent: &mut Box<Shared>, root: u32) -> Result<(), Failure> {
        if self.host().leaving.contains_key(&root) {
            return Ok(());
        }
        // The answer counts when the callback is over: until then `proxy_done` finds nothing.
        let invocation = Invocation::of("proxy_on_done", root);
        let function = self.exports.on_done.as_ref();
        let done = invoke(&mut self.store, lent, self.budget, invocation, function, root);
        let waits = matches!(done, Ok(Some(0)));
        if waits && self.host().profile.interface.plugin_may_delay_its_end {
            self.host().leaving.insert(root, false);
            return Ok(());
        }
        done.and_then(|_| self.end_root(lent, root))
    }

    /// The last callbacks of a plugin context, which is gone whatever comes of them.
    pub(crate) fn end_root(&mut self, lent: &mut Box<Shared>, root: u32) -> Result<(), Failure> {
        let logged = self.host().profile.interface.plugin_end_is_logged;
        let end = if logged { self.last_call(lent, "proxy_on_log", root) } else { Ok(()) };
        let end = end.and_then(|()| self.last_call(lent, "proxy_on_delete", root));
        self.forget_root(root);
        end
    }

    fn last_call(
        &mut self,
        lent: &mut Box<Shared>,
        name: &'static str,
        root: u32,
    ) -> Result<(), Failure> {
        let function: Option<&Ends> = match name {
            "proxy_on_log" => self.exports.on_log.as_ref(),
            _ => self.exports.on_delete.as_ref(),
        };
        let invocation = Invocation::of(name, root);
        invoke(&mut self.store, lent, self.budget, invocation, function, root).map(drop)
    }
}
