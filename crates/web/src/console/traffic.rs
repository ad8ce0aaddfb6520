//! Calls over time: a chart, and who called and what was refused in numbers.

use std::collections::BTreeMap;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::Administrator;
use super::sheet::{Named, figures, name_of, named};
use crate::Web;
use crate::encoding::query;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part::{self, Bar};
use crate::refusal::Refusal;
use crate::segments::segments;
use crate::time;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/usage", get(show))
}

#[derive(Deserialize)]
struct Point {
    at: String,
    class: Option<String>,
    reason: Option<String>,
    application: Option<String>,
    count: u64,
}

#[derive(Deserialize)]
struct Stretch {
    from: String,
    to: String,
}

#[derive(Deserialize)]
struct Series {
    data: Vec<Point>,
    meta: Stretch,
}

/// Periods: name, hours, granularity, seconds of a stretch.
const PERIODS: [(&str, i64, &str, i64); 3] =
    [("day", 24, "hour", 3_600), ("week", 168, "day", 86_400), ("month", 720, "day", 86_400)];

/// The colour of calls of a class.
fn color(class: &str) -> &'static str {
    match class {
        "allowed" => "good",
        "limited" => "open",
        "unavailable" => "plain",
        _ => "bad",
    }
}

async fn ask(
    admin: &Administrator,
    path: &str,
    hours: i64,
    granularity: &str,
    by: &str,
) -> Result<Series, Refusal> {
    let now = time::now();
    let from = now - jiff::SignedDuration::from_hours(hours);
    let pairs = [
        ("from", from.to_string()),
        ("to", now.to_string()),
        ("granularity", granularity.to_owned()),
        ("group_by", by.to_owned()),
    ];
    admin.api.get(&format!("{path}{}", query(pairs))).await
}

/// The bars of a series, with those between in which nobody called.
fn bars(series: &Series, step: i64, label: impl Fn(&str) -> String) -> Vec<Bar> {
    let seconds = |written: &str| written.parse::<Timestamp>().map(|at| at.as_second()).ok();
    let (Some(from), Some(to)) = (seconds(&series.meta.from), seconds(&series.meta.to)) else {
        return Vec::new();
    };
    let mut stretches: BTreeMap<i64, BTreeMap<&'static str, u64>> = BTreeMap::new();
    let mut at = from - from.rem_euclid(step);
    while at < to && stretches.len() < 1_000 {
        stretches.insert(at, BTreeMap::new());
        at += step;
    }
    for point in &series.data {
        let Some(at) = seconds(&point.at) else { continue };
        let stretch = stretches.entry(at - at.rem_euclid(step)).or_default();
        *stretch.entry(color(point.class.as_deref().unwrap_or_default())).or_default() +=
            point.count;
    }
    let bar = |(at, parts): (i64, BTreeMap<&'static str, u64>)| {
        let written = Timestamp::from_second(at).map(|at| at.to_string()).unwrap_or_default();
        Bar { label: label(&written), parts: parts.into_iter().collect() }
    };
    stretches.into_iter().map(bar).collect()
}

/// The calls of an API. `choice` is what else can be chosen.
pub(super) async fn of_api(
    admin: &Administrator,
    id: &str,
    asked: &Asked,
    choice: &Markup,
) -> Result<Markup, Refusal> {
    let lang = admin.lang;
    let chosen = PERIODS.iter().find(|(name, ..)| *name == asked.given("period"));
    let (period, hours, granularity, step) = *chosen.unwrap_or(&("day", 24, "hour", 3_600));
    let path = segments!["v3", "apis", id, "usage"];
    let callers = segments!["v3", "apis", id, "registrations"];
    #[derive(Deserialize)]
    struct Registration {
        application: Named,
    }
    let all = Asked::first(1000);
    let (series, reasons, applications, callers) = tokio::join!(
        ask(admin, &path, hours, granularity, "class"),
        ask(admin, &path, hours, "total", "class,reason"),
        ask(admin, &path, hours, "total", "application,class"),
        admin.api.list::<Registration>(&callers, &all),
    );
    let (series, reasons, applications) = (series?, reasons?, applications?);
    let names: Vec<_> =
        callers?.data.into_iter().map(|one| (one.application.id, one.application.name)).collect();
    let label = |written: &str| {
        let text = admin.zone.text(lang, written).unwrap_or_default();
        let (day, hour) = text.split_once(' ').unwrap_or((&text, ""));
        if granularity == "hour" { hour.to_owned() } else { day.to_owned() }
    };
    let bars = bars(&series, step, label);
    let count = |allowed: bool| {
        let of_kind = |point: &&Point| (point.class.as_deref() == Some("allowed")) == allowed;
        series.data.iter().filter(of_kind).map(|point| point.count).sum::<u64>()
    };
    let periods = PERIODS.map(|(name, ..)| {
        let text = match name {
            "week" => t!(lang, "traffic-week"),
            "month" => t!(lang, "traffic-month"),
            _ => t!(lang, "traffic-day"),
        };
        (name.to_owned(), text)
    });
    let legend = [
        ("good", t!(lang, "traffic-allowed")),
        ("bad", t!(lang, "traffic-denied")),
        ("open", t!(lang, "traffic-limited")),
        ("plain", t!(lang, "traffic-unavailable")),
    ];
    Ok(html! {
        form.search method="get" {
            (choice)
            div {
                label for="period" { (t!(lang, "traffic-period")) }
                select id="period" name="period" {
                    @for (value, text) in &periods { option value=(value) selected[value == period] { (text) } }
                }
            }
            button type="submit" { (t!(lang, "choose")) }
        }
        (figures(&[
            (t!(lang, "traffic-allowed"), count(true)),
            (t!(lang, "traffic-refused"), count(false)),
        ]))
        (part::bars(lang, &t!(lang, "traffic-calls"), &legend, &bars))
        div.columns {
            (reasons_shown(admin, &reasons))
            (applications_shown(admin, &applications, &names))
        }
    })
}

