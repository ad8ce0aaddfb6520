//! Compares the ledger with what providers hold.

use core::time::Duration;
use std::collections::HashMap;

use gatekey_dcr::{Job, Remote};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QueryOrder, Set,
};
use uuid::Uuid;

use super::ledger::{self, DELETING, LIVE, ORPHAN};
use super::register::look;
use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::{dcr_client, dcr_job, dcr_provider};

/// How often providers are compared with the ledger.
const PERIOD: Duration = Duration::from_secs(3_600);

/// What a provider holds of a client of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtProvider {
    /// It is there.
    Present,
    /// It is not there.
    Missing,
    /// The provider cannot say.
    Unknown,
}

/// A client of the ledger, compared.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) client: dcr_client::Model,
    pub(crate) at_provider: AtProvider,
    /// What is to be done with it, or what nobody knows.
    pub(crate) job: Option<dcr_job::Model>,
}

impl Known {
    /// Whether an application has it.
    pub(crate) fn is_live(&self) -> bool {
        self.client.state == LIVE
    }

    /// Whether nobody has to look at it: it is an application's and not known to be missing, or it
    /// is on its way without a failure.
    pub(crate) fn is_well(&self) -> bool {
        let failing = self.job.as_ref().is_some_and(|job| job.error.is_some());
        match self.client.state.as_str() {
            LIVE => self.at_provider != AtProvider::Missing && !failing,
            ORPHAN => false,
            _ => !failing,
        }
    }
}

/// A provider, compared with the ledger.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// The ledger's clients.
    pub(crate) known: Vec<Known>,
    /// Clients with a tag of ours that the ledger does not know: the tag, and the client id.
    pub(crate) unknown: Vec<(String, Option<String>)>,
    /// Why the provider could not be asked.
    pub(crate) error: Option<String>,
}

impl Comparison {
    /// Whether nobody has to look at anything.
    pub(crate) fn agrees(&self) -> bool {
        self.error.is_none() && self.unknown.is_empty() && self.known.iter().all(Known::is_well)
    }
}

/// Compares. Orphans of the ledger that the provider holds are put on their way out.
pub(crate) async fn compare(
    app: &App,
    provider: &dcr_provider::Model,
) -> Result<Comparison, Problem> {
    let (mut at_provider, error) = match super::adapter(app, provider)? {
        Some(adapter) if adapter.capabilities().find => {
            let everything = Job::Find { tag: String::new() };
            match look(app, provider, adapter.as_ref(), &everything).await {
                Ok(state) => {
                    (Some(state.found.clients.into_iter().collect::<HashMap<_, _>>()), None)
                }
                Err(failure) => (None, Some(failure.to_string())),
            }
        }
        _ => (None, None),
    };
    let db = app.store.db();
    let clients = dcr_client::Entity::find()
        .filter(dcr_client::Column::ProviderId.eq(provider.id))
        .order_by_asc(dcr_client::Column::Id)
        .all(db)
        .await?;
    let jobs = dcr_job::Entity::find()
        .filter(dcr_job::Column::ProviderId.eq(provider.id))
        .order_by_desc(dcr_job::Column::Id)
        .all(db)
        .await?;
    let mut jobs: HashMap<Uuid, _> = jobs.into_iter().map(|job| (job.dcr_client_id, job)).collect();
    let mut known = Vec::new();
    for mut client in clients {
        let found = at_provider.as_mut().map(|found| found.remove(&client.id.to_string()));
        let seen = match &found {
            None => AtProvider::Unknown,
            Some(None) => AtProvider::Missing,
            Some(Some(_)) => AtProvider::Present,
        };
        if client.state == ORPHAN {
            match found {
                Some(Some(remote)) => client = retire(app, client, &remote).await?,
                Some(None) => {
                    client.delete(db).await?;
                    continue;
                }
                None => {}
            }
        }
        let job = jobs.remove(&client.id);
        known.push(Known { client, at_provider: seen, job });
    }
    let unknown = at_provider.unwrap_or_default().into_iter();
    let unknown = unknown.map(|(tag, remote)| (tag, remote.client_id)).collect();
    Ok(Comparison { known, unknown, error })
}

/// Compares every provider with the ledger from time to time, until it is dropped.
pub(crate) async fn reconcile_forever(app: App) {
    loop {
        tokio::time::sleep(PERIOD).await;
        if let Err(problem) = reconcile(&app).await {
            tracing::error!(?problem, "cannot compare the ledger of clients with its providers");
        }
    }
}

async fn reconcile(app: &App) -> Result<(), Problem> {
    for provider in dcr_provider::Entity::find().all(app.store.db()).await? {
        let found = compare(app, &provider).await?;
        if !found.agrees() {
            tracing::warn!(
                provider = %provider.id,
                name = provider.name,
                unknown = found.unknown.len(),
                to_look_at = found.known.iter().filter(|known| !known.is_well()).count(),
                error = found.error,
                "a provider and the ledger of clients do not agree: see `gatekey dcr status`"
            );
        }
    }
    Ok(())
}

/// Puts a client that was found again on its way out.
async fn retire(
    app: &App,
    client: dcr_client::Model,
    remote: &Remote,
) -> Result<dcr_client::Model, Problem> {
    let tx = app.store.begin().await?;
    dcr_job::Entity::delete_many()
        .filter(dcr_job::Column::DcrClientId.eq(client.id))
        .exec(&tx)
        .await?;
    let id = client.id;
    let mut row = client.into_active_model();
    row.state = Set(DELETING.into());
    row.application_id = Set(None);
    row.client_id = Set(remote.client_id.clone());
    row.remote = Set(ledger::seal(app, id, remote)?);
    row.updated_at = Set(app.clock.now());
    let client = row.update(&tx).await?;
    ledger::enqueue(app, &tx, &client, &Job::Unregister).await?;
    tx.commit().await?;
    app.dcr.wake();
    Ok(client)
}

/// Forgets a client that only the ledger knows, or nobody can say whether anybody does. What an
/// application has cannot be forgotten.
pub(crate) async fn forget(app: &App, client: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let found = ledger::find(&tx, client).await?;
    if found.state == LIVE {
        return Err(Problem::conflict("An application has the client"));
    }
    found.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}
