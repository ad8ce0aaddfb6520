//! Application auth strategies: how applications prove themselves.

use gatekey_core::id::StrategyId;
use gatekey_core::snapshot::RecordKey;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::dcr_provider;
use super::issuer::{self, Discovery, watch};
use super::label::LabelEdit;
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::{ChangeSet, record};
use crate::store::entity::{application, portal, publication, strategy};

mod key_auth;
mod openid_connect;

use self::key_auth::KeyAuthEdit;
pub(crate) use self::key_auth::{KeyAuth, TimeToLive};
pub(crate) use self::openid_connect::with_issuer;

/// The kind of strategies whose applications hold API keys.
pub(crate) const KEY_AUTH: &str = "key_auth";
/// The kind of strategies whose applications are known to an identity provider.
pub(crate) const OPENID_CONNECT: &str = "openid_connect";
/// The name of the strategy that portals with sign-in start with.
const BUILTIN_NAME: &str = "key-auth";

/// The kinds of strategies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum StrategyType {
    /// API keys.
    KeyAuth,
    /// Tokens of an identity provider.
    OpenidConnect,
}

impl StrategyType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::KeyAuth => KEY_AUTH,
            Self::OpenidConnect => OPENID_CONNECT,
        }
    }
}

/// The settings, under the hyphenated name of their kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Configs {
    /// For `key_auth`.
    #[serde(default, rename = "key-auth")]
    #[schemars(with = "KeyAuth")]
    key_auth: Option<KeyAuth>,
    /// For `openid_connect`.
    #[serde(default, rename = "openid-connect")]
    #[schemars(with = "openid_connect::Given")]
    openid_connect: Option<openid_connect::Given>,
}

/// A strategy to make, or to put in another's place.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStrategy {
    #[schemars(length(min = 1, max = 256))]
    name: String,
    #[schemars(length(min = 1, max = 256))]
    display_name: String,
    strategy_type: StrategyType,
    configs: Configs,
    /// The provider at which applications are registered. Only for `openid_connect`.
    #[serde(default)]
    dcr_provider_id: Option<Uuid>,
    /// Only for gateways that know principals.
    #[serde(default)]
    principals: Given<Principals>,
    #[serde(default)]
    labels: Given<Option<LabelEdit>>,
}

/// Whether applications are principals at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Principals {
    /// They are.
    pub(crate) enabled: bool,
}

/// What to change of a strategy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StrategyEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    display_name: Given<String>,
    #[serde(default)]
    configs: Given<ConfigsEdit>,
    /// Null for none.
    #[serde(default)]
    dcr_provider_id: Given<Option<Uuid>>,
    #[serde(default)]
    principals: Given<Principals>,
    #[serde(default)]
    labels: Given<Option<LabelEdit>>,
}

/// Settings to change, under the hyphenated name of their kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigsEdit {
    #[serde(default, rename = "key-auth")]
    key_auth: Given<KeyAuthEdit>,
    #[serde(default, rename = "openid-connect")]
    openid_connect: Given<openid_connect::Edit>,
}

/// The strategy of that id.
pub(crate) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<strategy::Model, Problem> {
    strategy::Entity::find_by_id(id).one(db).await?.ok_or_else(Problem::not_found)
}

/// The strategy that a member of a body refers to.
pub(crate) async fn exists(
    db: &impl ConnectionTrait,
    id: Uuid,
    field: &str,
) -> Result<strategy::Model, Problem> {
    let found = strategy::Entity::find_by_id(id).one(db).await?;
    found.ok_or_else(|| {
        Problem::one_invalid(Invalid::body(field, "missing_reference", "Auth strategy not found"))
    })
}

/// Whether a publication or a portal's default refers to the strategy.
pub(crate) async fn is_active(db: &impl ConnectionTrait, id: Uuid) -> Result<bool, Problem> {
    let published = publication::Entity::find()
        .filter(publication::Column::StrategyId.eq(id))
        .count(db)
        .await?;
    Ok(published > 0)
}

