//! What requests cost, once and in the long run.

use super::{Check, Finding};
use crate::case::document::{Allow, Budget};
use crate::case::play::Exchange;
use crate::transcript::Transcript;

pub(super) fn over_budget(step: &str, told: &Transcript, budget: Budget) -> Vec<Finding> {
    let memory = budget.memory_bytes.and_then(|bytes| u64::try_from(bytes).ok());
    let used = u64::try_from(told.memory_after).unwrap_or(u64::MAX);
    let limits = [
        ("host calls", told.host_call_count(), budget.host_calls),
        ("fuel", told.fuel, budget.fuel),
        ("bytes of memory", used, memory),
    ];
    let over = limits.into_iter().filter_map(|(what, used, most)| {
        let most = most.filter(|most| used > *most)?;
        let message = format!("{used} {what}, where at most {most} are allowed");
        Some(Finding::new(Check::Budget, step, message))
    });
    over.collect()
}

/// Memory has come to rest after the first half of the repetitions of a request.
pub(super) fn growth(exchanges: &[Exchange], allow: &Allow) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut at_half = 0;
    for exchange in exchanges {
        let (times, time) = exchange.repetition;
        let memory = exchange.transcript.memory_after;
        if time == times / 2 {
            at_half = memory;
        }
        let last = times > 1 && time + 1 == times;
        let allowed = allow.memory_growth || exchange.allow.memory_growth;
        if last && memory > at_half && !allowed {
            let message = format!(
                "memory grew from {at_half} to {memory} bytes in the second half of {times} requests"
            );
            findings.push(Finding::new(Check::MemoryGrowth, &exchange.step, message));
        }
    }
    findings
}
