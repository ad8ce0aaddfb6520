//! Where somebody is signed in, and how they end that.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;

use super::profile::tabs;
use crate::Web;
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::segments::segments;

const PATH: &str = "/account/sessions";

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route(PATH, get(list))
        .route("/account/sessions/others", post(end_others))
        .route("/account/sessions/{session}", post(end))
}

/// A session. The path of a portal that is nested is a parameter too.
#[derive(Debug, Deserialize)]
struct One {
    session: String,
}

#[derive(Debug, Deserialize)]
struct Session {
    id: String,
    created_at: String,
    last_used_at: Option<String>,
    #[serde(default)]
    current: bool,
    user_agent: Option<String>,
    address: Option<String>,
}

async fn list(member: Member, asked: Asked) -> Result<Response, Refusal> {
    let lang = member.lang;
    let sessions = member.api.list::<Session>("/developer/sessions", &asked).await?;
    let heads = [
        t!(lang, "session-where"),
        t!(lang, "session-address"),
        t!(lang, "session-begun"),
        t!(lang, "session-used"),
        t!(lang, "account-act"),
    ];
    let rows: Vec<Vec<Markup>> = sessions
        .data
        .iter()
        .map(|session| {
            let what = session.user_agent.as_deref().map(browser);
            vec![
                html! {
                    (what.unwrap_or_else(|| t!(lang, "session-unknown"))) " "
                    @if session.current { (part::tag(&t!(lang, "session-current"))) }
                },
                html! { (session.address.as_deref().unwrap_or("–")) },
                part::moment(&member, &session.created_at),
                part::moment_or_never(&member, session.last_used_at.as_deref()),
                end_button(&member, session),
            ]
        })
        .collect();
    let main = html! {
        (tabs(&member, PATH))
        p { (t!(lang, "sessions-text")) }
        (part::table(&t!(lang, "account-sessions"), &heads, &rows))
        (part::pager(&member, &asked, &sessions.meta.page))
        @if sessions.meta.page.total > 1 {
            div.actions {
                (part::button(&member, "/account/sessions/others", &[], &t!(lang, "sessions-end-others"), "bad"))
            }
        }
    };
    Ok(member.page(&Page::new(t!(lang, "account-sessions"), main).section("account")))
}

/// One's own session ends by signing out.
fn end_button(member: &Member, session: &Session) -> Markup {
    let lang = member.lang;
    if session.current {
        return part::button(member, "/sign-out", &[], &t!(lang, "sign-out"), "small");
    }
    let path = segments!["account", "sessions", session.id];
    part::button(member, &path, &[], &t!(lang, "session-end"), "small")
}

/// One that has ended already is as good as one that ends now.
async fn end(member: Member, Path(one): Path<One>, _: Form) -> Result<Response, Refusal> {
    match member.api.delete(&segments!["developer", "sessions", one.session]).await {
        Ok(_) => {}
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(member.go_saying(PATH, "session-ended"))
}

async fn end_others(member: Member, _: Form) -> Result<Response, Refusal> {
    member.api.delete("/developer/sessions").await?;
    Ok(member.go_saying(PATH, "sessions-ended"))
}

/// What a browser calls itself, short enough to be recognised.
fn browser(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_recognised_by_what_it_calls_itself() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/140.0.0.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome, Linux");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                     (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
        assert_eq!(browser(phone), "Safari, iPhone");
        assert_eq!(browser("curl/8.14.1"), "curl");
        assert_eq!(browser(&"x".repeat(100)).len(), 60);
    }
}
