//! Tokens of administrators, besides the one in the data directory: several, each with what it may
//! do and an end.

use gatekey_core::secret::Secret;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter, Set,
};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::App;
use crate::clock;
use crate::dcr::metadata::strings;
use crate::entropy;
use crate::problem::{Invalid, Problem};
use crate::scope::{Permission, Scope};
use crate::store::entity::{admin_token, portal};

/// How exactly it is known when a token was last used.
const USE_IS_NOTED_EVERY_MS: i64 = 60_000;

/// A token to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAdminToken {
    /// What it is for.
    #[schemars(length(min = 1, max = 255))]
    name: String,
    /// What it may do: `read` or `write`, for everything or for one area.
    #[schemars(length(min = 1, max = 16))]
    scopes: Vec<String>,
    /// The only portals that it is for. All, if absent.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    portal_ids: Option<Vec<Uuid>>,
    /// When it ends. Never, if absent.
    #[serde(default)]
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
}

/// Makes a token. The answer shows it, for the only time.
pub(crate) async fn create(
    app: &App,
    granted_by: &Permission,
    new: NewAdminToken,
) -> Result<(admin_token::Model, Secret<String>), Problem> {
    let mut scopes = Vec::new();
    for (text, index) in new.scopes.iter().zip(0_usize..) {
        scopes.push(Scope::parse(text).ok_or_else(|| {
            let fault = Invalid::body(format!("scopes.{index}"), "enum", "is no scope");
            Problem::one_invalid(fault.one_of(Scope::spellings()))
        })?);
    }
    let now = app.clock.now();
    let expires_at = new.expires_at.as_deref().map(clock::parse);
    let expires_at = match expires_at {
        Some(Some(at)) if at > now => Some(at),
        Some(Some(_)) => return Err(at_fault("min", "must be in the future")),
        Some(None) => return Err(at_fault("is_date_time", "must be a date and time")),
        None => None,
    };
    if !granted_by.covers(&Permission::new(scopes, new.portal_ids.clone())) {
        return Err(Problem::forbidden("A token cannot give more than it has itself"));
    }
    let tx = app.store.begin().await?;
    for (id, index) in new.portal_ids.iter().flatten().zip(0_usize..) {
        if portal::Entity::find_by_id(*id).one(&tx).await?.is_none() {
            let field = format!("portal_ids.{index}");
            let fault = Invalid::body(field, "missing_reference", "Portal not found");
            return Err(Problem::one_invalid(fault));
        }
    }
    let same = admin_token::Column::Name.eq(&new.name);
    if admin_token::Entity::find().filter(same).one(&tx).await?.is_some() {
        return Err(Problem::conflict("A token with the given name already exists"));
    }
    let secret = Secret::new(format!("gk_admin_{}", entropy::token()?.expose()));
    let portal_ids = new.portal_ids.map(|ids| ids.iter().map(Uuid::to_string).collect());
    let made = admin_token::Model {
        id: Uuid::now_v7(),
        name: new.name,
        digest: entropy::digest_of(secret.expose()).as_bytes().to_vec(),
        scopes: new.scopes.into(),
        portal_ids,
        expires_at,
        last_used_at: None,
        created_at: now,
    };
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok((made, secret))
}

/// The token of that id.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    id: Uuid,
) -> Result<admin_token::Model, Problem> {
    admin_token::Entity::find_by_id(id).one(db).await?.ok_or_else(Problem::not_found)
}

/// Revokes a token: from now on it opens nothing.
pub(crate) async fn revoke(app: &App, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, id).await?.delete(&tx).await?;
    Ok(tx.commit().await?)
}

/// The token that somebody shows, unless its time is over.
pub(crate) async fn shown(app: &App, token: &str) -> Result<Option<admin_token::Model>, DbErr> {
    let now = app.clock.now();
    let digest = entropy::digest_of(token).as_bytes().to_vec();
    let found = admin_token::Entity::find()
        .filter(admin_token::Column::Digest.eq(digest))
        .one(app.store.db())
        .await?
        .filter(|token| token.expires_at.is_none_or(|end| now < end));
    if let Some(token) = &found {
        note_use(app, token, now).await?;
    }
    Ok(found)
}

/// The token of that id, unless its time is over.
pub(crate) async fn living(app: &App, id: Uuid) -> Result<Option<admin_token::Model>, DbErr> {
    let now = app.clock.now();
    let found = admin_token::Entity::find_by_id(id).one(app.store.db()).await?;
    Ok(found.filter(|token| token.expires_at.is_none_or(|end| now < end)))
}

/// A token was used now.
pub(crate) async fn note_use(app: &App, token: &admin_token::Model, now: i64) -> Result<(), DbErr> {
    if token.last_used_at.is_some_and(|at| now < at + USE_IS_NOTED_EVERY_MS) {
        return Ok(());
    }
    let used = admin_token::ActiveModel { last_used_at: Set(Some(now)), ..Default::default() };
    admin_token::Entity::update_many()
        .set(used)
        .filter(admin_token::Column::Id.eq(token.id))
        .exec(app.store.db())
        .await
        .map(|_| ())
}

/// What a token may do. What cannot be read of it allows nothing.
pub(crate) fn permission(token: &admin_token::Model) -> Permission {
    let scopes = strings(&token.scopes).iter().filter_map(|text| Scope::parse(text)).collect();
    let portals = token.portal_ids.as_ref().map(strings);
    let portals = portals.map(|ids| ids.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect());
    Permission::new(scopes, portals)
}

fn at_fault(rule: &'static str, reason: &'static str) -> Problem {
    Problem::one_invalid(Invalid::body("expires_at", rule, reason))
}
