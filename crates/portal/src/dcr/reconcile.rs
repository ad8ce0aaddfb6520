//! Compares the ledger with what providers hold.

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
pub(crate) async fn forget(app: &App, provider: Uuid, client: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let found = dcr_client::Entity::find_by_id(client).one(&tx).await?;
    let found = found.filter(|found| found.provider_id == provider);
    let found = found.ok_or_else(Problem::not_found)?;
    if found.state == LIVE {
        return Err(Problem::conflict("An application has the client"));
    }
    found.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}
