//! Who is in a team.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::show::{Added, page};
use super::{One, Which};
use crate::console::Administrator;
use crate::field::{Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::part;
use crate::refusal::Refusal;
use crate::segments::segments;

#[derive(Debug, Deserialize)]
struct Developer {
    id: String,
    full_name: String,
    email: String,
}

fn fields() -> [Field; 1] {
    [Field::new("email", "people-member-email", Kind::Email).required().most(250)]
}

/// The members, and the form that adds one.
pub(super) async fn show(
    admin: &Administrator,
    which: &One,
    asked: &Asked,
    filled: Filled<'_>,
) -> Result<Markup, Refusal> {
    let lang = admin.lang;
    let path = format!("{}/developers", which.path());
    let members = admin.api.list::<Developer>(&path, &asked.clone().sorted("full_name")).await?;
    let heads = [t!(lang, "people-name"), t!(lang, "account-email"), t!(lang, "account-act")];
    let remove = format!("{}/members/remove", which.page());
    let row = |developer: &Developer| -> Vec<Markup> {
        let path = segments!["developers", which.portal, developer.id];
        let id = [("id", developer.id.as_str())];
        vec![
            html! { a href=(admin.href(&path)) { (developer.full_name) } },
            html! { (developer.email) },
            part::button(admin, &remove, &id, &t!(lang, "people-member-remove"), "small"),
        ]
    };
    let rows: Vec<_> = members.data.iter().map(row).collect();
    let form = FormView {
        action: admin.href(&format!("{}/members", which.page())),
        fields: &fields(),
        filled,
        submit: "people-member-add",
        cancel: None,
    };
    Ok(html! {
        @if rows.is_empty() { p.quiet { (t!(lang, "people-members-none")) } }
        @else {
            (part::table(&t!(lang, "people-members"), &heads, &rows))
            @if members.meta.page.count() > 1 { (part::pager(admin, asked, &members.meta.page)) }
        }
        (form.show(admin))
    })
}

pub(super) async fn add(
    admin: Administrator,
    which: Which,
    form: Form,
) -> Result<Response, Refusal> {
    match join(&admin, &which, form.text("email")).await {
        Ok(()) => Ok(admin.go_saying(&which.page(), "people-member-added")),
        Err(refusal) if refusal.is_about_the_form() => {
            let added = Added { member: Filled::refused(&form, &refusal), ..Added::default() };
            page(&admin, &which, &Asked::default(), added, refusal.status).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// Adds the developer with that address.
async fn join(admin: &Administrator, which: &One, email: &str) -> Result<(), Refusal> {
    if email.is_empty() {
        return Err(Refusal::fault("email", "required", "is required"));
    }
    let path = segments!["v3", "portals", which.portal, "developers"];
    let wanted = Asked::first(1).with("filter[email][eq]", email.to_lowercase());
    let found = admin.api.list::<Developer>(&path, &wanted).await?.data;
    let unknown = || Refusal::fault("email", "unknown", &t!(admin.lang, "people-member-unknown"));
    let developer = found.first().ok_or_else(unknown)?;
    let path = format!("{}/developers", which.path());
    admin.api.post::<Value>(&path, &json!({ "id": developer.id })).await?;
    Ok(())
}

pub(super) async fn remove(
    admin: Administrator,
    which: Which,
    form: Form,
) -> Result<Response, Refusal> {
    let path = which.path() + &segments!["developers", form.text("id")];
    match admin.api.delete(&path).await {
        Ok(_) => {}
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(admin.go_saying(&which.page(), "people-member-removed"))
}
