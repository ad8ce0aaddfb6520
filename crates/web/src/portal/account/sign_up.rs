//! Getting an account: name and address first, a password when the address is proven.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde_json::Value;

use crate::Web;
use crate::field::{self, Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::t;
use crate::page::Page;
use crate::portal::Guest;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/sign-up", get(show).post(sign_up))
        .route("/sign-up/sent", get(sent))
        .route("/pending", get(pending))
}

fn fields() -> [Field; 2] {
    [
        Field::text("full_name", "account-full-name").required().most(250).autocomplete("name"),
        Field::new("email", "account-email", Kind::Email).required().most(250),
    ]
}

async fn show(guest: Guest) -> Response {
    if guest.portal().is_some_and(|portal| portal.me.is_some()) {
        return guest.go("/account");
    }
    page(&guest, Filled::default(), StatusCode::OK)
}

fn page(guest: &Guest, filled: Filled<'_>, status: StatusCode) -> Response {
    let lang = guest.lang;
    let Some(portal) = guest.portal() else { return guest.go("/") };
    let form = FormView {
        action: String::new(),
        fields: &fields(),
        filled,
        submit: "account-create",
        cancel: None,
    };
    let main = html! {
        @if portal.context.basic_auth_enabled {
            p { (t!(lang, "sign-up-text")) }
            (form.show(guest))
        } @else if portal.context.oidc_auth_enabled {
            p { (t!(lang, "sign-up-by-provider")) }
        } @else {
            p { (t!(lang, "sign-in-none")) }
        }
        @if portal.context.authentication_enabled {
            p { (t!(lang, "account-known")) " " a href=(guest.href("/sign-in")) { (t!(lang, "sign-in")) } }
        }
    };
    let title = t!(lang, "sign-up-to", portal = portal.context.name.as_str());
    guest.page(&Page::new(title, main).section("sign-up").status(status).narrow())
}

async fn sign_up(guest: Guest, form: Form) -> Result<Response, Refusal> {
    let body = field::body(&fields(), &form, &guest.zone);
    match guest.api.post::<Value>("/developer", &body).await {
        Ok(_) => Ok(guest.go("/sign-up/sent")),
        Err(refusal) if refusal.is_about_the_form() => {
            Ok(page(&guest, Filled::refused(&form, &refusal), refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}

/// The same for everybody: who has an account is nobody's business.
async fn sent(guest: Guest) -> Response {
    let lang = guest.lang;
    let main = html! {
        p { (t!(lang, "mailbox-sign-up")) }
        p { (t!(lang, "mailbox-nothing")) " " a href=(guest.href("/sign-up")) { (t!(lang, "mailbox-again")) } }
    };
    guest.page(&Page::new(t!(lang, "mailbox"), main).narrow())
}

/// For whoever signed in too early.
async fn pending(guest: Guest) -> Response {
    let lang = guest.lang;
    let main = html! {
        p { (t!(lang, "pending-text")) }
        p { a.button href=(guest.href("/sign-in")) { (t!(lang, "pending-again")) } }
    };
    guest.page(&Page::new(t!(lang, "pending"), main).section("sign-in").narrow())
}
