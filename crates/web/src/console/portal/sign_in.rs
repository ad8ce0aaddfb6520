//! How developers sign in: passwords, the identity provider, and the teams its groups give.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Administrator;
use super::super::sheet::{Sheet, heading, is_on, name_of, named, text};
use super::Portal;
use crate::Web;
use crate::field::{Field, Kind};
use crate::form::Form;
use crate::language::t;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/portals/{id}/sign-in", get(show).post(change))
        .route("/portals/{id}/sign-in/new", get(new).post(create))
        .route("/portals/{id}/sign-in/{provider}", get(edit).post(change_provider))
        .route("/portals/{id}/sign-in/{provider}/remove", get(ask_remove).post(remove))
        .route("/portals/{id}/sign-in/{provider}/teams/new", get(new_team).post(add_team))
        .route(
            "/portals/{id}/sign-in/{provider}/teams/{mapping}/remove",
            get(ask_remove_team).post(remove_team),
        )
}

const PROVIDERS: &str = "/identity-providers";

fn settings_sheet(admin: &Administrator, portal: &Portal) -> Sheet {
    let fields = vec![
        Field::switch("basic_auth_enabled", "sign-in-password"),
        Field::switch("idp_mapping_enabled", "sign-in-teams"),
        Field::switch("konnect_mapping_enabled", "sign-in-teams-left"),
    ];
    portal.sheet(admin, "/sign-in", fields)
}

fn providers_shown(admin: &Administrator, portal: &Portal, providers: &[Value]) -> Markup {
    let lang = admin.lang;
    let new = part::other_act(admin, &portal.path("/sign-in/new"), &t!(lang, "provider-new"));
    html! {
        section.panel {
            (heading(&t!(lang, "sign-in-provider"), &new))
            @if providers.is_empty() { p { (t!(lang, "sign-in-provider-none")) } }
            ul { @for provider in providers {
                li {
                    a href=(admin.href(&portal.path(&segments!["sign-in", text(provider, "id")]))) {
                        (text(provider, "config.issuer_url"))
                    }
                    " "
                    (part::status(lang, if is_on(provider, "enabled") { "enabled" } else { "disabled" }))
                }
            } }
        }
    }
}

async fn show(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let (settings, providers) = (portal.api("/authentication-settings"), portal.api(PROVIDERS));
    let (settings, providers) =
        tokio::join!(admin.api.get::<Value>(&settings), admin.api.get::<Vec<Value>>(&providers));
    let after = providers_shown(&admin, &portal, &providers?);
    Ok(settings_sheet(&admin, &portal).after(after).with(&admin, &settings?))
}

