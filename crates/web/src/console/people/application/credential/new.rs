//! A new key, or a new secret of a client.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::{application, made};
use crate::console::Administrator;
use crate::console::people::application::{Application, FormPage, Which};
use crate::field::{self, Field, Filled, Kind};
use crate::form::Form;
use crate::refusal::Refusal;

/// A secret of a client ends when its provider says so.
fn fields(application: &Application) -> Vec<Field> {
    let name = Field::text("display_name", "people-credential-name").most(255);
    let expires = Field::new("expires_at", "people-credential-expires", Kind::Moment);
    if application.has_keys() { vec![name, expires] } else { vec![name] }
}

fn page(
    admin: &Administrator,
    which: &Which,
    fields: &[Field],
    filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    let form = FormPage {
        title: "people-credential-new",
        text: None,
        fields,
        submit: "people-credential-create",
    };
    form.show(admin, which, filled, status)
}

pub(crate) async fn show(admin: Administrator, which: Which) -> Result<Response, Refusal> {
    let fields = fields(&application(&admin, &which).await?);
    Ok(page(&admin, &which, &fields, Filled::default(), StatusCode::OK))
}

pub(crate) async fn create(
    admin: Administrator,
    which: Which,
    form: Form,
) -> Result<Response, Refusal> {
    let fields = fields(&application(&admin, &which).await?);
    let body = field::body(&fields, &form, &admin.zone);
    match admin.api.post::<Value>(&(which.path() + "/credentials"), &body).await {
        Ok(answer) => Ok(made(&admin, &which, &answer)),
        Err(refusal) if refusal.is_about_the_form() => {
            Ok(page(&admin, &which, &fields, Filled::refused(&form, &refusal), refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
