//! What came, held against what the case says.

use core::time::Duration;
use std::collections::BTreeMap;

use super::{Play, prepare};
use crate::case::document::expect::{CalloutExpect, Ending, LogLine, MessageExpect, MessageOr};
use crate::case::document::{Content, Expect, Matcher, WorldExpect};
use crate::headers::Headers;
use crate::ledger::{Callout, Log};
use crate::transcript::{Outcome, Transcript};

/// A message, whichever way it went.
struct Seen<'t> {
    headers: &'t Headers,
    body: &'t [u8],
    trailers: &'t Headers,
}

impl Play<'_> {
    pub(super) fn hold_against(&mut self, step: &str, expect: &Expect, transcript: &Transcript) {
        let Expect {
            outcome,
            status,
            details,
            upstream,
            client,
            logs,
            no_logs,
            callouts,
            host_calls_at_most,
            fuel_at_most,
            takes_ms_at_least,
            takes_ms_at_most,
            failure,
            bypassed,
        } = expect;
        let ending = Ending::of(&transcript.outcome);
        if let Some(expected) = outcome.filter(|expected| *expected != ending) {
            let why = transcript.failure.as_ref();
            let why = why.map_or_else(String::new, |failure| format!(" ({failure})"));
            self.differ(step, "outcome", expected.to_string(), format!("{ending}{why}"));
        }
        if let Some(expected) = status.filter(|expected| transcript.status() != Some(*expected)) {
            let found = transcript.status();
            let found = found.map_or_else(|| "no response".into(), |status| status.to_string());
            self.differ(step, "status", expected.to_string(), found);
        }
        if let Some(matcher) = details {
            let details = match &transcript.outcome {
                Outcome::Local { details, .. } | Outcome::Failed { details, .. } => Some(details),
                _ => None,
            };
            let details: Vec<&[u8]> = details.iter().map(|details| details.as_bytes()).collect();
            self.compare(step, "details", matcher, &details);
        }
        let seen = transcript.upstream.as_ref().map(|sent| Seen {
            headers: &sent.headers,
            body: &sent.body,
            trailers: &sent.trailers,
        });
        self.message_is(step, "upstream", upstream.as_ref(), seen.as_ref());
        let seen = transcript.response.as_ref().map(|response| Seen {
            headers: &response.headers,
            body: &response.body,
            trailers: &response.trailers,
        });
        self.message_is(step, "client", client.as_ref(), seen.as_ref());
        self.logs_are(step, logs, no_logs, &transcript.logs);
        if let Some(callouts) = callouts {
            self.callouts_are(step, callouts, &transcript.callouts);
        }
        self.at_most(step, "host_calls_at_most", *host_calls_at_most, transcript.host_call_count());
        self.at_most(step, "fuel_at_most", *fuel_at_most, transcript.fuel);
        let took = transcript.ended_at.saturating_sub(transcript.opened_at);
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.at_most(step, "takes_ms_at_most", *takes_ms_at_most, took);
        if let Some(least) = takes_ms_at_least.filter(|least| took < *least) {
            self.differ(step, "takes_ms_at_least", least.to_string(), took.to_string());
        }
        if let Some(matcher) = failure {
            let text = transcript.failure.as_ref().map(ToString::to_string);
            let values: Vec<&[u8]> = text.iter().map(String::as_bytes).collect();
            self.compare(step, "failure", matcher, &values);
        }
        if let Some(expected) = bypassed.filter(|expected| transcript.bypassed != *expected) {
            let found = transcript.bypassed.to_string();
            self.differ(step, "bypassed", expected.to_string(), found);
        }
    }

    fn at_most(&mut self, step: &str, member: &str, most: Option<u64>, found: u64) {
        if let Some(most) = most.filter(|most| found > *most) {
            self.differ(step, member, format!("at most {most}"), found.to_string());
        }
    }

    fn message_is(
        &mut self,
        step: &str,
        member: &str,
        expected: Option<&MessageOr>,
        seen: Option<&Seen<'_>>,
    ) {
        match (expected, seen) {
            (None, _) | (Some(MessageOr::None), None) | (Some(MessageOr::Any), Some(_)) => {}
            (Some(MessageOr::None), Some(seen)) => {
                let fields = seen.headers.iter().map(|(name, value)| {
                    format!("{}: {}", name.escape_ascii(), value.escape_ascii())
                });
                let fields = fields.collect::<Vec<_>>().join(", ");
                self.differ(step, member, "no message".into(), fields);
            }
            (Some(_), None) => {
                self.differ(step, member, "a message".into(), "none".into());
            }
            (Some(MessageOr::Message(expected)), Some(seen)) => {
                self.message_like(step, member, expected, seen);
            }
        }
    }

    fn message_like(
        &mut self,
        step: &str,
        member: &str,
        expected: &MessageExpect,
        seen: &Seen<'_>,
    ) {
        self.fields_are(step, &format!("{member}.headers"), &expected.headers, seen.headers);
        for exactly in &expected.exactly {
            let mut fields: Vec<_> = exactly
                .fields
                .iter()
                .map(|(name, Content(value))| {
                    (name.to_ascii_lowercase().into_bytes(), value.clone())
                })
                .collect();
            let mut found: Vec<_> = seen
                .headers
                .iter()
                .filter(|(name, _)| exactly.names.holds_one(name))
                .map(|(name, value)| (name.to_vec(), value.to_vec()))
                .collect();
            fields.sort();
            found.sort();
            if fields != found {
                let member = format!("{member}.exactly");
                self.differ(step, &member, listed(&fields), listed(&found));
            }
        }
        if let Some(matcher) = &expected.body {
            self.compare(step, &format!("{member}.body"), matcher, &[seen.body]);
        }
        self.fields_are(step, &format!("{member}.trailers"), &expected.trailers, seen.trailers);
    }

    fn fields_are(
        &mut self,
        step: &str,
        member: &str,
        expected: &BTreeMap<String, Matcher>,
        headers: &Headers,
    ) {
        for (name, matcher) in expected {
            let values = headers.get_all(name);
            self.compare(step, &format!("{member}.{name}"), matcher, &values);
        }
    }

    fn logs_are(&mut self, step: &str, expected: &[LogLine], lacking: &[LogLine], logs: &[Log]) {
        let mut rest = logs.iter();
        for line in expected {
            if !rest.any(|log| line.fits(log)) {
                self.differ(step, "logs", line.to_string(), lines(logs));
                // What comes later in the list has nothing left to be found in.
                break;
            }
        }
        for line in lacking {
            if let Some(log) = logs.iter().find(|log| line.fits(log)) {
                self.differ(step, "no_logs", format!("no line {line}"), log.to_string());
            }
        }
    }

    fn callouts_are(&mut self, step: &str, expected: &[CalloutExpect], made: &[Callout]) {
        if expected.len() != made.len() {
            let made = made.iter().map(|call| {
                let path = call.headers.get(":path").unwrap_or_default();
                format!("{} {}", call.upstream, path.escape_ascii())
            });
            let made = made.collect::<Vec<_>>().join(", ");
            let found = if made.is_empty() { "none".to_owned() } else { made };
            self.differ(step, "callouts", format!("{} calls", expected.len()), found);
            return;
        }
        for (number, (expected, made)) in expected.iter().zip(made).enumerate() {
            let member = |name: &str| format!("callouts[{number}].{name}");
            let CalloutExpect { upstream, method, path, headers, body, timeout_ms } = expected;
            if let Some(matcher) = upstream {
                self.compare(step, &member("upstream"), matcher, &[made.upstream.as_bytes()]);
            }
            for (name, header, matcher) in [("method", ":method", method), ("path", ":path", path)]
            {
                if let Some(matcher) = matcher {
                    self.compare(step, &member(name), matcher, &made.headers.get_all(header));
                }
            }
            self.fields_are(step, &member("headers"), headers, &made.headers);
            if let Some(matcher) = body {
                self.compare(step, &member("body"), matcher, &[&made.body]);
            }
            let timeout = timeout_ms.map(Duration::from_millis);
            if timeout.is_some() && timeout != made.timeout {
                let (expected, found) = (format!("{timeout:?}"), format!("{:?}", made.timeout));
                self.differ(step, &member("timeout_ms"), expected, found);
            }
        }
    }

    /// Looks at the world.
    pub(super) fn look(&mut self, step: &str, expect: &WorldExpect) {
        let Some(worker) = self.worker(expect.worker) else { return };
        for (name, matcher) in &expect.metrics {
            let value = self.world.metric(&format!("{}{name}", self.metric_prefix));
            let value = value.map(|value| value.to_string());
            let values: Vec<&[u8]> = value.iter().map(String::as_bytes).collect();
            self.compare(step, &format!("metrics.{name}"), matcher, &values);
        }
        for shared in &expect.shared_data {
            let first = self.case.chain.first();
            let own = first.and_then(|link| link.vm_id.clone().or_else(|| link.name.clone()));
            let vm_id = shared.vm_id.clone().or(own).unwrap_or_else(|| prepare::name(0));
            let value = self.world.shared_data(&vm_id, &shared.key.0);
            let values: Vec<&[u8]> = value.iter().map(Vec::as_slice).collect();
            let member = format!("shared_data.{}", shared.key.0.escape_ascii());
            self.compare(step, &member, &shared.value, &values);
        }
        let logs = self.world.logs(worker).to_vec();
        self.logs_are(step, &expect.logs, &expect.no_logs, &logs);
        if let Some(callouts) = &expect.callouts {
            let made = self.world.background_callouts(worker).to_vec();
            self.callouts_are(step, callouts, &made);
        }
        let memory = self.world.memory_bytes(worker);
        if let Some(most) = expect.memory_bytes_at_most.filter(|most| memory > *most) {
            let expected = format!("at most {most}");
            self.differ(step, "memory_bytes_at_most", expected, memory.to_string());
        }
        let open = self.world.open_streams(worker);
        if let Some(expected) = expect.open_streams.filter(|expected| open != *expected) {
            self.differ(step, "open_streams", expected.to_string(), open.to_string());
        }
        if let Some(matcher) = &expect.failure {
            let text = self.world.failure(worker).map(ToString::to_string);
            let values: Vec<&[u8]> = text.iter().map(String::as_bytes).collect();
            self.compare(step, "failure", matcher, &values);
        }
        let reloads = self.world.reloads(worker);
        if let Some(expected) = expect.reloads.filter(|expected| reloads != *expected) {
            self.differ(step, "reloads", expected.to_string(), reloads.to_string());
        }
    }
}

fn listed(fields: &[(Vec<u8>, Vec<u8>)]) -> String {
    if fields.is_empty() {
        return "no such field".to_owned();
    }
    let fields = fields
        .iter()
        .map(|(name, value)| format!("{}: {}", name.escape_ascii(), value.escape_ascii()));
    fields.collect::<Vec<_>>().join(", ")
}

fn lines(logs: &[Log]) -> String {
    if logs.is_empty() {
        return "no line".to_owned();
    }
    logs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
}
