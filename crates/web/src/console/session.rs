//! Signing in to the console, with a token of an administrator.

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use maud::html;
use serde::Deserialize;
use serde_json::json;

use crate::Web;
use crate::cookie;
use crate::encoding::query;
use crate::field::{Field, Filled, FormView, Kind};
use crate::form::Form;
use crate::language::t;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visit::{Side, Visit};

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/sign-in", get(show).post(sign_in)).route("/sign-out", post(sign_out))
}

#[derive(Debug, Default, Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Begun {
    token: String,
}

async fn show(visit: Visit, Query(next): Query<Next>) -> Response {
    if matches!(visit.side, Side::Console(Some(_))) {
        return visit.onward(&next.next);
    }
    page(&visit, &next, Filled::default(), StatusCode::OK)
}

fn page(visit: &Visit, next: &Next, filled: Filled<'_>, status: StatusCode) -> Response {
    let lang = visit.lang;
    let again = Some(next.next.as_str()).filter(|next| !next.is_empty());
    let form = FormView {
        action: visit.href(&format!("/sign-in{}", query(again.map(|next| ("next", next))))),
        fields: &[
            Field::new("token", "console-token", Kind::Password("current-password")).required()
        ],
        filled,
        submit: "sign-in",
        cancel: None,
    };
    let main = html! { (form.show(visit)) };
    let title = t!(lang, "console-sign-in");
    super::frame::show(visit, &Page::new(title, main).status(status).narrow())
}

async fn sign_in(visit: Visit, Query(next): Query<Next>, form: Form) -> Response {
    let api = visit.api.with_token(form.text("token"));
    match api.post::<Begun>("/v3/admin-sessions", &json!({})).await {
        Ok(begun) => {
            let cookie = cookie::kept(cookie::CONSOLE, &begun.token, &visit.base, "Strict", "");
            visit.set_cookie(cookie);
            visit.onward(&next.next)
        }
        Err(refusal) => {
            let refusal = match refusal.status {
                StatusCode::UNAUTHORIZED => Refusal { title: "wrong-token".into(), ..refusal },
                _ => refusal,
            };
            page(&visit, &next, Filled::refused(&form, &refusal), refusal.status)
        }
    }
}

/// A session that has ended already is as good as one that ends now.
async fn sign_out(visit: Visit, _: Form) -> Response {
    let _ = visit.api.delete("/v3/admin-sessions/current").await;
    visit.set_cookie(cookie::kept(cookie::CONSOLE, "", &visit.base, "Strict", "; Max-Age=0"));
    visit.go("/sign-in")
}
