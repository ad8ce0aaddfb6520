//! Authorization servers of our own.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::Administrator;
use super::sheet::{Sheet, figures, text, total};
use crate::Web;
use crate::field::{Field, Filled, Kind};
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

mod part_of;

const LIST: &str = "/v1/auth-servers";
const ALGORITHMS: [&str; 8] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "Ed25519"];

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/auth-servers", get(list))
        .route("/auth-servers/new", get(new).post(create))
        .route("/auth-servers/{id}", get(show))
        .route("/auth-servers/{id}/edit", get(edit).post(change))
        .route("/auth-servers/{id}/delete", get(ask_delete).post(delete))
        .route("/auth-servers/{id}/keys", get(keys).post(rotate))
        .merge(part_of::routes())
}

/// An authorization server, as the pages below it need it.
struct Server {
    id: String,
    known: Value,
}

impl Server {
    async fn find(admin: &Administrator, id: &str) -> Result<Self, Refusal> {
        let known = admin.api.get(&format!("{LIST}{}", segments![id])).await?;
        Ok(Self { id: id.to_owned(), known })
    }

    fn name(&self) -> &str {
        text(&self.known, "name")
    }

    fn path(&self, rest: &str) -> String {
        format!("{}{rest}", segments!["auth-servers", self.id])
    }

    fn api(&self, rest: &str) -> String {
        format!("{LIST}{}{rest}", segments![self.id])
    }

    fn tabs(&self, admin: &Administrator, current: &str) -> Markup {
        let lang = admin.lang;
        let tabs = [
            ("", t!(lang, "tab-overview")),
            ("/scopes", t!(lang, "server-scopes")),
            ("/claims", t!(lang, "server-claims")),
            ("/clients", t!(lang, "server-clients")),
            ("/keys", t!(lang, "server-keys")),
        ];
        let tabs = tabs.map(|(path, text)| (self.path(path), text));
        part::tabs(admin, self.name(), &self.path(current), &tabs)
    }

    /// A page that is a part of the server.
    fn page(&self, admin: &Administrator, tab: &str, main: &Markup) -> Page {
        Page::new(self.name(), html! { (self.tabs(admin, tab)) (main) })
            .section("auth-servers")
            .below(t!(admin.lang, "nav-auth-servers"), "/auth-servers")
    }

    /// A page below the server.
    fn below(&self, admin: &Administrator, title: String, main: Markup) -> Page {
        Page::new(title, main)
            .section("auth-servers")
            .below(t!(admin.lang, "nav-auth-servers"), "/auth-servers")
            .below(self.name(), self.path(""))
    }

    /// A form below the server.
    fn sheet(&self, admin: &Administrator, title: String, fields: Vec<Field>, back: &str) -> Sheet {
        Sheet::new(title, "auth-servers", fields)
            .below(t!(admin.lang, "nav-auth-servers"), "/auth-servers")
            .below(self.name(), self.path(""))
            .cancel(admin.href(&self.path(back)))
    }
}

async fn list(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let wanted = asked.clone().with("filter[name][contains]", asked.given("q"));
    let found = admin.api.list::<Value>(LIST, &wanted).await?;
    let heads = [t!(lang, "server-name"), t!(lang, "server-audience"), t!(lang, "server-issuer")];
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|server| {
            let path = segments!["auth-servers", text(server, "id")];
            vec![
                html! { a href=(admin.href(&path)) { (text(server, "name")) } },
                html! { code { (text(server, "audience")) } },
                part::copy(lang, text(server, "issuer")),
            ]
        })
        .collect();
    let new = part::act(&admin, "/auth-servers/new", &t!(lang, "server-new"));
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "search-by-name"))), &[]))
        @if rows.is_empty() {
            (part::empty(&t!(lang, "servers-none"), &t!(lang, "servers-none-text"), Some(&new)))
        } @else {
            (part::table(&t!(lang, "nav-auth-servers"), &heads, &rows))
        }
        (part::pager(&admin, &asked, &found.meta.page))
    };
    Ok(admin.page(&Page::new(t!(lang, "nav-auth-servers"), main).section("auth-servers").acts(new)))
}

fn fields() -> Vec<Field> {
    let algorithms = ALGORITHMS.map(|name| (name.to_owned(), name.to_owned())).to_vec();
    vec![
        Field::text("name", "server-name").required().most(255),
        Field::text("audience", "server-audience").required().most(2048),
        Field::area("description", "portal-description").most(2048).or_empty(),
        Field::choice("signing_algorithm", "server-algorithm", algorithms),
        Field::new("trusted_origins", "server-origins", Kind::Lines).or_empty(),
    ]
}

fn new_sheet(admin: &Administrator) -> Sheet {
    Sheet::new(t!(admin.lang, "server-new"), "auth-servers", fields())
        .below(t!(admin.lang, "nav-auth-servers"), "/auth-servers")
        .cancel(admin.href("/auth-servers"))
}

async fn new(admin: Administrator) -> Response {
    new_sheet(&admin).blank(&admin)
}

