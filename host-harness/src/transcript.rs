//! What became of one request, to the byte.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use crate::error::Failure;
use crate::fault::Injected;
use crate::headers::Headers;
use crate::ledger::{Callback, Callout, GrpcCallout, HostCall, Log};
use crate::world::grpc::GrpcKind;

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It reached the upstream.
    Upstream {
        /// Its headers, after the filter's edits.
        headers: Headers,
    },
    /// The filter answered it.
    Local {
        /// Status.
        status: u16,
        /// Headers as the filter gave them. What the client got is in [`Transcript::response`].
        headers: Headers,
        /// Body.
        body: Vec<u8>,
        /// Response code details.
        details: String,
    },
    /// The filter held it and never decided.
    Paused,
    /// The VM failed and the host refused it.
    Failed {
        /// What the client was told.
        status: u16,
        /// Response code details.
        details: String,
        /// Why.
        failure: Failure,
    },
    /// The filter closed the stream, or the host had to.
    Reset,
    /// The client went away.
    Aborted,
}

/// A request as it left the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// Headers, pseudo-headers included.
    pub headers: Headers,
    /// Body.
    pub body: Vec<u8>,
    /// Trailers.
    pub trailers: Headers,
}

/// A response as the client received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientResponse {
    /// Status; 0 when the response has none.
    pub status: u16,
    /// Headers, `:status` included.
    pub headers: Headers,
    /// Body.
    pub body: Vec<u8>,
    /// Trailers.
    pub trailers: Headers,
}

/// Everything that can be known about one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// How it ended.
    pub outcome: Outcome,
    /// Names of the filters in the chain, in order.
    pub filters: Vec<String>,
    /// Place in the chain of the filter that answered, if one did.
    pub answered_by: Option<usize>,
    /// What the upstream received. There even when the filter answered in the response phase.
    pub upstream: Option<Forwarded>,
    /// What the client received.
    pub response: Option<ClientResponse>,
    /// The VM failure that ended the request or came with its clean-up.
    pub failure: Option<Failure>,
    /// The VM was down and the policy is open: no callback ran.
    pub bypassed: bool,
    /// Faults that were injected into its host calls, in order.
    pub faults: Vec<Injected>,
    /// Lines logged, in order.
    pub logs: Vec<Log>,
    /// Calls into the guest, in order.
    pub callbacks: Vec<Callback>,
    /// Calls into the host, in order. Empty when the world does not record.
    pub host_calls: Vec<HostCall>,
    /// How often each host function was called.
    pub host_call_counts: BTreeMap<&'static str, u64>,
    /// HTTP calls made for this request, in order.
    pub callouts: Vec<Callout>,
    /// gRPC calls and streams made for this request, in order.
    pub grpc_callouts: Vec<GrpcCallout>,
    /// Fuel used; 0 when the world does not meter.
    pub fuel: u64,
    /// Bytes copied between host and guest.
    pub bytes_copied: u64,
    /// Bytes of linear memory when the request came.
    pub memory_before: usize,
    /// Bytes of linear memory when it was over.
    pub memory_after: usize,
    /// Virtual time since the world began, when the request came.
    pub opened_at: Duration,
    /// Virtual time since the world began, when it was over.
    pub ended_at: Duration,
}

impl Transcript {
    /// How many host calls were made.
    #[must_use]
    pub fn host_call_count(&self) -> u64 {
        self.host_call_counts.values().sum()
    }

    /// Status that the client got, if it got one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().map(|response| response.status)
    }

    /// Whether the request reached the upstream.
    #[must_use]
    pub fn reached_upstream(&self) -> bool {
        self.upstream.is_some()
    }
}

/// The transcript as text; two runs of the same world give the same text.
impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match &self.outcome {
            Outcome::Upstream { .. } => "upstream",
            Outcome::Local { .. } => "local",
            Outcome::Paused => "paused",
            Outcome::Failed { .. } => "failed",
            Outcome::Reset => "reset",
            Outcome::Aborted => "aborted",
        };
        writeln!(f, "outcome {outcome} from {:?} to {:?}", self.opened_at, self.ended_at)?;
        if let Outcome::Local { details, .. } | Outcome::Failed { details, .. } = &self.outcome {
            writeln!(f, "details {details}")?;
        }
        if let Some(failure) = &self.failure {
            writeln!(f, "failure {failure}")?;
        }
        if let Some(Forwarded { headers, body, trailers }) = &self.upstream {
            writeln!(f, "upstream received")?;
            write_message(f, headers, body, trailers)?;
        }
        if let Some(ClientResponse { headers, body, trailers, .. }) = &self.response {
            writeln!(f, "client received")?;
            write_message(f, headers, body, trailers)?;
        }
        for Callout { at, token, upstream, headers, body, trailers, result, .. } in &self.callouts {
            writeln!(f, "call {token} to {upstream} at {at:?}: {result:?}")?;
            write_message(f, headers, body, trailers)?;
        }
        for callout in &self.grpc_callouts {
            write_grpc(f, callout)?;
        }
        for Callback { name, filter, context, fuel, host_calls, bytes_copied } in &self.callbacks {
            // A chain of one needs no numbers.
            let filter =
                if self.filters.len() > 1 { format!("filter {filter} ") } else { String::new() };
            writeln!(
                f,
                "callback {name} {filter}context {context} fuel {fuel} host calls {host_calls} bytes {bytes_copied}"
            )?;
        }
        for HostCall { name, subject, status } in &self.host_calls {
            writeln!(f, "host call {name} `{}` -> {status}", subject.escape_ascii())?;
        }
        for fault in &self.faults {
            writeln!(f, "fault injected {fault}")?;
        }
        for Log { at, context, level, bytes } in &self.logs {
            let (level, line) = (level.as_str(), bytes.escape_ascii());
            writeln!(f, "log {at:?} context {context} {level} {line}")?;
        }
        writeln!(f, "fuel {} bytes {}", self.fuel, self.bytes_copied)?;
        writeln!(f, "memory {} -> {}", self.memory_before, self.memory_after)
    }
}

fn write_grpc(f: &mut fmt::Formatter<'_>, callout: &GrpcCallout) -> fmt::Result {
    let GrpcCallout { at, token, kind, upstream, service, method, metadata, status, .. } = callout;
    let kind = match kind {
        GrpcKind::Call => "call",
        GrpcKind::Stream => "stream",
    };
    write!(f, "grpc {kind} {token} to {upstream} {service}/{method} at {at:?}: ")?;
    match status {
        Some(status) => writeln!(f, "status {status}")?,
        None if callout.cancelled => writeln!(f, "cancelled")?,
        None => writeln!(f, "pending")?,
    }
    write_message(f, metadata, &[], &Headers::new())?;
    for message in &callout.messages {
        writeln!(f, "  message {}", message.escape_ascii())?;
    }
    Ok(())
}

fn write_message(
    f: &mut fmt::Formatter<'_>,
    headers: &Headers,
    body: &[u8],
    trailers: &Headers,
) -> fmt::Result {
    for (name, value) in headers.iter() {
        writeln!(f, "  {}: {}", name.escape_ascii(), value.escape_ascii())?;
    }
    if !body.is_empty() {
        writeln!(f, "  body {}", body.escape_ascii())?;
    }
    for (name, value) in trailers.iter() {
        writeln!(f, "  trailer {}: {}", name.escape_ascii(), value.escape_ascii())?;
    }
    Ok(())
}
