//! Documents of an API: the tree of them, and one.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::about::{About, Place};
use super::writing::Writing;
use crate::language::t;
use crate::part;
use crate::portal::Guest;
use crate::refusal::Refusal;
use crate::segments::segments;

/// The documents of an API.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tree {
    pub(super) data: Vec<Node>,
}

/// A document, and those below it.
#[derive(Debug, Deserialize)]
pub(super) struct Node {
    id: String,
    pub(super) title: String,
    slug: String,
    #[serde(default)]
    children: Vec<Self>,
}

impl Node {
    /// Where it is below its API.
    pub(super) fn rest(&self) -> String {
        segments!["documents", self.slug]
    }
}

/// A document with its text.
#[derive(Debug, Deserialize)]
struct Document {
    id: String,
    title: String,
    content: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct DocumentPlace {
    api: String,
    document: String,
}

/// The documents begin with the first.
pub(super) async fn first(guest: Guest, Path(place): Path<Place>) -> Result<Response, Refusal> {
    let about = About::load(&guest, &place.api).await?;
    if let Some(first) = about.documents.data.first() {
        return Ok(guest.go(&about.path(&first.rest())));
    }
    let lang = guest.lang;
    let main =
        part::empty(&t!(lang, "api-documents-none"), &t!(lang, "api-documents-none-text"), None);
    Ok(guest.page(&about.page(&guest, ("/documents", t!(lang, "api-documents")), &main)))
}

pub(super) async fn show(
    guest: Guest,
    Path(place): Path<DocumentPlace>,
) -> Result<Response, Refusal> {
    let lang = guest.lang;
    let path = segments!["apis", place.api, "documents", place.document];
    let (about, document) =
        tokio::join!(About::load(&guest, &place.api), guest.api.get::<Document>(&path));
    let (about, document) = (about?, document?);
    let writing = Writing::read(&document.content);
    let main = html! {
        div.beside {
            nav.tree aria-label=(t!(lang, "api-documents")) {
                ul { @for node in &about.documents.data { (branch(&guest, &about, node, &document.id)) } }
            }
            article.prose {
                h2 { (writing.title.unwrap_or(&document.title)) }
                (writing.show())
            }
        }
    };
    Ok(guest.page(&about.page(&guest, ("/documents", document.title.clone()), &main)))
}

fn branch(guest: &Guest, about: &About, node: &Node, current: &str) -> Markup {
    html! {
        li {
            a href=(guest.href(&about.path(&node.rest()))) aria-current=[(node.id == current).then_some("page")] {
                (node.title)
            }
            @if !node.children.is_empty() {
                ul { @for child in &node.children { (branch(guest, about, child, current)) } }
            }
        }
    }
}