async fn create(admin: Administrator, typed: Form) -> Result<Response, Refusal> {
    let sheet = new_sheet(&admin);
    let body = sheet.body(&admin, &typed);
    match admin.api.post::<Value>(LIST, &body).await {
        Ok(made) => Ok(admin.go_saying(&segments!["auth-servers", text(&made, "id")], "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn show(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let server = Server::find(&admin, &id).await?;
    let (scopes, claims, clients) =
        (server.api("/scopes"), server.api("/claims"), server.api("/clients"));
    let (scopes, claims, clients) = tokio::join!(
        total(&admin, &scopes, &[]),
        total(&admin, &claims, &[]),
        total(&admin, &clients, &[]),
    );
    let known = |member: &str| text(&server.known, member);
    let rows = [
        (t!(lang, "server-issuer"), part::copy(lang, known("issuer"))),
        (t!(lang, "server-audience"), html! { code { (known("audience")) } }),
        (t!(lang, "portal-description"), html! { (known("description")) }),
        (t!(lang, "server-algorithm"), html! { (known("signing_algorithm")) }),
        (t!(lang, "server-metadata"), part::copy(lang, known("metadata_uri"))),
        (t!(lang, "server-jwks"), part::copy(lang, known("jwks_uri"))),
        (t!(lang, "created-at"), part::moment(&admin, known("created_at"))),
    ];
    let main = html! {
        (figures(&[
            (t!(lang, "server-scopes"), scopes),
            (t!(lang, "server-claims"), claims),
            (t!(lang, "server-clients"), clients),
        ]))
        (part::facts(&rows))
        div.actions { (part::bad_act(&admin, &server.path("/delete"), &t!(lang, "server-delete"))) }
    };
    let acts = part::other_act(&admin, &server.path("/edit"), &t!(lang, "edit"));
    Ok(admin.page(&server.page(&admin, "", &main).acts(acts)))
}

async fn edit(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let server = Server::find(&admin, &id).await?;
    let sheet = server.sheet(&admin, t!(admin.lang, "edit"), fields(), "").submit("save");
    Ok(sheet.with(&admin, &server.known))
}

async fn change(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let server = Server::find(&admin, &id).await?;
    let sheet = server.sheet(&admin, t!(admin.lang, "edit"), fields(), "").submit("save");
    let body = sheet.body(&admin, &typed);
    match admin.api.patch::<Value>(&server.api(""), &body).await {
        Ok(_) => Ok(admin.go_saying(&server.path(""), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let server = Server::find(&admin, &id).await?;
    let (scopes, claims, clients) =
        (server.api("/scopes"), server.api("/claims"), server.api("/clients"));
    let (scopes, claims, clients) = tokio::join!(
        total(&admin, &scopes, &[]),
        total(&admin, &claims, &[]),
        total(&admin, &clients, &[]),
    );
    let confirm = Confirm {
        says: html! { (t!(lang, "server-delete-says", name = server.name())) },
        cuts: vec![
            t!(lang, "cuts-clients", count = clients),
            format!("{}: {scopes}", t!(lang, "server-scopes")),
            format!("{}: {claims}", t!(lang, "server-claims")),
        ],
        button: t!(lang, "server-delete"),
        back: server.path(""),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&server.below(&admin, t!(lang, "server-delete"), main)))
}

async fn delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    // The page before named what goes with it.
    admin.api.delete(&format!("{LIST}{}?force=true", segments![id])).await?;
    Ok(admin.go_saying("/auth-servers", "removed"))
}

fn keys_sheet(admin: &Administrator, server: &Server, done: Option<&Markup>) -> Sheet {
    let lang = admin.lang;
    let fields = vec![Field::switch("emergency", "keys-emergency")];
    let before = html! {
        (server.tabs(admin, "/keys"))
        @if let Some(done) = done { (done) }
        p { (t!(lang, "keys-explained")) }
    };
    Sheet::new(server.name(), "auth-servers", fields)
        .below(t!(lang, "nav-auth-servers"), "/auth-servers")
        .before(before)
        .submit("keys-rotate")
}

async fn keys(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let server = Server::find(&admin, &id).await?;
    Ok(keys_sheet(&admin, &server, None).blank(&admin))
}

#[derive(Deserialize)]
struct Key {
    kid: String,
    algorithm: String,
    state: String,
    activates_at: String,
    removes_at: Option<String>,
}

#[derive(Deserialize)]
struct Keys {
    data: Vec<Key>,
}

async fn rotate(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let server = Server::find(&admin, &id).await?;
    let sheet = keys_sheet(&admin, &server, None);
    let body = sheet.body(&admin, &typed);
    let keys = match admin.api.post::<Keys>(&server.api("/rotate-keys"), &body).await {
        Ok(keys) => keys,
        Err(refusal) => return sheet.again(&admin, &typed, refusal),
    };
    let rows: Vec<_> = keys
        .data
        .iter()
        .map(|key| {
            vec![
                html! { code { (key.kid) } },
                html! { (key.algorithm) },
                part::status(lang, &key.state),
                part::moment(&admin, &key.activates_at),
                part::moment_or_never(&admin, key.removes_at.as_deref()),
            ]
        })
        .collect();
    let heads = [
        t!(lang, "key-id"),
        t!(lang, "server-algorithm"),
        t!(lang, "page-status"),
        t!(lang, "key-from"),
        t!(lang, "key-until"),
    ];
    let done = html! {
        (part::notice("good", &html! { p role="status" { (t!(lang, "keys-rotated")) } }))
        (part::table(&t!(lang, "server-keys"), &heads, &rows))
    };
    let sheet = keys_sheet(&admin, &server, Some(&done));
    Ok(sheet.show(&admin, Filled::default(), StatusCode::OK))
}
