//! Keys of an application: which there are, new ones, their names, their end.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{Application, At, HEARD, Kind, said, secret};
use crate::Web;
use crate::field::{self, Field, Filled, FormView};
use crate::form::Form;
use crate::language::{Lang, t};
use crate::list::{Asked, List};
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::portal::Member;
use crate::refusal::Refusal;
use crate::segments::segments;
use crate::time;

pub(super) fn routes() -> Router<Web> {
    const KEYS: &str = "/applications/{id}/credentials";
    Router::new()
        .route(KEYS, get(list))
        .route(&format!("{KEYS}/new"), get(new).post(create))
        .route(&format!("{KEYS}/{{key}}/rename"), get(name).post(rename))
        .route(&format!("{KEYS}/{{key}}/revoke"), get(ask).post(revoke))
}

/// Which key a page is about.
#[derive(Debug, Deserialize)]
pub(super) struct KeyAt {
    pub(super) id: String,
    key: String,
}

impl KeyAt {
    pub(super) fn path(&self) -> String {
        segments!["applications", self.id, "credentials", self.key]
    }

    /// The page that lists it.
    pub(super) fn list(&self) -> String {
        segments!["applications", self.id, "credentials"]
    }
}

/// A key, without the key.
#[derive(Debug, Deserialize)]
pub(super) struct Key {
    id: String,
    pub(super) display_name: String,
    status: String,
    pub(super) expires_at: Option<String>,
    created_at: String,
    pub(super) last_used_at: Option<String>,
    #[serde(default)]
    pub(super) rotation: Rotation,
}

/// Where a key stands between the one before it and the one after it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Rotation {
    #[serde(default)]
    status: String,
    pub(super) retire_when_idle_hours: Option<u32>,
}

/// What an application holds, as its list shows it.
#[derive(Debug, Deserialize)]
struct Item {
    id: String,
}

/// A key or a secret that was made: the only answer that shows it.
#[derive(Deserialize)]
struct Made {
    credential: Option<String>,
    client_secret: Option<String>,
}

/// What a key or a secret is called.
#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    display_name: Option<String>,
}

impl Key {
    /// What the reader is told of its state: `status-` and this is the text.
    pub(super) fn state(&self, now: jiff::Timestamp) -> &str {
        match (self.status.as_str(), self.rotation.status.as_str()) {
            ("active", "retiring") => "retiring",
            ("revoked", "retired") => "retired",
            ("active", _) if self.ends_soon(now) => "expiring",
            (status, _) => status,
        }
    }

    fn ends_soon(&self, now: jiff::Timestamp) -> bool {
        let end = self.expires_at.as_ref().and_then(|end| end.parse::<jiff::Timestamp>().ok());
        end.is_some_and(|end| end.as_second() - now.as_second() < 7 * 86_400)
    }

    /// Whether gateways still let it through.
    pub(super) fn is_honoured(&self) -> bool {
        self.status == "active"
    }

    /// Whether it can get a successor.
    fn can_rotate(&self) -> bool {
        self.is_honoured() && matches!(self.rotation.status.as_str(), "" | "current")
    }
}

/// All that is known of keys, in their order: each has to be asked for by itself.
pub(super) async fn keys(
    member: &Member,
    application: &Application,
    asked: &Asked,
) -> Result<List<Key>, Refusal> {
    let path = format!("{}/credentials", application.path());
    let listed: List<Item> = member.api.list(&path, asked).await?;
    let mut asking = JoinSet::new();
    for (place, item) in listed.data.iter().enumerate() {
        let (api, path) = (member.api.clone(), format!("{path}{}", segments![item.id]));
        asking.spawn(async move { (place, api.get::<Key>(&path).await) });
    }
    let mut found = asking.join_all().await;
    found.sort_by_key(|(place, _)| *place);
    // One that ended meanwhile is left out.
    let keys = found.into_iter().filter_map(|(_, key)| match key {
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => None,
        key => Some(key),
    });
    Ok(List { data: keys.collect::<Result<_, _>>()?, meta: listed.meta })
}

