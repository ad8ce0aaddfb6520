//! How often an application called, and what came of it.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use maud::{Markup, html};

use super::key::{self, Key};
use super::{Application, At, Kind, refusal};
use crate::Web;
use crate::language::{Lang, t};
use crate::list::Asked;
use crate::part::{self, Bar, bars};
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::time;

mod counts;
mod period;

use self::counts::{OverTime, Sum, Totals};
use self::period::PERIODS;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/applications/{id}/usage", get(show))
}

async fn show(member: Member, Path(at): Path<At>, asked: Asked) -> Result<Response, Refusal> {
    let lang = member.lang;
    let period = period::named(asked.given("period"));
    let (application, over_time, totals, names) = tokio::join!(
        Application::find(&member, &at.id),
        OverTime::find(&member, &at.id, period),
        Totals::find(&member, &at.id, period),
        counts::names(&member, &at.id, period),
    );
    let (application, over_time, totals, names) = (application?, over_time?, totals?, names?);
    let keys = keys(&member, &application).await?;
    let path = format!("{}/usage", application.path());
    let tab = |name: &str| format!("{path}?period={name}");
    let tabs: Vec<_> = PERIODS.iter().map(|one| (tab(one.name), one.text(lang))).collect();
    let main = html! {
        (part::tabs(&member, &t!(lang, "app-usage-period"), &tab(period.name), &tabs))
        @if totals.all.total() == 0 {
            (part::empty(&t!(lang, "app-usage-none"), &t!(lang, "app-usage-none-text"), None))
        } @else {
            (figures(lang, totals.all))
            (chart(&member, &over_time, &period.format(lang)))
            (reasons(lang, &totals.reasons))
            (by_api(lang, &totals.apis, &names))
        }
        @if let Some(keys) = &keys { (last_uses(&member, keys)) }
        p.quiet { (t!(lang, "app-usage-delay")) }
    };
    Ok(member.page(&application.part(&member, "/usage", t!(lang, "app-usage"), &main)))
}

async fn keys(member: &Member, application: &Application) -> Result<Option<Vec<Key>>, Refusal> {
    if application.auth_strategy.kind != Kind::KeyAuth {
        return Ok(None);
    }
    let keys = key::keys(member, application, &Asked::first(100)).await?;
    Ok(Some(keys.data).filter(|keys| !keys.is_empty()))
}

fn figures(lang: Lang, all: Sum) -> Markup {
    let share = (all.refused * 1_000).checked_div(all.total()).unwrap_or_default();
    let share = t!(lang, "app-usage-share", whole = share / 10, tenths = share % 10);
    html! {
        ul.figures {
            li { span.number { (all.total()) } (t!(lang, "app-usage-calls")) }
            li { span.number { (all.allowed) } (t!(lang, "app-usage-allowed")) }
            li { span.number { (all.refused) } (t!(lang, "app-usage-refused")) " (" (share) ")" }
        }
    }
}

fn chart(member: &Member, over_time: &OverTime, format: &str) -> Markup {
    let lang = member.lang;
    let classes = [("good", t!(lang, "app-usage-allowed")), ("bad", t!(lang, "app-usage-refused"))];
    let bar = |(at, sum): &(Timestamp, Sum)| Bar {
        label: member.zone.label(*at, format),
        parts: vec![("good", sum.allowed), ("bad", sum.refused)],
    };
    let drawn: Vec<_> = over_time.0.iter().map(bar).collect();
    bars(lang, &t!(lang, "app-usage-over-time"), &classes, &drawn)
}

fn reasons(lang: Lang, reasons: &[(String, u64)]) -> Markup {
    let heads = [t!(lang, "app-refused-why"), t!(lang, "app-usage-calls")];
    let row = |(code, count): &(String, u64)| {
        vec![html! { (refusal::reason(lang, code)) }, html! { (count) }]
    };
    let rows: Vec<_> = reasons.iter().map(row).collect();
    html! {
        @if !rows.is_empty() {
            h2 { (t!(lang, "app-usage-reasons")) }
            (part::table(&t!(lang, "app-usage-reasons"), &heads, &rows))
        }
    }
}

fn by_api(lang: Lang, apis: &[(Option<String>, Sum)], names: &BTreeMap<String, String>) -> Markup {
    let heads =
        [t!(lang, "app-access-api"), t!(lang, "app-usage-allowed"), t!(lang, "app-usage-refused")];
    let row = |(id, sum): &(Option<String>, Sum)| {
        let name = match id {
            Some(id) => names.get(id).unwrap_or(id).clone(),
            None => t!(lang, "app-usage-no-api"),
        };
        vec![html! { (name) }, html! { (sum.allowed) }, html! { (sum.refused) }]
    };
    let rows: Vec<_> = apis.iter().map(row).collect();
    html! {
        h2 { (t!(lang, "app-usage-apis")) }
        (part::table(&t!(lang, "app-usage-apis"), &heads, &rows))
    }
}

fn last_uses(member: &Member, keys: &[Key]) -> Markup {
    let (lang, now) = (member.lang, time::now());
    let heads = [t!(lang, "app-key-name"), t!(lang, "app-key-state"), t!(lang, "app-key-used")];
    let row = |key: &Key| {
        vec![
            html! { (key.display_name) },
            part::status(lang, key.state(now)),
            part::moment_or_never(member, key.last_used_at.as_deref()),
        ]
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    html! {
        h2 { (t!(lang, "app-usage-keys")) }
        (part::table(&t!(lang, "app-usage-keys"), &heads, &rows))
    }
}
