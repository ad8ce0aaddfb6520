//! Checks that run in every case, whatever it expects.

mod cost;
mod secret;
mod strict;
mod verdict;

use core::fmt;

use super::document::Step;
use super::document::expect::LogLine;
use super::play::{Exchange, Play};

/// A check that runs in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Check {
    /// A line at `warn` or above that the case neither expects nor allows.
    UnexpectedLog,
    /// A host call that was answered with an error. That something is not there, that a queue is
    /// empty and that a value has changed meanwhile are answers, not errors.
    HostError,
    /// A reply to a call of which nothing was read.
    UnreadReply,
    /// The VM failed.
    Failure,
    /// The guest panicked.
    Panic,
    /// A secret was told.
    Secret,
    /// A request was both answered and let through, or answered twice.
    TwoVerdicts,
    /// A request was left undecided.
    NoVerdict,
    /// A context was left behind.
    OpenContext,
    /// Memory grew with every repetition of a request.
    MemoryGrowth,
    /// A request cost more than the case allows.
    Budget,
}

impl Check {
    /// Its name, as reports print it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnexpectedLog => "unexpected log",
            Self::HostError => "host error",
            Self::UnreadReply => "unread reply",
            Self::Failure => "failure",
            Self::Panic => "panic",
            Self::Secret => "secret",
            Self::TwoVerdicts => "two verdicts",
            Self::NoVerdict => "no verdict",
            Self::OpenContext => "open context",
            Self::MemoryGrowth => "memory growth",
            Self::Budget => "budget",
        }
    }
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// The step, or `background` for what belongs to no request.
    pub step: String,
    /// What was found.
    pub message: String,
}

impl Finding {
    fn new(check: Check, step: &str, message: impl Into<String>) -> Self {
        Self { check, step: step.to_owned(), message: message.into() }
    }

    /// Whether it says what another one says, of whatever step.
    fn says(&self, other: &Self) -> bool {
        self.check == other.check && self.message == other.message
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  check `{}`: {}", self.step, self.check.as_str(), self.message)
    }
}

/// What belongs to no request.
const BACKGROUND: &str = "background";

/// All findings, in the order of the steps.
pub(super) fn all(play: &Play<'_>) -> Vec<Finding> {
    let case = play.case;
    let expected = expected_lines(&case.steps);
    let mut findings: Vec<Finding> = Vec::new();
    let mut first = 0;
    for exchange in &play.exchanges {
        let (_, time) = exchange.repetition;
        if time == 0 {
            first = findings.len();
        }
        let of_request = in_exchange(play, exchange, &expected);
        // What a repetition says again is said once.
        let known = findings.get(first..).unwrap_or_default();
        let new = |finding: &Finding| !known.iter().any(|known| known.says(finding));
        let new: Vec<Finding> = of_request.into_iter().filter(new).collect();
        findings.extend(new);
    }
    // Lines of requests are in the log of their worker too.
    let mut rest = background(play, &expected);
    rest.retain(|finding| !findings.iter().any(|known| known.says(finding)));
    findings.extend(rest);
    findings.extend(cost::growth(&play.exchanges, &case.allow));
    findings
}

fn in_exchange(play: &Play<'_>, exchange: &Exchange, expected: &[&LogLine]) -> Vec<Finding> {
    let case = play.case;
    let mut allow = case.allow.clone();
    allow.extend(exchange.allow.clone());
    let (step, told) = (exchange.step.as_str(), &exchange.transcript);
    let mut findings = strict::logs(step, &told.logs, &allow, expected);
    findings.extend(strict::host_errors(step, &told.host_calls, &allow));
    findings.extend(strict::unread(step, &told.callbacks, &told.host_calls, &allow));
    findings.extend(strict::failure(step, told.failure.as_ref(), &allow));
    findings.extend(verdict::of(step, told, &allow));
    findings.extend(secret::in_exchange(step, told, &case.secrets, &allow));
    findings.extend(cost::over_budget(step, told, case.budget));
    findings
}

/// What was done for no request, and what the world looks like in the end.
fn background(play: &Play<'_>, expected: &[&LogLine]) -> Vec<Finding> {
    let (case, world) = (play.case, &play.world);
    let allow = &case.allow;
    let mut findings = Vec::new();
    for worker in play.all_workers() {
        if let Some(ledger) = world.background(worker) {
            findings.extend(strict::logs(BACKGROUND, &ledger.logs, allow, expected));
            findings.extend(strict::host_errors(BACKGROUND, &ledger.host_calls, allow));
            for callout in &ledger.callouts {
                findings.extend(secret::in_callout(BACKGROUND, callout, &case.secrets, allow));
            }
        }
        let told = world.logs(worker);
        findings.extend(secret::in_logs(BACKGROUND, told, &case.secrets));
        // A failure that hit a request was told there.
        if play.exchanges.iter().all(|exchange| exchange.transcript.failure.is_none()) {
            findings.extend(strict::failure(BACKGROUND, world.failure(worker), allow));
            findings.extend(strict::reloads(world.reloads(worker), allow));
        }
        let open = world.open_streams(worker);
        if open > 0 && !allow.open_contexts {
            let message = format!("{open} contexts of streams are left");
            findings.push(Finding::new(Check::OpenContext, BACKGROUND, message));
        }
    }
    findings.extend(secret::in_logs("start", &play.refused_logs, &case.secrets));
    findings.extend(secret::in_metrics(BACKGROUND, world.metrics(), &case.secrets));
    findings
}

/// The lines that some step of the case speaks of.
fn expected_lines(steps: &[Step]) -> Vec<&LogLine> {
    let lines = steps.iter().flat_map(|step| match step {
        Step::Request(request) => request.expect.logs.as_slice(),
        Step::Finish(end) | Step::Abort(end) => end.expect.logs.as_slice(),
        Step::Expect(expect) => expect.logs.as_slice(),
        _ => &[],
    });
    lines.collect()
}

/// What nothing is allowed in.
#[cfg(test)]
fn nothing() -> super::document::Allow {
    super::document::Allow::default()
}
