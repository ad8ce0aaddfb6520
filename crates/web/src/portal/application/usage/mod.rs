//! How often an application called, and what came of it.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
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
mod reasons;

use self::counts::{Counts, PERIODS};
use self::reasons::Reasons;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/applications/{id}/usage", get(show))
}

async fn show(member: Member, Path(at): Path<At>, asked: Asked) -> Result<Response, Refusal> {
    let lang = member.lang;
    let application = Application::find(&member, &at.id).await?;
    let period = counts::period(asked.given("period"));
    let (counts, apis, reasons, keys) = tokio::join!(
        Counts::over_time(&member, &application.id, period),
        counts::by_api(&member, &application.id, period),
        Reasons::find(&member, &application.id, period),
        keys(&member, &application),
    );
    let (counts, apis, reasons, keys) = (counts?, apis?, reasons?, keys?);
    let path = format!("{}/usage", application.path());
    let tabs: Vec<_> =
        PERIODS.iter().map(|one| (format!("{path}?period={}", one.name), one.text(lang))).collect();
    let main = html! {
        (part::tabs(&member, &t!(lang, "app-usage-period"), &format!("{path}?period={}", period.name), &tabs))
        @if counts.total() == 0 {
            (part::empty(&t!(lang, "app-usage-none"), &t!(lang, "app-usage-none-text"), None))
        } @else {
            (figures(lang, &counts))
            (chart(&member, &counts, period.format(lang)))
            (reasons.show(lang))
            (by_api(lang, &apis))
        }
        @if let Some(keys) = &keys { (last_uses(&member, keys)) }
        p.quiet { (t!(lang, "app-usage-delay")) }
    };
    Ok(member.page(application.part(&member, "/usage", t!(lang, "app-usage"), &main)))
}

async fn keys(member: &Member, application: &Application) -> Result<Option<Vec<Key>>, Refusal> {
    if application.auth_strategy.kind != Kind::KeyAuth {
        return Ok(None);
    }
    let keys = key::keys(member, application, &Asked::first(50)).await?;
    Ok(Some(keys.data).filter(|keys| !keys.is_empty()))
}

fn figures(lang: Lang, counts: &Counts) -> Markup {
    let (total, refused) = (counts.total(), counts.refused());
    let share = (refused * 1_000).checked_div(total).unwrap_or_default();
    html! {
        ul.figures {
            li { span.number { (total) } (t!(lang, "app-usage-calls")) }
            li { span.number { (total - refused) } (t!(lang, "app-usage-allowed")) }
            li {
                span.number { (refused) }
                (t!(lang, "app-usage-refused")) " (" (t!(lang, "app-usage-share", whole = share / 10, tenths = share % 10)) ")"
            }
        }
    }
}

fn names(lang: Lang) -> [(&'static str, String); 2] {
    [("good", t!(lang, "app-usage-allowed")), ("bad", t!(lang, "app-usage-refused"))]
}

fn chart(member: &Member, counts: &Counts, format: &str) -> Markup {
    let lang = member.lang;
    let drawn: Vec<_> = counts
        .stretches()
        .map(|(at, allowed, refused)| Bar {
            label: member.zone.label(&at, format),
            parts: vec![("good", allowed), ("bad", refused)],
        })
        .collect();
    bars(lang, &t!(lang, "app-usage-over-time"), &names(lang), &drawn)
}

impl Reasons {
    fn show(&self, lang: Lang) -> Markup {
        let heads = [t!(lang, "app-refused-why"), t!(lang, "app-usage-calls")];
        let row = |(code, count): &(String, u64)| {
            vec![html! { (refusal::reason(lang, code)) }, html! { (count) }]
        };
        let rows: Vec<_> = self.counts.iter().map(row).collect();
        html! {
            @if !rows.is_empty() {
                h2 { (t!(lang, "app-usage-reasons")) }
                @if self.newest_only { p.quiet { (t!(lang, "app-usage-reasons-newest")) } }
                (part::table(&t!(lang, "app-usage-reasons"), &heads, &rows))
            }
        }
    }
}

fn by_api(lang: Lang, apis: &[counts::OfApi]) -> Markup {
    let heads =
        [t!(lang, "app-access-api"), t!(lang, "app-usage-allowed"), t!(lang, "app-usage-refused")];
    let row = |api: &counts::OfApi| {
        let name = api.name.clone().unwrap_or_else(|| t!(lang, "app-usage-no-api"));
        vec![html! { (name) }, html! { (api.allowed) }, html! { (api.refused) }]
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
