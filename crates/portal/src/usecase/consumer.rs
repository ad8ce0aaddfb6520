//! Consumers of a gateway, and which of them an application is at a gateway.
//!
//! An application is at most one consumer of a gateway, and a consumer at most one application.
//! That is kept at each of the application's registrations for an API that the gateway serves, so
//! that gateways learn it with the registration.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter, QuerySelect, QueryTrait, Set, Unchanged,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{application, gateway, registration};
use crate::app::App;
use crate::problem::{Invalid, Problem};
use crate::revision::ChangeSet;
use crate::store::entity::{self, consumer, implementation};

/// A consumer as given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsumerBody {
    #[serde(default)]
    id: Option<Uuid>,
    /// Required without `custom_id`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    username: Option<String>,
    /// The id that another system knows the consumer by.
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    custom_id: Option<String>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    tags: Option<Vec<String>>,
    /// Ignored.
    #[serde(default)]
    #[serde(rename = "created_at")]
    _created_at: Option<i64>,
    /// Ignored.
    #[serde(default)]
    #[serde(rename = "updated_at")]
    _updated_at: Option<i64>,
}

/// Which consumer an application is to be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsumerChoice {
    /// A consumer of the gateway that serves the API.
    id: Uuid,
}

/// The consumer of a gateway.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    gateway: Uuid,
    id: Uuid,
) -> Result<consumer::Model, Problem> {
    let found = consumer::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.gateway_id == gateway).ok_or_else(Problem::not_found)
}

/// Makes a consumer.
pub(crate) async fn create(
    app: &App,
    gateway: Uuid,
    body: ConsumerBody,
) -> Result<consumer::Model, Problem> {
    let tx = app.store.change().await?;
    gateway::find(&*tx, gateway).await?;
    let id = body.id.unwrap_or_else(Uuid::now_v7);
    if consumer::Entity::find_by_id(id).one(&*tx).await?.is_some() {
        return Err(Problem::conflict("A consumer with the given id already exists"));
    }
    write(app, tx, gateway, id, None, body).await
}

/// Makes a consumer under an id, or replaces it.
pub(crate) async fn put(
    app: &App,
    gateway: Uuid,
    id: Uuid,
    body: ConsumerBody,
) -> Result<consumer::Model, Problem> {
    let tx = app.store.change().await?;
    gateway::find(&*tx, gateway).await?;
    let before = consumer::Entity::find_by_id(id).one(&*tx).await?;
    if before.as_ref().is_some_and(|before| before.gateway_id != gateway) {
        return Err(Problem::not_found());
    }
    write(app, tx, gateway, id, before, body).await
}

async fn write(
    app: &App,
    mut tx: ChangeSet,
    gateway: Uuid,
    id: Uuid,
    before: Option<consumer::Model>,
    body: ConsumerBody,
) -> Result<consumer::Model, Problem> {
    if body.id.is_some_and(|given| given != id) {
        let fault = Invalid::body("id", "invalid", "must be the id in the path");
        return Err(Problem::one_invalid(fault));
    }
    if body.username.is_none() && body.custom_id.is_none() {
        let fault = Invalid::body("username", "required", "is required without custom_id");
        return Err(Problem::one_invalid(fault));
    }
    for (column, value, what) in [
        (consumer::Column::Username, &body.username, "username"),
        (consumer::Column::CustomId, &body.custom_id, "custom_id"),
    ] {
        let Some(value) = value else { continue };
        let twin = consumer::Entity::find()
            .filter(consumer::Column::GatewayId.eq(gateway))
            .filter(column.eq(value))
            .filter(consumer::Column::Id.ne(id));
        if twin.one(&*tx).await?.is_some() {
            let detail = format!("A consumer with the given {what} already exists");
            return Err(Problem::conflict(detail));
        }
    }
    let now = app.clock.now();
    let row = consumer::Model {
        id,
        gateway_id: gateway,
        username: body.username,
        custom_id: body.custom_id,
        tags: body.tags.unwrap_or_default().into(),
        created_at: before.as_ref().map_or(now, |before| before.created_at),
        updated_at: before.as_ref().map_or(now, |before| now.max(before.updated_at + 1)),
    };
    let known = |row: &consumer::Model| (row.username.clone(), row.custom_id.clone());
    let renamed = before.as_ref().is_some_and(|before| known(before) != known(&row));
    let row = match before {
        Some(_) => row.into_active_model().reset_all().update(&*tx).await?,
        None => row.into_active_model().insert(&*tx).await?,
    };
    if renamed {
        for row in registrations_of(&*tx, &[id]).await? {
            tx.put_registration(&row).await?;
        }
        for row in applications_of(&*tx, &[id]).await? {
            tx.put_application(&row).await?;
        }
    }
    tx.commit().await?;
    Ok(row)
}

