//! The callbacks of TCP connections.

use wasmtime::{Instance, Store, TypedFunc};

use super::{Action, Asks, Invocation, Ready, Sized3, Vm, get, invoke, wire};
use crate::connection::Peer;
use crate::error::{ArtifactError, Failure};
use crate::host::{Host, Shared};

pub(super) struct TcpExports {
    on_new_connection: Option<Asks>,
    on_data: [Option<Sized3>; 2],
    on_close: [Option<Ready>; 2],
}

impl TcpExports {
    pub(super) fn of(instance: &Instance, store: &mut Store<Host>) -> Result<Self, ArtifactError> {
        Ok(Self {
            on_new_connection: get(instance, store, "proxy_on_new_connection")?,
            on_data: [
                get(instance, store, "proxy_on_downstream_data")?,
                get(instance, store, "proxy_on_upstream_data")?,
            ],
            on_close: [
                get::<_, ()>(instance, store, "proxy_on_downstream_connection_close")?,
                get::<_, ()>(instance, store, "proxy_on_upstream_connection_close")?,
            ],
        })
    }
}

/// The way of the client's data, or of the upstream's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Downstream,
    Upstream,
}

impl Way {
    fn pick<T>(self, [down, up]: &[T; 2]) -> &T {
        match self {
            Self::Downstream => down,
            Self::Upstream => up,
        }
    }
}

impl Vm {
    pub(crate) fn on_new_connection(
        &mut self,
        lent: &mut Box<Shared>,
        context: u32,
    ) -> Result<(), Failure> {
        let invocation = Invocation::of("proxy_on_new_connection", context);
        let function: Option<&TypedFunc<u32, u32>> = self.exports.tcp.on_new_connection.as_ref();
        invoke(&mut self.store, lent, self.budget, invocation, function, context).map(drop)
    }

    pub(crate) fn on_data(
        &mut self,
        lent: &mut Box<Shared>,
        way: Way,
        context: u32,
        (size, end_of_stream): (usize, bool),
    ) -> Result<Action, Failure> {
        let name: &'static str =
            way.pick::<&'static str>(&["proxy_on_downstream_data", "proxy_on_upstream_data"]);
        let invocation = Invocation::of(name, context);
        let function = way.pick(&self.exports.tcp.on_data).as_ref();
        let params = (context, wire(size), u32::from(end_of_stream));
        let action = invoke(&mut self.store, lent, self.budget, invocation, function, params)?;
        Ok(action.map_or(Action::Continue, Action::from_wire))
    }

    pub(crate) fn on_connection_close(
        &mut self,
        lent: &mut Box<Shared>,
        way: Way,
        context: u32,
        peer: Peer,
    ) -> Result<(), Failure> {
        let names = ["proxy_on_downstream_connection_close", "proxy_on_upstream_connection_close"];
        let invocation = Invocation::of(way.pick::<&'static str>(&names), context);
        let function = way.pick(&self.exports.tcp.on_close).as_ref();
        let params = (context, peer.wire());
        invoke(&mut self.store, lent, self.budget, invocation, function, params).map(drop)
    }
}
