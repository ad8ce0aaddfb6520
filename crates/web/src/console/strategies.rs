//! Authentication strategies: how applications prove who they are.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Administrator;
use super::sheet::{self, Checked, Sheet, named, text, texts, total, yes_no};
use crate::Web;
use crate::field::{Field, Kind};
use crate::form::Form;
use crate::language::{Lang, t};
use crate::list::Asked;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

const LIST: &str = "/v3/application-auth-strategies";
/// The members of the settings that are words between spaces or on lines.
const WORDS: [&str; 3] = ["scopes", "credential_claim", "key_names"];

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/auth-strategies", get(list))
        .route("/auth-strategies/new", get(new).post(create))
        .route("/auth-strategies/{id}", get(show).post(verify))
        .route("/auth-strategies/{id}/edit", get(edit).post(change))
        .route("/auth-strategies/{id}/delete", get(ask_delete).post(delete))
}

/// What a strategy is, as the form for a new one asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    KeyAuth,
    OpenidConnect,
    Dcr,
}

impl Type {
    const ALL: [(Self, &'static str); 3] =
        [(Self::KeyAuth, "key_auth"), (Self::OpenidConnect, "openid_connect"), (Self::Dcr, "dcr")];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(one, _)| *one)
    }

    /// The type of a strategy that there is.
    fn of(strategy: &Value) -> Self {
        match text(strategy, "strategy_type") {
            "key_auth" => Self::KeyAuth,
            _ if text(strategy, "dcr_provider.id").is_empty() => Self::OpenidConnect,
            _ => Self::Dcr,
        }
    }

    fn text(self, lang: Lang) -> String {
        match self {
            Self::KeyAuth => t!(lang, "strategy-key-auth"),
            Self::OpenidConnect => t!(lang, "strategy-openid-connect"),
            Self::Dcr => t!(lang, "strategy-dcr"),
        }
    }
}

async fn list(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let wanted = asked.clone().with("filter[name][contains]", asked.given("q")).sorted("name");
    let found = admin.api.list::<Value>(LIST, &wanted).await?;
    let heads = [
        t!(lang, "strategy-name"),
        t!(lang, "strategy-display-name"),
        t!(lang, "strategy-type"),
        t!(lang, "strategy-provider"),
        t!(lang, "in-use"),
    ];
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|strategy| {
            let path = segments!["auth-strategies", text(strategy, "id")];
            vec![
                html! { a href=(admin.href(&path)) { (text(strategy, "name")) } },
                html! { (text(strategy, "display_name")) },
                html! { (Type::of(strategy).text(lang)) },
                html! { (text(strategy, "dcr_provider.name")) },
                html! { (yes_no(lang, sheet::is_on(strategy, "active"))) },
            ]
        })
        .collect();
    let new = part::act(&admin, "/auth-strategies/new", &t!(lang, "strategy-new"));
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "search-by-name"))), &[]))
        @if rows.is_empty() {
            (part::empty(&t!(lang, "strategies-none"), &t!(lang, "strategies-none-text"), Some(&new)))
        } @else {
            (part::table(&t!(lang, "nav-strategies"), &heads, &rows))
        }
        (part::pager(&admin, &asked, &found.meta.page))
    };
    Ok(admin.page(&Page::new(t!(lang, "nav-strategies"), main).section("strategies").acts(new)))
}

fn sheet(admin: &Administrator, title: String, fields: Vec<Field>) -> Sheet {
    Sheet::new(title, "strategies", fields)
        .below(t!(admin.lang, "nav-strategies"), "/auth-strategies")
}

