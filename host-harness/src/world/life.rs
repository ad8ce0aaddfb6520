//! What a proxy does to a plugin beyond requests and time.

use super::grpc::GrpcUpstream;
use super::{WorkerId, World};
use crate::error::Failure;

impl World {
    /// Calls a guest back on behalf of a foreign function: `proxy_on_foreign_function` with this
    /// number, which the function and the guest have agreed on, and these bytes to read.
    ///
    /// # Errors
    /// When the guest fails, or its VM was down already.
    pub fn call_foreign_callback(
        &mut self,
        WorkerId(index): WorkerId,
        function: u32,
        arguments: impl Into<Vec<u8>>,
    ) -> Result<(), Failure> {
        let drive = self.drive(index);
        drive.map_or_else(
            || Err(Failure::no_such_worker()),
            |mut drive| drive.call_foreign_callback(function, arguments.into()),
        )
    }

    /// Ends a worker as a proxy does that lets go of a configuration: `on_done` for the plugin, and
    /// its deletion, at once or when the guest calls `proxy_done`. Until then timers fire and calls
    /// end. Answers whether it is over.
    pub fn shut_down(&mut self, worker: WorkerId) -> bool {
        self.tape.unrecorded("a worker's orderly end");
        let WorkerId(index) = worker;
        if let Some(mut drive) = self.drive(index) {
            drive.shut_down();
        }
        self.is_stopped(worker)
    }

    /// Whether a worker has ended: stopped, or shut down with the consent of its guest.
    #[must_use]
    pub fn is_stopped(&self, WorkerId(index): WorkerId) -> bool {
        self.workers.get(index).is_none_or(|worker| worker.stopped)
    }

    /// Replaces or adds an upstream for gRPC calls.
    pub fn set_grpc_upstream(&mut self, name: &str, upstream: GrpcUpstream) {
        self.tape.unrecorded("gRPC upstreams");
        self.shared.grpc_upstreams.insert(name.to_owned(), upstream);
    }
}
