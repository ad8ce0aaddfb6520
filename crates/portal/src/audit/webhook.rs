//! Audit logs on their way to where they are collected: of a portal its authentication entries, as
//! Konnect sends them; of the organisation everything.
//!
//! What was sent is a place in the chain, moved on when the receiver took what came before it. So
//! nothing is left out, and after a crash some may come twice.

use core::time::Duration;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use gatekey_core::secret::Secret;
use gatekey_dcr::Outcome;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set,
};

use super::format::{LogFormat, cef_line, json_line, portal_line};
use crate::app::App;
use crate::clock::millis;
use crate::problem::Problem;
use crate::store::entity::{audit_destination, audit_entry, audit_webhook};
use crate::vault::Place;

/// Entries of one call.
const AT_ONCE: u64 = 500;
/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long one call may take; then another replica may take it up.
const LEASE: Duration = Duration::from_secs(180);
/// How often a call is tried again before the webhook is turned off.
const MOST_RETRIES: i32 = 4;
/// The longest pause before a call is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The table of destinations, where authorizations are sealed for.
pub(crate) const DESTINATIONS: &str = "audit_destinations";

/// Nothing was asked to be sent again.
pub(crate) const UNCONFIGURED: &str = "unconfigured";
/// It was asked.
pub(crate) const ACCEPTED: &str = "accepted";
/// It is being done.
pub(crate) const RUNNING: &str = "running";
/// It was done.
pub(crate) const COMPLETED: &str = "completed";
/// It was given up.
pub(crate) const FAILED: &str = "failed";

