//! Routes of a gateway: which requests belong to a service.

use gatekey_core::id::RouteId;
use gatekey_core::snapshot::RecordKey;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, PaginatorTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::gateway;
use super::service::{Protocol, Reference};
use crate::app::App;
use crate::problem::{Invalid, Problem};
use crate::revision::{ChangeSet, record};
use crate::store::entity::{route, service};

/// How a path is joined to that of the service.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum PathHandling {
    V0,
    V1,
}

/// An address range and port. Routes that match by one are not supported.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct Endpoint {
    #[serde(default)]
    ip: Option<String>,
    #[serde(default)]
    port: Option<u16>,
}

/// A route as given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteBody {
    #[serde(default)]
    id: Option<Uuid>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    name: Option<String>,
    #[serde(default)]
    service: Option<Reference>,
    /// Host names; `*.example.com` and `example.*` are allowed.
    #[serde(default)]
    #[schemars(length(max = 100), inner(length(min = 1, max = 253)))]
    hosts: Option<Vec<String>>,
    /// Path prefixes.
    #[serde(default)]
    #[schemars(length(max = 100), inner(length(min = 1, max = 1024)))]
    paths: Option<Vec<String>>,
    #[serde(default)]
    #[schemars(length(max = 20), inner(length(max = 32), regex(pattern = "^[A-Z]+$")))]
    methods: Option<Vec<String>>,
    /// Headers that a request must have, each with one of the values.
    #[serde(default)]
    headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 10))]
    protocols: Option<Vec<Protocol>>,
    #[serde(default)]
    https_redirect_status_code: Option<u16>,
    #[serde(default)]
    path_handling: Option<PathHandling>,
    #[serde(default)]
    preserve_host: Option<bool>,
    #[serde(default)]
    regex_priority: Option<i32>,
    #[serde(default)]
    request_buffering: Option<bool>,
    #[serde(default)]
    response_buffering: Option<bool>,
    #[serde(default)]
    strip_path: Option<bool>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    tags: Option<Vec<String>>,
    #[serde(default)]
    snis: Option<Vec<String>>,
    #[serde(default)]
    sources: Option<Vec<Endpoint>>,
    #[serde(default)]
    destinations: Option<Vec<Endpoint>>,
    /// Ignored.
    #[serde(default)]
    #[serde(rename = "created_at")]
    _created_at: Option<i64>,
    /// Ignored.
    #[serde(default)]
    #[serde(rename = "updated_at")]
    _updated_at: Option<i64>,
}

/// What is kept of a route: what the portal tells the gateway, and what the gateway passes on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RouteDocument {
    hosts: Option<Vec<String>>,
    paths: Option<Vec<String>>,
    methods: Option<Vec<String>>,
    headers: Option<BTreeMap<String, Vec<String>>>,
    protocols: Vec<Protocol>,
    https_redirect_status_code: u16,
    path_handling: PathHandling,
    preserve_host: bool,
    regex_priority: i32,
    request_buffering: bool,
    response_buffering: bool,
    strip_path: bool,
    tags: Option<Vec<String>>,
}

/// The route of a gateway.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    gateway: Uuid,
    id: Uuid,
) -> Result<route::Model, Problem> {
    let found = route::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.gateway_id == gateway).ok_or_else(Problem::not_found)
}

/// Makes a route.
pub(crate) async fn create(
    app: &App,
    gateway: Uuid,
    body: RouteBody,
) -> Result<route::Model, Problem> {
    let tx = app.store.change().await?;
    gateway::find(&*tx, gateway).await?;
    let id = body.id.unwrap_or_else(Uuid::now_v7);
    if route::Entity::find_by_id(id).one(&*tx).await?.is_some() {
        return Err(Problem::conflict("A route with the given id already exists"));
    }
    write(app, tx, gateway, id, None, body).await
}

/// Makes a route under an id, or replaces it.
pub(crate) async fn put(
    app: &App,
    gateway: Uuid,
    id: Uuid,
    body: RouteBody,
) -> Result<route::Model, Problem> {
    let tx = app.store.change().await?;
    gateway::find(&*tx, gateway).await?;
    let before = route::Entity::find_by_id(id).one(&*tx).await?;
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
    before: Option<route::Model>,
    body: RouteBody,
) -> Result<route::Model, Problem> {
    check(&body)?;
    let service_id = body.service.as_ref().and_then(|service| service.id);
    if let Some(service) = service_id {
        let found = service::Entity::find_by_id(service).one(&*tx).await?;
        if found.is_none_or(|found| found.gateway_id != gateway) {
            let fault = Invalid::body("service.id", "missing_reference", "Service not found");
            return Err(Problem::one_invalid(fault));
        }
    }
    if let Some(name) = &body.name {
        let twins = route::Entity::find()
            .filter(route::Column::GatewayId.eq(gateway))
            .filter(route::Column::Name.eq(name))
            .filter(route::Column::Id.ne(id));
        if twins.count(&*tx).await? > 0 {
            return Err(Problem::conflict("A route with the given name already exists"));
        }
    }
    let now = app.clock.now();
    let row = route::Model {
        id,
        gateway_id: gateway,
        service_id,
        name: body.name.clone(),
        document: serde_json::to_value(document(body)).map_err(Problem::internal)?,
        created_at: before.as_ref().map_or(now, |before| before.created_at),
        updated_at: before.as_ref().map_or(now, |before| now.max(before.updated_at + 1)),
    };
    let row = match before {
        Some(_) => row.into_active_model().reset_all().update(&*tx).await?,
        None => row.into_active_model().insert(&*tx).await?,
    };
    match record::route(&row) {
        Some(known) => tx.put_at(gateway.into(), known),
        None => tx.delete_at(gateway.into(), key(&row)),
    }
    tx.commit().await?;
    Ok(row)
}

