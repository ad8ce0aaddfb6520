//! What every adapter does.

use core::fmt;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use gatekey_core::secret::Secret;

use crate::call::{Call, Outcome};
use crate::capability::Capabilities;
use crate::failure::Failure;
use crate::job::Job;
use crate::remote::{Found, IssuedSecret, Remote, Session};

/// The name of a call within a job, like `create the client`. It is told to people, and says which
/// call an outcome belongs to.
pub type Step = &'static str;

/// The step of a name that a ledger kept.
///
/// Names come from adapters, so there are few; each is kept for the life of the process.
#[must_use]
pub fn step_named(name: &str) -> Step {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(step) = known.get(name) {
        return step;
    }
    let step: Step = Box::leak(name.to_owned().into_boxed_str());
    known.insert(step);
    step
}

/// What comes next in a job.
#[derive(Clone, Debug)]
pub enum Next {
    /// This call is to be made.
    Call(Step, Call),
    /// The job is done.
    Done,
    /// The job cannot be done, and no call would change that.
    Failed(Failure),
}

/// What came of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was taken in: ask for what is next.
    Continue,
    /// The same call is to be made again, not before so many seconds: the provider is busy, away,
    /// or has not yet seen what it was told.
    Retry {
        /// How long to wait.
        after_seconds: u32,
        /// Why, for whoever waits; no secrets.
        reason: String,
    },
    /// The job cannot be done.
    Failed(Failure),
}

/// Where a job stands.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What is known of the client at the provider. The driver keeps it, sealed, after each outcome
    /// and before the next call.
    pub remote: Remote,
    /// Where the job stands, in the adapter's own words; kept with [`Self::remote`]. Empty at the
    /// start.
    pub stage: String,
    /// Tokens and endpoints that are good for other jobs with this provider too. In memory only:
    /// an adapter gets again what is missing.
    pub session: Session,
    /// A token that is good for one call of this job, for providers that give such. In memory only.
    pub once: Option<Secret<String>>,
    /// A secret that the provider issued in this job, for its one reader. In memory only.
    pub issued: Option<IssuedSecret>,
    /// What [`Job::Find`], [`Job::ListSecrets`], [`Job::GrantedScopes`] and [`Job::Verify`] found.
    pub found: Found,
    /// The time, in seconds since 1970. The driver sets it before it asks or settles.
    pub now: u64,
    /// How often the step that is next was tried already. The driver counts.
    pub attempts: u32,
    /// When the job began, in seconds since 1970.
    pub since: u64,
}

/// Knows one provider. Adapters hold the provider's configuration, and nothing else.
pub trait Adapter: fmt::Debug + Send + Sync {
    /// What the provider can do.
    fn capabilities(&self) -> Capabilities;

    /// The call that comes next. The same job and state give the same call.
    fn next(&self, job: &Job, state: &State) -> Next;

    /// Takes what came of the call named `step`.
    ///
    /// What an answer says of the client (its id, a registration token, the id of a secret) is in
    /// `state.remote` when this returns, whatever the verdict.
    fn settle(&self, job: &Job, state: &mut State, step: Step, outcome: &Outcome) -> Settled;
}
