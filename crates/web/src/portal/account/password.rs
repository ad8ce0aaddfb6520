//! Passwords: the first, and a new one. The links of e-mails lead here.
//!
//! A token comes in the query of a link and goes on in a hidden field of a form, whose own address
//! has none. Opening a link spends nothing: programs that look into mailboxes open links too.

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Web;
use crate::field::{self, Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::t;
use crate::page::Page;
use crate::portal::Guest;
use crate::refusal::{Fault, Refusal};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/verify-email", get(show_verify).post(verify))
        .route("/reset-password", get(show_reset).post(reset))
        .route("/forgot-password", get(show_forgot).post(forgot))
        .route("/forgot-password/sent", get(sent))
}

/// What a link brings.
#[derive(Debug, Default, Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
}

/// What proving an address yields.
#[derive(Deserialize)]
struct Proven {
    token: String,
}

/// What a token is good for: where its form goes, and what the page says.
#[derive(Clone, Copy)]
struct Step {
    path: &'static str,
    title: &'static str,
    text: &'static str,
}

const VERIFY: Step = Step { path: "/verify-email", title: "verify", text: "verify-text" };
const RESET: Step = Step { path: "/reset-password", title: "reset", text: "reset-text" };
/// The address is proven; what is left is a password that the rules allow.
const FIRST: Step = Step { path: RESET.path, ..VERIFY };

fn fields() -> [Field; 2] {
    [
        Field::new("password", "account-new-password", Kind::Password("new-password"))
            .required()
            .most(256),
        Field::new("token", "account-link", Kind::Hidden),
    ]
}

async fn show_verify(guest: Guest, Query(link): Query<Link>) -> Response {
    let token = json!({ "token": link.token });
    form_page(&guest, VERIFY, Filled::with(&token), StatusCode::OK)
}

async fn show_reset(guest: Guest, Query(link): Query<Link>) -> Response {
    let token = json!({ "token": link.token });
    form_page(&guest, RESET, Filled::with(&token), StatusCode::OK)
}

fn form_page(guest: &Guest, step: Step, filled: Filled<'_>, status: StatusCode) -> Response {
    let lang = guest.lang;
    let form = FormView {
        action: guest.href(step.path),
        fields: &fields(),
        filled,
        submit: "account-set-password",
        cancel: None,
    };
    let main = html! {
        p { (t!(lang, step.text)) }
        (form.show(guest))
    };
    guest.page(&Page::new(t!(lang, step.title), main).section("sign-in").status(status).narrow())
}

async fn verify(guest: Guest, form: Form) -> Result<Response, Refusal> {
    let body = json!({ "token": form.text("token") });
    // A password that is missing does not spend the token.
    if form.raw("password").is_empty() {
        let refusal = Refusal::fault("password", "required", "is required");
        return Ok(form_page(&guest, VERIFY, Filled::refused(&form, &refusal), refusal.status));
    }
    match guest.api.post::<Proven>("/developer/verify-email", &body).await {
        Ok(proven) => {
            let next = [("token", proven.token.as_str()), ("password", form.raw("password"))];
            let next = Form::of(&next);
            set(&guest, FIRST, &next).await
        }
        Err(refusal) => refused(&guest, VERIFY, &form, refusal),
    }
}

async fn reset(guest: Guest, form: Form) -> Result<Response, Refusal> {
    set(&guest, RESET, &form).await
}

async fn set(guest: &Guest, step: Step, form: &Form) -> Result<Response, Refusal> {
    let body = field::body(&fields(), form, &guest.zone);
    match guest.api.post::<Value>("/developer/reset-password", &body).await {
        Ok(_) => Ok(guest.go_saying("/sign-in", "password-set")),
        Err(refusal) => refused(guest, step, form, refusal),
    }
}

/// A token that is no good gets a page of its own, with the way to another.
fn refused(guest: &Guest, step: Step, form: &Form, refusal: Refusal) -> Result<Response, Refusal> {
    let of_token = |fault: &Fault| fault.field == "token";
    let gone = matches!(refusal.status, StatusCode::NOT_FOUND | StatusCode::GONE);
    if gone || refusal.faults.iter().any(of_token) {
        let lang = guest.lang;
        let main = html! {
            p { (t!(lang, "link-spent-text")) }
            p { a.button.main href=(guest.href("/forgot-password")) { (t!(lang, "link-another")) } }
        };
        let page = Page::new(t!(lang, "link-spent"), main).section("sign-in");
        return Ok(guest.page(&page.status(StatusCode::GONE).narrow()));
    }
    if refusal.is_about_the_form() {
        return Ok(form_page(guest, step, Filled::refused(form, &refusal), refusal.status));
    }
    Err(refusal)
}

fn address() -> [Field; 1] {
    [Field::new("email", "account-email", Kind::Email).required().most(250)]
}

async fn show_forgot(guest: Guest) -> Response {
    forgot_page(&guest, Filled::default(), StatusCode::OK)
}

fn forgot_page(guest: &Guest, filled: Filled<'_>, status: StatusCode) -> Response {
    let lang = guest.lang;
    let form = FormView {
        action: String::new(),
        fields: &address(),
        filled,
        submit: "forgot-send",
        cancel: Some(guest.href("/sign-in")),
    };
    let main = html! {
        p { (t!(lang, "forgot-text")) }
        (form.show(guest))
    };
    guest.page(&Page::new(t!(lang, "forgot"), main).section("sign-in").status(status).narrow())
}

async fn forgot(guest: Guest, form: Form) -> Result<Response, Refusal> {
    let body = field::body(&address(), &form, &guest.zone);
    match guest.api.post::<Value>("/developer/forgot-password", &body).await {
        Ok(_) => Ok(guest.go("/forgot-password/sent")),
        Err(refusal) if refusal.is_about_the_form() => {
            Ok(forgot_page(&guest, Filled::refused(&form, &refusal), refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}

async fn sent(guest: Guest) -> Response {
    let lang = guest.lang;
    let main = html! {
        p { (t!(lang, "mailbox-forgot")) }
        p {
            (t!(lang, "mailbox-nothing")) " "
            a href=(guest.href("/forgot-password")) { (t!(lang, "mailbox-again")) }
        }
    };
    guest.page(&Page::new(t!(lang, "mailbox"), main).section("sign-in").narrow())
}
