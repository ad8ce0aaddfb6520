//! What an API is, and what it takes to use it.

use axum::extract::Path;
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};

use super::about::{About, Place};
use super::permitted::Permitted;
use super::reference::{self, Version};
use crate::language::t;
use crate::list::Asked;
use crate::part;
use crate::portal::Guest;
use crate::refusal::Refusal;
use crate::segments::segments;

/// The most versions that are named.
pub(super) const VERSIONS: u32 = 100;

pub(super) async fn show(guest: Guest, Path(place): Path<Place>) -> Result<Response, Refusal> {
    let path = segments!["apis", place.api];
    let (icon, versions) = (format!("{path}/images/icon/raw"), format!("{path}/versions"));
    let asked = Asked::first(VERSIONS);
    let (about, icon, versions, permitted) = tokio::join!(
        About::load(&guest, &place.api),
        guest.api.send(Method::GET, &icon, None),
        guest.api.list::<Version>(&versions, &asked),
        Permitted::ask(&guest, &place.api),
    );
    let (about, lang) = (about?, guest.lang);
    let versions = versions.map(|list| list.data).unwrap_or_default();
    let main = html! {
        div.about {
            @if icon.status.is_redirection() {
                img.icon src=(guest.href(&about.path("/icon"))) alt="" width="72" height="72";
            }
            @match &about.api.description {
                Some(text) => p.description { (text) },
                None => p.quiet { (t!(lang, "api-no-description")) },
            }
        }
        (part::facts(&facts(&guest, &about, permitted)))
        @if !versions.is_empty() {
            section.group {
                h2 { (t!(lang, "api-versions")) }
                (reference::table(&guest, &about, &versions))
            }
        }
        @if !about.documents.data.is_empty() {
            section.group {
                h2 { (t!(lang, "api-documents")) }
                ul { @for node in &about.documents.data {
                    li { a href=(guest.href(&about.path(&node.rest()))) { (node.title) } }
                } }
            }
        }
    };
    Ok(guest.page(&about.page(&guest, ("", t!(lang, "api-overview")), &main)))
}

fn facts(guest: &Guest, about: &About, permitted: Permitted) -> Vec<(String, Markup)> {
    let lang = guest.lang;
    let mut rows = Vec::new();
    let how = match about.strategy() {
        Some(strategy) => html! {
            a href=(guest.href(&about.path("/authenticate"))) { (strategy.name) }
            @let kind = strategy.kind(lang);
            @if kind != strategy.name { span.quiet { " · " (kind) } }
        },
        None => html! { (t!(lang, "api-open")) },
    };
    rows.push((t!(lang, "api-authentication"), how));
    if let Some(issuer) = &about.settings.issuer {
        rows.push((t!(lang, "api-issuer"), part::copy(lang, issuer)));
    }
    if about.strategy().is_some() {
        rows.push((t!(lang, "api-access"), html! { (access(guest, about, permitted)) }));
    }
    for (name, values) in &about.api.attributes {
        let values = html! { @for value in values { (part::tag(value)) " " } };
        rows.push((name.clone(), values));
    }
    rows.push((t!(lang, "api-updated"), part::moment(guest, &about.api.updated_at)));
    rows
}

/// Who may use it, as far as that concerns the visitor.
fn access(guest: &Guest, about: &About, permitted: Permitted) -> String {
    let lang = guest.lang;
    if !about.takes_applications() {
        return t!(lang, "access-closed");
    }
    let approval =
        if about.settings.auto_approve { t!(lang, "access-auto") } else { t!(lang, "access-asks") };
    match permitted {
        Permitted::Unknown => format!("{} {approval}", t!(lang, "access-guest")),
        Permitted::Yes => format!("{} {approval}", t!(lang, "access-yes")),
        Permitted::No => t!(lang, "access-no"),
    }
}

/// The image of an API.
pub(super) async fn icon(guest: Guest, Path(place): Path<Place>) -> Result<Response, Refusal> {
    let path = segments!["apis", place.api, "images", "icon", "content"];
    let answer = guest.api.send(Method::GET, &path, None).await.granted()?;
    let media_type = answer.headers.get("content-type").cloned();
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    // An image that is opened by itself is a document: it must not run.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    let headers = [
        ("content-type", media_type),
        ("cache-control", HeaderValue::from_static("private, max-age=300")),
        ("content-security-policy", HeaderValue::from_static(policy)),
    ];
    Ok((headers, answer.body).into_response())
}
