//! API keys of an application. A key is shown once; only its digest is kept.

use core::net::IpAddr;

use gatekey_core::key::ENTROPY_BYTES;
use gatekey_core::lifecycle::KEYS_PER_APPLICATION;
use gatekey_core::lifecycle::credential::{self as lifecycle, CredentialStatus};
use gatekey_core::secret::Secret;
use gatekey_core::time::UnixTime;
use schemars::JsonSchema;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait};
use serde::Deserialize;
use uuid::Uuid;

use super::strategy::{self, KEY_AUTH, KeyAuth};
use super::{application, client};
use crate::app::App;
use crate::entropy;
use crate::event;
use crate::input::Given;
use crate::problem::Problem;
use crate::revision::record;
use crate::store::entity::{credential, developer};
use crate::throttle::{Act, By};

/// What a key is called that got no name.
pub(crate) const UNNAMED: &str = "API key";

/// A key to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCredential {
    #[serde(default)]
    #[schemars(length(max = 255))]
    pub(crate) display_name: Given<String>,
}

/// A key's new name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CredentialEdit {
    #[schemars(length(max = 255))]
    display_name: String,
}

/// The key of an application.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    application: Uuid,
    id: Uuid,
) -> Result<credential::Model, Problem> {
    let found = credential::Entity::find_by_id(id).one(db).await?;
    let key = |found: &credential::Model| {
        found.application_id == application && found.scheme != client::CLIENT
    };
    found.filter(key).ok_or_else(Problem::not_found)
}

/// Makes a key. The answer holds it for the only time.
pub(crate) async fn create(
    app: &App,
    owner: &developer::Model,
    application: Uuid,
    address: IpAddr,
    new: NewCredential,
) -> Result<(credential::Model, Secret<String>), Problem> {
    let now = app.clock.now();
    app.throttles.count(Act::NewKey, By::Address(address), now).await?;
    let mut tx = app.store.change().await?;
    let application = application::find_own(&*tx, owner, application).await?;
    let strategy = strategy::find(&*tx, application.strategy_id).await?;
    if strategy.kind != KEY_AUTH {
        return Err(Problem::conflict("The auth strategy of the application has no API keys"));
    }
    let held = application.count_keys(&*tx).await?;
    let seconds = UnixTime(u64::try_from(now / 1_000).unwrap_or_default());
    let (_, end) = lifecycle::create(held, KeyAuth::of(&strategy)?.lifetime(), seconds).map_err(
        |lifecycle::Refusal::TooManyKeys| {
            let detail = format!("An application can have at most {KEYS_PER_APPLICATION} API keys");
            Problem::forbidden(detail)
        },
    )?;
    let issued = app.config.key_format.issue(&entropy::bytes::<ENTROPY_BYTES>()?);
    let pepper = app.secrets.peppers.first();
    let pepper = &pepper.ok_or_else(|| Problem::internal("there is no pepper"))?.pepper;
    let made = credential::Model {
        id: issued.credential.uuid(),
        application_id: application.id,
        display_name: new.display_name.value(),
        scheme: "hmac-sha256".into(),
        pepper_id: pepper.id().into(),
        digest: pepper.digest(issued.key.expose().as_bytes()).as_bytes().to_vec(),
        expires_at: end.map(|end| i64::try_from(end.0).unwrap_or(i64::MAX).saturating_mul(1_000)),
        last_used_at: None,
        created_at: now,
        updated_at: now,
    };
    let made = made.into_active_model().insert(&*tx).await?;
    if let Some(known) = record::credential(&made) {
        tx.put(known);
    }
    event::credential(app, &*tx, event::Kind::CredentialCreated, &made, &application).await?;
    tx.commit().await?;
    event::wake(app);
    Ok((made, issued.key))
}

/// Renames a key.
pub(crate) async fn rename(
    app: &App,
    owner: &developer::Model,
    application: Uuid,
    id: Uuid,
    edit: CredentialEdit,
) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let application = application::find_own(&tx, owner, application).await?;
    let mut credential = find(&tx, application.id, id).await?;
    credential.display_name = Some(edit.display_name);
    credential.updated_at = app.clock.now();
    credential.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Deletes a key.
pub(crate) async fn delete(
    app: &App,
    owner: &developer::Model,
    application: Uuid,
    id: Uuid,
) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let application = application::find_own(&*tx, owner, application).await?;
    let credential = find(&*tx, application.id, id).await?;
    if let Some(key) = record::credential_key(&credential) {
        tx.delete(key);
    }
    event::credential(app, &*tx, event::Kind::CredentialRevoked, &credential, &application).await?;
    credential.delete(&*tx).await?;
    tx.commit().await?;
    event::wake(app);
    Ok(())
}

/// The status of a key now: time ends one without a write.
pub(crate) fn status(row: &credential::Model, now: i64) -> CredentialStatus {
    let seconds = |millis: i64| UnixTime(u64::try_from(millis / 1_000).unwrap_or_default());
    lifecycle::at(CredentialStatus::Active, row.expires_at.map(seconds), seconds(now))
}
