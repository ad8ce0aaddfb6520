//! Tells providers that want to hear of it what happens to applications.

use gatekey_dcr::{Event, Job};
use sea_orm::{ConnectionTrait, EntityTrait};
use uuid::Uuid;

use super::{ledger, metadata};
use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::{application, dcr_provider};
use crate::usecase::strategy;

/// Promises to tell the application's provider of an event; the promise is part of the transaction.
/// [`super::Dcr::wake`] is to follow its commit.
pub(crate) async fn promise(
    app: &App,
    db: &impl ConnectionTrait,
    application: &application::Model,
    event: Event,
) -> Result<(), Problem> {
    if application.client_id.is_none() {
        return Ok(());
    }
    let Some(client) = ledger::of_application(db, application.id).await? else { return Ok(()) };
    let provider = dcr_provider::Entity::find_by_id(client.provider_id).one(db).await?;
    let Some(provider) = provider else { return Ok(()) };
    if !super::capabilities(app, &provider)?.events {
        return Ok(());
    }
    let strategy = strategy::find(db, application.strategy_id).await?;
    let metadata = metadata::of(app, application, &strategy, client.id);
    ledger::enqueue(app, db, &client, &Job::Notify(metadata, event)).await
}

/// The application got access to an API.
pub(crate) fn registered(api: Uuid) -> Event {
    Event::Registered { api_id: api.to_string(), audience: None }
}

/// The application lost access to an API.
pub(crate) fn unregistered(api: Uuid) -> Event {
    Event::Unregistered { api_id: api.to_string(), audience: None }
}
