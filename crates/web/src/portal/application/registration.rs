//! What an application asked for and was given: its registrations.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Application, HEARD, said};
use crate::Web;
use crate::form::Form;
use crate::language::{Lang, t};
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::segments::segments;

const PATH: &str = "/applications/{id}/registrations/{registration}";

pub(super) fn routes() -> Router<Web> {
    Router::new().route(PATH, get(show)).route(&format!("{PATH}/withdraw"), get(ask).post(withdraw))
}

/// Which registration a page is about.
#[derive(Debug, Deserialize)]
struct At {
    id: String,
    registration: String,
}

impl At {
    fn path(&self) -> String {
        segments!["applications", self.id, "registrations", self.registration]
    }
}

/// A registration of an application for an API.
#[derive(Debug, Deserialize)]
pub(super) struct Registration {
    id: String,
    status: String,
    pub(super) api_name: String,
    api_slug: String,
    created_at: String,
    updated_at: String,
}

/// A status that a registration was given.
#[derive(Debug, Deserialize)]
struct Entry {
    status: String,
    at: String,
    by: String,
    name: Option<String>,
}

impl Registration {
    /// What its status means for whoever calls.
    fn means(&self, lang: Lang) -> String {
        match self.status.as_str() {
            "approved" => t!(lang, "app-access-means-approved"),
            "pending" => t!(lang, "app-access-means-pending"),
            "rejected" => t!(lang, "app-access-means-rejected"),
            "revoked" => t!(lang, "app-access-means-revoked"),
            _ => String::new(),
        }
    }

    /// The path of its API, in the pages and in the API.
    pub(super) fn api(&self) -> String {
        segments!["apis", self.api_slug]
    }
}

/// The registrations of an application, as a table.
pub(super) fn table(member: &Member, application: &Application, all: &[Registration]) -> Markup {
    let lang = member.lang;
    let heads = [
        t!(lang, "app-access-api"),
        t!(lang, "app-access-status"),
        t!(lang, "app-access-asked"),
        t!(lang, "app-access-acts"),
    ];
    let rows: Vec<_> = all
        .iter()
        .map(|one| {
            let path = segments!["applications", application.id, "registrations", one.id];
            vec![
                html! { a href=(member.href(&one.api())) { (one.api_name) } },
                html! { (part::status(lang, &one.status)) div.quiet { (one.means(lang)) } },
                part::moment(member, &one.created_at),
                html! { div.row-acts {
                    a href=(member.href(&path)) { (t!(lang, "app-access-details")) span.hidden { " " (one.api_name) } }
                    a href=(member.href(&format!("{path}/withdraw"))) { (t!(lang, "app-access-withdraw")) span.hidden { " " (one.api_name) } }
                } },
            ]
        })
        .collect();
    part::table(&t!(lang, "app-accesses"), &heads, &rows)
}

async fn show(member: Member, Path(at): Path<At>) -> Result<Response, Refusal> {
    let lang = member.lang;
    let (path, newest) = (at.path(), Asked::first(50).sorted("at desc"));
    let history = format!("{path}/history");
    let (application, found, history) = tokio::join!(
        Application::find(&member, &at.id),
        member.api.get::<Registration>(&path),
        member.api.list::<Entry>(&history, &newest),
    );
    let (application, found) = (application?, found?);
    let facts = [
        (
            t!(lang, "app-access-api"),
            html! { a href=(member.href(&found.api())) { (found.api_name) } },
        ),
        (
            t!(lang, "app-access-status"),
            html! { (part::status(lang, &found.status)) " " (found.means(lang)) },
        ),
        (t!(lang, "app-access-asked"), part::moment(&member, &found.created_at)),
        (t!(lang, "app-access-changed"), part::moment(&member, &found.updated_at)),
    ];
    let main = html! {
        (part::facts(&facts))
        @if let Some(history) = shown(history)? { (entries(&member, &history)) }
    };
    let withdraw = format!("{path}/withdraw");
    let title = t!(lang, "app-access-to", api = found.api_name.as_str());
    let page = Page::new(title, main);
    let page = page.acts(part::bad_act(&member, &withdraw, &t!(lang, "app-access-withdraw")));
    Ok(member.page(&application.below(lang, page)))
}

/// The history, if the portal has one to tell.
fn shown(history: Result<List<Entry>, Refusal>) -> Result<Option<Vec<Entry>>, Refusal> {
    match history {
        Ok(history) => Ok(Some(history.data).filter(|entries| !entries.is_empty())),
        Err(refusal) if refusal.status.as_u16() == 404 => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

fn entries(member: &Member, history: &[Entry]) -> Markup {
    let lang = member.lang;
    html! {
        h2 { (t!(lang, "app-access-history")) }
        ol.history {
            @for entry in history {
                li {
                    (part::status(lang, &entry.status)) " " (part::moment(member, &entry.at)) " "
                    span.quiet { (by(lang, entry)) }
                }
            }
        }
    }
}

fn by(lang: Lang, entry: &Entry) -> String {
    match (entry.by.as_str(), &entry.name) {
        ("developer", Some(name)) => name.clone(),
        ("developer", None) => t!(lang, "app-by-developer"),
        ("administrator", _) => t!(lang, "app-by-administrator"),
        ("automatic", _) => t!(lang, "app-by-itself"),
        _ => String::new(),
    }
}

async fn ask(member: Member, Path(at): Path<At>) -> Result<Response, Refusal> {
    let lang = member.lang;
    let path = at.path();
    let (application, found) =
        tokio::join!(Application::find(&member, &at.id), member.api.get::<Registration>(&path),);
    let (application, found) = (application?, found?);
    let api = found.api_name.as_str();
    let mut cuts = Vec::new();
    if found.status == "approved" {
        cuts.push(t!(lang, "app-cuts-calls", api = api));
    }
    let confirm = Confirm {
        says: html! { (t!(lang, "app-access-withdraw-asks", name = application.name.as_str(), api = api)) },
        cuts,
        button: t!(lang, "app-access-withdraw"),
        back: application.path(),
        values: Vec::new(),
    };
    let page = Page::new(t!(lang, "app-access-withdraw"), confirm.show(&member));
    Ok(member.page(&application.below(lang, page)))
}

async fn withdraw(member: Member, Path(at): Path<At>, _: Form) -> Result<Response, Refusal> {
    let answer = member.api.delete(&format!("{}{HEARD}", at.path())).await?;
    let path = segments!["applications", at.id];
    Ok(said(&member, &path, "own-access-withdrawn", &answer.headers))
}
