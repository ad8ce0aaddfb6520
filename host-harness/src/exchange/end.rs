//! The end of a stream: last callbacks, and the transcript.

use core::time::Duration;

use super::Drive;
use crate::error::{Failure, FailureKind};
use crate::headers::Headers;
use crate::host::Host;
use crate::ledger::Log;
use crate::stream::{Sent, Stream, Turn};
use crate::transcript::{ClientResponse, Forwarded, Outcome, Transcript};
use crate::vm::Vm;

impl Drive<'_> {
    /// Runs the last callbacks of a stream, forgets it, and tells its story.
    pub(crate) fn finish(&mut self, context: u32) -> Option<Transcript> {
        let profile = self.worker.setup.profile.clone();
        let generation = self.worker.setup.generation;
        let stream = self.stream(context)?;
        // Whatever the guest still tries cannot reach the client any more.
        let outcome = outcome(stream, profile.failures.status, &profile.failures.details);
        stream.turn = Turn::Over;
        let known = stream.generation == generation && self.worker.failed.is_none();
        let mut late_failure = None;
        if known && let Err(failure) = self.worker.vm.end_context(self.lent, context) {
            late_failure = Some(failure.clone());
            self.fail(failure);
        }
        let memory_after = self.worker.vm.memory_bytes();
        let ended_at = self.lent.clock.elapsed();
        let host = self.worker.vm.host();
        let stream = host.streams.remove(&context)?;
        if !profile.calls.outlive_streams {
            host.calls.retain(|_, owner| *owner != context);
        }
        self.settle();
        Some(tell(stream, outcome, late_failure, memory_after, ended_at))
    }
}

fn tell(
    stream: Stream,
    outcome: Outcome,
    late_failure: Option<Failure>,
    memory_after: usize,
    ended_at: Duration,
) -> Transcript {
    let Sent { headers, body, trailers } = stream.request.sent;
    let upstream = headers.map(|headers| Forwarded { headers, body, trailers });
    let Sent { headers, body, trailers } = stream.response.sent;
    let response = headers.filter(|_| !stream.aborted).map(|headers| {
        let status = status_of(&headers);
        ClientResponse { status, headers, body, trailers }
    });
    let ledger = stream.ledger;
    Transcript {
        outcome,
        upstream,
        response,
        failure: stream.failure.or(late_failure),
        bypassed: stream.bypassed,
        logs: ledger.logs,
        callbacks: ledger.callbacks,
        host_calls: ledger.host_calls,
        host_call_counts: ledger.host_call_counts,
        callouts: ledger.callouts,
        fuel: ledger.fuel,
        bytes_copied: ledger.bytes_copied,
        memory_before: stream.memory_before,
        memory_after,
        opened_at: stream.opened_at,
        ended_at,
    }
}
fn outcome(stream: &Stream, fail_status: u16, fail_details: &str) -> Outcome {
    if stream.aborted {
        return Outcome::Aborted;
    }
    if let Some(failure) = stream.failure.clone().filter(|_| !stream.bypassed) {
        return Outcome::Failed { status: fail_status, details: fail_details.to_owned(), failure };
    }
    if stream.closed_by_guest {
        return Outcome::Reset;
    }
    if let Some(local) = &stream.local {
        return Outcome::Local {
            status: local.status,
            headers: local.headers.clone(),
            body: local.body.clone(),
            details: local.details.clone(),
        };
    }
    match &stream.request.sent.headers {
        Some(headers) if stream.turn != Turn::Request => {
            Outcome::Upstream { headers: headers.clone() }
        }
        _ => Outcome::Paused,
    }
}

fn status_of(headers: &Headers) -> u16 {
    let status = headers.get(":status").and_then(|status| core::str::from_utf8(status).ok());
    status.and_then(|status| status.parse().ok()).unwrap_or(0)
}

impl Transcript {
    /// The story of a request to a worker that does not exist.
    pub(crate) fn of_nobody(now: Duration) -> Self {
        let failure = Failure {
            callback: "",
            kind: FailureKind::NoSuchWorker,
            message: "this world has no such worker or stream".to_owned(),
        };
        Self {
            outcome: Outcome::Failed {
                status: 503,
                details: "no_such_worker".to_owned(),
                failure: failure.clone(),
            },
            upstream: None,
            response: None,
            failure: Some(failure),
            bypassed: false,
            logs: Vec::new(),
            callbacks: Vec::new(),
            host_calls: Vec::new(),
            host_call_counts: std::collections::BTreeMap::new(),
            callouts: Vec::new(),
            fuel: 0,
            bytes_copied: 0,
            memory_before: 0,
            memory_after: 0,
            opened_at: now,
            ended_at: now,
        }
    }
}

impl Vm {
    /// Takes over what outlives a VM: its log, its open streams and the numbering of contexts.
    pub(super) fn inherit(&mut self, old: &mut Host) {
        let streams = core::mem::take(&mut old.streams);
        let mut logs: Vec<Log> = core::mem::take(&mut old.logs);
        let background = core::mem::take(&mut old.background);
        let next_context = old.next_context;
        let host = self.host();
        logs.append(&mut host.logs);
        host.logs = logs;
        let fresh = core::mem::replace(&mut host.background, background);
        host.background.absorb(fresh);
        host.next_context = host.next_context.max(next_context);
        host.streams = streams;
    }
}
