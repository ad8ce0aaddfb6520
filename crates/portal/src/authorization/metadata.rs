//! What a server says of itself (OpenID Connect Discovery, RFC 8414).

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::grant::GRANT_TYPES;
use crate::app::App;
use crate::identity::key;
use crate::identity::server;
use crate::problem::Problem;
use crate::store::entity::auth_scope;

/// How a client can prove who it is.
pub(crate) const AUTH_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];
/// The same, where a secret is needed.
const SECRET_METHODS: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// The document of a server.
pub(crate) async fn document(app: &App, id: Uuid) -> Result<Value, Problem> {
    let server = server::find(app.store.db(), id).await?;
    let issuer = server.issuer(app);
    let under = |path: &str| format!("{issuer}{path}");
    let shown = auth_scope::Entity::find()
        .filter(auth_scope::Column::ServerId.eq(id))
        .filter(auth_scope::Column::Enabled.eq(true))
        .filter(auth_scope::Column::IncludeInMetadata.eq(true))
        .order_by_asc(auth_scope::Column::Id)
        .all(app.store.db())
        .await?;
    let mut scopes: Vec<String> = ["openid", "profile", "email"].map(str::to_owned).into();
    for scope in shown {
        if !scopes.contains(&scope.name) {
            scopes.push(scope.name);
        }
    }
    let algorithm = key::signer(app, &server).await?.algorithm.jws_name();
    Ok(json!({
        "issuer": issuer,
        "authorization_endpoint": under("/oauth/authorize"),
        "token_endpoint": under("/oauth/token"),
        "userinfo_endpoint": under("/userinfo"),
        "jwks_uri": under("/.well-known/jwks"),
        "registration_endpoint": under("/register"),
        "introspection_endpoint": under("/introspect"),
        "revocation_endpoint": under("/oauth/revoke"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GRANT_TYPES,
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "introspection_endpoint_auth_methods_supported": SECRET_METHODS,
        "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "name", "email",
            "email_verified", "updated_at",
        ],
        "prompt_values_supported": ["none", "login", "consent"],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    }))
}
