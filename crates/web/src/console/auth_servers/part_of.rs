//! What an authorization server has: scopes, claims, clients.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::Administrator;
use super::super::sheet::{Sheet, heading, is_on, named, text, texts, yes_no};
use super::Server;
use crate::Web;
use crate::field::{Field, Kind};
use crate::form::Form;
use crate::language::{Lang, t};
use crate::list::Asked;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/auth-servers/{id}/{part}", get(list))
        .route("/auth-servers/{id}/{part}/new", get(new).post(create))
        .route("/auth-servers/{id}/{part}/{item}", get(edit).post(change))
        .route("/auth-servers/{id}/{part}/{item}/remove", get(ask_remove).post(remove))
        .route("/auth-servers/{id}/clients/{item}/secrets", post(new_secret))
        .route(
            "/auth-servers/{id}/clients/{item}/secrets/{secret}/remove",
            get(ask_remove_secret).post(remove_secret),
        )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Scopes,
    Claims,
    Clients,
}

impl Part {
    fn named(name: &str) -> Result<Self, Refusal> {
        match name {
            "scopes" => Ok(Self::Scopes),
            "claims" => Ok(Self::Claims),
            "clients" => Ok(Self::Clients),
            _ => Err(Refusal::not_found()),
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Scopes => "/scopes",
            Self::Claims => "/claims",
            Self::Clients => "/clients",
        }
    }

    fn title(self, lang: Lang) -> String {
        match self {
            Self::Scopes => t!(lang, "server-scopes"),
            Self::Claims => t!(lang, "server-claims"),
            Self::Clients => t!(lang, "server-clients"),
        }
    }

    fn new_title(self, lang: Lang) -> String {
        match self {
            Self::Scopes => t!(lang, "server-scope-new"),
            Self::Claims => t!(lang, "server-claim-new"),
            Self::Clients => t!(lang, "server-client-new"),
        }
    }

    fn none(self, lang: Lang) -> String {
        match self {
            Self::Scopes => t!(lang, "server-scopes-none"),
            Self::Claims => t!(lang, "server-claims-none"),
            Self::Clients => t!(lang, "server-clients-none"),
        }
    }

    fn heads(self, lang: Lang) -> [String; 4] {
        let (second, third) = match self {
            Self::Scopes => (t!(lang, "portal-description"), t!(lang, "scope-default")),
            Self::Claims => (t!(lang, "claim-value"), t!(lang, "enabled")),
            Self::Clients => (t!(lang, "identifier"), t!(lang, "client-grants")),
        };
        [t!(lang, "server-name"), second, third, String::new()]
    }

    fn cells(self, lang: Lang, item: &Value) -> [Markup; 2] {
        match self {
            Self::Scopes => [
                html! { (text(item, "description")) },
                html! { (yes_no(lang, is_on(item, "default"))) },
            ],
            Self::Claims => [
                html! { code { (text(item, "value")) } },
                html! { (yes_no(lang, is_on(item, "enabled"))) },
            ],
            Self::Clients => [
                html! { code { (text(item, "id")) } },
                html! { (texts(item, "grant_types").join(", ")) },
            ],
        }
    }
}

async fn list(
    admin: Administrator,
    Path((id, part)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let part_of = Part::named(&part)?;
    let server = Server::find(&admin, &id).await?;
    let wanted = asked.clone().with("filter[name][contains]", asked.given("q"));
    let found = admin.api.list::<Value>(&server.api(part_of.path()), &wanted).await?;
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|item| {
            let path = server.path(&segments![part, text(item, "id")]);
            let remove = format!("{path}/remove");
            let [second, third] = part_of.cells(lang, item);
            vec![
                html! { a href=(admin.href(&path)) { (text(item, "name")) } },
                second,
                third,
                html! { a href=(admin.href(&remove)) { (t!(lang, "remove")) } },
            ]
        })
        .collect();
    let path = server.path(&format!("{}/new", part_of.path()));
    let new = part::act(&admin, &path, &part_of.new_title(lang));
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "search-by-name"))), &[]))
        @if rows.is_empty() { (part::empty(&part_of.title(lang), &part_of.none(lang), Some(&new))) }
        @else { (part::table(&part_of.title(lang), &part_of.heads(lang), &rows)) }
        (part::pager(&admin, &asked, &found.meta.page))
    };
    Ok(admin.page(&server.page(&admin, part_of.path(), &main).acts(new)))
}

fn options(values: &[&str]) -> Vec<(String, String)> {
    values.iter().map(|value| ((*value).to_owned(), (*value).to_owned())).collect()
}

