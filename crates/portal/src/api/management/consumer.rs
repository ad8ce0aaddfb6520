//! Consumers of gateways: `/v2/control-planes/{controlPlaneId}/core-entities/consumers`, and which
//! of them an application is.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, put_with};
use axum::extract::State;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Map, Value, json};

use super::entity::{Entities, Window};
use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{ConsumerPath, GatewayPath, RegistrationPath, members};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::ListQuery;
use crate::problem::Problem;
use crate::store::entity::consumer;
use crate::usecase::consumer::{self as usecase, ConsumerBody, ConsumerChoice};
use crate::usecase::gateway;

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v2/control-planes/{controlPlaneId}/core-entities/consumers";
    ApiRouter::new()
        .api_route(
            BASE,
            get_with(list, |op| op.id("list-consumer").tag("Consumers"))
                .post_with(create, |op| op.id("create-consumer").tag("Consumers")),
        )
        .api_route(
            &format!("{BASE}/{{consumerId}}"),
            get_with(show, |op| op.id("get-consumer").tag("Consumers"))
                .put_with(put, |op| op.id("upsert-consumer").tag("Consumers"))
                .delete_with(delete, |op| op.id("delete-consumer").tag("Consumers")),
        )
        .api_route(
            "/v3/portals/{portalId}/applications/{applicationId}/registrations/{registrationId}\
             /consumer",
            put_with(map, |op| {
                op.id("update-application-registration-consumer").tag("Application registrations")
            })
            .delete_with(unmap, |op| {
                op.id("delete-application-registration-consumer").tag("Application registrations")
            }),
        )
}

fn view(row: &consumer::Model) -> Map<String, Value> {
    members(json!({
        "id": row.id,
        "username": row.username,
        "custom_id": row.custom_id,
        "tags": row.tags,
        "created_at": row.created_at / 1_000,
        "updated_at": row.updated_at / 1_000,
    }))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<GatewayPath>,
    mut query: ListQuery,
) -> Result<Shown<Entities>, Problem> {
    use consumer::Column;
    let custom_id = query.take("filter[custom_id][eq]");
    let window = Window::read(query, "username")?;
    gateway::find(app.store.db(), ids.control_plane_id).await?;
    let mut select = consumer::Entity::find().filter(Column::GatewayId.eq(ids.control_plane_id));
    if let Some(after) = window.after {
        select = select.filter(Column::Id.gt(after));
    }
    if let Some(name) = &window.name {
        select = select.filter(Column::Username.eq(name));
    }
    if let Some(part) = &window.part {
        select = select.filter(Column::Username.contains(part));
    }
    if let Some(custom_id) = custom_id {
        select = select.filter(Column::CustomId.eq(custom_id));
    }
    let rows = select.order_by_asc(Column::Id).limit(window.size + 1).all(app.store.db()).await?;
    let base = format!("/v2/control-planes/{}/core-entities/consumers", ids.control_plane_id);
    Ok(Shown(window.answer(&base, rows.iter().map(view).collect())))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<GatewayPath>,
    body: Body<ConsumerBody>,
) -> Result<Created<Map<String, Value>>, Problem> {
    let made = usecase::create(&app, ids.control_plane_id, body.0).await?;
    Ok(Created(view(&made)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ConsumerPath>,
) -> Result<Shown<Map<String, Value>>, Problem> {
    let found = usecase::find(app.store.db(), ids.control_plane_id, ids.consumer_id).await?;
    Ok(Shown(view(&found)))
}

async fn put(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ConsumerPath>,
    body: Body<ConsumerBody>,
) -> Result<Shown<Map<String, Value>>, Problem> {
    let put = usecase::put(&app, ids.control_plane_id, ids.consumer_id, body.0).await?;
    Ok(Shown(view(&put)))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ConsumerPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.control_plane_id, ids.consumer_id).await?;
    Ok(NoContent)
}

async fn map(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<RegistrationPath>,
    body: Body<ConsumerChoice>,
) -> Result<NoContent, Problem> {
    let RegistrationPath { portal_id, application_id, registration_id } = ids;
    usecase::map(&app, portal_id, application_id, registration_id, body.0).await?;
    Ok(NoContent)
}

async fn unmap(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<RegistrationPath>,
) -> Result<NoContent, Problem> {
    usecase::unmap(&app, ids.portal_id, ids.application_id, ids.registration_id).await?;
    Ok(NoContent)
}
