//! Providers at which applications are registered.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::Administrator;
use super::sheet::{self, Checked, Sheet, text, total, yes_no};
use crate::Web;
use crate::field::{self, Field, Kind};
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

const LIST: &str = "/v3/dcr-providers";

/// The types of providers, and what they are called by those who make them.
const TYPES: [(&str, &str); 7] = [
    ("auth0", "Auth0"),
    ("okta", "Okta"),
    ("azureAd", "Azure AD"),
    ("curity", "Curity"),
    ("kongIdentity", "Kong Identity"),
    ("http", "HTTP DCR bridge"),
    ("rfc7591", "RFC 7591"),
];

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/dcr-providers", get(list))
        .route("/dcr-providers/new", get(new).post(create))
        .route("/dcr-providers/{id}", get(show).post(verify))
        .route("/dcr-providers/{id}/edit", get(edit).post(change))
        .route("/dcr-providers/{id}/delete", get(ask_delete).post(delete))
}

fn type_name(kind: &str) -> &str {
    TYPES.iter().find(|(known, _)| *known == kind).map_or(kind, |(_, name)| name)
}

async fn list(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let wanted = asked.clone().with("filter[name][contains]", asked.given("q")).sorted("name");
    let found = admin.api.list::<Value>(LIST, &wanted).await?;
    let heads = [
        t!(lang, "dcr-name"),
        t!(lang, "dcr-type"),
        t!(lang, "strategy-issuer"),
        t!(lang, "in-use"),
    ];
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|provider| {
            let path = segments!["dcr-providers", text(provider, "id")];
            vec![
                html! { a href=(admin.href(&path)) { (text(provider, "name")) } },
                html! { (type_name(text(provider, "provider_type"))) },
                html! { code { (text(provider, "issuer")) } },
                html! { (yes_no(lang, sheet::is_on(provider, "active"))) },
            ]
        })
        .collect();
    let new = part::act(&admin, "/dcr-providers/new", &t!(lang, "dcr-new"));
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "search-by-name"))), &[]))
        @if rows.is_empty() {
            (part::empty(&t!(lang, "dcr-none"), &t!(lang, "dcr-none-text"), Some(&new)))
        } @else {
            (part::table(&t!(lang, "nav-dcr-providers"), &heads, &rows))
        }
        (part::pager(&admin, &asked, &found.meta.page))
    };
    Ok(admin
        .page(&Page::new(t!(lang, "nav-dcr-providers"), main).section("dcr-providers").acts(new)))
}

