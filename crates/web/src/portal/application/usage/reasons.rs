//! Why calls were refused, in numbers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::counts::Period;
use crate::encoding::query;
use crate::list::Asked;
use crate::portal::Member;
use crate::portal::application::refusal::Refused;
use crate::refusal::Refusal;
use crate::segments::segments;
use crate::time;

/// Why calls were refused, and how many.
#[derive(Debug)]
pub(super) struct Reasons {
    /// The code of the refusal, and how many; the most first.
    pub(super) counts: Vec<(String, u64)>,
    /// Whether these are of the newest refused calls, and not of all.
    pub(super) newest_only: bool,
}

#[derive(Debug, Deserialize)]
struct Usage {
    data: Vec<Point>,
}

#[derive(Debug, Deserialize)]
struct Point {
    class: String,
    #[serde(default)]
    reason: String,
    count: u64,
}

impl Reasons {
    /// The reasons of a time. A portal that does not count by reason tells of single calls.
    pub(super) async fn find(
        member: &Member,
        application: &str,
        period: &Period,
    ) -> Result<Self, Refusal> {
        let since = time::now().as_second().saturating_sub(period.seconds);
        let since = Timestamp::from_second(since).unwrap_or_default().to_string();
        let asked = query([
            ("from", since.as_str()),
            ("granularity", "total"),
            ("group_by", "class"),
            ("group_by", "reason"),
        ]);
        let path = segments!["applications", application, "usage"];
        match member.api.get::<Usage>(&format!("{path}{asked}")).await {
            Ok(usage) => {
                let refused = usage.data.into_iter().filter(|point| point.class != "allowed");
                let counts = refused.map(|point| (point.reason, point.count));
                Ok(Self { counts: summed(counts), newest_only: false })
            }
            Err(refusal) if matches!(refusal.status.as_u16(), 404 | 405 | 501) => {
                let path = segments!["applications", application, "refusals"];
                let newest = Asked::first(100).with("filter[at][gte]", since);
                let calls = member.api.list::<Refused>(&path, &newest).await?.data;
                let counts = summed(calls.into_iter().map(|call| (call.reason, 1)));
                Ok(Self { counts, newest_only: true })
            }
            Err(refusal) => Err(refusal),
        }
    }
}

fn summed(counts: impl Iterator<Item = (String, u64)>) -> Vec<(String, u64)> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for (reason, count) in counts {
        *sums.entry(reason).or_default() += count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, count)| core::cmp::Reverse(*count));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_reason_is_the_first() {
        let counts = [("a", 1), ("b", 2), ("a", 3), ("", 1)].map(|(one, n)| (one.to_owned(), n));
        let sums = summed(counts.into_iter());
        assert_eq!(sums, [("a".into(), 4), ("b".into(), 2), (String::new(), 1)]);
    }
}
