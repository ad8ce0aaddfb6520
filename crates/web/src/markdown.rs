//! Markdown that somebody else wrote, as HTML that does nothing but show it.
//!
//! HTML in a text is shown as text. Links lead to other pages, sites or mail addresses and images
//! come from where the page's policy lets them; every other scheme is dropped.

use std::collections::HashMap;

use maud::{Markup, PreEscaped};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// A text as HTML. Its first headings are `<h2>`: the page's title is the only `<h1>`.
pub(crate) fn render(text: &str) -> Markup {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    let events: Vec<_> = Parser::new_ext(text, options).map(harmless).collect();
    let mut shown = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut shown, anchored(events).into_iter());
    // What scrolls by itself can be reached by the keyboard. These tags are the renderer's own: a
    // text has no others.
    PreEscaped(
        shown.replace("<pre>", "<pre tabindex=\"0\">").replace("<table>", "<table tabindex=\"0\">"),
    )
}

fn harmless(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: target(dest_url), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Image { link_type, dest_url: target(dest_url), title, id })
        }
        Event::Start(Tag::Heading { level, id: _, classes: _, attrs: _ }) => {
            let level = lower(level);
            Event::Start(Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
        other => other,
    }
}

const fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

/// Where a link may lead.
fn target(url: CowStr<'_>) -> CowStr<'_> {
    // What a browser skips in a scheme must not hide one.
    let plain: String = url.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    let before_colon = plain.split([':', '&']).next().unwrap_or_default();
    let has_scheme = before_colon.len() < plain.len() && !before_colon.contains(['/', '?', '#']);
    let known = ["http", "https", "mailto"].iter().any(|s| before_colon.eq_ignore_ascii_case(s));
    if has_scheme && !known { CowStr::Borrowed("#") } else { url }
}

/// Gives headings the names that links within the text use.
fn anchored(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut taken: HashMap<String, u32> = HashMap::new();
    let mut names = Vec::new();
    let mut current: Option<String> = None;
    for event in &events {
        match event {
            Event::Start(Tag::Heading { .. }) => current = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(name) = &mut current {
                    name.push_str(text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let name = slug(&current.take().unwrap_or_default());
                let times = taken.entry(name.clone()).or_default();
                *times += 1;
                // Names of a page's own parts never begin so.
                names.push(if *times == 1 {
                    format!("s-{name}")
                } else {
                    format!("s-{name}-{times}")
                });
            }
            _ => {}
        }
    }
    let mut names = names.into_iter();
    let name = |event| match event {
        Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
            let id = names.next().map(CowStr::from);
            Event::Start(Tag::Heading { level, id, classes, attrs })
        }
        other => other,
    };
    events.into_iter().map(name).collect()
}

fn slug(text: &str) -> String {
    let kept = text.to_lowercase();
    let words = kept.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        render(text).into_string()
    }

    #[test]
    fn markup_is_shown_and_not_obeyed() {
        let html =
            shown("a <script>alert(1)</script> <b onclick=x>b</b>\n\n<iframe src=x></iframe>");
        assert!(!html.contains("<script") && !html.contains("<b ") && !html.contains("<iframe"));
        assert!(html.contains("&lt;script&gt;"), "{html}");
    }

    #[test]
    fn what_scrolls_is_reached_by_the_keyboard() {
        let html = shown("```sh\n<pre>\n```\n\n| a |\n| - |\n| <table> |\n");
        assert_eq!(html.matches("tabindex").count(), 2, "{html}");
    }

    #[test]
    fn links_lead_to_pages() {
        for (link, kept) in [
            ("https://a.test/x", true),
            ("/guides/b", true),
            ("guides:b", false),
            ("b?a:b", true),
            ("#s-a", true),
            ("mailto:a@b.test", true),
            ("javascript:alert(1)", false),
            ("JaVaScRiPt:alert(1)", false),
            ("&#106;avascript:alert(1)", false),
            ("java\\script:alert(1)", false),
            ("vbscript:x", false),
            ("data:text/html,x", false),
        ] {
            let html = shown(&format!("[a]({link})"));
            assert_eq!(!html.contains("href=\"#\""), kept, "{link}: {html}");
            assert!(!html.to_lowercase().contains("href=\"javascript"), "{html}");
        }
        let html = shown("[a](<java\tscript:alert(1)>) ![x](javascript:1)");
        assert!(!html.contains("script:"), "{html}");
    }

    #[test]
    fn headings_stand_below_the_pages_title_and_can_be_linked() {
        let html = shown("# One `two`\n## Three\n# One two");
        assert!(html.contains("<h2 id=\"s-one-two\">"), "{html}");
        assert!(html.contains("<h3 id=\"s-three\">"), "{html}");
        assert!(html.contains("<h2 id=\"s-one-two-2\">"), "{html}");
    }
}