/// Sends until it is dropped.
pub(crate) async fn deliver_forever(app: App) {
    if app.store.is_ours_alone() {
        // Nobody else sends: what is leased was left by a portal that was killed.
        let left = audit_webhook::Entity::update_many()
            .set(audit_webhook::ActiveModel { lease_until: Set(0), ..Default::default() })
            .exec(app.store.db());
        if let Err(error) = left.await {
            tracing::error!(%error, "cannot take up the delivery of audit logs");
        }
    }
    loop {
        if let Err(problem) = deliver_due(&app).await {
            tracing::error!(cause = problem.cause(), "cannot send audit logs");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Sends what is due, once for each webhook.
pub(crate) async fn deliver_due(app: &App) -> Result<(), Problem> {
    let now = app.clock.now();
    let due = audit_webhook::Entity::find().filter(is_due(now)).all(app.store.db()).await?;
    for row in due {
        deliver(app, row).await?;
    }
    Ok(())
}

fn is_due(now: i64) -> Condition {
    use audit_webhook::Column;
    Condition::all()
        .add(Column::Enabled.eq(true))
        .add(Column::Active.eq(true))
        .add(Column::DestinationId.is_not_null())
        .add(Column::DueAt.lte(now))
        .add(Column::LeaseUntil.lte(now))
}

/// What is sent next: what is asked again comes first.
async fn next(
    app: &App,
    row: &audit_webhook::Model,
) -> Result<(bool, Vec<audit_entry::Model>), DbErr> {
    use audit_entry::Column;
    let again = [ACCEPTED, RUNNING].contains(&row.replay.as_str());
    let mut select = audit_entry::Entity::find().order_by_asc(Column::Sequence).limit(AT_ONCE);
    if let Some(portal) = row.portal_id {
        select = select
            .filter(Column::PortalId.eq(portal))
            .filter(Column::Kind.eq(super::Kind::Authentication.name()));
    }
    select = match again {
        true => select
            .filter(Column::Sequence.gt(row.replay_sent))
            .filter(Column::At.gte(row.replay_start.unwrap_or_default()))
            .filter(Column::At.lt(row.replay_end.unwrap_or_default())),
        false => select.filter(Column::Sequence.gt(row.sent)),
    };
    Ok((again, select.all(app.store.db()).await?))
}

async fn deliver(app: &App, row: audit_webhook::Model) -> Result<(), Problem> {
    let (again, entries) = next(app, &row).await?;
    if entries.is_empty() {
        if again {
            let mut done = row.into_active_model();
            done.replay = Set(COMPLETED.into());
            done.replay_updated_at = Set(Some(app.clock.now()));
            done.update(app.store.db()).await?;
        }
        return Ok(());
    }
    let now = app.clock.now();
    let claimed = audit_webhook::Entity::update_many()
        .set(audit_webhook::ActiveModel {
            lease_until: Set(now + millis(LEASE)),
            ..Default::default()
        })
        .filter(audit_webhook::Column::Id.eq(row.id))
        // What another replica sent meanwhile is not sent again.
        .filter(audit_webhook::Column::Sent.eq(row.sent))
        .filter(audit_webhook::Column::ReplaySent.eq(row.replay_sent))
        .filter(is_due(now))
        .exec(app.store.db())
        .await?;
    if claimed.rows_affected != 1 {
        return Ok(());
    }
    let destination = row.destination_id.unwrap_or_default();
    let destination =
        audit_destination::Entity::find_by_id(destination).one(app.store.db()).await?;
    let came = match destination {
        Some(destination) => send(app, &row, &destination, &entries).await,
        None => Outcome::NotSent("there is no destination".into()),
    };
    conclude(app, row, again, &entries, came).await?;
    Ok(())
}

async fn send(
    app: &App,
    row: &audit_webhook::Model,
    destination: &audit_destination::Model,
    entries: &[audit_entry::Model],
) -> Outcome {
    let format = LogFormat::parse(&destination.log_format).unwrap_or(LogFormat::Json);
    let mut text = String::new();
    for entry in entries {
        let line = match (row.portal_id, format) {
            (Some(_), _) => portal_line(entry, format, &app.secrets.signing_key),
            (None, LogFormat::Cef) => Some(cef_line(entry)),
            (None, _) => Some(json_line(entry)),
        };
        text.push_str(&line.unwrap_or_default());
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = packed.write_all(text.as_bytes()).and_then(|()| packed.finish());
    let Ok(packed) = packed else { return Outcome::NotSent("cannot be packed".into()) };
    let mut headers = vec![("content-encoding", Secret::new("gzip".to_owned()))];
    if let Some(sealed) = &destination.authorization {
        let place = Place { table: DESTINATIONS, row: &destination.id.to_string() };
        let opened = app.secrets.vault.open(place, sealed);
        let opened = opened.ok().and_then(|text| String::from_utf8(text.expose().clone()).ok());
        let Some(authorization) = opened else {
            return Outcome::NotSent("the authorization cannot be opened".into());
        };
        headers.push(("authorization", Secret::new(authorization)));
    }
    app.outbound.post(&destination.endpoint, "text/plain", &headers, packed).await
}

async fn conclude(
    app: &App,
    row: audit_webhook::Model,
    again: bool,
    entries: &[audit_entry::Model],
    came: Outcome,
) -> Result<(), DbErr> {
    let now = app.clock.now();
    let (code, message, taken, may_retry) = match &came {
        Outcome::Replied(reply) => {
            let retry = reply.status == 429 || reply.status >= 500;
            (i32::from(reply.status), String::new(), reply.succeeded(), retry)
        }
        Outcome::NotSent(fault) | Outcome::Lost(fault) => (0, fault.clone(), false, true),
    };
    let attempts = if taken { 0 } else { row.attempts.saturating_add(1) };
    let given_up = !taken && (!may_retry || attempts > MOST_RETRIES);
    let pause = Duration::from_secs(1 << u32::try_from(attempts).unwrap_or_default().min(5));
    let last = entries.last().map(|entry| entry.sequence);
    let id = row.id;
    let mut after = row.into_active_model();
    after.lease_until = Set(0);
    after.last_attempt_at = Set(Some(now));
    after.last_response_code = Set(Some(code).filter(|code| *code > 0));
    after.last_response_message = Set(Some(message.chars().take(250).collect()));
    after.attempts = Set(if given_up { 0 } else { attempts });
    after.due_at = Set(if taken { now } else { now + millis(pause.min(LONGEST_PAUSE)) });
    if again {
        let stands = if given_up { FAILED } else { RUNNING };
        after.replay = Set(stands.into());
        after.replay_updated_at = Set(Some(now));
    }
    if let Some(last) = last.filter(|_| taken) {
        if again {
            after.replay_sent = Set(last);
        } else {
            after.sent = Set(last);
        }
    }
    if given_up && !again {
        tracing::error!(webhook = %id, code, message, "an audit log webhook was turned off");
        after.active = Set(false);
    }
    let outcome = match (taken, given_up) {
        (true, _) => "delivered",
        (_, true) => "failed",
        _ => "postponed",
    };
    app.metrics.count("gatekey_audit_deliveries_total", outcome);
    after.update(app.store.db()).await.map(|_| ())
}