/// What a provider of a type is said of. `new` when its secrets have to be entered.
async fn fields(admin: &Administrator, kind: &str, new: bool) -> Result<Vec<Field>, Refusal> {
    let mut fields = vec![
        Field::text("name", "dcr-name").required().most(256),
        Field::text("display_name", "strategy-display-name").most(256),
    ];
    if kind == "kongIdentity" {
        let servers = admin.api.list::<Value>("/v1/auth-servers", &Asked::first(1000)).await?;
        let option =
            |server: &Value| (text(server, "issuer").to_owned(), text(server, "name").to_owned());
        let servers = servers.data.iter().map(option).collect();
        fields.push(Field::choice("issuer", "dcr-auth-server", servers).required());
    } else {
        fields.push(Field::new("issuer", "strategy-issuer", Kind::Url).required().most(256));
    }
    let secret = |name: &'static str, label: &'static str| {
        let field = Field::new(name, label, Kind::Secret).most(256);
        if new { field.required() } else { field }
    };
    let client = || {
        let id = Field::text("dcr_config.initial_client_id", "dcr-client-id").required().most(256);
        [id, secret("dcr_config.initial_client_secret", "dcr-client-secret")]
    };
    let url = |name: &'static str, label: &'static str| {
        let field = Field::new(name, label, Kind::Url).most(256);
        if new { field } else { field.or_null() }
    };
    match kind {
        "auth0" => {
            fields.extend(client());
            fields.extend([
                Field::text("dcr_config.initial_client_audience", "dcr-audience")
                    .most(256)
                    .or_null(),
                Field::switch("dcr_config.use_developer_managed_scopes", "dcr-managed-scopes"),
            ]);
        }
        "azureAd" => {
            fields.extend(client());
            let days =
                Field::new("dcr_config.secret_lifetime_days", "dcr-secret-days", Kind::Number);
            fields.extend([
                url("dcr_config.login_url", "dcr-login-url"),
                url("dcr_config.graph_url", "dcr-graph-url"),
                if new { days } else { days.or_null() },
            ]);
        }
        "curity" => fields.extend(client()),
        "okta" => fields.push(secret("dcr_config.dcr_token", "dcr-token")),
        "http" => fields.extend([
            Field::new("dcr_config.dcr_base_url", "dcr-base-url", Kind::Url).required().most(256),
            secret("dcr_config.api_key", "dcr-api-key"),
            Field::switch("dcr_config.disable_event_hooks", "dcr-no-events"),
            Field::switch("dcr_config.disable_refresh_secret", "dcr-no-refresh"),
            Field::switch("dcr_config.allow_multiple_credentials", "dcr-multiple"),
        ]),
        "rfc7591" => {
            let choice = |values: &[&str]| -> Vec<(String, String)> {
                values.iter().map(|value| ((*value).into(), (*value).into())).collect()
            };
            fields.extend([
                url("dcr_config.registration_endpoint", "dcr-registration-endpoint"),
                Field::new("dcr_config.initial_access_token", "dcr-initial-token", Kind::Secret)
                    .most(256),
                Field::choice(
                    "dcr_config.rotate",
                    "dcr-rotate",
                    choice(&["update", "reregister", "none"]),
                ),
                Field::choice("dcr_config.read", "dcr-read", choice(&["none", "safe", "rotating"])),
                Field::choice(
                    "dcr_config.token_endpoint_auth_method",
                    "dcr-auth-method",
                    choice(&["client_secret_basic", "client_secret_post"]),
                ),
                url("dcr_config.default_redirect_uri", "dcr-redirect"),
            ]);
        }
        _ => {}
    }
    Ok(fields)
}

/// The choice of the type, before the rest.
fn types(admin: &Administrator, chosen: &str) -> Markup {
    let lang = admin.lang;
    html! {
        form.search method="get" action=(admin.href("/dcr-providers/new")) {
            div {
                label for="type" { (t!(lang, "dcr-type")) }
                select id="type" name="type" {
                    @for (kind, name) in TYPES {
                        option value=(kind) selected[kind == chosen] { (name) }
                    }
                }
            }
            button type="submit" { (t!(lang, "choose")) }
        }
    }
}

async fn new_sheet(admin: &Administrator, kind: &str) -> Result<Sheet, Refusal> {
    let lang = admin.lang;
    if !TYPES.iter().any(|(known, _)| *known == kind) {
        return Err(Refusal::not_found());
    }
    let action = admin.href(&format!("/dcr-providers/new?type={kind}"));
    Ok(Sheet::new(t!(lang, "dcr-new"), "dcr-providers", fields(admin, kind, true).await?)
        .below(t!(lang, "nav-dcr-providers"), "/dcr-providers")
        .before(types(admin, kind))
        .cancel(admin.href("/dcr-providers"))
        .submit("save")
        .action(action))
}

async fn new(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let given = asked.given("type");
    let kind = if given.is_empty() { "kongIdentity" } else { given };
    Ok(new_sheet(&admin, kind).await?.blank(&admin))
}

