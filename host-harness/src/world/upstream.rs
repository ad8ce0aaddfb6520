//! Scripted upstreams: who answers the calls a filter makes, and the requests it lets through.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

use crate::headers::Headers;
use crate::profile::Calls;

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
    /// The longest silence on the way, when it is shorter than the whole.
    pub(crate) longest_silence: Option<Duration>,
    pub(crate) until_close: bool,
}

impl UpstreamReply {
    fn with(fate: Fate) -> Self {
        Self {
            fate,
            headers: Headers::new(),
            chunks: Vec::new(),
            trailers: Headers::new(),
            latency: Duration::ZERO,
            longest_silence: None,
            until_close: false,
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

    /// Begins to answer with 200, promises more body than it sends, and breaks the connection.
    #[must_use]
    pub fn cut_off() -> Self {
        Self { fate: Fate::CutOff, ..Self::status(200) }
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

    /// Sends so many parts with this much time before each: no silence is longer.
    #[must_use]
    pub fn dripping(mut self, silence: Duration, parts: u32) -> Self {
        self.latency = silence.saturating_mul(parts);
        self.longest_silence = Some(silence);
        self
    }

    /// Neither says how long its body is nor sends it in chunks: the end of the connection ends it.
    #[must_use]
    pub fn until_close(mut self) -> Self {
        self.until_close = true;
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
    /// How many headers the guest is told of.
    pub(crate) count: usize,
    pub(crate) body: Vec<u8>,
    /// The body is announced and cannot be read.
    pub(crate) body_broken: bool,
    pub(crate) trailers: Headers,
    pub(crate) status_code: u32,
    pub(crate) status_message: &'static str,
    /// The call did not end as its maker wished.
    pub(crate) failed: bool,
}

impl Delivery {
    fn failed(status_code: u32, status_message: &'static str) -> Self {
        Self { status_code, status_message, failed: true, ..Self::default() }
    }

    fn local(status: &str, body: &'static str) -> Self {
        let headers = [
            (":status", status),
            ("content-length", &body.len().to_string()),
            ("content-type", "text/plain"),
        ];
        Self::answered(headers.into_iter().collect(), body.into(), Headers::new())
    }

    fn answered(headers: Headers, body: Vec<u8>, trailers: Headers) -> Self {
        Self { count: headers.len(), headers: Some(headers), body, trailers, ..Self::default() }
    }

    /// What nginx makes of a call that failed: a word in a pseudo-header, and no count.
    pub(crate) fn dispatch_failed(word: &'static str) -> Self {
        let headers = [(":dispatch_status", word)].into_iter().collect();
        Self { headers: Some(headers), ..Self::failed(BROKEN_CONNECTION, word) }
    }

    /// What nginx makes of a reply that it could read.
    fn dispatched(reply: UpstreamReply, calls: &Calls) -> Self {
        let UpstreamReply { fate, headers: sent, chunks, .. } = reply;
        let mut headers = Headers::new();
        let size: usize = sent.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        if calls.max_reply_header_bytes.is_some_and(|most| size > most) {
            headers.add(":dispatch_status", "reader failure");
            headers.add(":status", sent.get(":status").unwrap_or_default());
            return Self {
                headers: Some(headers),
                ..Self::failed(BROKEN_CONNECTION, "reader failure")
            };
        }
        headers.add(":dispatch_status", "ok");
        for (name, value) in sent.iter() {
            headers.add(name, value);
        }
        let mut body = chunks.concat();
        if reply.until_close && calls.unsized_reply_is_empty {
            body.clear();
        } else if !reply.until_close && headers.get("content-length").is_none() {
            headers.add("content-length", body.len().to_string());
        }
        headers.add("connection", "close");
        let count = headers.iter().filter(|(name, _)| !name.starts_with(b":")).count();
        let body_broken = fate == Fate::CutOff;
        if body_broken && body.is_empty() {
            body.push(0);
        }
        Self { headers: Some(headers), count, body, body_broken, ..Self::default() }
    }
}

/// When a call ends, how, and what is delivered then; no delivery means it never ends.
pub(crate) fn outcome(
    reply: UpstreamReply,
    timeout: Option<Duration>,
    calls: &Calls,
) -> (CallResult, Option<(Duration, Delivery)>) {
    let silence = reply.longest_silence.filter(|_| calls.timeout_per_operation);
    let silence = silence.unwrap_or(reply.latency);
    let fate = match (&reply.fate, timeout) {
        (Fate::Never, None) => return (CallResult::Pending, None),
        (Fate::Never, Some(_)) => None,
        (_, Some(limit)) if silence >= limit => None,
        _ => Some(reply.fate.clone()),
    };
    let after = if fate.is_none() { timeout.unwrap_or_default() } else { reply.latency };
    let result = match &fate {
        None => CallResult::TimedOut,
        Some(Fate::Answer) => {
            let status = reply.headers.get(":status").and_then(|s| core::str::from_utf8(s).ok());
            CallResult::Answered(status.and_then(|status| status.parse().ok()).unwrap_or(0))
        }
        Some(Fate::ConnectError) => CallResult::ConnectError,
        Some(Fate::Reset | Fate::CutOff | Fate::Never | Fate::NotStarted) => CallResult::Reset,
    };
    let responses = calls.failures_are_responses;
    let delivery = match fate {
        None if calls.dispatch_status => Delivery::dispatch_failed("timeout"),
        Some(Fate::Answer | Fate::CutOff) if calls.dispatch_status => {
            Delivery::dispatched(reply, calls)
        }
        Some(_) if calls.dispatch_status => Delivery::dispatch_failed("broken connection"),
        None if responses => Delivery::local("504", "upstream request timeout"),
        None => Delivery::failed(2, "timeout"),
        Some(Fate::ConnectError) if responses => Delivery::local("503", CONNECT_ERROR),
        Some(Fate::ConnectError) => Delivery::failed(BROKEN_CONNECTION, "connect error"),
        Some(Fate::Answer) => {
            Delivery::answered(reply.headers, reply.chunks.concat(), reply.trailers)
        }
        Some(Fate::Reset) if responses => Delivery::local("503", RESET),
        Some(Fate::Reset | Fate::CutOff | Fate::Never | Fate::NotStarted) => {
            Delivery::failed(BROKEN_CONNECTION, "reset")
        }
    };
    (result, Some((after, delivery)))
}

/// What a proxy answers in place of an upstream that did not.
pub(crate) fn unreachable_origin(fate: &Fate, calls: &Calls) -> (Headers, Vec<Vec<u8>>) {
    let body = match fate {
        _ if !calls.failures_are_responses => {
            return ([(":status", "503")].into_iter().collect(), Vec::new());
        }
        Fate::ConnectError => CONNECT_ERROR,
        _ => RESET,
    };
    let Delivery { headers, body, .. } = Delivery::local("503", body);
    (headers.unwrap_or_default(), vec![body])
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

    fn responses() -> Calls {
        crate::Profile::envoy().calls
    }

    fn by_the_letter() -> Calls {
        crate::Profile::spec().calls
    }

    #[test]
    fn latency_against_timeout() {
        let reply = UpstreamReply::ok("x").after(SECOND);
        let (result, end) = outcome(reply.clone(), Some(SECOND), &responses());
        assert_eq!(result, CallResult::TimedOut);
        let (after, delivery) = end.unwrap();
        assert_eq!(after, SECOND);
        assert_eq!(delivery.headers.unwrap().get(":status"), Some(&b"504"[..]));
        let (result, _) = outcome(reply.clone(), Some(SECOND * 2), &responses());
        assert_eq!(result, CallResult::Answered(200));
        let (result, end) = outcome(reply, None, &responses());
        assert_eq!((result, end.unwrap().0), (CallResult::Answered(200), SECOND));
    }

    #[test]
    fn failures_have_no_headers_by_the_letter() {
        for reply in
            [UpstreamReply::connect_error(), UpstreamReply::reset(), UpstreamReply::cut_off()]
        {
            let (_, end) = outcome(reply, None, &by_the_letter());
            assert_eq!(end.unwrap().1.headers, None);
        }
        assert_eq!(
            outcome(UpstreamReply::never(), None, &responses()),
            (CallResult::Pending, None)
        );
    }

    #[test]
    fn nginx_says_what_went_wrong_beside_the_status() {
        let calls = crate::Profile::ngx_0_6().calls;
        let read = |reply: UpstreamReply, limit: Option<Duration>| {
            let delivery = outcome(reply, limit, &calls).1.unwrap().1;
            let headers = delivery.headers.unwrap();
            let word = headers.get(":dispatch_status").unwrap().to_vec();
            (String::from_utf8(word).unwrap(), delivery.count, delivery.body)
        };
        let whole = read(UpstreamReply::ok("x"), None);
        assert_eq!(whole, ("ok".into(), 2, b"x".to_vec()));
        assert_eq!(read(UpstreamReply::ok("x").until_close(), None).2, b"");
        let long = UpstreamReply::ok("x").header("a", "b".repeat(9_000));
        assert_eq!(read(long, None), ("reader failure".into(), 0, vec![]));
        assert_eq!(read(UpstreamReply::never(), Some(SECOND)).0, "timeout");
        assert_eq!(read(UpstreamReply::reset(), None).0, "broken connection");
        let drip = UpstreamReply::ok("x").dripping(SECOND / 2, 9);
        assert_eq!(read(drip.clone(), Some(SECOND)).0, "ok");
        let (result, _) = outcome(drip, Some(SECOND), &responses());
        assert_eq!(result, CallResult::TimedOut);
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
