//! What a request waits for: making a client, changing it, giving it another secret.

use core::time::Duration;

use gatekey_dcr::{Adapter, Failure, FailureKind, IssuedSecret, Job, Metadata, State};
use uuid::Uuid;

use super::driver::{End, Until, drive};
use super::ledger::{self, Entry};
use super::worker;
use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::{dcr_client, dcr_provider};

/// How long a request waits for a provider that asks for patience; longer where the provider says
/// that it is slow to see its own changes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client that is made, and that no application has yet.
#[derive(Debug)]
pub(crate) struct Registered {
    /// Its rows.
    pub(crate) entry: Entry,
    /// Its id at the provider.
    pub(crate) client_id: String,
    /// Its secret; none where the provider issues none.
    pub(crate) issued: Option<IssuedSecret>,
}

/// Makes a client whose id in the ledger is `id`. When it cannot be made, nothing is left behind, or
/// what is left is in the ledger and being removed.
pub(crate) async fn register(
    app: &App,
    provider: &dcr_provider::Model,
    adapter: &dyn Adapter,
    id: Uuid,
    metadata: Metadata,
) -> Result<Registered, Problem> {
    let tx = app.store.begin().await?;
    let client = ledger::new_client(app, &tx, id, provider.id).await?;
    let mut entry = ledger::begin(app, &tx, client.id, &Job::Register(metadata)).await?;
    tx.commit().await?;
    let end = drive(app, adapter, &mut entry, patience(adapter), Until::Done).await?;
    let problem = match end {
        End::Done(state) => match state.remote.client_id.clone() {
            Some(client_id) => return Ok(Registered { entry, client_id, issued: state.issued }),
            None => failed(
                provider,
                &Failure::new(
                    "create the client",
                    FailureKind::Unexpected,
                    "the answer names no client",
                ),
            ),
        },
        End::Failed(failure) if failure.kind == FailureKind::Uncertain => {
            let problem = failed(provider, &failure);
            entry.uncertain(&failure.to_string()).await?;
            return Err(problem);
        }
        End::Failed(failure) => failed(provider, &failure),
        End::Later { reason, .. } => {
            failed(provider, &Failure::new("go on", FailureKind::Unavailable, reason))
        }
    };
    undo(app, adapter, entry).await;
    Err(problem)
}

/// Removes a client that no application is going to have. What fails is left to the worker.
pub(crate) async fn undo(app: &App, adapter: &dyn Adapter, entry: Entry) {
    let job = entry.job.id;
    if let Err(problem) = worker::undo(app, adapter, entry).await {
        tracing::warn!(%job, ?problem, "cannot undo a registration now, will try again");
    }
}

/// Asks something of a client that an application has. The answer is what came of it; the job is
/// over.
pub(crate) async fn ask(
    app: &App,
    provider: &dcr_provider::Model,
    adapter: &dyn Adapter,
    client: &dcr_client::Model,
    job: Job,
) -> Result<State, Problem> {
    let tx = app.store.begin().await?;
    let mut entry = ledger::begin(app, &tx, client.id, &job).await?;
    tx.commit().await?;
    let end = drive(app, adapter, &mut entry, patience(adapter), Until::Done).await?;
    let result = match end {
        End::Done(state) => Ok(*state),
        End::Failed(failure) => Err(failed(provider, &failure)),
        End::Later { reason, .. } => {
            Err(failed(provider, &Failure::new("go on", FailureKind::Unavailable, reason)))
        }
    };
    entry.finish(app.store.db()).await?;
    result
}

/// Whether a provider's configuration works: nothing, or what does not, in words. What works but
/// may not be meant is logged.
pub(crate) async fn verify(app: &App, provider: &dcr_provider::Model) -> Vec<String> {
    let adapter = match super::adapter(app, provider) {
        Ok(Some(adapter)) => adapter,
        Ok(None) => return Vec::new(),
        Err(_) => return vec!["the configuration cannot be used".into()],
    };
    match look(app, provider, adapter.as_ref(), &Job::Verify).await {
        Ok(state) => {
            for warning in state.found.warnings {
                tracing::warn!(provider = %provider.id, warning, "a provider works, but look at this");
            }
            Vec::new()
        }
        Err(failure) => vec![failure.to_string()],
    }
}

/// A job that concerns no client and leaves nothing behind: it needs no place in the ledger.
pub(crate) async fn look(
    app: &App,
    provider: &dcr_provider::Model,
    adapter: &dyn Adapter,
    job: &Job,
) -> Result<State, Failure> {
    super::driver::look(app, provider.id, adapter, job, PATIENCE).await
}

fn patience(adapter: &dyn Adapter) -> Duration {
    let slow = Duration::from_secs(adapter.capabilities().consistency_seconds.into());
    PATIENCE.max(slow)
}

/// The failure as its developer may read it. What the provider said is logged.
pub(crate) fn failed(provider: &dcr_provider::Model, failure: &Failure) -> Problem {
    tracing::warn!(provider = %provider.id, step = failure.step, %failure, "a provider failed");
    let name = provider.display_name.as_deref().unwrap_or(&provider.name);
    let step = failure.step;
    match failure.kind {
        FailureKind::Unavailable => Problem::provider_unavailable(format!(
            "The identity provider \"{name}\" is not available (cannot {step}); try again later"
        )),
        FailureKind::Unsupported => Problem::conflict(format!(
            "The identity provider \"{name}\" does not support this (cannot {step})"
        )),
        FailureKind::Gone => Problem::conflict(format!(
            "The application has no client at the identity provider \"{name}\" any more"
        )),
        FailureKind::Refused
        | FailureKind::Unauthorized
        | FailureKind::Unexpected
        | FailureKind::Uncertain => Problem::provider_failed(format!(
            "The identity provider \"{name}\" failed (cannot {step}); an administrator has to look \
             at it"
        )),
    }
}
