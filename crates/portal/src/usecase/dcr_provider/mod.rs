//! Providers at which applications' clients are registered.

use gatekey_core::secret::Secret;
use gatekey_dcr::Kind;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, ModelTrait, PaginatorTrait, QueryFilter, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::issuer::{self, Entered};
use super::label::LabelEdit;
use crate::app::App;
use crate::dcr;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{dcr_client, dcr_provider, publication, strategy};
use crate::vault::Place;

mod config;

use self::config::Config;

/// The kinds of providers: Konnect's, and `rfc7591`, which is an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
enum ProviderType {
    #[serde(rename = "auth0")]
    Auth0,
    #[serde(rename = "azureAd")]
    AzureAd,
    #[serde(rename = "curity")]
    Curity,
    #[serde(rename = "okta")]
    Okta,
    #[serde(rename = "kongIdentity")]
    KongIdentity,
    #[serde(rename = "http")]
    Http,
    #[serde(rename = "rfc7591")]
    Rfc7591,
}

impl ProviderType {
    const fn kind(self) -> Kind {
        match self {
            Self::Auth0 => Kind::Auth0,
            Self::AzureAd => Kind::AzureAd,
            Self::Curity => Kind::Curity,
            Self::Okta => Kind::Okta,
            Self::KongIdentity => Kind::KongIdentity,
            Self::Http => Kind::Http,
            Self::Rfc7591 => Kind::Rfc7591,
        }
    }
}

fn config_to_make(_: &mut SchemaGenerator) -> Schema {
    config::described(false)
}

fn config_to_change(_: &mut SchemaGenerator) -> Schema {
    config::described(true)
}

/// A provider to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProvider {
    #[schemars(length(min = 1, max = 256))]
    name: String,
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    display_name: Given<String>,
    provider_type: ProviderType,
    /// The issuer of the tokens that clients get there.
    #[schemars(length(max = 256))]
    issuer: String,
    /// What the kind of provider needs. Secrets in it are never shown again.
    #[serde(default)]
    #[schemars(schema_with = "config_to_make")]
    dcr_config: Map<String, Value>,
    #[serde(default)]
    labels: Given<Option<LabelEdit>>,
}

/// What to change of a provider.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    display_name: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 256))]
    issuer: Given<String>,
    /// Members that are missing stay as they are, secrets too.
    #[serde(default)]
    #[schemars(schema_with = "config_to_change")]
    dcr_config: Map<String, Value>,
    #[serde(default)]
    labels: Given<Option<LabelEdit>>,
}

/// The provider of that id.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<dcr_provider::Model, Problem> {
    dcr_provider::Entity::find_by_id(id).one(db).await?.ok_or_else(Problem::not_found)
}

/// The provider that a member of a body refers to.
pub(crate) async fn exists(
    db: &impl ConnectionTrait,
    id: Uuid,
    field: &str,
) -> Result<dcr_provider::Model, Problem> {
    let found = dcr_provider::Entity::find_by_id(id).one(db).await?;
    found.ok_or_else(|| {
        Problem::one_invalid(Invalid::body(field, "missing_reference", "DCR provider not found"))
    })
}

/// What may be shown of a provider's configuration.
pub(crate) fn shown(row: &dcr_provider::Model) -> Result<Map<String, Value>, Problem> {
    Ok(config::shown(dcr::kind(row)?, &row.config))
}

/// Whether clients can have several secrets at a time. A provider that cannot be worked with has no
/// clients, and is shown all the same.
pub(crate) fn has_several_secrets(app: &App, row: &dcr_provider::Model) -> bool {
    dcr::capabilities(app, row).is_ok_and(|capabilities| capabilities.secrets > 1)
}

/// What is wrong with a provider, as far as asking it tells.
pub(crate) async fn verify(app: &App, row: &dcr_provider::Model) -> Result<Vec<String>, Problem> {
    if dcr::kind(row)? != Kind::KongIdentity {
        return Ok(dcr::register::verify(app, row).await);
    }
    // The portal's own servers are not asked.
    let entered = Entered::read(&row.issuer).map_err(Problem::internal)?;
    let found = issuer::look(app, app.store.db(), &entered).await?;
    Ok(found.err().into_iter().collect())
}

/// Whether a strategy that is published uses the provider, for each of them.
pub(crate) async fn active(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Uuid>, Problem> {
    let published =
        publication::Entity::find().select_only().column(publication::Column::StrategyId);
    let used: Vec<Option<Uuid>> = strategy::Entity::find()
        .select_only()
        .column(strategy::Column::DcrProviderId)
        .filter(strategy::Column::DcrProviderId.is_in(ids))
        .filter(strategy::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(published)))
        .into_tuple()
        .all(db)
        .await?;
    Ok(used.into_iter().flatten().collect())
}