/// Deletes a consumer. Applications that were it are no consumer any more.
pub(crate) async fn delete(app: &App, gateway: Uuid, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let consumer = find(&*tx, gateway, id).await?;
    forget(&mut tx, &[id]).await?;
    consumer.delete(&*tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets nobody be a consumer of a gateway that goes.
pub(crate) async fn forget_of_gateway(tx: &mut ChangeSet, gateway: Uuid) -> Result<(), Problem> {
    let consumers: Vec<Uuid> = consumer::Entity::find()
        .select_only()
        .column(consumer::Column::Id)
        .filter(consumer::Column::GatewayId.eq(gateway))
        .into_tuple()
        .all(&**tx)
        .await?;
    for some in consumers.chunks(1_000) {
        forget(tx, some).await?;
    }
    Ok(())
}

async fn forget(tx: &mut ChangeSet, consumers: &[Uuid]) -> Result<(), Problem> {
    for row in registrations_of(&**tx, consumers).await? {
        assign(tx, &row, None).await?;
    }
    for row in applications_of(&**tx, consumers).await? {
        let row = entity::application::ActiveModel {
            id: Unchanged(row.id),
            consumer_id: Set(None),
            ..Default::default()
        };
        let row = row.update(&**tx).await?;
        tx.put_application(&row).await?;
    }
    Ok(())
}

/// Makes an application a consumer of the gateway that serves the API of one of its registrations.
pub(crate) async fn map(
    app: &App,
    portal: Uuid,
    application: Uuid,
    registration: Uuid,
    choice: ConsumerChoice,
) -> Result<(), Problem> {
    let invalid = |reason: &str| Problem::one_invalid(Invalid::body("id", "invalid", reason));
    let mut tx = app.store.change().await?;
    let application = application::find(&*tx, portal, application).await?;
    let registration = registration::find(&*tx, application.id, registration).await?;
    let Some(gateway) = gateway_of(&*tx, registration.api_id).await? else {
        return Err(invalid("the API of the registration is not linked to a gateway"));
    };
    let consumer = consumer::Entity::find_by_id(choice.id).one(&*tx).await?;
    let consumer = consumer
        .filter(|consumer| consumer.gateway_id == gateway)
        .ok_or_else(|| invalid("this gateway consumer id does not exist"))?;
    let others = registrations_of(&*tx, &[consumer.id]).await?;
    let others = others.iter().map(|other| other.application_id);
    let carriers = applications_of(&*tx, &[consumer.id]).await?;
    let carriers = carriers.iter().map(|carrier| carrier.id);
    if others.chain(carriers).any(|other| other != application.id) {
        return Err(invalid("another application is this gateway consumer"));
    }
    for row in at_gateway(&*tx, application.id, gateway).await? {
        assign(&mut tx, &row, Some(consumer.id)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Makes an application no consumer of the gateway that serves the API of one of its
/// registrations.
pub(crate) async fn unmap(
    app: &App,
    portal: Uuid,
    application: Uuid,
    registration: Uuid,
) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let application = application::find(&*tx, portal, application).await?;
    let registration = registration::find(&*tx, application.id, registration).await?;
    let rows = match gateway_of(&*tx, registration.api_id).await? {
        Some(gateway) => at_gateway(&*tx, application.id, gateway).await?,
        None => vec![registration],
    };
    for row in rows {
        assign(&mut tx, &row, None).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The consumer that an application is at the gateway that serves an API.
pub(crate) async fn shared(
    db: &impl ConnectionTrait,
    application: Uuid,
    api: Uuid,
) -> Result<Option<Uuid>, DbErr> {
    let Some(gateway) = gateway_of(db, api).await? else { return Ok(None) };
    let consumers = consumer::Entity::find()
        .select_only()
        .column(consumer::Column::Id)
        .filter(consumer::Column::GatewayId.eq(gateway));
    let sibling = entity::registration::Entity::find()
        .filter(entity::registration::Column::ApplicationId.eq(application))
        .filter(entity::registration::Column::ConsumerId.in_subquery(consumers.into_query()))
        .one(db)
        .await?;
    Ok(sibling.and_then(|sibling| sibling.consumer_id))
}

/// An API is served by another gateway than before, or by none: its applications are the consumers
/// there that they are already.
pub(crate) async fn moved(tx: &mut ChangeSet, api: Uuid) -> Result<(), Problem> {
    let rows = entity::registration::Entity::find()
        .filter(entity::registration::Column::ApiId.eq(api))
        .all(&**tx)
        .await?;
    // Registrations of the API itself say nothing about where it is now.
    for row in &rows {
        assign(tx, row, None).await?;
    }
    if gateway_of(&**tx, api).await?.is_none() {
        return Ok(());
    }
    for row in rows {
        if let Some(consumer) = shared(&**tx, row.application_id, api).await? {
            assign(tx, &row, Some(consumer)).await?;
        }
    }
    Ok(())
}

async fn assign(
    tx: &mut ChangeSet,
    row: &entity::registration::Model,
    consumer: Option<Uuid>,
) -> Result<(), Problem> {
    // Read again: the caller may have changed it since.
    let row = registration::find(&**tx, row.application_id, row.id).await?;
    if row.consumer_id == consumer {
        return Ok(());
    }
    let after = entity::registration::ActiveModel {
        id: Unchanged(row.id),
        consumer_id: Set(consumer),
        ..Default::default()
    };
    let after = after.update(&**tx).await?;
    tx.put_registration(&after).await?;
    Ok(())
}

async fn gateway_of(db: &impl ConnectionTrait, api: Uuid) -> Result<Option<Uuid>, DbErr> {
    let found = implementation::Entity::find()
        .filter(implementation::Column::ApiId.eq(api))
        .one(db)
        .await?;
    Ok(found.map(|found| found.gateway_id))
}

/// The registrations of an application for APIs that a gateway serves.
async fn at_gateway(
    db: &impl ConnectionTrait,
    application: Uuid,
    gateway: Uuid,
) -> Result<Vec<entity::registration::Model>, DbErr> {
    let apis = implementation::Entity::find()
        .select_only()
        .column(implementation::Column::ApiId)
        .filter(implementation::Column::GatewayId.eq(gateway));
    entity::registration::Entity::find()
        .filter(entity::registration::Column::ApplicationId.eq(application))
        .filter(entity::registration::Column::ApiId.in_subquery(apis.into_query()))
        .all(db)
        .await
}

async fn registrations_of(
    db: &impl ConnectionTrait,
    consumers: &[Uuid],
) -> Result<Vec<entity::registration::Model>, DbErr> {
    let of_them = entity::registration::Column::ConsumerId.is_in(consumers.iter().copied());
    entity::registration::Entity::find().filter(of_them).all(db).await
}

async fn applications_of(
    db: &impl ConnectionTrait,
    consumers: &[Uuid],
) -> Result<Vec<entity::application::Model>, DbErr> {
    let of_them = entity::application::Column::ConsumerId.is_in(consumers.iter().copied());
    entity::application::Entity::find().filter(of_them).all(db).await
}
