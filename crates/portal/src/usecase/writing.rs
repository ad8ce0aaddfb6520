//! Markdown as people write it: with front matter, and published or not. It is kept and shown as
//! it was written; nothing here makes HTML of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::problem::{Invalid, Problem};
use crate::specification::yaml;

/// The most bytes of front matter.
const MOST_FRONT_MATTER: usize = 16 << 10;

/// Whether visitors get to see something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Status {
    /// Whoever may.
    Published,
    /// Nobody.
    Unpublished,
}

impl Status {
    /// The name it is stored under.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Unpublished => "unpublished",
        }
    }
}

/// What stands before a text, between two lines of three hyphens: settings, in YAML.
#[derive(Debug, Default)]
pub(crate) struct FrontMatter(Map<String, Value>);

impl FrontMatter {
    /// Reads what stands before a text. A text without it has an empty one.
    pub(crate) fn of(content: &str) -> Result<Self, Problem> {
        let Some((front, _)) = split(content) else { return Ok(Self::default()) };
        if front.len() > MOST_FRONT_MATTER {
            return Err(blamed(&format!("must have at most {MOST_FRONT_MATTER} bytes")));
        }
        match yaml(front) {
            Ok(Value::Object(settings)) => Ok(Self(settings)),
            Ok(Value::Null) => Ok(Self::default()),
            _ => Err(blamed("must be a YAML mapping")),
        }
    }

    /// A setting. One that breaks a rule of its type is refused, as a part of the content.
    pub(crate) fn get<T: JsonSchema + for<'de> Deserialize<'de> + 'static>(
        &self,
        name: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        crate::input::check_part::<T>(value, "content")?;
        let value = serde_json::from_value(value.clone());
        value.map(Some).map_err(|_| blamed(&format!("must have a usable {name}")))
    }
}

fn blamed(reason: &str) -> Problem {
    let reason = format!("the front matter {reason}");
    Problem::one_invalid(Invalid::body("content", "invalid", reason))
}

/// Front matter and text. A first line of three hyphens that no other closes is text.
fn split(content: &str) -> Option<(&str, &str)> {
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    let rest = content.strip_prefix("---\n").or_else(|| content.strip_prefix("---\r\n"))?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((rest.get(..at)?, rest.get(at + line.len()..)?));
        }
        at += line.len();
    }
    None
}

/// The first heading of a text.
pub(crate) fn heading(content: &str) -> Option<&str> {
    let text = split(content).map_or(content, |(_, text)| text);
    let mut fenced = false;
    text.lines().find_map(|line| {
        fenced ^= line.starts_with("```");
        let heading = line.strip_prefix('#').filter(|_| !fenced)?.trim_start_matches('#');
        let heading = heading.strip_prefix(' ')?.trim();
        (!heading.is_empty()).then_some(heading)
    })
}

/// A text as part of a URL: lower case, with a hyphen for whatever is no word character.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        match character.to_ascii_lowercase() {
            word if word.is_ascii_alphanumeric() || word == '_' => slug.push(word),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_stands_before_the_text() {
        let front = |content: &str| FrontMatter::of(content);
        let read = front("---\ntitle: A\nimage: /x.png\n---\n# B\n").unwrap();
        assert_eq!(read.get::<String>("title").unwrap().as_deref(), Some("A"));
        assert_eq!(read.get::<String>("slug").unwrap(), None);
        assert!(read.get::<Status>("image").is_err());
        for none in ["", "# A", "---", "---\ntitle: A\n", " ---\ntitle: A\n---\n", "---\n---\n"] {
            assert!(front(none).unwrap().0.is_empty(), "{none}");
        }
        assert!(!front("---\r\ntitle: A\r\n---\r\nB").unwrap().0.is_empty());
        for bad in ["---\n- a\n---\n", "---\na: [\n---\n", "---\na: 1\na: 2\n---\n"] {
            assert!(front(bad).is_err(), "{bad}");
        }
        let long = format!("---\na: {}\n---\n", "x".repeat(MOST_FRONT_MATTER));
        assert!(front(&long).is_err());
    }

    #[test]
    fn the_first_heading_is_found() {
        for (content, expected) in [
            ("# A\n# B", Some("A")),
            ("text\n## Two words \n", Some("Two words")),
            ("---\ntitle: x\n---\n# A", Some("A")),
            ("```\n# not\n```\n# A", Some("A")),
            ("#hash", None),
            ("# ", None),
            ("", None),
        ] {
            assert_eq!(heading(content), expected, "{content}");
        }
    }

    #[test]
    fn slugs_hold_word_characters_and_hyphens() {
        for (text, expected) in [
            ("Flights-1.0", "flights-1-0"),
            ("Orders  API-", "orders-api"),
            ("gk-1a-Orders-v1", "gk-1a-orders-v1"),
            ("--x_y--", "x_y"),
            ("Flüge", "fl-ge"),
            ("日本", ""),
        ] {
            assert_eq!(slug(text), expected);
        }
    }
}
