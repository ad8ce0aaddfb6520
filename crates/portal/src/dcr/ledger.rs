//! The rows of clients and jobs.

use gatekey_dcr::{Job, Remote, Step};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, ModelTrait, QueryFilter, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::{application, dcr_client, dcr_job, dcr_provider};
use crate::vault::Place;

/// A client is being made, and no application has it yet.
pub(crate) const REGISTERING: &str = "registering";
/// An application has it.
pub(crate) const LIVE: &str = "live";
/// No application has it any more, and it is being removed.
pub(crate) const DELETING: &str = "deleting";
/// It may be there or not, and the provider cannot be asked.
pub(crate) const ORPHAN: &str = "orphan";

/// Somebody works on the job until its lease ends.
pub(crate) const RUNNING: &str = "running";
/// The job waits for its time.
pub(crate) const DUE: &str = "due";
/// Nobody can say whether the job had its effect.
pub(crate) const UNCERTAIN: &str = "uncertain";

/// How long a job may be worked on without a sign of life, in milliseconds.
const LEASE: i64 = 120_000;
const CLIENTS: &str = "dcr_clients";

/// Where a job stands, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// In the adapter's words.
    pub(crate) stage: String,
    /// A call that must not be made twice and of which no answer was taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sent: Option<String>,
}

/// A job and its client, while somebody works on them.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) client: dcr_client::Model,
    pub(crate) job: dcr_job::Model,
    app: App,
    /// A request waits for it, and it is not over.
    awaited: bool,
}

impl Drop for Entry {
    /// The request is gone: the worker goes on at once. What the worker itself cannot do waits for
    /// the end of its lease.
    fn drop(&mut self) {
        if self.awaited {
            self.app.dcr.abandon(self.job.id);
        }
    }
}

/// Writes a client that is about to be made.
pub(crate) async fn new_client(
    app: &App,
    db: &impl ConnectionTrait,
    id: Uuid,
    provider: Uuid,
) -> Result<dcr_client::Model, Problem> {
    let now = app.clock.now();
    let row = dcr_client::Model {
        id,
        provider_id: provider,
        application_id: None,
        client_id: None,
        state: REGISTERING.into(),
        remote: seal(app, id, &Remote::default())?,
        created_at: now,
        updated_at: now,
    };
    Ok(row.into_active_model().insert(db).await?)
}

/// Writes the client that an application has at one of the portal's own servers.
pub(crate) async fn embedded(
    app: &App,
    db: &impl ConnectionTrait,
    id: Uuid,
    provider: &dcr_provider::Model,
    application: &application::Model,
) -> Result<(), Problem> {
    let mut client = new_client(app, db, id, provider.id).await?.into_active_model();
    client.application_id = Set(Some(application.id));
    client.client_id = Set(application.client_id.clone());
    client.state = Set(LIVE.into());
    client.update(db).await?;
    Ok(())
}

/// The client of that id.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<dcr_client::Model, Problem> {
    dcr_client::Entity::find_by_id(id).one(db).await?.ok_or_else(Problem::not_found)
}

/// The live client of an application.
pub(crate) async fn of_application(
    db: &impl ConnectionTrait,
    application: Uuid,
) -> Result<Option<dcr_client::Model>, Problem> {
    let found = dcr_client::Entity::find()
        .filter(dcr_client::Column::ApplicationId.eq(application))
        .filter(dcr_client::Column::State.eq(LIVE))
        .one(db)
        .await?;
    Ok(found)
}

/// Writes a job that somebody begins at once. While another works on the same client it has to
/// wait: some registration tokens are good for one use.
pub(crate) async fn begin(
    app: &App,
    tx: &DatabaseTransaction,
    client: Uuid,
    job: &Job,
) -> Result<Entry, Problem> {
    let client = lock(tx, client).await?.ok_or_else(|| {
        Problem::conflict("The application has no client at its identity provider any more")
    })?;
    if is_worked_on(app, tx, client.id, &[]).await? {
        let detail = "Another change of the application's client is under way; try again";
        return Err(Problem::conflict(detail));
    }
    let row = row(app, &client, job, RUNNING, app.clock.now() + LEASE)?;
    let job = row.into_active_model().insert(tx).await?;
    Ok(Entry { client, job, app: app.clone(), awaited: true })
}

/// Takes the client's row, so that of several who want to begin only one looks at a time.
async fn lock(tx: &DatabaseTransaction, client: Uuid) -> Result<Option<dcr_client::Model>, DbErr> {
    dcr_client::Entity::find_by_id(client).lock_exclusive().one(tx).await
}

