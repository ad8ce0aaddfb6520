//! Application auth strategies: how applications prove themselves.

use gatekey_core::id::StrategyId;
use gatekey_core::lifecycle::credential::{Ttl, TtlUnit};
use gatekey_core::snapshot::RecordKey;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::label::LabelEdit;
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::{ChangeSet, record};
use crate::store::entity::{application, portal, publication, strategy};

/// The kind of strategies whose applications hold API keys.
pub(crate) const KEY_AUTH: &str = "key_auth";
/// The name of the strategy that portals with sign-in start with.
const BUILTIN_NAME: &str = "key-auth";

/// The kinds of strategies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum StrategyType {
    /// API keys.
    KeyAuth,
    /// Tokens of an identity provider. Not served yet: refused.
    OpenidConnect,
}

/// The unit of a time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Unit {
    /// 24 hours.
    Days,
    /// 7 days.
    Weeks,
    /// 365 days.
    Years,
}

/// How long keys live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeToLive {
    /// How many units.
    #[schemars(range(min = 1, max = 36500))]
    pub(crate) value: u32,
    /// What is counted.
    pub(crate) unit: Unit,
}

/// The settings of a key-auth strategy, as they are stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyAuth {
    /// Request headers that may carry the key, in order of preference.
    #[schemars(
        length(min = 1, max = 10),
        inner(length(min = 1, max = 256), regex(pattern = "^[a-zA-Z0-9!#$%&'*+.^_`|~-]+$"))
    )]
    pub(crate) key_names: Vec<String>,
    /// How long new keys live; for ever, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ttl: Option<TimeToLive>,
}

impl KeyAuth {
    /// The settings of a stored strategy.
    pub(crate) fn of(row: &strategy::Model) -> Result<Self, Problem> {
        serde_json::from_value(row.config.clone()).map_err(Problem::internal)
    }

    /// The time to live, in the core's terms.
    pub(crate) fn lifetime(&self) -> Option<Ttl> {
        self.ttl.map(|ttl| Ttl {
            value: ttl.value,
            unit: match ttl.unit {
                Unit::Days => TtlUnit::Days,
                Unit::Weeks => TtlUnit::Weeks,
                Unit::Years => TtlUnit::Years,
            },
        })
    }
}

/// The settings, under the hyphenated name of their kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Configs {
    /// For `key_auth`.
    #[serde(default, rename = "key-auth", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "KeyAuth")]
    pub(crate) key_auth: Option<KeyAuth>,
    /// For `openid_connect`.
    #[serde(default, rename = "openid-connect", skip_serializing)]
    #[schemars(with = "serde_json::Map<String, Value>")]
    openid_connect: Option<Value>,
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
    /// Only for `openid_connect`.
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
    #[serde(default)]
    dcr_provider_id: Option<Uuid>,
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
}

/// Settings of a key-auth strategy to change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyAuthEdit {
    #[serde(default)]
    #[schemars(
        length(min = 1, max = 10),
        inner(length(min = 1, max = 256), regex(pattern = "^[a-zA-Z0-9!#$%&'*+.^_`|~-]+$"))
    )]
    key_names: Given<Vec<String>>,
    #[serde(default)]
    ttl: Given<Option<TimeToLive>>,
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

/// Makes a strategy.
pub(crate) async fn create(app: &App, new: NewStrategy) -> Result<strategy::Model, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.change().await?;
    let made = strategy::Model {
        id: Uuid::now_v7(),
        config: settings(&new)?,
        name: new.name,
        display_name: new.display_name,
        kind: KEY_AUTH.into(),
        dcr_provider_id: None,
        discovery: None,
        labels: new.labels.or(None).unwrap_or_default().fresh()?,
        builtin: false,
        created_at: now,
        updated_at: now,
    };
    check_name(&tx, &made).await?;
    let made = insert(&mut tx, made).await?;
    tx.commit().await?;
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
    let after = strategy::Model {
        config: settings(&new)?,
        name: new.name,
        display_name: new.display_name,
        labels: new.labels.or(None).unwrap_or_default().fresh()?,
        ..before
    };
    store(app, tx, after).await
}

/// Changes a strategy. Keys that exist keep the end they were given.
pub(crate) async fn update(
    app: &App,
    id: Uuid,
    edit: StrategyEdit,
) -> Result<strategy::Model, Problem> {
    let tx = app.store.change().await?;
    let mut after = find(&*tx, id).await?;
    refuse_provider(edit.dcr_provider_id)?;
    refuse_principals(&edit.principals)?;
    edit.name.put(&mut after.name);
    edit.display_name.put(&mut after.display_name);
    if let Given::Yes(ConfigsEdit { key_auth: Given::Yes(edit) }) = edit.configs {
        let mut settings = KeyAuth::of(&after)?;
        edit.key_names.put(&mut settings.key_names);
        edit.ttl.put(&mut settings.ttl);
        after.config = stored(settings)?;
    }
    if let Given::Yes(labels) = edit.labels {
        after.labels = labels.unwrap_or_default().apply(&after.labels)?;
    }
    store(app, tx, after).await
}

/// Deletes a strategy that nothing refers to.
pub(crate) async fn delete(app: &App, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let strategy = find(&*tx, id).await?;
    let applications = application::Entity::find()
        .filter(application::Column::StrategyId.eq(id))
        .count(&*tx)
        .await?;
    let defaults =
        portal::Entity::find().filter(portal::Column::DefaultStrategyId.eq(id)).count(&*tx).await?;
    if applications > 0 || defaults > 0 || is_active(&*tx, id).await? {
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
    mut after: strategy::Model,
) -> Result<strategy::Model, Problem> {
    check_name(&tx, &after).await?;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&*tx).await?;
    tx.put(record::strategy(&after));
    tx.commit().await?;
    Ok(after)
}

/// The settings of a valid body. What this portal cannot serve yet is refused, not ignored: a
/// strategy that nothing enforces would be worse than none.
fn settings(new: &NewStrategy) -> Result<Value, Problem> {
    refuse_openid_connect(new.strategy_type == StrategyType::OpenidConnect, "strategy_type")?;
    refuse_openid_connect(new.configs.openid_connect.is_some(), "configs.openid-connect")?;
    refuse_provider(new.dcr_provider_id)?;
    refuse_principals(&new.principals)?;
    let Some(settings) = new.configs.key_auth.clone() else {
        let reason = "is required for the strategy type key_auth";
        return Err(Problem::one_invalid(Invalid::body("configs.key-auth", "required", reason)));
    };
    stored(settings)
}

fn stored(settings: KeyAuth) -> Result<Value, Problem> {
    let mut seen: Vec<String> = Vec::new();
    for (index, name) in settings.key_names.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        if seen.contains(&name) {
            let field = format!("configs.key-auth.key_names.{index}");
            let reason = "must not repeat a name; letter case does not count";
            return Err(Problem::one_invalid(Invalid::body(field, "invalid", reason)));
        }
        seen.push(name);
    }
    serde_json::to_value(settings).map_err(Problem::internal)
}

fn refuse_openid_connect(asked: bool, field: &str) -> Result<(), Problem> {
    if !asked {
        return Ok(());
    }
    let reason = "OpenID Connect is not supported yet; use key_auth";
    Err(Problem::one_invalid(Invalid::body(field, "invalid", reason)))
}

/// Key-auth strategies have no such property.
fn refuse_provider(given: Option<Uuid>) -> Result<(), Problem> {
    if given.is_none() {
        return Ok(());
    }
    let reason = "is only for OpenID Connect strategies";
    Err(Problem::one_invalid(Invalid::body("dcr_provider_id", "unknown_property", reason)))
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
