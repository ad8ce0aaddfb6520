//! Each request gets exactly one verdict.

use super::{Check, Finding};
use crate::case::document::Allow;
use crate::transcript::{Outcome, Transcript};

pub(super) fn of(step: &str, told: &Transcript, allow: &Allow) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut two = |message: &str| {
        if !allow.second_verdict {
            findings.push(Finding::new(Check::TwoVerdicts, step, message));
        }
    };
    let answers = answers(told);
    if answers.len() > 1 {
        two("it was answered more than once");
    }
    if told.upstream.is_some() && answers.contains(&Phase::Request) {
        two("it was answered before the response began, and reached the upstream all the same");
    }
    if matches!(told.outcome, Outcome::Paused) && !allow.paused {
        let message = "it was held and never decided";
        findings.push(Finding::new(Check::NoVerdict, step, message));
    }
    findings
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Request,
    Response,
}

/// In which half of the exchange each local response was given.
fn answers(told: &Transcript) -> Vec<Phase> {
    let mut rest = told.host_calls.as_slice();
    let mut phase = Phase::Request;
    let mut answers = Vec::new();
    for callback in &told.callbacks {
        if callback.name.starts_with("proxy_on_response_") {
            phase = Phase::Response;
        }
        let count = usize::try_from(callback.host_calls).unwrap_or(usize::MAX);
        let (made, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        rest = later;
        let given = made.iter().filter(|call| {
            call.name == "proxy_send_local_response" && call.answered(crate::Status::Ok)
        });
        answers.extend(given.map(|_| phase));
    }
    answers
}
