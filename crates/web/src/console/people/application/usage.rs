//! How often an application called.

use jiff::{Timestamp, ToSpan as _};
use maud::{Markup, html};
use serde::Deserialize;

use crate::console::Administrator;
use crate::language::t;
use crate::part::{self, Bar};

/// The hours of a day.
const HOURS: usize = 24;

/// Calls over time.
#[derive(Debug, Deserialize)]
pub(super) struct Usage {
    meta: Meta,
    data: Vec<Point>,
}

#[derive(Debug, Deserialize)]
struct Meta {
    from: String,
}

#[derive(Debug, Deserialize)]
struct Point {
    at: String,
    #[serde(default)]
    class: String,
    count: u64,
}

/// What became of calls in an hour: let through, over a limit, refused.
fn hour(usage: &Usage, from: Timestamp, to: Timestamp) -> [u64; 3] {
    let mut sums = [0, 0, 0];
    let [allowed, limited, refused] = &mut sums;
    let within =
        |point: &&Point| point.at.parse::<Timestamp>().is_ok_and(|at| from <= at && at < to);
    for point in usage.data.iter().filter(within) {
        match point.class.as_str() {
            "allowed" => *allowed += point.count,
            "limited" => *limited += point.count,
            _ => *refused += point.count,
        }
    }
    sums
}

/// As bars, one for each hour. Hours without calls are left out by the API.
pub(super) fn show(admin: &Administrator, usage: &Usage) -> Markup {
    let lang = admin.lang;
    if usage.data.is_empty() {
        return html! { p.quiet { (t!(lang, "people-usage-none")) } };
    }
    let mut bars = Vec::new();
    let mut from = usage.meta.from.parse::<Timestamp>().unwrap_or_default();
    // The first and the last hour are parts of one.
    for _ in 0..=HOURS {
        let Ok(to) = from.checked_add(1.hour()) else { break };
        let [allowed, limited, refused] = hour(usage, from, to);
        let label = admin.zone.field(&from.to_string());
        let label = label.split_once('T').map(|(_, time)| time.to_owned()).unwrap_or_default();
        let parts = vec![("good", allowed), ("open", limited), ("bad", refused)];
        bars.push(Bar { label, parts });
        from = to;
    }
    let names = [
        ("good", t!(lang, "people-usage-allowed")),
        ("open", t!(lang, "people-usage-limited")),
        ("bad", t!(lang, "people-usage-refused")),
    ];
    part::bars(lang, &t!(lang, "people-usage"), &names, &bars)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn calls_are_summed_by_what_became_of_them() {
        let usage: Usage = serde_json::from_value(json!({
            "meta": {"from": "2030-01-01T00:00:00.000Z", "to": "2030-01-02T00:00:00.000Z", "granularity": "hour"},
            "data": [
                {"at": "2030-01-01T01:00:00.000Z", "class": "allowed", "count": 5},
                {"at": "2030-01-01T01:30:00.000Z", "class": "unauthorized", "count": 2},
                {"at": "2030-01-01T01:40:00.000Z", "class": "forbidden", "count": 1},
                {"at": "2030-01-01T02:00:00.000Z", "class": "limited", "count": 7},
            ],
        }))
        .unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let sums = hour(&usage, at("2030-01-01T01:00:00Z"), at("2030-01-01T02:00:00Z"));
        assert_eq!(sums, [5, 0, 3]);
        let sums = hour(&usage, at("2030-01-01T02:00:00Z"), at("2030-01-01T03:00:00Z"));
        assert_eq!(sums, [0, 7, 0]);
    }
}
