//! Scripted gRPC upstreams: who answers the gRPC calls and streams that a filter opens.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

use crate::headers::Headers;
use crate::profile::GrpcCalls;

/// What a gRPC upstream receives: a whole call, the opening of a stream, or what comes on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcRequest {
    /// Name of the upstream (an Envoy cluster).
    pub upstream: String,
    /// Full name of the service.
    pub service: String,
    /// Name of the method.
    pub method: String,
    /// Initial metadata.
    pub metadata: Headers,
    /// The message; none when a stream is opened or closed without one.
    pub message: Option<Vec<u8>>,
    /// Nothing more will come from the guest.
    pub end_of_stream: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrpcFate {
    Answer,
    Reset,
    ConnectError,
    Never,
    NotStarted,
}

/// What a gRPC upstream does with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcReply {
    pub(crate) fate: GrpcFate,
    metadata: Headers,
    messages: Vec<Vec<u8>>,
    trailers: Headers,
    close: Option<(u32, String)>,
    latency: Duration,
    gap: Duration,
}

impl GrpcReply {
    fn with(fate: GrpcFate) -> Self {
        Self {
            fate,
            metadata: Headers::new(),
            messages: Vec::new(),
            trailers: Headers::new(),
            close: None,
            latency: Duration::ZERO,
            gap: Duration::ZERO,
        }
    }

    /// Answers with this message and status 0.
    #[must_use]
    pub fn ok(message: impl Into<Vec<u8>>) -> Self {
        Self::status(0, "").message(message)
    }

    /// Ends with this status and no message.
    #[must_use]
    pub fn status(status: u32, text: &str) -> Self {
        Self { close: Some((status, text.to_owned())), ..Self::with(GrpcFate::Answer) }
    }

    /// Leaves the stream open, having sent what is added to this. A call that is left open ends by
    /// its timeout, or not at all.
    #[must_use]
    pub fn open() -> Self {
        Self::with(GrpcFate::Answer)
    }

    /// Accepts the request and breaks the connection.
    #[must_use]
    pub fn reset() -> Self {
        Self::with(GrpcFate::Reset)
    }

    /// Refuses the connection.
    #[must_use]
    pub fn connect_error() -> Self {
        Self::with(GrpcFate::ConnectError)
    }

    /// Never answers.
    #[must_use]
    pub fn never() -> Self {
        Self::with(GrpcFate::Never)
    }

    /// The call cannot even be started.
    #[must_use]
    pub fn not_started() -> Self {
        Self::with(GrpcFate::NotStarted)
    }

    /// Adds a message.
    #[must_use]
    pub fn message(mut self, message: impl Into<Vec<u8>>) -> Self {
        self.messages.push(message.into());
        self
    }

    /// Adds initial metadata.
    #[must_use]
    pub fn metadata(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.metadata.add(name, value);
        self
    }

    /// Adds trailing metadata.
    #[must_use]
    pub fn trailer(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.trailers.add(name, value);
        self
    }

    /// Takes this long in virtual time before anything comes.
    #[must_use]
    pub fn after(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Lets this much virtual time pass between messages, and before the end.
    #[must_use]
    pub fn every(mut self, gap: Duration) -> Self {
        self.gap = gap;
        self
    }
}

type Responder = Box<dyn FnMut(&GrpcRequest) -> GrpcReply + Send>;

enum Behaviour {
    Script(VecDeque<GrpcReply>),
    Always(GrpcReply),
    Respond(Responder),
}

/// One gRPC upstream of a world.
pub struct GrpcUpstream {
    behaviour: Behaviour,
}

impl GrpcUpstream {
    /// Answers each call, and the opening of each stream, with the next reply; once they are used
    /// up, connections are refused. What is sent on an open stream gets no further reply.
    #[must_use]
    pub fn script(replies: impl IntoIterator<Item = GrpcReply>) -> Self {
        Self { behaviour: Behaviour::Script(replies.into_iter().collect()) }
    }

    /// Answers every call, and the opening of every stream, alike. What is sent on an open stream
    /// gets no further reply.
    #[must_use]
    pub fn always(reply: GrpcReply) -> Self {
        Self { behaviour: Behaviour::Always(reply) }
    }

    /// Computes each reply from what came: a call, the opening of a stream (no message), each
    /// message on it, and its end.
    #[must_use]
    pub fn respond(responder: impl FnMut(&GrpcRequest) -> GrpcReply + Send + 'static) -> Self {
        Self { behaviour: Behaviour::Respond(Box::new(responder)) }
    }

    /// The reply to a call or to the opening of a stream.
    pub(crate) fn reply_to(&mut self, request: &GrpcRequest) -> GrpcReply {
        match &mut self.behaviour {
            Behaviour::Script(replies) => {
                replies.pop_front().unwrap_or_else(GrpcReply::connect_error)
            }
            Behaviour::Always(reply) => reply.clone(),
            Behaviour::Respond(responder) => responder(request),
        }
    }

