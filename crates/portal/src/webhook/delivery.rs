//! Deliveries: promised in the transaction of the event, and their history.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter,
};
use uuid::Uuid;

use super::wants;
use crate::app::App;
use crate::event::Event;
use crate::problem::Problem;
use crate::store::entity::{delivery, portal, webhook};

/// The delivery waits for its time.
pub(crate) const WAITING: &str = "waiting";
/// The receiver took it.
pub(crate) const DELIVERED: &str = "delivered";
/// It was given up.
pub(crate) const FAILED: &str = "failed";

/// Promises an event to every webhook that wants it, of its portal and of the organisation.
pub(crate) async fn promise(
    app: &App,
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    event: &Event,
) -> Result<(), Problem> {
    let place = Condition::any()
        .add(webhook::Column::PortalId.eq(portal.id))
        .add(webhook::Column::PortalId.is_null());
    let webhooks = webhook::Entity::find()
        .filter(webhook::Column::Enabled.eq(true))
        .filter(place)
        .all(db)
        .await?;
    let now = app.clock.now();
    // Receivers of one event get one message, whose id tells them that it is the same.
    let message = message_id();
    for webhook in webhooks.iter().filter(|webhook| wants(webhook, event.kind())) {
        let payload = event.payload(Some(portal), now).to_string();
        let row = row(webhook.id, message.clone(), event.kind().name(), payload, now);
        row.into_active_model().insert(db).await?;
    }
    Ok(())
}

/// Promises a trial to one webhook, whatever it wants.
pub(crate) async fn promise_test(
    app: &App,
    webhook: &webhook::Model,
) -> Result<delivery::Model, Problem> {
    let tx = app.store.begin().await?;
    let portal = match webhook.portal_id {
        Some(id) => Some(crate::usecase::portal::find(&tx, id).await?),
        None => None,
    };
    let (event, now) = (Event::test(), app.clock.now());
    let payload = event.payload(portal.as_ref(), now).to_string();
    let row = row(webhook.id, message_id(), event.kind().name(), payload, now);
    let made = row.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    crate::event::wake(app);
    Ok(made)
}

/// Promises a message again, under its own id: a receiver that has it already knows it.
pub(crate) async fn promise_again(
    app: &App,
    webhook: Uuid,
    id: Uuid,
) -> Result<delivery::Model, Problem> {
    let tx = app.store.begin().await?;
    let before = find(&tx, webhook, id).await?;
    let row = row(webhook, before.message, &before.event, before.payload, app.clock.now());
    let made = row.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    crate::event::wake(app);
    Ok(made)
}

/// The delivery of a webhook.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    webhook: Uuid,
    id: Uuid,
) -> Result<delivery::Model, Problem> {
    let found = delivery::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.webhook_id == webhook).ok_or_else(Problem::not_found)
}

fn message_id() -> String {
    format!("msg_{}", Uuid::now_v7().simple())
}

fn row(webhook: Uuid, message: String, event: &str, payload: String, now: i64) -> delivery::Model {
    delivery::Model {
        id: Uuid::now_v7(),
        webhook_id: webhook,
        message,
        event: event.to_owned(),
        payload,
        state: WAITING.into(),
        attempts: 0,
        due_at: now,
        lease_until: 0,
        response_status: None,
        fault: None,
        finished_at: None,
        created_at: now,
    }
}
