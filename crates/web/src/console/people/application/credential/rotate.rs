//! A successor for a key, which works beside it for a while.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use serde_json::Value;

use super::{OneCredential, find, made};
use crate::console::Administrator;
use crate::console::people::application::below;
use crate::field::{self, Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::t;
use crate::page::Page;
use crate::refusal::Refusal;

fn fields() -> [Field; 3] {
    [
        Field::text("display_name", "people-credential-name").most(255),
        Field::new("retire_at", "people-credential-retire", Kind::Moment),
        Field::new("retire_when_idle_hours", "people-credential-idle", Kind::Number),
    ]
}

async fn page(
    admin: &Administrator,
    which: &OneCredential,
    filled: Filled<'_>,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let name = find(admin, which).await?.name(lang);
    let form = FormView {
        action: String::new(),
        fields: &fields(),
        filled,
        submit: "people-credential-rotate",
        cancel: Some(admin.href(&which.of().page())),
    };
    let main = html! {
        p { (t!(lang, "people-credential-rotate-text")) }
        (form.show(admin))
    };
    let page = Page::new(t!(lang, "people-credential-rotate-named", name = name), main);
    Ok(admin.page(&below(admin, page, &which.of()).status(status)))
}

pub(crate) async fn show(
    admin: Administrator,
    Path(which): Path<OneCredential>,
) -> Result<Response, Refusal> {
    page(&admin, &which, Filled::default(), StatusCode::OK).await
}

pub(crate) async fn rotate(
    admin: Administrator,
    Path(which): Path<OneCredential>,
    form: Form,
) -> Result<Response, Refusal> {
    let body = field::body(&fields(), &form, &admin.zone);
    match admin.api.post::<Value>(&(which.path() + "/rotate"), &body).await {
        Ok(answer) => Ok(made(&admin, &which.of(), &answer)),
        Err(refusal) if refusal.is_about_the_form() => {
            page(&admin, &which, Filled::refused(&form, &refusal), refusal.status).await
        }
        Err(refusal) => Err(refusal),
    }
}