/// The built-in strategy, which is made when a portal first needs it.
pub(crate) async fn builtin(tx: &mut ChangeSet, now: i64) -> Result<strategy::Model, Problem> {
    let known =
        strategy::Entity::find().filter(strategy::Column::Builtin.eq(true)).one(&**tx).await?;
    if let Some(known) = known {
        return Ok(known);
    }
    let settings = KeyAuth { key_names: vec!["apikey".into()], ttl: None };
    let mut made = strategy::Model {
        id: Uuid::now_v7(),
        name: BUILTIN_NAME.into(),
        display_name: "Key Auth".into(),
        kind: KEY_AUTH.into(),
        dcr_provider_id: None,
        discovery: None,
        config: serde_json::to_value(settings).map_err(Problem::internal)?,
        labels: Value::Object(serde_json::Map::new()),
        builtin: true,
        created_at: now,
        updated_at: now,
    };
    if name_is_taken(tx, &made).await? {
        made.name = format!("{BUILTIN_NAME}-{}", made.id.simple());
    }
    insert(tx, made).await
}

/// Makes a strategy. Its provider is asked afterwards.
pub(crate) async fn create(app: &App, new: NewStrategy) -> Result<strategy::Model, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.change().await?;
    let blank = strategy::Model {
        id: Uuid::now_v7(),
        name: String::new(),
        display_name: String::new(),
        kind: new.strategy_type.as_str().into(),
        config: Value::Null,
        dcr_provider_id: None,
        discovery: None,
        labels: Value::Null,
        builtin: false,
        created_at: now,
        updated_at: now,
    };
    let made = filled(app, &tx, blank, new).await?;
    check_name(&tx, &made).await?;
    let made = insert(&mut tx, made).await?;
    tx.commit().await?;
    watch::wake(app);
    Ok(made)
}

/// Puts a strategy in the place of another, which keeps its id, its kind and its age.
pub(crate) async fn replace(
    app: &App,
    id: Uuid,
    new: NewStrategy,
) -> Result<strategy::Model, Problem> {
    let tx = app.store.change().await?;
    let before = find(&*tx, id).await?;
    if new.strategy_type.as_str() != before.kind {
        let reason = format!("must stay {}: the type of a strategy never changes", before.kind);
        return Err(Problem::one_invalid(Invalid::body("strategy_type", "invalid", reason)));
    }
    let after = filled(app, &tx, before.clone(), new).await?;
    store(app, tx, before, after).await
}

/// Changes a strategy. Keys that exist keep the end they were given.
pub(crate) async fn update(
    app: &App,
    id: Uuid,
    edit: StrategyEdit,
) -> Result<strategy::Model, Problem> {
    let tx = app.store.change().await?;
    let before = find(&*tx, id).await?;
    let mut after = before.clone();
    refuse_principals(&edit.principals)?;
    edit.name.put(&mut after.name);
    edit.display_name.put(&mut after.display_name);
    if let Given::Yes(provider) = edit.dcr_provider_id {
        set_provider(&tx, &mut after, provider).await?;
    }
    if let Given::Yes(ConfigsEdit { key_auth, openid_connect }) = edit.configs {
        let (keys, tokens) = (key_auth.value(), openid_connect.value());
        refuse_other_kind(&before.kind, keys.is_some(), tokens.is_some())?;
        if let Some(edit) = keys {
            after.config = edit.apply(&before)?;
        }
        if let Some(edit) = tokens {
            put_settings(app, &tx, &mut after, edit.apply(&before.config)).await?;
        }
    }
    if let Given::Yes(labels) = edit.labels {
        after.labels = labels.unwrap_or_default().apply(&after.labels)?;
    }
    store(app, tx, before, after).await
}

/// Deletes a strategy that nothing refers to.
pub(crate) async fn delete(app: &App, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let strategy = find(&*tx, id).await?;
    let defaults =
        portal::Entity::find().filter(portal::Column::DefaultStrategyId.eq(id)).count(&*tx).await?;
    if has_applications(&tx, id).await? || defaults > 0 || is_active(&*tx, id).await? {
        let detail = "The auth strategy is used by a publication, a portal or an application";
        return Err(Problem::conflict(detail));
    }
    strategy.delete(&*tx).await?;
    tx.delete(RecordKey::Strategy { id: StrategyId::from(id) });
    tx.commit().await?;
    Ok(())
}

async fn insert(tx: &mut ChangeSet, made: strategy::Model) -> Result<strategy::Model, Problem> {
    let made = made.into_active_model().insert(&**tx).await?;
    tx.put(record::strategy(&made));
    Ok(made)
}

async fn store(
    app: &App,
    mut tx: ChangeSet,
    before: strategy::Model,
    mut after: strategy::Model,
) -> Result<strategy::Model, Problem> {
    check_name(&tx, &after).await?;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&*tx).await?;
    issuer::publish(&mut tx, &before, &after).await?;
    tx.commit().await?;
    watch::wake(app);
    Ok(after)
}

