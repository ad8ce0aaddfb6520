//! Search in all that a portal shows: APIs, what is within them, and pages.

use std::collections::BTreeSet;

use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::about::{Api, path_of};
use super::content::Pages;
use crate::encoding::query;
use crate::language::t;
use crate::list::Asked;
use crate::page::Page;
use crate::part;
use crate::portal::Guest;
use crate::refusal::Refusal;
use crate::segments::segments;

/// The longest text that the API looks for.
const LONGEST: usize = 200;
/// What is shown at once.
const MOST: u32 = 20;
const MOST_PAGES: usize = 20;

/// What is looked for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The text.
    pub(super) text: String,
    /// After which of what is found within APIs.
    after: String,
}

/// What is found within APIs.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Hits {
    pub(super) data: Vec<Found>,
    #[serde(default)]
    meta: Meta,
}

#[derive(Debug, Default, Deserialize)]
struct Meta {
    #[serde(default)]
    page: Next,
}

#[derive(Debug, Default, Deserialize)]
struct Next {
    next: Option<String>,
}

/// An operation or a document.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(rename = "match")]
    excerpt: String,
    attributes: Attributes,
}

#[derive(Debug, Deserialize)]
struct Attributes {
    api_slug: String,
    api_name: Option<String>,
    method: Option<String>,
    path: Option<String>,
}

impl Found {
    fn is_operation(&self) -> bool {
        self.kind == "api_specs_operation"
    }

    /// What was found, without the marks of Markdown.
    fn words(&self) -> String {
        let words = self.excerpt.split(|c: char| c.is_whitespace() || "#`|*".contains(c));
        let words = words.filter(|word| word.chars().any(char::is_alphanumeric));
        words.collect::<Vec<_>>().join(" ")
    }

    fn href(&self) -> String {
        let api = &self.attributes.api_slug;
        if self.is_operation() {
            format!("{}/reference", path_of(api))
        } else {
            segments!["apis", api, "documents", self.id]
        }
    }
}

impl Wanted {
    /// Reads the query of a page.
    pub(super) fn read(asked: &Asked) -> Self {
        let kept = asked.given("q").trim().chars().filter(|c| *c != '\0').take(LONGEST);
        Self { text: kept.collect(), after: asked.given("after").to_owned() }
    }

    /// Looks for it in operations and documents.
    pub(super) async fn found(&self, guest: &Guest, most: u32) -> Result<Hits, Refusal> {
        let asked = Asked::first(most).with("q", self.text.as_str());
        let asked = asked.with("page[after]", self.after.as_str());
        let mut hits: Hits = guest.api.get(&format!("/search{}", asked.query())).await?;
        hits.name_apis(guest).await;
        Ok(hits)
    }
}

impl Hits {
    /// Documents are found without the names of their APIs.
    async fn name_apis(&mut self, guest: &Guest) {
        let unnamed = self.data.iter().map(|found| &found.attributes);
        let unnamed = unnamed.filter(|attributes| attributes.api_name.is_none());
        let slugs: BTreeSet<_> = unnamed.map(|attributes| attributes.api_slug.as_str()).collect();
        if slugs.is_empty() {
            return;
        }
        let slugs = slugs.into_iter().collect::<Vec<_>>().join(",");
        let asked = Asked::first(MOST).with("filter[slug][oeq]", slugs);
        // Without them, they are shown by their slugs.
        let Ok(apis) = guest.api.list::<Api>("/apis", &asked).await else { return };
        for found in &mut self.data {
            let slug = &found.attributes.api_slug;
            if let Some(api) = apis.data.iter().find(|api| &api.slug == slug) {
                found.attributes.api_name = Some(api.name.clone());
            }
        }
    }

    /// After which the next ones come.
    fn after(&self) -> Option<String> {
        let (_, asked) = self.meta.page.next.as_deref()?.split_once('?')?;
        let mut pairs = form_urlencoded::parse(asked.as_bytes());
        pairs.find(|(name, _)| name == "page[after]").map(|(_, value)| value.into_owned())
    }
}

