//! What gateways counted, added up by the hour, and when keys were last used.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::App;
use crate::store::entity::{credential, usage};

const MILLIS_PER_HOUR: i64 = 3_600_000;
/// Rows of one `INSERT`; five values each, and SQLite takes 32,766 values.
const ROWS_PER_INSERT: usize = 1_000;

/// What a gateway counted since its last report.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UsageReport")]
pub(crate) struct Report {
    /// How requests of applications ended.
    #[serde(default)]
    #[schemars(length(max = 4096))]
    usage: Vec<Count>,
    /// When credentials were last used.
    #[serde(default)]
    #[schemars(length(max = 4096))]
    last_used: Vec<LastUse>,
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
    /// How many there were.
    #[schemars(range(min = 1, max = 1000000000000u64))]
    count: i64,
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
    /// Answered with 503, or refused for another reason.
    Unavailable,
}

impl Class {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
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

/// Adds a report to what is stored.
pub(crate) async fn store(app: &App, report: Report) -> Result<(), DbErr> {
    if report.usage.is_empty() && report.last_used.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let tx = app.store.begin().await?;
    add(&tx, now / MILLIS_PER_HOUR, report.usage).await?;
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
    tx.commit().await
}

async fn add(db: &impl ConnectionTrait, hour: i64, counts: Vec<Count>) -> Result<(), DbErr> {
    let mut sums = BTreeMap::new();
    for count in counts {
        // No API has the nil UUID: it stands for requests that did not get as far as an API.
        let place = (count.application, count.api.unwrap_or_default(), count.class.as_str());
        let sum: &mut i64 = sums.entry(place).or_default();
        *sum = sum.saturating_add(count.count);
    }
    let rows: Vec<_> = sums
        .into_iter()
        .map(|((application, api, class), count)| usage::ActiveModel {
            application_id: Set(application),
            api_id: Set(api),
            class: Set(class.to_owned()),
            hour: Set(hour),
            count: Set(count),
        })
        .collect();
    for rows in rows.chunks(ROWS_PER_INSERT) {
        let key = [
            usage::Column::ApplicationId,
            usage::Column::ApiId,
            usage::Column::Class,
            usage::Column::Hour,
        ];
        let sum = Expr::col((usage::Entity, usage::Column::Count))
            .add(Expr::col(("excluded", usage::Column::Count)));
        usage::Entity::insert_many(rows.to_vec())
            .on_conflict(OnConflict::columns(key).value(usage::Column::Count, sum).to_owned())
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
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
