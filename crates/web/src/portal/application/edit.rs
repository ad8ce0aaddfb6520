//! Changing an application.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde::Deserialize;
use serde_json::Value;

use super::fields::fields;
use super::{Application, At, Kind, Team, secret, teams};
use crate::Web;
use crate::field::{self, Blank, Field, Filled, FormView};
use crate::form::Form;
use crate::language::t;
use crate::page::Page;
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/applications/{id}/edit", get(show).post(change))
}

/// The box that agrees to a new secret. It is no member of the body.
const NEW_SECRET: &str = "new_secret";

/// An application that was changed; where that took a new secret, the secret this once.
#[derive(Deserialize)]
struct Changed {
    #[serde(flatten)]
    application: Application,
    client_secret: Option<String>,
}

/// The fields that are sent: what is emptied is taken away.
fn sent(member: &Member, application: &Application, teams: &[Team]) -> Vec<Field> {
    let fields = fields(member.lang, &application.auth_strategy, teams).into_iter();
    let emptied = fields.map(|field| match &*field.name {
        "description" => field.or_empty(),
        _ if field.blank == Blank::Omitted && !field.required => field.or_null(),
        _ => field,
    });
    emptied.collect()
}

async fn show(member: Member, Path(at): Path<At>) -> Result<Response, Refusal> {
    let path = segments!["applications", at.id];
    let (current, teams) = tokio::join!(member.api.get::<Value>(&path), teams(&member));
    let current = current?;
    let application = read(&current)?;
    Ok(form(&member, &application, &teams?, Filled::with(&current), StatusCode::OK))
}

fn read(current: &Value) -> Result<Application, Refusal> {
    let read = Application::deserialize(current);
    read.map_err(|_| Refusal::of(StatusCode::INTERNAL_SERVER_ERROR))
}

fn form(
    member: &Member,
    application: &Application,
    teams: &[Team],
    filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    let lang = member.lang;
    let mut fields = sent(member, application, teams);
    if application.auth_strategy.kind == Kind::ClientCredentials {
        fields.push(Field::switch(NEW_SECRET, "application-new-secret"));
    }
    let form = FormView {
        action: String::new(),
        fields: &fields,
        filled,
        submit: "app-save",
        cancel: Some(member.href(&application.path())),
    };
    let main = html! { (form.show(member)) };
    let page =
        Page::new(t!(lang, "app-edit-of", name = application.name.as_str()), main).status(status);
    member.page(&application.below(lang, page))
}

async fn change(member: Member, Path(at): Path<At>, typed: Form) -> Result<Response, Refusal> {
    let (application, teams) = tokio::join!(Application::find(&member, &at.id), teams(&member));
    let (application, teams) = (application?, teams?);
    let body = field::body(&sent(&member, &application, &teams), &typed, &member.zone);
    let agreed = if typed.has(NEW_SECRET) { "?regenerate_secret=true" } else { "" };
    let path = format!("{}{agreed}", application.path());
    match member.api.patch::<Changed>(&path, &body).await {
        Ok(Changed { application, client_secret: Some(secret) }) => Ok(secret::shown(
            &member,
            &application,
            &t!(member.lang, "said-own-app-changed"),
            &secret,
        )),
        Ok(changed) => Ok(member.go_saying(&changed.application.path(), "own-app-changed")),
        Err(refusal) if refusal.is_about_the_form() => {
            let filled = Filled::refused(&typed, &refusal);
            Ok(form(&member, &application, &teams, filled, refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
