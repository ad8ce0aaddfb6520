//! The applications of a portal.

use axum::response::Response;
use maud::{Markup, html};

use super::Application;
use crate::console::Administrator;
use crate::console::people::owner::Owners;
use crate::console::people::{Choice, without_portal};
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) async fn list(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let title = t!(lang, "nav-applications");
    let Some(choice) = Choice::of(&admin, &asked).await? else {
        return Ok(without_portal(&admin, title, "applications"));
    };
    let portal = choice.chosen.id.as_str();
    let wanted = asked
        .clone()
        .with("filter[name][contains]", asked.given("q"))
        .with("filter[developer_id][eq]", asked.given("developer"))
        .with("filter[team_id][eq]", asked.given("team"))
        .sorted("created_at desc");
    let path = segments!["v3", "portals", portal, "applications"];
    let applications = admin.api.list::<Application>(&path, &wanted).await?;
    let owners = applications.data.iter().map(|application| &application.owner);
    let owners = Owners::of(&admin.api, portal, owners).await?;
    let heads = [
        t!(lang, "people-name"),
        t!(lang, "people-owner"),
        t!(lang, "people-strategy"),
        t!(lang, "people-registrations"),
        t!(lang, "created-at"),
    ];
    let row = |application: &Application| -> Vec<Markup> {
        let path = segments!["applications", portal, application.id];
        vec![
            html! { a href=(admin.href(&path)) { (application.name) } },
            owners.show(&admin, &application.owner),
            html! { (application.auth_strategy.name) },
            html! { (application.registration_count) },
            part::moment(&admin, &application.created_at),
        ]
    };
    let rows: Vec<_> = applications.data.iter().map(row).collect();
    let narrowed = ["q", "developer", "team"].iter().any(|name| !asked.given(name).is_empty());
    let choices = [choice.field(lang)];
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "people-search-application"))), &choices))
        @if rows.is_empty() && narrowed {
            (part::empty(&t!(lang, "people-found-none"), &t!(lang, "people-found-none-text"), None))
        } @else if rows.is_empty() {
            (part::empty(&t!(lang, "people-applications-none-title"), &t!(lang, "people-applications-none-text"), None))
        } @else {
            (part::table(&title, &heads, &rows))
            (part::pager(&admin, &asked, &applications.meta.page))
        }
    };
    Ok(admin.page(&Page::new(title, main).section("applications")))
}
