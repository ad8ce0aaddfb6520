//! What becomes of exchanges when a VM fails.

use super::{Drive, Exchange};
use crate::error::{Failure, FailureKind};
use crate::plugin::FailurePolicy;
use crate::profile::Isolation;

impl Drive<'_> {
    /// The guest of one filter failed while it worked on this exchange.
    pub(super) fn fail(&mut self, exchange: &mut Exchange, leg: usize, failure: &Failure) {
        let Some(slot) = exchange.legs.get(leg).map(|leg| leg.slot) else { return };
        if failure.kind == FailureKind::Crash {
            self.kill(exchange, failure);
            self.crash(failure);
            return;
        }
        let rules = self.worker.blueprint.profile.failures.clone();
        if !rules.fresh_instance_at_once {
            self.fail_slot(slot, failure);
            // Even under the open policy, as seen on Envoy 1.40: only later requests go by the VM.
            self.refuse(exchange, failure.clone());
            return;
        }
        let in_call = failure.callback == "proxy_on_http_call_response";
        let in_response = failure.callback.starts_with("proxy_on_response");
        if in_call && rules.call_callback_trap_forwards && !exchange.has_body
            || in_response && rules.response_trap_keeps_response
        {
            exchange.failure = Some(failure.clone());
            self.skip(exchange, leg);
        } else {
            self.refuse(exchange, failure.clone());
        }
        self.fail_slot(slot, failure);
    }

    /// A VM is lost; exchanges that are not in hand take what the host makes of that.
    pub(super) fn fail_slot(&mut self, slot: u32, failure: &Failure) {
        if failure.kind == FailureKind::Crash {
            self.crash(failure);
            return;
        }
        let rules = self.worker.blueprint.profile.failures.clone();
        let now = self.lent.clock.elapsed();
        let Some(lost) = self.worker.slots.get_mut(&slot) else { return };
        if rules.fresh_instance_at_once {
            lost.spoiled = Some(failure.clone());
        } else if lost.failed.is_none() {
            lost.failed = Some((now, failure.clone()));
        }
        let host = lost.vm.host();
        host.woken.clear();
        let waiting: Vec<u32> = core::mem::take(&mut host.calls).into_values().collect();
        let ids: Vec<u32> = self.worker.exchanges.keys().copied().collect();
        for id in ids {
            self.with(id, |drive, exchange| {
                if exchange.is_over() {
                    return;
                }
                if !rules.fresh_instance_at_once {
                    drive.apply_policy(exchange, slot, failure);
                } else if rules.trap_forwards_neighbours && rules.isolation == Isolation::Shared {
                    drive.neighbour(exchange, slot, &waiting, failure);
                }
            });
            self.worker.stirred.push(id);
        }
    }

    /// An exchange that waits for a call in an instance that another one trapped.
    fn neighbour(
        &mut self,
        exchange: &mut Exchange,
        slot: u32,
        waiting: &[u32],
        failure: &Failure,
    ) {
        let waits = |leg: &super::Leg| {
            leg.slot == slot && leg.context.is_some_and(|context| waiting.contains(&context))
        };
        let Some(leg) = exchange.legs.iter().position(waits) else { return };
        if exchange.has_body {
            self.refuse(exchange, failure.clone());
        } else {
            exchange.failure = Some(failure.clone());
            self.skip(exchange, leg);
        }
    }

    /// Every filter of this exchange in a failed VM does what its plugin's policy says.
    fn apply_policy(&mut self, exchange: &mut Exchange, slot: u32, failure: &Failure) {
        for leg in 0..exchange.legs.len() {
            let hit = |leg: &super::Leg| leg.slot == slot && leg.context.is_some() && !leg.skipped;
            if exchange.is_over() || !exchange.legs.get(leg).is_some_and(hit) {
                continue;
            }
            let policy = exchange.chain.get(leg).map(|filter| filter.plugin.failure_policy);
            if policy == Some(FailurePolicy::Open) {
                exchange.failure = Some(failure.clone());
                exchange.bypassed = true;
                self.skip(exchange, leg);
            } else {
                self.refuse(exchange, failure.clone());
            }
        }
    }

    /// Passes a filter over: what it holds goes on as it is.
    fn skip(&mut self, exchange: &mut Exchange, leg: usize) {
        let Some(stream) = self.stream(exchange, leg) else { return };
        stream.request.flush_all();
        stream.response.flush_all();
        let out = [
            core::mem::take(&mut stream.request.outbox),
            core::mem::take(&mut stream.response.outbox),
        ];
        if let Some(part) = exchange.legs.get_mut(leg) {
            part.skipped = true;
            for (waiting, mut frames) in part.out.iter_mut().zip(out) {
                waiting.append(&mut frames);
            }
        }
    }

    /// Refuses the request because a VM is gone.
    pub(super) fn refuse(&mut self, exchange: &mut Exchange, failure: Failure) {
        exchange.failure = Some(failure);
        exchange.bypassed = false;
        exchange.refused = true;
        if exchange.client.headers.is_none() {
            let status = self.worker.blueprint.profile.failures.status.to_string();
            exchange.client.headers = Some([(":status", status)].into_iter().collect());
        }
        self.close(exchange);
    }

    /// The process of the worker dies, and its master makes a new one.
    pub(super) fn crash(&mut self, failure: &Failure) {
        let ids: Vec<u32> = self.worker.exchanges.keys().copied().collect();
        for id in ids {
            self.with(id, |drive, exchange| drive.kill(exchange, failure));
        }
        let slots: Vec<u32> = self.worker.slots.keys().copied().collect();
        for slot in slots {
            if let Some(host) = self.worker.host(slot) {
                host.calls.clear();
                host.grpc.open.clear();
                host.woken.clear();
                for root in host.roots.values_mut() {
                    root.timers.clear();
                }
            }
            if self.worker.revive(self.lent, slot, true).is_err()
                && let Some(slot) = self.worker.slots.get_mut(&slot)
            {
                slot.failed = Some((self.lent.clock.elapsed(), failure.clone()));
            }
        }
    }

    fn kill(&mut self, exchange: &mut Exchange, failure: &Failure) {
        if !exchange.is_over() {
            exchange.failure = Some(failure.clone());
            exchange.closed = true;
            exchange.client = crate::stream::Sent::default();
            self.close(exchange);
        }
    }

    /// Under the reload policy, a VM that has been down long enough is made anew.
    pub(super) fn reload_what_is_due(&mut self) {
        let now = self.lent.clock.elapsed();
        let rules = &self.worker.blueprint.profile.failures;
        if !rules.reload_policy {
            return;
        }
        let backoff = rules.reload_backoff;
        let due: Vec<u32> = self
            .worker
            .slots
            .iter_mut()
            .filter_map(|(number, slot)| {
                let (since, _) = slot.failed.as_ref()?;
                let waited = since.saturating_add(backoff) <= now;
                let mut roots = slot.vm.host().roots.values();
                let reloads = roots.all(|root| root.plugin.failure_policy == FailurePolicy::Reload);
                (waited && reloads).then_some(*number)
            })
            .collect();
        for slot in due {
            if self.worker.revive(self.lent, slot, true).is_err()
                && let Some(slot) = self.worker.slots.get_mut(&slot)
                && let Some((since, _)) = &mut slot.failed
            {
                // Still down, and the back-off begins again.
                *since = now;
            }
        }
    }
}
