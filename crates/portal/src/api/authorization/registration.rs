//! The registration endpoint, and that of one registration.

use core::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Server;
use super::answer::{Refused, not_stored};
use crate::actor::ClientAddress;
use crate::app::App;
use crate::authorization::refusal::{Code, Refusal};
use crate::authorization::registration::{self, Registered};
use crate::authorization::userinfo::bearer;
use crate::input::Ids;
use crate::problem::Problem;

/// The longest metadata that are read.
const LIMIT: usize = 64 << 10;
/// How long they may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegistrationPath {
    auth_server_id: Uuid,
    client_id: String,
}

pub(super) async fn register(
    State(app): State<App>,
    Ids(path): Server,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Result<Response, Refused> {
    let headers = request.headers().clone();
    let asked = read_metadata(request).await.map_err(Refused::bearer)?;
    let server = path.auth_server_id;
    let made = registration::register(&app, server, bearer(&headers), &asked, address).await;
    Ok(show(StatusCode::CREATED, made.map_err(Refused::bearer)?))
}

pub(super) async fn read(
    State(app): State<App>,
    Ids(path): Ids<RegistrationPath>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (server, id) = (path.auth_server_id, &path.client_id);
    let found = registration::read(&app, server, id, bearer(&headers)).await;
    Ok(show(StatusCode::OK, found.map_err(Refused::bearer)?))
}

pub(super) async fn replace(
    State(app): State<App>,
    Ids(path): Ids<RegistrationPath>,
    request: Request,
) -> Result<Response, Refused> {
    let headers = request.headers().clone();
    let asked = read_metadata(request).await.map_err(Refused::bearer)?;
    let (server, id) = (path.auth_server_id, &path.client_id);
    let replaced = registration::replace(&app, server, id, bearer(&headers), &asked).await;
    Ok(show(StatusCode::OK, replaced.map_err(Refused::bearer)?))
}

pub(super) async fn remove(
    State(app): State<App>,
    Ids(path): Ids<RegistrationPath>,
    headers: HeaderMap,
) -> Result<StatusCode, Refused> {
    let (server, id) = (path.auth_server_id, &path.client_id);
    let removed = registration::remove(&app, server, id, bearer(&headers)).await;
    removed.map_err(Refused::bearer)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read_metadata(request: Request) -> Result<Map<String, Value>, Refusal> {
    let body = tokio::time::timeout(TIMEOUT, to_bytes(request.into_body(), LIMIT)).await;
    let body = body.map_err(|_| Problem::request_timeout())?;
    let body = body.map_err(|_| Problem::too_large(LIMIT))?;
    serde_json::from_slice(&body)
        .map_err(|_| Refusal::new(Code::InvalidClientMetadata, "The body must be a JSON object"))
}

fn show(status: StatusCode, registered: Registered) -> Response {
    let Registered { mut metadata, secret, token, uri } = registered;
    if let Some(secret) = secret {
        metadata.insert("client_secret".into(), secret.expose().as_str().into());
        metadata.insert("client_secret_expires_at".into(), 0.into());
    }
    metadata.insert("registration_access_token".into(), token.expose().as_str().into());
    metadata.insert("registration_client_uri".into(), uri.into());
    not_stored(status, &metadata)
}
