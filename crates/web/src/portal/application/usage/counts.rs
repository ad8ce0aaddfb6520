//! The numbers behind the charts, as the API tells them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::language::{Lang, t};
use crate::portal::Member;
use crate::refusal::Refusal;

/// A time that ends now.
#[derive(Debug)]
pub(super) struct Period {
    /// What the page calls it.
    pub(super) name: &'static str,
    /// What the API calls it.
    range: &'static str,
    granularity: &'static str,
    pub(super) seconds: i64,
}

const HOUR: Period = Period { name: "hour", range: "1h", granularity: "minutely", seconds: 3_600 };
const DAY: Period =
    Period { name: "day", range: "24h", granularity: "thirtyMinutely", seconds: 86_400 };
const WEEK: Period =
    Period { name: "week", range: "7d", granularity: "twoHourly", seconds: 604_800 };
const MONTH: Period =
    Period { name: "month", range: "30d", granularity: "daily", seconds: 2_592_000 };

/// What can be chosen.
pub(super) const PERIODS: [&Period; 4] = [&HOUR, &DAY, &WEEK, &MONTH];

/// More stretches than this are not drawn.
const MOST: usize = 200;

/// The period of that name; a day, if there is none.
pub(super) fn period(name: &str) -> &'static Period {
    PERIODS.into_iter().find(|period| period.name == name).unwrap_or(&DAY)
}

impl Period {
    /// What the reader calls it.
    pub(super) fn text(&self, lang: Lang) -> String {
        match self.name {
            "hour" => t!(lang, "app-usage-hour"),
            "week" => t!(lang, "app-usage-week"),
            "month" => t!(lang, "app-usage-month"),
            _ => t!(lang, "app-usage-day"),
        }
    }

    /// How times of it are written.
    pub(super) const fn format(&self, lang: Lang) -> &'static str {
        let german = matches!(lang.tag().as_bytes(), b"de");
        match (self.seconds, german) {
            (..=86_400, _) => "%H:%M",
            (604_800, true) => "%d.%m. %H:%M",
            (604_800, false) => "%b %d %H:%M",
            (_, true) => "%d.%m.",
            (_, false) => "%b %d",
        }
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    meta: Meta,
    data: Vec<Event>,
}

#[derive(Debug, Deserialize)]
struct Meta {
    #[serde(deserialize_with = "moment")]
    start: Timestamp,
    #[serde(deserialize_with = "moment")]
    end: Timestamp,
    granularity_ms: i64,
    #[serde(default)]
    display: Display,
}

#[derive(Debug, Default, Deserialize)]
struct Display {
    #[serde(default)]
    api: BTreeMap<String, Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Event {
    #[serde(deserialize_with = "moment")]
    timestamp: Timestamp,
    event: Counted,
}

#[derive(Debug, Deserialize)]
struct Counted {
    request_count: u64,
    status_code_grouped: Option<String>,
    api: Option<String>,
}

fn moment<'de, D: Deserializer<'de>>(written: D) -> Result<Timestamp, D::Error> {
    String::deserialize(written)?.parse().map_err(D::Error::custom)
}

impl Counted {
    /// Whether it was refused. Of calls that were let through gateways tell no status, or a good
    /// one.
    fn is_refused(&self) -> bool {
        matches!(self.status_code_grouped.as_deref(), Some("4XX" | "5XX"))
    }
}

async fn ask(
    member: &Member,
    application: &str,
    period: &Period,
    apart: &str,
) -> Result<Answer, Refusal> {
    let range = json!({ "type": "relative", "time_range": period.range, "tz": member.zone.name() });
    let own = json!({ "field": "application", "operator": "in", "value": [application] });
    let mut body = json!({
        "metrics": ["request_count"], "dimensions": [apart, "status_code_grouped"],
        "time_range": range, "filters": [own],
    });
    if apart == "time"
        && let Value::Object(members) = &mut body
    {
        members.insert("granularity".into(), period.granularity.into());
    }
    member.api.post("/stats", &body).await
}

/// Calls over time.
#[derive(Debug)]
pub(super) struct Counts(Answer);

impl Counts {
    pub(super) async fn over_time(
        member: &Member,
        application: &str,
        period: &Period,
    ) -> Result<Self, Refusal> {
        ask(member, application, period, "time").await.map(Self)
    }

