//! The page that a portal begins with.

use axum::response::Response;
use maud::{Markup, html};

use super::about::Api;
use super::content::Content;
use super::{card, list};
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::portal::{Guest, Known};
use crate::refusal::Refusal;
use crate::segments::segments;

/// The most APIs that it shows.
const CARDS: u32 = 6;

/// What the portal's administrator wrote for it, or else a welcome.
pub(in crate::portal) async fn home(guest: Guest) -> Result<Response, Refusal> {
    // A page is at the root, or says by its name that it is meant to be.
    let (root, home) = (segments!["pages", "/"], segments!["pages", "home"]);
    let (root, home) =
        tokio::join!(guest.api.get::<Content>(&root), guest.api.get::<Content>(&home));
    match root.or(home) {
        Ok(content) => {
            let (title, main) = content.show();
            Ok(guest.page(&Page::new(title, main)))
        }
        Err(_) => welcome(&guest).await,
    }
}

async fn welcome(guest: &Guest) -> Result<Response, Refusal> {
    let lang = guest.lang;
    let portal = guest.portal().ok_or_else(Refusal::not_found)?;
    let apis = guest.api.list::<Api>("/apis", &Asked::first(CARDS)).await?;
    let main = html! {
        p.welcome { (t!(lang, "home-text")) }
        form.search method="get" action=(guest.href("/search")) role="search" {
            div {
                label for="q-q" { (t!(lang, "home-search")) }
                input type="search" id="q-q" name="q" maxlength="200";
            }
            button.main type="submit" { (t!(lang, "search")) }
        }
        (way(guest, portal))
        @if apis.data.is_empty() {
            (list::nothing(guest, false))
        } @else {
            section.group {
                h2.hidden { (t!(lang, "nav-apis")) }
                (card::cards(guest, &apis.data))
                @if apis.meta.page.total > u64::from(CARDS) {
                    p { a href=(guest.href("/apis")) { (t!(lang, "home-all", count = apis.meta.page.total)) } }
                }
            }
        }
    };
    let title = t!(lang, "home-title", portal = portal.context.name.as_str());
    Ok(guest.page(&Page::new(title, main)))
}

/// The way from here to a call, for those who have not begun it.
fn way(guest: &Guest, portal: &Known) -> Markup {
    let lang = guest.lang;
    if portal.me.is_some() || !portal.context.authentication_enabled {
        return html! {};
    }
    html! {
        section.panel {
            h2 { (t!(lang, "home-way")) }
            ol.way {
                li { (t!(lang, "home-way-account")) }
                li { (t!(lang, "home-way-api")) }
                li { (t!(lang, "home-way-call")) }
            }
            div.actions {
                @if portal.context.basic_auth_enabled {
                    (part::act(guest, "/sign-up", &t!(lang, "sign-up")))
                }
                (part::other_act(guest, "/sign-in", &t!(lang, "sign-in")))
            }
        }
    }
}