pub(super) async fn show(guest: Guest, asked: Asked) -> Result<Response, Refusal> {
    let lang = guest.lang;
    let wanted = Wanted::read(&asked);
    let field = part::search(&guest, &asked, Some(&("q", t!(lang, "search-label"))), &[]);
    let title = t!(lang, "search");
    if wanted.text.is_empty() {
        let main = html! { (field) p { (t!(lang, "search-nothing-yet")) } };
        return Ok(guest.page(&Page::new(title, main)));
    }
    let names = Asked::first(MOST).with("filter[name][contains]", wanted.text.as_str());
    let (apis, hits_within, pages) = tokio::join!(
        guest.api.list::<Api>("/apis", &names),
        wanted.found(&guest, MOST),
        guest.api.get::<Pages>("/pages"),
    );
    let (apis, within) = (apis?, hits_within?);
    let pages = pages.unwrap_or_default();
    let pages = pages.containing(&wanted.text, MOST_PAGES);
    // What follows is more of what is within APIs.
    let first = wanted.after.is_empty();
    let nothing = apis.data.is_empty() && within.data.is_empty() && pages.is_empty();
    let main = html! {
        (field)
        @if nothing {
            (part::empty(&t!(lang, "search-none"), &t!(lang, "search-none-text"), None))
        }
        @if first && !apis.data.is_empty() {
            section.group {
                h2 { (t!(lang, "nav-apis")) }
                ul.found {
                    @for api in &apis.data {
                        li {
                            a href=(guest.href(&path_of(&api.slug))) { (api.name) }
                            @if let Some(text) = &api.description { p.quiet { (text) } }
                        }
                    }
                }
            }
        }
        @if first && !pages.is_empty() {
            section.group {
                h2 { (t!(lang, "search-pages")) }
                ul.found {
                    @for page in &pages {
                        li {
                            a href=(guest.href(&page.path)) { (page.title) }
                            @if let Some(text) = page.description { p.quiet { (text) } }
                        }
                    }
                }
            }
        }
        @if !within.data.is_empty() {
            section.group {
                h2 { (t!(lang, "search-within")) }
                (hits(&guest, &within.data))
                @if let Some(after) = within.after() {
                    @let more = query([("q", &wanted.text), ("after", &after)]);
                    p { a.button rel="next" href=(guest.href(&format!("/search{more}"))) { (t!(lang, "search-more")) } }
                }
            }
        }
    };
    Ok(guest.page(&Page::new(title, main)))
}

/// Operations and documents that were found.
pub(super) fn hits(guest: &Guest, found: &[Found]) -> Markup {
    let lang = guest.lang;
    html! {
        ul.found {
            @for one in found {
                li {
                    a href=(guest.href(&one.href())) { (one.name) } " "
                    span.quiet {
                        @if one.is_operation() { (t!(lang, "search-operation")) }
                        @else { (t!(lang, "search-document")) }
                        " · " (one.attributes.api_name.as_ref().unwrap_or(&one.attributes.api_slug))
                    }
                    @if let (Some(method), Some(path)) = (&one.attributes.method, &one.attributes.path) {
                        p { code { (method) " " (path) } }
                    } @else if !one.excerpt.is_empty() {
                        p.quiet { "… " (one.words()) " …" }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_comes_next_is_asked_for_by_where_it_begins() {
        let at = |next: serde_json::Value| {
            let hits = json!({"data": [], "meta": {"page": {"size": 20, "next": next}}});
            serde_json::from_value::<Hits>(hits).unwrap().after()
        };
        let next = "/api/v3/search?q=a%26b&page[size]=20&page[after]=o7";
        assert_eq!(at(json!(next)).as_deref(), Some("o7"));
        assert_eq!(at(json!(null)), None);
    }
}
