//! The teams that somebody is in.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;

use super::profile::tabs;
use crate::Web;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::segments::segments;

const PATH: &str = "/account/teams";

pub(super) fn routes() -> Router<Web> {
    Router::new().route(PATH, get(list)).route("/account/teams/{team}", get(show))
}

#[derive(Debug, Deserialize)]
struct One {
    team: String,
}

#[derive(Debug, Deserialize)]
struct Team {
    id: String,
    name: String,
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Mate {
    full_name: String,
    email: String,
}

async fn list(member: Member, asked: Asked) -> Result<Response, Refusal> {
    let lang = member.lang;
    let teams = member.api.list::<Team>("/developer/teams", &asked).await?;
    let main = html! {
        (tabs(&member, PATH))
        @if teams.data.is_empty() {
            (part::empty(&t!(lang, "own-teams-none"), &t!(lang, "own-teams-none-text"), None))
        } @else {
            ul.cards {
                @for team in &teams.data {
                    li.card {
                        h2 { a href=(member.href(&segments!["account", "teams", team.id])) { (team.name) } }
                        @if let Some(text) = &team.description { p { (text) } }
                    }
                }
            }
            (part::pager(&member, &asked, &teams.meta.page))
        }
    };
    Ok(member.page(&Page::new(t!(lang, "account-teams"), main).section("account")))
}

async fn show(member: Member, Path(one): Path<One>, asked: Asked) -> Result<Response, Refusal> {
    let lang = member.lang;
    let path = segments!["developer", "teams", one.team];
    let mates = format!("{path}/developers");
    let (team, mates) =
        tokio::join!(member.api.get::<Team>(&path), member.api.list::<Mate>(&mates, &asked));
    let (team, mates) = (team?, mates?);
    let heads = [t!(lang, "account-full-name"), t!(lang, "account-email")];
    let rows: Vec<Vec<Markup>> = mates
        .data
        .iter()
        .map(|mate| vec![html! { (mate.full_name) }, html! { (mate.email) }])
        .collect();
    let main = html! {
        @if let Some(text) = &team.description { p { (text) } }
        h2 { (t!(lang, "team-mates")) }
        (part::table(&t!(lang, "team-mates"), &heads, &rows))
        (part::pager(&member, &asked, &mates.meta.page))
    };
    let page = Page::new(team.name, main).section("account");
    let page = page.below(t!(lang, "nav-account"), "/account");
    Ok(member.page(&page.below(t!(lang, "account-teams"), PATH)))
}
