//! One request as seen in the harness and in reality.

use core::fmt;
use std::collections::BTreeSet;

use super::explain::Added;
use super::seen::{Answer, Seen};
use super::wire::Message;

/// Something that is otherwise in reality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Name of the case.
    pub case: String,
    /// The step, as in a report.
    pub step: String,
    /// What differs, for example `upstream.headers.x-consumer-id`.
    pub member: String,
    /// How it is in the harness.
    pub harness: String,
    /// How it is in reality.
    pub reality: String,
    /// Why that is known, if it is.
    pub explained: Option<String>,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, step, member, harness, reality, explained } = self;
        let head = if explained.is_some() { "explained" } else { "DIVERGES" };
        write!(f, "{head}  {case}\n  {step}\n    {member}")?;
        write!(f, "\n      harness {harness}\n      reality {reality}")?;
        match explained {
            Some(reason) => write!(f, "\n      reason  {reason}"),
            None => Ok(()),
        }
    }
}

/// What differs, as member, harness and reality.
pub(super) type Found = Vec<(String, String, String)>;

/// Compares a request as seen on both sides.
pub(super) fn compare(harness: &Seen, reality: &Seen, added: &Added) -> Found {
    let mut found = Found::new();
    match (&harness.upstream, &reality.upstream) {
        (Some(harness), Some(reality)) => {
            messages(&mut found, "upstream", harness, reality, &added.upstream);
        }
        (None, None) => {}
        (harness, _) => {
            let told = |there: bool| if there { "reached" } else { "not reached" }.to_owned();
            let there = harness.is_some();
            found.push(("upstream".into(), told(there), told(!there)));
        }
    }
    match (&harness.client, &reality.client) {
        (Answer::Response(harness), Answer::Response(reality))
        | (Answer::CutOff(harness), Answer::CutOff(reality)) => {
            messages(&mut found, "client", harness, reality, &added.client);
        }
        (harness, reality) if harness == reality => {}
        (harness, reality) => {
            found.push(("client".into(), harness.told(), reality.told()));
        }
    }
    if harness.calls.len() == reality.calls.len() {
        for (number, (harness, reality)) in harness.calls.iter().zip(&reality.calls).enumerate() {
            let member = format!("callouts[{number}]");
            if harness.upstream == reality.upstream {
                messages(&mut found, &member, &harness.message, &reality.message, &added.callout);
            } else {
                let (harness, reality) = (harness.upstream.clone(), reality.upstream.clone());
                found.push((format!("{member}.upstream"), harness, reality));
            }
        }
    } else {
        let listed = |seen: &Seen| {
            let calls = seen.calls.iter().map(|call| {
                let path = call.message.headers.get(":path").unwrap_or_default();
                format!("{} {}", call.upstream, path.escape_ascii())
            });
            format!("{} calls: {}", seen.calls.len(), calls.collect::<Vec<_>>().join(", "))
        };
        found.push(("callouts".into(), listed(harness), listed(reality)));
    }
    if let (Some(harness), Some(reality)) = (&harness.logs, &reality.logs)
        && harness != reality
    {
        let lines = |lines: &[Vec<u8>]| {
            let lines = lines.iter().map(|line| line.escape_ascii().to_string());
            format!("[{}]", lines.collect::<Vec<_>>().join(" | "))
        };
        found.push(("logs".into(), lines(harness), lines(reality)));
    }
    found
}

fn messages(
    found: &mut Found,
    member: &str,
    harness: &Message,
    reality: &Message,
    added: &[String],
) {
    let parts = [
        ("headers", &harness.headers, &reality.headers),
        ("trailers", &harness.trailers, &reality.trailers),
    ];
    for (part, harness, reality) in parts {
        let names: BTreeSet<&[u8]> =
            harness.iter().chain(reality.iter()).map(|(name, _)| name).collect();
        for name in names {
            // HTTP/1.1 does not carry it.
            if name == b":scheme" {
                continue;
            }
            let (there, here) = (harness.get_all(name), reality.get_all(name));
            let of_the_proxy = || added.iter().any(|pattern| fits(pattern, name));
            if there != here && !(there.is_empty() && of_the_proxy()) {
                let member = format!("{member}.{part}.{}", name.escape_ascii());
                found.push((member, listed(&there), listed(&here)));
            }
        }
    }
    if harness.body != reality.body {
        let text = |bytes: &[u8]| format!("\"{}\"", bytes.escape_ascii());
        found.push((format!("{member}.body"), text(&harness.body), text(&reality.body)));
    }
}

fn listed(values: &[&[u8]]) -> String {
    let values = values.iter().map(|value| format!("\"{}\"", value.escape_ascii()));
    let values = values.collect::<Vec<_>>();
    if values.is_empty() { "absent".to_owned() } else { values.join(", ") }
}

/// Whether a pattern, in which `*` stands for anything, fits the whole text.
pub(super) fn fits(pattern: &str, text: &[u8]) -> bool {
    let mut parts = pattern.as_bytes().split(|byte| *byte == b'*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&[u8]> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) =
            (0..=rest.len()).find(|at| rest.get(*at..).is_some_and(|tail| tail.starts_with(part)))
        else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::Headers;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text) in
            [("*", ""), ("x-*", "x-a"), ("a", "a"), ("*b*", "abc"), ("a*c", "abc"), ("a*", "a")]
        {
            assert!(fits(pattern, text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("x-*", "y"), ("a", "ab"), ("a*a", "a"), ("*b", "bc")] {
            assert!(!fits(pattern, text.as_bytes()), "{pattern} {text}");
        }
    }

    fn seen(headers: &[(&str, &str)]) -> Seen {
        let headers: Headers = headers.iter().copied().collect();
        let upstream = Some(Message { headers, ..Message::default() });
        Seen { upstream, client: Answer::Nothing, calls: Vec::new(), logs: None }
    }

    #[test]
    fn what_the_proxy_adds_is_passed_over_and_nothing_else() {
        let added = Added { upstream: vec!["x-envoy-*".into()], ..Added::default() };
        let plain = seen(&[("a", "1")]);
        let more = seen(&[("a", "1"), ("x-envoy-b", "2")]);
        assert_eq!(compare(&plain, &more, &added), []);
        // The filter's own header of that name must arrive.
        let lost = compare(&more, &plain, &added);
        assert_eq!(lost.len(), 1);
        assert_eq!(lost[0].0, "upstream.headers.x-envoy-b");
        let twice = compare(&plain, &seen(&[("a", "1"), ("a", "1")]), &added);
        assert_eq!(twice[0].2, "\"1\", \"1\"");
        let nobody = Seen { upstream: None, ..plain.clone() };
        assert_eq!(compare(&plain, &nobody, &added)[0].0, "upstream");
    }
}
