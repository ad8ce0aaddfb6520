//! Services and routes: `/v2/control-planes/{controlPlaneId}/core-entities/...`.
//!
//! These follow the gateway's own conventions, not Konnect's: seconds for timestamps, and lists
//! with an opaque offset.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{GatewayPath, RoutePath, ServicePath, members};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::ListQuery;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{route, service};
use crate::usecase;
use crate::usecase::route::RouteBody;
use crate::usecase::service::ServiceBody;

const DEFAULT_SIZE: u64 = 100;
const MAX_SIZE: u64 = 1_000;

/// Some entities, and where the next ones are.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Entities")]
pub(super) struct Entities {
    data: Vec<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<String>,
}

/// Which entities are asked for.
pub(super) struct Window {
    pub(super) size: u64,
    pub(super) after: Option<Uuid>,
    /// The whole name.
    pub(super) name: Option<String>,
    /// A part of the name.
    pub(super) part: Option<String>,
}

impl Window {
    /// Reads a query; `name` is the attribute that can be filtered by.
    pub(super) fn read(mut query: ListQuery, name: &str) -> Result<Self, Problem> {
        let bad = |name: &str, rule, reason: &str| {
            Problem::one_invalid(Invalid::query(name, rule, reason))
        };
        let size = match query.take("size") {
            None => DEFAULT_SIZE,
            Some(size) => size
                .parse()
                .ok()
                .filter(|size| (1..=MAX_SIZE).contains(size))
                .ok_or_else(|| bad("size", "is_integer", "must be a number from 1 to 1000"))?,
        };
        let after = match query.take("offset") {
            None => None,
            Some(offset) => Some(
                Uuid::try_parse(&offset)
                    .map_err(|_| bad("offset", "invalid", "must come from an earlier answer"))?,
            ),
        };
        let (part, whole) = (format!("filter[{name}][contains]"), format!("filter[{name}][eq]"));
        let (name, part) = (query.take(&whole), query.take(&part));
        query.nothing_else()?;
        Ok(Self { size, after, name, part })
    }

    /// The entities of the window, and where the next one begins.
    pub(super) fn answer(self, base: &str, mut data: Vec<Map<String, Value>>) -> Entities {
        let more = data.len() as u64 > self.size;
        data.truncate(usize::try_from(self.size).unwrap_or(usize::MAX));
        let last = data.last().and_then(|last| last.get("id")).and_then(Value::as_str);
        let offset = last.filter(|_| more).map(str::to_owned);
        let next =
            offset.as_ref().map(|offset| format!("{base}?offset={offset}&size={}", self.size));
        Entities { data, next, offset }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v2/control-planes/{controlPlaneId}/core-entities";
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/services"),
            get_with(list_services, |op| op.id("list-service").tag("Services"))
                .post_with(create_service, |op| op.id("create-service").tag("Services")),
        )
        .api_route(
            &format!("{BASE}/services/{{serviceId}}"),
            get_with(show_service, |op| op.id("get-service").tag("Services"))
                .put_with(put_service, |op| op.id("upsert-service").tag("Services"))
                .delete_with(delete_service, |op| op.id("delete-service").tag("Services")),
        )
        .api_route(
            &format!("{BASE}/routes"),
            get_with(list_routes, |op| op.id("list-route").tag("Routes"))
                .post_with(create_route, |op| op.id("create-route").tag("Routes")),
        )
        .api_route(
            &format!("{BASE}/routes/{{routeId}}"),
            get_with(show_route, |op| op.id("get-route").tag("Routes"))
                .put_with(put_route, |op| op.id("upsert-route").tag("Routes"))
                .delete_with(delete_route, |op| op.id("delete-route").tag("Routes")),
        )
}

fn service_view(row: service::Model) -> Map<String, Value> {
    let mut view = members(row.document);
    view.insert("id".into(), row.id.to_string().into());
    view.insert("name".into(), row.name.into());
    view.insert("host".into(), row.host.into());
    view.insert("created_at".into(), (row.created_at / 1_000).into());
    view.insert("updated_at".into(), (row.updated_at / 1_000).into());
    view
}

