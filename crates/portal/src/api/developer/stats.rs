//! How often a developer's own applications were used: `stats`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::BASE;
use crate::actor::SignedIn;
use crate::api::reply::Shown;
use crate::api::shape::Instant;
use crate::app::App;
use crate::clock::millis;
use crate::input::{Body, Optional};
use crate::problem::Problem;
use crate::usecase::usage::analytics::{Answer, LIMIT, Metric, Query, query};

const TAG: &str = "Application analytics";

/// Whether there are analytics.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AnalyticsConfig")]
struct Config {
    analytics: Analytics,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Analytics {
    /// Whether percentiles can be asked for.
    percentiles: bool,
    /// For how long calls are remembered, in milliseconds.
    retention_ms: i64,
}

/// What a query found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AnalyticsAnswer")]
struct View {
    meta: Meta,
    data: Vec<Event>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AnalyticsMeta")]
struct Meta {
    /// What the ids in the data mean, by dimension.
    display: Map<String, Value>,
    metric_names: [Metric; 1],
    /// The unit of the metric, by its name.
    metric_units: Map<String, Value>,
    start: Instant,
    end: Instant,
    /// How long a stretch of time is; all of the time, when none are told apart.
    granularity_ms: i64,
    /// Whether there are more combinations than are shown.
    truncated: bool,
    /// How many combinations are shown at most.
    limit: usize,
    query_id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AnalyticsEvent")]
struct Event {
    /// The metric, and the dimensions, by their names.
    event: Map<String, Value>,
    /// When the stretch of time begins.
    timestamp: Instant,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/stats"),
            post_with(ask, |op| op.id("query-application-analytics").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/stats/config"),
            get_with(config, |op| op.id("get-application-analytics-config").tag(TAG)),
        )
}

async fn config(State(app): State<App>, _: SignedIn) -> Result<Shown<Config>, Problem> {
    let retention_ms = millis(app.config.usage.hours);
    Ok(Shown(Config { analytics: Analytics { percentiles: false, retention_ms } }))
}

async fn ask(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    body: Body<Query, Optional>,
) -> Result<Shown<View>, Problem> {
    let Answer { metric, period, truncated, display, events } =
        query(&app, &developer, body.0).await?;
    let units = [(metric.name().to_owned(), metric.unit().into())];
    let meta = Meta {
        display,
        metric_names: [metric],
        metric_units: units.into_iter().collect(),
        start: Instant(period.start),
        end: Instant(period.end),
        granularity_ms: period.bucket,
        truncated,
        limit: LIMIT,
        query_id: format!("gatekey-{}", Uuid::now_v7()),
    };
    let event = |(at, event)| Event { event, timestamp: Instant(at) };
    Ok(Shown(View { meta, data: events.into_iter().map(event).collect() }))
}
