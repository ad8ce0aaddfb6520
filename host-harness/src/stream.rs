//! The state of one exchange, as both the guest's host calls and the driver see it.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::abi::{Direction, MapKind, Status};
use crate::error::Failure;
use crate::headers::Headers;
use crate::ledger::Ledger;

/// Which parts of a half the guest may touch now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Windows {
    pub(crate) headers: bool,
    pub(crate) body: bool,
    pub(crate) trailers: bool,
}

/// How far a half has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    Headers,
    Body,
    Trailers,
    Done,
}

/// What has left the filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) headers: Option<Headers>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Headers,
}

/// One direction of an exchange.
#[derive(Debug, Default)]
pub(crate) struct Half {
    pub(crate) stage: Stage,
    pub(crate) windows: Windows,
    pub(crate) headers: Headers,
    /// Chunks that have not arrived yet.
    pub(crate) chunks: VecDeque<Vec<u8>>,
    /// What has arrived and not left.
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Headers,
    /// Nothing moves until the guest resumes.
    pub(crate) blocked: bool,
    /// The body is collected until the guest resumes.
    pub(crate) held: bool,
    /// The guest resumed during the callback that is running.
    pub(crate) resumed: bool,
    pub(crate) sent: Sent,
}

impl Half {
    pub(crate) fn new(headers: Headers, chunks: Vec<Vec<u8>>, trailers: Headers) -> Self {
        Self { headers, chunks: chunks.into(), trailers, ..Self::default() }
    }

    /// Lets everything that is held or blocked go on.
    pub(crate) fn resume(&mut self) {
        self.blocked = false;
        self.held = false;
        self.resumed = true;
    }

    pub(crate) fn ends_with_headers(&self) -> bool {
        self.chunks.is_empty() && self.trailers.is_empty()
    }

    pub(crate) fn flush_body(&mut self) {
        self.sent.body.append(&mut self.body);
    }

    /// Everything leaves as it is.
    pub(crate) fn flush_all(&mut self) {
        if self.sent.headers.is_none() {
            self.sent.headers = Some(self.headers.clone());
        }
        self.flush_body();
        for chunk in self.chunks.drain(..) {
            self.sent.body.extend_from_slice(&chunk);
        }
        self.sent.trailers = self.trailers.clone();
        self.stage = Stage::Done;
        self.windows = Windows::default();
    }
}

/// Whose move it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Request,
    AwaitingUpstream,
    Response,
    Over,
}

/// An answer that the filter gave itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) details: String,
    pub(crate) grpc_status: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) turn: Turn,
    /// The VM of its worker that knows it.
    pub(crate) generation: u64,
    pub(crate) request: Half,
    pub(crate) response: Half,
    /// The guest let the request go and it has not moved since.
    pub(crate) released: bool,
    /// The local response, once there is one.
    pub(crate) local: Option<LocalResponse>,
    /// It was made known to the driver.
    pub(crate) local_taken: bool,
    pub(crate) failure: Option<Failure>,
    pub(crate) closed_by_guest: bool,
    pub(crate) aborted: bool,
    /// The VM was down and the policy let the request through.
    pub(crate) bypassed: bool,
    /// Late headers are readable for the access log.
    pub(crate) logging: bool,
    /// Response callbacks are left out: the response is not the upstream's.
    pub(crate) silent_response: bool,
    pub(crate) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) guest_properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) opened_at: Duration,
    pub(crate) memory_before: usize,
    pub(crate) ledger: Ledger,
}

impl Stream {
    pub(crate) fn new(request: Half, opened_at: Duration, generation: u64) -> Self {
        Self {
            turn: Turn::Request,
            generation,
            request,
            response: Half::default(),
            released: false,
            local: None,
            local_taken: false,
            failure: None,
            closed_by_guest: false,
            aborted: false,
            bypassed: false,
            logging: false,
            silent_response: false,
            properties: BTreeMap::new(),
            guest_properties: BTreeMap::new(),
            opened_at,
            memory_before: 0,
            ledger: Ledger::default(),
        }
    }

    pub(crate) fn half(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }

    /// The map, if the guest may read it now.
    pub(crate) fn readable_map(&self, kind: MapKind) -> Option<&Headers> {
        let (half, trailers) = match kind {
            MapKind::RequestHeaders => (&self.request, false),
            MapKind::RequestTrailers => (&self.request, true),
            MapKind::ResponseHeaders => (&self.response, false),
            MapKind::ResponseTrailers => (&self.response, true),
            _ => return None,
        };
        let logged = self.logging && kind != MapKind::RequestTrailers;
        if trailers {
            (half.windows.trailers || logged).then_some(&half.trailers)
        } else {
            (half.windows.headers || logged).then_some(&half.headers)
        }
    }

    /// The map, if the guest may change it now.
    pub(crate) fn writable_map(&mut self, kind: MapKind) -> Result<&mut Headers, Status> {
        let (half, trailers) = match kind {
            MapKind::RequestHeaders => (&mut self.request, false),
            MapKind::RequestTrailers => (&mut self.request, true),
            MapKind::ResponseHeaders => (&mut self.response, false),
            MapKind::ResponseTrailers => (&mut self.response, true),
            _ => return Err(Status::BadArgument),
        };
        match (trailers, half.windows.headers, half.windows.trailers) {
            (true, _, true) => Ok(&mut half.trailers),
            (false, true, _) => Ok(&mut half.headers),
            _ => Err(Status::BadArgument),
        }
    }
}
