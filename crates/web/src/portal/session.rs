//! Signing in and out.

use axum::Router;
use axum::extract::Query;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::{Guest, Known};
use crate::Web;
use crate::encoding::query;
use crate::field::{self, Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::t;
use crate::page::Page;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/sign-in", get(show).post(sign_in)).route("/sign-out", post(sign_out))
}

/// Where to go on afterwards.
#[derive(Debug, Default, Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

fn fields() -> [Field; 2] {
    [
        Field::new("username", "account-email", Kind::Email).required().most(250),
        Field::new("password", "account-password", Kind::Password("current-password")).required(),
    ]
}

async fn show(guest: Guest, Query(next): Query<Next>) -> Response {
    if guest.portal().is_some_and(|portal| portal.me.is_some()) {
        return guest.onward(&next.next);
    }
    page(&guest, &next, Filled::default(), StatusCode::OK)
}

fn page(guest: &Guest, next: &Next, filled: Filled<'_>, status: StatusCode) -> Response {
    let lang = guest.lang;
    let Some(portal) = guest.portal() else { return guest.go("/") };
    let main = html! {
        @if portal.context.oidc_auth_enabled { (by_provider(guest, next)) }
        @if portal.context.basic_auth_enabled { (by_password(guest, portal, next, filled)) }
        @if !portal.context.authentication_enabled { p { (t!(lang, "sign-in-none")) } }
    };
    let title = t!(lang, "sign-in-to", portal = portal.context.name.as_str());
    guest.page(&Page::new(title, main).section("sign-in").status(status).narrow())
}

/// A link, not a form: the browser goes to another site.
fn by_provider(guest: &Guest, next: &Next) -> Markup {
    let to = Some(next.next.as_str()).filter(|next| !next.is_empty()).unwrap_or("/");
    let to = query([("return_to", guest.href(to))]);
    let path = format!("/api/v3/developer/authenticate/sso{to}");
    html! {
        p { a.button.main.wide href=(guest.href(&path)) { (t!(guest.lang, "sign-in-by-provider")) } }
    }
}

fn by_password(guest: &Guest, _: &Known, next: &Next, filled: Filled<'_>) -> Markup {
    let lang = guest.lang;
    let again = Some(next.next.as_str()).filter(|next| !next.is_empty());
    let form = FormView {
        action: guest.href(&format!("/sign-in{}", query(again.map(|next| ("next", next))))),
        fields: &fields(),
        filled,
        submit: "sign-in",
        cancel: None,
    };
    html! {
        (form.show(guest))
        p { a href=(guest.href("/forgot-password")) { (t!(lang, "forgot-password")) } }
        p { (t!(lang, "no-account-yet")) " " a href=(guest.href("/sign-up")) { (t!(lang, "sign-up")) } }
    }
}

async fn sign_in(guest: Guest, Query(next): Query<Next>, form: Form) -> Result<Response, Refusal> {
    let body = Value::Object(field::body(&fields(), &form, &guest.zone));
    let body = serde_json::to_vec(&body).unwrap_or_default().into();
    let answer = guest.api.send(Method::POST, "/developer/authenticate", Some(body)).await;
    match answer.granted() {
        Ok(answer) => {
            guest.pass_cookies(&answer.headers);
            Ok(guest.onward(&next.next))
        }
        Err(refusal) if refusal.title == "Approval Required" => Ok(guest.go("/pending")),
        Err(refusal) => {
            let status = refusal.status;
            Ok(page(&guest, &next, Filled::refused(&form, &refusal), status))
        }
    }
}

async fn sign_out(guest: Guest, _: Form) -> Result<Response, Refusal> {
    let answer = guest.api.send(Method::POST, "/developer/logout", None).await.granted()?;
    guest.pass_cookies(&answer.headers);
    Ok(guest.go_saying("/", "signed-out"))
}