/// Deletes a route.
pub(crate) async fn delete(app: &App, gateway: Uuid, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let route = find(&*tx, gateway, id).await?;
    tx.delete_at(gateway.into(), key(&route));
    route.delete(&*tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Tells the gateway that the routes of a service are gone.
pub(crate) async fn forget_of_service(
    tx: &mut ChangeSet,
    service: &service::Model,
) -> Result<(), DbErr> {
    let routes =
        route::Entity::find().filter(route::Column::ServiceId.eq(service.id)).all(&**tx).await?;
    for route in &routes {
        tx.delete_at(service.gateway_id.into(), key(route));
    }
    Ok(())
}

fn key(route: &route::Model) -> RecordKey {
    RecordKey::Route { id: RouteId::from(route.id) }
}

/// What the gateway could not match as meant is refused: a route that matches more requests than
/// its author wrote would be an open door.
fn check(body: &RouteBody) -> Result<(), Problem> {
    let mut faults = Vec::new();
    for (index, path) in body.paths.iter().flatten().enumerate() {
        if !path.starts_with('/') {
            let reason =
                "must be a prefix that begins with /; regular expressions are not supported";
            faults.push(Invalid::body(format!("paths.{index}"), "matches_regex", reason));
        }
    }
    for (index, host) in body.hosts.iter().flatten().enumerate() {
        let inner = host.strip_prefix("*.").or(host.strip_suffix(".*")).unwrap_or(host);
        if inner.is_empty() || inner.contains(['*', '/', ' ', ':']) {
            let reason = "must be a host name, `*.` and one, or one and `.*`";
            faults.push(Invalid::body(format!("hosts.{index}"), "is_fqdn", reason));
        }
    }
    for (name, values) in body.headers.iter().flatten() {
        let field = format!("headers.{name}");
        if name.is_empty() || name.len() > 256 || name.eq_ignore_ascii_case("host") {
            faults.push(Invalid::body(field, "invalid", "must be a header other than host"));
        } else if values.is_empty() || values.len() > 50 {
            faults.push(Invalid::body(field, "min_items", "must have 1 to 50 values").at_least(1));
        } else if values.iter().any(|value| value.starts_with("~*")) {
            let reason = "must be plain values; regular expressions are not supported";
            faults.push(Invalid::body(field, "invalid", reason));
        }
    }
    if body.headers.as_ref().is_some_and(|headers| headers.len() > 50) {
        faults.push(Invalid::body("headers", "max_items", "must have at most 50").at_most(50));
    }
    for (field, given) in [
        ("snis", body.snis.as_ref().is_some_and(|list| !list.is_empty())),
        ("sources", body.sources.as_ref().is_some_and(|list| !list.is_empty())),
        ("destinations", body.destinations.as_ref().is_some_and(|list| !list.is_empty())),
    ] {
        if given {
            faults.push(Invalid::body(field, "invalid", "matching by it is not supported"));
        }
    }
    if !matches!(body.https_redirect_status_code, None | Some(301 | 302 | 307 | 308 | 426)) {
        let choices = ["301", "302", "307", "308", "426"].map(str::to_owned).to_vec();
        let fault = Invalid::body("https_redirect_status_code", "enum", "must be a choice");
        faults.push(fault.one_of(choices));
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

fn document(body: RouteBody) -> RouteDocument {
    RouteDocument {
        hosts: body.hosts,
        paths: body.paths,
        methods: body.methods,
        headers: body.headers,
        protocols: body.protocols.unwrap_or_else(|| vec![Protocol::Http, Protocol::Https]),
        https_redirect_status_code: body.https_redirect_status_code.unwrap_or(426),
        path_handling: body.path_handling.unwrap_or(PathHandling::V0),
        preserve_host: body.preserve_host.unwrap_or(false),
        regex_priority: body.regex_priority.unwrap_or(0),
        request_buffering: body.request_buffering.unwrap_or(true),
        response_buffering: body.response_buffering.unwrap_or(true),
        strip_path: body.strip_path.unwrap_or(true),
        tags: body.tags,
    }
}
