//! A new key, or a new secret of a client.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde::Deserialize;

use super::super::{At, Kind};
use super::{Application, KEYS, name_field, secret, shown};
use crate::Web;
use crate::field::{self, Filled, FormView};
use crate::form::Form;
use crate::language::t;
use crate::page::Page;
use crate::portal::Member;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new().route(&format!("{KEYS}/new"), get(new).post(create))
}

/// A key or a secret that was made: the only answer that shows it.
#[derive(Deserialize)]
struct Made {
    credential: Option<String>,
    client_secret: Option<String>,
}

async fn new(member: Member, Path(at): Path<At>) -> Result<Response, Refusal> {
    let application = Application::find(&member, &at.id).await?;
    Ok(new_form(&member, &application, Filled::default(), StatusCode::OK))
}

fn new_form(
    member: &Member,
    application: &Application,
    filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    let lang = member.lang;
    let title = match application.auth_strategy.kind {
        Kind::KeyAuth => t!(lang, "app-key-new"),
        _ => t!(lang, "app-secret-new"),
    };
    let form = FormView {
        action: String::new(),
        fields: &name_field(),
        filled,
        submit: "create",
        cancel: Some(member.href(&format!("{}/credentials", application.path()))),
    };
    let main = html! {
        @match &application.auth_strategy.ttl {
            Some(life) => p { (t!(lang, "app-key-lives", life = life.text(lang))) },
            None if application.auth_strategy.kind == Kind::KeyAuth => p { (t!(lang, "app-key-lives-on")) },
            None => {}
        }
        (form.show(member))
    };
    let page = application.below(lang, Page::new(title, main).status(status));
    let keys = format!("{}/credentials", application.path());
    member.page(&page.below(application.credentials(lang), keys))
}

async fn create(member: Member, Path(at): Path<At>, typed: Form) -> Result<Response, Refusal> {
    let application = Application::find(&member, &at.id).await?;
    let body = field::body(&name_field(), &typed, &member.zone);
    let path = format!("{}/credentials", application.path());
    match member.api.post::<Made>(&path, &body).await {
        Ok(made) => {
            let lang = member.lang;
            if let Some(secret) = made.client_secret {
                let done = t!(lang, "app-secret-made");
                return Ok(secret::shown(&member, &application, &done, &secret));
            }
            let key = made.credential.unwrap_or_default();
            Ok(shown(&member, &application, &key, &html! { p { (t!(lang, "app-key-made")) } }))
        }
        Err(refusal) if refusal.is_about_the_form() => {
            let filled = Filled::refused(&typed, &refusal);
            Ok(new_form(&member, &application, filled, refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