async fn fields(admin: &Administrator, server: &Server, part: Part) -> Result<Vec<Field>, Refusal> {
    Ok(match part {
        Part::Scopes => vec![
            Field::text("name", "server-name").required().most(255),
            Field::area("description", "portal-description").most(2048).or_empty(),
            Field::switch("default", "scope-default"),
            Field::switch("include_in_metadata", "scope-in-metadata"),
            Field::switch("enabled", "enabled").preset(true),
        ],
        Part::Claims => {
            let scopes = named(admin, &server.api("/scopes")).await?;
            vec![
                Field::text("name", "server-name").required().most(255),
                Field::new("value", "claim-value", Kind::Area(3)).required().most(8192),
                Field::switch("include_in_token", "claim-in-token").preset(true),
                Field::switch("include_in_all_scopes", "claim-in-all-scopes").preset(true),
                Field::new("include_in_scopes", "claim-in-scopes", Kind::Many(scopes)),
                Field::switch("enabled", "enabled").preset(true),
            ]
        }
        Part::Clients => {
            let scopes = named(admin, &server.api("/scopes")).await?;
            let grants =
                options(&["client_credentials", "authorization_code", "refresh_token", "implicit"]);
            let methods = options(&["client_secret_post", "client_secret_basic", "none"]);
            vec![
                Field::text("name", "server-name").required().most(255),
                Field::new("grant_types", "client-grants", Kind::Many(grants))
                    .preset(json!(["client_credentials"])),
                Field::new(
                    "response_types",
                    "client-responses",
                    Kind::Many(options(&["none", "token", "code", "id_token"])),
                )
                .preset(json!(["token"])),
                Field::new("redirect_uris", "client-redirects", Kind::Lines).or_empty(),
                Field::choice("token_endpoint_auth_method", "dcr-auth-method", methods),
                Field::switch("allow_all_scopes", "client-all-scopes").preset(true),
                Field::new("allow_scopes", "client-scopes", Kind::Many(scopes)),
                Field::new("access_token_duration", "client-token-duration", Kind::Number)
                    .preset(300),
            ]
        }
    })
}

/// Scopes that are named one by one contradict all of them.
fn settled(mut body: Map<String, Value>) -> Map<String, Value> {
    for (all, some) in
        [("include_in_all_scopes", "include_in_scopes"), ("allow_all_scopes", "allow_scopes")]
    {
        if body.get(all) == Some(&Value::Bool(true)) {
            body.insert(some.into(), json!([]));
        }
    }
    body
}

async fn new_sheet(admin: &Administrator, server: &Server, part: Part) -> Result<Sheet, Refusal> {
    let fields = fields(admin, server, part).await?;
    Ok(server
        .sheet(admin, part.new_title(admin.lang), fields, part.path())
        .below(part.title(admin.lang), server.path(part.path())))
}

