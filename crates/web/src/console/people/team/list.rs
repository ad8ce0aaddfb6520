//! The teams of a portal, and a new one.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Team, fields};
use crate::console::Administrator;
use crate::console::people::{Choice, without_portal};
use crate::field::{self, Field, Filled, FormView};
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) async fn list(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let title = t!(lang, "nav-teams");
    let Some(choice) = Choice::of(&admin, &asked).await? else {
        return Ok(without_portal(&admin, title, "teams"));
    };
    let portal = choice.chosen.id.as_str();
    let search = asked.given("q");
    let wanted = asked.clone().with("filter[name][contains]", search).sorted("name");
    let path = segments!["v3", "portals", portal, "teams"];
    let teams = admin.api.list::<Team>(&path, &wanted).await?;
    let heads = [
        t!(lang, "people-team-name"),
        t!(lang, "people-team-description"),
        t!(lang, "nav-applications"),
        t!(lang, "created-at"),
    ];
    let row = |team: &Team| -> Vec<Markup> {
        vec![
            html! { a href=(admin.href(&segments!["teams", portal, team.id])) { (team.name) } },
            html! { (team.description) },
            html! {
                @if team.can_own_applications { (part::tag(&t!(lang, "people-owns-yes"))) } @else { "–" }
            },
            part::moment(&admin, &team.created_at),
        ]
    };
    let rows: Vec<_> = teams.data.iter().map(row).collect();
    let new = format!("/teams/new?portal={portal}");
    let new = part::act(&admin, &new, &t!(lang, "people-team-new"));
    let choices = [choice.field(lang)];
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "people-search-team"))), &choices))
        @if rows.is_empty() && !search.is_empty() {
            (part::empty(&t!(lang, "people-found-none"), &t!(lang, "people-found-none-text"), None))
        } @else if rows.is_empty() {
            (part::empty(&t!(lang, "people-teams-none"), &t!(lang, "people-teams-none-text"), Some(&new)))
        } @else {
            (part::table(&title, &heads, &rows))
            (part::pager(&admin, &asked, &teams.meta.page))
        }
    };
    Ok(admin.page(&Page::new(title, main).section("teams").acts(new)))
}

pub(super) async fn new(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let Some(choice) = Choice::of(&admin, &asked).await? else {
        return Ok(without_portal(&admin, t!(admin.lang, "people-team-new"), "teams"));
    };
    let preset = json!({ "portal": choice.chosen.id });
    Ok(form(&admin, &choice, Filled::with(&preset), StatusCode::OK))
}

fn form(
    admin: &Administrator,
    choice: &Choice,
    filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    let lang = admin.lang;
    let (name, _, options) = choice.field(lang);
    let mut all = vec![Field::choice(name, "people-portal", options)];
    all.extend(fields());
    let form = FormView {
        action: admin.href("/teams/new"),
        fields: &all,
        filled,
        submit: "people-team-create",
        cancel: Some(admin.href(&format!("/teams?portal={}", choice.chosen.id))),
    };
    let page = Page::new(t!(lang, "people-team-new"), form.show(admin)).section("teams");
    admin.page(&page.below(t!(lang, "nav-teams"), "/teams").status(status))
}

pub(super) async fn create(
    admin: Administrator,
    asked: Asked,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = typed.text("portal");
    let body = field::body(&fields(), &typed, &admin.zone);
    let path = segments!["v3", "portals", portal, "teams"];
    match admin.api.post::<Value>(&path, &body).await {
        Ok(made) => {
            let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
            Ok(admin.go_saying(&segments!["teams", portal, id], "people-team-created"))
        }
        Err(refusal) if refusal.is_about_the_form() => {
            let Some(choice) = Choice::of(&admin, &asked).await? else { return Err(refusal) };
            Ok(form(&admin, &choice, Filled::refused(&typed, &refusal), refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
