//! The documents of an API, in Markdown.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde_json::Value;

use super::super::Administrator;
use super::super::sheet::{Sheet, text};
use super::super::tree::{Tree, states};
use super::Api;
use crate::Web;
use crate::field::{Field, Kind};
use crate::form::Form;
use crate::language::t;
use crate::markdown;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/apis/{id}/documents", get(list))
        .route("/apis/{id}/documents/new", get(new).post(create))
        .route("/apis/{id}/documents/{document}", get(edit).post(change))
        .route("/apis/{id}/documents/{document}/remove", get(ask_remove).post(remove))
}

async fn list(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let api = Api::find(&admin, &id).await?;
    let tree: Tree = admin.api.get(&api.api("/documents")).await?;
    let act = part::act(&admin, &api.path("/documents/new"), &t!(lang, "document-new"));
    let main = html! {
        @if tree.is_empty() {
            (part::empty(&t!(lang, "console-documents-none"), &t!(lang, "console-documents-none-text"), Some(&act)))
        } @else {
            (tree.show(&admin, &api.path("/documents")))
        }
    };
    Ok(admin.page(&api.page(&admin, "/documents", &main).acts(act)))
}

fn sheet(admin: &Administrator, api: &Api, tree: &Tree, own: &str, title: String) -> Sheet {
    let lang = admin.lang;
    let fields = vec![
        Field::text("title", "page-title").required().most(512),
        Field::text("slug", "document-slug").most(512),
        Field::choice("parent_document_id", "page-parent", tree.parents(lang, own)).or_null(),
        Field::choice("status", "page-status", states(lang)),
        Field::new("content", "page-content", Kind::File(".md,.markdown,.txt")).or_empty(),
    ];
    api.sheet_below(admin, title, fields, "/documents")
        .below(t!(lang, "tab-documents"), api.path("/documents"))
}

async fn new(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    let tree: Tree = admin.api.get(&api.api("/documents")).await?;
    Ok(sheet(&admin, &api, &tree, "", t!(admin.lang, "document-new")).blank(&admin))
}

async fn create(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    let tree: Tree = admin.api.get(&api.api("/documents")).await?;
    let sheet = sheet(&admin, &api, &tree, "", t!(admin.lang, "document-new"));
    let body = sheet.body(&admin, &typed);
    match admin.api.post::<Value>(&api.api("/documents"), &body).await {
        Ok(_) => Ok(admin.go_saying(&api.path("/documents"), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn edit(
    admin: Administrator,
    Path((id, document)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let api = Api::find(&admin, &id).await?;
    let path = segments!["documents", document];
    let (all, own) = (api.api("/documents"), api.api(&path));
    let (tree, current) = tokio::join!(admin.api.get::<Tree>(&all), admin.api.get::<Value>(&own));
    let (tree, current) = (tree?, current?);
    let remove = api.path(&format!("{path}/remove"));
    let preview = html! {
        section.panel {
            h2 { (t!(lang, "page-preview")) }
            div.prose { (markdown::render(text(&current, "content"))) }
        }
    };
    Ok(sheet(&admin, &api, &tree, &document, text(&current, "title").to_owned())
        .submit("save")
        .acts(part::bad_act(&admin, &remove, &t!(lang, "remove")))
        .after(preview)
        .with(&admin, &current))
}

async fn change(
    admin: Administrator,
    Path((id, document)): Path<(String, String)>,
    typed: Form,
) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    let tree: Tree = admin.api.get(&api.api("/documents")).await?;
    let title = typed.text("title").to_owned();
    let sheet = sheet(&admin, &api, &tree, &document, title).submit("save");
    let body = sheet.body(&admin, &typed);
    let path = segments!["documents", document];
    match admin.api.patch::<Value>(&api.api(&path), &body).await {
        Ok(_) => Ok(admin.go_saying(&api.path(&path), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_remove(
    admin: Administrator,
    Path((id, document)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let api = Api::find(&admin, &id).await?;
    let path = segments!["documents", document];
    let (all, own) = (api.api("/documents"), api.api(&path));
    let (tree, current) = tokio::join!(admin.api.get::<Tree>(&all), admin.api.get::<Value>(&own));
    let (tree, current) = (tree?, current?);
    let confirm = Confirm {
        says: html! { (t!(lang, "document-remove-says", title = text(&current, "title"))) },
        cuts: vec![t!(lang, "cuts-documents", count = tree.below(&document))],
        button: t!(lang, "remove"),
        back: api.path(&path),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&api.below(&admin, t!(lang, "document-remove"), main)))
}

async fn remove(
    admin: Administrator,
    Path((id, document)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    admin.api.delete(&api.api(&segments!["documents", document])).await?;
    Ok(admin.go_saying(&api.path("/documents"), "removed"))
}