async fn new(
    admin: Administrator,
    Path((id, part)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let server = Server::find(&admin, &id).await?;
    Ok(new_sheet(&admin, &server, Part::named(&part)?).await?.blank(&admin))
}

async fn create(
    admin: Administrator,
    Path((id, part)): Path<(String, String)>,
    typed: Form,
) -> Result<Response, Refusal> {
    let part = Part::named(&part)?;
    let server = Server::find(&admin, &id).await?;
    let sheet = new_sheet(&admin, &server, part).await?;
    let body = settled(sheet.body(&admin, &typed));
    match admin.api.post::<Value>(&server.api(part.path()), &body).await {
        Ok(made) if part == Part::Clients => {
            Ok(shown_once(&admin, &server, text(&made, "id"), text(&made, "client_secret")))
        }
        Ok(_) => Ok(admin.go_saying(&server.path(part.path()), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

/// A client's secret, which nobody will show again.
fn shown_once(admin: &Administrator, server: &Server, client: &str, secret: &str) -> Response {
    let lang = admin.lang;
    let main = html! {
        (part::facts(&[(t!(lang, "client-id"), part::copy(lang, client))]))
        @if !secret.is_empty() { (part::secret(lang, &t!(lang, "client-secret-once"), secret)) }
        p { (part::act(admin, &server.path(&segments!["clients", client]), &t!(lang, "secret-kept"))) }
    };
    admin.page(&server.below(admin, t!(lang, "server-client"), main))
}

#[derive(Deserialize)]
struct Secret {
    id: String,
    created_at: String,
}

/// The secrets of a client, by when they were made.
async fn secrets(admin: &Administrator, server: &Server, client: &str) -> Result<Markup, Refusal> {
    let lang = admin.lang;
    let path = segments!["clients", client, "secrets"];
    let found = admin.api.list::<Secret>(&server.api(&path), &Asked::first(100)).await?;
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|secret| {
            let remove = server.path(&format!("{path}{}/remove", segments![secret.id]));
            vec![
                html! { code { (secret.id) } },
                part::moment(admin, &secret.created_at),
                html! { a href=(admin.href(&remove)) { (t!(lang, "remove")) } },
            ]
        })
        .collect();
    let heads = [t!(lang, "identifier"), t!(lang, "created-at"), String::new()];
    let new = part::button(admin, &server.path(&path), &[], &t!(lang, "client-secret-new"), "");
    Ok(html! {
        section.panel {
            (heading(&t!(lang, "client-secrets"), &new))
            @if !rows.is_empty() { (part::table(&t!(lang, "client-secrets"), &heads, &rows)) }
        }
    })
}

async fn new_secret(
    admin: Administrator,
    Path((id, client)): Path<(String, String)>,
    _: Form,
) -> Result<Response, Refusal> {
    let server = Server::find(&admin, &id).await?;
    let path = server.api(&segments!["clients", client, "secrets"]);
    let made = admin.api.post::<Value>(&path, &json!({})).await?;
    let secret = ["client_secret", "secret"].map(|member| text(&made, member));
    Ok(shown_once(
        &admin,
        &server,
        &client,
        secret.into_iter().find(|one| !one.is_empty()).unwrap_or_default(),
    ))
}

async fn ask_remove_secret(
    admin: Administrator,
    Path((id, client, _)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let server = Server::find(&admin, &id).await?;
    let confirm = Confirm {
        says: html! { (t!(lang, "client-secret-remove-says")) },
        cuts: Vec::new(),
        button: t!(lang, "remove"),
        back: server.path(&segments!["clients", client]),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&server.below(&admin, t!(lang, "client-secret-remove"), main)))
}

async fn remove_secret(
    admin: Administrator,
    Path((id, client, secret)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let server = Server::find(&admin, &id).await?;
    admin.api.delete(&server.api(&segments!["clients", client, "secrets", secret])).await?;
    Ok(admin.go_saying(&server.path(&segments!["clients", client]), "removed"))
}

async fn edit_sheet(
    admin: &Administrator,
    server: &Server,
    part: Part,
    title: &str,
) -> Result<Sheet, Refusal> {
    let fields = fields(admin, server, part).await?;
    Ok(server
        .sheet(admin, title.to_owned(), fields, part.path())
        .below(part.title(admin.lang), server.path(part.path()))
        .submit("save"))
}

async fn edit(
    admin: Administrator,
    Path((id, part, item)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let kind = Part::named(&part)?;
    let server = Server::find(&admin, &id).await?;
    let current: Value = admin.api.get(&server.api(&segments![part, item])).await?;
    let remove = server.path(&format!("{}/remove", segments![part, item]));
    let sheet = edit_sheet(&admin, &server, kind, text(&current, "name"))
        .await?
        .acts(part::bad_act(&admin, &remove, &t!(admin.lang, "remove")));
    let sheet = match kind {
        Part::Clients => sheet.after(secrets(&admin, &server, &item).await?),
        _ => sheet,
    };
    Ok(sheet.with(&admin, &current))
}

async fn change(
    admin: Administrator,
    Path((id, part, item)): Path<(String, String, String)>,
    typed: Form,
) -> Result<Response, Refusal> {
    let kind = Part::named(&part)?;
    let server = Server::find(&admin, &id).await?;
    let sheet = edit_sheet(&admin, &server, kind, typed.text("name")).await?;
    let body = settled(sheet.body(&admin, &typed));
    match admin.api.patch::<Value>(&server.api(&segments![part, item]), &body).await {
        Ok(_) => Ok(admin.go_saying(&server.path(kind.path()), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_remove(
    admin: Administrator,
    Path((id, part, item)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let kind = Part::named(&part)?;
    let server = Server::find(&admin, &id).await?;
    let current: Value = admin.api.get(&server.api(&segments![part, item])).await?;
    let confirm = Confirm {
        says: html! { (t!(lang, "gateway-remove-says", name = text(&current, "name"))) },
        cuts: match kind {
            Part::Clients => vec![t!(lang, "cuts-client")],
            Part::Scopes => vec![t!(lang, "cuts-scope")],
            Part::Claims => vec![t!(lang, "cuts-claim")],
        },
        button: t!(lang, "remove"),
        back: server.path(&segments![part, item]),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&server.below(&admin, t!(lang, "remove"), main)))
}

async fn remove(
    admin: Administrator,
    Path((id, part, item)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let kind = Part::named(&part)?;
    let server = Server::find(&admin, &id).await?;
    admin.api.delete(&server.api(&segments![part, item])).await?;
    Ok(admin.go_saying(&server.path(kind.path()), "removed"))
}
