//! What somebody can change of their own account.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Web;
use crate::field::{self, Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::t;
use crate::page::Page;
use crate::part;
use crate::portal::Member;
use crate::refusal::Refusal;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/account", get(show).post(rename))
        .route("/account/password", get(async |member: Member| member.go("/account")))
        .route("/account/password", post(change_password))
}

/// The ways to the parts of an account.
pub(super) fn tabs(member: &Member, current: &str) -> Markup {
    let lang = member.lang;
    let tabs = [
        ("/account".to_owned(), t!(lang, "account-profile")),
        ("/account/teams".to_owned(), t!(lang, "account-teams")),
        ("/account/sessions".to_owned(), t!(lang, "account-sessions")),
    ];
    part::tabs(member, &t!(lang, "account-parts"), current, &tabs)
}

fn name_fields() -> [Field; 1] {
    // Left out, it would stay as it is.
    let name = Field::text("full_name", "account-full-name").required().or_empty();
    [name.most(250).autocomplete("name")]
}

fn password_fields() -> [Field; 2] {
    [
        Field::new(
            "current_password",
            "account-current-password",
            Kind::Password("current-password"),
        )
        .required()
        .most(256),
        Field::new("new_password", "account-new-password", Kind::Password("new-password"))
            .required()
            .most(256),
    ]
}

async fn show(member: Member) -> Response {
    page(&member, None, Filled::default(), StatusCode::OK)
}

fn page(
    member: &Member,
    name: Option<Filled<'_>>,
    password: Filled<'_>,
    status: StatusCode,
) -> Response {
    let lang = member.lang;
    let now = json!({ "full_name": member.me.full_name });
    let rename = FormView {
        action: member.href("/account"),
        fields: &name_fields(),
        filled: name.unwrap_or_else(|| Filled::with(&now)),
        submit: "account-save",
        cancel: None,
    };
    let change = FormView {
        action: member.href("/account/password"),
        fields: &password_fields(),
        filled: password,
        submit: "account-change-password",
        cancel: None,
    };
    let by_password = member.portal().is_some_and(|portal| portal.context.basic_auth_enabled);
    let main = html! {
        (tabs(member, "/account"))
        section.panel {
            h2 { (t!(lang, "account-profile")) }
            (part::facts(&[(t!(lang, "account-email"), html! { (member.me.email) })]))
            (rename.show(member))
        }
        @if by_password {
            section.panel {
                h2 { (t!(lang, "account-password")) }
                p.quiet { (t!(lang, "account-password-text")) }
                (change.show(member))
                p { a href=(member.href("/forgot-password")) { (t!(lang, "forgot-password")) } }
            }
        }
    };
    let page = Page::new(t!(lang, "nav-account"), main).section("account");
    member.page(&page.status(status))
}

async fn rename(member: Member, form: Form) -> Result<Response, Refusal> {
    let body = field::body(&name_fields(), &form, &member.zone);
    match member.api.patch::<Value>("/developer/me", &body).await {
        Ok(_) => Ok(member.go_saying("/account", "account-saved")),
        Err(refusal) if refusal.is_about_the_form() => {
            let filled = Filled::refused(&form, &refusal);
            Ok(page(&member, Some(filled), Filled::default(), refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}

async fn change_password(member: Member, form: Form) -> Result<Response, Refusal> {
    let body = field::body(&password_fields(), &form, &member.zone);
    match member.api.post::<Value>("/developer/change-password", &body).await {
        Ok(_) => Ok(member.go_saying("/account", "password-changed")),
        Err(refusal) if refusal.is_about_the_form() => {
            Ok(page(&member, None, Filled::refused(&form, &refusal), refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}
