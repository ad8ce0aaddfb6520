//! TCP connections as a test drives them.

use super::{WorkerId, World};
use crate::connection::{ConnectionTranscript, Peer};
use crate::vm::Way;

/// One TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId {
    worker: usize,
    slot: u32,
    context: u32,
}

impl World {
    /// A client connects to a worker whose first filter looks at TCP connections. Nothing when there
    /// is no such worker, or its VM is down.
    pub fn connect(&mut self, WorkerId(worker): WorkerId) -> Option<ConnectionId> {
        let drive = self.drive(worker).filter(|drive| !drive.worker.leaving);
        let (slot, context) = drive?.connect()?;
        Some(ConnectionId { worker, slot, context })
    }

    /// The client sends data; with `end_of_stream` nothing more will come from it.
    pub fn downstream_data(&mut self, id: ConnectionId, data: &[u8], end_of_stream: bool) {
        self.data(id, Way::Downstream, data, end_of_stream);
    }

    /// The upstream sends data; with `end_of_stream` nothing more will come from it.
    pub fn upstream_data(&mut self, id: ConnectionId, data: &[u8], end_of_stream: bool) {
        self.data(id, Way::Upstream, data, end_of_stream);
    }

    fn data(&mut self, id: ConnectionId, way: Way, data: &[u8], end_of_stream: bool) {
        if let Some(mut drive) = self.drive(id.worker) {
            drive.data((id.slot, id.context), way, data, end_of_stream);
        }
    }

    /// The client's connection is closed, by the client ([`Peer::Remote`]) or by the proxy.
    pub fn close_connection(&mut self, id: ConnectionId, peer: Peer) {
        if let Some(mut drive) = self.drive(id.worker) {
            drive.close_connection((id.slot, id.context), peer);
        }
    }

    /// Whether data still moves on a connection.
    #[must_use]
    pub fn is_connected(&mut self, id: ConnectionId) -> bool {
        self.drive(id.worker).is_some_and(|mut drive| drive.is_connected((id.slot, id.context)))
    }

    /// Ends a connection, which the client closes if nobody has, and tells what became of it.
    pub fn finish_connection(&mut self, id: ConnectionId) -> Option<ConnectionTranscript> {
        self.drive(id.worker)?.finish_connection((id.slot, id.context))
    }
}
