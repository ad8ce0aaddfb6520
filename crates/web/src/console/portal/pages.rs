//! Pages of a portal, in Markdown.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde_json::Value;

use super::super::Administrator;
use super::super::sheet::{Sheet, text, visibilities};
use super::super::tree::{Tree, states};
use super::Portal;
use crate::Web;
use crate::field::{Field, Kind};
use crate::form::Form;
use crate::language::t;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;
use crate::{field, markdown};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/portals/{id}/pages", get(list))
        .route("/portals/{id}/pages/new", get(new).post(create))
        .route("/portals/{id}/pages/{page}", get(edit).post(change))
        .route("/portals/{id}/pages/{page}/remove", get(ask_remove).post(remove))
}

async fn list(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = Portal::find(&admin, &id).await?;
    let tree: Tree = admin.api.get(&portal.api("/pages")).await?;
    let act = part::act(&admin, &portal.path("/pages/new"), &t!(lang, "page-new"));
    let main = html! {
        @if tree.is_empty() {
            (part::empty(&t!(lang, "pages-none"), &t!(lang, "pages-none-text"), Some(&act)))
        } @else {
            (tree.show(&admin, &portal.path("/pages")))
        }
    };
    Ok(admin.page(&portal.page(&admin, "/pages", &main).acts(act)))
}

fn sheet(admin: &Administrator, portal: &Portal, tree: &Tree, page: &str, title: String) -> Sheet {
    let lang = admin.lang;
    let fields = vec![
        Field::text("title", "page-title").required().most(512),
        Field::text("slug", "page-slug").required().most(512),
        Field::text("description", "page-description").most(160).or_empty(),
        Field::choice("parent_page_id", "page-parent", tree.parents(lang, page)).or_null(),
        Field::choice("status", "page-status", states(lang)),
        Field::choice("visibility", "page-visibility", visibilities(lang))
            .preset(portal.text("default_page_visibility")),
        Field::new("content", "page-content", Kind::Area(18)).or_empty(),
    ];
    let back = "/pages";
    portal.sheet_below(admin, title, fields, back).below(t!(lang, "tab-pages"), portal.path(back))
}

async fn new(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let tree: Tree = admin.api.get(&portal.api("/pages")).await?;
    Ok(sheet(&admin, &portal, &tree, "", t!(admin.lang, "page-new")).blank(&admin))
}

async fn create(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let tree: Tree = admin.api.get(&portal.api("/pages")).await?;
    let sheet = sheet(&admin, &portal, &tree, "", t!(admin.lang, "page-new"));
    let body = sheet.body(&admin, &typed);
    match admin.api.post::<Value>(&portal.api("/pages"), &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path("/pages"), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn edit(
    admin: Administrator,
    Path((id, page)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = Portal::find(&admin, &id).await?;
    let (pages, own) = (portal.api("/pages"), portal.api(&segments!["pages", page]));
    let (tree, current) = tokio::join!(admin.api.get::<Tree>(&pages), admin.api.get::<Value>(&own));
    let (tree, current) = (tree?, current?);
    let remove = portal.path(&format!("{}/remove", segments!["pages", page]));
    let preview = html! {
        section.panel {
            h2 { (t!(lang, "page-preview")) }
            div.prose { (markdown::render(text(&current, "content"))) }
        }
    };
    Ok(sheet(&admin, &portal, &tree, &page, text(&current, "title").to_owned())
        .submit("save")
        .acts(part::bad_act(&admin, &remove, &t!(lang, "remove")))
        .after(preview)
        .with(&admin, &current))
}

async fn change(
    admin: Administrator,
    Path((id, page)): Path<(String, String)>,
    typed: Form,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    let tree: Tree = admin.api.get(&portal.api("/pages")).await?;
    let title = typed.text("title").to_owned();
    let sheet = sheet(&admin, &portal, &tree, &page, title).submit("save");
    let body = sheet.body(&admin, &typed);
    match admin.api.patch::<Value>(&portal.api(&segments!["pages", page]), &body).await {
        Ok(_) => Ok(admin.go_saying(&portal.path(&segments!["pages", page]), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_remove(
    admin: Administrator,
    Path((id, page)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let portal = Portal::find(&admin, &id).await?;
    let (pages, own) = (portal.api("/pages"), portal.api(&segments!["pages", page]));
    let (tree, current) = tokio::join!(admin.api.get::<Tree>(&pages), admin.api.get::<Value>(&own));
    let (tree, current) = (tree?, current?);
    let title = field::at(&current, "title").and_then(Value::as_str).unwrap_or_default();
    let confirm = Confirm {
        says: html! { (t!(lang, "page-remove-says", title = title)) },
        cuts: vec![t!(lang, "cuts-pages", count = tree.below(&page))],
        button: t!(lang, "remove"),
        back: portal.path(&segments!["pages", page]),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&portal.below(&admin, t!(lang, "page-remove"), main)))
}

async fn remove(
    admin: Administrator,
    Path((id, page)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let portal = Portal::find(&admin, &id).await?;
    admin.api.delete(&portal.api(&segments!["pages", page])).await?;
    Ok(admin.go_saying(&portal.path("/pages"), "removed"))
}
