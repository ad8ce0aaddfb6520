//! What developers may ask about the calls of their own applications, as Konnect has it: one
//! metric, up to two dimensions.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::period::{Granularity, Period, TimeRange, period};
use super::{Dimension, Question, Sum, ask, own_applications, width};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::usage_point::Column;
use crate::store::entity::{api, application, developer};

/// How many combinations of dimensions an answer tells apart besides time.
pub(crate) const LIMIT: usize = 50;
/// The most values of a filter.
const MOST_VALUES: usize = 1_000;
/// What stands for a status that nobody has told, and for requests that did not get as far as an
/// API.
const EMPTY: &str = "empty";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Metric {
    RequestCount,
    RequestPerMinute,
    ResponseLatencyAverage,
    ResponseSizeAverage,
    ResponseSizeSum,
    RequestSizeAverage,
    RequestSizeSum,
}

impl Metric {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RequestCount => "request_count",
            Self::RequestPerMinute => "request_per_minute",
            Self::ResponseLatencyAverage => "response_latency_average",
            Self::ResponseSizeAverage => "response_size_average",
            Self::ResponseSizeSum => "response_size_sum",
            Self::RequestSizeAverage => "request_size_average",
            Self::RequestSizeSum => "request_size_sum",
        }
    }

    /// Its unit.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::RequestCount => "count",
            Self::RequestPerMinute => "count/minute",
            Self::ResponseLatencyAverage => "ms",
            Self::ResponseSizeAverage
            | Self::ResponseSizeSum
            | Self::RequestSizeAverage
            | Self::RequestSizeSum => "bytes",
        }
    }

    /// Its value over a stretch of time; none where nothing was measured.
    fn of(self, sum: &Sum, bucket: i64) -> Option<Value> {
        let average = |total: i64| (sum.of > 0).then(|| json!(total as f64 / sum.of as f64));
        let total = |total: i64| (sum.of > 0).then(|| json!(total));
        match self {
            Self::RequestCount => Some(json!(sum.calls)),
            Self::RequestPerMinute => {
                let minutes = bucket as f64 / 60_000.0;
                Some(json!(sum.calls as f64 / minutes.max(1.0)))
            }
            Self::ResponseLatencyAverage => average(sum.latency),
            Self::ResponseSizeAverage => average(sum.sent),
            Self::ResponseSizeSum => total(sum.sent),
            Self::RequestSizeAverage => average(sum.received),
            Self::RequestSizeSum => total(sum.received),
        }
    }
}

/// What is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Apart {
    Api,
    Application,
    StatusCode,
    StatusCodeGrouped,
    Time,
}

impl Apart {
    const fn dimension(self) -> Option<Dimension> {
        match self {
            Self::Api => Some(Dimension::Api),
            Self::Application => Some(Dimension::Application),
            Self::StatusCode => Some(Dimension::Status),
            Self::StatusCodeGrouped => Some(Dimension::StatusGroup),
            Self::Time => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Application => "application",
            Self::StatusCode => "status_code",
            Self::StatusCodeGrouped => "status_code_grouped",
            Self::Time => "time",
        }
    }

    /// The value of a sum.
    fn of(self, sum: &Sum) -> String {
        match self {
            Self::Api if sum.api.is_nil() => EMPTY.into(),
            Self::Api => sum.api.to_string(),
            Self::Application => sum.application.to_string(),
            Self::StatusCode | Self::StatusCodeGrouped if sum.code == 0 => EMPTY.into(),
            Self::StatusCode => sum.code.to_string(),
            Self::StatusCodeGrouped => format!("{}XX", sum.code),
            Self::Time => String::new(),
        }
    }
}

/// What a filter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Field {
    Api,
    Application,
    StatusCode,
    StatusCodeGrouped,
}

/// Whether a filter lets its values through, or all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Operator {
    In,
    NotIn,
}

/// Which calls count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StatsFilter")]
struct Filter {
    field: Field,
    operator: Operator,
    /// UUIDs of APIs or applications, status codes, or groups of them such as `2XX`.
    #[schemars(length(max = 1000))]
    value: Vec<Value>,
}

