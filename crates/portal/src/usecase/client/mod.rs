//! Clients of applications whose strategy is OpenID Connect: where they come from, and under which
//! digest gateways know them.

use gatekey_core::id::StrategyId;
use gatekey_core::oidc::client_digest;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter,
};
use serde_json::Value;
use uuid::Uuid;

use super::strategy::KEY_AUTH;
use crate::app::App;
use crate::dcr;
use crate::problem::{Invalid, Problem};
use crate::revision::{ChangeSet, record};
use crate::store::entity::{application, credential, dcr_provider, strategy};

pub(crate) mod embedded;
pub(crate) mod link;
pub(crate) mod secret;

/// The scheme of the row under which gateways know a client.
pub(crate) const CLIENT: &str = "client";

/// How the applications of a strategy prove themselves.
#[derive(Debug)]
pub(crate) enum Identity {
    /// With API keys.
    Keys,
    /// With a client that the developer has made.
    SelfManaged,
    /// With a client that is made for the application at a provider.
    Registered(Box<dcr_provider::Model>),
}

impl Identity {
    /// That of a strategy.
    pub(crate) async fn of(
        db: &impl ConnectionTrait,
        strategy: &strategy::Model,
    ) -> Result<Self, Problem> {
        if strategy.kind == KEY_AUTH {
            return Ok(Self::Keys);
        }
        let Some(provider) = strategy.dcr_provider_id else { return Ok(Self::SelfManaged) };
        let found = dcr_provider::Entity::find_by_id(provider).one(db).await?;
        let found = found.ok_or_else(|| Problem::internal("a strategy's provider is gone"))?;
        Ok(Self::Registered(Box::new(found)))
    }
}

/// The issuer that tokens of the strategy name: the discovered one, else the one that was entered.
fn issuer(strategy: &strategy::Model) -> String {
    let entered = || strategy.config.get("issuer").and_then(Value::as_str).map(str::to_owned);
    super::issuer::effective(strategy).or_else(entered).unwrap_or_default()
}

/// Makes gateways know the client as the application's. A client belongs to one application.
pub(crate) async fn bind(
    app: &App,
    tx: &mut ChangeSet,
    strategy: &strategy::Model,
    application: Uuid,
    client_id: &str,
) -> Result<(), Problem> {
    unbind(tx, application).await?;
    let now = app.clock.now();
    let digest = client_digest(StrategyId::from(strategy.id), &issuer(strategy), client_id);
    let taken = credential::Entity::find()
        .filter(credential::Column::Digest.eq(digest.as_bytes().to_vec()))
        .one(&**tx)
        .await?;
    if taken.is_some() {
        return Err(Problem::conflict("Another application has the given client ID"));
    }
    let row = credential::Model {
        id: Uuid::now_v7(),
        application_id: application,
        display_name: None,
        scheme: CLIENT.into(),
        pepper_id: String::new(),
        digest: digest.as_bytes().to_vec(),
        expires_at: None,
        last_used_at: None,
        origin: credential::ISSUED.into(),
        rotated_at: None,
        retire_idle_hours: None,
        retired_at: None,
        successor_id: None,
        notice_at: None,
        created_at: now,
        updated_at: now,
    };
    let row = row.into_active_model().insert(&**tx).await?;
    if let Some(known) = record::credential(&row) {
        tx.put(known);
    }
    Ok(())
}

/// Makes gateways forget the application's client.
pub(crate) async fn unbind(tx: &mut ChangeSet, application: Uuid) -> Result<(), Problem> {
    let rows = credential::Entity::find()
        .filter(credential::Column::ApplicationId.eq(application))
        .filter(credential::Column::Scheme.eq(CLIENT))
        .all(&**tx)
        .await?;
    for row in rows {
        if let Some(key) = record::credential_key(&row) {
            tx.delete(key);
        }
        row.delete(&**tx).await?;
    }
    Ok(())
}

/// Makes gateways know every client of the strategy under its issuer of now.
pub(crate) async fn redigest(
    tx: &mut ChangeSet,
    strategy: &strategy::Model,
) -> Result<(), Problem> {
    let applications = application::Entity::find()
        .filter(application::Column::StrategyId.eq(strategy.id))
        .filter(application::Column::ClientId.is_not_null())
        .all(&**tx)
        .await?;
    for application in applications {
        let Some(client_id) = &application.client_id else { continue };
        let digest = client_digest(StrategyId::from(strategy.id), &issuer(strategy), client_id);
        let row = credential::Entity::find()
            .filter(credential::Column::ApplicationId.eq(application.id))
            .filter(credential::Column::Scheme.eq(CLIENT))
            .one(&**tx)
            .await?;
        let Some(row) = row.filter(|row| row.digest != digest.as_bytes()) else { continue };
        if let Some(key) = record::credential_key(&row) {
            tx.delete(key);
        }
        let mut row = row.into_active_model();
        row.digest = sea_orm::Set(digest.as_bytes().to_vec());
        let row = row.update(&**tx).await?;
        if let Some(known) = record::credential(&row) {
            tx.put(known);
        }
    }
    Ok(())
}

/// Checks where a browser is to be sent back to: exactly as RFC 6749, 3.1.2, and RFC 8252, 7.3, have
/// it.
pub(crate) fn check_redirect_uri(field: &str, uri: &str) -> Result<(), Problem> {
    let refuse = |reason: &str| Err(Problem::one_invalid(Invalid::body(field, "invalid", reason)));
    let Ok(parsed) = reqwest::Url::parse(uri) else {
        return refuse("must be an absolute URL");
    };
    let loopback = matches!(parsed.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if parsed.fragment().is_some() || !parsed.username().is_empty() || parsed.password().is_some() {
        return refuse("must have no fragment, user name or password");
    }
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if loopback => Ok(()),
        _ => refuse("must be an https URL, or http on this machine"),
    }
}

/// The scopes that a developer chose: some of the strategy's.
pub(crate) fn check_scopes(strategy: &strategy::Model, chosen: &[String]) -> Result<(), Problem> {
    let offered = dcr::metadata::setting(strategy, "scopes");
    for (index, scope) in chosen.iter().enumerate() {
        if !offered.contains(scope) {
            let reason = format!("must be one of {}", offered.join(", "));
            let invalid = Invalid::body(format!("scopes.{index}"), "enum", reason);
            return Err(Problem::one_invalid(invalid.one_of(offered)));
        }
    }
    Ok(())
}