/// What a strategy of a type is said of.
async fn fields(admin: &Administrator, kind: Type) -> Result<Vec<Field>, Refusal> {
    let lang = admin.lang;
    let mut fields = vec![
        Field::text("name", "strategy-name").required().most(256),
        Field::text("display_name", "strategy-display-name").required().most(256),
    ];
    if kind == Type::KeyAuth {
        let units = [
            (String::new(), t!(lang, "ttl-never")),
            ("days".into(), t!(lang, "ttl-days")),
            ("weeks".into(), t!(lang, "ttl-weeks")),
            ("years".into(), t!(lang, "ttl-years")),
        ];
        fields.extend([
            Field::new("configs.key-auth.key_names", "strategy-key-names", Kind::Lines)
                .required()
                .preset(json!(["apikey"])),
            Field::new("configs.key-auth.ttl.value", "strategy-ttl", Kind::Number),
            Field::choice("configs.key-auth.ttl.unit", "strategy-ttl-unit", units.to_vec()),
        ]);
        return Ok(fields);
    }
    if kind == Type::Dcr {
        let providers = named(admin, "/v3/dcr-providers").await?;
        fields.push(Field::choice("dcr_provider_id", "strategy-provider", providers).required());
    } else {
        let issuer = Field::new("configs.openid-connect.issuer", "strategy-issuer", Kind::Url);
        fields.push(issuer.required().most(256));
    }
    let methods = [
        "client_credentials",
        "bearer",
        "introspection",
        "session",
        "authorization_code",
        "password",
        "refresh_token",
    ];
    let methods = methods.map(|method| (method.to_owned(), method.to_owned())).to_vec();
    fields.extend([
        Field::new("configs.openid-connect.scopes", "strategy-scopes", Kind::Lines)
            .or_empty()
            .preset(json!(["openid"])),
        Field::new("configs.openid-connect.credential_claim", "strategy-claims", Kind::Lines)
            .required()
            .preset(json!([if kind == Type::Dcr { "sub" } else { "client_id" }])),
        Field::new("configs.openid-connect.auth_methods", "strategy-methods", Kind::Many(methods))
            .preset(json!(["client_credentials", "bearer"])),
    ]);
    Ok(fields)
}

async fn new_sheet(admin: &Administrator, kind: Type, name: &str) -> Result<Sheet, Refusal> {
    let path = admin.href(&format!("/auth-strategies/new?type={name}"));
    Ok(sheet(admin, t!(admin.lang, "strategy-new"), fields(admin, kind).await?)
        .before(types(admin, name))
        .cancel(admin.href("/auth-strategies"))
        .action(path))
}

/// The choice of the type, before the rest.
fn types(admin: &Administrator, chosen: &str) -> Markup {
    let lang = admin.lang;
    html! {
        form.search method="get" action=(admin.href("/auth-strategies/new")) {
            div {
                label for="type" { (t!(lang, "strategy-type")) }
                select id="type" name="type" {
                    @for (kind, name) in Type::ALL {
                        option value=(name) selected[name == chosen] { (kind.text(lang)) }
                    }
                }
            }
            button type="submit" { (t!(lang, "choose")) }
        }
    }
}

async fn new(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let given = asked.given("type");
    let name = if given.is_empty() { "key_auth" } else { given };
    let kind = Type::named(name).ok_or_else(Refusal::not_found)?;
    Ok(new_sheet(&admin, kind, name).await?.blank(&admin))
}

/// Makes the body complete: words in one line become several, and the provider's issuer is taken.
async fn completed(
    admin: &Administrator,
    kind: Type,
    mut body: Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let configs = body.get_mut("configs").and_then(Value::as_object_mut);
    for settings in configs.into_iter().flat_map(|configs| configs.values_mut()) {
        let Some(settings) = settings.as_object_mut() else { continue };
        for name in WORDS {
            if let Some(words) = settings.get_mut(name) {
                *words = split(words);
            }
        }
        // A time that was left empty is none.
        let half = |ttl: &Value| ttl.get("value").is_none();
        if settings.get("ttl").is_some_and(half) {
            settings.remove("ttl");
        }
    }
    let provider = body.get("dcr_provider_id").and_then(Value::as_str).unwrap_or_default();
    if kind == Type::Dcr && !provider.is_empty() {
        let provider: Value = admin.api.get(&segments!["v3", "dcr-providers", provider]).await?;
        let settings =
            body.get_mut("configs").and_then(|configs| configs.get_mut("openid-connect"));
        if let Some(settings) = settings.and_then(Value::as_object_mut) {
            settings.insert("issuer".into(), text(&provider, "issuer").into());
        }
    }
    Ok(body)
}

fn split(words: &Value) -> Value {
    let lines = words.as_array().into_iter().flatten().filter_map(Value::as_str);
    let parts = lines.flat_map(|line| line.split([' ', ',', '\t']));
    parts.filter(|word| !word.is_empty()).map(Value::from).collect()
}

