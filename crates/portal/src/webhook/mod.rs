//! Webhooks: URLs that are told of events, signed as Standard Webhooks has it.

use core::time::Duration;

use gatekey_core::secret::Secret;
use schemars::JsonSchema;
use sea_orm::ColumnTrait;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::clock::millis;
use crate::event::Kind;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::webhook;
use crate::usecase::portal;
use crate::vault::Place;

pub(crate) mod delivery;
pub(crate) mod queue;
pub(crate) mod signature;

/// Webhooks of one portal, or of the whole organisation.
const MOST: u64 = 20;
/// How long an old secret signs as well, when the request does not say.
const OVERLAP: Duration = Duration::from_secs(24 * 3_600);
/// The table of webhooks, where secrets are sealed for.
const TABLE: &str = "webhooks";

/// An event that a webhook can want; `*` stands for every one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum Wanted {
    /// Every event.
    #[serde(rename = "*")]
    Any,
    /// Somebody signed up.
    #[serde(rename = "developer.signed_up")]
    DeveloperSignedUp,
    /// An administrator invited somebody.
    #[serde(rename = "developer.invited")]
    DeveloperInvited,
    /// An account was approved.
    #[serde(rename = "developer.approved")]
    DeveloperApproved,
    /// An account was rejected.
    #[serde(rename = "developer.rejected")]
    DeveloperRejected,
    /// An account was revoked.
    #[serde(rename = "developer.revoked")]
    DeveloperRevoked,
    /// An application was made.
    #[serde(rename = "application.created")]
    ApplicationCreated,
    /// An application was deleted.
    #[serde(rename = "application.deleted")]
    ApplicationDeleted,
    /// An application asked for access to an API.
    #[serde(rename = "registration.requested")]
    RegistrationRequested,
    /// It was given.
    #[serde(rename = "registration.approved")]
    RegistrationApproved,
    /// It was refused.
    #[serde(rename = "registration.rejected")]
    RegistrationRejected,
    /// It was taken back.
    #[serde(rename = "registration.revoked")]
    RegistrationRevoked,
    /// A key was made.
    #[serde(rename = "credential.created")]
    CredentialCreated,
    /// A key was deleted, or retired.
    #[serde(rename = "credential.revoked")]
    CredentialRevoked,
    /// A key ends soon.
    #[serde(rename = "credential.expiring_soon")]
    CredentialExpiringSoon,
    /// A key has ended.
    #[serde(rename = "credential.expired")]
    CredentialExpired,
}

/// A webhook to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhook {
    #[schemars(length(min = 1, max = 255))]
    name: String,
    #[schemars(length(min = 1, max = 2_048))]
    url: String,
    /// The events that are told; every one, if absent.
    #[serde(default)]
    #[schemars(length(min = 1, max = 32))]
    events: Given<Vec<Wanted>>,
    #[serde(default)]
    enabled: Given<bool>,
}

/// What to change of a webhook.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 2_048))]
    url: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 32))]
    events: Given<Vec<Wanted>>,
    #[serde(default)]
    enabled: Given<bool>,
}

/// How a secret is changed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// How long the old secret signs beside the new one; a day, if absent.
    #[serde(default)]
    #[schemars(range(min = 0, max = 2_592_000))]
    overlap_seconds: Given<u32>,
}

/// The webhook of that id in its place.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: Option<Uuid>,
    id: Uuid,
) -> Result<webhook::Model, Problem> {
    let found = webhook::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.portal_id == portal).ok_or_else(Problem::not_found)
}

/// The condition that a webhook is of a portal, or of the organisation.
pub(crate) fn of(portal: Option<Uuid>) -> sea_orm::sea_query::SimpleExpr {
    match portal {
        Some(portal) => webhook::Column::PortalId.eq(portal),
        None => webhook::Column::PortalId.is_null(),
    }
}