async fn create(admin: Administrator, asked: Asked, typed: Form) -> Result<Response, Refusal> {
    let kind = asked.given("type");
    let sheet = new_sheet(&admin, kind).await?;
    let mut body = sheet.body(&admin, &typed);
    body.insert("provider_type".into(), kind.into());
    body.entry("dcr_config").or_insert_with(|| json!({}));
    match admin.api.post::<Value>(LIST, &body).await {
        Ok(made) => Ok(admin.go_saying(&segments!["dcr-providers", text(&made, "id")], "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

fn api_path(id: &str, rest: &str) -> String {
    format!("{LIST}{}{rest}", segments![id])
}

async fn show(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    page(&admin, &id, None).await
}

async fn page(
    admin: &Administrator,
    id: &str,
    checked: Option<Checked>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let own = api_path(id, "");
    let of_provider = [("filter[dcr_provider_id][eq]", id)];
    let (provider, strategies) = tokio::join!(
        admin.api.get::<Value>(&own),
        total(admin, "/v3/application-auth-strategies", &of_provider),
    );
    let provider = provider?;
    let path = segments!["dcr-providers", id];
    let kind = text(&provider, "provider_type");
    let mut rows = vec![
        (t!(lang, "dcr-type"), html! { (type_name(kind)) }),
        (t!(lang, "strategy-issuer"), part::copy(lang, text(&provider, "issuer"))),
        (t!(lang, "nav-strategies"), html! { (strategies) }),
    ];
    for known in fields(admin, kind, false).await? {
        if !known.name.starts_with("dcr_config.") {
            continue;
        }
        let value = match (&known.kind, field::at(&provider, &known.name)) {
            (Kind::Secret, _) => t!(lang, "dcr-secret-kept"),
            (_, Some(Value::Bool(on))) => yes_no(lang, *on),
            (_, Some(Value::String(text))) => text.clone(),
            (_, None | Some(Value::Null)) => "–".to_owned(),
            (_, Some(other)) => other.to_string(),
        };
        rows.push((t!(lang, known.label), html! { (value) }));
    }
    let main = html! {
        @if let Some(checked) = &checked { (checked.show(lang)) }
        (part::facts(&rows))
        div.actions {
            (part::button(admin, &path, &[], &t!(lang, "console-verify"), ""))
            (part::bad_act(admin, &format!("{path}/delete"), &t!(lang, "dcr-delete")))
        }
    };
    let acts = part::other_act(admin, &format!("{path}/edit"), &t!(lang, "edit"));
    let page = Page::new(text(&provider, "name"), main).section("dcr-providers").acts(acts);
    Ok(admin.page(&page.below(t!(lang, "nav-dcr-providers"), "/dcr-providers")))
}

async fn verify(
    admin: Administrator,
    Path(id): Path<String>,
    _: Form,
) -> Result<Response, Refusal> {
    let checked = admin.api.post::<Checked>(&api_path(&id, "/verify"), &json!({})).await?;
    page(&admin, &id, Some(checked)).await
}

async fn edit_sheet(admin: &Administrator, id: &str) -> Result<(Sheet, Value), Refusal> {
    let provider: Value = admin.api.get(&api_path(id, "")).await?;
    let fields = fields(admin, text(&provider, "provider_type"), false).await?;
    let sheet = Sheet::new(text(&provider, "name"), "dcr-providers", fields)
        .below(t!(admin.lang, "nav-dcr-providers"), "/dcr-providers")
        .cancel(admin.href(&segments!["dcr-providers", id]))
        .submit("save");
    Ok((sheet, provider))
}

async fn edit(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let (sheet, provider) = edit_sheet(&admin, &id).await?;
    Ok(sheet.with(&admin, &provider))
}

async fn change(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let (sheet, _) = edit_sheet(&admin, &id).await?;
    let body = sheet.body(&admin, &typed);
    match admin.api.patch::<Value>(&api_path(&id, ""), &body).await {
        Ok(_) => Ok(admin.go_saying(&segments!["dcr-providers", id], "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let own = api_path(&id, "");
    let of_provider = [("filter[dcr_provider_id][eq]", id.as_str())];
    let (provider, strategies, cuts) = tokio::join!(
        admin.api.get::<Value>(&own),
        total(&admin, "/v3/application-auth-strategies", &of_provider),
        sheet::impact(&admin, &own),
    );
    let (provider, cuts) = (provider?, cuts?);
    let strategies = (strategies > 0).then(|| t!(lang, "cuts-strategies", count = strategies));
    let uses: Vec<_> = strategies.into_iter().chain(cuts).collect();
    let confirm = Confirm {
        says: html! { (t!(lang, "dcr-delete-says", name = text(&provider, "name"))) },
        cuts: Vec::new(),
        button: t!(lang, "dcr-delete"),
        back: segments!["dcr-providers", id],
        values: Vec::new(),
    };
    let back = admin.href(&segments!["dcr-providers", id]);
    let main = if uses.is_empty() { confirm.show(&admin) } else { sheet::used(lang, &uses, &back) };
    let page = Page::new(t!(lang, "dcr-delete"), main).section("dcr-providers");
    Ok(admin.page(&page.below(t!(lang, "nav-dcr-providers"), "/dcr-providers")))
}

async fn delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    admin.api.delete(&api_path(&id, "")).await?;
    Ok(admin.go_saying("/dcr-providers", "removed"))
}
