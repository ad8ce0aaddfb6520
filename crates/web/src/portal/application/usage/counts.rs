//! The numbers behind the charts, as the API tells them.

use core::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::period::Period;
use crate::encoding::query;
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::segments::segments;
use crate::time::{self, Zone};

/// What stands for the API of calls that did not get as far as one.
const NONE: &str = "00000000-0000-0000-0000-000000000000";

#[derive(Debug, Deserialize)]
struct Answer {
    meta: Meta,
    data: Vec<Point>,
}

#[derive(Debug, Deserialize)]
struct Meta {
    #[serde(deserialize_with = "moment")]
    from: Timestamp,
    #[serde(deserialize_with = "moment")]
    to: Timestamp,
}

/// Calls that ended in the same way.
#[derive(Debug, Deserialize)]
struct Point {
    #[serde(deserialize_with = "moment")]
    at: Timestamp,
    class: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    api: String,
    count: u64,
}

fn moment<'de, D: Deserializer<'de>>(written: D) -> Result<Timestamp, D::Error> {
    String::deserialize(written)?.parse().map_err(D::Error::custom)
}

impl Point {
    fn is_refused(&self) -> bool {
        self.class != "allowed"
    }
}

async fn ask(
    member: &Member,
    application: &str,
    period: &Period,
    granularity: &str,
    apart: &str,
) -> Result<Answer, Refusal> {
    let since = time::now().as_second().saturating_sub(period.seconds);
    let since = Timestamp::from_second(since).unwrap_or_default().to_string();
    let asked =
        query([("from", since.as_str()), ("granularity", granularity), ("group_by", apart)]);
    member.api.get(&format!("{}{asked}", segments!["applications", application, "usage"])).await
}

/// How many calls were let through, and how many refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) allowed: u64,
    pub(super) refused: u64,
}

impl Sum {
    /// All of them.
    pub(super) const fn total(self) -> u64 {
        self.allowed + self.refused
    }

    fn add(&mut self, point: &Point) {
        let part = if point.is_refused() { &mut self.refused } else { &mut self.allowed };
        *part += point.count;
    }
}

/// Calls in stretches of time, those without calls too: when each begins.
#[derive(Debug)]
pub(super) struct OverTime(pub(super) Vec<(Timestamp, Sum)>);

impl OverTime {
    pub(super) async fn find(
        member: &Member,
        application: &str,
        period: &Period,
    ) -> Result<Self, Refusal> {
        let answer = ask(member, application, period, period.granularity, "class").await?;
        Ok(Self::of(&answer, period, &member.zone))
    }

    fn of(answer: &Answer, period: &Period, zone: &Zone) -> Self {
        let mut sums: BTreeMap<Timestamp, Sum> = BTreeMap::new();
        let unit = usize::try_from(period.unit).unwrap_or(1).max(1);
        for second in (answer.meta.from.as_second()..answer.meta.to.as_second()).step_by(unit) {
            if let Ok(at) = Timestamp::from_second(second) {
                sums.entry(period.stretch(at, zone)).or_default();
            }
        }
        for point in &answer.data {
            sums.entry(period.stretch(point.at, zone)).or_default().add(point);
        }
        Self(sums.into_iter().collect())
    }
}

/// All calls of a time.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) all: Sum,
    /// Why calls were refused, by the code, and how many; the most first.
    pub(super) reasons: Vec<(String, u64)>,
    /// The calls of each API by its id, none for calls that did not get as far; the most first.
    pub(super) apis: Vec<(Option<String>, Sum)>,
}

impl Totals {
    pub(super) async fn find(
        member: &Member,
        application: &str,
        period: &Period,
    ) -> Result<Self, Refusal> {
        let answer = ask(member, application, period, "total", "api,class,reason").await?;
        Ok(Self::of(answer.data))
    }

    fn of(points: Vec<Point>) -> Self {
        let (mut all, mut reasons, mut apis) = (Sum::default(), BTreeMap::new(), BTreeMap::new());
        for point in points {
            all.add(&point);
            let api = Some(point.api.clone()).filter(|id| !id.is_empty() && id != NONE);
            apis.entry(api).or_insert_with(Sum::default).add(&point);
            if point.is_refused() {
                *reasons.entry(point.reason).or_insert(0_u64) += point.count;
            }
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, count)| Reverse(*count));
        let mut apis: Vec<_> = apis.into_iter().collect();
        apis.sort_by_key(|(_, sum)| Reverse(sum.total()));
        Self { all, reasons, apis }
    }
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Display {
    api: BTreeMap<String, Named>,
}

#[derive(Debug, Deserialize)]
struct Told {
    meta: ToldOf,
}

#[derive(Debug, Deserialize)]
struct ToldOf {
    #[serde(default)]
    display: Display,
}

/// The names of the APIs that were called, by their ids.
pub(super) async fn names(
    member: &Member,
    application: &str,
    period: &Period,
) -> Result<BTreeMap<String, String>, Refusal> {
    let own = json!({ "field": "application", "operator": "in", "value": [application] });
    let body = json!({
        "metrics": ["request_count"], "dimensions": ["api"], "filters": [own],
        "time_range": { "type": "relative", "time_range": period.range },
    });
    let told: Told = member.api.post("/stats", &body).await?;
    Ok(told.meta.display.api.into_iter().map(|(id, named)| (id, named.name)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::period;
    use super::*;

    fn answer(data: &Value) -> Answer {
        let meta = json!({"from": "2026-07-01T10:00:00.000Z", "to": "2026-07-01T10:02:30Z"});
        serde_json::from_value(json!({ "meta": meta, "data": data })).unwrap()
    }

    #[test]
    fn stretches_without_calls_are_there() {
        let answer = answer(&json!([
            {"at": "2026-07-01T10:01:00Z", "class": "allowed", "count": 7},
            {"at": "2026-07-01T10:01:00Z", "class": "limited", "count": 2},
        ]));
        let found = OverTime::of(&answer, period::named("hour"), &Zone::named(None));
        let found: Vec<_> = found.0.iter().map(|(at, sum)| (at.to_string(), *sum)).collect();
        let none = Sum::default();
        assert_eq!(
            found,
            [
                ("2026-07-01T10:00:00Z".into(), none),
                ("2026-07-01T10:01:00Z".into(), Sum { allowed: 7, refused: 2 }),
                ("2026-07-01T10:02:00Z".into(), none),
            ]
        );
    }

    #[test]
    fn what_has_most_calls_is_the_first() {
        let at = "2026-07-01T10:00:00Z";
        let answer = answer(&json!([
            {"at": at, "class": "allowed", "reason": "", "api": "a", "count": 1},
            {"at": at, "class": "forbidden", "reason": "x", "api": NONE, "count": 2},
            {"at": at, "class": "forbidden", "reason": "x", "api": "a", "count": 3},
            {"at": at, "class": "limited", "reason": "y", "api": "a", "count": 9},
        ]));
        let totals = Totals::of(answer.data);
        assert_eq!(totals.all, Sum { allowed: 1, refused: 14 });
        assert_eq!(totals.reasons, [("y".into(), 9), ("x".into(), 5)]);
        let apis = [
            (Some("a".into()), Sum { allowed: 1, refused: 12 }),
            (None, Sum { allowed: 0, refused: 2 }),
        ];
        assert_eq!(totals.apis, apis);
    }
}
