//! Implementations: the gateway service behind an API. One service, one API.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{api, consumer, publication};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::ChangeSet;
use crate::store::entity::{implementation, service};

/// A service of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceReference {
    /// The gateway.
    pub(crate) control_plane_id: Uuid,
    /// The service.
    pub(crate) id: Uuid,
}

/// What an API is to be linked to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewImplementation {
    /// A service of a gateway.
    #[serde(default)]
    service: Given<ServiceReference>,
    /// A whole gateway. Not supported: refused.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, Value>")]
    control_plane: Option<Value>,
}

/// The implementation of an API.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    api: Uuid,
    id: Uuid,
) -> Result<implementation::Model, Problem> {
    let found = implementation::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.api_id == api).ok_or_else(Problem::not_found)
}

/// Links an API to a service. What the API is published with counts at the gateway from then on.
pub(crate) async fn create(
    app: &App,
    api_id: Uuid,
    new: NewImplementation,
) -> Result<implementation::Model, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.change().await?;
    api::find(&*tx, api_id).await?;
    if new.control_plane.is_some() {
        let reason = "linking a whole control plane is not supported; link a service";
        return Err(Problem::one_invalid(Invalid::body("control_plane", "invalid", reason)));
    }
    let Given::Yes(wanted) = new.service else {
        return Err(Problem::one_invalid(Invalid::body("service", "required", "is required")));
    };
    let made = link(&mut tx, api_id, wanted, "service", now).await?;
    tx.commit().await?;
    Ok(made)
}

/// Links an API to the service that a member of a body names.
pub(crate) async fn link(
    tx: &mut ChangeSet,
    api_id: Uuid,
    wanted: ServiceReference,
    field: &str,
    now: i64,
) -> Result<implementation::Model, Problem> {
    let service = service::Entity::find_by_id(wanted.id)
        .one(&**tx)
        .await?
        .filter(|service| service.gateway_id == wanted.control_plane_id);
    if service.is_none() {
        let at = format!("{field}.id");
        let fault = Invalid::body(at, "missing_reference", "Service not found");
        return Err(Problem::one_invalid(fault));
    }
    if of_api(&**tx, api_id).await?.is_some() {
        return Err(Problem::conflict("The API already has an implementation"));
    }
    let of_service = implementation::Column::ServiceId.eq(wanted.id);
    if implementation::Entity::find().filter(of_service).one(&**tx).await?.is_some() {
        return Err(Problem::conflict("The service is already linked to another API"));
    }
    let made = implementation::Model {
        id: Uuid::now_v7(),
        api_id,
        gateway_id: wanted.control_plane_id,
        service_id: wanted.id,
        created_at: now,
        updated_at: now,
    };
    let made = made.into_active_model().insert(&**tx).await?;
    for publication in publication::of_api(&**tx, api_id).await? {
        publication::tell(tx, &publication).await?;
    }
    consumer::moved(tx, api_id).await?;
    Ok(made)
}

/// The implementation of an API, if it has one.
pub(crate) async fn of_api(
    db: &impl ConnectionTrait,
    api: Uuid,
) -> Result<Option<implementation::Model>, DbErr> {
    implementation::Entity::find().filter(implementation::Column::ApiId.eq(api)).one(db).await
}

/// Unlinks an API. The gateway forgets what was published of it, so it refuses those requests.
pub(crate) async fn delete(app: &App, api: Uuid, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let implementation = find(&*tx, api, id).await?;
    unlink(&mut tx, implementation).await?;
    tx.commit().await?;
    Ok(())
}

/// The same, as part of something else.
pub(crate) async fn unlink(
    tx: &mut ChangeSet,
    implementation: implementation::Model,
) -> Result<(), Problem> {
    for publication in publication::of_api(&**tx, implementation.api_id).await? {
        publication::forget(tx, &publication).await?;
    }
    let api = implementation.api_id;
    implementation.delete(&**tx).await?;
    consumer::moved(tx, api).await
}

/// Drops the implementation of an API that goes itself.
pub(crate) async fn drop_of_api(db: &impl ConnectionTrait, api: Uuid) -> Result<(), DbErr> {
    implementation::Entity::delete_many()
        .filter(implementation::Column::ApiId.eq(api))
        .exec(db)
        .await
        .map(|_| ())
}
