//! Reports as JSON.
//!
//! ```json
//! {
//!   "version": 1,
//!   "summary": { "passed": 1, "failed": 1, "skipped": 0 },
//!   "reports": [
//!     { "case": "auth/wrong key", "profile": "envoy", "file": "auth.yaml", "verdict": "failed",
//!       "differences": [{ "step": "1: GET /", "member": "status", "expected": "401", "found": "200" }],
//!       "findings": [{ "check": "host error", "step": "1: GET /", "message": "..." }],
//!       "requests": [{ "step": "1: GET /", "outcome": "upstream", "status": 200, "fuel": 1234,
//!                      "host_calls": 7, "memory_bytes": 131072 }] }
//!   ]
//! }
//! ```
//!
//! A skipped case has `"reason"` besides.

use serde_json::{Value, json};

use super::{Report, Verdict};
use crate::case::Ending;

/// All reports as one JSON document.
#[must_use]
pub fn document(reports: &[Report]) -> Value {
    let count = |wanted: fn(&Verdict) -> bool| {
        reports.iter().filter(|report| wanted(&report.verdict)).count()
    };
    json!({
        "version": 1,
        "summary": {
            "passed": count(|verdict| *verdict == Verdict::Passed),
            "failed": count(|verdict| *verdict == Verdict::Failed),
            "skipped": count(|verdict| matches!(verdict, Verdict::Skipped(_))),
        },
        "reports": reports.iter().map(told).collect::<Vec<_>>(),
    })
}

fn told(report: &Report) -> Value {
    let differences = report.differences.iter().map(|difference| {
        json!({
            "step": difference.step,
            "member": difference.member,
            "expected": difference.expected,
            "found": difference.found,
        })
    });
    let findings = report.findings.iter().map(|finding| {
        json!({
            "check": finding.check.as_str(),
            "step": finding.step,
            "message": finding.message,
        })
    });
    let requests = report.transcripts().map(|(step, transcript)| {
        json!({
            "step": step,
            "outcome": Ending::of(&transcript.outcome).to_string(),
            "status": transcript.status(),
            "fuel": transcript.fuel,
            "host_calls": transcript.host_call_count(),
            "memory_bytes": transcript.memory_after,
        })
    });
    let mut value = json!({
        "case": report.name,
        "profile": report.profile,
        "file": report.file.display().to_string(),
        "verdict": match report.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Skipped(_) => "skipped",
        },
        "differences": differences.collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
        "requests": requests.collect::<Vec<_>>(),
    });
    if let (Verdict::Skipped(reason), Some(object)) = (&report.verdict, value.as_object_mut()) {
        object.insert("reason".to_owned(), Value::String(reason.clone()));
    }
    value
}
