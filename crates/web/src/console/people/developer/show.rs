//! One developer: where they stand, and what is theirs.

use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Developer, Which};
use crate::console::Administrator;
use crate::console::people::cut::{self, HEARD, Impact};
use crate::console::people::decide::{self, Item};
use crate::console::people::panel;
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

#[derive(Debug, Deserialize)]
struct Application {
    id: String,
    name: String,
    registration_count: u64,
    created_at: String,
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

pub(super) async fn show(admin: Administrator, which: Which) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = which.portal.as_str();
    let portal_path = segments!["v3", "portals", portal];
    let of = |path: &str| format!("{portal_path}/{path}");
    let theirs = Asked::default().with("filter[developer_id][eq]", which.developer.as_str());
    let (own, teams_path) = (which.path(), format!("{}/teams", which.path()));
    let (applications_path, registrations_path) =
        (of("applications"), of("application-registrations"));
    let (first, newest) = (Asked::default(), theirs.clone().sorted("created_at desc"));
    let (developer, applications, registrations, teams, home) = tokio::join!(
        admin.api.get::<Developer>(&own),
        admin.api.list::<Application>(&applications_path, &theirs),
        admin.api.list::<Registration>(&registrations_path, &newest),
        admin.api.list::<Named>(&teams_path, &first),
        admin.api.get::<Named>(&portal_path),
    );
    let (developer, home) = (developer?, home?);
    let (applications, registrations, teams) = (applications?, registrations?, teams?);
    let item = Item::developer(portal, &developer.id, &developer.status, &developer.full_name);
    let facts = [
        (t!(lang, "people-status"), part::status(lang, &developer.status)),
        (t!(lang, "account-email"), html! { (developer.email) }),
        (
            t!(lang, "people-portal"),
            html! {
                a href=(admin.href(&segments!["portals", portal])) { (home.name) }
            },
        ),
        (t!(lang, "people-since"), part::moment(&admin, &developer.created_at)),
    ];
    let heads = [t!(lang, "people-name"), t!(lang, "people-registrations"), t!(lang, "created-at")];
    let rows: Vec<Vec<Markup>> = applications
        .data
        .iter()
        .map(|application| {
            let path = segments!["applications", portal, application.id];
            vec![
                html! { a href=(admin.href(&path)) { (application.name) } },
                html! { (application.registration_count) },
                part::moment(&admin, &application.created_at),
            ]
        })
        .collect();
    let all = segments!["applications"]
        + &crate::encoding::query([("portal", portal), ("developer", &which.developer)]);
    let main = html! {
        (decide::form(&admin, None, &[], &html! {
            (part::facts(&facts))
            (decide::buttons(lang, &item, &developer.status))
        }))
        (panel(&t!(lang, "nav-applications"), &html! {}, &html! {
            @if rows.is_empty() { p.quiet { (t!(lang, "people-applications-none")) } }
            @else { (part::table(&t!(lang, "nav-applications"), &heads, &rows)) }
            @if applications.meta.page.count() > 1 {
                p { a href=(admin.href(&all)) { (t!(lang, "people-all", count = applications.meta.page.total)) } }
            }
        }))
        (panel(&t!(lang, "people-registrations"), &html! {}, &html! {
            @if registrations.data.is_empty() { p.quiet { (t!(lang, "people-registrations-none")) } }
            @else { (registered(&admin, portal, &registrations.data)) }
        }))
        (panel(&t!(lang, "nav-teams"), &html! {}, &html! {
            @if teams.data.is_empty() { p.quiet { (t!(lang, "people-teams-none-of")) } }
            ul { @for team in &teams.data {
                li { a href=(admin.href(&segments!["teams", portal, team.id])) { (team.name) } }
            } }
        }))
    };
    let delete = format!("{}/delete", which.page());
    let page = Page::new(developer.full_name.as_str(), main).section("developers");
    let page = page.below(t!(lang, "nav-developers"), format!("/developers?portal={portal}"));
    Ok(admin.page(&page.acts(part::bad_act(&admin, &delete, &t!(lang, "people-delete")))))
}

fn registered(admin: &Administrator, portal: &str, registrations: &[Registration]) -> Markup {
    let lang = admin.lang;
    let heads = [
        t!(lang, "people-application"),
        t!(lang, "people-api"),
        t!(lang, "people-status"),
        t!(lang, "people-since"),
        t!(lang, "people-decide"),
    ];
    let row = |registration: &Registration| -> Vec<Markup> {
        let Registration { id, status, api, application, .. } = registration;
        let name = format!("{} – {}", application.name, api.name);
        let item = Item::registration(portal, &application.id, id, status, &name);
        let path = segments!["applications", portal, application.id];
        vec![
            html! { a href=(admin.href(&path)) { (application.name) } },
            html! { a href=(admin.href(&segments!["apis", api.id])) { (api.name) } },
            part::status(lang, status),
            part::moment(admin, &registration.created_at),
            decide::buttons(lang, &item, status),
        ]
    };
    let rows: Vec<_> = registrations.iter().map(row).collect();
    let table = part::table(&t!(lang, "people-registrations"), &heads, &rows);
    decide::form(admin, None, &[], &table)
}

/// Asks before somebody is removed.
pub(super) async fn ask(admin: Administrator, which: Which) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let path = which.path();
    let (developer, impact) =
        tokio::join!(admin.api.get::<Developer>(&path), Impact::of(&admin.api, &path));
    let developer = developer?;
    let name = developer.full_name.as_str();
    let confirm = Confirm {
        says: html! { (t!(lang, "people-developer-delete-text", name = name)) },
        cuts: impact.lines(lang),
        button: t!(lang, "people-delete"),
        back: which.page(),
        values: Vec::new(),
    };
    let title = t!(lang, "people-delete-named", name = name);
    let page = Page::new(title, confirm.show(&admin)).section("developers");
    let page =
        page.below(t!(lang, "nav-developers"), format!("/developers?portal={}", which.portal));
    Ok(admin.page(&page.below(name, which.page())))
}

pub(super) async fn delete(
    admin: Administrator,
    which: Which,
    _: Form,
) -> Result<Response, Refusal> {
    let answer = admin.api.delete(&(which.path() + HEARD)).await?;
    let back = format!("/developers?portal={}", which.portal);
    Ok(cut::done(&admin, "developers", "people-developer-deleted", &back, &answer.headers))
}
