//! TCP connections: what passed through the filter, both ways.

use crate::error::Failure;
use crate::ledger::Ledger;

/// Who closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// It is not known.
    Unknown,
    /// The proxy.
    Local,
    /// The other side.
    Remote,
}

impl Peer {
    pub(crate) fn wire(self) -> u32 {
        match self {
            Self::Unknown => 0,
            Self::Local => 1,
            Self::Remote => 2,
        }
    }
}

/// One way of a connection: from the client, or from the upstream.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    /// What has come and not gone on. The guest may touch it while `open`.
    pub(crate) held: Vec<u8>,
    pub(crate) open: bool,
    pub(crate) ended: bool,
    /// The guest let it go on.
    pub(crate) resumed: bool,
    pub(crate) sent: Vec<u8>,
    pub(crate) sent_end: bool,
}

impl Pipe {
    pub(crate) fn flush(&mut self) {
        self.sent.append(&mut self.held);
        self.sent_end = self.ended;
        self.open = false;
        self.resumed = false;
    }
}

/// A connection that a filter sees.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) root: u32,
    /// Downstream data, upstream data.
    pub(crate) pipes: [Pipe; 2],
    pub(crate) closed_by_guest: bool,
    pub(crate) over: bool,
    pub(crate) failure: Option<Failure>,
    pub(crate) ledger: Ledger,
}

/// Everything that can be known about one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionTranscript {
    /// What the upstream received.
    pub to_upstream: Vec<u8>,
    /// The upstream was told that the client sends nothing more.
    pub upstream_saw_end: bool,
    /// What the client received.
    pub to_client: Vec<u8>,
    /// The client was told that the upstream sends nothing more.
    pub client_saw_end: bool,
    /// What came and never went on, from the client and from the upstream.
    pub held: [Vec<u8>; 2],
    /// The filter closed the connection.
    pub closed_by_filter: bool,
    /// The VM failure that ended it.
    pub failure: Option<Failure>,
    /// Callbacks, host calls, logs and costs.
    pub ledger: Ledger,
}

impl Connection {
    pub(crate) fn new(root: u32) -> Self {
        Self {
            root,
            pipes: [Pipe::default(), Pipe::default()],
            closed_by_guest: false,
            over: false,
            failure: None,
            ledger: Ledger::default(),
        }
    }

    pub(crate) fn tell(self) -> ConnectionTranscript {
        let [down, up] = self.pipes;
        ConnectionTranscript {
            to_upstream: down.sent,
            upstream_saw_end: down.sent_end,
            to_client: up.sent,
            client_saw_end: up.sent_end,
            held: [down.held, up.held],
            closed_by_filter: self.closed_by_guest,
            failure: self.failure,
            ledger: self.ledger,
        }
    }
}
