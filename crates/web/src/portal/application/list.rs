//! The developer's applications, and those of their teams.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};

use super::{Application, Team, teams};
use crate::Web;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::portal::Member;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/applications", get(list))
}

async fn list(member: Member, asked: Asked) -> Result<Response, Refusal> {
    let lang = member.lang;
    let wanted = asked.clone().with("filter[name][contains]", asked.given("q"));
    let wanted = wanted.with("filter[team_id][eq]", asked.given("team")).sorted("name");
    let (found, teams) =
        tokio::join!(member.api.list::<Application>("/applications", &wanted), teams(&member));
    let (found, teams) = (found?, teams?);
    let new = part::act(&member, "/applications/new", &t!(lang, "app-new"));
    let narrowed = !asked.given("q").is_empty() || !asked.given("team").is_empty();
    let main = html! {
        @if narrowed || !found.data.is_empty() { (search(&member, &asked, &teams)) }
        @if !found.data.is_empty() {
            (table(&member, &found.data, &teams))
        } @else if narrowed {
            (part::empty(&t!(lang, "app-apps-not-found"), &t!(lang, "app-apps-not-found-text"), None))
        } @else {
            (part::empty(&t!(lang, "app-apps-none"), &t!(lang, "app-apps-none-text"), Some(&new)))
        }
        @if found.meta.page.total > 0 { (part::pager(&member, &asked, &found.meta.page)) }
    };
    let acts = html! {
        (part::other_act(&member, "/refusals", &t!(lang, "app-refusals")))
        @if narrowed || !found.data.is_empty() { (new) }
    };
    let page = Page::new(t!(lang, "nav-applications"), main).section("applications");
    Ok(member.page(&page.acts(acts)))
}

fn search(member: &Member, asked: &Asked, teams: &[Team]) -> Markup {
    let lang = member.lang;
    let all = (String::new(), t!(lang, "app-owner-any"));
    let teams = teams.iter().map(|team| (team.id.clone(), team.name.clone()));
    let owners: Vec<_> = core::iter::once(all).chain(teams).collect();
    let owner = ("team", t!(lang, "app-owner"), owners);
    let several = owner.2.len() > 1;
    let choices = [owner];
    let choices = if several { choices.as_slice() } else { &[] };
    part::search(member, asked, Some(&("q", t!(lang, "app-apps-search"))), choices)
}

fn table(member: &Member, found: &[Application], teams: &[Team]) -> Markup {
    let lang = member.lang;
    let heads = [
        t!(lang, "app-name"),
        t!(lang, "app-strategy"),
        t!(lang, "app-owner"),
        t!(lang, "created-at"),
    ];
    let rows: Vec<_> = found
        .iter()
        .map(|application| {
            let owner = application.owner(lang, teams);
            vec![
                html! {
                    a href=(member.href(&application.path())) { (application.name) }
                    @if let Some(text) = application.description.as_deref().filter(|text| !text.is_empty()) {
                        div.quiet.brief { (text) }
                    }
                },
                html! { (application.auth_strategy.name) },
                if application.team_id.is_some() { part::tag(&owner) } else { html! { (owner) } },
                part::moment(member, &application.created_at),
            ]
        })
        .collect();
    part::table(&t!(lang, "nav-applications"), &heads, &rows)
}