/// Makes a webhook. The answer holds its secret for the only time.
pub(crate) async fn create(
    app: &App,
    portal: Option<Uuid>,
    new: NewWebhook,
) -> Result<(webhook::Model, Secret<String>), Problem> {
    check_url(app, &new.url)?;
    let tx = app.store.begin().await?;
    if let Some(portal) = portal {
        portal::find(&tx, portal).await?;
    }
    if webhook::Entity::find().filter(of(portal)).count(&tx).await? >= MOST {
        return Err(Problem::conflict(format!("There can be at most {MOST} webhooks")));
    }
    let (id, now) = (Uuid::now_v7(), app.clock.now());
    let secret = signature::new_secret()?;
    let made = webhook::Model {
        id,
        portal_id: portal,
        name: new.name,
        url: new.url,
        enabled: new.enabled.or(true),
        events: events(new.events.or(vec![Wanted::Any]))?,
        secret: seal(app, id, &secret)?,
        old_secret: None,
        old_secret_until: None,
        created_at: now,
        updated_at: now,
    };
    let made = made.into_active_model().insert(&tx).await?;
    crate::call::detail("webhook_id", id.to_string());
    tx.commit().await?;
    Ok((made, secret))
}

/// Changes a webhook.
pub(crate) async fn update(
    app: &App,
    portal: Option<Uuid>,
    id: Uuid,
    edit: WebhookEdit,
) -> Result<webhook::Model, Problem> {
    if let Given::Yes(url) = &edit.url {
        check_url(app, url)?;
    }
    let tx = app.store.begin().await?;
    let mut after = find(&tx, portal, id).await?;
    edit.name.put(&mut after.name);
    edit.url.put(&mut after.url);
    edit.enabled.put(&mut after.enabled);
    if let Given::Yes(wanted) = edit.events {
        after.events = events(wanted)?;
    }
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    crate::event::wake(app);
    Ok(after)
}

/// Deletes a webhook with its history.
pub(crate) async fn delete(app: &App, portal: Option<Uuid>, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, portal, id).await?.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a webhook another secret; the old one signs as well for a while.
pub(crate) async fn rotate(
    app: &App,
    portal: Option<Uuid>,
    id: Uuid,
    rotation: Rotation,
) -> Result<(webhook::Model, Secret<String>), Problem> {
    let tx = app.store.begin().await?;
    let mut row = find(&tx, portal, id).await?;
    let secret = signature::new_secret()?;
    let now = app.clock.now();
    let overlap = match rotation.overlap_seconds {
        Given::Yes(seconds) => Duration::from_secs(seconds.into()),
        Given::No => OVERLAP,
    };
    let old = core::mem::replace(&mut row.secret, seal(app, id, &secret)?);
    row.old_secret = Some(old).filter(|_| !overlap.is_zero());
    row.old_secret_until = Some(now + millis(overlap)).filter(|_| !overlap.is_zero());
    row.updated_at = now.max(row.updated_at + 1);
    let row = row.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok((row, secret))
}

/// The secrets that sign now: the newest first.
pub(crate) fn secrets(app: &App, row: &webhook::Model) -> Result<Vec<Secret<Vec<u8>>>, Problem> {
    let id = row.id.to_string();
    let open = |sealed: &[u8]| app.secrets.vault.open(Place { table: TABLE, row: &id }, sealed);
    let mut secrets = vec![open(&row.secret)?];
    let both = row.old_secret_until.is_some_and(|until| until > app.clock.now());
    if let Some(old) = row.old_secret.as_deref().filter(|_| both) {
        secrets.push(open(old)?);
    }
    Ok(secrets)
}

/// Whether a webhook wants an event.
pub(crate) fn wants(row: &webhook::Model, kind: Kind) -> bool {
    let events = row.events.as_array().into_iter().flatten().filter_map(Value::as_str);
    events.into_iter().any(|event| event == "*" || event == kind.name())
}

fn events(wanted: Vec<Wanted>) -> Result<Value, Problem> {
    serde_json::to_value(wanted).map_err(Problem::internal)
}

fn check_url(app: &App, url: &str) -> Result<(), Problem> {
    let fault = |fault: crate::outbound::UrlFault| {
        Problem::one_invalid(Invalid::body("url", "invalid", fault.to_string()))
    };
    app.outbound.check_url(url).map_err(fault)
}

/// What is kept of a secret is the text that was shown, sealed.
fn seal(app: &App, id: Uuid, secret: &Secret<String>) -> Result<Vec<u8>, Problem> {
    let place = Place { table: TABLE, row: &id.to_string() };
    app.secrets.vault.seal(place, secret.expose().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_wanted_is_what_there_is() {
        for kind in Kind::ALL {
            let wanted: Result<Wanted, _> = serde_json::from_value(kind.name().into());
            assert!(wanted.is_ok(), "{}", kind.name());
        }
        assert!(serde_json::from_value::<Wanted>("webhook.test".into()).is_err());
    }
}
