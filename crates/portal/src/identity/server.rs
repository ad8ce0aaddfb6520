//! Authorization servers.

use axum::http::Uri;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::algorithm::Algorithm;
use super::key::{self, FirstKey, Urgency};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{auth_claim, auth_client, auth_scope, auth_server};
use crate::usecase::label::LabelEdit;

/// What access tokens look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum TokenProfile {
    /// As Kong's: a JSON Web Token.
    #[default]
    Jwt,
    /// As RFC 9068 has them.
    Rfc9068,
}

impl TokenProfile {
    /// The name it is stored under.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Rfc9068 => "rfc9068",
        }
    }
}

/// An authorization server to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewServer {
    #[schemars(length(min = 1, max = 255))]
    pub(crate) name: String,
    #[serde(default)]
    #[schemars(length(max = 2048))]
    pub(crate) description: Given<String>,
    /// Whom the tokens are for: their `aud`.
    #[schemars(length(min = 1, max = 2048))]
    pub(crate) audience: String,
    /// RS256 if absent. ES256 and Ed25519 are extensions.
    #[serde(default)]
    pub(crate) signing_algorithm: Given<Algorithm>,
    #[serde(default)]
    pub(crate) labels: Given<Option<LabelEdit>>,
    /// Origins from which browsers may call the server.
    #[serde(default)]
    #[schemars(length(max = 16), inner(length(min = 1, max = 255)))]
    pub(crate) trusted_origins: Given<Vec<String>>,
    /// Extension: what access tokens look like; `jwt` if absent.
    #[serde(default)]
    pub(crate) access_token_profile: Given<TokenProfile>,
}

/// What to change of an authorization server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 2048))]
    description: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 2048))]
    audience: Given<String>,
    /// The key of another algorithm is published at once, and signs when everybody can know it.
    /// ES256 and Ed25519 are extensions.
    #[serde(default)]
    signing_algorithm: Given<Algorithm>,
    #[serde(default)]
    labels: Given<Option<LabelEdit>>,
    #[serde(default)]
    #[schemars(length(max = 16), inner(length(min = 1, max = 255)))]
    trusted_origins: Given<Vec<String>>,
    /// Extension: what access tokens look like.
    #[serde(default)]
    access_token_profile: Given<TokenProfile>,
}

impl auth_server::Model {
    /// The issuer of its tokens.
    pub(crate) fn issuer(&self, app: &App) -> String {
        format!("{}/auth/{}", app.config.base_url(), self.id)
    }

    /// Where its metadata is.
    pub(crate) fn metadata_uri(&self, app: &App) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer(app))
    }

    /// Where its key set is.
    pub(crate) fn jwks_uri(&self, app: &App) -> String {
        format!("{}/.well-known/jwks", self.issuer(app))
    }
}

/// The server of that id.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<auth_server::Model, Problem> {
    auth_server::Entity::find_by_id(id).one(db).await?.ok_or_else(Problem::not_found)
}

/// The server whose issuer is `issuer`, if it is one of this portal.
pub(crate) async fn of_issuer(
    app: &App,
    db: &impl ConnectionTrait,
    issuer: &str,
) -> Result<Option<auth_server::Model>, Problem> {
    let base = format!("{}/auth/", app.config.base_url());
    let id = issuer.strip_prefix(&base).map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    match id.and_then(|id| Uuid::try_parse(id).ok()) {
        Some(id) => Ok(auth_server::Entity::find_by_id(id).one(db).await?),
        None => Ok(None),
    }
}

/// The server of that id, whose row stays locked until the transaction ends: what counts
/// something of the server does so one after the other.
pub(super) async fn lock(
    tx: &impl ConnectionTrait,
    id: Uuid,
) -> Result<auth_server::Model, Problem> {
    let found = auth_server::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    found.ok_or_else(Problem::not_found)
}

