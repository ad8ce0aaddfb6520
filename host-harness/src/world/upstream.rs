//! Scripted upstreams: who answers the calls a filter makes, and the requests it lets through.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

use crate::headers::Headers;

/// A request as an upstream receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamRequest {
    /// Name of the upstream (an Envoy cluster).
    pub upstream: String,
    /// Headers, pseudo-headers included.
    pub headers: Headers,
    /// Body.
    pub body: Vec<u8>,
    /// Trailers.
    pub trailers: Headers,
}

impl UpstreamRequest {
    /// `:path` as text; empty when there is none.
    #[must_use]
    pub fn path(&self) -> String {
        self.headers
            .get(":path")
            .map(|path| String::from_utf8_lossy(path).into_owned())
            .unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Answer,
    Reset,
    CutOff,
    ConnectError,
    Never,
    NotStarted,
}

/// What an upstream does with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamReply {
    pub(crate) fate: Fate,
    pub(crate) headers: Headers,
    pub(crate) chunks: Vec<Vec<u8>>,
    pub(crate) trailers: Headers,
    pub(crate) latency: Duration,
}

impl UpstreamReply {
    fn with(fate: Fate) -> Self {
        Self {
            fate,
            headers: Headers::new(),
            chunks: Vec::new(),
            trailers: Headers::new(),
            latency: Duration::ZERO,
        }
    }

    /// Answers with this status, no further headers and no body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let mut reply = Self::with(Fate::Answer);
        reply.headers.add(":status", status.to_string());
        reply
    }

    /// Answers 200 with this body.
    #[must_use]
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).body(body)
    }

    /// Accepts the request and breaks the connection before it answers.
    #[must_use]
    pub fn reset() -> Self {
        Self::with(Fate::Reset)
    }

    /// Begins to answer and breaks the connection.
    #[must_use]
    pub fn cut_off() -> Self {
        Self::with(Fate::CutOff)
    }

    /// Refuses the connection.
    #[must_use]
    pub fn connect_error() -> Self {
        Self::with(Fate::ConnectError)
    }

    /// Never answers: the call ends by its timeout, or not at all.
    #[must_use]
    pub fn never() -> Self {
        Self::with(Fate::Never)
    }

    /// The call cannot even be started: no healthy host, or a circuit breaker is open.
    #[must_use]
    pub fn not_started() -> Self {
        Self::with(Fate::NotStarted)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.headers.add(name, value);
        self
    }

    /// Sets the body; replaces an earlier one.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        self.chunks = if body.is_empty() { Vec::new() } else { vec![body] };
        self
    }

    /// Adds a chunk to the body. A call-out sees all chunks at once, a filter sees one by one.
    #[must_use]
    pub fn chunk(mut self, chunk: impl Into<Vec<u8>>) -> Self {
        self.chunks.push(chunk.into());
        self
    }

    /// Adds a trailer.
    #[must_use]
    pub fn trailer(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.trailers.add(name, value);
        self
    }

    /// Takes this long in virtual time.
    #[must_use]
    pub fn after(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }
}

type Responder = Box<dyn FnMut(&UpstreamRequest) -> UpstreamReply + Send>;

enum Behaviour {
    Script(VecDeque<UpstreamReply>),
    Respond(Responder),
}

/// One upstream of a world.
pub struct Upstream {
    behaviour: Behaviour,
}

impl Upstream {
    /// Answers each request with the next reply; once they are used up, connections are refused.
    #[must_use]
    pub fn script(replies: impl IntoIterator<Item = UpstreamReply>) -> Self {
        Self { behaviour: Behaviour::Script(replies.into_iter().collect()) }
    }

    /// Answers every request alike.
    #[must_use]
    pub fn always(reply: UpstreamReply) -> Self {
        Self::respond(move |_| reply.clone())
    }

    /// Computes each reply from the request.
    #[must_use]
    pub fn respond(
        responder: impl FnMut(&UpstreamRequest) -> UpstreamReply + Send + 'static,
    ) -> Self {
        Self { behaviour: Behaviour::Respond(Box::new(responder)) }
    }

    pub(crate) fn reply_to(&mut self, request: &UpstreamRequest) -> UpstreamReply {
        match &mut self.behaviour {
            Behaviour::Script(replies) => {
                replies.pop_front().unwrap_or_else(UpstreamReply::connect_error)
            }
            Behaviour::Respond(responder) => responder(request),
        }
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.behaviour {
            Behaviour::Script(replies) => f.debug_tuple("Script").field(replies).finish(),
            Behaviour::Respond(_) => f.write_str("Respond"),
        }
    }
}

