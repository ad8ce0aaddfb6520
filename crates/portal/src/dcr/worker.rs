//! Does what nobody waits for, and takes up what was left behind.

use core::time::Duration;
use std::collections::HashSet;

use gatekey_dcr::{Adapter, FailureKind, Job};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::driver::{End, Until, drive};
use super::ledger::{self, DUE, Entry, RUNNING};
use super::metadata;
use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::{application, dcr_job, dcr_provider, strategy};
use crate::usecase;

/// How often to look without being woken.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How many jobs are begun in one round.
const AT_ONCE: u64 = 32;
/// How long a job of the worker waits for a provider before it makes room for others.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest pause before a job is tried again, in milliseconds.
const LONGEST_WAIT: i64 = 3_600_000;
/// How often a provider is told of an event before it is given up.
const MOST_NOTICES: i32 = 12;

/// Works until it is dropped.
pub(crate) async fn work_forever(app: App) {
    if let Err(problem) = adopt(&app).await {
        tracing::error!(?problem, "cannot read what was left behind in the ledger of clients");
    }
    loop {
        match begin_due(&app).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(problem) => tracing::error!(?problem, "cannot read the ledger of clients"),
        }
        let _ = tokio::time::timeout(LOOK_EVERY, app.dcr.waiting.notified()).await;
    }
}

/// Takes up at once what a portal before this one was killed over, if there can be no other that
/// works on it; otherwise the lease of each job has to end.
pub(crate) async fn adopt(app: &App) -> Result<(), Problem> {
    if !app.store.is_ours_alone() {
        return Ok(());
    }
    let running = dcr_job::Entity::find()
        .filter(dcr_job::Column::State.eq(RUNNING))
        .all(app.store.db())
        .await?;
    for job in running {
        app.dcr.abandon(job.id);
    }
    Ok(())
}

/// Begins what is due, each job beside the others; whether anything was.
async fn begin_due(app: &App) -> Result<bool, Problem> {
    let entries = claim_due(app).await?;
    let any = !entries.is_empty();
    for entry in entries {
        let app = app.clone();
        tokio::spawn(async move { work(&app, entry).await });
    }
    Ok(any)
}

/// Does what is due, and what that leads to, until nothing is.
#[cfg(test)]
pub(crate) async fn work_off(app: &App) -> Result<(), Problem> {
    loop {
        let entries = claim_due(app).await?;
        if entries.is_empty() {
            return Ok(());
        }
        for entry in entries {
            work(app, entry).await;
        }
    }
}

/// Jobs whose time has come and jobs that were left behind, at most one of each client, in the order
/// in which they were asked.
async fn claim_due(app: &App) -> Result<Vec<Entry>, Problem> {
    let now = app.clock.now();
    let abandoned = app.dcr.take_abandoned();
    let left_behind = Condition::any()
        .add(dcr_job::Column::LeaseUntil.lte(now))
        .add(dcr_job::Column::Id.is_in(abandoned.iter().copied()));
    let open = dcr_job::Entity::find()
        .filter(
            Condition::any()
                .add(
                    Condition::all()
                        .add(dcr_job::Column::State.eq(DUE))
                        .add(dcr_job::Column::DueAt.lte(now)),
                )
                .add(Condition::all().add(dcr_job::Column::State.eq(RUNNING)).add(left_behind)),
        )
        .order_by_asc(dcr_job::Column::Id)
        .limit(AT_ONCE)
        .all(app.store.db())
        .await?;
    let clients: Vec<_> = open.iter().map(|job| job.dcr_client_id).collect();
    // A client whose earlier job is still open has to wait for that one.
    let all = dcr_job::Entity::find()
        .filter(dcr_job::Column::DcrClientId.is_in(clients))
        .filter(dcr_job::Column::State.is_in([DUE, RUNNING]))
        .order_by_asc(dcr_job::Column::Id)
        .all(app.store.db())
        .await?;
    let mut seen = HashSet::new();
    let first: HashSet<_> =
        all.into_iter().filter(|job| seen.insert(job.dcr_client_id)).map(|job| job.id).collect();
    let mut entries = Vec::new();
    for job in open.into_iter().filter(|job| first.contains(&job.id)) {
        entries.extend(ledger::claim(app, job, &abandoned).await?);
    }
    Ok(entries)
}

async fn work(app: &App, entry: Entry) {
    let (job, kind) = (entry.job.id, entry.job.kind.clone());
    if let Err(problem) = take_up(app, entry).await {
        tracing::error!(%job, kind, ?problem, "cannot work on a client of a provider");
    }
}

async fn take_up(app: &App, mut entry: Entry) -> Result<(), Problem> {
    let db = app.store.db();
    let provider = dcr_provider::Entity::find_by_id(entry.client.provider_id).one(db).await?;
    let provider = provider.ok_or_else(|| Problem::internal("a client has no provider"))?;
    let Some(adapter) = super::adapter(app, &provider)? else {
        return entry.finish(db).await;
    };
    let adapter = adapter.as_ref();
    match entry.asked()? {
        Job::Register(_) => undo(app, adapter, entry).await,
        Job::Unregister => remove(app, adapter, entry).await,
        // Sending it again would replace a secret that nobody would be told.
        Job::Update(_) if adapter.capabilities().update_rotates => hear(app, adapter, entry).await,
        Job::Update(_) => {
            if let Some(asked) = fresh(app, &entry).await? {
                entry.job.request = serde_json::to_value(asked).map_err(Problem::internal)?;
                tell(app, adapter, entry).await
            } else {
                entry.finish(db).await
            }
        }
        Job::Notify(..) => tell(app, adapter, entry).await,
        // Nobody waits for the secret, the list or the verdict any more.
        Job::RotateSecret(_)
        | Job::AddSecret { .. }
        | Job::RemoveSecret { .. }
        | Job::ListSecrets
        | Job::GrantedScopes
        | Job::Verify
        | Job::Find { .. } => hear(app, adapter, entry).await,
    }
}

