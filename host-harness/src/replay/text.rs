//! What has no transcript of its own, as text.

use core::fmt::Write as _;

use crate::ledger::{Callback, Callout, HostCall, Ledger, Log};
use crate::world::metric::Metric;

/// A ledger, in the words of a transcript.
pub(super) fn ledger(ledger: &Ledger) -> String {
    let mut text = String::new();
    for Callout { at, token, upstream, headers, body, result, .. } in &ledger.callouts {
        let _ = writeln!(text, "call {token} to {upstream} at {at:?}: {result:?}");
        for (name, value) in headers.iter() {
            let _ = writeln!(text, "  {}: {}", name.escape_ascii(), value.escape_ascii());
        }
        if !body.is_empty() {
            let _ = writeln!(text, "  body {}", body.escape_ascii());
        }
    }
    for Callback { name, context, fuel, host_calls, bytes_copied, .. } in &ledger.callbacks {
        let _ = writeln!(
            text,
            "callback {name} context {context} fuel {fuel} host calls {host_calls} bytes {bytes_copied}"
        );
    }
    for HostCall { name, subject, status, .. } in &ledger.host_calls {
        let _ = writeln!(text, "host call {name} `{}` -> {status}", subject.escape_ascii());
    }
    for Log { at, context, level, bytes, .. } in &ledger.logs {
        let (level, line) = (level.as_str(), bytes.escape_ascii());
        let _ = writeln!(text, "log {at:?} context {context} {level} {line}");
    }
    text
}

pub(super) fn metrics(metrics: &[Metric]) -> String {
    let mut text = String::new();
    for Metric { name, kind, value, samples, .. } in metrics {
        let _ = writeln!(text, "{kind:?} {name} {value} {samples:?}");
    }
    text
}
