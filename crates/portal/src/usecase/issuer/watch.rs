//! Asks providers for their issuers, in the background.

use core::time::Duration;

use futures_util::StreamExt;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set};
use uuid::Uuid;

use super::{Discovery, all, check};
use crate::app::App;
use crate::clock;
use crate::problem::Problem;
use crate::store::entity::strategy;

/// How many providers are asked at a time.
const AT_ONCE: usize = 8;
/// How often strategies are looked at when nobody says that there is a new one: another portal may
/// have made it.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The calls that a round with one provider takes at most.
const CALLS: u32 = 3;

/// Asks for as long as the portal runs.
pub(crate) async fn discover_forever(app: App) {
    loop {
        if let Err(error) = discover_due(&app).await {
            tracing::warn!(cause = ?error, "cannot discover issuers");
        }
        let _ = tokio::time::timeout(LOOK_EVERY, app.discovery_waiting.notified()).await;
    }
}

/// Tells that there is a strategy whose issuer is to be discovered.
pub(crate) fn wake(app: &App) {
    app.discovery_waiting.notify_one();
}

/// Asks every provider that is due, once.
pub(crate) async fn discover_due(app: &App) -> Result<(), Problem> {
    let now = app.clock.now();
    let due = all(app.store.db()).await?.into_iter();
    let due = due.filter(|row| Discovery::of(row).is_some_and(|known| known.due_at <= now));
    let due: Vec<Uuid> = due.map(|row| row.id).collect();
    let asked = due.into_iter().map(|id| async move {
        if lease(app, id).await? {
            check(app, id).await?;
        }
        Ok::<(), Problem>(())
    });
    let mut asked = futures_util::stream::iter(asked).buffer_unordered(AT_ONCE);
    let mut failure = None;
    while let Some(outcome) = asked.next().await {
        failure = failure.or(outcome.err());
    }
    failure.map_or(Ok(()), Err)
}

/// Puts the next attempt off until this one is certainly over: of several portals one asks.
async fn lease(app: &App, id: Uuid) -> Result<bool, Problem> {
    let tx = app.store.begin().await?;
    let Some(row) = strategy::Entity::find_by_id(id).lock_exclusive().one(&tx).await? else {
        return Ok(false);
    };
    let now = app.clock.now();
    let Some(known) = Discovery::of(&row).filter(|known| known.due_at <= now) else {
        return Ok(false);
    };
    let longest = clock::millis(app.config.outbound_timeout.saturating_mul(CALLS + 1));
    let leased = Discovery { due_at: now.saturating_add(longest), ..known };
    let mut row = row.into_active_model();
    row.discovery = Set(Some(leased.stored()?));
    row.update(&tx).await?;
    tx.commit().await?;
    Ok(true)
}
