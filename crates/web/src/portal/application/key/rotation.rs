//! Replacing a key: its successor, and for how long both are honoured.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde::Deserialize;

use super::{Application, KEYS, Key, KeyAt, shown};
use crate::Web;
use crate::field::{self, Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::t;
use crate::page::Page;
use crate::part;
use crate::portal::Member;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new().route(&format!("{KEYS}/{{key}}/rotate"), get(show).post(rotate))
}

/// The successor of a key, and the key that retires.
#[derive(Deserialize)]
struct Rotated {
    credential: Option<String>,
    predecessor: Key,
}

fn fields(key: &Key) -> [Field; 3] {
    [
        Field::text("display_name", "app-rotation-name").most(255).preset(key.display_name.clone()),
        Field::new("retire_at", "app-rotation-until", Kind::Moment),
        Field::new("retire_when_idle_hours", "app-rotation-idle", Kind::Number),
    ]
}

async fn found(member: &Member, at: &KeyAt) -> Result<(Application, Key), Refusal> {
    let path = at.path();
    let (application, key) =
        tokio::join!(Application::find(member, &at.id), member.api.get::<Key>(&path));
    Ok((application?, key?))
}

async fn show(member: Member, Path(at): Path<KeyAt>) -> Result<Response, Refusal> {
    let (application, key) = found(&member, &at).await?;
    Ok(form(&member, &at, &application, &key, Filled::default(), StatusCode::OK))
}

fn form(
    member: &Member,
    at: &KeyAt,
    application: &Application,
    key: &Key,
    filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    let lang = member.lang;
    let form = FormView {
        action: String::new(),
        fields: &fields(key),
        filled,
        submit: "app-key-rotate",
        cancel: Some(member.href(&at.list())),
    };
    let main = html! {
        div.prose {
            p { (t!(lang, "app-rotation-text", name = key.display_name.as_str())) }
            ul {
                li { (t!(lang, "app-rotation-text-new")) }
                li { (t!(lang, "app-rotation-text-old")) }
                li { (t!(lang, "app-rotation-text-end")) }
            }
        }
        (form.show(member))
    };
    let page = Page::new(t!(lang, "app-rotation-of", name = key.display_name.as_str()), main);
    let page = application.below(lang, page.status(status));
    member.page(&page.below(t!(lang, "app-keys"), at.list()))
}

async fn rotate(member: Member, Path(at): Path<KeyAt>, typed: Form) -> Result<Response, Refusal> {
    let lang = member.lang;
    let (application, key) = found(&member, &at).await?;
    let body = field::body(&fields(&key), &typed, &member.zone);
    match member.api.post::<Rotated>(&format!("{}/rotate", at.path()), &body).await {
        Ok(Rotated { credential, predecessor: old }) => {
            let done = html! {
                p { (t!(lang, "app-rotation-done", name = old.display_name.as_str())) " "
                    (part::moment_or_never(&member, old.expires_at.as_deref())) "." }
                @if let Some(hours) = old.rotation.retire_when_idle_hours {
                    p { (t!(lang, "app-rotation-done-idle", count = hours)) }
                }
            };
            Ok(shown(&member, &application, &credential.unwrap_or_default(), &done))
        }
        Err(refusal) if refusal.is_about_the_form() => {
            let filled = Filled::refused(&typed, &refusal);
            Ok(form(&member, &at, &application, &key, filled, refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
