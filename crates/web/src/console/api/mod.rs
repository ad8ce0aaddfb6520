//! APIs.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::sheet::{self, Sheet, figures, text, total};
use super::{Administrator, publication};
use crate::Web;
use crate::field::{Field, Kind};
use crate::form::Form;
use crate::language::t;
use crate::list::Asked;
use crate::markdown;
use crate::page::Page;
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

mod documents;
mod gateway_service;
mod usage;
mod versions;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/apis", get(list))
        .route("/apis/new", get(new).post(create))
        .route("/apis/{id}", get(overview))
        .route("/apis/{id}/edit", get(edit).post(change))
        .route("/apis/{id}/delete", get(ask_delete).post(delete))
        .merge(documents::routes())
        .merge(gateway_service::routes())
        .merge(publication::api_routes())
        .merge(usage::routes())
        .merge(versions::routes())
}

/// An API, as the pages below it need it.
pub(super) struct Api {
    id: String,
    /// Its name.
    pub(super) name: String,
    known: Value,
}

impl Api {
    /// The API of an id.
    pub(super) async fn find(admin: &Administrator, id: &str) -> Result<Self, Refusal> {
        let known: Value = admin.api.get(&segments!["v3", "apis", id]).await?;
        Ok(Self { id: id.to_owned(), name: text(&known, "name").to_owned(), known })
    }

    /// The path of its pages, with more after it.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("{}{rest}", segments!["apis", self.id])
    }

    /// What the API calls it, with more after it.
    fn api(&self, rest: &str) -> String {
        format!("{}{rest}", segments!["v3", "apis", self.id])
    }

    fn tabs(&self, admin: &Administrator, current: &str) -> Markup {
        let lang = admin.lang;
        let tabs = [
            ("", t!(lang, "tab-overview")),
            ("/versions", t!(lang, "tab-versions")),
            ("/documents", t!(lang, "tab-documents")),
            ("/gateway-service", t!(lang, "tab-gateway-service")),
            ("/publications", t!(lang, "tab-publications")),
            ("/usage", t!(lang, "nav-usage")),
        ];
        let tabs = tabs.map(|(path, text)| (self.path(path), text));
        part::tabs(admin, &self.name, &self.path(current), &tabs)
    }

    /// A page that is a part of the API.
    pub(super) fn page(&self, admin: &Administrator, tab: &str, main: &Markup) -> Page {
        let main = html! { (self.tabs(admin, tab)) (main) };
        Page::new(self.name.clone(), main)
            .section("apis")
            .below(t!(admin.lang, "nav-apis"), "/apis")
    }

    /// A page below the API.
    pub(super) fn below(&self, admin: &Administrator, title: String, main: Markup) -> Page {
        Page::new(title, main)
            .section("apis")
            .below(t!(admin.lang, "nav-apis"), "/apis")
            .below(self.name.clone(), self.path(""))
    }

    /// A form below the API.
    pub(super) fn sheet_below(
        &self,
        admin: &Administrator,
        title: String,
        fields: Vec<Field>,
        back: &str,
    ) -> Sheet {
        Sheet::new(title, "apis", fields)
            .below(t!(admin.lang, "nav-apis"), "/apis")
            .below(self.name.clone(), self.path(""))
            .cancel(admin.href(&self.path(back)))
    }
}

#[derive(Deserialize)]
struct Row {
    id: String,
    name: String,
    version: Option<String>,
    implementation_mode: Option<String>,
    portals: Vec<sheet::Named>,
    updated_at: String,
}

async fn list(admin: Administrator, asked: Asked) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let wanted = asked.clone().with("filter[name][contains]", asked.given("q")).sorted("name");
    let found = admin.api.list::<Row>("/v3/apis", &wanted).await?;
    let heads = [
        t!(lang, "managed-api-name"),
        t!(lang, "managed-api-version"),
        t!(lang, "tab-gateway-service"),
        t!(lang, "managed-api-portals"),
        t!(lang, "updated-at"),
    ];
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|api| {
            let linked = api.implementation_mode.is_some();
            vec![
                html! { a href=(admin.href(&segments!["apis", api.id])) { (api.name) } },
                html! { @if let Some(version) = &api.version { (part::tag(version)) } },
                part::status(lang, if linked { "linked" } else { "unlinked" }),
                html! {
                    @for (at, portal) in api.portals.iter().enumerate() {
                        @if at > 0 { ", " }
                        a href=(admin.href(&segments!["portals", portal.id])) { (portal.name) }
                    }
                },
                part::moment(&admin, &api.updated_at),
            ]
        })
        .collect();
    let new = part::act(&admin, "/apis/new", &t!(lang, "managed-api-new"));
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "search-by-name"))), &[]))
        @if rows.is_empty() {
            (part::empty(&t!(lang, "managed-apis-none"), &t!(lang, "managed-apis-none-text"), Some(&new)))
        } @else {
            (part::table(&t!(lang, "nav-apis"), &heads, &rows))
        }
        (part::pager(&admin, &asked, &found.meta.page))
    };
    Ok(admin.page(&Page::new(t!(lang, "nav-apis"), main).section("apis").acts(new)))
}