fn route_view(row: route::Model) -> Map<String, Value> {
    let mut view = members(row.document);
    let service = row.service_id.map(|id| serde_json::json!({ "id": id }));
    view.insert("id".into(), row.id.to_string().into());
    view.insert("name".into(), row.name.into());
    view.insert("service".into(), service.into());
    view.insert("created_at".into(), (row.created_at / 1_000).into());
    view.insert("updated_at".into(), (row.updated_at / 1_000).into());
    view
}

async fn list_services(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<GatewayPath>,
    query: ListQuery,
) -> Result<Shown<Entities>, Problem> {
    use service::Column;
    let window = Window::read(query, "name")?;
    usecase::gateway::find(app.store.db(), ids.control_plane_id).await?;
    let mut select = service::Entity::find().filter(Column::GatewayId.eq(ids.control_plane_id));
    if let Some(after) = window.after {
        select = select.filter(Column::Id.gt(after));
    }
    if let Some(name) = &window.name {
        select = select.filter(Column::Name.eq(name));
    }
    if let Some(part) = &window.part {
        select = select.filter(Column::Name.contains(part));
    }
    let rows = select.order_by_asc(Column::Id).limit(window.size + 1).all(app.store.db()).await?;
    let base = format!("/v2/control-planes/{}/core-entities/services", ids.control_plane_id);
    Ok(Shown(window.answer(&base, rows.into_iter().map(service_view).collect())))
}

async fn create_service(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<GatewayPath>,
    body: Body<ServiceBody>,
) -> Result<Created<Map<String, Value>>, Problem> {
    let made = usecase::service::create(&app, ids.control_plane_id, body.0).await?;
    Ok(Created(service_view(made)))
}

async fn show_service(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServicePath>,
) -> Result<Shown<Map<String, Value>>, Problem> {
    let db = app.store.db();
    let found = usecase::service::find(db, ids.control_plane_id, ids.service_id).await?;
    Ok(Shown(service_view(found)))
}

async fn put_service(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServicePath>,
    body: Body<ServiceBody>,
) -> Result<Shown<Map<String, Value>>, Problem> {
    let put = usecase::service::put(&app, ids.control_plane_id, ids.service_id, body.0).await?;
    Ok(Shown(service_view(put)))
}

async fn delete_service(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ServicePath>,
) -> Result<NoContent, Problem> {
    usecase::service::delete(&app, ids.control_plane_id, ids.service_id).await?;
    Ok(NoContent)
}

async fn list_routes(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<GatewayPath>,
    query: ListQuery,
) -> Result<Shown<Entities>, Problem> {
    use route::Column;
    let window = Window::read(query, "name")?;
    usecase::gateway::find(app.store.db(), ids.control_plane_id).await?;
    let mut select = route::Entity::find().filter(Column::GatewayId.eq(ids.control_plane_id));
    if let Some(after) = window.after {
        select = select.filter(Column::Id.gt(after));
    }
    if let Some(name) = &window.name {
        select = select.filter(Column::Name.eq(name));
    }
    if let Some(part) = &window.part {
        select = select.filter(Column::Name.contains(part));
    }
    let rows = select.order_by_asc(Column::Id).limit(window.size + 1).all(app.store.db()).await?;
    let base = format!("/v2/control-planes/{}/core-entities/routes", ids.control_plane_id);
    Ok(Shown(window.answer(&base, rows.into_iter().map(route_view).collect())))
}

async fn create_route(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<GatewayPath>,
    body: Body<RouteBody>,
) -> Result<Created<Map<String, Value>>, Problem> {
    let made = usecase::route::create(&app, ids.control_plane_id, body.0).await?;
    Ok(Created(route_view(made)))
}

async fn show_route(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<RoutePath>,
) -> Result<Shown<Map<String, Value>>, Problem> {
    let db = app.store.db();
    let found = usecase::route::find(db, ids.control_plane_id, ids.route_id).await?;
    Ok(Shown(route_view(found)))
}

async fn put_route(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<RoutePath>,
    body: Body<RouteBody>,
) -> Result<Shown<Map<String, Value>>, Problem> {
    let put = usecase::route::put(&app, ids.control_plane_id, ids.route_id, body.0).await?;
    Ok(Shown(route_view(put)))
}

async fn delete_route(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<RoutePath>,
) -> Result<NoContent, Problem> {
    usecase::route::delete(&app, ids.control_plane_id, ids.route_id).await?;
    Ok(NoContent)
}
