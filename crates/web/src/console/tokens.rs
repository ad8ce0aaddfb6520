//! Tokens of administrators.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde::Deserialize;

use super::Administrator;
use super::sheet::{Sheet, name_of, named};
use crate::Web;
use crate::field::{Field, Kind};
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;
use crate::time;

const LIST: &str = "/v3/admin-tokens";
const AREAS: [&str; 7] =
    ["portals", "apis", "strategies", "identity", "gateways", "tokens", "audit"];

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/tokens", get(list))
        .route("/tokens/new", get(new).post(create))
        .route("/tokens/{id}/revoke", get(ask_revoke).post(revoke))
}

#[derive(Deserialize)]
struct Token {
    id: String,
    name: String,
    scopes: Vec<String>,
    portal_ids: Option<Vec<String>>,
    expires_at: Option<String>,
    last_used_at: Option<String>,
}

impl Token {
    fn has_expired(&self) -> bool {
        let at = self.expires_at.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
        at.is_some_and(|at| at <= time::now())
    }
}

async fn list(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let wanted = asked.clone().with("filter[name][contains]", asked.given("q")).sorted("name");
    let (found, portals) =
        tokio::join!(admin.api.list::<Token>(LIST, &wanted), named(&admin, "/v3/portals"),);
    // Whoever may not see portals still sees their tokens.
    let (found, portals) = (found?, portals.unwrap_or_default());
    let heads = [
        t!(lang, "admin-token-name"),
        t!(lang, "admin-token-scopes"),
        t!(lang, "nav-portals"),
        t!(lang, "admin-token-ends"),
        t!(lang, "admin-token-used"),
        String::new(),
    ];
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|token| {
            let revoke = segments!["tokens", token.id, "revoke"];
            let of = token.portal_ids.as_ref().map_or_else(
                || t!(lang, "admin-token-all-portals"),
                |ids| ids.iter().map(|id| name_of(&portals, id)).collect::<Vec<_>>().join(", "),
            );
            vec![
                html! { (token.name) },
                html! { @for scope in &token.scopes { (part::tag(scope)) " " } },
                html! { (of) },
                html! {
                    (part::moment_or_never(&admin, token.expires_at.as_deref()))
                    @if token.has_expired() { " " (part::status(lang, "expired")) }
                },
                part::moment_or_never(&admin, token.last_used_at.as_deref()),
                html! { a href=(admin.href(&revoke)) { (t!(lang, "admin-token-revoke")) } },
            ]
        })
        .collect();
    let new = part::act(&admin, "/tokens/new", &t!(lang, "admin-token-new"));
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "search-by-name"))), &[]))
        @if rows.is_empty() {
            (part::empty(&t!(lang, "admin-tokens-none"), &t!(lang, "admin-tokens-none-text"), Some(&new)))
        } @else {
            (part::table(&t!(lang, "nav-tokens"), &heads, &rows))
        }
        (part::pager(&admin, &asked, &found.meta.page))
    };
    Ok(admin.page(&Page::new(t!(lang, "nav-tokens"), main).section("tokens").acts(new)))
}

async fn new_sheet(admin: &Administrator) -> Result<Sheet, Refusal> {
    let lang = admin.lang;
    let mut scopes = vec![
        ("read".to_owned(), t!(lang, "scope-read-all")),
        ("write".to_owned(), t!(lang, "scope-write-all")),
    ];
    for area in AREAS {
        for right in ["read", "write"] {
            let scope = format!("{area}:{right}");
            scopes.push((scope.clone(), scope));
        }
    }
    let portals = named(admin, "/v3/portals").await?;
    let fields = vec![
        Field::text("name", "admin-token-name").required().most(255),
        Field::new("scopes", "admin-token-scopes", Kind::Many(scopes)),
        Field::new("expires_at", "admin-token-ends", Kind::Moment),
        Field::new("portal_ids", "admin-token-portals", Kind::Many(portals)),
    ];
    Ok(Sheet::new(t!(lang, "admin-token-new"), "tokens", fields)
        .below(t!(lang, "nav-tokens"), "/tokens")
        .cancel(admin.href("/tokens")))
}

async fn new(admin: Administrator) -> Result<Response, Refusal> {
    Ok(new_sheet(&admin).await?.blank(&admin))
}

#[derive(Deserialize)]
struct Made {
    name: String,
    token: String,
}

async fn create(admin: Administrator, typed: Form) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let sheet = new_sheet(&admin).await?;
    let mut body = sheet.body(&admin, &typed);
    // No portal chosen is all of them.
    if body.get("portal_ids").and_then(|ids| ids.as_array()).is_some_and(Vec::is_empty) {
        body.remove("portal_ids");
    }
    match admin.api.post::<Made>(LIST, &body).await {
        Ok(made) => {
            let main = html! {
                (part::secret(lang, &t!(lang, "admin-token-once"), &made.token))
                p { (part::act(&admin, "/tokens", &t!(lang, "secret-kept"))) }
            };
            let page = Page::new(made.name, main).section("tokens");
            Ok(admin.page(&page.below(t!(lang, "nav-tokens"), "/tokens")))
        }
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_revoke(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let token: Token = admin.api.get(&format!("{LIST}{}", segments![id])).await?;
    let confirm = Confirm {
        says: html! { (t!(lang, "admin-token-revoke-says", name = token.name)) },
        cuts: vec![t!(lang, "cuts-sessions")],
        button: t!(lang, "admin-token-revoke"),
        back: "/tokens".to_owned(),
        values: Vec::new(),
    };
    let page = Page::new(t!(lang, "admin-token-revoke"), confirm.show(&admin)).section("tokens");
    Ok(admin.page(&page.below(t!(lang, "nav-tokens"), "/tokens")))
}

async fn revoke(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    admin.api.delete(&format!("{LIST}{}", segments![id])).await?;
    Ok(admin.go_saying("/tokens", "admin-token-revoked"))
}
