//! The consumer whose credentials an application carries: it was a gateway's own before it was
//! brought over.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter,
};
use serde::Deserialize;
use uuid::Uuid;

use super::application;
use crate::app::App;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{self, consumer, registration};

/// Whose credentials an application is to carry.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CarriedConsumer {
    /// A consumer of a gateway.
    id: Uuid,
}

/// The consumer whose credentials an application carries.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: Uuid,
    application: Uuid,
) -> Result<consumer::Model, Problem> {
    let application = application::find(db, portal, application).await?;
    let id = application.consumer_id.ok_or_else(Problem::not_found)?;
    consumer::Entity::find_by_id(id).one(db).await?.ok_or_else(Problem::not_found)
}

/// Says whose credentials an application carries; with none, it has nobody's but its own.
pub(crate) async fn set(
    app: &App,
    portal: Uuid,
    application: Uuid,
    carried: Option<CarriedConsumer>,
) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let before = application::find(&*tx, portal, application).await?;
    let id = carried.map(|carried| carried.id);
    if let Some(id) = id
        && consumer::Entity::find_by_id(id).one(&*tx).await?.is_none()
    {
        let fault = Invalid::body("id", "missing_reference", "Consumer not found");
        return Err(Problem::one_invalid(fault));
    }
    if let Some(id) = id
        && is_anothers(&*tx, id, application).await?
    {
        let reason = "another application is this consumer";
        return Err(Problem::one_invalid(Invalid::body("id", "invalid", reason)));
    }
    if before.consumer_id == id {
        return Ok(());
    }
    let updated_at = app.clock.now().max(before.updated_at + 1);
    let after = entity::application::Model { consumer_id: id, updated_at, ..before };
    let after = after.into_active_model().reset_all().update(&*tx).await?;
    tx.put_application(&after).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether a consumer's credentials are carried by another application, or another is the consumer.
async fn is_anothers(
    db: &impl ConnectionTrait,
    consumer: Uuid,
    application: Uuid,
) -> Result<bool, Problem> {
    let carriers = entity::application::Entity::find()
        .filter(entity::application::Column::ConsumerId.eq(consumer))
        .filter(entity::application::Column::Id.ne(application));
    let mapped = registration::Entity::find()
        .filter(registration::Column::ConsumerId.eq(consumer))
        .filter(registration::Column::ApplicationId.ne(application));
    Ok(carriers.count(db).await? > 0 || mapped.count(db).await? > 0)
}
