//! API keys of an application. A key is shown once; only its digest is kept.

use core::net::IpAddr;

use gatekey_core::lifecycle::KEYS_PER_APPLICATION;
use gatekey_core::lifecycle::credential::{
    self as lifecycle, CredentialStatus, LONGEST_OVERLAP_DAYS, Refusal, RotationStatus,
};
use gatekey_core::secret::Secret;
use gatekey_core::time::UnixTime;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ModelTrait, PaginatorTrait,
    QueryFilter, Set, Unchanged,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{application, client};
use crate::app::App;
use crate::clock;
use crate::event;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::record;
use crate::store::entity::{self, credential, developer};
use crate::throttle::{Act, By};

pub(crate) mod origin;
pub(crate) mod rotation;
pub(crate) mod upkeep;

pub(crate) use self::origin::{End, Source, Wanted, add};

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

/// What may be changed of a key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CredentialChange")]
pub(crate) struct Edit {
    #[serde(default)]
    #[schemars(length(max = 255))]
    display_name: Given<String>,
    /// RFC 3339, in the future; null for a key that does not end.
    #[serde(default)]
    #[schemars(extend("format" = "date-time"))]
    expires_at: Given<Option<String>>,
}

/// Who does something to a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Actor<'a> {
    /// A developer, to keys of applications of theirs.
    Owner(&'a developer::Model),
    /// An administrator, to keys of applications of a portal.
    Admin(Uuid),
}

impl Actor<'_> {
    /// The application of that id, if the actor can reach it.
    async fn application(
        self,
        db: &impl ConnectionTrait,
        id: Uuid,
    ) -> Result<entity::application::Model, Problem> {
        match self {
            Self::Owner(developer) => application::find_own(db, developer, id).await,
            Self::Admin(portal) => application::find(db, portal, id).await,
        }
    }
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

