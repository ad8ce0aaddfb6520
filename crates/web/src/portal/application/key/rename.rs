//! What a key is called.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;

use super::{Application, KEYS, KeyAt, name_field};
use crate::Web;
use crate::field::{self, Filled, FormView};
use crate::form::Form;
use crate::language::t;
use crate::page::Page;
use crate::portal::Member;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new().route(&format!("{KEYS}/{{key}}/rename"), get(name).post(rename))
}

async fn name(member: Member, Path(at): Path<KeyAt>) -> Result<Response, Refusal> {
    let path = at.path();
    let (application, current) =
        tokio::join!(Application::find(&member, &at.id), member.api.get::<Value>(&path));
    Ok(name_form(&member, &application?, Filled::with(&current?), StatusCode::OK))
}

fn name_form(
    member: &Member,
    application: &Application,
    filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    let lang = member.lang;
    let keys = format!("{}/credentials", application.path());
    let [name] = name_field();
    let form = FormView {
        action: String::new(),
        fields: &[name.required()],
        filled,
        submit: "app-save",
        cancel: Some(member.href(&keys)),
    };
    let page = Page::new(t!(lang, "app-key-rename"), form.show(member)).status(status);
    member.page(&application.below(lang, page).below(t!(lang, "app-keys"), keys))
}

async fn rename(member: Member, Path(at): Path<KeyAt>, typed: Form) -> Result<Response, Refusal> {
    let body = field::body(&name_field(), &typed, &member.zone);
    // The API takes a name without a letter; nobody could tell such a key in a list.
    let named = match body.is_empty() {
        true => Err(Refusal::fault("display_name", "required", "is required")),
        false => member.api.put::<Value>(&at.path(), &body).await,
    };
    match named {
        Ok(_) => Ok(member.go_saying(&at.list(), "own-key-renamed")),
        Err(refusal) if refusal.is_about_the_form() => {
            let application = Application::find(&member, &at.id).await?;
            let filled = Filled::refused(&typed, &refusal);
            Ok(name_form(&member, &application, filled, refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
