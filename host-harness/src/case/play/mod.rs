//! One case in its world, step by step.

mod compare;
pub(super) mod prepare;
pub(super) mod step;

use core::fmt;
use std::collections::BTreeMap;

use super::check;
use super::document::matcher::shown;
use super::document::{Allow, Matcher, Start};
use super::report::{Report, Verdict};
use super::{Case, Modules};
use crate::artifact::Artifact;
use crate::fault::Fault;
use crate::ledger::Log;
use crate::profile::Profile;
use crate::transcript::Transcript;
use crate::world::{StreamId, WorkerId, World};

/// How a case is run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Seed of the world, in place of the case's.
    pub seed: Option<u64>,
    /// Modules besides the one under test.
    pub modules: Modules,
    /// Keeps what is done to the world, so that it can be replayed: [`Report::recording`].
    pub record: bool,
    /// What goes wrong, from the start-up on.
    pub faults: Vec<Fault>,
}

/// Something that is not as the case expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The step, as [`Exchange::step`] names it.
    pub step: String,
    /// What is not as expected, for example `upstream.headers.x-consumer-id`.
    pub member: String,
    /// What the case says.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, member, expected, found } = self;
        write!(f, "{step}\n  {member}\n    expected {expected}\n    found    {found}")
    }
}

/// A request of the case and all that came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Number of the step, counted from 1, and what it is.
    pub step: String,
    /// How the case expects it to end, if it says so.
    pub expected: Option<super::Ending>,
    /// What came of it.
    pub transcript: Transcript,
    pub(super) allow: Allow,
    /// The number of times it is sent, and which time this is, counted from 0.
    pub(super) repetition: (usize, usize),
}

/// Runs a case in a fresh world.
#[must_use]
pub fn run(case: &Case, artifact: &Artifact, profile: &Profile, options: &Options) -> Report {
    let mut report = Report::of(case, profile);
    if let Some(reason) = case.skipped(profile) {
        report.verdict = Verdict::Skipped(reason);
        return report;
    }
    let mut play = match Play::prepare(case, artifact, profile, options) {
        Ok(play) => play,
        Err(difference) => {
            report.differences.push(difference);
            return report.judged(&case.secrets);
        }
    };
    play.start();
    for (number, step) in case.steps.iter().enumerate() {
        if play.started {
            play.step(number, step);
        }
    }
    if options.record {
        report.recording = play.world.recording().map(|mut recording| {
            recording.case.clone_from(&case.name);
            recording.file = case.file.display().to_string();
            recording.module_sha256 = artifact.sha256();
            Box::new(recording)
        });
    }
    report.findings = check::all(&play);
    report.census = play.world.census();
    report.faults_injected = play.world.faults_injected();
    report.differences = play.differences;
    report.exchanges = play.exchanges;
    report.judged(&case.secrets)
}

/// A stream that is open under a name.
struct Running {
    stream: StreamId,
    allow: Allow,
}

/// A case that is being run.
pub(super) struct Play<'c> {
    pub(super) case: &'c Case,
    artifact: &'c Artifact,
    modules: &'c Modules,
    pub(super) metric_prefix: String,
    pub(super) world: World,
    pub(super) workers: Vec<WorkerId>,
    started: bool,
    open: BTreeMap<&'c str, Running>,
    pub(super) exchanges: Vec<Exchange>,
    differences: Vec<Difference>,
    /// What guests logged whose start was refused.
    pub(super) refused_logs: Vec<Log>,
}

impl<'c> Play<'c> {
    fn start(&mut self) {
        let chain = prepare::chain(&self.case.chain, self.artifact, self.modules);
        let workers = self.case.world.workers.unwrap_or(1);
        let end = match chain {
            Ok(chain) => self.world.start_chain(&chain, workers),
            Err(error) => Err(error.into()),
        };
        let end = end.map(|workers| {
            self.workers = workers;
            self.started = true;
        });
        self.started_as(&end, &self.case.start, "start");
    }

    /// Compares how a configuration was taken with what is expected.
    fn started_as(&mut self, end: &Result<(), crate::StartError>, expected: &Start, step: &str) {
        let text = end.as_ref().err().map(|error| {
            let lines = error.logs().iter().map(|log| format!(" | {log}"));
            format!("{error}{}", lines.collect::<String>())
        });
        if let Err(error) = end {
            self.refused_logs.extend(error.logs().iter().cloned());
        }
        match (expected, text) {
            (Start::Accepted, None) => {}
            (Start::Accepted, Some(text)) => {
                self.differ(step, "expect", "the configuration is taken".into(), text);
            }
            (Start::Refused(matcher), None) => {
                let found = "it is taken".to_owned();
                self.differ(step, "expect.refused", format!("a refusal {matcher}"), found);
            }
            (Start::Refused(matcher), Some(text)) => {
                self.compare(step, "expect.refused", matcher, &[text.as_bytes()]);
            }
        }
    }

    fn differ(&mut self, step: &str, member: &str, expected: String, found: String) {
        let (step, member) = (step.to_owned(), member.to_owned());
        self.differences.push(Difference { step, member, expected, found });
    }

    fn compare(&mut self, step: &str, member: &str, matcher: &Matcher, values: &[&[u8]]) {
        if !matcher.holds(values) {
            self.differ(step, member, matcher.to_string(), shown(values));
        }
    }

    /// All workers, those of the main thread included.
    pub(super) fn all_workers(&self) -> Vec<WorkerId> {
        let main = self.world.main_threads().iter();
        main.chain(&self.workers).copied().collect()
    }
}