fn reasons_shown(admin: &Administrator, series: &Series) -> Markup {
    let lang = admin.lang;
    let refused = series.data.iter().filter(|point| point.class.as_deref() != Some("allowed"));
    let rows: Vec<_> = refused
        .map(|point| {
            let reason = point.reason.as_deref().filter(|reason| !reason.is_empty());
            let reason = reason.or(point.class.as_deref()).unwrap_or_default();
            vec![html! { (part::sentence(reason)) }, html! { (point.count) }]
        })
        .collect();
    let heads = [t!(lang, "traffic-reason"), t!(lang, "traffic-calls")];
    html! {
        section.panel {
            h2 { (t!(lang, "traffic-refused")) }
            @if rows.is_empty() { p { (t!(lang, "traffic-none-refused")) } }
            @else { (part::table(&t!(lang, "traffic-refused"), &heads, &rows)) }
        }
    }
}

fn applications_shown(
    admin: &Administrator,
    series: &Series,
    names: &[(String, String)],
) -> Markup {
    let lang = admin.lang;
    let mut callers: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for point in &series.data {
        let entry = callers.entry(point.application.as_deref().unwrap_or_default()).or_default();
        if point.class.as_deref() == Some("allowed") {
            entry.0 += point.count;
        } else {
            entry.1 += point.count;
        }
    }
    let mut callers: Vec<_> = callers.into_iter().collect();
    callers.sort_by_key(|(_, (allowed, refused))| core::cmp::Reverse(allowed + refused));
    let nobody = |id: &str| id.trim_matches(['0', '-']).is_empty();
    let rows: Vec<_> = callers
        .iter()
        .take(100)
        .map(|(id, (allowed, refused))| {
            let name = if nobody(id) { t!(lang, "traffic-nobody") } else { name_of(names, id) };
            vec![html! { (name) }, html! { (allowed) }, html! { (refused) }]
        })
        .collect();
    let heads =
        [t!(lang, "traffic-application"), t!(lang, "traffic-allowed"), t!(lang, "traffic-refused")];
    html! {
        section.panel {
            h2 { (t!(lang, "traffic-by-application")) }
            @if rows.is_empty() { p { (t!(lang, "traffic-none")) } }
            @else { (part::table(&t!(lang, "traffic-by-application"), &heads, &rows)) }
        }
    }
}

async fn show(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let apis = named(&admin, "/v3/apis").await?;
    let chosen = apis.iter().find(|(id, _)| id == asked.given("api")).or_else(|| apis.first());
    let main = match chosen {
        None => {
            let act = part::act(&admin, "/apis/new", &t!(lang, "managed-api-new"));
            part::empty(
                &t!(lang, "managed-apis-none"),
                &t!(lang, "managed-apis-none-text"),
                Some(&act),
            )
        }
        Some((id, _)) => {
            let choice = html! {
                div {
                    label for="api" { (t!(lang, "publication-api")) }
                    select id="api" name="api" {
                        @for (value, name) in &apis { option value=(value) selected[value == id] { (name) } }
                    }
                }
            };
            of_api(&admin, id, &asked, &choice).await?
        }
    };
    Ok(admin.page(&Page::new(t!(lang, "nav-usage"), main).section("usage")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_without_calls_have_a_bar_too() {
        let point = |at: &str, class: &str, count| Point {
            at: at.into(),
            class: Some(class.into()),
            reason: None,
            application: None,
            count,
        };
        let series = Series {
            data: vec![
                point("2026-07-01T10:00:00Z", "allowed", 3),
                point("2026-07-01T10:00:00Z", "forbidden", 1),
                point("2026-07-01T10:00:00Z", "unauthorized", 1),
            ],
            meta: Stretch {
                from: "2026-07-01T08:30:00Z".into(),
                to: "2026-07-01T10:30:00Z".into(),
            },
        };
        let bars = bars(&series, 3_600, str::to_owned);
        assert_eq!(bars.len(), 3);
        assert_eq!(bars[0].parts, []);
        assert_eq!(bars[2].parts, [("bad", 2), ("good", 3)]);
    }
}