/// Whether somebody works on the client; jobs that were left behind do not count.
async fn is_worked_on(
    app: &App,
    tx: &DatabaseTransaction,
    client: Uuid,
    abandoned: &[Uuid],
) -> Result<bool, DbErr> {
    let running = dcr_job::Entity::find()
        .filter(dcr_job::Column::DcrClientId.eq(client))
        .filter(dcr_job::Column::State.eq(RUNNING))
        .filter(dcr_job::Column::LeaseUntil.gt(app.clock.now()))
        .all(tx)
        .await?;
    Ok(running.iter().any(|job| !abandoned.contains(&job.id)))
}

/// Writes a job for the worker.
pub(crate) async fn enqueue(
    app: &App,
    db: &impl ConnectionTrait,
    client: &dcr_client::Model,
    job: &Job,
) -> Result<(), Problem> {
    row(app, client, job, DUE, 0)?.into_active_model().insert(db).await?;
    Ok(())
}

fn row(
    app: &App,
    client: &dcr_client::Model,
    job: &Job,
    state: &str,
    lease_until: i64,
) -> Result<dcr_job::Model, Problem> {
    let now = app.clock.now();
    Ok(dcr_job::Model {
        id: Uuid::now_v7(),
        provider_id: client.provider_id,
        dcr_client_id: client.id,
        kind: job.name().into(),
        request: serde_json::to_value(job).map_err(Problem::internal)?,
        stage: serde_json::to_string(&Standing::default()).map_err(Problem::internal)?,
        state: state.into(),
        attempts: 0,
        due_at: now,
        lease_until,
        error: None,
        created_at: now,
        updated_at: now,
    })
}

/// Takes a job over, unless somebody else was quicker or works on the same client.
pub(crate) async fn claim(
    app: &App,
    job: dcr_job::Model,
    abandoned: &[Uuid],
) -> Result<Option<Entry>, Problem> {
    let lease = app.clock.now() + LEASE;
    let tx = app.store.begin().await?;
    let Some(client) = lock(&tx, job.dcr_client_id).await? else { return Ok(None) };
    if is_worked_on(app, &tx, client.id, abandoned).await? {
        return Ok(None);
    }
    let claimed = dcr_job::Entity::update_many()
        .col_expr(dcr_job::Column::State, Expr::value(RUNNING))
        .col_expr(dcr_job::Column::LeaseUntil, Expr::value(lease))
        .filter(dcr_job::Column::Id.eq(job.id))
        .filter(dcr_job::Column::State.eq(&job.state))
        .filter(dcr_job::Column::LeaseUntil.eq(job.lease_until))
        .exec(&tx)
        .await?;
    if claimed.rows_affected != 1 {
        return Ok(None);
    }
    tx.commit().await?;
    let job = dcr_job::Model { state: RUNNING.into(), lease_until: lease, ..job };
    Ok(Some(Entry { client, job, app: app.clone(), awaited: false }))
}

impl Entry {
    /// What is asked.
    pub(crate) fn asked(&self) -> Result<Job, Problem> {
        serde_json::from_value(self.job.request.clone()).map_err(Problem::internal)
    }

    /// What is known of the client at its provider.
    pub(crate) fn remote(&self) -> Result<Remote, Problem> {
        open(&self.app, &self.client)
    }

    /// Where the job stands.
    pub(crate) fn standing(&self) -> Standing {
        serde_json::from_str(&self.job.stage).unwrap_or_default()
    }

    /// Notes that a call leaves that must not be made twice.
    pub(crate) async fn sending(&mut self, stage: &str, step: Step) -> Result<(), Problem> {
        let standing = Standing { stage: stage.to_owned(), sent: Some(step.to_owned()) };
        let app = self.app.clone();
        self.stand(app.store.db(), &standing).await
    }

