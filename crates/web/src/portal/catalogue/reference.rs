//! The document that describes an API, rendered.

use axum::extract::Path;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::about::{About, Api, Place};
use super::overview::VERSIONS;
use crate::asset;
use crate::encoding::query;
use crate::language::t;
use crate::list::Asked;
use crate::part;
use crate::portal::Guest;
use crate::refusal::Refusal;
use crate::segments::segments;

/// A version of an API.
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    id: String,
    version: String,
    spec: Spec,
}

#[derive(Debug, Deserialize)]
struct Spec {
    #[serde(rename = "type")]
    kind: String,
}

impl Version {
    /// What it is described in, in words.
    fn kind(&self) -> &str {
        match self.spec.kind.as_str() {
            "oas3" => "OpenAPI 3",
            "oas2" => "OpenAPI 2",
            "asyncapi" => "AsyncAPI",
            other => other,
        }
    }

    /// Whether there is a renderer for it.
    fn is_rendered(&self) -> bool {
        self.spec.kind.starts_with("oas")
    }

    fn rest(&self) -> String {
        segments!["versions", self.id]
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct VersionPlace {
    api: String,
    version: String,
}

/// The reference of the current version.
pub(super) async fn current(guest: Guest, Path(place): Path<Place>) -> Result<Response, Refusal> {
    show(&guest, &place.api, None).await
}

/// The reference of a version.
pub(super) async fn version(
    guest: Guest,
    Path(place): Path<VersionPlace>,
) -> Result<Response, Refusal> {
    show(&guest, &place.api, Some(&place.version)).await
}

async fn show(guest: &Guest, api: &str, wanted: Option<&str>) -> Result<Response, Refusal> {
    let lang = guest.lang;
    let path = segments!["apis", api, "versions"];
    let asked = Asked::first(VERSIONS);
    let (about, versions) =
        tokio::join!(About::load(guest, api), guest.api.list::<Version>(&path, &asked));
    let (about, versions) = (about?, versions?.data);
    let current = about.api.current_version_summary.as_ref().map(|current| current.id.as_str());
    let tab = ("/reference", t!(lang, "api-reference"));
    let Some(id) = wanted.or(current) else {
        let main = part::empty(&t!(lang, "reference-none"), &t!(lang, "reference-none-text"), None);
        return Ok(guest.page(&about.page(guest, tab, &main)));
    };
    let shown = versions.iter().find(|version| version.id == id);
    let shown = shown.ok_or_else(Refusal::not_found)?;
    let main = html! {
        div.reference {
            @if versions.len() > 1 { (choice(guest, &about, &versions, &shown.id)) }
            p { a.button href=(document_at(guest, &about, &shown.id, true)) download {
                (t!(lang, "reference-download"))
                span.hidden { ": " (shown.version) ", " (shown.kind()) }
            } }
        }
        @if shown.is_rendered() {
            noscript {
                (part::notice("open", &html! { p { (t!(lang, "reference-no-script")) } }))
            }
            div id="reference"
                data-document=(document_at(guest, &about, &shown.id, false))
                data-script=(asset::href(&guest.base, "swagger-ui-bundle.js"))
                data-style=(asset::href(&guest.base, "swagger-ui.css")) {}
        } @else {
            (raw(guest, &about, shown).await?)
        }
    };
    let page = about.page(guest, tab, &main);
    let page = if shown.is_rendered() { page.extra("reference.js", "reference.css") } else { page };
    Ok(guest.page(&page))
}

/// A document that there is no renderer for, as it was written.
async fn raw(guest: &Guest, about: &About, version: &Version) -> Result<Markup, Refusal> {
    let path = segments!["apis", about.api.id, "versions", version.id, "raw"];
    let answer = guest.api.send(Method::GET, &path, None).await.granted()?;
    Ok(part::code(guest.lang, version.kind(), &String::from_utf8_lossy(&answer.body)))
}

/// The ways to the versions.
fn choice(guest: &Guest, about: &About, versions: &[Version], shown: &str) -> Markup {
    html! {
        nav.versions aria-label=(t!(guest.lang, "api-versions")) {
            ul {
                @for version in versions {
                    li {
                        a.button href=(guest.href(&about.path(&version.rest())))
                            aria-current=[(version.id == shown).then_some("page")] { (version.version) }
                    }
                }
            }
        }
    }
}

/// The versions, with what describes them.
pub(super) fn table(guest: &Guest, about: &About, versions: &[Version]) -> Markup {
    let lang = guest.lang;
    let row = |version: &Version| {
        vec![
            html! { a href=(guest.href(&about.path(&version.rest()))) { (version.version) } },
            html! { (version.kind()) },
            html! { a href=(document_at(guest, about, &version.id, true)) download {
                (t!(lang, "reference-download")) span.hidden { ": " (version.version) }
            } },
        ]
    };
    let heads = [t!(lang, "api-version"), t!(lang, "api-described"), t!(lang, "api-document")];
    part::table(&t!(lang, "api-versions"), &heads, &versions.iter().map(row).collect::<Vec<_>>())
}

/// The address of a document.
fn document_at(guest: &Guest, about: &About, version: &str, download: bool) -> String {
    let download = download.then_some(("download", "true"));
    let query = query([("version", version)].into_iter().chain(download));
    guest.href(&format!("{}{query}", about.path("/document.json")))
}

/// The document itself, as the API serves it: JSON or YAML.
pub(super) async fn document(
    guest: Guest,
    Path(place): Path<Place>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let api = guest.api.get::<Api>(&segments!["apis", place.api]).await?;
    let current = api.current_version_summary.as_ref().map(|current| current.id.as_str());
    let given = Some(asked.given("version")).filter(|given| !given.is_empty());
    let version = given.or(current).ok_or_else(Refusal::not_found)?;
    let path = segments!["apis", api.id, "versions", version, "raw"];
    let answer = guest.api.send(Method::GET, &path, None).await.granted()?;
    let media_type = answer.headers.get(CONTENT_TYPE).cloned();
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let is_json = media_type.as_bytes().starts_with(b"application/json");
    let mut response = ([(CONTENT_TYPE, media_type)], answer.body).into_response();
    if !asked.given("download").is_empty() {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        let name: String = api.slug.chars().map(plain).collect();
        let kind = if is_json { "json" } else { "yaml" };
        let saved = format!("attachment; filename=\"{name}.{kind}\"");
        if let Ok(saved) = HeaderValue::try_from(saved) {
            response.headers_mut().insert(CONTENT_DISPOSITION, saved);
        }
    }
    Ok(response)
}
