//! What a fault did, by comparison with the same case without it.

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeMap;

use crate::case::report::Report;
use crate::case::{Check, Exchange};
use crate::transcript::{Outcome, Transcript};

/// What became of the requests of a case. The later, the graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Judgement {
    /// The same as without the fault.
    Held,
    /// Let through as without the fault, but with fewer header fields.
    Changed,
    /// Refused, answered otherwise, or failed.
    Closed,
    /// Held back for ever: nothing reached the upstream, and the client got no answer.
    Paused,
    /// The upstream saw header fields that it does not see without the fault, or a secret was told.
    Leak,
    /// A request was let through that must be refused.
    Open,
}

impl Judgement {
    /// Whether a filter that guards something must never be like this.
    #[must_use]
    pub fn is_breach(self) -> bool {
        self >= Self::Leak
    }
}

const NAMES: [(Judgement, &str); 6] = [
    (Judgement::Held, "held"),
    (Judgement::Changed, "changed"),
    (Judgement::Closed, "closed"),
    (Judgement::Paused, "paused"),
    (Judgement::Leak, "leak"),
    (Judgement::Open, "OPEN"),
];

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(NAMES.iter().find(|(judgement, _)| judgement == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for Judgement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = NAMES.iter().find(|(_, name)| *name == text).map(|(judgement, _)| *judgement);
        known.ok_or_else(|| format!("`{text}` is no judgement"))
    }
}

/// The gravest thing that the fault did, and where.
pub(super) fn compare(base: &Report, report: &Report) -> (Judgement, String) {
    let mut worst = (Judgement::Held, String::new());
    let mut note = |judgement, story: &dyn Fn() -> String| {
        if judgement > worst.0 {
            worst = (judgement, if judgement >= Judgement::Leak { story() } else { String::new() });
        }
    };
    let now = numbered(&report.exchanges);
    for (place, before) in numbered(&base.exchanges) {
        match now.get(&place) {
            // It was never sent: the start was refused.
            None => note(Judgement::Closed, &String::new),
            Some(now) => {
                let story = || format!("step {}\n{}", place.0, now.transcript);
                note(of_exchange(&before.transcript, &now.transcript), &story);
            }
        }
    }
    for finding in &report.findings {
        if finding.check == Check::Secret && !base.findings.contains(finding) {
            note(Judgement::Leak, &|| finding.to_string());
        }
    }
    worst
}

/// Exchanges by the name of their step and how many of that name came before.
fn numbered(exchanges: &[Exchange]) -> BTreeMap<(&str, usize), &Exchange> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let numbered = exchanges.iter().map(|exchange| {
        let count = seen.entry(&exchange.step).or_default();
        *count += 1;
        ((exchange.step.as_str(), *count), exchange)
    });
    numbered.collect()
}

fn of_exchange(before: &Transcript, now: &Transcript) -> Judgement {
    match (&before.upstream, &now.upstream) {
        (None, Some(_)) => Judgement::Open,
        (Some(before), Some(now)) => {
            let fields = |message: &crate::Forwarded| -> Vec<(Vec<u8>, Vec<u8>)> {
                let all = message.headers.iter().chain(message.trailers.iter());
                all.map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
            };
            let (before, now) = (fields(before), fields(now));
            if !lacking(&now, &before) && !lacking(&before, &now) {
                Judgement::Held
            } else if lacking(&before, &now) {
                Judgement::Leak
            } else {
                Judgement::Changed
            }
        }
        (_, None) if now.outcome == Outcome::Paused && before.outcome != Outcome::Paused => {
            Judgement::Paused
        }
        (Some(_), None) => Judgement::Closed,
        (None, None) if before.status() == now.status() && now.failure.is_none() => Judgement::Held,
        (None, None) => Judgement::Closed,
    }
}

/// Whether `all` lacks something of `of`, repeats counted.
fn lacking<T: PartialEq>(all: &[T], of: &[T]) -> bool {
    of.iter().any(|item| count(all, item) < count(of, item))
}

fn count<T: PartialEq>(items: &[T], item: &T) -> usize {
    items.iter().filter(|other| *other == item).count()
}