/// Makes a server, with a key.
pub(crate) async fn create(app: &App, new: NewServer) -> Result<auth_server::Model, Problem> {
    let now = app.clock.now();
    let algorithm = new.signing_algorithm.or(Algorithm::default());
    let made = auth_server::Model {
        id: Uuid::now_v7(),
        name: new.name,
        audience: new.audience,
        description: new.description.value(),
        algorithm: algorithm.as_str().into(),
        labels: new.labels.or(None).unwrap_or_default().fresh()?,
        trusted_origins: origins(new.trusted_origins.or(Vec::new()))?,
        token_profile: new.access_token_profile.or(TokenProfile::Jwt).as_str().into(),
        builtin: false,
        created_at: now,
        updated_at: now,
    };
    check_name(app.store.db(), &made).await?;
    let first = FirstKey::make(algorithm).await?;
    let tx = app.store.begin().await?;
    check_name(&tx, &made).await?;
    let made = made.into_active_model().insert(&tx).await?;
    first.give(app, &tx, made.id, now).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes a server.
pub(crate) async fn update(
    app: &App,
    id: Uuid,
    edit: ServerEdit,
) -> Result<auth_server::Model, Problem> {
    let tx = app.store.begin().await?;
    let mut after = lock(&tx, id).await?;
    let before = after.clone();
    edit.name.put(&mut after.name);
    if let Given::Yes(description) = edit.description {
        after.description = Some(description);
    }
    edit.audience.put(&mut after.audience);
    if let Given::Yes(algorithm) = edit.signing_algorithm {
        after.algorithm = algorithm.as_str().into();
    }
    if let Given::Yes(labels) = edit.labels {
        after.labels = match labels {
            Some(labels) => labels.apply(&before.labels)?,
            None => Value::Object(serde_json::Map::new()),
        };
    }
    if let Given::Yes(listed) = edit.trusted_origins {
        after.trusted_origins = origins(listed)?;
    }
    if let Given::Yes(profile) = edit.access_token_profile {
        after.token_profile = profile.as_str().into();
    }
    check_name(&tx, &after).await?;
    after.updated_at = app.clock.now().max(before.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    app.identity.forget(id);
    if after.algorithm != before.algorithm {
        key::advance(app, id, Urgency::Scheduled).await?;
    }
    Ok(after)
}

/// Deletes a server. While it has clients, scopes or claims it takes force.
pub(crate) async fn delete(app: &App, id: Uuid, force: bool) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let server = lock(&tx, id).await?;
    if !force && has_children(&tx, id).await? {
        let reason = "must be true while the authorization server has clients, scopes or claims";
        return Err(Problem::one_invalid(Invalid::query("force", "invalid", reason)));
    }
    server.delete(&tx).await?;
    tx.commit().await?;
    app.identity.forget(id);
    Ok(())
}

async fn has_children(tx: &impl ConnectionTrait, id: Uuid) -> Result<bool, Problem> {
    let clients = auth_client::Entity::find().filter(auth_client::Column::ServerId.eq(id));
    let scopes = auth_scope::Entity::find().filter(auth_scope::Column::ServerId.eq(id));
    let claims = auth_claim::Entity::find().filter(auth_claim::Column::ServerId.eq(id));
    Ok(clients.count(tx).await? + scopes.count(tx).await? + claims.count(tx).await? > 0)
}

async fn check_name(db: &impl ConnectionTrait, server: &auth_server::Model) -> Result<(), Problem> {
    let twins = auth_server::Entity::find()
        .filter(auth_server::Column::Name.eq(&server.name))
        .filter(auth_server::Column::Id.ne(server.id))
        .count(db)
        .await?;
    if twins > 0 {
        return Err(Problem::conflict("An auth server with the given name already exists"));
    }
    Ok(())
}

/// Origins as browsers write them: scheme, host and perhaps port, nothing behind.
fn origins(listed: Vec<String>) -> Result<Value, Problem> {
    let mut faults = Vec::new();
    for (index, origin) in listed.iter().enumerate() {
        let field = format!("trusted_origins.{index}");
        if !is_origin(origin) {
            let reason = "must be an origin: http or https, a host, and perhaps a port";
            faults.push(Invalid::body(field, "invalid", reason));
        } else if listed.iter().take(index).any(|other| other == origin) {
            faults.push(Invalid::body(field, "invalid", "must not stand twice"));
        }
    }
    if faults.is_empty() { Ok(Value::from(listed)) } else { Err(Problem::invalid(faults)) }
}

fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    let bare = ["http", "https"].iter().any(|scheme| text == format!("{scheme}://{authority}"));
    bare && !authority.as_str().contains('@') && !text.chars().any(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for good in ["https://example.com", "http://localhost:3000", "https://[::1]:8443"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "https://example.com/",
            "https://example.com/app",
            "https://a@example.com",
            "https://Example.com",
            "ftp://example.com",
            "example.com",
            "*",
            "null",
            "https://",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
