//! Who delivers when: leases between replicas, order, and what happens when a receiver is away.
//!
//! Deliveries of one webhook go out one after the other, in the order of their events. When the
//! receiver cannot be reached, all of them wait, and keep their order. When it refuses one, that one
//! alone is tried again later.

use core::time::Duration;
use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream;
use gatekey_core::secret::Secret;
use gatekey_dcr::Outcome;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use uuid::Uuid;

use super::delivery::{DELIVERED, FAILED, WAITING};
use super::{secrets, signature};
use crate::app::App;
use crate::clock::millis;
use crate::problem::Problem;
use crate::store::entity::{delivery, delivery_attempt, webhook};

/// Deliveries of one round.
const AT_ONCE: u64 = 200;
/// How many webhooks are served beside each other.
const SIDE_BY_SIDE: usize = 8;
/// How long one delivery may take; then another replica may take it up.
const LEASE: Duration = Duration::from_secs(180);
/// How often to look when nobody says that there is something to deliver.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The pauses after the first, second, ... failure, in seconds: together a day.
const PAUSES: [u64; 10] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800];
/// How long the history is kept.
const KEEP: Duration = Duration::from_secs(30 * 86_400);

/// What came of one try.
enum Came {
    Taken(u16),
    /// The receiver says that there is nobody any more.
    Gone(u16),
    /// This one was not taken.
    Refused(u16),
    /// Nothing gets through for now.
    Away(Option<u16>, String),
}

/// Delivers until it is dropped.
pub(crate) async fn deliver_forever(app: App) {
    if app.store.is_ours_alone() {
        // Nobody else delivers: what is leased was left by a portal that was killed.
        let left = delivery::Entity::update_many()
            .set(delivery::ActiveModel { lease_until: Set(0), ..Default::default() })
            .filter(delivery::Column::LeaseUntil.gt(0))
            .exec(app.store.db());
        if let Err(error) = left.await {
            tracing::error!(%error, "cannot take up deliveries to webhooks");
        }
    }
    loop {
        match deliver_due(&app).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "cannot read the deliveries to webhooks"),
        }
        let _ = tokio::time::timeout(LOOK_EVERY, app.webhooks_waiting.notified()).await;
    }
}

/// Delivers what is due, once; whether there may be more.
pub(crate) async fn deliver_due(app: &App) -> Result<bool, DbErr> {
    let due = delivery::Entity::find()
        .filter(is_due(app.clock.now()))
        .order_by_asc(delivery::Column::Id)
        .limit(AT_ONCE)
        .all(app.store.db())
        .await?;
    let full_round = due.len() as u64 == AT_ONCE;
    let mut queues: BTreeMap<Uuid, Vec<delivery::Model>> = BTreeMap::new();
    for row in due {
        queues.entry(row.webhook_id).or_default().push(row);
    }
    let failed = stream::iter(queues)
        .map(|(webhook, rows)| deliver_queue(app, webhook, rows))
        .buffer_unordered(SIDE_BY_SIDE)
        .filter_map(async |outcome: Result<(), DbErr>| outcome.err());
    match core::pin::pin!(failed).next().await {
        Some(error) => Err(error),
        None => Ok(full_round),
    }
}

fn is_due(now: i64) -> Condition {
    Condition::all()
        .add(delivery::Column::State.eq(WAITING))
        .add(delivery::Column::DueAt.lte(now))
        .add(delivery::Column::LeaseUntil.lte(now))
}

/// Delivers to one webhook, one after the other.
async fn deliver_queue(app: &App, id: Uuid, rows: Vec<delivery::Model>) -> Result<(), DbErr> {
    for row in rows {
        let Some(webhook) = webhook::Entity::find_by_id(id).one(app.store.db()).await? else {
            return Ok(());
        };
        if !claim(app, row.id).await? {
            // Another replica is at this webhook: to go on would overtake it.
            return Ok(());
        }
        let (at, started) = (app.clock.now(), Instant::now());
        let came = match webhook.enabled {
            true => send(app, &webhook, &row).await,
            false => Came::Gone(0),
        };
        let took = i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX);
        let away = matches!(came, Came::Away(..));
        conclude(app, &webhook, row, came, at, took).await?;
        if away {
            return Ok(());
        }
    }
    Ok(())
}

async fn claim(app: &App, id: Uuid) -> Result<bool, DbErr> {
    let now = app.clock.now();
    let claimed = delivery::Entity::update_many()
        .set(delivery::ActiveModel { lease_until: Set(now + millis(LEASE)), ..Default::default() })
        .filter(delivery::Column::Id.eq(id))
        .filter(is_due(now))
        .exec(app.store.db())
        .await?;
    Ok(claimed.rows_affected == 1)
}