    /// The reply to what comes on an open stream.
    pub(crate) fn go_on(&mut self, request: &GrpcRequest) -> GrpcReply {
        match &mut self.behaviour {
            Behaviour::Script(_) | Behaviour::Always(_) => GrpcReply::open(),
            Behaviour::Respond(responder) => responder(request),
        }
    }
}

impl fmt::Debug for GrpcUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.behaviour {
            Behaviour::Script(replies) => f.debug_tuple("Script").field(replies).finish(),
            Behaviour::Always(reply) => f.debug_tuple("Always").field(reply).finish(),
            Behaviour::Respond(_) => f.write_str("Respond"),
        }
    }
}

/// A call is one message each way; a stream is any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrpcKind {
    /// `proxy_grpc_call`.
    Call,
    /// `proxy_grpc_stream`.
    Stream,
}

/// One thing that arrives for a gRPC call, as the guest may read it during its callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GrpcDelivery {
    InitialMetadata(Headers),
    Message(Vec<u8>),
    TrailingMetadata(Headers),
    Close { status: u32, message: String },
}

/// What an answer without a message, and a failure of the transport, become.
const INTERNAL: u32 = 13;
const UNAVAILABLE: u32 = 14;

const RESET: &str = "upstream connect error or disconnect/reset before headers. \
    reset reason: connection termination";
const CONNECT_ERROR: &str = "upstream connect error or disconnect/reset before headers. \
    reset reason: remote connection failure";
pub(crate) const NO_CLUSTER: &str = "Cluster not available";

/// What arrives, and how long after the request.
pub(crate) type Arrivals = Vec<(Duration, GrpcDelivery)>;

/// The end of a call that could not be started.
pub(crate) fn not_available() -> GrpcDelivery {
    GrpcDelivery::Close { status: UNAVAILABLE, message: NO_CLUSTER.to_owned() }
}

/// Everything that a call brings, with its timeout taken into account.
pub(crate) fn call_arrivals(
    reply: GrpcReply,
    timeout: Option<Duration>,
    profile: &GrpcCalls,
) -> Arrivals {
    let mut arrivals = if profile.call_ends_with_message {
        last_message(reply)
    } else {
        stream_arrivals(reply, true, profile)
    };
    if let Some(limit) = timeout {
        let closed = |at: &Duration, arrival: &GrpcDelivery| {
            *at < limit && (ends(arrival) || profile.call_ends_with_message)
        };
        if !arrivals.iter().any(|(at, arrival)| closed(at, arrival)) {
            arrivals.retain(|(at, _)| *at < limit);
            let message = profile.timeout_message.clone();
            arrivals.push((limit, GrpcDelivery::Close { status: profile.timeout_status, message }));
        }
    }
    arrivals
}

/// The message of a call that succeeded, or the end of one that did not.
fn last_message(reply: GrpcReply) -> Arrivals {
    let (end, failure) = match reply.fate {
        GrpcFate::Answer => {
            let pauses = u32::try_from(reply.messages.len()).unwrap_or(u32::MAX);
            let end = reply.latency.saturating_add(reply.gap.saturating_mul(pauses));
            match (reply.close, reply.messages.last()) {
                (None, _) => return Vec::new(),
                (Some((0, _)), Some(message)) => {
                    return vec![(end, GrpcDelivery::Message(message.clone()))];
                }
                (Some((0, _)), None) => (end, (INTERNAL, String::new())),
                (Some(close), _) => (end, close),
            }
        }
        GrpcFate::Never => return Vec::new(),
        fate => (reply.latency, transport_failure(fate)),
    };
    let (status, message) = failure;
    vec![(end, GrpcDelivery::Close { status, message })]
}

fn transport_failure(fate: GrpcFate) -> (u32, String) {
    let text = match fate {
        GrpcFate::Reset => RESET,
        GrpcFate::NotStarted => NO_CLUSTER,
        _ => CONNECT_ERROR,
    };
    (UNAVAILABLE, text.to_owned())
}