    /// All calls.
    pub(super) fn total(&self) -> u64 {
        self.0.data.iter().map(|point| point.event.request_count).sum()
    }

    /// Those that were refused.
    pub(super) fn refused(&self) -> u64 {
        let refused = self.0.data.iter().filter(|point| point.event.is_refused());
        refused.map(|point| point.event.request_count).sum()
    }

    /// Each stretch of time, those without calls too: when it begins, how many calls were let
    /// through, how many refused.
    pub(super) fn stretches(&self) -> impl Iterator<Item = (String, u64, u64)> {
        let Meta { start, end, granularity_ms, .. } = &self.0.meta;
        let (start, end) = (start.as_millisecond(), end.as_millisecond());
        let step = usize::try_from(*granularity_ms).unwrap_or(1).max(1);
        let mut sums: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        for at in (start..end).step_by(step).take(MOST) {
            sums.insert(at, (0, 0));
        }
        for point in &self.0.data {
            let sum = sums.entry(point.timestamp.as_millisecond()).or_default();
            let count = point.event.request_count;
            if point.event.is_refused() { sum.1 += count } else { sum.0 += count }
        }
        sums.into_iter().filter_map(|(at, (allowed, refused))| {
            Some((Timestamp::from_millisecond(at).ok()?.to_string(), allowed, refused))
        })
    }
}

/// The calls of an API.
#[derive(Debug, Default)]
pub(super) struct OfApi {
    /// Its name; none for calls that did not get as far as one.
    pub(super) name: Option<String>,
    pub(super) allowed: u64,
    pub(super) refused: u64,
}

/// The calls of each API, those with most calls first.
pub(super) async fn by_api(
    member: &Member,
    application: &str,
    period: &Period,
) -> Result<Vec<OfApi>, Refusal> {
    let answer = ask(member, application, period, "api").await?;
    let mut found: BTreeMap<String, OfApi> = BTreeMap::new();
    for Event { event, .. } in answer.data {
        let (refused, count) = (event.is_refused(), event.request_count);
        let id = event.api.unwrap_or_default();
        let known = answer.meta.display.api.get(&id).filter(|_| id != "empty");
        let sum = found.entry(id).or_insert_with(|| OfApi {
            name: known.map(|named| named.name.clone()),
            ..OfApi::default()
        });
        if refused { sum.refused += count } else { sum.allowed += count }
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by_key(|api| core::cmp::Reverse(api.allowed + api.refused));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_without_calls_are_there_and_refusals_are_told_apart() {
        let answer = json!({
            "meta": {"start": "2026-07-01T10:00:00Z", "end": "2026-07-01T10:03:00Z",
                     "granularity_ms": 60_000, "display": {}},
            "data": [
                {"timestamp": "2026-07-01T10:01:00Z",
                 "event": {"request_count": 7, "status_code_grouped": "empty"}},
                {"timestamp": "2026-07-01T10:01:00Z",
                 "event": {"request_count": 2, "status_code_grouped": "4XX"}},
                {"timestamp": "2026-07-01T10:02:00Z",
                 "event": {"request_count": 1, "status_code_grouped": "2XX"}},
            ],
        });
        let counts = Counts(serde_json::from_value(answer).unwrap());
        assert_eq!((counts.total(), counts.refused()), (10, 2));
        let found: Vec<_> = counts.stretches().collect();
        assert_eq!(
            found,
            [
                ("2026-07-01T10:00:00Z".into(), 0, 0),
                ("2026-07-01T10:01:00Z".into(), 7, 2),
                ("2026-07-01T10:02:00Z".into(), 1, 0),
            ]
        );
    }
}