async fn list(member: Member, Path(at): Path<At>, asked: Asked) -> Result<Response, Refusal> {
    let lang = member.lang;
    let application = Application::find(&member, &at.id).await?;
    if application.auth_strategy.kind != Kind::KeyAuth {
        return Ok(member.page(secret::show(&member, &application).await?));
    }
    let keys = keys(&member, &application, &asked).await?;
    let new = format!("{}/credentials/new", application.path());
    let new = part::act(&member, &new, &t!(lang, "app-key-new"));
    let main = html! {
        (how(lang, &application))
        @if keys.data.is_empty() {
            (part::empty(&t!(lang, "app-keys-none"), &t!(lang, "app-keys-none-text"), Some(&new)))
        } @else {
            (table(&member, &application, &keys.data))
            (part::pager(&member, &asked, &keys.meta.page))
            p.quiet { (t!(lang, "app-keys-limit")) }
        }
    };
    let page = application.part(&member, "/credentials", t!(lang, "app-keys"), &main);
    Ok(member.page(if keys.data.is_empty() { page } else { page.acts(new) }))
}

/// How a key is sent.
fn how(lang: Lang, application: &Application) -> Markup {
    let names = application.auth_strategy.key_names.as_deref().unwrap_or_default();
    html! {
        @if let Some(first) = names.first() {
            p { (t!(lang, "app-keys-header")) " " code { (first) ": KEY" } }
        }
    }
}

fn table(member: &Member, application: &Application, keys: &[Key]) -> Markup {
    let (lang, now) = (member.lang, time::now());
    let heads = [
        t!(lang, "app-key-name"),
        t!(lang, "app-key-state"),
        t!(lang, "created-at"),
        t!(lang, "app-key-used"),
        t!(lang, "app-key-ends"),
        t!(lang, "app-access-acts"),
    ];
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            let path = segments!["applications", application.id, "credentials", key.id];
            let act = |act: &str, text: &str| {
                html! {
                    a href=(member.href(&format!("{path}/{act}"))) {
                        (t!(lang, text)) span.hidden { " " (key.display_name) }
                    }
                }
            };
            vec![
                html! { (key.display_name) },
                html! {
                    (part::status(lang, key.state(now)))
                    @if let Some(hours) = key.rotation.retire_when_idle_hours.filter(|_| key.is_honoured()) {
                        div.quiet { (t!(lang, "app-key-retires-idle", count = hours)) }
                    }
                },
                part::moment(member, &key.created_at),
                html! {
                    (part::moment_or_never(member, key.last_used_at.as_deref()))
                    @if let Some(ago) = key.last_used_at.as_ref().and_then(|at| time::ago(lang, at, now)) {
                        div.quiet { (ago) }
                    }
                },
                part::moment_or_never(member, key.expires_at.as_deref()),
                html! {
                    div.row-acts {
                        (act("rename", "app-key-rename"))
                        @if key.can_rotate() { (act("rotate", "app-key-rotate")) }
                        (act("revoke", "app-key-revoke"))
                    }
                },
            ]
        })
        .collect();
    part::table(&t!(lang, "app-keys"), &heads, &rows)
}

fn name_field() -> [Field; 1] {
    [Field::text("display_name", "app-key-name").most(255)]
}

async fn new(member: Member, Path(at): Path<At>) -> Result<Response, Refusal> {
    let application = Application::find(&member, &at.id).await?;
    Ok(new_form(&member, &application, Filled::default(), StatusCode::OK))
}

fn new_form(
    member: &Member,
    application: &Application,
    filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    let lang = member.lang;
    let title = match application.auth_strategy.kind {
        Kind::KeyAuth => t!(lang, "app-key-new"),
        _ => t!(lang, "app-secret-new"),
    };
    let form = FormView {
        action: String::new(),
        fields: &name_field(),
        filled,
        submit: "create",
        cancel: Some(member.href(&format!("{}/credentials", application.path()))),
    };
    let main = html! {
        @match &application.auth_strategy.ttl {
            Some(life) => p { (t!(lang, "app-key-lives", life = life.text(lang))) },
            None if application.auth_strategy.kind == Kind::KeyAuth => p { (t!(lang, "app-key-lives-on")) },
            None => {}
        }
        (form.show(member))
    };
    let page = application.below(lang, Page::new(title, main).status(status));
    let keys = format!("{}/credentials", application.path());
    member.page(page.below(application.credentials(lang), keys))
}

