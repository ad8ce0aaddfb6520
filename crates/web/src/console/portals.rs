//! Portals.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde::Deserialize;
use serde_json::Value;

use super::Administrator;
use crate::Web;
use crate::field::{self, Field, Filled, FormView};
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/portals", get(list)).route("/portals/new", get(new).post(create))
}

#[derive(Debug, Deserialize)]
struct Portal {
    id: String,
    name: String,
    display_name: String,
    authentication_enabled: bool,
    created_at: String,
}

async fn list(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let wanted = asked.clone().with("filter[name][contains]", asked.given("q"));
    let portals = admin.api.list::<Portal>("/v3/portals", &wanted).await?;
    let heads = [
        t!(lang, "portal-name"),
        t!(lang, "portal-display-name"),
        t!(lang, "portal-access"),
        t!(lang, "created-at"),
    ];
    let rows: Vec<_> = portals
        .data
        .iter()
        .map(|portal| {
            let access =
                if portal.authentication_enabled { "portal-private" } else { "portal-public" };
            vec![
                html! { a href=(admin.href(&segments!["portals", portal.id])) { (portal.name) } },
                html! { (portal.display_name) },
                part::tag(&t!(lang, access)),
                part::moment(&admin, &portal.created_at),
            ]
        })
        .collect();
    let new = part::act(&admin, "/portals/new", &t!(lang, "portal-new"));
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "portal-search"))), &[]))
        @if rows.is_empty() {
            (part::empty(&t!(lang, "portals-none"), &t!(lang, "portals-none-text"), Some(&new)))
        } @else {
            (part::table(&t!(lang, "nav-portals"), &heads, &rows))
        }
        (part::pager(&admin, &asked, &portals.meta.page))
    };
    Ok(admin.page(&Page::new(t!(lang, "nav-portals"), main).section("portals").acts(new)))
}

fn fields() -> Vec<Field> {
    vec![
        Field::text("name", "portal-name").required().most(255),
        Field::text("display_name", "portal-display-name").most(255),
        Field::area("description", "portal-description").most(512).or_null(),
        Field::switch("authentication_enabled", "portal-authentication").preset(true),
        Field::switch("auto_approve_developers", "portal-auto-developers"),
        Field::switch("auto_approve_applications", "portal-auto-applications"),
    ]
}

async fn new(admin: Administrator) -> Response {
    form(&admin, Filled::default(), StatusCode::OK)
}

fn form(admin: &Administrator, filled: Filled<'_>, status: StatusCode) -> Response {
    let lang = admin.lang;
    let form = FormView {
        action: String::new(),
        fields: &fields(),
        filled,
        submit: "create",
        cancel: Some(admin.href("/portals")),
    };
    let page = Page::new(t!(lang, "portal-new"), form.show(admin)).section("portals");
    admin.page(&page.below(t!(lang, "nav-portals"), "/portals").status(status))
}

async fn create(admin: Administrator, typed: Form) -> Result<Response, Refusal> {
    let body = field::body(&fields(), &typed, &admin.zone);
    match admin.api.post::<Value>("/v3/portals", &body).await {
        Ok(made) => {
            let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
            Ok(admin.go_saying(&segments!["portals", id], "portal-created"))
        }
        Err(refusal) if refusal.is_about_the_form() => {
            Ok(form(&admin, Filled::refused(&typed, &refusal), refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
