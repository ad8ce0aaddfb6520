//! Usage as administrators ask for it: of an application, or of an API.

use schemars::JsonSchema;
use sea_orm::Condition;
use serde::Serialize;
use uuid::Uuid;

use super::{Dimension, Question, Sum, ask, minutes_since, width};
use crate::app::App;
use crate::clock;
use crate::list::ListQuery;
use crate::problem::{Invalid, Problem};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The most stretches of time in an answer.
const MOST_BUCKETS: i64 = 3_000;

/// How long the stretches of time are that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Granularity {
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days, of UTC.
    Day,
    /// None are told apart.
    Total,
}

const GRANULARITIES: [(&str, Granularity); 4] = [
    ("minute", Granularity::Minute),
    ("hour", Granularity::Hour),
    ("day", Granularity::Day),
    ("total", Granularity::Total),
];

impl Granularity {
    const fn bucket(self) -> Option<i64> {
        match self {
            Self::Minute => Some(MINUTE),
            Self::Hour => Some(HOUR),
            Self::Day => Some(DAY),
            Self::Total => None,
        }
    }
}

/// A question about usage.
#[derive(Debug)]
pub(crate) struct Asked {
    /// From when, in milliseconds.
    pub(crate) from: i64,
    /// Until when.
    pub(crate) to: i64,
    /// How time is told apart.
    pub(crate) granularity: Granularity,
    /// What else is told apart.
    pub(crate) by: Vec<Dimension>,
}

impl Asked {
    /// Reads a query. `other` is what the calls of the resource can have in common besides class,
    /// reason and status.
    pub(crate) fn read(
        app: &App,
        mut query: ListQuery,
        other: (&'static str, Dimension),
    ) -> Result<Self, Problem> {
        let now = app.clock.now();
        let mut faults = Vec::new();
        let mut time = |query: &mut ListQuery, name: &str| {
            let text = query.take(name)?;
            let at = clock::parse(&text).filter(|at| *at >= 0);
            if at.is_none() {
                let reason = "must be a date and time of RFC 3339";
                faults.push(Invalid::query(name, "is_date_time", reason));
            }
            at
        };
        let to = time(&mut query, "to").unwrap_or(now);
        let from = time(&mut query, "from").unwrap_or_else(|| to.saturating_sub(DAY).max(0));
        if faults.is_empty() && from >= to {
            faults.push(Invalid::query("from", "max", "must be earlier than `to`"));
        }
        let granularity = match query.take("granularity") {
            None => usual(to.saturating_sub(from)),
            Some(text) => match GRANULARITIES.iter().find(|(name, _)| *name == text) {
                Some((_, known)) => *known,
                None => {
                    let names = GRANULARITIES.map(|(name, _)| name.to_owned()).to_vec();
                    let reason = "must be minute, hour, day or total";
                    faults.push(Invalid::query("granularity", "enum", reason).one_of(names));
                    Granularity::Total
                }
            },
        };
        let dimensions = [
            other,
            ("class", Dimension::Class),
            ("reason", Dimension::Reason),
            ("status", Dimension::Status),
        ];
        let mut by = Vec::new();
        for part in query.take("group_by").iter().flat_map(|text| text.split(',')) {
            match dimensions.iter().find(|(name, _)| *name == part.trim()) {
                Some((_, known)) => by.push(*known),
                None => {
                    let names: Vec<_> =
                        dimensions.iter().map(|(name, _)| (*name).to_owned()).collect();
                    let reason = format!("must be some of {}", names.join(", "));
                    faults.push(Invalid::query("group_by", "enum", reason).one_of(names));
                }
            }
        }
        let kept = minutes_since(app);
        if faults.is_empty() && granularity == Granularity::Minute && from < kept {
            let reason = "minutes are kept only since the time that is configured: ask for hours";
            faults.push(Invalid::query("granularity", "invalid", reason));
        }
        let buckets = granularity.bucket().map_or(1, |bucket| to.saturating_sub(from) / bucket);
        if faults.is_empty() && buckets > MOST_BUCKETS {
            let reason = format!("must not lead to more than {MOST_BUCKETS} stretches of time");
            faults.push(Invalid::query("granularity", "invalid", reason));
        }
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        query.nothing_else()?;
        Ok(Self { from, to, granularity, by })
    }

    /// Answers for those calls that `which` names. The time begins where the first stretch does.
    pub(crate) async fn answer(self, app: &App, which: Condition) -> Result<Series, Problem> {
        let bucket = self.granularity.bucket();
        let aligned = self.from - self.from.rem_euclid(bucket.unwrap_or(MINUTE));
        let (width, unit) = width(app, aligned, bucket);
        let from = aligned - aligned.rem_euclid(unit);
        let question = Question { which, from, to: self.to, bucket, by: self.by.clone(), width };
        let sums = ask(app.store.db(), question).await?;
        let stretch = bucket.unwrap_or_default();
        Ok(Series { from, to: self.to, granularity: self.granularity, by: self.by, stretch, sums })
    }
}

/// The answer to a question.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) granularity: Granularity,
    by: Vec<Dimension>,
    stretch: i64,
    sums: Vec<Sum>,
}

/// Calls that have something in common.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) at: i64,
    pub(crate) application: Option<Uuid>,
    pub(crate) api: Option<Uuid>,
    pub(crate) class: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) status: Option<i32>,
    pub(crate) count: i64,
}

impl Series {
    /// Its points, in the order of time.
    pub(crate) fn points(self) -> Vec<Point> {
        let Self { from, stretch, by, sums, .. } = self;
        let has = |dimension| by.contains(&dimension);
        let point = |sum: Sum| Point {
            at: from + sum.place * stretch,
            application: Some(sum.application).filter(|_| has(Dimension::Application)),
            api: Some(sum.api).filter(|_| has(Dimension::Api)),
            class: Some(sum.kind).filter(|_| has(Dimension::Class)),
            reason: Some(sum.why).filter(|_| has(Dimension::Reason)),
            status: Some(sum.code).filter(|_| has(Dimension::Status)),
            count: sum.calls,
        };
        sums.into_iter().map(point).collect()
    }
}

/// How time is told apart when the query does not say.
const fn usual(span: i64) -> Granularity {
    match span {
        ..=10_800_000 => Granularity::Minute,
        10_800_001..=604_800_000 => Granularity::Hour,
        _ => Granularity::Day,
    }
}