/// Makes a provider. It is not asked: that is what verifying is for.
pub(crate) async fn create(app: &App, new: NewProvider) -> Result<dcr_provider::Model, Problem> {
    let now = app.clock.now();
    let kind = new.provider_type.kind();
    let config = Config::default().put(kind, new.dcr_config, false)?;
    let tx = app.store.begin().await?;
    let made = dcr_provider::Model {
        id: Uuid::now_v7(),
        name: new.name,
        display_name: new.display_name.value(),
        kind: kind.as_str().into(),
        issuer: new.issuer,
        config: Value::Null,
        secret: None,
        labels: new.labels.or(None).unwrap_or_default().fresh()?,
        builtin: false,
        created_at: now,
        updated_at: now,
    };
    let made = checked(app, &tx, made, config).await?;
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes a provider. Its kind stays.
pub(crate) async fn update(
    app: &App,
    id: Uuid,
    edit: ProviderEdit,
) -> Result<dcr_provider::Model, Problem> {
    let tx = app.store.begin().await?;
    let before = dcr_provider::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let before = before.ok_or_else(Problem::not_found)?;
    let config =
        Config::of(dcr::provider(app, &before)?).put(dcr::kind(&before)?, edit.dcr_config, true)?;
    let mut after = before.clone();
    edit.name.put(&mut after.name);
    edit.issuer.put(&mut after.issuer);
    if let Given::Yes(name) = edit.display_name {
        after.display_name = Some(name);
    }
    if let Given::Yes(labels) = edit.labels {
        after.labels = labels.unwrap_or_default().apply(&after.labels)?;
    }
    let mut after = checked(app, &tx, after, config).await?;
    let is_own = dcr::kind(&before)? == Kind::KongIdentity;
    if is_own && before.issuer != after.issuer && has_clients(&tx, id).await? {
        let detail = "The clients of the DCR provider are at its auth server: it cannot change";
        return Err(Problem::conflict(detail));
    }
    after.updated_at = app.clock.now().max(before.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    app.dcr.forget(id);
    Ok(after)
}

/// Deletes a provider that nothing uses.
pub(crate) async fn delete(app: &App, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let provider = find(&tx, id).await?;
    let strategies =
        strategy::Entity::find().filter(strategy::Column::DcrProviderId.eq(id)).count(&tx).await?;
    if strategies > 0 {
        return Err(Problem::conflict("The DCR provider is used by an auth strategy"));
    }
    if has_clients(&tx, id).await? {
        let detail = "Clients of applications are registered at the DCR provider, or are being \
                      removed from it";
        return Err(Problem::conflict(detail));
    }
    provider.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn has_clients(db: &impl ConnectionTrait, id: Uuid) -> Result<bool, Problem> {
    let clients =
        dcr_client::Entity::find().filter(dcr_client::Column::ProviderId.eq(id)).count(db).await?;
    Ok(clients > 0)
}

/// The provider with a configuration, all of it checked and what is secret sealed.
async fn checked(
    app: &App,
    tx: &DatabaseTransaction,
    mut provider: dcr_provider::Model,
    config: Config,
) -> Result<dcr_provider::Model, Problem> {
    let kind = dcr::kind(&provider)?;
    config.check_urls(kind, |url| app.outbound.check_url(url))?;
    check_issuer(app, tx, kind, &provider.issuer).await?;
    provider.config = Value::Object(config.public);
    provider.secret = sealed(app, provider.id, config.secrets)?;
    // The adapter has the last word on its configuration.
    if let Err(fault) = dcr::provider(app, &provider)?.adapter() {
        return Err(Problem::one_invalid(Invalid::body(fault.field, "invalid", fault.rule)));
    }
    let twins = dcr_provider::Entity::find()
        .filter(dcr_provider::Column::Name.eq(&provider.name))
        .filter(dcr_provider::Column::Id.ne(provider.id))
        .count(tx)
        .await?;
    if twins > 0 {
        return Err(Problem::conflict("A DCR provider with the given name already exists"));
    }
    Ok(provider)
}

/// Whether an issuer can be that of a provider.
async fn check_issuer(
    app: &App,
    db: &impl ConnectionTrait,
    kind: Kind,
    issuer: &str,
) -> Result<(), Problem> {
    let blame = |rule, reason: &str| Problem::one_invalid(Invalid::body("issuer", rule, reason));
    let entered = Entered::read(issuer).map_err(|fault| blame("invalid", fault))?;
    if kind == Kind::KongIdentity {
        return match issuer::own_server(app, db, &entered).await? {
            Some(_) => Ok(()),
            None => Err(blame(
                "missing_reference",
                "must be the issuer of an auth server of the portal",
            )),
        };
    }
    app.outbound.check_url(issuer).map_err(|fault| blame("invalid", &fault.to_string()))
}

fn sealed(app: &App, id: Uuid, secrets: Map<String, Value>) -> Result<Option<Vec<u8>>, Problem> {
    if secrets.is_empty() {
        return Ok(None);
    }
    let text = Secret::new(Value::Object(secrets).to_string());
    let place = Place { table: dcr::PROVIDERS, row: &id.to_string() };
    app.secrets.vault.seal(place, text.expose().as_bytes()).map(Some)
}
