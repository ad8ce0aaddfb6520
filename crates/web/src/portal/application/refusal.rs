//! Why calls were refused.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Application, At};
use crate::Web;
use crate::language::{Lang, t};
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part;
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/refusals", get(look_up)).route("/applications/{id}/refusals", get(list))
}

/// The field that asks for a call.
const ID: &str = "request_id";

/// A call that was refused.
#[derive(Debug, Deserialize)]
struct Refused {
    request_id: String,
    at: String,
    application: Option<Named>,
    api: Option<Named>,
    reason: String,
    status: u16,
    method: Option<String>,
    path: Option<String>,
    explanation: String,
    remedy: String,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    name: String,
}

/// A reason in a few words.
pub(super) fn reason(lang: Lang, code: &str) -> String {
    if code.is_empty() {
        return t!(lang, "app-refused-untold");
    }
    lang.find(&format!("reason-{code}"), None).unwrap_or_else(|| part::sentence(code))
}

/// A sentence that may begin with a name's stand-in.
fn begun(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

impl Refused {
    /// What happened, and what can be done. The API says it in English, with names in it.
    fn words(&self, lang: Lang) -> (String, String) {
        let mut names = fluent_bundle::FluentArgs::new();
        let name = |named: &Option<Named>, other: String| {
            named.as_ref().map_or(other, |named| named.name.clone())
        };
        names.set("api", name(&self.api, t!(lang, "app-refused-some-api")));
        names.set("application", name(&self.application, t!(lang, "app-refused-some-application")));
        let told = |part: &str| {
            let text = lang.find(&format!("reason-{}-{part}", self.reason), Some(&names))?;
            Some(begun(&text))
        };
        (
            told("explained").unwrap_or_else(|| self.explanation.clone()),
            told("remedy").unwrap_or_else(|| self.remedy.clone()),
        )
    }

    fn call(&self) -> Option<String> {
        Some(format!("{} {}", self.method.as_ref()?, self.path.as_ref()?))
    }

    /// All that is known of it.
    fn show(&self, member: &Member) -> Markup {
        let lang = member.lang;
        let (explained, remedy) = self.words(lang);
        let mut facts = vec![
            (t!(lang, "app-request-id"), html! { code { (self.request_id) } }),
            (t!(lang, "time"), part::moment(member, &self.at)),
            (t!(lang, "app-refused-answer"), html! { (self.status) }),
        ];
        if let Some(call) = self.call() {
            facts.push((t!(lang, "app-refused-call"), html! { code { (call) } }));
        }
        if let Some(application) = &self.application {
            let path = member.href(&segments!["applications", application.id]);
            let link = html! { a href=(path) { (application.name) } };
            facts.push((t!(lang, "app-refused-application"), link));
        }
        if let Some(api) = &self.api {
            let link = html! { a href=(member.href(&segments!["apis", api.id])) { (api.name) } };
            facts.push((t!(lang, "app-access-api"), link));
        }
        facts.push((t!(lang, "app-refused-code"), html! { code { (self.reason) } }));
        html! {
            section.panel {
                h2 { (reason(lang, &self.reason)) }
                p { (explained) }
                h3 { (t!(lang, "app-refused-remedy")) }
                p { (remedy) }
                (part::facts(&facts))
            }
        }
    }
}

/// The field for the id of a call.
fn form(member: &Member, path: &str, given: &str) -> Markup {
    let lang = member.lang;
    html! {
        form.search method="get" action=(member.href(path)) role="search" {
            div {
                label for="q-request" { (t!(lang, "app-request-id")) }
                input type="text" id="q-request" name=(ID) value=(given) maxlength="64" autocomplete="off"
                    aria-describedby="q-request-hint";
            }
            button.main type="submit" { (t!(lang, "app-refused-look-up")) }
        }
        p.hint id="q-request-hint" { (t!(lang, "app-request-id-where")) }
    }
}

/// The call of that id, if it is the developer's to see.
async fn find(member: &Member, id: &str) -> Result<Option<Refused>, Refusal> {
    match member.api.get(&segments!["refusals", id]).await {
        Ok(found) => Ok(Some(found)),
        Err(refusal) if refusal.status.as_u16() == 404 => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

fn not_found(lang: Lang) -> Markup {
    part::empty(
        &t!(lang, "app-refused-not-found-call"),
        &t!(lang, "app-refused-not-found-call-text"),
        None,
    )
}

async fn look_up(member: Member, asked: Asked) -> Result<Response, Refusal> {
    let lang = member.lang;
    let id = asked.given(ID).trim();
    let found = if id.is_empty() { None } else { Some(find(&member, id).await?) };
    let main = html! {
        (form(&member, "/refusals", id))
        @match &found {
            None => {}
            Some(None) => (not_found(lang)),
            Some(Some(found)) => (found.show(&member)),
        }
    };
    let page = Page::new(t!(lang, "app-refusals"), main).section("applications");
    Ok(member.page(&page.below(t!(lang, "nav-applications"), "/applications")))
}

async fn list(member: Member, Path(at): Path<At>, asked: Asked) -> Result<Response, Refusal> {
    let lang = member.lang;
    let id = asked.given(ID).trim();
    let path = segments!["applications", at.id, "refusals"];
    let wanted = asked.clone().with("filter[request_id][eq]", id);
    let (application, found) = tokio::join!(
        Application::find(&member, &at.id),
        member.api.list::<Refused>(&path, &wanted)
    );
    let (application, found): (_, List<_>) = (application?, found?);
    // A call without a key of anybody is of no application, and still can be looked up.
    let other =
        if found.data.is_empty() && !id.is_empty() { find(&member, id).await? } else { None };
    let main = html! {
        (form(&member, &path, id))
        @match (found.data.as_slice(), &other) {
            ([], Some(other)) => (other.show(&member)),
            ([], None) if !id.is_empty() => (not_found(lang)),
            ([], None) => (part::empty(&t!(lang, "app-refused-none"), &t!(lang, "app-refused-none-text"), None)),
            ([one], _) if !id.is_empty() => (one.show(&member)),
            (several, _) => {
                (table(&member, &path, several))
                (part::pager(&member, &asked, &found.meta.page))
                p.quiet { (t!(lang, "app-refused-kept")) }
            }
        }
    };
    Ok(member.page(&application.part(&member, "/refusals", t!(lang, "app-refusals"), &main)))
}

fn table(member: &Member, path: &str, found: &[Refused]) -> Markup {
    let lang = member.lang;
    let heads = [
        t!(lang, "time"),
        t!(lang, "app-refused-call"),
        t!(lang, "app-refused-why"),
        t!(lang, "app-refused-remedy"),
    ];
    let rows: Vec<_> = found
        .iter()
        .map(|one| {
            let (explained, remedy) = one.words(lang);
            let this = crate::encoding::query([(ID, &one.request_id)]);
            vec![
                html! {
                    (part::moment(member, &one.at))
                    div { a.quiet href=(member.href(&format!("{path}{this}"))) { code { (one.request_id) } } }
                },
                html! {
                    @if let Some(call) = one.call() { div.call { code { (call) } } }
                    div.call.quiet {
                        @if let Some(api) = &one.api { (api.name) " · " }
                        (one.status)
                    }
                },
                html! { span.strong { (reason(lang, &one.reason)) } div { (explained) } },
                html! { (remedy) },
            ]
        })
        .collect();
    part::table(&t!(lang, "app-refusals"), &heads, &rows)
}
