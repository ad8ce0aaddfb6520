//! Which faults can befall which calls.

use core::fmt;

use crate::fault::{Census, Fault, FaultKind, When};

/// Calls that hand over data.
const GIVE: [&str; 8] = [
    "proxy_call_foreign_function",
    "proxy_dequeue_shared_queue",
    "proxy_get_buffer_bytes",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_get_status",
];
/// Calls that start something which is answered later.
const START: [&str; 3] = ["proxy_grpc_call", "proxy_grpc_stream", "proxy_http_call"];
/// Calls that tell the time.
const TELL_TIME: [&str; 2] = ["clock_time_get", "proxy_get_current_time_nanoseconds"];

/// Not found, bad argument, invalid memory access, changed meanwhile, internal failure,
/// unimplemented, and a number that no host uses.
const STATUSES: [u32; 7] = [1, 2, 6, 8, 10, 12, 99];
/// Fault, invalid, not supported.
const ERRNOS: [u32; 3] = [21, 28, 58];
const DATA: [FaultKind; 8] = [
    FaultKind::EmptyData,
    FaultKind::ShortData,
    FaultKind::OversizedData,
    FaultKind::GarbageData,
    FaultKind::NotUtf8,
    FaultKind::AllocationFailure,
    FaultKind::AllocationTrap,
    FaultKind::BadPointer,
];
const DAY_MS: i64 = 86_400_000;

/// How many of the calls go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurrence {
    /// The first one only.
    First,
    /// Each one.
    Each,
}

impl fmt::Display for Occurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "first",
            Self::Each => "each",
        })
    }
}

/// One fault of one call in one callback.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) callback: &'static str,
    pub(super) call: &'static str,
    pub(super) kind: FaultKind,
    pub(super) occurrence: Occurrence,
}

impl Cell {
    pub(super) fn fault(&self) -> Fault {
        let when = match self.occurrence {
            Occurrence::First => When::Nth(1),
            Occurrence::Each => When::Always,
        };
        Fault::new(self.call, self.kind).within(self.callback).when(when)
    }
}

/// Every cell for the calls that were made.
pub(super) fn cells(census: &Census) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (&(callback, call), &count) in census {
        // What was called once has its first call only.
        let occurrences = [Occurrence::First, Occurrence::Each];
        for &occurrence in occurrences.iter().take(if count > 1 { 2 } else { 1 }) {
            let kinds = kinds(call).into_iter();
            cells.extend(kinds.map(|kind| Cell { callback, call, kind, occurrence }));
        }
    }
    cells
}

fn kinds(call: &str) -> Vec<FaultKind> {
    let numbers: &[u32] = if call.starts_with("proxy_") { &STATUSES } else { &ERRNOS };
    let mut kinds: Vec<FaultKind> = numbers.iter().copied().map(FaultKind::Status).collect();
    kinds.push(FaultKind::Trap);
    if GIVE.contains(&call) {
        kinds.extend(DATA);
    }
    if START.contains(&call) {
        kinds.push(FaultKind::Timeout);
    }
    if TELL_TIME.contains(&call) {
        kinds.extend([FaultKind::ClockJump(-DAY_MS), FaultKind::ClockJump(DAY_MS)]);
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_get_the_faults_that_can_befall_them() {
        let has = |call, kind| kinds(call).contains(&kind);
        assert!(has("proxy_get_property", FaultKind::BadPointer));
        assert!(!has("proxy_log", FaultKind::BadPointer));
        assert!(has("proxy_http_call", FaultKind::Timeout));
        assert!(has("clock_time_get", FaultKind::ClockJump(DAY_MS)));
        assert!(has("random_get", FaultKind::Status(21)) && has("proxy_log", FaultKind::Status(6)));
        let census = Census::from([(("on", "proxy_log"), 1), (("on", "random_get"), 2)]);
        assert_eq!(cells(&census).len(), 8 + 2 * 4);
    }
}