async fn send(app: &App, webhook: &webhook::Model, row: &delivery::Model) -> Came {
    let seconds = app.clock.now() / 1_000;
    let signed = secrets(app, webhook)
        .and_then(|secrets| signature::sign(&secrets, &row.message, seconds, &row.payload));
    let signature = match signed {
        Ok(signature) => signature,
        Err(problem) => return Came::Away(None, cause(&problem)),
    };
    let headers = [
        ("webhook-id", row.message.clone()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signature),
    ];
    let headers = headers.map(|(name, value)| (name, Secret::new(value)));
    let payload = row.payload.clone().into_bytes();
    match app.outbound.post(&webhook.url, "application/json", &headers, payload).await {
        Outcome::Replied(reply) => match reply.status {
            200..=299 => Came::Taken(reply.status),
            410 => Came::Gone(reply.status),
            429 | 502..=504 => Came::Away(Some(reply.status), "the receiver is busy".into()),
            status => Came::Refused(status),
        },
        Outcome::NotSent(fault) | Outcome::Lost(fault) => Came::Away(None, fault),
    }
}

async fn conclude(
    app: &App,
    webhook: &webhook::Model,
    row: delivery::Model,
    came: Came,
    at: i64,
    took: i32,
) -> Result<(), DbErr> {
    let (status, fault) = match &came {
        Came::Taken(status) => (Some(*status), None),
        Came::Gone(0) => (None, Some("the webhook is disabled".to_owned())),
        Came::Gone(status) => (Some(*status), Some("the receiver is gone".to_owned())),
        Came::Refused(status) => (Some(*status), Some("the receiver refused it".to_owned())),
        Came::Away(status, fault) => (*status, Some(fault.chars().take(250).collect())),
    };
    let status = status.map(i32::from);
    let attempts = row.attempts.saturating_add(1);
    let pause = PAUSES.get(usize::try_from(row.attempts).unwrap_or(usize::MAX)).copied();
    let due_at = app.clock.now() + millis(Duration::from_secs(pause.unwrap_or_default()));
    let (state, outcome) = match (&came, pause) {
        (Came::Taken(_), _) => (DELIVERED, "delivered"),
        (Came::Gone(_), _) | (_, None) => (FAILED, "failed"),
        _ => (WAITING, "postponed"),
    };
    app.metrics.count("gatekey_webhook_deliveries_total", outcome);
    if state == FAILED {
        let (delivery, webhook) = (row.id, row.webhook_id);
        tracing::warn!(%delivery, %webhook, fault, "a delivery to a webhook was given up");
    }
    // Not audited: nobody asked for it just now.
    let tx = app.store.begin().await?;
    delivery_attempt::Model {
        id: Uuid::now_v7(),
        delivery_id: row.id,
        at,
        duration_ms: took,
        response_status: status,
        fault: fault.clone(),
    }
    .into_active_model()
    .insert(&tx)
    .await?;
    let waits = state == WAITING;
    let mut after = row.into_active_model();
    after.state = Set(state.into());
    after.attempts = Set(attempts);
    after.due_at = Set(due_at);
    after.lease_until = Set(0);
    after.response_status = Set(status);
    after.fault = Set(fault);
    after.finished_at = Set((!waits).then(|| app.clock.now()));
    after.update(&tx).await?;
    if matches!(came, Came::Away(..)) && waits {
        // The others wait with it, so that their order is kept.
        delivery::Entity::update_many()
            .set(delivery::ActiveModel { due_at: Set(due_at), ..Default::default() })
            .filter(delivery::Column::WebhookId.eq(webhook.id))
            .filter(delivery::Column::State.eq(WAITING))
            .filter(delivery::Column::DueAt.lt(due_at))
            .exec(&tx)
            .await?;
    }
    if matches!(came, Came::Gone(1..)) {
        tracing::warn!(webhook = %webhook.id, "a webhook's receiver is gone: it is disabled");
        let mut gone = webhook.clone().into_active_model();
        gone.enabled = Set(false);
        gone.update(&tx).await?;
    }
    tx.commit().await
}

fn cause(problem: &Problem) -> String {
    problem.cause().to_owned()
}

/// Forgets old history.
pub(crate) async fn prune(app: &App) -> Result<(), DbErr> {
    delivery::Entity::delete_many()
        .filter(delivery::Column::State.ne(WAITING))
        .filter(delivery::Column::CreatedAt.lte(app.clock.now() - millis(KEEP)))
        .exec(app.store.db())
        .await
        .map(|_| ())
}
