//! The end of a stream: last callbacks, and the transcript.

use core::time::Duration;

use super::{Drive, Exchange};
use crate::error::{Failure, FailureKind};
use crate::headers::Headers;
use crate::stream::Sent;
use crate::transcript::{ClientResponse, Forwarded, Outcome, Transcript};

impl Drive<'_> {
    /// Runs the last callbacks of an exchange, forgets it, and tells its story.
    pub(crate) fn finish(&mut self, id: u32) -> Option<Transcript> {
        let mut exchange = self.worker.exchanges.remove(&id)?;
        let profile = self.worker.blueprint.profile.clone();
        // Whatever the guest still tries cannot reach the client any more.
        let outcome = outcome(&exchange, profile.failures.status, &profile.failures.details);
        self.close(&mut exchange);
        let mut late_failure = None;
        for leg in 0..exchange.legs.len() {
            if let Err(failure) = self.end_leg(&mut exchange, leg) {
                late_failure = Some(failure.clone());
                let slot = exchange.legs.get(leg).map_or(0, |leg| leg.slot);
                self.fail_slot(slot, &failure);
            }
        }
        let memory_after = self.worker.memory_bytes();
        let ended_at = self.lent.clock.elapsed();
        for leg in &exchange.legs {
            let Some(host) = self.worker.host(leg.slot) else { continue };
            if let Some(context) = leg.context {
                host.streams.remove(&context);
                if !profile.calls.outlive_streams {
                    host.calls.retain(|_, owner| *owner != context);
                    host.grpc.open.retain(|_, open| open.owner != context);
                }
            }
            self.worker.drop_slot_if_private(leg.slot);
        }
        if exchange.fatal {
            let failure = Failure {
                callback: "proxy_on_request_headers",
                kind: FailureKind::Crash,
                message: "a call was made and the request went on without it".to_owned(),
            };
            late_failure = Some(failure.clone());
            self.crash(&failure);
        }
        let chain = exchange.chain.clone();
        self.worker.retire(self.lent, &chain);
        self.settle();
        Some(tell(exchange, outcome, late_failure, memory_after, ended_at))
    }

    fn end_leg(&mut self, exchange: &mut Exchange, leg: usize) -> Result<(), Failure> {
        let Some(part) = exchange.legs.get(leg) else { return Ok(()) };
        let (slot, Some(context)) = (part.slot, part.context) else { return Ok(()) };
        let Some(found) = self.worker.slots.get_mut(&slot) else { return Ok(()) };
        let (generation, alive) = (found.generation(), found.is_alive());
        let stream = found.vm.host().streams.get(&context);
        if !alive || stream.is_none_or(|stream| stream.generation != generation) {
            return Ok(());
        }
        self.swap(exchange, leg);
        let end = match self.worker.vm(slot) {
            Some(vm) => vm.end_context(self.lent, context),
            None => Ok(()),
        };
        self.swap(exchange, leg);
        end
    }
}

fn tell(
    exchange: Exchange,
    outcome: Outcome,
    late_failure: Option<Failure>,
    memory_after: usize,
    ended_at: Duration,
) -> Transcript {
    let Sent { headers, body, trailers, .. } = exchange.upstream;
    let upstream = headers.map(|headers| Forwarded { headers, body, trailers });
    let Sent { headers, body, trailers, .. } = exchange.client;
    let response = headers.filter(|_| !exchange.aborted).map(|headers| {
        let status = status_of(&headers);
        ClientResponse { status, headers, body, trailers }
    });
    let ledger = exchange.ledger;
    Transcript {
        outcome,
        filters: exchange.chain.iter().map(|filter| filter.plugin.name.clone()).collect(),
        answered_by: exchange.answered_by,
        upstream,
        response,
        failure: exchange.failure.or(late_failure),
        bypassed: exchange.bypassed,
        faults: ledger.faults,
        logs: ledger.logs,
        callbacks: ledger.callbacks,
        host_calls: ledger.host_calls,
        host_call_counts: ledger.host_call_counts,
        callouts: ledger.callouts,
        grpc_callouts: ledger.grpc_callouts,
        fuel: ledger.fuel,
        bytes_copied: ledger.bytes_copied,
        memory_before: exchange.memory_before,
        memory_after,
        opened_at: exchange.opened_at,
        ended_at,
    }
}

fn outcome(exchange: &Exchange, fail_status: u16, fail_details: &str) -> Outcome {
    if exchange.aborted {
        return Outcome::Aborted;
    }
    if exchange.closed {
        return Outcome::Reset;
    }
    if let Some(local) = &exchange.local {
        return Outcome::Local {
            status: local.status,
            headers: local.headers.clone(),
            body: local.body.clone(),
            details: local.details.clone(),
        };
    }
    if let Some(failure) = exchange.failure.clone().filter(|_| exchange.refused) {
        return Outcome::Failed { status: fail_status, details: fail_details.to_owned(), failure };
    }
    match &exchange.upstream.headers {
        Some(headers) if exchange.upstream.ended => Outcome::Upstream { headers: headers.clone() },
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
        let failure = Failure::no_such_worker();
        Self {
            outcome: Outcome::Failed {
                status: 503,
                details: "no_such_worker".to_owned(),
                failure: failure.clone(),
            },
            upstream: None,
            response: None,
            filters: Vec::new(),
            answered_by: None,
            failure: Some(failure),
            bypassed: false,
            faults: Vec::new(),
            logs: Vec::new(),
            callbacks: Vec::new(),
            host_calls: Vec::new(),
            host_call_counts: std::collections::BTreeMap::new(),
            callouts: Vec::new(),
            grpc_callouts: Vec::new(),
            fuel: 0,
            bytes_copied: 0,
            memory_before: 0,
            memory_after: 0,
            opened_at: now,
            ended_at: now,
        }
    }
}