/// What comes of an HTTP call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallResult {
    /// The upstream answers with this status.
    Answered(u16),
    /// The timeout passes first.
    TimedOut,
    /// The connection is refused.
    ConnectError,
    /// The connection breaks.
    Reset,
    /// Nothing ever comes: no answer and no timeout.
    Pending,
}

/// A finished call, as the guest may read it during its callback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) headers: Option<Headers>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Headers,
    pub(crate) status_code: u32,
    pub(crate) status_message: &'static str,
}

impl Delivery {
    fn failed(status_code: u32, status_message: &'static str) -> Self {
        Self { status_code, status_message, ..Self::default() }
    }

    fn local(status: &str, body: &'static str) -> Self {
        let headers = [
            (":status", status),
            ("content-length", &body.len().to_string()),
            ("content-type", "text/plain"),
        ];
        Self { headers: Some(headers.into_iter().collect()), body: body.into(), ..Self::default() }
    }
}

/// When a call ends, how, and what is delivered then; no delivery means it never ends.
pub(crate) fn outcome(
    reply: UpstreamReply,
    timeout: Option<Duration>,
    failures_are_responses: bool,
) -> (CallResult, Option<(Duration, Delivery)>) {
    let fate = match (&reply.fate, timeout) {
        (Fate::Never, None) => return (CallResult::Pending, None),
        (Fate::Never, Some(_)) => None,
        (_, Some(limit)) if reply.latency >= limit => None,
        _ => Some(reply.fate.clone()),
    };
    let (result, after, delivery) = match fate {
        None => (
            CallResult::TimedOut,
            timeout.unwrap_or_default(),
            if failures_are_responses {
                Delivery::local("504", "upstream request timeout")
            } else {
                Delivery::failed(2, "timeout")
            },
        ),
        Some(Fate::ConnectError) => (
            CallResult::ConnectError,
            reply.latency,
            if failures_are_responses {
                Delivery::local("503", CONNECT_ERROR)
            } else {
                Delivery::failed(BROKEN_CONNECTION, "connect error")
            },
        ),
        Some(Fate::Answer) => {
            let status = reply.headers.get(":status").and_then(|s| core::str::from_utf8(s).ok());
            let status = status.and_then(|status| status.parse().ok()).unwrap_or(0);
            let delivery = Delivery {
                headers: Some(reply.headers),
                body: reply.chunks.concat(),
                trailers: reply.trailers,
                ..Delivery::default()
            };
            (CallResult::Answered(status), reply.latency, delivery)
        }
        Some(Fate::Reset) if failures_are_responses => {
            (CallResult::Reset, reply.latency, Delivery::local("503", RESET))
        }
        Some(Fate::Reset | Fate::CutOff | Fate::Never | Fate::NotStarted) => {
            (CallResult::Reset, reply.latency, Delivery::failed(BROKEN_CONNECTION, "reset"))
        }
    };
    (result, Some((after, delivery)))
}

const CONNECT_ERROR: &str = "upstream connect error or disconnect/reset before headers. \
    reset reason: remote connection failure";
const RESET: &str = "upstream connect error or disconnect/reset before headers. \
    reset reason: connection termination";

/// cpp-host's `WasmResult::BrokenConnection`.
const BROKEN_CONNECTION: u32 = 11;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn latency_against_timeout() {
        let reply = UpstreamReply::ok("x").after(SECOND);
        let (result, end) = outcome(reply.clone(), Some(SECOND), true);
        assert_eq!(result, CallResult::TimedOut);
        let (after, delivery) = end.unwrap();
        assert_eq!(after, SECOND);
        assert_eq!(delivery.headers.unwrap().get(":status"), Some(&b"504"[..]));
        let (result, _) = outcome(reply.clone(), Some(SECOND * 2), true);
        assert_eq!(result, CallResult::Answered(200));
        let (result, end) = outcome(reply, None, true);
        assert_eq!((result, end.unwrap().0), (CallResult::Answered(200), SECOND));
    }

    #[test]
    fn failures_have_no_headers_by_the_letter() {
        for reply in
            [UpstreamReply::connect_error(), UpstreamReply::reset(), UpstreamReply::cut_off()]
        {
            let (_, end) = outcome(reply, None, false);
            assert_eq!(end.unwrap().1.headers, None);
        }
        assert_eq!(outcome(UpstreamReply::never(), None, true), (CallResult::Pending, None));
    }

    #[test]
    fn a_used_up_script_refuses_connections() {
        let mut upstream = Upstream::script([UpstreamReply::ok("1")]);
        let request = UpstreamRequest {
            upstream: "u".into(),
            headers: Headers::new(),
            body: Vec::new(),
            trailers: Headers::new(),
        };
        assert_eq!(upstream.reply_to(&request), UpstreamReply::ok("1"));
        assert_eq!(upstream.reply_to(&request), UpstreamReply::connect_error());
    }
}