async fn change(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let sheet = settings_sheet(&admin, &portal);
    let body = sheet.body(&admin, &typed);
    match admin.api.patch::<Value>(&portal.api("/authentication-settings"), &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path("/sign-in"), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

fn sheet(admin: &Administrator, portal: &Portal, title: String) -> Sheet {
    let fields = vec![
        Field::switch("enabled", "provider-enabled").preset(true),
        Field::new("config.issuer_url", "provider-issuer", Kind::Url).required().most(2048),
        Field::text("config.client_id", "provider-client-id").required().most(255),
        Field::new("config.client_secret", "provider-client-secret", Kind::Secret).most(1024),
        Field::new("config.scopes", "provider-scopes", Kind::Lines)
            .preset(json!(["openid", "email", "profile"])),
        Field::text("config.claim_mappings.name", "provider-claim-name").preset("name").most(255),
        Field::text("config.claim_mappings.email", "provider-claim-email")
            .preset("email")
            .most(255),
        Field::text("config.claim_mappings.groups", "provider-claim-groups")
            .preset("groups")
            .most(255),
    ];
    portal
        .sheet_below(admin, title, fields, "/sign-in")
        .below(t!(admin.lang, "tab-sign-in"), portal.path("/sign-in"))
}

async fn new(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    Ok(sheet(&admin, &portal, t!(admin.lang, "provider-new")).blank(&admin))
}

async fn create(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let sheet = sheet(&admin, &portal, t!(admin.lang, "provider-new"));
    let mut body = sheet.body(&admin, &typed);
    body.insert("type".into(), "oidc".into());
    match admin.api.post::<Value>(&portal.api(PROVIDERS), &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path("/sign-in"), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

fn provider_path(portal: &Portal, provider: &str, rest: &str) -> String {
    portal.api(&format!("{PROVIDERS}{}{rest}", segments![provider]))
}

#[derive(Deserialize)]
struct Mapping {
    id: String,
    group: String,
    team_id: String,
}

#[derive(Deserialize)]
struct Mappings {
    data: Vec<Mapping>,
}

async fn edit(
    admin: Administrator,
    Path((id, provider)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = Portal::find(&admin, &id).await?;
    let (own, mappings) = (
        provider_path(&portal, &provider, ""),
        provider_path(&portal, &provider, "/team-group-mappings"),
    );
    let teams = portal.api("/teams");
    let (current, mappings, teams) = tokio::join!(
        admin.api.get::<Value>(&own),
        admin.api.get::<Mappings>(&mappings),
        named(&admin, &teams),
    );
    let (current, mappings, teams) = (current?, mappings?, teams?);
    let base = portal.path(&segments!["sign-in", provider]);
    let rows: Vec<_> = mappings
        .data
        .iter()
        .map(|mapping| {
            let remove = format!("{base}/teams/{}/remove", mapping.id);
            vec![
                html! { code { (mapping.group) } },
                html! { (name_of(&teams, &mapping.team_id)) },
                html! { a href=(admin.href(&remove)) { (t!(lang, "remove")) } },
            ]
        })
        .collect();
    let heads = [t!(lang, "mapping-group"), t!(lang, "mapping-team"), String::new()];
    let new = part::other_act(&admin, &format!("{base}/teams/new"), &t!(lang, "mapping-new"));
    let after = html! {
        section.panel {
            (heading(&t!(lang, "mappings"), &new))
            @if rows.is_empty() { p { (t!(lang, "mappings-none")) } }
            @else { (part::table(&t!(lang, "mappings"), &heads, &rows)) }
        }
    };
    let remove = part::bad_act(&admin, &format!("{base}/remove"), &t!(lang, "remove"));
    let title = t!(lang, "sign-in-provider");
    let sheet = sheet(&admin, &portal, title).submit("save").acts(remove).after(after);
    Ok(sheet.with(&admin, &current))
}

async fn change_provider(
    admin: Administrator,
    Path((id, provider)): Path<(String, String)>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let sheet = sheet(&admin, &portal, t!(admin.lang, "sign-in-provider")).submit("save");
    let body = sheet.body(&admin, &typed);
    match admin.api.patch::<Value>(&provider_path(&portal, &provider, ""), &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path("/sign-in"), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_remove(
    admin: Administrator,
    Path((id, provider)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = Portal::find(&admin, &id).await?;
    let current: Value = admin.api.get(&provider_path(&portal, &provider, "")).await?;
    let issuer = text(&current, "config.issuer_url");
    let confirm = Confirm {
        says: html! { (t!(lang, "provider-remove-says", issuer = issuer)) },
        cuts: vec![t!(lang, "cuts-sign-in")],
        button: t!(lang, "remove"),
        back: portal.path("/sign-in"),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&portal.below(&admin, t!(lang, "provider-remove"), main)))
}

async fn remove(
    admin: Administrator,
    Path((id, provider)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    admin.api.delete(&provider_path(&portal, &provider, "")).await?;
    Ok(admin.go_saying(&portal.path("/sign-in"), "removed"))
}

async fn team_sheet(
    admin: &Administrator,
    portal: &Portal,
    provider: &str,
) -> Result<Sheet, Refusal> {
    let teams = named(admin, &portal.api("/teams")).await?;
    let fields = vec![
        Field::text("group", "mapping-group").required().most(255),
        Field::choice("team_id", "mapping-team", teams).required(),
    ];
    let back = segments!["sign-in", provider];
    Ok(portal.sheet_below(admin, t!(admin.lang, "mapping-new"), fields, &back))
}

async fn new_team(
    admin: Administrator,
    Path((id, provider)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    Ok(team_sheet(&admin, &portal, &provider).await?.blank(&admin))
}

async fn add_team(
    admin: Administrator,
    Path((id, provider)): Path<(String, String)>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let sheet = team_sheet(&admin, &portal, &provider).await?;
    let body = sheet.body(&admin, &typed);
    let path = provider_path(&portal, &provider, "/team-group-mappings");
    match admin.api.post::<Value>(&path, &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path(&segments!["sign-in", provider]), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_remove_team(
    admin: Administrator,
    Path((id, provider, mapping)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = Portal::find(&admin, &id).await?;
    let rest = format!("/team-group-mappings{}", segments![mapping]);
    let found: Mapping = admin.api.get(&provider_path(&portal, &provider, &rest)).await?;
    let confirm = Confirm {
        says: html! { (t!(lang, "mapping-remove-says", group = found.group.as_str())) },
        cuts: Vec::new(),
        button: t!(lang, "remove"),
        back: portal.path(&segments!["sign-in", provider]),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&portal.below(&admin, t!(lang, "mapping-remove"), main)))
}

async fn remove_team(
    admin: Administrator,
    Path((id, provider, mapping)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let rest = format!("/team-group-mappings{}", segments![mapping]);
    admin.api.delete(&provider_path(&portal, &provider, &rest)).await?;
    Ok(admin.go_saying(&portal.path(&segments!["sign-in", provider]), "removed"))
}
