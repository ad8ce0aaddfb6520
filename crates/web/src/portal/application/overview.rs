//! An application at a glance.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::registration::{self, Registration};
use super::{Application, At, Kind, Team, teams};
use crate::Web;
use crate::language::{Lang, t};
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part;
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/applications/{id}", get(show))
}

/// What restricts an application.
#[derive(Debug, Default, Deserialize)]
struct Limits {
    limits: Vec<Limit>,
    networks: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Limit {
    kind: String,
    requests: u32,
    window_seconds: u32,
    apis: Option<Vec<String>>,
}

async fn show(member: Member, Path(at): Path<At>, asked: Asked) -> Result<Response, Refusal> {
    let path = segments!["applications", at.id];
    let (keys, accesses, limits) =
        (format!("{path}/credentials"), format!("{path}/registrations"), format!("{path}/limits"));
    let first = Asked::first(1);
    let (application, teams, accesses, limits) = tokio::join!(
        Application::find(&member, &at.id),
        teams(&member),
        member.api.list::<Registration>(&accesses, &asked),
        member.api.get::<Limits>(&limits),
    );
    let (application, teams, accesses) = (application?, teams?, accesses?);
    // Secrets of clients are counted where they are kept, which may take its time.
    let keys = if application.auth_strategy.kind == Kind::KeyAuth {
        Some(member.api.list::<IgnoredAny>(&keys, &first).await?.meta.page.total)
    } else {
        None
    };
    let lang = member.lang;
    let main = html! {
        (application.tabs(&member, ""))
        (facts(&member, &application, &teams))
        (credentials(&member, &application, keys))
        (registrations(&member, &application, &accesses, &asked))
        (limited(lang, &limits.unwrap_or_default()))
    };
    let mut page = Page::new(application.name.clone(), main).section("applications");
    page = page.below(t!(lang, "nav-applications"), "/applications").acts(html! {
        (part::other_act(&member, &format!("{path}/edit"), &t!(lang, "app-edit")))
        (part::bad_act(&member, &format!("{path}/delete"), &t!(lang, "app-delete")))
    });
    if let Some(text) = application.description.as_deref().filter(|text| !text.is_empty()) {
        page = page.lead(html! { p { (text) } });
    }
    Ok(member.page(&page))
}

fn facts(member: &Member, application: &Application, teams: &[Team]) -> Markup {
    let lang = member.lang;
    let strategy = &application.auth_strategy;
    let mut facts = vec![
        (
            t!(lang, "app-strategy"),
            html! { (strategy.name) div.quiet { (strategy.kind.means(lang)) } },
        ),
        (t!(lang, "app-owner"), html! { (application.owner(lang, teams)) }),
    ];
    if let Some(id) = &application.client_id {
        facts.push((t!(lang, "application-client-id"), part::copy(lang, id)));
    }
    if let Some(uri) = &application.redirect_uri {
        facts.push((t!(lang, "application-redirect-uri"), html! { code { (uri) } }));
    }
    if let Some(scopes) = application.scopes.as_ref().filter(|scopes| !scopes.is_empty()) {
        facts.push((t!(lang, "application-scopes"), html! { (scopes.join(" ")) }));
    }
    facts.push((t!(lang, "created-at"), part::moment(member, &application.created_at)));
    part::facts(&facts)
}

fn credentials(member: &Member, application: &Application, keys: Option<u64>) -> Markup {
    let lang = member.lang;
    let path = format!("{}/credentials", application.path());
    html! {
        section.panel {
            h2 { (application.credentials(lang)) }
            @match keys {
                Some(0) => {
                    p { (t!(lang, "app-keys-none-text")) }
                    div.actions { (part::act(member, &format!("{path}/new"), &t!(lang, "app-key-new"))) }
                }
                Some(count) => {
                    p { (t!(lang, "app-keys-count", count = count)) }
                    div.actions {
                        (part::other_act(member, &path, &t!(lang, "app-keys-manage")))
                        (part::other_act(member, &format!("{path}/new"), &t!(lang, "app-key-new")))
                    }
                }
                None => {
                    p { (t!(lang, "app-client-text")) }
                    div.actions { (part::other_act(member, &path, &t!(lang, "app-client-manage"))) }
                }
            }
        }
    }
}

fn registrations(
    member: &Member,
    application: &Application,
    found: &List<Registration>,
    asked: &Asked,
) -> Markup {
    let lang = member.lang;
    let apis = part::act(member, "/apis", &t!(lang, "app-access-find"));
    html! {
        section.part {
            h2 { (t!(lang, "app-accesses")) }
            @if found.data.is_empty() {
                (part::empty(&t!(lang, "app-accesses-none"), &t!(lang, "app-accesses-none-text"), Some(&apis)))
            } @else {
                (registration::table(member, application, &found.data))
                (part::pager(member, asked, &found.meta.page))
            }
        }
    }
}

/// How often it may call, and from where, if that is restricted.
fn limited(lang: Lang, limits: &Limits) -> Markup {
    html! {
        @if !limits.limits.is_empty() || !limits.networks.is_empty() {
            section.part {
                h2 { (t!(lang, "app-limits")) }
                ul {
                    @for limit in &limits.limits { li { (limit.text(lang)) } }
                    @if !limits.networks.is_empty() {
                        li { (t!(lang, "app-limit-networks")) " " code { (limits.networks.join(", ")) } }
                    }
                }
            }
        }
    }
}

impl Limit {
    fn text(&self, lang: Lang) -> String {
        let (count, window) = (self.requests, window(lang, self.window_seconds));
        let window = window.as_str();
        let text = if self.kind == "quota" {
            t!(lang, "app-limit-quota", count = count, window = window)
        } else {
            t!(lang, "app-limit-rate", count = count, window = window)
        };
        match &self.apis {
            Some(apis) => format!("{text} {}", t!(lang, "app-limit-apis", count = apis.len())),
            None => text,
        }
    }
}

/// How long a window is, in the largest unit that fits.
fn window(lang: Lang, seconds: u32) -> String {
    for (unit, key) in
        [(86_400, "app-window-days"), (3_600, "app-window-hours"), (60, "app-window-minutes")]
    {
        if seconds >= unit && seconds.is_multiple_of(unit) {
            return t!(lang, key, count = seconds / unit);
        }
    }
    t!(lang, "app-window-seconds", count = seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_told_in_the_largest_unit() {
        let lang = Lang::named("en").unwrap();
        assert_eq!(window(lang, 1), "second");
        assert_eq!(window(lang, 90), "90 seconds");
        assert_eq!(window(lang, 3_600), "hour");
        assert_eq!(window(lang, 604_800), "7 days");
    }
}
