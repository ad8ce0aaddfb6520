//! The developers of a portal.

use axum::response::Response;
use maud::{Markup, html};

use super::Developer;
use crate::console::Administrator;
use crate::console::people::decide::{self, Found, Item};
use crate::console::people::{Choice, without_portal};
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;
use crate::segments::segments;

const STATUSES: [&str; 4] = ["pending", "approved", "revoked", "rejected"];

pub(super) async fn list(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let title = t!(lang, "nav-developers");
    let Some(choice) = Choice::of(&admin, &asked).await? else {
        return Ok(without_portal(&admin, title, "developers"));
    };
    let portal = choice.chosen.id.as_str();
    let search = asked.given("q");
    let by =
        if search.contains('@') { "filter[email][contains]" } else { "filter[name][contains]" };
    let status = STATUSES.into_iter().find(|status| *status == asked.given("status"));
    let wanted = asked
        .clone()
        .with(by, search)
        .with("filter[status][eq]", status.unwrap_or_default())
        .sorted("created_at desc");
    let path = segments!["v3", "portals", portal, "developers"];
    let developers = admin.api.list::<Developer>(&path, &wanted).await?;
    let heads = [
        t!(lang, "people-choose"),
        t!(lang, "people-name"),
        t!(lang, "account-email"),
        t!(lang, "people-status"),
        t!(lang, "people-since"),
        t!(lang, "people-decide"),
    ];
    let row = |developer: &Developer| -> Vec<Markup> {
        let Developer { id, status, full_name, .. } = developer;
        let item = Item::developer(portal, id, status, full_name);
        vec![
            decide::choose(lang, &item),
            html! { a href=(admin.href(&segments!["developers", portal, id])) { (full_name) } },
            html! { (developer.email) },
            part::status(lang, status),
            part::moment(&admin, &developer.created_at),
            decide::buttons(lang, &item, status),
        ]
    };
    let rows: Vec<_> = developers.data.iter().map(row).collect();
    let total = developers.meta.page.total;
    let more = status == Some("pending") && total > rows.len() as u64;
    let found = more.then_some(Found { count: total, path, query: &wanted });
    let mut options = vec![(String::new(), t!(lang, "people-every-status"))];
    options
        .extend(STATUSES.map(|status| (status.to_owned(), t!(lang, &format!("status-{status}")))));
    let new = format!("/developers/new?portal={portal}");
    let new = part::act(&admin, &new, &t!(lang, "people-developer-new"));
    let narrowed = !search.is_empty() || status.is_some();
    let choices = [choice.field(lang), ("status", t!(lang, "people-status"), options)];
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "people-search-developer"))), &choices))
        @if rows.is_empty() && narrowed {
            (part::empty(&t!(lang, "people-found-none"), &t!(lang, "people-found-none-text"), None))
        } @else if rows.is_empty() {
            (part::empty(&t!(lang, "people-developers-none"), &t!(lang, "people-developers-none-text"), Some(&new)))
        } @else {
            (decide::form(&admin, found.as_ref(), &["approved", "rejected", "revoked"],
                &part::table(&title, &heads, &rows)))
            (part::pager(&admin, &asked, &developers.meta.page))
        }
    };
    Ok(admin.page(&Page::new(title, main).section("developers").acts(new)))
}
