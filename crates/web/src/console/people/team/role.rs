//! What a team opens to its members.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::show::{Added, page};
use super::{One, Which};
use crate::console::Administrator;
use crate::console::people::application::published;
use crate::console::people::by_ids;
use crate::field::{self, Field, Filled, FormView};
use crate::form::Form;
use crate::language::{Lang, t};
use crate::list::Asked;
use crate::part;
use crate::refusal::Refusal;
use crate::segments::segments;

#[derive(Debug, Deserialize)]
struct Role {
    id: String,
    role_name: String,
    entity_id: String,
}

#[derive(Debug, Deserialize)]
struct Api {
    id: String,
    name: String,
}

fn fields(lang: Lang, apis: Vec<(String, String)>) -> Vec<Field> {
    let roles = vec![
        ("API Consumer".to_owned(), t!(lang, "people-role-consumer")),
        ("API Viewer".to_owned(), t!(lang, "people-role-viewer")),
    ];
    vec![
        Field::choice("entity_id", "people-api", apis).required(),
        Field::choice("role_name", "people-role", roles).required(),
    ]
}

/// The roles, and the form that adds one.
pub(super) async fn show(
    admin: &Administrator,
    which: &One,
    filled: Filled<'_>,
) -> Result<Markup, Refusal> {
    let lang = admin.lang;
    let path = format!("{}/assigned-roles", which.path());
    let first = Asked::first(1_000);
    let (roles, apis) =
        tokio::join!(admin.api.list::<Role>(&path, &first), published(&admin.api, &which.portal));
    let (roles, apis) = (roles?, apis?);
    let named: Vec<Api> =
        by_ids(&admin.api, "/v3/apis", roles.data.iter().map(|role| role.entity_id.as_str()))
            .await?;
    let heads = [t!(lang, "people-api"), t!(lang, "people-role"), t!(lang, "account-act")];
    let remove = format!("{}/roles/remove", which.page());
    let row = |role: &Role| -> Vec<Markup> {
        let api = named.iter().find(|api| api.id == role.entity_id);
        let name = api.map_or(role.entity_id.as_str(), |api| api.name.as_str());
        let id = [("id", role.id.as_str())];
        vec![
            html! { a href=(admin.href(&segments!["apis", role.entity_id])) { (name) } },
            html! { (role.role_name) },
            part::button(admin, &remove, &id, &t!(lang, "people-member-remove"), "small"),
        ]
    };
    let rows: Vec<_> = roles.data.iter().map(row).collect();
    let none = apis.is_empty();
    let form = FormView {
        action: admin.href(&format!("{}/roles", which.page())),
        fields: &fields(lang, apis),
        filled,
        submit: "people-role-add",
        cancel: None,
    };
    Ok(html! {
        @if rows.is_empty() { p.quiet { (t!(lang, "people-roles-none")) } }
        @else { (part::table(&t!(lang, "people-roles"), &heads, &rows)) }
        @if none { p.quiet { (t!(lang, "people-no-apis-published")) } }
        @else { (form.show(admin)) }
    })
}

pub(super) async fn add(
    admin: Administrator,
    which: Which,
    form: Form,
) -> Result<Response, Refusal> {
    let mut body = field::body(&fields(admin.lang, Vec::new()), &form, &admin.zone);
    body.insert("entity_type_name".into(), json!("APIs"));
    body.insert("entity_region".into(), json!("*"));
    match admin.api.post::<Value>(&format!("{}/assigned-roles", which.path()), &body).await {
        Ok(_) => Ok(admin.go_saying(&which.page(), "people-role-added")),
        Err(refusal) if refusal.is_about_the_form() => {
            let added = Added { role: Filled::refused(&form, &refusal), ..Added::default() };
            page(&admin, &which, &Asked::default(), added, refusal.status).await
        }
        Err(refusal) => Err(refusal),
    }
}

pub(super) async fn remove(
    admin: Administrator,
    which: Which,
    form: Form,
) -> Result<Response, Refusal> {
    let path = which.path() + &segments!["assigned-roles", form.text("id")];
    match admin.api.delete(&path).await {
        Ok(_) => {}
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(admin.go_saying(&which.page(), "people-role-removed"))
}
