//! What can be seen of a request from outside, in the harness and in reality.

use super::wire::Message;
use crate::headers::Headers;
use crate::transcript::{Outcome, Transcript};
use crate::world::upstream::CallResult;

/// What the client got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Response(Message),
    /// The connection broke in the middle of it.
    CutOff(Message),
    /// The connection was closed without a word.
    Closed,
    /// Nothing, as long as the client waited.
    Nothing,
    /// The client did not wait.
    Aborted,
    /// It was no HTTP, or there was no connection.
    Broken(String),
}

impl Answer {
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Response(_) => "a response".into(),
            Self::CutOff(_) => "a response that breaks off".into(),
            Self::Closed => "a closed connection".into(),
            Self::Nothing => "nothing".into(),
            Self::Aborted => "not awaited".into(),
            Self::Broken(reason) => format!("no response: {reason}"),
        }
    }
}

/// A call to an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) upstream: String,
    pub(crate) message: Message,
}

/// What can be seen of one request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) upstream: Option<Message>,
    pub(crate) client: Answer,
    pub(crate) calls: Vec<Call>,
    /// Lines that were logged, where they can be seen.
    pub(crate) logs: Option<Vec<Vec<u8>>>,
}

impl Seen {
    /// In the harness.
    pub(crate) fn of(transcript: &Transcript) -> Self {
        let message = |headers: &Headers, body: &[u8], trailers: &Headers| Message {
            headers: headers.clone(),
            body: body.to_vec(),
            trailers: trailers.clone(),
        };
        let upstream = transcript.upstream.as_ref();
        let upstream = upstream.map(|sent| message(&sent.headers, &sent.body, &sent.trailers));
        let response = transcript.response.as_ref();
        let response = response.map(|got| message(&got.headers, &got.body, &got.trailers));
        let client = match (response, &transcript.outcome) {
            (_, Outcome::Aborted) => Answer::Aborted,
            (Some(response), Outcome::Reset) => Answer::CutOff(response),
            // Headers that had left already when the VM failed.
            (Some(response), Outcome::Failed { status, .. })
                if response.headers.len() > 1
                    || response.headers.get(":status") != Some(status.to_string().as_bytes()) =>
            {
                Answer::CutOff(response)
            }
            (Some(response), _) => Answer::Response(response),
            (None, Outcome::Reset) => Answer::Closed,
            (None, _) => Answer::Nothing,
        };
        // Who cannot be connected to does not see what is called.
        let calls =
            transcript.callouts.iter().filter(|call| call.result != CallResult::ConnectError);
        let calls = calls.map(|call| Call {
            upstream: call.upstream.clone(),
            message: message(&call.headers, &call.body, &call.trailers),
        });
        let calls = sorted(calls.collect());
        let logs = transcript.logs.iter().map(|log| log.bytes.clone()).collect();
        Self { upstream, client, calls, logs: Some(logs) }
    }
}

/// Calls made at the same time arrive in any order.
pub(crate) fn sorted(mut calls: Vec<Call>) -> Vec<Call> {
    let key = |call: &Call| {
        let headers = &call.message.headers;
        let part = |name: &str| headers.get(name).map(<[u8]>::to_vec);
        (call.upstream.clone(), part(":path"), part(":method"))
    };
    calls.sort_by_key(key);
    calls
}
