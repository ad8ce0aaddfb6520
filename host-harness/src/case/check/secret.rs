//! Secrets are told to nobody.

use super::{Check, Finding};
use crate::case::document::Allow;
use crate::case::document::matcher::contains;
use crate::headers::Headers;
use crate::ledger::{Callout, Log};
use crate::transcript::{Outcome, Transcript};
use crate::world::Metric;

/// The upstream that requests go to, as [`Allow::secrets_to`] names it.
const ORIGIN: &str = "origin";

/// Looks for secrets in places.
struct Search<'s> {
    step: &'s str,
    secrets: &'s [String],
    findings: Vec<Finding>,
}

impl<'s> Search<'s> {
    fn new(step: &'s str, secrets: &'s [String]) -> Self {
        Self { step, secrets, findings: Vec::new() }
    }

    fn bytes(&mut self, place: &str, bytes: &[u8]) {
        for (number, secret) in self.secrets.iter().enumerate() {
            if !secret.is_empty() && contains(bytes, secret.as_bytes()) {
                // The report must not tell it either.
                let message = format!("secret {} was told in {place}", number + 1);
                let finding = Finding::new(Check::Secret, self.step, message);
                if !self.findings.contains(&finding) {
                    self.findings.push(finding);
                }
            }
        }
    }

    fn message(&mut self, place: &str, headers: &Headers, body: &[u8], trailers: &Headers) {
        for (name, value) in headers.iter().chain(trailers.iter()) {
            let named = format!("{place}, field `{}`", name.escape_ascii());
            self.bytes(&format!("{place}, the name of a field"), name);
            self.bytes(&named, value);
        }
        self.bytes(&format!("{place}, body"), body);
    }
}

pub(super) fn in_exchange(
    step: &str,
    told: &Transcript,
    secrets: &[String],
    allow: &Allow,
) -> Vec<Finding> {
    let mut search = Search::new(step, secrets);
    for log in &told.logs {
        search.bytes("a log line", &log.bytes);
    }
    if let Outcome::Local { headers, body, details, .. } = &told.outcome {
        search.message("the local response", headers, body, &Headers::new());
        search.bytes("the response code details", details.as_bytes());
    }
    if let Some(sent) = &told.upstream
        && !allow.secrets_to.iter().any(|name| name == ORIGIN)
    {
        search.message("the request to the upstream", &sent.headers, &sent.body, &sent.trailers);
    }
    let mut findings = search.findings;
    for callout in &told.callouts {
        findings.extend(in_callout(step, callout, secrets, allow));
    }
    findings
}

pub(super) fn in_callout(
    step: &str,
    callout: &Callout,
    secrets: &[String],
    allow: &Allow,
) -> Vec<Finding> {
    if allow.secrets_to.contains(&callout.upstream) {
        return Vec::new();
    }
    let mut search = Search::new(step, secrets);
    let place = format!("a call to `{}`", callout.upstream);
    search.message(&place, &callout.headers, &callout.body, &callout.trailers);
    search.findings
}

pub(super) fn in_logs(step: &str, logs: &[Log], secrets: &[String]) -> Vec<Finding> {
    let mut search = Search::new(step, secrets);
    for log in logs {
        search.bytes("a log line", &log.bytes);
    }
    search.findings
}

pub(super) fn in_metrics(step: &str, metrics: &[Metric], secrets: &[String]) -> Vec<Finding> {
    let mut search = Search::new(step, secrets);
    for metric in metrics {
        search.bytes("the name of a metric", metric.name.as_bytes());
    }
    search.findings
}
