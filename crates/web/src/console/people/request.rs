//! What waits for an administrator: registrations and developers of all portals.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;

use super::decide::{self, Found, Item};
use super::owner::{Owner, Owners};
use super::{Portal, by_ids, of_each, portals};
use crate::Web;
use crate::backend::Backend;
use crate::console::Administrator;
use crate::language::t;
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;
use crate::segments::segments;

/// How many of each portal are shown beside those of others.
const BESIDE_OTHERS: u32 = 25;
/// How many of one portal are shown.
const OF_ONE: u32 = 100;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/requests", get(show))
}

#[derive(Debug, Deserialize)]
struct Registration {
    id: String,
    status: String,
    created_at: String,
    api: Named,
    application: Named,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Developer {
    id: String,
    full_name: String,
    email: String,
    status: String,
    created_at: String,
}

#[derive(Debug, Deserialize)]
struct Application {
    id: String,
    owner: Owner,
}

/// What waits in a portal.
struct Waiting {
    portal: Portal,
    registrations: List<Registration>,
    developers: List<Developer>,
    applications: Vec<Application>,
    owners: Owners,
}

/// The oldest of what waits.
fn wanted(rows: u32) -> Asked {
    Asked::first(rows).with("filter[status][eq]", "pending").sorted("created_at")
}

impl Waiting {
    async fn of(api: Backend, portal: Portal, rows: u32) -> Result<Self, Refusal> {
        let path = segments!["v3", "portals", portal.id];
        let (registrations, developers) =
            (format!("{path}/application-registrations"), format!("{path}/developers"));
        let wanted = wanted(rows);
        let (registrations, developers) = tokio::join!(
            api.list::<Registration>(&registrations, &wanted),
            api.list::<Developer>(&developers, &wanted),
        );
        let (registrations, developers) = (registrations?, developers?);
        let ids = registrations.data.iter().map(|one| one.application.id.as_str());
        let applications: Vec<Application> =
            by_ids(&api, &format!("{path}/applications"), ids).await?;
        let owners = applications.iter().map(|application| &application.owner);
        let owners = Owners::of(&api, &portal.id, owners).await?;
        Ok(Self { portal, registrations, developers, applications, owners })
    }