async fn create(admin: Administrator, asked: Asked, typed: Form) -> Result<Response, Refusal> {
    let name = asked.given("type");
    let kind = Type::named(name).ok_or_else(Refusal::not_found)?;
    let sheet = new_sheet(&admin, kind, name).await?;
    let mut body = completed(&admin, kind, sheet.body(&admin, &typed)).await?;
    let strategy_type = if kind == Type::KeyAuth { "key_auth" } else { "openid_connect" };
    body.insert("strategy_type".into(), strategy_type.into());
    match admin.api.post::<Value>(LIST, &body).await {
        Ok(made) => Ok(admin.go_saying(&segments!["auth-strategies", text(&made, "id")], "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

fn api_path(id: &str, rest: &str) -> String {
    format!("{LIST}{}{rest}", segments![id])
}

#[derive(Deserialize)]
struct Discovery {
    status: String,
    issuer: Option<String>,
    jwks_uri: Option<String>,
    checked_at: Option<String>,
    error: Option<String>,
    hint: Option<String>,
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
    let (own, discovery) = (api_path(id, ""), api_path(id, "/discovery"));
    let of_strategy = [("filter[auth_strategy_id][eq]", id)];
    let (strategy, discovery, publications) = tokio::join!(
        admin.api.get::<Value>(&own),
        admin.api.get::<Discovery>(&discovery),
        total(admin, "/v3/api-publications", &of_strategy),
    );
    let strategy = strategy?;
    let kind = Type::of(&strategy);
    let path = segments!["auth-strategies", id];
    let mut rows = vec![
        (t!(lang, "strategy-display-name"), html! { (text(&strategy, "display_name")) }),
        (t!(lang, "strategy-type"), html! { (kind.text(lang)) }),
        (t!(lang, "tab-publications"), html! { (publications) }),
        (t!(lang, "identifier"), part::copy(lang, id)),
    ];
    let words = |member: &str| html! { code { (texts(&strategy, member).join(" ")) } };
    if kind == Type::KeyAuth {
        rows.push((t!(lang, "strategy-key-names"), words("configs.key-auth.key_names")));
        let ttl = crate::field::at(&strategy, "configs.key-auth.ttl.value");
        let ttl = ttl.filter(|ttl| !ttl.is_null()).map_or_else(
            || t!(lang, "never"),
            |ttl| format!("{ttl} {}", text(&strategy, "configs.key-auth.ttl.unit")),
        );
        rows.push((t!(lang, "strategy-ttl"), html! { (ttl) }));
    } else {
        rows.extend([
            (
                t!(lang, "strategy-issuer"),
                part::copy(lang, text(&strategy, "configs.openid-connect.issuer")),
            ),
            (t!(lang, "strategy-scopes"), words("configs.openid-connect.scopes")),
            (t!(lang, "strategy-claims"), words("configs.openid-connect.credential_claim")),
            (t!(lang, "strategy-methods"), words("configs.openid-connect.auth_methods")),
        ]);
    }
    let provider = text(&strategy, "dcr_provider.id");
    if !provider.is_empty() {
        rows.push((t!(lang, "strategy-provider"), html! {
            a href=(admin.href(&segments!["dcr-providers", provider])) { (text(&strategy, "dcr_provider.name")) }
        }));
    }
    let main = html! {
        @if let Some(checked) = &checked { (checked.show(lang)) }
        (part::facts(&rows))
        @if kind != Type::KeyAuth && let Ok(discovery) = &discovery { (discovered(admin, discovery)) }
        div.actions {
            @if kind != Type::KeyAuth { (part::button(admin, &path, &[], &t!(lang, "console-verify"), "")) }
            (part::bad_act(admin, &format!("{path}/delete"), &t!(lang, "strategy-delete")))
        }
    };
    let acts = part::other_act(admin, &format!("{path}/edit"), &t!(lang, "edit"));
    let page = Page::new(text(&strategy, "name"), main).section("strategies").acts(acts);
    Ok(admin.page(&page.below(t!(lang, "nav-strategies"), "/auth-strategies")))
}

/// What is known of the issuer.
fn discovered(admin: &Administrator, discovery: &Discovery) -> Markup {
    let lang = admin.lang;
    let rows = [
        (t!(lang, "discovery-state"), part::status(lang, &discovery.status)),
        (
            t!(lang, "discovery-issuer"),
            html! { code { (discovery.issuer.as_deref().unwrap_or("–")) } },
        ),
        (
            t!(lang, "discovery-keys"),
            html! { code { (discovery.jwks_uri.as_deref().unwrap_or("–")) } },
        ),
        (
            t!(lang, "discovery-checked"),
            part::moment_or_never(admin, discovery.checked_at.as_deref()),
        ),
    ];
    html! {
        section.panel {
            h2 { (t!(lang, "discovery")) }
            (part::facts(&rows))
            @if let Some(error) = &discovery.error { (part::notice("bad", &html! { p { (part::sentence(error)) } })) }
            @if let Some(hint) = &discovery.hint { (part::notice("open", &html! { p { (part::sentence(hint)) } })) }
        }
    }
}

async fn verify(
    admin: Administrator,
    Path(id): Path<String>,
    _: Form,
) -> Result<Response, Refusal> {
    let checked = admin.api.post::<Checked>(&api_path(&id, "/verify"), &json!({})).await?;
    page(&admin, &id, Some(checked)).await
}

async fn edit_sheet(admin: &Administrator, id: &str) -> Result<(Sheet, Type, Value), Refusal> {
    let mut strategy: Value = admin.api.get(&api_path(id, "")).await?;
    let kind = Type::of(&strategy);
    let provider = text(&strategy, "dcr_provider.id").to_owned();
    if let Some(strategy) = strategy.as_object_mut() {
        strategy.insert("dcr_provider_id".into(), provider.into());
    }
    let sheet = sheet(admin, text(&strategy, "name").to_owned(), fields(admin, kind).await?)
        .cancel(admin.href(&segments!["auth-strategies", id]))
        .submit("save");
    Ok((sheet, kind, strategy))
}

async fn edit(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let (sheet, _, strategy) = edit_sheet(&admin, &id).await?;
    Ok(sheet.with(&admin, &strategy))
}

async fn change(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let (sheet, kind, _) = edit_sheet(&admin, &id).await?;
    let mut body = completed(&admin, kind, sheet.body(&admin, &typed)).await?;
    let key_auth = body.get_mut("configs").and_then(|configs| configs.get_mut("key-auth"));
    if let Some(key_auth) = key_auth.and_then(Value::as_object_mut) {
        key_auth.entry("ttl").or_insert(Value::Null);
    }
    match admin.api.patch::<Value>(&api_path(&id, ""), &body).await {
        Ok(_) => Ok(admin.go_saying(&segments!["auth-strategies", id], "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let own = api_path(&id, "");
    let as_default = [("filter[default_application_auth_strategy_id][eq]", id.as_str())];
    let (strategy, cuts, portals) = tokio::join!(
        admin.api.get::<Value>(&own),
        sheet::impact(&admin, &own),
        total(&admin, "/v3/portals", &as_default),
    );
    let (strategy, cuts) = (strategy?, cuts?);
    let portals = (portals > 0).then(|| t!(lang, "cuts-defaults", count = portals));
    let uses: Vec<_> = cuts.into_iter().chain(portals).collect();
    let confirm = Confirm {
        says: html! { (t!(lang, "strategy-delete-says", name = text(&strategy, "name"))) },
        cuts: Vec::new(),
        button: t!(lang, "strategy-delete"),
        back: segments!["auth-strategies", id],
        values: Vec::new(),
    };
    let back = admin.href(&segments!["auth-strategies", id]);
    let main = if uses.is_empty() { confirm.show(&admin) } else { sheet::used(lang, &uses, &back) };
    let page = Page::new(t!(lang, "strategy-delete"), main).section("strategies");
    Ok(admin.page(&page.below(t!(lang, "nav-strategies"), "/auth-strategies")))
}

async fn delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let answer = admin.api.delete(&api_path(&id, sheet::AWAITED)).await?;
    Ok(admin.go_saying("/auth-strategies", sheet::enforced(&answer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_stand_on_lines_or_between_spaces() {
        assert_eq!(split(&json!(["openid  email", "a,b"])), json!(["openid", "email", "a", "b"]));
        assert_eq!(split(&json!([])), json!([]));
    }
}
