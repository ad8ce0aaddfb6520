//! What a case did, written down to be compared with another run.

use core::fmt::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Case;
use super::report::{Redaction, Report};

/// The version of the form.
const VERSION: u32 = 1;

/// The transcripts of one case under one profile, secrets replaced by `***`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    version: u32,
    case: String,
    profile: String,
    module_sha256: String,
    file: PathBuf,
    transcripts: Vec<RecordedTranscript>,
    redacted: Vec<String>,
}

/// The transcript of one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedTranscript {
    /// The step.
    pub step: String,
    /// The transcript as text.
    pub text: String,
}

impl Recording {
    /// The recording of a case that was run on the module with this digest.
    #[must_use]
    pub fn of(case: &Case, report: &Report, module_sha256: &str) -> Self {
        let redaction = Redaction::of(case.secrets());
        let masked = |mut text: String| {
            redaction.apply(&mut text);
            text
        };
        let transcripts = report.transcripts().map(|(step, transcript)| RecordedTranscript {
            step: masked(step.to_owned()),
            text: masked(transcript.to_string()),
        });
        let secrets = 1..=case.secrets().len();
        Self {
            version: VERSION,
            case: report.name.clone(),
            profile: report.profile.clone(),
            module_sha256: module_sha256.to_owned(),
            file: report.file.clone(),
            transcripts: transcripts.collect(),
            redacted: secrets.map(|number| format!("secret {number}")).collect(),
        }
    }

    /// Reads a recording.
    ///
    /// # Errors
    /// When the text is none, or one of another version.
    pub fn parse(text: &str) -> Result<Self, String> {
        let recording: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match recording.version {
            VERSION => Ok(recording),
            other => Err(format!("version {other} of the form is not known, {VERSION} is")),
        }
    }

    /// The recording as text.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A struct of texts always has a form.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Name of the case.
    #[must_use]
    pub fn case(&self) -> &str {
        &self.case
    }

    /// Name of the profile.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// Digest of the module, in hexadecimal digits.
    #[must_use]
    pub fn module_sha256(&self) -> &str {
        &self.module_sha256
    }

    /// The file that the case was read from.
    #[must_use]
    pub fn file(&self) -> &std::path::Path {
        &self.file
    }

    /// The transcripts, in the order in which the requests ended.
    #[must_use]
    pub fn transcripts(&self) -> &[RecordedTranscript] {
        &self.transcripts
    }

    /// A name for its file: profile and case in plain letters, and a few digits of the digest of
    /// both, so that no two names are the same.
    #[must_use]
    pub fn file_name(&self) -> String {
        let Self { case, profile, .. } = self;
        let plain = |text: &str| -> String {
            let kept = text.chars().map(|char| match char {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => char,
                _ => '_',
            });
            kept.take(100).collect()
        };
        let digest = digest(format!("{profile}\n{case}").as_bytes());
        let digest = digest.get(..8).unwrap_or_default();
        format!("{}.{}.{digest}.json", plain(profile), plain(case))
    }
}

/// SHA-256 in hexadecimal digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