    /// Keeps what is known now; `sent` is a call of which nobody can say whether it had its effect.
    /// It is in the database when this returns.
    pub(crate) async fn keep(
        &mut self,
        stage: &str,
        remote: &Remote,
        sent: Option<Step>,
    ) -> Result<(), Problem> {
        let app = self.app.clone();
        let tx = app.store.begin().await?;
        let standing = Standing { stage: stage.to_owned(), sent: sent.map(str::to_owned) };
        self.stand(&tx, &standing).await?;
        let mut client = self.client.clone().into_active_model();
        client.client_id = Set(remote.client_id.clone());
        client.remote = Set(seal(&app, self.client.id, remote)?);
        client.updated_at = Set(app.clock.now());
        self.client = client.update(&tx).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn stand(
        &mut self,
        db: &impl ConnectionTrait,
        standing: &Standing,
    ) -> Result<(), Problem> {
        let now = self.app.clock.now();
        let mut job = self.job.clone().into_active_model();
        job.stage = Set(serde_json::to_string(standing).map_err(Problem::internal)?);
        job.lease_until = Set(now + LEASE);
        job.updated_at = Set(now);
        self.job = job.update(db).await?;
        Ok(())
    }

    /// The job is over; its row goes with the transaction.
    pub(crate) async fn finish(mut self, db: &impl ConnectionTrait) -> Result<(), Problem> {
        self.job.clone().delete(db).await?;
        self.awaited = false;
        Ok(())
    }

    /// The client is an application's: both become visible with the transaction.
    pub(crate) async fn live(
        mut self,
        db: &impl ConnectionTrait,
        application: Uuid,
    ) -> Result<Self, Problem> {
        let mut client = self.client.clone().into_active_model();
        client.application_id = Set(Some(application));
        client.state = Set(LIVE.into());
        client.updated_at = Set(self.app.clock.now());
        self.client = client.update(db).await?;
        self.job.clone().delete(db).await?;
        Ok(self)
    }

    /// The transaction was committed: nothing is left to do.
    pub(crate) fn done(mut self) {
        self.awaited = false;
    }

    /// There is no such client, or none any more: the ledger forgets it.
    pub(crate) async fn gone(mut self, db: &impl ConnectionTrait) -> Result<(), Problem> {
        self.client.clone().delete(db).await?;
        self.awaited = false;
        Ok(())
    }

    /// What is asked is now that the client be removed.
    pub(crate) async fn undo(&mut self) -> Result<(), Problem> {
        let app = self.app.clone();
        let tx = app.store.begin().await?;
        let mut client = self.client.clone().into_active_model();
        client.application_id = Set(None);
        client.state = Set(DELETING.into());
        client.updated_at = Set(app.clock.now());
        self.client = client.update(&tx).await?;
        let mut job = self.job.clone().into_active_model();
        job.kind = Set(Job::Unregister.name().into());
        job.request = Set(serde_json::to_value(Job::Unregister).map_err(Problem::internal)?);
        job.attempts = Set(0);
        self.job = job.update(&tx).await?;
        self.stand(&tx, &Standing::default()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The job is to be taken up again after some milliseconds.
    pub(crate) async fn postpone(mut self, wait: i64, why: &str) -> Result<(), Problem> {
        let now = self.app.clock.now();
        let attempts = self.job.attempts.saturating_add(1);
        let mut job = self.job.clone().into_active_model();
        job.state = Set(DUE.into());
        job.attempts = Set(attempts);
        job.due_at = Set(now.saturating_add(wait));
        job.lease_until = Set(0);
        job.error = Set(Some(why.to_owned()));
        job.updated_at = Set(now);
        job.update(self.app.store.db()).await?;
        self.awaited = false;
        Ok(())
    }

    /// Nobody can say whether the client is there: it stays in the ledger for an administrator.
    pub(crate) async fn uncertain(mut self, why: &str) -> Result<(), Problem> {
        let app = self.app.clone();
        let tx = app.store.begin().await?;
        let mut client = self.client.clone().into_active_model();
        client.state = Set(ORPHAN.into());
        client.updated_at = Set(app.clock.now());
        client.update(&tx).await?;
        let mut job = self.job.clone().into_active_model();
        job.state = Set(UNCERTAIN.into());
        job.error = Set(Some(why.to_owned()));
        job.updated_at = Set(app.clock.now());
        job.update(&tx).await?;
        tx.commit().await?;
        self.awaited = false;
        Ok(())
    }
}

/// Opens what is known of a client.
pub(crate) fn open(app: &App, client: &dcr_client::Model) -> Result<Remote, Problem> {
    let place = Place { table: CLIENTS, row: &client.id.to_string() };
    let opened = app.secrets.vault.open(place, &client.remote)?;
    serde_json::from_slice(opened.expose()).map_err(Problem::internal)
}

pub(crate) fn seal(app: &App, id: Uuid, remote: &Remote) -> Result<Vec<u8>, Problem> {
    let text = serde_json::to_vec(remote).map_err(Problem::internal)?;
    let text = gatekey_core::secret::Secret::new(text);
    app.secrets.vault.seal(Place { table: CLIENTS, row: &id.to_string() }, text.expose())
}

/// Puts a client on its way out; the worker removes it after the commit.
pub(crate) async fn retire(
    app: &App,
    db: &impl ConnectionTrait,
    client: dcr_client::Model,
) -> Result<(), Problem> {
    let mut row = client.into_active_model();
    row.application_id = Set(None);
    row.state = Set(DELETING.into());
    row.updated_at = Set(app.clock.now());
    let client = row.update(db).await?;
    enqueue(app, db, &client, &Job::Unregister).await
}
