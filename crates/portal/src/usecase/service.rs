//! Services of a gateway. The portal reads id and name; the rest is kept for the gateway.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{gateway, route};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::{ChangeSet, record};
use crate::store::entity::{implementation, service};
use gatekey_core::id::ServiceId;
use gatekey_core::snapshot::RecordKey;

/// The longest time-out, in milliseconds.
const LONGEST: u32 = 2_147_483_646;
const SIXTY_SECONDS: u32 = 60_000;

/// A protocol between gateway and service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Protocol {
    Grpc,
    Grpcs,
    Http,
    Https,
    Tcp,
    Tls,
    TlsPassthrough,
    Udp,
    Ws,
    Wss,
}

/// A reference to another entity.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct Reference {
    #[serde(default)]
    pub(crate) id: Option<Uuid>,
}

/// Names that the service's certificate must have.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct TlsSans {
    #[serde(default)]
    #[schemars(length(max = 100))]
    dnsnames: Option<Vec<String>>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    uris: Option<Vec<String>>,
}

/// A service as given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceBody {
    #[serde(default)]
    id: Option<Uuid>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    name: Option<String>,
    /// Required without `url`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 253))]
    host: Given<String>,
    /// Sets protocol, host, port and path at once.
    #[serde(default)]
    #[schemars(length(max = 2048))]
    url: Option<String>,
    #[serde(default)]
    protocol: Option<Protocol>,
    #[serde(default)]
    #[schemars(range(max = 65535))]
    port: Option<u16>,
    #[serde(default)]
    #[schemars(length(max = 2048), regex(pattern = "^/"))]
    path: Option<String>,
    #[serde(default)]
    #[schemars(range(max = 32767))]
    retries: Option<u16>,
    #[serde(default)]
    #[schemars(range(min = 1, max = 2147483646))]
    connect_timeout: Option<u32>,
    #[serde(default)]
    #[schemars(range(min = 1, max = 2147483646))]
    read_timeout: Option<u32>,
    #[serde(default)]
    #[schemars(range(min = 1, max = 2147483646))]
    write_timeout: Option<u32>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    tags: Option<Vec<String>>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    ca_certificates: Option<Vec<Uuid>>,
    #[serde(default)]
    client_certificate: Option<Reference>,
    #[serde(default)]
    tls_sans: Option<TlsSans>,
    #[serde(default)]
    tls_verify: Option<bool>,
    #[serde(default)]
    #[schemars(range(max = 64))]
    tls_verify_depth: Option<u8>,
    /// Ignored.
    #[serde(default)]
    #[serde(rename = "created_at")]
    _created_at: Option<i64>,
    /// Ignored.
    #[serde(default)]
    #[serde(rename = "updated_at")]
    _updated_at: Option<i64>,
}

/// What is kept of a service for the gateway.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ServiceDocument {
    protocol: Protocol,
    port: u16,
    path: Option<String>,
    retries: u16,
    connect_timeout: u32,
    read_timeout: u32,
    write_timeout: u32,
    enabled: bool,
    tags: Option<Vec<String>>,
    ca_certificates: Option<Vec<Uuid>>,
    client_certificate: Option<Reference>,
    tls_sans: Option<TlsSans>,
    tls_verify: Option<bool>,
    tls_verify_depth: Option<u8>,
}

/// The service of a gateway.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    gateway: Uuid,
    id: Uuid,
) -> Result<service::Model, Problem> {
    let found = service::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.gateway_id == gateway).ok_or_else(Problem::not_found)
}

/// Makes a service.
pub(crate) async fn create(
    app: &App,
    gateway: Uuid,
    body: ServiceBody,
) -> Result<service::Model, Problem> {
    let tx = app.store.change().await?;
    gateway::find(&*tx, gateway).await?;
    let id = body.id.unwrap_or_else(Uuid::now_v7);
    if service::Entity::find_by_id(id).one(&*tx).await?.is_some() {
        return Err(Problem::conflict("A service with the given id already exists"));
    }
    write(app, tx, gateway, id, None, body).await
}

