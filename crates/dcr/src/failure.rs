//! Why a job cannot be done.

use core::fmt;

/// Whose fault a failure is, as far as one can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The provider refuses what it is asked: its configuration, a right or a policy is to be
    /// changed.
    Refused,
    /// The provider refuses our credentials.
    Unauthorized,
    /// The provider did not answer, is busy or broken: later it may work.
    Unavailable,
    /// The provider answered something that its interface does not have.
    Unexpected,
    /// The client is not there any more.
    Gone,
    /// It is not known whether a call had its effect, and the provider cannot be asked.
    Uncertain,
    /// The provider cannot do this.
    Unsupported,
}

/// A failed step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which step.
    pub step: &'static str,
    /// Whose fault it is.
    pub kind: FailureKind,
    /// What happened, for a person; no secrets, at most a few hundred characters.
    pub detail: String,
}

impl Failure {
    /// A failure; the detail is cut to a readable length.
    #[must_use]
    pub fn new(step: &'static str, kind: FailureKind, detail: impl Into<String>) -> Self {
        let mut detail: String = detail.into();
        if detail.chars().count() > 300 {
            detail = detail.chars().take(300).chain(['…']).collect();
        }
        Self { step, kind, detail }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.step, self.detail)
    }
}

impl core::error::Error for Failure {}