/// The strategy with what a body says of it. What cannot be enforced is refused, not ignored: a
/// strategy that nothing enforces would be worse than none.
async fn filled(
    app: &App,
    tx: &ChangeSet,
    mut strategy: strategy::Model,
    new: NewStrategy,
) -> Result<strategy::Model, Problem> {
    let Configs { key_auth, openid_connect } = new.configs;
    refuse_other_kind(&strategy.kind, key_auth.is_some(), openid_connect.is_some())?;
    refuse_principals(&new.principals)?;
    set_provider(tx, &mut strategy, new.dcr_provider_id).await?;
    strategy.name = new.name;
    strategy.display_name = new.display_name;
    strategy.labels = new.labels.or(None).unwrap_or_default().fresh()?;
    let missing = |kind: &str, member: &str| {
        let reason = format!("is required for the strategy type {kind}");
        Problem::one_invalid(Invalid::body(format!("configs.{member}"), "required", reason))
    };
    match new.strategy_type {
        StrategyType::KeyAuth => {
            let settings = key_auth.ok_or_else(|| missing(KEY_AUTH, "key-auth"))?;
            strategy.config = key_auth::stored(settings)?;
        }
        StrategyType::OpenidConnect => {
            let settings =
                openid_connect.ok_or_else(|| missing(OPENID_CONNECT, "openid-connect"))?;
            put_settings(app, tx, &mut strategy, settings).await?;
        }
    }
    Ok(strategy)
}

async fn put_settings(
    app: &App,
    tx: &ChangeSet,
    strategy: &mut strategy::Model,
    settings: openid_connect::Given,
) -> Result<(), Problem> {
    let checked = settings.check(app, &**tx, Discovery::of(strategy)).await?;
    strategy.config = checked.config;
    strategy.discovery = Some(checked.discovery.stored()?);
    Ok(())
}

/// The settings are those of the strategy's own kind.
fn refuse_other_kind(kind: &str, key_auth: bool, openid_connect: bool) -> Result<(), Problem> {
    let (member, given) = match kind {
        KEY_AUTH => ("openid-connect", openid_connect),
        _ => ("key-auth", key_auth),
    };
    if !given {
        return Ok(());
    }
    let reason = format!("is not for the strategy type {kind}");
    let fault = Invalid::body(format!("configs.{member}"), "unknown_property", reason);
    Err(Problem::one_invalid(fault))
}

/// Has applications registered at a provider from now on. Those that there are have their clients
/// where they are: then it cannot change.
async fn set_provider(
    tx: &ChangeSet,
    strategy: &mut strategy::Model,
    provider: Option<Uuid>,
) -> Result<(), Problem> {
    if let Some(id) = provider {
        if strategy.kind == KEY_AUTH {
            let reason = "is only for OpenID Connect strategies";
            let fault = Invalid::body("dcr_provider_id", "unknown_property", reason);
            return Err(Problem::one_invalid(fault));
        }
        dcr_provider::exists(&**tx, id, "dcr_provider_id").await?;
    }
    if strategy.dcr_provider_id != provider && has_applications(tx, strategy.id).await? {
        let detail = "The auth strategy has applications, whose clients are where they were made: \
                      its DCR provider cannot change";
        return Err(Problem::conflict(detail));
    }
    strategy.dcr_provider_id = provider;
    Ok(())
}

async fn has_applications(tx: &ChangeSet, id: Uuid) -> Result<bool, Problem> {
    let applications = application::Entity::find()
        .filter(application::Column::StrategyId.eq(id))
        .count(&**tx)
        .await?;
    Ok(applications > 0)
}

fn refuse_principals(principals: &Given<Principals>) -> Result<(), Problem> {
    match principals {
        Given::Yes(Principals { enabled: true }) => {
            let reason = "principals are not supported";
            Err(Problem::one_invalid(Invalid::body("principals.enabled", "invalid", reason)))
        }
        _ => Ok(()),
    }
}

async fn check_name(tx: &ChangeSet, strategy: &strategy::Model) -> Result<(), Problem> {
    if name_is_taken(tx, strategy).await? {
        return Err(Problem::conflict("An auth strategy with the given name already exists"));
    }
    Ok(())
}

async fn name_is_taken(tx: &ChangeSet, strategy: &strategy::Model) -> Result<bool, Problem> {
    let twins = strategy::Entity::find()
        .filter(strategy::Column::Name.eq(&strategy.name))
        .filter(strategy::Column::Id.ne(strategy.id))
        .count(&**tx)
        .await?;
    Ok(twins > 0)
}
