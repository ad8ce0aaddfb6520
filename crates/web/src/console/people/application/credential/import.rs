//! A key that is in use elsewhere.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use crate::console::Administrator;
use crate::console::people::application::{FormPage, Which};
use crate::field::{self, Field, Filled, Kind};
use crate::form::Form;
use crate::language::{Lang, t};
use crate::refusal::Refusal;

fn fields(lang: Lang) -> Vec<Field> {
    let algorithm = |name: &str| (name.to_owned(), name.to_owned());
    let algorithms = vec![
        (String::new(), t!(lang, "people-digest-none")),
        algorithm("sha256"),
        algorithm("hmac-sha256"),
    ];
    vec![
        Field::text("display_name", "people-credential-name").most(255),
        Field::new("value", "people-credential-value", Kind::Secret).most(512),
        Field::choice("digest.algorithm", "people-digest-algorithm", algorithms),
        Field::text("digest.value", "people-digest-value").most(64),
        Field::text("digest.pepper_id", "people-digest-pepper").most(32),
        Field::new("expires_at", "people-credential-expires", Kind::Moment),
    ]
}

fn page(admin: &Administrator, which: &Which, filled: Filled<'_>, status: StatusCode) -> Response {
    let form = FormPage {
        title: "people-credential-import",
        text: Some("people-credential-import-text"),
        fields: &fields(admin.lang),
        submit: "people-credential-import",
    };
    form.show(admin, which, filled, status)
}

pub(crate) async fn show(admin: Administrator, which: Which) -> Response {
    page(&admin, &which, Filled::default(), StatusCode::OK)
}

pub(crate) async fn create(
    admin: Administrator,
    which: Which,
    form: Form,
) -> Result<Response, Refusal> {
    let body = field::body(&fields(admin.lang), &form, &admin.zone);
    // Without either, the API would make a key that nobody sees.
    let imported = if body.contains_key("value") || body.contains_key("digest") {
        admin.api.post::<Value>(&(which.path() + "/credentials"), &body).await
    } else {
        Err(Refusal::fault("value", "required", "is required"))
    };
    match imported {
        Ok(_) => Ok(admin.go_saying(&which.page(), "people-credential-imported")),
        Err(refusal) if refusal.is_about_the_form() => {
            Ok(page(&admin, &which, Filled::refused(&form, &refusal), refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
