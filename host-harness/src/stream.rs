//! The state of one exchange, as both the guest's host calls and the driver see it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::abi::{Direction, MapKind, Status};
use crate::headers::Headers;
use crate::ledger::Ledger;
use crate::world::nginx::HostProperties;

/// Which parts of a half the guest may touch now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Windows {
    pub(crate) headers: bool,
    pub(crate) body: bool,
    pub(crate) trailers: bool,
}

/// One piece of a message on its way through the chain. The flags say whether it is the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Headers(Headers, bool),
    Data(Vec<u8>, bool),
    Trailers(Headers),
}

impl Frame {
    pub(crate) fn is_last(&self) -> bool {
        match self {
            Self::Headers(_, last) | Self::Data(_, last) => *last,
            Self::Trailers(_) => true,
        }
    }

    /// A whole message as frames.
    pub(crate) fn message(
        headers: Headers,
        chunks: Vec<Vec<u8>>,
        trailers: Headers,
    ) -> VecDeque<Self> {
        let mut left = chunks.len();
        let mut frames = VecDeque::with_capacity(left + 2);
        frames.push_back(Self::Headers(headers, left == 0 && trailers.is_empty()));
        for chunk in chunks {
            left -= 1;
            frames.push_back(Self::Data(chunk, left == 0 && trailers.is_empty()));
        }
        if !trailers.is_empty() {
            frames.push_back(Self::Trailers(trailers));
        }
        frames
    }
}

/// What has left the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) headers: Option<Headers>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Headers,
    pub(crate) ended: bool,
}

impl Sent {
    pub(crate) fn take(&mut self, frame: Frame) {
        self.ended |= frame.is_last();
        match frame {
            Frame::Headers(headers, _) => self.headers = Some(headers),
            Frame::Data(data, _) => self.body.extend(data),
            Frame::Trailers(trailers) => self.trailers = trailers,
        }
    }
}

/// One direction of a stream, as one filter sees it.
#[derive(Debug, Default)]
pub(crate) struct Half {
    /// What has come and was not looked at.
    pub(crate) inbox: VecDeque<Frame>,
    /// What this filter let go and the next has not taken.
    pub(crate) outbox: VecDeque<Frame>,
    pub(crate) windows: Windows,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Headers,
    /// Headers, body and trailers that wait for the guest; the flags say whether they are the last.
    pub(crate) held_headers: Option<bool>,
    pub(crate) held_body: Option<bool>,
    pub(crate) held_trailers: bool,
    /// Nothing moves until the guest resumes.
    pub(crate) blocked: bool,
    /// The body is collected until the guest resumes.
    pub(crate) held: bool,
    /// Headers wait although body callbacks run.
    pub(crate) headers_wait: bool,
    /// The guest resumed during the callback that is running.
    pub(crate) resumed: bool,
    /// Bytes of the body that went on.
    pub(crate) body_sent: usize,
}

impl Half {
    /// Lets everything that is held or blocked go on.
    pub(crate) fn resume(&mut self) {
        self.blocked = false;
        self.held = false;
        self.headers_wait = false;
        self.resumed = true;
    }

    /// Sends on what no longer has to wait; true if anything did.
    pub(crate) fn release(&mut self) -> bool {
        if self.blocked {
            return false;
        }
        let before = self.outbox.len();
        if !self.headers_wait
            && let Some(last) = self.held_headers.take()
        {
            self.outbox.push_back(Frame::Headers(self.headers.clone(), last));
            self.windows.headers = false;
        }
        if !self.held
            && !self.headers_wait
            && let Some(last) = self.held_body.take()
        {
            let data = core::mem::take(&mut self.body);
            self.body_sent += data.len();
            self.outbox.push_back(Frame::Data(data, last));
            self.windows.body = false;
        }
        if core::mem::take(&mut self.held_trailers) {
            self.outbox.push_back(Frame::Trailers(self.trailers.clone()));
        }
        self.outbox.len() > before
    }

    /// Everything that has come leaves as it is, now and later.
    pub(crate) fn flush_all(&mut self) {
        self.resume();
        self.release();
        self.outbox.append(&mut self.inbox);
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

/// One exchange, as one filter sees it.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) exchange: u32,
    /// The plugin context it belongs to.
    pub(crate) root: u32,
    /// The VM in its slot that knows it.
    pub(crate) generation: u64,
    pub(crate) request: Half,
    pub(crate) response: Half,
    /// The guest let the request go and it has not moved since.
    pub(crate) released: bool,
    /// The guest made a call for it.
    pub(crate) called: bool,
    /// The request is still on its way up.
    pub(crate) going_up: bool,
    /// The exchange is over.
    pub(crate) over: bool,
    /// The local response, once there is one.
    pub(crate) local: Option<LocalResponse>,
    /// It was made known to the driver.
    pub(crate) local_taken: bool,
    pub(crate) closed_by_guest: bool,
    /// Late headers are readable for the access log.
    pub(crate) logging: bool,
    pub(crate) properties: Arc<BTreeMap<Vec<u8>, Vec<u8>>>,
    pub(crate) guest_properties: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What the host itself keeps of the request.
    pub(crate) host_properties: HostProperties,
    pub(crate) ledger: Ledger,
}

impl Stream {
    pub(crate) fn new(exchange: u32, root: u32, generation: u64) -> Self {
        Self {
            exchange,
            root,
            generation,
            request: Half::default(),
            response: Half::default(),
            released: false,
            called: false,
            going_up: true,
            over: false,
            local: None,
            local_taken: false,
            closed_by_guest: false,
            logging: false,
            properties: Arc::default(),
            guest_properties: BTreeMap::new(),
            host_properties: HostProperties::default(),
            ledger: Ledger::default(),
        }
    }

    pub(crate) fn half(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }

    /// The map, if the guest may read it now; the request's headers may be open all the time.
    pub(crate) fn readable_map(&self, kind: MapKind, request_is_open: bool) -> Option<&Headers> {
        let (half, trailers) = match kind {
            MapKind::RequestHeaders => (&self.request, false),
            MapKind::RequestTrailers => (&self.request, true),
            MapKind::ResponseHeaders => (&self.response, false),
            MapKind::ResponseTrailers => (&self.response, true),
            _ => return None,
        };
        let open = request_is_open && kind == MapKind::RequestHeaders;
        let logged = open || (self.logging && kind != MapKind::RequestTrailers);
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
