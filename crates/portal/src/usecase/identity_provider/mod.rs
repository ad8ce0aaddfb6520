//! Identity providers at which developers of a portal sign in.

use std::collections::BTreeSet;

use gatekey_core::secret::Secret;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter, QueryOrder,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::issuer::Entered;
use super::portal;
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{developer_identity, identity_provider};
use crate::vault::Place;

pub(crate) mod mapping;
pub(crate) mod settings;

/// The kind of provider that there is. Of the other, SAML, nothing is stored.
const OIDC: &str = "oidc";
/// The scopes that are asked for when nothing is said.
const SCOPES: [&str; 3] = ["email", "openid", "profile"];

/// The kinds of providers in Konnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum ProviderType {
    /// OpenID Connect.
    Oidc,
    /// SAML 2.0: left out.
    Saml,
}

/// Which claims say what of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct ClaimMappings {
    /// The name.
    #[serde(default = "ClaimMappings::name")]
    #[schemars(length(min = 1, max = 255))]
    pub(crate) name: String,
    /// The e-mail address.
    #[serde(default = "ClaimMappings::email")]
    #[schemars(length(min = 1, max = 255))]
    pub(crate) email: String,
    /// The groups, for team mappings.
    #[serde(default = "ClaimMappings::groups")]
    #[schemars(length(min = 1, max = 255))]
    pub(crate) groups: String,
}

impl ClaimMappings {
    fn name() -> String {
        "name".into()
    }

    fn email() -> String {
        "email".into()
    }

    fn groups() -> String {
        "groups".into()
    }
}

impl Default for ClaimMappings {
    fn default() -> Self {
        Self { name: Self::name(), email: Self::email(), groups: Self::groups() }
    }
}

/// What there is to know of a provider.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OidcIdentityProviderConfig")]
pub(crate) struct ProviderConfig {
    /// The issuer, as its tokens name it.
    #[schemars(length(min = 1, max = 2048))]
    pub(crate) issuer_url: String,
    #[schemars(length(min = 1, max = 255))]
    pub(crate) client_id: String,
    /// Never shown again. A public client has none.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1024))]
    pub(crate) client_secret: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 50), inner(length(min = 1, max = 255)))]
    pub(crate) scopes: Given<Vec<String>>,
    #[serde(default)]
    pub(crate) claim_mappings: Given<ClaimMappings>,
}

/// A provider to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProvider {
    /// `saml` is left out.
    #[serde(rename = "type", default)]
    kind: Given<ProviderType>,
    /// One at a time can be.
    #[serde(default)]
    enabled: Given<bool>,
    config: serde_json::Value,
}

/// What to change of a provider.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderEdit {
    #[serde(default)]
    enabled: Given<bool>,
    /// Replaces the configuration. A secret that is missing stays while the issuer does.
    #[serde(default)]
    config: Given<serde_json::Value>,
}

/// The provider of a portal.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: Uuid,
    id: Uuid,
) -> Result<identity_provider::Model, Problem> {
    let found = identity_provider::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.portal_id == portal).ok_or_else(Problem::not_found)
}

/// The providers of a portal, oldest first.
pub(crate) async fn of_portal(
    db: &impl ConnectionTrait,
    portal: Uuid,
) -> Result<Vec<identity_provider::Model>, DbErr> {
    identity_provider::Entity::find()
        .filter(identity_provider::Column::PortalId.eq(portal))
        .order_by_asc(identity_provider::Column::Id)
        .all(db)
        .await
}

/// The provider at which developers of a portal sign in now.
pub(crate) async fn enabled(
    db: &impl ConnectionTrait,
    portal: Uuid,
) -> Result<Option<identity_provider::Model>, DbErr> {
    identity_provider::Entity::find()
        .filter(identity_provider::Column::PortalId.eq(portal))
        .filter(identity_provider::Column::Enabled.eq(true))
        .one(db)
        .await
}

