//! What gateways counted, added up by the minute and by the hour, and when keys were last used.

use core::time::Duration;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};
use serde::Deserialize;
use uuid::Uuid;

use super::refusals::{self, Refused};
use crate::app::App;
use crate::clock::millis;
use crate::store::entity::{credential, usage_point, usage_report};

/// The lengths of the stretches that calls are added up over, in seconds.
pub(crate) const MINUTE: i32 = 60;
/// The other one.
pub(crate) const HOUR: i32 = 3_600;
/// Rows of one `INSERT`; twelve values each, and SQLite takes 32,766 values.
const ROWS_PER_INSERT: usize = 1_000;
/// How long the names of reports are remembered.
const REPORTS_REMEMBERED: Duration = Duration::from_secs(24 * 3_600);

/// What a gateway counted since its last report.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UsageReport")]
pub(crate) struct Report {
    /// Names the report: one that comes again under its name counts nothing.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9._:-]+$"))]
    id: Option<String>,
    /// How requests of applications ended.
    #[serde(default)]
    #[schemars(length(max = 4096))]
    usage: Vec<Count>,
    /// When credentials were last used.
    #[serde(default)]
    #[schemars(length(max = 4096))]
    last_used: Vec<LastUse>,
    /// Calls that were refused, whoever made them.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    refusals: Vec<Refused>,
    /// How many more were refused of which there is nothing above.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000000000000u64))]
    refusals_dropped: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UsageCount")]
struct Count {
    /// The application.
    application: Uuid,
    /// The API; missing when requests did not get that far.
    #[serde(default)]
    api: Option<Uuid>,
    /// How they ended.
    class: Class,
    /// Why they were refused: the code of the refusal.
    #[serde(default)]
    #[schemars(length(max = 64), regex(pattern = "^[a-z0-9_]*$"))]
    reason: Option<String>,
    /// The status that the client was answered with, if the gateway knows it.
    #[serde(default)]
    #[schemars(range(min = 100, max = 999))]
    status: Option<i32>,
    /// How many there were.
    #[schemars(range(min = 1, max = 1000000000000u64))]
    count: i64,
    /// What was measured of some of them.
    #[serde(default)]
    measured: Option<Measured>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UsageMeasured")]
struct Measured {
    /// How many requests the sums are of.
    #[schemars(range(min = 1, max = 1000000000000u64))]
    count: i64,
    /// The milliseconds until they were answered.
    #[schemars(range(min = 0, max = 1000000000000000u64))]
    latency_ms: i64,
    /// The bytes of the requests.
    #[schemars(range(min = 0, max = 1000000000000000u64))]
    request_bytes: i64,
    /// The bytes of the answers.
    #[schemars(range(min = 0, max = 1000000000000000u64))]
    response_bytes: i64,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "UsageClass")]
enum Class {
    /// Let through.
    Allowed,
    /// Refused with 401.
    Unauthorized,
    /// Refused with 403.
    Forbidden,
    /// Refused with 429.
    Limited,
    /// Answered with 503, or refused for another reason.
    Unavailable,
}

impl Class {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Limited => "limited",
            Self::Unavailable => "unavailable",
        }
    }

    /// The status of the answer, where the class alone tells; 0 where it does not.
    const fn status(self) -> i32 {
        match self {
            Self::Allowed => 0,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::Limited => 429,
            Self::Unavailable => 503,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LastUse {
    /// The credential.
    credential: Uuid,
    /// Seconds since 1970.
    #[schemars(range(min = 0, max = 253402300799i64))]
    at: i64,
}

/// Adds a report of a gateway to what is stored.
pub(crate) async fn store(app: &App, gateway: Uuid, report: Report) -> Result<(), DbErr> {
    if report.usage.is_empty() && report.last_used.is_empty() && report.refusals.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let tx = app.store.begin().await?;
    if let Some(id) = report.id
        && !is_new(&tx, gateway, id, now).await?
    {
        // What it said was committed with its name.
        return Ok(());
    }
    add(&tx, now, report.usage).await?;
    refusals::keep(&tx, app, gateway, now, report.refusals).await?;
    // In one order, so that two reports never wait for each other.
    let mut uses = BTreeMap::new();
    for LastUse { credential, at } in report.last_used {
        let at = Ord::min(at.saturating_mul(1_000), now);
        let latest = uses.entry(credential).or_insert(at);
        *latest = Ord::max(at, *latest);
    }
    for (credential, at) in uses {
        note(&tx, credential, at).await?;
    }
    tx.commit().await?;
    if report.refusals_dropped > 0 {
        let dropped = report.refusals_dropped;
        tracing::info!(%gateway, dropped, "a gateway refused more calls than it can tell of");
    }
    Ok(())
}

async fn is_new(
    db: &impl ConnectionTrait,
    gateway: Uuid,
    report: String,
    now: i64,
) -> Result<bool, DbErr> {
    let row = usage_report::ActiveModel {
        gateway_id: Set(gateway),
        report: Set(report),
        received_at: Set(now),
    };
    let key = [usage_report::Column::GatewayId, usage_report::Column::Report];
    let inserted = usage_report::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    Ok(inserted > 0)
}

async fn add(db: &impl ConnectionTrait, now: i64, counts: Vec<Count>) -> Result<(), DbErr> {
    let mut sums = BTreeMap::new();
    for count in counts {
        let status = count.status.unwrap_or(count.class.status());
        let reason = count.reason.unwrap_or_default();
        let measured = count.measured.unwrap_or_default();
        for width in [MINUTE, HOUR] {
            // No API has the nil UUID: it stands for requests that did not get as far as an API.
            let api = count.api.unwrap_or_default();
            let place = (width, count.application, api, count.class.as_str(), reason.clone());
            let sum: &mut Sum = sums.entry((place, status)).or_default();
            sum.add(count.count, measured);
        }
    }
    let rows: Vec<_> = sums
        .into_iter()
        .map(|(((width, application, api, class, reason), status), sum)| usage_point::ActiveModel {
            width: Set(width),
            at: Set(start_of(now, width)),
            application_id: Set(application),
            api_id: Set(api),
            class: Set(class.to_owned()),
            reason: Set(reason),
            status: Set(status),
            count: Set(sum.count),
            measured: Set(sum.measured.count),
            latency_ms: Set(sum.measured.latency_ms),
            request_bytes: Set(sum.measured.request_bytes),
            response_bytes: Set(sum.measured.response_bytes),
        })
        .collect();
    for rows in rows.chunks(ROWS_PER_INSERT) {
        usage_point::Entity::insert_many(rows.to_vec())
            .on_conflict(adding_up())
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// What a report says of one kind of calls.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    count: i64,
    measured: Measured,
}

impl Sum {
    const fn add(&mut self, count: i64, more: Measured) {
        let sum = &mut self.measured;
        self.count = self.count.saturating_add(count);
        sum.count = sum.count.saturating_add(more.count);
        sum.latency_ms = sum.latency_ms.saturating_add(more.latency_ms);
        sum.request_bytes = sum.request_bytes.saturating_add(more.request_bytes);
        sum.response_bytes = sum.response_bytes.saturating_add(more.response_bytes);
    }
}

/// What is there already and what comes are added up.
fn adding_up() -> OnConflict {
    use usage_point::Column;
    let key = [
        Column::Width,
        Column::At,
        Column::ApplicationId,
        Column::ApiId,
        Column::Class,
        Column::Reason,
        Column::Status,
    ];
    let mut on_conflict = OnConflict::columns(key);
    for column in [
        Column::Count,
        Column::Measured,
        Column::LatencyMs,
        Column::RequestBytes,
        Column::ResponseBytes,
    ] {
        let sum = Expr::col((usage_point::Entity, column)).add(Expr::col(("excluded", column)));
        on_conflict.value(column, sum);
    }
    on_conflict
}

/// When the stretch begins that a point in time lies in.
const fn start_of(at: i64, width: i32) -> i64 {
    at - at.rem_euclid(width as i64 * 1_000)
}

async fn note(db: &impl ConnectionTrait, credential: Uuid, at: i64) -> Result<(), DbErr> {
    let earlier = Condition::any()
        .add(credential::Column::LastUsedAt.is_null())
        .add(credential::Column::LastUsedAt.lt(at));
    credential::Entity::update_many()
        .col_expr(credential::Column::LastUsedAt, at.into())
        .filter(credential::Column::Id.eq(credential))
        .filter(earlier)
        .exec(db)
        .await?;
    Ok(())
}

/// Forgets what is older than is to be kept.
pub(crate) async fn prune(app: &App) -> Result<(), DbErr> {
    let now = app.clock.now();
    for (width, kept) in [(MINUTE, app.config.usage.minutes), (HOUR, app.config.usage.hours)] {
        usage_point::Entity::delete_many()
            .filter(usage_point::Column::Width.eq(width))
            .filter(usage_point::Column::At.lt(start_of(now.saturating_sub(millis(kept)), width)))
            .exec(app.store.db())
            .await?;
    }
    let before = now.saturating_sub(millis(REPORTS_REMEMBERED));
    usage_report::Entity::delete_many()
        .filter(usage_report::Column::ReceivedAt.lt(before))
        .exec(app.store.db())
        .await?;
    Ok(())
}
