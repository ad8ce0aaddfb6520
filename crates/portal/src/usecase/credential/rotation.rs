//! A key gets a successor, and both are honoured for a while.

use core::net::IpAddr;

use gatekey_core::lifecycle::credential::{self as lifecycle, Overlap, end_of};
use gatekey_core::secret::Secret;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, Set, Unchanged,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Actor, Source, date, find, millis, notice_at, origin, refusal, rotation_status, seconds, status,
};
use crate::app::App;
use crate::event;
use crate::input::Given;
use crate::problem::Problem;
use crate::revision::record;
use crate::store::entity::credential;
use crate::throttle::{Act, By};
use crate::usecase::client;
use crate::usecase::strategy::{self, KeyAuth};

const FIELD: &str = "retire_at";

/// How a key is to be replaced.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CredentialRotation")]
pub(crate) struct Rotation {
    /// The name of the new key; that of the old one, if absent.
    #[serde(default)]
    #[schemars(length(max = 255))]
    display_name: Given<String>,
    /// When the old key ends at the latest: RFC 3339, within 90 days. In 7 days if absent, or in
    /// 30 days with `retire_when_idle_hours`.
    #[serde(default)]
    #[schemars(extend("format" = "date-time"))]
    retire_at: Given<String>,
    /// After how many hours without a call the old key ends earlier.
    #[serde(default)]
    #[schemars(range(min = 1, max = 2160))]
    retire_when_idle_hours: Given<u32>,
}

/// A key that was replaced, its successor, and the successor's key for the only time.
#[derive(Debug)]
pub(crate) struct Rotated {
    /// The key that retires.
    pub(crate) old: credential::Model,
    /// The key that takes its place.
    pub(crate) new: credential::Model,
    /// The new key itself.
    pub(crate) key: Secret<String>,
}

/// Replaces a key. Of developers the address is counted.
pub(crate) async fn rotate(
    app: &App,
    actor: Actor<'_>,
    address: Option<IpAddr>,
    application: Uuid,
    id: Uuid,
    wanted: Rotation,
) -> Result<Rotated, Problem> {
    let now = app.clock.now();
    if let Some(address) = address {
        app.throttles.count(Act::NewKey, By::Address(address), now).await?;
    }
    let until = match wanted.retire_at {
        Given::No => None,
        Given::Yes(text) => Some(seconds(date(FIELD, &text)?)),
    };
    let overlap = Overlap { until, idle_hours: wanted.retire_when_idle_hours.value() };
    let mut tx = app.store.change().await?;
    let application = actor.application(&*tx, application).await?;
    let old = find(&*tx, application.id, id).await?;
    let end = lifecycle::rotate(
        status(&old, now),
        rotation_status(&old, now),
        old.expires_at.map(seconds),
        retiring(&*tx, application.id, now).await?,
        overlap,
        seconds(now),
    )
    .map_err(|refused| refusal(refused, FIELD))?;
    let strategy = strategy::find(&*tx, application.strategy_id).await?;
    let successor_end = end_of(KeyAuth::of(&strategy)?.lifetime(), seconds(now)).map(millis);
    let name = wanted.display_name.value().or_else(|| old.display_name.clone());
    let (new, key) =
        origin::insert(app, &mut tx, &application, name, successor_end, Source::Issued).await?;
    let key = key.ok_or_else(|| Problem::internal("a key was made and is not known"))?;
    // Gateways write into the same row when it was last used.
    let retiring = credential::ActiveModel {
        id: Unchanged(old.id),
        expires_at: Set(Some(millis(end))),
        rotated_at: Set(Some(now)),
        retire_idle_hours: Set(overlap.idle_hours.and_then(|hours| i32::try_from(hours).ok())),
        successor_id: Set(Some(new.id)),
        notice_at: Set(notice_at(now, Some(millis(end)))),
        updated_at: Set(now.max(old.updated_at + 1)),
        ..Default::default()
    };
    let old = retiring.update(&*tx).await?;
    if let Some(known) = record::credential(&old) {
        tx.put(known);
    }
    tx.commit().await?;
    event::wake(app);
    Ok(Rotated { old, new, key })
}

/// How many keys of an application are honoured although they have a successor.
async fn retiring(db: &impl ConnectionTrait, application: Uuid, now: i64) -> Result<usize, DbErr> {
    let count = credential::Entity::find()
        .filter(credential::Column::ApplicationId.eq(application))
        .filter(credential::Column::Scheme.ne(client::CLIENT))
        .filter(credential::Column::RotatedAt.is_not_null())
        .filter(credential::Column::RetiredAt.is_null())
        .filter(credential::Column::ExpiresAt.gt(now))
        .count(db)
        .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}
