//! The versions of an API, each with its specification.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Administrator;
use super::super::sheet::{self, Sheet, text};
use super::Api;
use crate::Web;
use crate::field::{self, Field, Kind};
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

/// A specification with more bytes is not put into a field to edit it.
const EDITABLE: usize = 256 << 10;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/apis/{id}/versions", get(list))
        .route("/apis/{id}/versions/new", get(new).post(create))
        .route("/apis/{id}/versions/{version}", get(edit).post(change))
        .route("/apis/{id}/versions/{version}/remove", get(ask_remove).post(remove))
}

#[derive(Deserialize)]
struct Spec {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Version {
    id: String,
    version: String,
    spec: Spec,
    updated_at: String,
}

async fn list(
    admin: Administrator,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let api = Api::find(&admin, &id).await?;
    let found = admin.api.list::<Version>(&api.api("/versions"), &asked).await?;
    let heads = [
        t!(lang, "managed-api-version"),
        t!(lang, "spec-kind"),
        t!(lang, "updated-at"),
        String::new(),
    ];
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|version| {
            let path = api.path(&segments!["versions", version.id]);
            let remove = format!("{path}/remove");
            vec![
                html! { a href=(admin.href(&path)) { (version.version) } },
                html! { (version.spec.kind) },
                part::moment(&admin, &version.updated_at),
                html! { a href=(admin.href(&remove)) { (t!(lang, "remove")) } },
            ]
        })
        .collect();
    let new = part::act(&admin, &api.path("/versions/new"), &t!(lang, "version-new"));
    let main = html! {
        @if rows.is_empty() {
            (part::empty(&t!(lang, "versions-none"), &t!(lang, "versions-none-text"), Some(&new)))
        } @else {
            (part::table(&t!(lang, "tab-versions"), &heads, &rows))
        }
        (part::pager(&admin, &asked, &found.meta.page))
    };
    // The API lets an API have one version at a time.
    let page = api.page(&admin, "/versions", &main);
    Ok(admin.page(&if rows.is_empty() { page.acts(new) } else { page }))
}

fn sheet(admin: &Administrator, api: &Api, title: String) -> Sheet {
    let fields = vec![
        Field::text("version", "managed-api-version").most(255),
        Field::new("spec.content", "managed-api-spec", Kind::File(".json,.yaml,.yml")),
    ];
    api.sheet_below(admin, title, fields, "/versions")
        .below(t!(admin.lang, "tab-versions"), api.path("/versions"))
}

async fn new(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    Ok(sheet(&admin, &api, t!(admin.lang, "version-new")).blank(&admin))
}

async fn create(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    let sheet = sheet(&admin, &api, t!(admin.lang, "version-new"));
    let mut body = sheet.body(&admin, &typed);
    // What was left empty is the API's to refuse, at the field where it is.
    body.entry("spec").or_insert_with(|| json!({"content": ""}));
    match admin.api.post::<Value>(&api.api("/versions"), &body).await {
        Ok(made) => {
            let path = api.path(&segments!["versions", text(&made, "id")]);
            Ok(admin.go_saying(&path, "saved"))
        }
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

/// What is worth knowing of a specification.
fn messages(admin: &Administrator, current: &Value) -> Markup {
    let lang = admin.lang;
    let found = field::at(current, "spec.validation_messages").and_then(Value::as_array);
    let found: Vec<_> = found.into_iter().flatten().map(|one| text(one, "message")).collect();
    if found.is_empty() {
        return part::notice("good", &html! { p { (t!(lang, "spec-fine")) } });
    }
    part::notice(
        "open",
        &html! {
            p { (t!(lang, "spec-messages", count = found.len())) }
            ul { @for message in found { li { (message) } } }
        },
    )
}

async fn edit(
    admin: Administrator,
    Path((id, version)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    let mut current: Value = admin.api.get(&api.api(&segments!["versions", version])).await?;
    let messages = messages(&admin, &current);
    let large = text(&current, "spec.content").len() > EDITABLE;
    if large && let Some(spec) = current.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("content");
    }
    let before = html! {
        (messages)
        @if large { p { (t!(admin.lang, "spec-large")) } }
    };
    let remove = api.path(&format!("{}/remove", segments!["versions", version]));
    let title = text(&current, "version").to_owned();
    Ok(sheet(&admin, &api, title)
        .submit("save")
        .before(before)
        .acts(part::bad_act(&admin, &remove, &t!(admin.lang, "remove")))
        .with(&admin, &current))
}

async fn change(
    admin: Administrator,
    Path((id, version)): Path<(String, String)>,
    typed: Form,
) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    let sheet = sheet(&admin, &api, typed.text("version").to_owned()).submit("save");
    let body = sheet.body(&admin, &typed);
    let path = segments!["versions", version];
    match admin.api.patch::<Value>(&api.api(&path), &body).await {
        Ok(_) => Ok(admin.go_saying(&api.path(&path), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_remove(
    admin: Administrator,
    Path((id, version)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let api = Api::find(&admin, &id).await?;
    let path = segments!["versions", version];
    let found: Version = admin.api.get(&api.api(&path)).await?;
    let confirm = Confirm {
        says: html! { (t!(lang, "version-remove-says", version = found.version.as_str())) },
        cuts: vec![t!(lang, "cuts-specification")],
        button: t!(lang, "remove"),
        back: api.path(&path),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&api.below(&admin, t!(lang, "version-remove"), main)))
}

async fn remove(
    admin: Administrator,
    Path((id, version)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    let path = format!("{}{}", segments!["versions", version], sheet::AWAITED);
    admin.api.delete(&api.api(&path)).await?;
    Ok(admin.go_saying(&api.path("/versions"), "removed"))
}
