//! The endpoints of the embedded authorization servers. They speak OAuth 2.0 and OpenID Connect,
//! not the dialect of the other APIs, and describe themselves in their metadata.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use gatekey_core::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use self::answer::{Refused, not_stored};
use self::body::FormBody;
use crate::actor::ClientAddress;
use crate::app::App;
use crate::authorization::grant::{self, Tokens};
use crate::authorization::{introspection, metadata, userinfo};
use crate::identity::key;
use crate::identity::server;
use crate::input::Ids;
use crate::problem::Problem;

mod answer;
mod body;
mod cors;
mod interaction;
mod page;
mod registration;

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerPath {
    auth_server_id: Uuid,
}

type Server = Ids<ServerPath>;

pub(super) fn routes(app: App) -> Router<App> {
    const BASE: &str = "/auth/{authServerId}";
    let under = |path: &str| format!("{BASE}{path}");
    let registration =
        get(registration::read).put(registration::replace).delete(registration::remove);
    let mut router = Router::new();
    for (path, endpoint) in [
        (under("/.well-known/openid-configuration"), get(document)),
        (under("/.well-known/oauth-authorization-server"), get(document)),
        (format!("/.well-known/oauth-authorization-server{BASE}"), get(document)),
        (under("/.well-known/jwks"), get(jwks)),
        (under("/oauth/token"), post(token)),
        (under("/oauth/revoke"), post(revoke)),
        (under("/introspect"), post(introspect)),
        (under("/userinfo"), get(user).post(user)),
        (under("/register"), post(registration::register)),
        (under("/register/{clientId}"), registration),
    ] {
        // What answers a preflight is in front of this.
        let endpoint = endpoint.options(async || Problem::method_not_allowed());
        router = router.route(&path, endpoint);
    }
    router.layer(from_fn_with_state(app, cors::allow)).merge(interaction::routes(BASE))
}

async fn document(State(app): State<App>, Ids(path): Server) -> Result<Response, Problem> {
    let document = metadata::document(&app, path.auth_server_id).await?;
    Ok(public(&app, &document))
}

async fn jwks(State(app): State<App>, Ids(path): Server) -> Result<Response, Problem> {
    server::find(app.store.db(), path.auth_server_id).await?;
    let keys = key::published(&app, path.auth_server_id).await?;
    Ok(public(&app, &json!({"keys": keys})))
}

/// What anybody may keep for a while: not for longer than a key is published before it signs.
fn public(app: &App, body: &impl Serialize) -> Response {
    let age = format!("public, max-age={}", key::cache_age(app).as_secs());
    let age = HeaderValue::try_from(age).unwrap_or(HeaderValue::from_static("no-store"));
    ([(CACHE_CONTROL, age), (VARY, HeaderValue::from_static("Origin"))], Json(body)).into_response()
}

async fn token(
    State(app): State<App>,
    Ids(path): Server,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Result<Response, Refused> {
    let tokens = grant::tokens(&app, path.auth_server_id, &headers, &form, address).await;
    Ok(not_stored(StatusCode::OK, &TokenAnswer::of(&tokens.map_err(Refused::client(&headers))?)))
}

#[derive(Serialize)]
struct TokenAnswer<'t> {
    access_token: &'t str,
    token_type: &'static str,
    expires_in: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'t str>,
}

impl<'t> TokenAnswer<'t> {
    fn of(tokens: &'t Tokens) -> Self {
        let shown =
            |token: &'t Option<Secret<String>>| token.as_ref().map(|token| token.expose().as_str());
        Self {
            access_token: tokens.access.expose(),
            token_type: "Bearer",
            expires_in: tokens.expires_in,
            scope: tokens.scope.as_deref(),
            refresh_token: shown(&tokens.refresh),
            id_token: shown(&tokens.id),
        }
    }
}

async fn introspect(
    State(app): State<App>,
    Ids(path): Server,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Result<Response, Refused> {
    let asked = introspection::introspect(&app, path.auth_server_id, &headers, &form, address);
    let mut told = asked.await.map_err(Refused::client(&headers))?.unwrap_or_default();
    let active = !told.is_empty();
    told.insert("active".into(), active.into());
    Ok(not_stored(StatusCode::OK, &told))
}

async fn revoke(
    State(app): State<App>,
    Ids(path): Server,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Result<StatusCode, Refused> {
    let revoked = introspection::revoke(&app, path.auth_server_id, &headers, &form, address);
    revoked.await.map_err(Refused::client(&headers))?;
    Ok(StatusCode::OK)
}

async fn user(
    State(app): State<App>,
    Ids(path): Server,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let told = userinfo::userinfo(&app, path.auth_server_id, &headers).await;
    Ok(not_stored(StatusCode::OK, &told.map_err(Refused::bearer)?))
}
