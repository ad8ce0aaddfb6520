//! Registering an application for an API, for its owner.

use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use serde_json::Value;

use super::{FormPage, Which, below, published};
use crate::console::Administrator;
use crate::field::{self, Field, Filled};
use crate::form::Form;
use crate::language::{Lang, t};
use crate::page::Page;
use crate::part;
use crate::refusal::Refusal;

fn fields(lang: Lang, apis: Vec<(String, String)>) -> Vec<Field> {
    let status = |status: &str| (status.to_owned(), t!(lang, &format!("status-{status}")));
    vec![
        Field::choice("api_id", "people-registration-api", apis).required(),
        Field::choice("status", "people-status", vec![status("approved"), status("pending")]),
    ]
}

async fn page(
    admin: &Administrator,
    which: &Which,
    filled: Filled<'_>,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let apis = published(&admin.api, &which.portal).await?;
    if apis.is_empty() {
        let text = t!(lang, "people-no-apis-published");
        let to = part::act(admin, "/apis", &t!(lang, "nav-apis"));
        let main = html! { (part::empty(&text, "", Some(&to))) };
        let page = Page::new(t!(lang, "people-registration-new"), main);
        return Ok(admin.page(&below(admin, page, which)));
    }
    let form = FormPage {
        title: "people-registration-new",
        text: None,
        fields: &fields(lang, apis),
        submit: "people-registration-create",
    };
    Ok(form.show(admin, which, filled, status))
}

pub(super) async fn show(admin: Administrator, which: Which) -> Result<Response, Refusal> {
    page(&admin, &which, Filled::default(), StatusCode::OK).await
}

pub(super) async fn create(
    admin: Administrator,
    which: Which,
    form: Form,
) -> Result<Response, Refusal> {
    let body = field::body(&fields(admin.lang, Vec::new()), &form, &admin.zone);
    match admin.api.post::<Value>(&(which.path() + "/registrations"), &body).await {
        Ok(_) => Ok(admin.go_saying(&which.page(), "people-registered")),
        Err(refusal) if refusal.is_about_the_form() => {
            page(&admin, &which, Filled::refused(&form, &refusal), refusal.status).await
        }
        Err(refusal) => Err(refusal),
    }
}
