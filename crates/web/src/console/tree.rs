//! Texts in a tree: pages of portals and documents of APIs are the same to an editor.

use maud::{Markup, html};
use serde::Deserialize;

use super::Administrator;
use crate::language::{Lang, t};
use crate::part;

/// A text in the tree.
#[derive(Debug, Deserialize)]
pub(super) struct Node {
    id: String,
    title: String,
    slug: String,
    status: String,
    visibility: Option<String>,
    #[serde(default)]
    children: Vec<Self>,
}

/// The whole tree.
#[derive(Debug, Deserialize)]
pub(super) struct Tree {
    data: Vec<Node>,
}

impl Tree {
    /// Whether there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The tree, with the way to each text below a path.
    pub(super) fn show(&self, admin: &Administrator, path: &str) -> Markup {
        html! { div.tree { (branch(admin, path, &self.data)) } }
    }

    /// What a text can be put below: everything but itself and what is below it.
    pub(super) fn parents(&self, lang: Lang, but: &str) -> Vec<(String, String)> {
        let mut found = vec![(String::new(), t!(lang, "tree-top"))];
        collect(&self.data, but, 0, &mut found);
        found
    }

    /// How many texts are below one.
    pub(super) fn below(&self, id: &str) -> usize {
        find(&self.data, id).map_or(0, |node| count(&node.children))
    }
}

fn branch(admin: &Administrator, path: &str, nodes: &[Node]) -> Markup {
    html! {
        ul {
            @for node in nodes {
                li {
                    a href=(admin.href(&format!("{path}/{}", node.id))) {
                        (node.title) " " code { (node.slug) } " " (part::status(admin.lang, &node.status))
                        @if node.visibility.as_deref() == Some("private") {
                            " " (part::tag(&t!(admin.lang, "visibility-private")))
                        }
                    }
                    @if !node.children.is_empty() { (branch(admin, path, &node.children)) }
                }
            }
        }
    }
}

fn collect(nodes: &[Node], but: &str, depth: usize, found: &mut Vec<(String, String)>) {
    for node in nodes.iter().filter(|node| node.id != but) {
        let indent = "\u{2003}".repeat(depth);
        found.push((node.id.clone(), format!("{indent}{}", node.title)));
        collect(&node.children, but, depth + 1, found);
    }
}

fn find<'n>(nodes: &'n [Node], id: &str) -> Option<&'n Node> {
    nodes.iter().find_map(|node| if node.id == id { Some(node) } else { find(&node.children, id) })
}

fn count(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| 1 + count(&node.children)).sum()
}

/// Whether a text is shown to readers, as a choice.
pub(super) fn states(lang: Lang) -> Vec<(String, String)> {
    vec![
        ("unpublished".into(), t!(lang, "status-unpublished")),
        ("published".into(), t!(lang, "status-published")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, children: Vec<Node>) -> Node {
        let (title, slug) = (id.to_owned(), id.to_owned());
        Node { id: id.into(), title, slug, status: String::new(), visibility: None, children }
    }

    #[test]
    fn a_text_cannot_be_put_below_itself() {
        let inner = node("b", vec![node("c", Vec::new())]);
        let tree = Tree { data: vec![node("a", vec![inner]), node("d", Vec::new())] };
        let lang = Lang::named("en").unwrap();
        let ids = |but: &str| -> Vec<String> {
            tree.parents(lang, but).into_iter().map(|(id, _)| id).collect()
        };
        assert_eq!(ids("b"), ["", "a", "d"]);
        assert_eq!(ids(""), ["", "a", "b", "c", "d"]);
        assert_eq!(tree.below("a"), 2);
    }
}