/// Makes a key for a developer. The answer holds it for the only time.
pub(crate) async fn create(
    app: &App,
    owner: &developer::Model,
    application: Uuid,
    address: IpAddr,
    new: NewCredential,
) -> Result<(credential::Model, Secret<String>), Problem> {
    app.throttles.count(Act::NewKey, By::Address(address), app.clock.now()).await?;
    let mut tx = app.store.change().await?;
    let application = application::find_own(&*tx, owner, application).await?;
    let wanted = Wanted {
        display_name: new.display_name.value(),
        end: End::AsTheStrategySays,
        source: Source::Issued,
    };
    let (made, key) = add(app, &mut tx, &application, wanted).await?;
    tx.commit().await?;
    event::wake(app);
    let key = key.ok_or_else(|| Problem::internal("a key was made and is not known"))?;
    Ok((made, key))
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
    let credential = find(&tx, application.id, id).await?;
    // Gateways write into the same row when it was last used.
    let renamed = credential::ActiveModel {
        id: Unchanged(credential.id),
        display_name: Set(Some(edit.display_name)),
        updated_at: Set(app.clock.now()),
        ..Default::default()
    };
    renamed.update(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Changes the name or the end of a key. Its owner may have it end, and earlier, but not later: how
/// long keys live is the strategy's to say.
pub(crate) async fn edit(
    app: &App,
    actor: Actor<'_>,
    application: Uuid,
    id: Uuid,
    edit: Edit,
) -> Result<credential::Model, Problem> {
    let mut tx = app.store.change().await?;
    let application = actor.application(&*tx, application).await?;
    let before = find(&*tx, application.id, id).await?;
    let now = app.clock.now();
    let mut after = credential::ActiveModel { id: Unchanged(before.id), ..Default::default() };
    if let Given::Yes(name) = edit.display_name {
        after.display_name = Set(Some(name));
    }
    if let Given::Yes(end) = edit.expires_at {
        if before.retired_at.is_some() {
            return Err(Problem::conflict("The key was withdrawn"));
        }
        let end = end.map(|text| date("expires_at", &text)).transpose()?;
        let later = before.expires_at.is_some_and(|was| end.is_none_or(|end| end > was));
        if later && matches!(actor, Actor::Owner(_)) {
            let fault =
                Invalid::body("expires_at", "max", "must not be later than the key ends now");
            return Err(Problem::one_invalid(fault));
        }
        let (rotated, was) = (before.rotated_at.is_some(), before.expires_at.map(seconds));
        lifecycle::move_end(rotated, was, end.map(seconds), seconds(now))
            .map_err(|refused| refusal(refused, "expires_at"))?;
        after.expires_at = Set(end);
        after.notice_at = Set(notice_at(now, end));
    }
    after.updated_at = Set(now.max(before.updated_at + 1));
    let after = after.update(&*tx).await?;
    if after.expires_at != before.expires_at
        && let Some(known) = record::credential(&after)
    {
        tx.put(known);
    }
    tx.commit().await?;
    Ok(after)
}

/// Deletes a key.
pub(crate) async fn delete(
    app: &App,
    actor: Actor<'_>,
    application: Uuid,
    id: Uuid,
) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let application = actor.application(&*tx, application).await?;
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
    let stored = match row.retired_at {
        Some(_) => CredentialStatus::Revoked,
        None => CredentialStatus::Active,
    };
    lifecycle::at(stored, row.expires_at.map(seconds), seconds(now))
}

/// Where a key stands between the one before it and the one after it.
pub(crate) fn rotation_status(row: &credential::Model, now: i64) -> RotationStatus {
    lifecycle::rotation(row.rotated_at.is_some(), status(row, now))
}

/// How many keys an application holds that have no successor.
async fn count(db: &impl ConnectionTrait, application: Uuid) -> Result<usize, DbErr> {
    let count = credential::Entity::find()
        .filter(credential::Column::ApplicationId.eq(application))
        .filter(credential::Column::Scheme.ne(client::CLIENT))
        .filter(credential::Column::RotatedAt.is_null())
        .count(db)
        .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// A point in time in the seconds that gateways count in.
pub(crate) fn seconds(millis: i64) -> UnixTime {
    UnixTime(u64::try_from(millis / 1_000).unwrap_or_default())
}

/// The same as a column holds it.
pub(crate) fn millis(time: UnixTime) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX).saturating_mul(1_000)
}

/// When the owner of a key that ends then is to hear of it first.
fn notice_at(now: i64, end: Option<i64>) -> Option<i64> {
    end.map(|end| millis(lifecycle::first_notice(seconds(now), seconds(end))))
}

/// Reads a point in time, in whole seconds.
fn date(field: &str, text: &str) -> Result<i64, Problem> {
    let read = clock::parse(text).map(|at| at.div_euclid(1_000).saturating_mul(1_000));
    read.filter(|at| *at >= 0).ok_or_else(|| {
        let reason = "must be a date and time of RFC 3339";
        Problem::one_invalid(Invalid::body(field, "is_date_time", reason))
    })
}

/// Words a refusal; dates are blamed on a field.
fn refusal(refusal: Refusal, field: &str) -> Problem {
    let invalid = |rule, reason: String| Problem::one_invalid(Invalid::body(field, rule, reason));
    match refusal {
        Refusal::TooManyKeys => Problem::forbidden(format!(
            "An application can have at most {KEYS_PER_APPLICATION} API keys"
        )),
        Refusal::TooManyRetiring => Problem::forbidden(format!(
            "An application can have at most {KEYS_PER_APPLICATION} API keys that retire"
        )),
        Refusal::NotActive => Problem::conflict("The key is not active"),
        Refusal::AlreadyRotated => Problem::conflict("The key has a successor already"),
        Refusal::EndsInThePast => invalid("min", "must be in the future".into()),
        Refusal::EndsTooLate => {
            invalid("max", format!("must be within {LONGEST_OVERLAP_DAYS} days"))
        }
        Refusal::OutlivesRetirement => {
            invalid("max", "must not be later than the key's rotation said".into())
        }
    }
}
