//! Which revision gateways have applied, as they say with every poll.
//!
//! Receipts are rows, so that a portal that was restarted, or another process of it, knows which
//! gateways there are.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use gatekey_core::id::Revision;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::delta::{signed, unsigned};
use crate::app::App;
use crate::clock::millis;
use crate::store::entity::receipt;

/// How long after its poll has ended an instance that does not poll again counts as running.
const OVERDUE: Duration = Duration::from_secs(15);
/// How long receipts of instances that are gone are shown.
const REMEMBERED: Duration = Duration::from_secs(24 * 3_600);
/// Rows of one `INSERT`; five values each.
const ROWS_PER_INSERT: usize = 1_000;
/// How often those who wait look for receipts that another process took.
pub(crate) const LOOK: Duration = Duration::from_millis(500);

/// An instance says that it applied a revision and waits for what comes next.
pub(crate) async fn receive(
    app: &App,
    gateway: Uuid,
    instance: String,
    applied: Revision,
    wait: Duration,
) -> Result<(), DbErr> {
    let now = app.clock.now();
    let row = receipt::Model {
        gateway_id: gateway,
        instance,
        revision: signed(applied),
        seen_at: now,
        live_until: now.saturating_add(millis(wait + OVERDUE)),
    };
    app.gateways.receipts.write(app, row).await?;
    app.gateways.received.send_replace(());
    Ok(())
}

/// Writes receipts. All gateways answer to the same change at once: what arrives during one write
/// goes into the next.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    waiting: Mutex<Batch>,
    writing: tokio::sync::Mutex<()>,
}

/// Receipts that wait, and who wait for them to be written.
#[derive(Debug, Default)]
struct Batch {
    rows: BTreeMap<(Uuid, String), receipt::Model>,
    written: Vec<oneshot::Sender<Result<(), String>>>,
}

impl Writer {
    async fn write(&self, app: &App, row: receipt::Model) -> Result<(), DbErr> {
        let (sender, mut written) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.rows.insert((row.gateway_id, row.instance.clone()), row);
            waiting.written.push(sender);
        }
        // Whoever is first writes for all.
        let writing = self.writing.lock().await;
        if let Ok(outcome) = written.try_recv() {
            return outcome.map_err(DbErr::Custom);
        }
        let batch = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            core::mem::take(&mut *waiting)
        };
        let outcome = store(app, batch.rows.into_values().collect()).await;
        drop(writing);
        let told = outcome.as_ref().copied().map_err(ToString::to_string);
        for sender in batch.written {
            // Whoever waited may have gone.
            let _ = sender.send(told.clone());
        }
        outcome
    }
}

async fn store(app: &App, rows: Vec<receipt::Model>) -> Result<(), DbErr> {
    for rows in rows.chunks(ROWS_PER_INSERT) {
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        receipt::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([receipt::Column::GatewayId, receipt::Column::Instance])
                    .update_columns([
                        receipt::Column::Revision,
                        receipt::Column::SeenAt,
                        receipt::Column::LiveUntil,
                    ])
                    .to_owned(),
            )
            .exec_without_returning(app.store.light())
            .await?;
    }
    Ok(())
}

/// The receipts of a gateway, by instance.
pub(crate) async fn of_gateway(app: &App, gateway: Uuid) -> Result<Vec<receipt::Model>, DbErr> {
    receipt::Entity::find()
        .filter(receipt::Column::GatewayId.eq(gateway))
        .order_by_asc(receipt::Column::Instance)
        .all(app.store.db())
        .await
}

/// Until when every instance that is remembered has told what it let through; none when there is
/// no instance.
pub(crate) async fn reported_until(app: &App) -> Result<Option<i64>, DbErr> {
    let oldest: Option<i64> = receipt::Entity::find()
        .select_only()
        .column(receipt::Column::SeenAt)
        .order_by_asc(receipt::Column::SeenAt)
        .limit(1)
        .into_tuple()
        .one(app.store.db())
        .await?;
    Ok(oldest)
}

/// Forgets instances that have been gone for long.
pub(crate) async fn prune(app: &App) -> Result<(), DbErr> {
    let end = app.clock.now().saturating_sub(millis(REMEMBERED));
    receipt::Entity::delete_many()
        .filter(receipt::Column::LiveUntil.lt(end))
        .exec(app.store.db())
        .await?;
    Ok(())
}

/// On how many of the running instances a revision is enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Enforcement {
    /// Instances that applied it.
    pub(crate) enforced: usize,
    /// Instances that run.
    pub(crate) live: usize,
    /// The revision.
    pub(crate) revision: Revision,
}

/// Waits until every running instance of every gateway has applied a revision, at most for the
/// given time. No instance at all is a short wait.
pub(crate) async fn wait_for(
    app: &App,
    revision: Revision,
    patience: Duration,
) -> Result<Enforcement, DbErr> {
    let deadline = Instant::now() + patience;
    let mut received = app.gateways.received.subscribe();
    let mut stopping = app.gateways.stopping();
    loop {
        received.borrow_and_update();
        let state = enforcement(app, revision).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        if state.enforced == state.live || left.is_zero() || *stopping.borrow_and_update() {
            return Ok(state);
        }
        tokio::select! {
            _ = received.changed() => {}
            _ = stopping.changed() => {}
            () = tokio::time::sleep(left.min(LOOK)) => {}
        }
    }
}

async fn enforcement(app: &App, revision: Revision) -> Result<Enforcement, DbErr> {
    let live = receipt::Entity::find()
        .filter(receipt::Column::LiveUntil.gt(app.clock.now()))
        .all(app.store.db())
        .await?;
    let enforced = live.iter().filter(|receipt| unsigned(receipt.revision) >= revision).count();
    Ok(Enforcement { enforced, live: live.len(), revision })
}