    fn total(&self) -> u64 {
        self.registrations.meta.page.total + self.developers.meta.page.total
    }
}

async fn show(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let all = portals(&admin.api).await?;
    let chosen: Vec<Portal> =
        all.iter().filter(|portal| portal.id == asked.given("portal")).cloned().collect();
    let rows = if chosen.is_empty() { BESIDE_OTHERS } else { OF_ONE };
    let looked = if chosen.is_empty() { &all } else { &chosen };
    let waiting = of_each(looked, |portal| Waiting::of(admin.api.clone(), portal, rows)).await?;
    let waiting: Vec<_> = waiting.into_iter().filter(|waiting| waiting.total() > 0).collect();
    let mut options = vec![(String::new(), t!(lang, "people-every-portal"))];
    options.extend(all.iter().map(|portal| (portal.id.clone(), portal.name.clone())));
    let choices = [("portal", t!(lang, "people-portal"), options)];
    let main = html! {
        @if all.len() > 1 { (part::search(&admin, &asked, None, &choices)) }
        @if waiting.is_empty() {
            (part::empty(&t!(lang, "people-requests-none"), &t!(lang, "people-requests-none-text"), None))
        } @else {
            (lists(&admin, &waiting))
        }
    };
    Ok(admin.page(&Page::new(t!(lang, "nav-requests"), main).section("requests")))
}

fn lists(admin: &Administrator, waiting: &[Waiting]) -> Markup {
    let lang = admin.lang;
    let registrations: u64 = waiting.iter().map(|one| one.registrations.meta.page.total).sum();
    let developers: u64 = waiting.iter().map(|one| one.developers.meta.page.total).sum();
    // Everything at once only where it is one list.
    let query = wanted(1);
    let found = match waiting {
        [one] if registrations == 0 || developers == 0 => {
            let kind = if developers == 0 { "application-registrations" } else { "developers" };
            let path = segments!["v3", "portals", one.portal.id, kind];
            Some(Found { count: registrations + developers, path, query: &query })
        }
        _ => None,
    };
    let found = found.filter(|found| found.count > u64::from(BESIDE_OTHERS));
    let tables = html! {
        @if registrations > 0 {
            h2 { (t!(lang, "people-waiting-registrations", count = registrations)) }
            (registered(admin, waiting))
        }
        @if developers > 0 {
            h2 { (t!(lang, "people-waiting-developers", count = developers)) }
            (signed_up(admin, waiting))
        }
        @for one in waiting {
            @let shown = one.registrations.data.len() + one.developers.data.len();
            @if one.total() > shown as u64 {
                p { a href=(admin.href(&format!("/requests?portal={}", one.portal.id))) {
                    (t!(lang, "people-more-in", count = one.total() - shown as u64, portal = one.portal.name.as_str()))
                } }
            }
        }
    };
    decide::form(admin, found.as_ref(), &["approved", "rejected"], &tables)
}

fn registered(admin: &Administrator, waiting: &[Waiting]) -> Markup {
    let lang = admin.lang;
    let heads = [
        t!(lang, "people-choose"),
        t!(lang, "people-application"),
        t!(lang, "people-owner"),
        t!(lang, "people-api"),
        t!(lang, "people-portal"),
        t!(lang, "people-waits-since"),
        t!(lang, "people-decide"),
    ];
    let row = |of: &Waiting, registration: &Registration| -> Vec<Markup> {
        let Registration { id, status, api, application, .. } = registration;
        let portal = of.portal.id.as_str();
        let name = format!("{} – {}", application.name, api.name);
        let item = Item::registration(portal, &application.id, id, status, &name);
        let known = of.applications.iter().find(|known| known.id == application.id);
        let path = segments!["applications", portal, application.id];
        vec![
            decide::choose(lang, &item),
            html! { a href=(admin.href(&path)) { (application.name) } },
            html! { @if let Some(known) = known { (of.owners.show(admin, &known.owner)) } },
            html! { a href=(admin.href(&segments!["apis", api.id])) { (api.name) } },
            html! { (of.portal.name) },
            part::moment(admin, &registration.created_at),
            decide::buttons(lang, &item, status),
        ]
    };
    let rows: Vec<_> = waiting
        .iter()
        .flat_map(|of| of.registrations.data.iter().map(move |registration| (of, registration)))
        .map(|(of, registration)| row(of, registration))
        .collect();
    part::table(&t!(lang, "people-registrations"), &heads, &rows)
}

fn signed_up(admin: &Administrator, waiting: &[Waiting]) -> Markup {
    let lang = admin.lang;
    let heads = [
        t!(lang, "people-choose"),
        t!(lang, "people-name"),
        t!(lang, "account-email"),
        t!(lang, "people-portal"),
        t!(lang, "people-waits-since"),
        t!(lang, "people-decide"),
    ];
    let row = |of: &Waiting, developer: &Developer| -> Vec<Markup> {
        let Developer { id, full_name, email, status, created_at } = developer;
        let item = Item::developer(&of.portal.id, id, status, full_name);
        let path = segments!["developers", of.portal.id, id];
        vec![
            decide::choose(lang, &item),
            html! { a href=(admin.href(&path)) { (full_name) } },
            html! { (email) },
            html! { (of.portal.name) },
            part::moment(admin, created_at),
            decide::buttons(lang, &item, status),
        ]
    };
    let rows: Vec<_> = waiting
        .iter()
        .flat_map(|of| of.developers.data.iter().map(move |developer| (of, developer)))
        .map(|(of, developer)| row(of, developer))
        .collect();
    part::table(&t!(lang, "nav-developers"), &heads, &rows)
}
