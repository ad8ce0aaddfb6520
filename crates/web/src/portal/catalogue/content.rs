//! Pages that the portal's administrator wrote.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::writing::Writing;
use crate::encoding::Escaped;
use crate::language::t;
use crate::page::Page;
use crate::portal::Guest;
use crate::refusal::Refusal;

/// A page.
#[derive(Debug, Deserialize)]
pub(super) struct Content {
    title: String,
    content: String,
}

impl Content {
    /// Its title and what stands below it.
    pub(super) fn show(&self) -> (String, Markup) {
        let writing = Writing::read(&self.content);
        let title = writing.title.unwrap_or(&self.title).to_owned();
        (title, html! { article.prose { (writing.show()) } })
    }
}

/// The pages of a portal.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pages {
    data: Vec<Branch>,
}

/// A page, and those below it.
#[derive(Debug, Deserialize)]
struct Branch {
    slug: String,
    title: String,
    description: Option<String>,
    #[serde(default)]
    children: Vec<Self>,
}

/// A page that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FoundPage<'p> {
    /// Where it is.
    pub(super) path: String,
    /// Its title.
    pub(super) title: &'p str,
    /// What is said of it.
    pub(super) description: Option<&'p str>,
}

/// A path with a slug below it, which may have slashes itself.
fn below(path: &str, slug: &str) -> String {
    let slug = slug.trim_matches('/');
    let path = path.trim_end_matches('/');
    let slug: Vec<_> = slug.split('/').map(|part| Escaped(part).to_string()).collect();
    format!("{path}/{}", slug.join("/"))
}

impl Pages {
    /// Up to `most` pages with a text in what is said of them.
    pub(super) fn containing(&self, text: &str, most: usize) -> Vec<FoundPage<'_>> {
        let mut found = Vec::new();
        let wanted = text.to_lowercase();
        gather(&self.data, "", &wanted, most, &mut found);
        found
    }

    /// The branch that a page is in, if it is not alone there.
    fn around(&self, path: &str) -> Option<&Branch> {
        let inside = |branch: &&Branch| {
            let top = below("", &branch.slug);
            path == top || path.strip_prefix(&top).is_some_and(|rest| rest.starts_with('/'))
        };
        self.data.iter().find(inside).filter(|branch| !branch.children.is_empty())
    }
}

fn gather<'p>(
    branches: &'p [Branch],
    above: &str,
    wanted: &str,
    most: usize,
    found: &mut Vec<FoundPage<'p>>,
) {
    for branch in branches {
        if found.len() == most {
            return;
        }
        let path = below(above, &branch.slug);
        let description = branch.description.as_deref();
        let mut texts = [Some(branch.title.as_str()), description].into_iter().flatten();
        if texts.any(|text| text.to_lowercase().contains(wanted)) {
            found.push(FoundPage { path: path.clone(), title: &branch.title, description });
        }
        gather(&branch.children, &path, wanted, most, found);
    }
}

/// Any other path below the base.
pub(in crate::portal) async fn page(
    guest: Guest,
    Path((_, path)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let lang = guest.lang;
    let escaped = below("", &path);
    let at = format!("/pages{escaped}");
    let (content, pages) =
        tokio::join!(guest.api.get::<Content>(&at), guest.api.get::<Pages>("/pages"));
    let (title, main) = content?.show();
    let pages = pages.unwrap_or_default();
    let main = match pages.around(&escaped) {
        None => main,
        Some(branch) => html! {
            div.beside {
                nav.tree aria-label=(t!(lang, "pages-around")) {
                    ul { (tree(&guest, branch, "", &escaped)) }
                }
                (main)
            }
        },
    };
    Ok(guest.page(&Page::new(title, main)))
}

fn tree(guest: &Guest, branch: &Branch, above: &str, current: &str) -> Markup {
    let path = below(above, &branch.slug);
    html! {
        li {
            a href=(guest.href(&path)) aria-current=[(path == current).then_some("page")] { (branch.title) }
            @if !branch.children.is_empty() {
                ul { @for child in &branch.children { (tree(guest, child, &path, current)) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pages() -> Pages {
        let page = |slug: &str, title: &str, children: serde_json::Value| json!({"slug": slug, "title": title, "description": null, "children": children});
        let below = json!([page("flights", "Flights", json!([])), page("a b", "Odd", json!([]))]);
        let data = json!([page("/", "Home", json!([])), page("/guides", "Guides", below)]);
        serde_json::from_value(json!({ "data": data })).unwrap()
    }

    #[test]
    fn pages_are_found_by_their_titles_with_their_whole_path() {
        let pages = pages();
        let paths = |text| {
            let found = pages.containing(text, 10);
            found.into_iter().map(|page| page.path).collect::<Vec<_>>()
        };
        assert_eq!(paths("FLIGHT"), ["/guides/flights"]);
        assert_eq!(paths("odd"), ["/guides/a%20b"]);
        assert_eq!(paths("home"), ["/"]);
        assert!(paths("zeppelin").is_empty());
        assert_eq!(pages.containing("", 2).len(), 2);
    }

    #[test]
    fn a_page_is_shown_with_those_around_it() {
        let pages = pages();
        assert_eq!(pages.around("/guides/flights").unwrap().title, "Guides");
        assert_eq!(pages.around("/guides").unwrap().title, "Guides");
        assert!(pages.around("/guidesandmore").is_none());
        assert!(pages.around("/").is_none());
    }
}