/// What one reply adds to a stream. `first` is the reply that begins with initial metadata.
pub(crate) fn stream_arrivals(reply: GrpcReply, first: bool, profile: &GrpcCalls) -> Arrivals {
    let raw = profile.metadata_is_raw;
    let GrpcReply { fate, metadata, messages, trailers, close, latency, gap } = reply;
    let mut arrivals = Vec::new();
    let mut at = latency;
    let close = match fate {
        GrpcFate::Answer => close,
        GrpcFate::Never => return arrivals,
        fate => {
            let (status, message) = transport_failure(fate);
            arrivals.push((at, GrpcDelivery::TrailingMetadata(Headers::new())));
            arrivals.push((at, GrpcDelivery::Close { status, message }));
            return arrivals;
        }
    };
    let says_something = !metadata.is_empty() || !messages.is_empty() || close.is_some();
    if first && says_something {
        let mut initial = Headers::new();
        if raw {
            initial.add(":status", "200");
            initial.add("content-type", "application/grpc");
        }
        for (name, value) in metadata.iter() {
            initial.add(name, value);
        }
        arrivals.push((at, GrpcDelivery::InitialMetadata(initial)));
    }
    for message in messages {
        arrivals.push((at, GrpcDelivery::Message(message)));
        at = at.saturating_add(gap);
    }
    if let Some((status, message)) = close {
        let mut trailing = trailers;
        if raw {
            trailing.add("grpc-status", status.to_string());
            if !message.is_empty() {
                trailing.add("grpc-message", &message);
            }
        }
        arrivals.push((at, GrpcDelivery::TrailingMetadata(trailing)));
        arrivals.push((at, GrpcDelivery::Close { status, message }));
    }
    arrivals
}

fn ends(arrival: &GrpcDelivery) -> bool {
    matches!(arrival, GrpcDelivery::Close { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn close(status: u32, message: &str) -> GrpcDelivery {
        GrpcDelivery::Close { status, message: message.to_owned() }
    }

    #[test]
    fn by_the_letter_a_call_brings_all_four() {
        let reply = GrpcReply::ok("m").metadata("a", "1").trailer("b", "2").after(SECOND);
        let arrivals = call_arrivals(reply, None, &GrpcCalls::spec());
        let expected = vec![
            (SECOND, GrpcDelivery::InitialMetadata([("a", "1")].into_iter().collect())),
            (SECOND, GrpcDelivery::Message(b"m".to_vec())),
            (SECOND, GrpcDelivery::TrailingMetadata([("b", "2")].into_iter().collect())),
            (SECOND, close(0, "")),
        ];
        assert_eq!(arrivals, expected);
    }

    #[test]
    fn on_envoy_a_call_brings_its_message_or_its_failure() {
        let profile = GrpcCalls::envoy();
        let arrive = |reply| call_arrivals(reply, None, &profile);
        let message = |text: &str| GrpcDelivery::Message(text.as_bytes().to_vec());
        assert_eq!(arrive(GrpcReply::ok("m").message("n")), [(Duration::ZERO, message("n"))]);
        assert_eq!(arrive(GrpcReply::status(5, "no")), [(Duration::ZERO, close(5, "no"))]);
        assert_eq!(arrive(GrpcReply::status(0, "")), [(Duration::ZERO, close(13, ""))]);
        assert_eq!(arrive(GrpcReply::reset()), [(Duration::ZERO, close(14, RESET))]);
        assert_eq!(arrive(GrpcReply::never()), []);
    }

    #[test]
    fn time_runs_out_between_messages() {
        for profile in [GrpcCalls::spec(), GrpcCalls::envoy()] {
            let reply = GrpcReply::ok("m").message("n").every(SECOND);
            let late = call_arrivals(reply.clone(), Some(SECOND * 2), &profile);
            assert_eq!(late.last(), Some(&(SECOND * 2, close(4, &profile.timeout_message))));
            let never = call_arrivals(GrpcReply::never(), Some(SECOND), &profile);
            assert_eq!(never, [(SECOND, close(4, &profile.timeout_message))]);
            let early = call_arrivals(reply, Some(SECOND * 3), &profile);
            assert!(early.iter().all(|(at, _)| *at <= SECOND * 2), "{early:?}");
        }
    }

    #[test]
    fn a_stream_says_hello_once() {
        let profile = GrpcCalls::envoy();
        assert_eq!(stream_arrivals(GrpcReply::open(), true, &profile), []);
        let first = stream_arrivals(GrpcReply::open().message("m"), true, &profile);
        assert!(
            matches!(first.first(), Some((_, GrpcDelivery::InitialMetadata(map))) if map.len() == 2)
        );
        let second = stream_arrivals(GrpcReply::open().message("m"), false, &profile);
        assert_eq!(second.len(), 1);
        let end = stream_arrivals(GrpcReply::status(7, "no"), false, &profile);
        let Some((_, GrpcDelivery::TrailingMetadata(trailers))) = end.first() else { panic!() };
        assert_eq!(trailers.get("grpc-message"), Some(&b"no"[..]));
    }

    #[test]
    fn a_used_up_script_refuses_connections() {
        let mut upstream = GrpcUpstream::script([]);
        let request = GrpcRequest {
            upstream: "u".into(),
            service: "s".into(),
            method: "m".into(),
            metadata: Headers::new(),
            message: None,
            end_of_stream: false,
        };
        assert_eq!(upstream.reply_to(&request), GrpcReply::connect_error());
        assert_eq!(upstream.go_on(&request), GrpcReply::open());
    }
}