/// Adds a provider. It is not asked anything yet.
pub(crate) async fn create(
    app: &App,
    portal: Uuid,
    new: NewProvider,
) -> Result<identity_provider::Model, Problem> {
    if new.kind == Given::Yes(ProviderType::Saml) {
        return Err(no_saml());
    }
    let config = read(new.config)?;
    let tx = app.store.begin().await?;
    portal::find(&tx, portal).await?;
    let made = fresh(app, portal, new.enabled.or(false), config)?;
    check(&tx, &made).await?;
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes a provider.
pub(crate) async fn update(
    app: &App,
    portal: Uuid,
    id: Uuid,
    edit: ProviderEdit,
) -> Result<identity_provider::Model, Problem> {
    let config = edit.config.value().map(read).transpose()?;
    let tx = app.store.begin().await?;
    let before = find(&tx, portal, id).await?;
    let after = changed(app, &tx, before, edit.enabled.value(), config).await?;
    tx.commit().await?;
    Ok(after)
}

/// Deletes a provider. Developers stay, and can sign in with a password if they choose one.
pub(crate) async fn delete(app: &App, portal: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, portal, id).await?.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// The configuration, which has another shape for a kind that is left out.
fn read(config: serde_json::Value) -> Result<ProviderConfig, Problem> {
    if ["idp_metadata_url", "idp_metadata_xml"].iter().any(|name| config.get(name).is_some()) {
        return Err(no_saml());
    }
    crate::input::check_part::<ProviderConfig>(&config, "config")?;
    serde_json::from_value(config).map_err(|error| {
        Problem::one_invalid(Invalid::body("config", "invalid", error.to_string()))
    })
}

fn fresh(
    app: &App,
    portal: Uuid,
    enabled: bool,
    config: ProviderConfig,
) -> Result<identity_provider::Model, Problem> {
    let now = app.clock.now();
    let row = identity_provider::Model {
        id: Uuid::now_v7(),
        portal_id: portal,
        kind: OIDC.into(),
        enabled,
        issuer: String::new(),
        client_id: String::new(),
        secret: None,
        scopes: SCOPES.to_vec().into(),
        claim_mappings: mappings(&ClaimMappings::default())?,
        created_at: now,
        updated_at: now,
    };
    configured(app, row, config)
}

async fn changed(
    app: &App,
    db: &impl ConnectionTrait,
    before: identity_provider::Model,
    enabled: Option<bool>,
    config: Option<ProviderConfig>,
) -> Result<identity_provider::Model, Problem> {
    let (id, issuer) = (before.id, before.issuer.clone());
    let mut after = match config {
        Some(config) => configured(app, before, config)?,
        None => before,
    };
    if let Some(enabled) = enabled {
        after.enabled = enabled;
    }
    check(db, &after).await?;
    if after.issuer != issuer {
        // Its subjects are other people's now.
        let known = developer_identity::Column::ProviderId.eq(id);
        developer_identity::Entity::delete_many().filter(known).exec(db).await?;
    }
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    Ok(after.into_active_model().reset_all().update(db).await?)
}

fn configured(
    app: &App,
    mut row: identity_provider::Model,
    config: ProviderConfig,
) -> Result<identity_provider::Model, Problem> {
    let invalid = |reason: String| {
        Problem::one_invalid(Invalid::body("config.issuer_url", "invalid", reason))
    };
    Entered::read(&config.issuer_url).map_err(|fault| invalid(fault.to_owned()))?;
    app.outbound.check_url(&config.issuer_url).map_err(|fault| invalid(fault.to_string()))?;
    match config.client_secret {
        Given::Yes(secret) => row.secret = Some(seal(app, row.id, &Secret::new(secret))?),
        // Another provider must not be told the secret of this one.
        Given::No if row.issuer != config.issuer_url => row.secret = None,
        Given::No => {}
    }
    if let Given::Yes(scopes) = config.scopes {
        let sendable = |scope: &String| scope.bytes().all(|byte| byte.is_ascii_graphic());
        if let Some(at) = scopes.iter().position(|scope| !sendable(scope)) {
            let reason = "must be of visible ASCII characters";
            let fault = Invalid::body(format!("config.scopes.{at}"), "invalid", reason);
            return Err(Problem::one_invalid(fault));
        }
        row.scopes = scopes.into();
    }
    if let Given::Yes(claims) = config.claim_mappings {
        row.claim_mappings = mappings(&claims)?;
    }
    row.issuer = config.issuer_url;
    row.client_id = config.client_id;
    Ok(row)
}

async fn check(
    db: &impl ConnectionTrait,
    provider: &identity_provider::Model,
) -> Result<(), Problem> {
    let other = enabled(db, provider.portal_id).await?.filter(|other| other.id != provider.id);
    if provider.enabled && other.is_some() {
        return Err(Problem::conflict("The portal has an identity provider that is enabled"));
    }
    Ok(())
}

fn mappings(claims: &ClaimMappings) -> Result<serde_json::Value, Problem> {
    serde_json::to_value(claims).map_err(Problem::internal)
}

impl identity_provider::Model {
    /// Which claims say what.
    pub(crate) fn claims(&self) -> ClaimMappings {
        serde_json::from_value(self.claim_mappings.clone()).unwrap_or_default()
    }

    /// The scopes to ask for; `openid` is always among them.
    pub(crate) fn scope(&self) -> String {
        let mut scopes: BTreeSet<String> =
            crate::dcr::metadata::strings(&self.scopes).into_iter().collect();
        scopes.insert("openid".into());
        scopes.into_iter().collect::<Vec<_>>().join(" ")
    }
}

fn place(row: &str) -> Place<'_> {
    Place { table: "identity_providers", row }
}

fn seal(app: &App, id: Uuid, secret: &Secret<String>) -> Result<Vec<u8>, Problem> {
    app.secrets.vault.seal(place(&id.to_string()), secret.expose().as_bytes())
}

/// The secret of the client, if it has one.
pub(crate) fn secret(
    app: &App,
    row: &identity_provider::Model,
) -> Result<Option<Secret<String>>, Problem> {
    let Some(sealed) = &row.secret else { return Ok(None) };
    let opened = app.secrets.vault.open(place(&row.id.to_string()), sealed)?;
    let text = String::from_utf8(opened.expose().clone()).map_err(Problem::internal)?;
    Ok(Some(Secret::new(text)))
}

/// What of Konnect is left out.
pub(crate) fn no_saml() -> Problem {
    Problem::not_implemented("Sign-in with SAML is left out: use an identity provider of type oidc")
}