fn fields() -> Vec<Field> {
    vec![
        Field::text("name", "managed-api-api-name").required().most(255),
        Field::text("version", "managed-api-version").most(255).or_null(),
        Field::new("description", "managed-api-description", Kind::Area(6)).or_null(),
        Field::text("slug", "managed-api-slug").most(512),
        Field::new("labels", "managed-api-labels", Kind::Pairs),
    ]
}

fn new_sheet(admin: &Administrator) -> Sheet {
    let mut fields = fields();
    fields.push(Field::new("spec_content", "managed-api-spec", Kind::File(".json,.yaml,.yml")));
    Sheet::new(t!(admin.lang, "managed-api-new"), "apis", fields)
        .below(t!(admin.lang, "nav-apis"), "/apis")
        .cancel(admin.href("/apis"))
}

async fn new(admin: Administrator) -> Response {
    new_sheet(&admin).blank(&admin)
}

async fn create(admin: Administrator, typed: Form) -> Result<Response, Refusal> {
    let sheet = new_sheet(&admin);
    let body = sheet.body(&admin, &typed);
    match admin.api.post::<Value>("/v3/apis", &body).await {
        Ok(made) => {
            Ok(admin.go_saying(&segments!["apis", text(&made, "id")], "managed-api-created"))
        }
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn overview(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let api = Api::find(&admin, &id).await?;
    let (versions, registrations) = (api.api("/versions"), api.api("/registrations"));
    let (of_api, pending) =
        ([("filter[api_id][eq]", id.as_str())], [("filter[status][eq]", "pending")]);
    let (versions, publications, granted, waiting) = tokio::join!(
        total(&admin, &versions, &[]),
        total(&admin, "/v3/api-publications", &of_api),
        total(&admin, &registrations, &[]),
        total(&admin, &registrations, &pending),
    );
    let numbers = [
        (t!(lang, "tab-versions"), versions),
        (t!(lang, "tab-publications"), publications),
        (t!(lang, "managed-api-registrations"), granted),
        (t!(lang, "portal-registrations-pending"), waiting),
    ];
    let linked = !text(&api.known, "implementation_mode").is_empty();
    let rows = [
        (t!(lang, "managed-api-version"), html! { (text(&api.known, "version")) }),
        (t!(lang, "managed-api-slug"), html! { code { (text(&api.known, "slug")) } }),
        (t!(lang, "identifier"), part::copy(lang, &id)),
        (
            t!(lang, "tab-gateway-service"),
            part::status(lang, if linked { "linked" } else { "unlinked" }),
        ),
        (t!(lang, "created-at"), part::moment(&admin, text(&api.known, "created_at"))),
        (t!(lang, "updated-at"), part::moment(&admin, text(&api.known, "updated_at"))),
    ];
    let description = text(&api.known, "description");
    let main = html! {
        (figures(&numbers))
        @if !linked {
            (part::notice("open", &html! {
                p {
                    (t!(lang, "managed-api-unlinked")) " "
                    a href=(admin.href(&api.path("/gateway-service"))) { (t!(lang, "service-link")) }
                }
            }))
        }
        (part::facts(&rows))
        @if !description.is_empty() {
            section.panel { h2 { (t!(lang, "managed-api-description")) } div.prose { (markdown::render(description)) } }
        }
        div.actions { (part::bad_act(&admin, &api.path("/delete"), &t!(lang, "managed-api-delete"))) }
    };
    let acts = html! {
        (part::other_act(&admin, &api.path("/edit"), &t!(lang, "edit")))
        (part::act(&admin, &api.path("/publications/new"), &t!(lang, "publish-api")))
    };
    Ok(admin.page(&api.page(&admin, "", &main).acts(acts)))
}

fn edit_sheet(admin: &Administrator, api: &Api) -> Sheet {
    api.sheet_below(admin, t!(admin.lang, "edit"), fields(), "").submit("save")
}

async fn edit(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    Ok(edit_sheet(&admin, &api).with(&admin, &api.known))
}

async fn change(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let api = Api::find(&admin, &id).await?;
    let sheet = edit_sheet(&admin, &api);
    let body = sheet.body(&admin, &typed);
    match admin.api.patch::<Value>(&api.api(""), &body).await {
        Ok(_) => Ok(admin.go_saying(&api.path(""), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let api = Api::find(&admin, &id).await?;
    let cuts = sheet::impact(&admin, &api.api("")).await?;
    let confirm = Confirm {
        says: html! { (t!(lang, "managed-api-delete-says", name = api.name.as_str())) },
        cuts,
        button: t!(lang, "managed-api-delete"),
        back: api.path(""),
        values: Vec::new(),
    };
    let main = confirm.show(&admin);
    Ok(admin.page(&api.below(&admin, t!(lang, "managed-api-delete"), main)))
}

async fn delete(admin: Administrator, Path(id): Path<String>) -> Result<Response, Refusal> {
    let path = format!("{}{}", segments!["v3", "apis", id], sheet::AWAITED);
    let answer = admin.api.delete(&path).await?;
    Ok(admin.go_saying("/apis", sheet::enforced(&answer)))
}
