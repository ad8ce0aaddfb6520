//! What came of a case, and how it is told.

pub mod json;
pub mod junit;
mod redact;

use core::fmt;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::check::Finding;
use super::play::{Difference, Exchange};
use super::{Case, Profile};
use crate::fault::Census;

pub use redact::Redaction;

/// Whether a case held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was as expected, and no check found anything.
    Passed,
    /// Something was not.
    Failed,
    /// It was not run, for this reason.
    Skipped(String),
}

/// What came of a case under a profile.
#[derive(Clone, Debug)]
pub struct Report {
    /// The case.
    pub name: String,
    /// The file that it was read from.
    pub file: PathBuf,
    /// The profile.
    pub profile: String,
    /// Whether it held.
    pub verdict: Verdict,
    /// What is not as the case expects. Secrets are replaced by `***`.
    pub differences: Vec<Difference>,
    /// What the automatic checks found. Secrets are replaced by `***`.
    pub findings: Vec<Finding>,
    /// The requests, in the order in which they ended. Secrets are in them as they were told.
    pub exchanges: Vec<Exchange>,
    /// All that was done, if the case was run to be recorded. Secrets are in it.
    pub recording: Option<Box<crate::replay::Recording>>,
    /// How often each callback made each host call, start-up and timers included.
    pub census: Census,
    /// How many faults were injected.
    pub faults_injected: u64,
}

impl Report {
    pub(super) fn of(case: &Case, profile: &Profile) -> Self {
        Self {
            name: case.name.clone(),
            file: case.file.clone(),
            profile: profile.name.clone(),
            verdict: Verdict::Passed,
            differences: Vec::new(),
            findings: Vec::new(),
            exchanges: Vec::new(),
            recording: None,
            census: Census::default(),
            faults_injected: 0,
        }
    }

    /// Decides, and takes the secrets out of what people will read.
    pub(super) fn judged(mut self, secrets: &[String]) -> Self {
        let redaction = Redaction::of(secrets);
        for Difference { step, expected, found, .. } in &mut self.differences {
            for text in [step, expected, found] {
                redaction.apply(text);
            }
        }
        for Finding { step, message, .. } in &mut self.findings {
            for text in [step, message] {
                redaction.apply(text);
            }
        }
        for exchange in &mut self.exchanges {
            redaction.apply(&mut exchange.step);
        }
        if !(self.differences.is_empty() && self.findings.is_empty()) {
            self.verdict = Verdict::Failed;
        }
        self
    }

    /// Whether it held.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.verdict == Verdict::Passed
    }

    /// A name for a file about it: profile and case in plain letters, and a few digits of the digest
    /// of both, so that no two names are the same.
    #[must_use]
    pub fn file_stem(&self) -> String {
        let Self { name, profile, .. } = self;
        let plain = |text: &str| -> String {
            let kept = text.chars().map(|char| match char {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => char,
                _ => '_',
            });
            kept.take(100).collect()
        };
        let digest = Sha256::digest(format!("{profile}\n{name}").as_bytes());
        let digits: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("{}.{}.{digits}", plain(profile), plain(name))
    }

    /// The transcripts of its requests, by the names of their steps.
    pub fn transcripts(&self) -> impl Iterator<Item = (&str, &crate::Transcript)> {
        self.exchanges.iter().map(|exchange| (exchange.step.as_str(), &exchange.transcript))
    }
}

/// What was wrong, step by step.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, profile, verdict, differences, findings, .. } = self;
        match verdict {
            Verdict::Passed => write!(f, "passed  {profile}  {name}"),
            Verdict::Skipped(reason) => write!(f, "skipped {profile}  {name}: {reason}"),
            Verdict::Failed => {
                write!(f, "FAILED  {profile}  {name}")?;
                for difference in differences {
                    write!(f, "\n  {}", difference.to_string().replace('\n', "\n  "))?;
                }
                for finding in findings {
                    write!(f, "\n  {}", finding.to_string().replace('\n', "\n  "))?;
                }
                Ok(())
            }
        }
    }
}