async fn create(member: Member, Path(at): Path<At>, typed: Form) -> Result<Response, Refusal> {
    let application = Application::find(&member, &at.id).await?;
    let body = field::body(&name_field(), &typed, &member.zone);
    let path = format!("{}/credentials", application.path());
    match member.api.post::<Made>(&path, &body).await {
        Ok(made) => {
            let lang = member.lang;
            if let Some(secret) = made.client_secret {
                let done = t!(lang, "app-secret-made");
                return Ok(secret::shown(&member, &application, &done, &secret));
            }
            let key = made.credential.unwrap_or_default();
            Ok(shown(&member, &application, &key, &html! { p { (t!(lang, "app-key-made")) } }))
        }
        Err(refusal) if refusal.is_about_the_form() => {
            let filled = Filled::refused(&typed, &refusal);
            Ok(new_form(&member, &application, filled, refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}

/// A key, this once, and what was done.
pub(super) fn shown(
    member: &Member,
    application: &Application,
    key: &str,
    done: &Markup,
) -> Response {
    let lang = member.lang;
    let keys = format!("{}/credentials", application.path());
    let main = html! {
        (part::notice("good", done))
        (part::secret(lang, &t!(lang, "app-key"), key))
        p { (t!(lang, "app-shown-once")) }
        (how(lang, application))
        div.actions {
            (part::act(member, &keys, &t!(lang, "app-keys-on")))
            (part::other_act(member, "/apis", &t!(lang, "app-access-find")))
        }
    };
    let page = application.below(lang, Page::new(t!(lang, "app-key-yours"), main));
    member.page(page.below(t!(lang, "app-keys"), keys))
}

async fn name(member: Member, Path(at): Path<KeyAt>) -> Result<Response, Refusal> {
    let path = at.path();
    let (application, current) =
        tokio::join!(Application::find(&member, &at.id), member.api.get::<Value>(&path));
    Ok(name_form(&member, &application?, Filled::with(&current?), StatusCode::OK))
}

fn name_form(
    member: &Member,
    application: &Application,
    filled: Filled<'_>,
    status: StatusCode,
) -> Response {
    let lang = member.lang;
    let keys = format!("{}/credentials", application.path());
    let [name] = name_field();
    let form = FormView {
        action: String::new(),
        fields: &[name.required()],
        filled,
        submit: "app-save",
        cancel: Some(member.href(&keys)),
    };
    let page = Page::new(t!(lang, "app-key-rename"), form.show(member)).status(status);
    member.page(application.below(lang, page).below(t!(lang, "app-keys"), keys))
}

async fn rename(member: Member, Path(at): Path<KeyAt>, typed: Form) -> Result<Response, Refusal> {
    let body = field::body(&name_field().map(Field::or_empty), &typed, &member.zone);
    match member.api.put::<Value>(&at.path(), &body).await {
        Ok(_) => Ok(member.go_saying(&at.list(), "own-key-renamed")),
        Err(refusal) if refusal.is_about_the_form() => {
            let application = Application::find(&member, &at.id).await?;
            let filled = Filled::refused(&typed, &refusal);
            Ok(name_form(&member, &application, filled, refusal.status))
        }
        Err(refusal) => Err(refusal),
    }
}

/// What a key or secret is called. Secrets are known by the list alone.
async fn called(member: &Member, application: &Application, at: &KeyAt) -> Result<String, Refusal> {
    if application.auth_strategy.kind == Kind::KeyAuth {
        return Ok(member.api.get::<Key>(&at.path()).await?.display_name);
    }
    let secrets: List<Named> = member.api.list(&at.list(), &Asked::first(100)).await?;
    let found = secrets.data.into_iter().find(|secret| secret.id == at.key);
    let found = found.ok_or_else(Refusal::not_found)?;
    Ok(found.display_name.unwrap_or_else(|| t!(member.lang, "app-secret-unnamed")))
}

async fn ask(member: Member, Path(at): Path<KeyAt>) -> Result<Response, Refusal> {
    let lang = member.lang;
    let application = Application::find(&member, &at.id).await?;
    let name = called(&member, &application, &at).await?;
    let cut = match application.auth_strategy.kind {
        Kind::KeyAuth => t!(lang, "app-cuts-key"),
        _ => t!(lang, "app-cuts-secret"),
    };
    let confirm = Confirm {
        says: html! { (t!(lang, "app-key-revoke-asks", name = name.as_str(), app = application.name.as_str())) },
        cuts: vec![cut],
        button: t!(lang, "app-key-revoke"),
        back: at.list(),
        values: Vec::new(),
    };
    let page =
        application.below(lang, Page::new(t!(lang, "app-key-revoke"), confirm.show(&member)));
    Ok(member.page(page.below(application.credentials(lang), at.list())))
}

async fn revoke(member: Member, Path(at): Path<KeyAt>, _: Form) -> Result<Response, Refusal> {
    let answer = member.api.delete(&format!("{}{HEARD}", at.path())).await?;
    Ok(said(&member, &at.list(), "own-key-revoked", &answer.headers))
}