/// Lets the adapter learn that an answer is missing, which may have held another token, and no more.
async fn hear(app: &App, adapter: &dyn Adapter, mut entry: Entry) -> Result<(), Problem> {
    drive(app, adapter, &mut entry, PATIENCE, Until::SomethingIsKnown).await?;
    entry.finish(app.store.db()).await
}

/// The update that the application asks for as it is now: what was asked then may be old, or may
/// never have been committed.
async fn fresh(app: &App, entry: &Entry) -> Result<Option<Job>, Problem> {
    let db = app.store.db();
    let Some(id) = entry.client.application_id else { return Ok(None) };
    let Some(application) = application::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let strategy: strategy::Model = usecase::strategy::find(db, application.strategy_id).await?;
    Ok(Some(Job::Update(metadata::of(app, &application, &strategy, entry.client.id))))
}

/// Undoes a registration that no application came of.
pub(crate) async fn undo(
    app: &App,
    adapter: &dyn Adapter,
    mut entry: Entry,
) -> Result<(), Problem> {
    let sent = entry.standing().sent;
    match drive(app, adapter, &mut entry, PATIENCE, Until::SomethingIsKnown).await? {
        End::Done(state) if !state.remote.is_empty() => {
            entry.undo().await?;
            remove(app, adapter, entry).await
        }
        // The call whose answer is missing is the next again: the provider was asked, and there is
        // nothing; or no such call ever left.
        End::Done(state) if nothing_was_made(adapter, &entry, &state, sent.as_deref())? => {
            entry.gone(app.store.db()).await
        }
        End::Done(_) => entry.uncertain("nobody knows whether the client was made").await,
        End::Failed(failure) if !entry.remote()?.is_empty() => {
            tracing::debug!(%failure, "a registration failed half way");
            entry.undo().await?;
            remove(app, adapter, entry).await
        }
        End::Failed(failure) if sent.is_none() && failure.kind != FailureKind::Uncertain => {
            entry.gone(app.store.db()).await
        }
        End::Failed(failure) => match failure.kind {
            FailureKind::Unavailable | FailureKind::Unauthorized => {
                let wait = pause(entry.job.attempts, 0);
                entry.postpone(wait, &failure.to_string()).await
            }
            _ => entry.uncertain(&failure.to_string()).await,
        },
        End::Later { after_seconds, reason } => {
            let wait = pause(entry.job.attempts, after_seconds);
            entry.postpone(wait, &reason).await
        }
    }
}

fn nothing_was_made(
    adapter: &dyn Adapter,
    entry: &Entry,
    state: &gatekey_dcr::State,
    sent: Option<&str>,
) -> Result<bool, Problem> {
    let Some(sent) = sent else { return Ok(true) };
    let next = adapter.next(&entry.asked()?, state);
    Ok(matches!(next, gatekey_dcr::Next::Call(step, _) if step == sent))
}

/// Removes the client of an entry whose job that is.
async fn remove(app: &App, adapter: &dyn Adapter, mut entry: Entry) -> Result<(), Problem> {
    match drive(app, adapter, &mut entry, PATIENCE, Until::Done).await? {
        End::Done(_) => entry.gone(app.store.db()).await,
        End::Failed(failure) if failure.kind == FailureKind::Gone => {
            entry.gone(app.store.db()).await
        }
        End::Failed(failure) if failure.kind == FailureKind::Uncertain => {
            entry.uncertain(&failure.to_string()).await
        }
        End::Failed(failure) => {
            tracing::warn!(client = %entry.client.id, %failure, "cannot remove a client");
            let wait = pause(entry.job.attempts, 0);
            entry.postpone(wait, &failure.to_string()).await
        }
        End::Later { after_seconds, reason } => {
            let wait = pause(entry.job.attempts, after_seconds);
            entry.postpone(wait, &reason).await
        }
    }
}

/// Tells the provider something; after many attempts it is given up.
async fn tell(app: &App, adapter: &dyn Adapter, mut entry: Entry) -> Result<(), Problem> {
    let (wait, why) = match drive(app, adapter, &mut entry, PATIENCE, Until::Done).await? {
        End::Done(_) => return entry.finish(app.store.db()).await,
        End::Failed(failure) => (0, failure.to_string()),
        End::Later { after_seconds, reason } => (after_seconds, reason),
    };
    if entry.job.attempts >= MOST_NOTICES {
        tracing::warn!(job = %entry.job.id, why, "a provider cannot be told, given up");
        return entry.finish(app.store.db()).await;
    }
    let wait = pause(entry.job.attempts, wait);
    entry.postpone(wait, &why).await
}

fn pause(attempts: i32, asked_seconds: u32) -> i64 {
    let exponent = u32::try_from(attempts).unwrap_or_default().min(12);
    let own = 1_000_i64.saturating_mul(1 << exponent);
    own.max(i64::from(asked_seconds).saturating_mul(1_000)).min(LONGEST_WAIT)
}
