//! Markdown as people write it for documents and pages: with front matter before it, and its title
//! as its first line.

use maud::Markup;

use crate::markdown;

/// A text: its title, if it begins with one, and what follows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Writing<'t> {
    /// The first heading, if there is nothing before it, and nothing in it but words.
    pub(super) title: Option<&'t str>,
    rest: &'t str,
}

impl<'t> Writing<'t> {
    /// Reads a text.
    pub(super) fn read(text: &'t str) -> Self {
        let text = without_front_matter(text).trim_start_matches(['\n', '\r']);
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let title = first.strip_prefix("# ").map(|title| title.trim_end().trim_end_matches('#'));
        let title = title.map(str::trim).filter(|title| !title.is_empty());
        let title =
            title.filter(|title| !title.contains(['*', '_', '`', '[', '<', '&', '\\', '!']));
        Self { title, rest: if title.is_some() { rest } else { text } }
    }

    /// What follows the title, as a page shows it.
    pub(super) fn show(&self) -> Markup {
        markdown::render(self.rest)
    }
}

/// What stands after the settings between two lines of `---`.
fn without_front_matter(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}');
    let start = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"));
    let Some(mut rest) = start else { return text };
    while let Some((line, after)) = rest.split_once('\n') {
        if line.trim_end() == "---" {
            return after;
        }
        rest = after;
    }
    if rest.trim_end() == "---" { "" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_what_follows_its_settings_and_its_title() {
        for (text, title, rest) in [
            ("# One\n\ntwo", Some("One"), "\ntwo"),
            ("\n\n# One #\r\ntwo", Some("One"), "two"),
            ("---\ntitle: x\n---\n# One\ntwo", Some("One"), "two"),
            ("---\r\ntitle: x\r\n---\r\none", None, "one"),
            ("---\ntitle: x\n---", None, ""),
            ("---\n\nnever ends", None, "---\n\nnever ends"),
            ("# One `two`\nx", None, "# One `two`\nx"),
            ("## One\nx", None, "## One\nx"),
            ("#One", None, "#One"),
            ("# ", None, "# "),
            ("", None, ""),
        ] {
            let read = Writing::read(text);
            assert_eq!((read.title, read.rest), (title, rest), "{text:?}");
        }
    }
}