/// A query about the calls of the developer's own applications.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QueryApplicationAnalytics")]
pub(crate) struct Query {
    /// `request_count`, if absent.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1))]
    metrics: Given<Vec<Metric>>,
    #[serde(default)]
    #[schemars(length(max = 2))]
    dimensions: Given<Vec<Apart>>,
    /// Only with the dimension `time`.
    #[serde(default)]
    granularity: Given<Granularity>,
    #[serde(default)]
    time_range: Given<TimeRange>,
    #[serde(default)]
    #[schemars(length(max = 20))]
    filters: Given<Vec<Filter>>,
}

/// The answer to a query.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) metric: Metric,
    pub(crate) period: Period,
    pub(crate) truncated: bool,
    /// What the ids mean, by dimension.
    pub(crate) display: Map<String, Value>,
    /// Points in time, and what happened then.
    pub(crate) events: Vec<(i64, Map<String, Value>)>,
}

/// Answers a developer's query.
pub(crate) async fn query(
    app: &App,
    developer: &developer::Model,
    query: Query,
) -> Result<Answer, Problem> {
    let metric = query.metrics.or(Vec::new()).into_iter().next().unwrap_or(Metric::RequestCount);
    let apart = query.dimensions.or(Vec::new());
    if apart.iter().collect::<BTreeSet<_>>().len() < apart.len() {
        let fault = Invalid::body("dimensions", "invalid", "must differ from each other");
        return Err(Problem::one_invalid(fault));
    }
    let by_time = apart.contains(&Apart::Time);
    let granularity = query.granularity.value();
    if granularity.is_some() && !by_time {
        let reason = "is only for queries with the dimension time";
        return Err(Problem::one_invalid(Invalid::body("granularity", "invalid", reason)));
    }
    let range = query.time_range.or(TimeRange::default());
    let period = period(&range, by_time.then_some(granularity), app.clock.now())?;
    let mut which = own_applications(developer);
    for (index, filter) in query.filters.or(Vec::new()).iter().enumerate() {
        which = which.add(condition(index, filter)?);
    }
    let bucket = by_time.then_some(period.bucket).filter(|bucket| *bucket < period.length());
    let (width, unit) = width(app, period.start, bucket);
    // Of what is kept by the hour nothing finer can be told.
    let bucket = bucket.map(|bucket| bucket.max(unit));
    let start = period.start - period.start.rem_euclid(unit);
    let by = apart.iter().filter_map(|apart| apart.dimension()).collect();
    let question = Question { which, from: start, to: period.end, bucket, by, width };
    let sums = ask(app.store.db(), question).await?;
    let length = bucket.unwrap_or(period.end - start);
    let period = Period { start, end: period.end, bucket: length };
    let apart: Vec<_> = apart.into_iter().filter(|apart| *apart != Apart::Time).collect();
    let (sums, truncated) = largest(sums, &apart);
    let display = display(app.store.db(), &sums, &apart).await?;
    let events = sums.iter().filter_map(|sum| {
        let mut event = Map::new();
        event.insert(metric.name().into(), metric.of(sum, length)?);
        for apart in &apart {
            event.insert(apart.name().into(), apart.of(sum).into());
        }
        Some((start + sum.place * length, event))
    });
    let events = events.collect();
    Ok(Answer { metric, period, truncated, display, events })
}

/// The sums of the combinations that have most calls, and whether there were others.
fn largest(sums: Vec<Sum>, apart: &[Apart]) -> (Vec<Sum>, bool) {
    let key = |sum: &Sum| apart.iter().map(|apart| apart.of(sum)).collect::<Vec<_>>();
    let mut calls: BTreeMap<Vec<String>, i64> = BTreeMap::new();
    for sum in &sums {
        *calls.entry(key(sum)).or_default() += sum.calls;
    }
    if calls.len() <= LIMIT {
        return (sums, false);
    }
    let mut calls: Vec<_> = calls.into_iter().map(|(key, calls)| (calls, key)).collect();
    calls.sort_unstable_by(|one, other| other.cmp(one));
    let kept: BTreeSet<_> = calls.into_iter().take(LIMIT).map(|(_, key)| key).collect();
    (sums.into_iter().filter(|sum| kept.contains(&key(sum))).collect(), true)
}