/// Makes a service under an id, or replaces it.
pub(crate) async fn put(
    app: &App,
    gateway: Uuid,
    id: Uuid,
    body: ServiceBody,
) -> Result<service::Model, Problem> {
    let tx = app.store.change().await?;
    gateway::find(&*tx, gateway).await?;
    let before = service::Entity::find_by_id(id).one(&*tx).await?;
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
    before: Option<service::Model>,
    mut body: ServiceBody,
) -> Result<service::Model, Problem> {
    if let Some(url) = body.url.take() {
        spread(&url, &mut body)?;
    }
    let Some(host) = body.host.clone().value() else {
        return Err(Problem::one_invalid(Invalid::body("host", "required", "is required")));
    };
    if let Some(name) = &body.name {
        let twins = service::Entity::find()
            .filter(service::Column::GatewayId.eq(gateway))
            .filter(service::Column::Name.eq(name))
            .filter(service::Column::Id.ne(id));
        if twins.count(&*tx).await? > 0 {
            return Err(Problem::conflict("A service with the given name already exists"));
        }
    }
    let now = app.clock.now();
    let row = service::Model {
        id,
        gateway_id: gateway,
        name: body.name.clone(),
        host,
        document: serde_json::to_value(document(body)).map_err(Problem::internal)?,
        created_at: before.as_ref().map_or(now, |before| before.created_at),
        updated_at: before.as_ref().map_or(now, |before| now.max(before.updated_at + 1)),
    };
    let row = match before {
        Some(_) => row.into_active_model().reset_all().update(&*tx).await?,
        None => row.into_active_model().insert(&*tx).await?,
    };
    tx.put_at(gateway.into(), record::service(&row));
    tx.commit().await?;
    Ok(row)
}

/// Deletes a service that no API is linked to, with its routes.
pub(crate) async fn delete(app: &App, gateway: Uuid, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let service = find(&*tx, gateway, id).await?;
    let linked = implementation::Column::ServiceId.eq(id);
    if implementation::Entity::find().filter(linked).count(&*tx).await? > 0 {
        return Err(Problem::conflict("The service is linked to an API; unlink it first"));
    }
    route::forget_of_service(&mut tx, &service).await?;
    tx.delete_at(gateway.into(), RecordKey::Service { id: ServiceId::from(id) });
    service.delete(&*tx).await?;
    tx.commit().await?;
    Ok(())
}

fn document(body: ServiceBody) -> ServiceDocument {
    ServiceDocument {
        protocol: body.protocol.unwrap_or(Protocol::Http),
        port: body.port.unwrap_or(80),
        path: body.path,
        retries: body.retries.unwrap_or(5),
        connect_timeout: body.connect_timeout.unwrap_or(SIXTY_SECONDS).min(LONGEST),
        read_timeout: body.read_timeout.unwrap_or(SIXTY_SECONDS).min(LONGEST),
        write_timeout: body.write_timeout.unwrap_or(SIXTY_SECONDS).min(LONGEST),
        enabled: body.enabled.unwrap_or(true),
        tags: body.tags,
        ca_certificates: body.ca_certificates,
        client_certificate: body.client_certificate,
        tls_sans: body.tls_sans,
        tls_verify: body.tls_verify,
        tls_verify_depth: body.tls_verify_depth,
    }
}

/// Spreads `protocol://host:port/path` over the members it stands for.
fn spread(url: &str, body: &mut ServiceBody) -> Result<(), Problem> {
    let bad = || {
        let reason = "must be `protocol://host[:port][/path]`";
        Problem::one_invalid(Invalid::body("url", "invalid", reason))
    };
    let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
    let protocol = serde_json::from_value(scheme.into()).map_err(|_| bad())?;
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, Some(format!("/{path}"))),
        None => (rest, None),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| bad())?),
        None => (authority, if protocol == Protocol::Https { 443 } else { 80 }),
    };
    if host.is_empty() || host.len() > 253 || host.contains(['@', ' ', '?', '#']) {
        return Err(bad());
    }
    body.protocol = Some(protocol);
    body.host = Given::Yes(host.to_owned());
    body.port = Some(port);
    body.path = path;
    Ok(())
}