/// What the values of dimensions mean.
async fn display(
    db: &impl ConnectionTrait,
    sums: &[Sum],
    apart: &[Apart],
) -> Result<Map<String, Value>, Problem> {
    let mut display = Map::new();
    for apart in apart {
        let values: BTreeSet<String> = sums.iter().map(|sum| apart.of(sum)).collect();
        let names: BTreeMap<Uuid, String> = match apart {
            Apart::Api => {
                let ids = sums.iter().map(|sum| sum.api).collect::<BTreeSet<_>>();
                let found = api::Entity::find().filter(api::Column::Id.is_in(ids)).all(db).await?;
                let name = |row: api::Model| {
                    let version = Some(row.version).filter(|version| !version.is_empty());
                    (row.id, version.map_or(row.name.clone(), |v| format!("{} {v}", row.name)))
                };
                found.into_iter().map(name).collect()
            }
            Apart::Application => {
                let ids = sums.iter().map(|sum| sum.application).collect::<BTreeSet<_>>();
                let found: Vec<(Uuid, String)> = application::Entity::find()
                    .select_only()
                    .columns([application::Column::Id, application::Column::Name])
                    .filter(application::Column::Id.is_in(ids))
                    .into_tuple()
                    .all(db)
                    .await?;
                found.into_iter().collect()
            }
            Apart::StatusCode | Apart::StatusCodeGrouped | Apart::Time => BTreeMap::new(),
        };
        let entries = values.into_iter().map(|value| {
            let id = Uuid::try_parse(&value).ok().filter(|_| value.len() == 36);
            let name = id.and_then(|id| names.get(&id));
            let deleted = id.is_some() && name.is_none();
            let name = name.unwrap_or(&value).clone();
            (value, json!({ "name": name, "deleted": deleted }))
        });
        display.insert(apart.name().into(), Value::Object(entries.collect()));
    }
    Ok(display)
}

/// What a filter lets through.
fn condition(index: usize, filter: &Filter) -> Result<Condition, Problem> {
    if filter.value.len() > MOST_VALUES {
        let fault = Invalid::body(format!("filters.{index}.value"), "max_items", "is too long");
        return Err(Problem::one_invalid(fault.at_most(MOST_VALUES as u64)));
    }
    let mut any = Condition::any();
    for (at, value) in filter.value.iter().enumerate() {
        let blame = |rule, reason: &str| {
            let field = format!("filters.{index}.value.{at}");
            Problem::one_invalid(Invalid::body(field, rule, reason))
        };
        any = match filter.field {
            Field::Api | Field::Application => {
                let id = value.as_str().filter(|text| is_lower_uuid(text));
                let id = id.and_then(|text| Uuid::try_parse(text).ok());
                let id = id.ok_or_else(|| blame("is_uuid", "must be a UUID in lower case"))?;
                let column = match filter.field {
                    Field::Api => Column::ApiId,
                    _ => Column::ApplicationId,
                };
                any.add(column.eq(id))
            }
            Field::StatusCode => {
                let code = value.as_i64().filter(|code| (100..=999).contains(code));
                let code = code.ok_or_else(|| blame("is_integer", "must be from 100 to 999"))?;
                any.add(Column::Status.eq(code))
            }
            Field::StatusCodeGrouped => {
                let group = value.as_str().and_then(group);
                let group = group.ok_or_else(|| blame("matches_regex", "must be such as 2XX"))?;
                any.add(Column::Status.between(group * 100, group * 100 + 99))
            }
        };
    }
    if filter.value.is_empty() {
        // None of no values.
        any = any.add(Column::Count.lt(0));
    }
    Ok(match filter.operator {
        Operator::In => any,
        Operator::NotIn => any.not(),
    })
}

fn is_lower_uuid(text: &str) -> bool {
    crate::input::is_uuid(text) && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// The digit of a group of status codes.
fn group(text: &str) -> Option<i32> {
    let mut chars = text.chars();
    let digit = chars.next()?.to_digit(10).and_then(|digit| i32::try_from(digit).ok())?;
    let rest = (chars.next()?, chars.next()?, chars.next());
    matches!(rest, ('x' | 'X', 'x' | 'X', None)).then_some(digit)
}
