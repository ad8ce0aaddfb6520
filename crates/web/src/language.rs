//! The texts of the pages, in the reader's language.
//!
//! All texts are in `texts/`, one folder for each language, in the format of Project Fluent. To add
//! a language: translate a folder, and name it in [`CATALOGUES`]. A test holds all of them to the
//! same texts with the same variables.

use core::fmt;
use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use crate::cookie;

macro_rules! catalogues {
    ($files:tt: $($language:literal => $name:literal),+ $(,)?) => {
        /// Languages: tag, name in itself, texts. The first is what others fall back to.
        const CATALOGUES: &[(&str, &str, &[&str])] =
            &[$(($language, $name, catalogues!(@texts $language $files))),+];
    };
    (@texts $language:literal [$($file:literal),+ $(,)?]) => {
        &[$(include_str!(concat!("../texts/", $language, "/", $file, ".ftl"))),+]
    };
}

catalogues! {
    ["frame", "fields", "faults", "account", "catalogue", "application", "console", "console_api",
     "console_operations", "console_people", "settings", "reasons"]:
    "en" => "English",
    "de" => "Deutsch",
}

static LANGUAGES: LazyLock<Vec<Language>> =
    LazyLock::new(|| CATALOGUES.iter().map(|(tag, _, texts)| Language::load(tag, texts)).collect());

struct Language {
    tag: &'static str,
    texts: FluentBundle<FluentResource>,
}

impl Language {
    fn load(tag: &'static str, texts: &[&str]) -> Self {
        let id: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // Marks around variables confuse whoever copies a text.
        bundle.set_use_isolating(false);
        for text in texts {
            let resource = FluentResource::try_new((*text).to_owned());
            let resource = resource.unwrap_or_else(|(resource, _)| resource);
            // A test sees that nothing is defined twice.
            let _ = bundle.add_resource(resource);
        }
        Self { tag, texts: bundle }
    }
}

/// The reader's language.
#[derive(Clone, Copy)]
pub(crate) struct Lang(&'static Language);

impl fmt::Debug for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lang").field(&self.0.tag).finish()
    }
}

impl Lang {
    /// The language that a browser asks for: by the choice of the reader, or by its settings.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        if let Some(chosen) = cookie::get(headers, cookie::LANGUAGE).and_then(Self::named) {
            return Some(chosen);
        }
        let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        wanted.and_then(negotiate).or_else(Self::first)
    }

    /// A language by its tag.
    pub(crate) fn named(tag: &str) -> Option<Self> {
        LANGUAGES.iter().find(|language| language.tag == tag).map(Self)
    }

    fn first() -> Option<Self> {
        LANGUAGES.first().map(Self)
    }

    /// All languages, by tag and name.
    pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        CATALOGUES.iter().map(|(tag, name, _)| (*tag, *name))
    }

    /// The tag, for the page's `lang`.
    pub(crate) const fn tag(self) -> &'static str {
        self.0.tag
    }

    /// A text, if there is one of that name.
    pub(crate) fn find(self, key: &str, variables: Option<&FluentArgs<'_>>) -> Option<String> {
        let message = self.0.texts.get_message(key)?;
        let mut errors = Vec::new();
        let text = self.0.texts.format_pattern(message.value()?, variables, &mut errors);
        debug_assert!(errors.is_empty(), "{key}: {errors:?}");
        Some(text.into_owned())
    }

    /// A text. One that is missing is shown by its name: a page with a hole helps nobody.
    pub(crate) fn text(self, key: &str, variables: Option<&FluentArgs<'_>>) -> String {
        self.find(key, variables).unwrap_or_else(|| {
            debug_assert!(false, "there is no text {key}");
            key.to_owned()
        })
    }
}

/// The first of our languages in the order of preference, by its primary tag.
fn negotiate(wanted: &str) -> Option<Lang> {
    let mut ranges: Vec<(f32, &str)> = wanted
        .split(',')
        .filter_map(|range| {
            let mut parts = range.split(';');
            let tag = parts.next()?.trim();
            let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
            let weight = weight.map_or(Some(1.0), |weight| weight.parse().ok())?;
            (weight > 0.0).then_some((weight, tag))
        })
        .collect();
    ranges.sort_by(|one, other| other.0.total_cmp(&one.0));
    ranges.iter().find_map(|(_, tag)| {
        let primary = tag.split('-').next().unwrap_or(tag).to_ascii_lowercase();
        Lang::named(&primary)
    })
}

/// A text in a language: `t!(lang, "key")`, or with variables `t!(lang, "key", name = value)`.
macro_rules! t {
    ($lang:expr, $key:expr) => {
        $crate::language::Lang::text($lang, $key, None)
    };
    ($lang:expr, $key:expr, $($name:ident = $value:expr),+ $(,)?) => {{
        let mut variables = ::fluent_bundle::FluentArgs::new();
        $(variables.set(stringify!($name), $value);)+
        $crate::language::Lang::text($lang, $key, Some(&variables))
    }};
}

pub(crate) use t;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Names of texts that are put together from parts, as prefixes.
    const COMPOSED: &[&str] = &["rule-", "said-", "status-", "problem-", "reason-", "event-"];

    /// The texts of a language, each with the variables it uses.
    fn texts(sources: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = BTreeMap::new();
        for source in sources {
            let mut key = None::<String>;
            for line in source.lines() {
                let starts = line.split_once(" =").filter(|(name, _)| {
                    name.starts_with(|c: char| c.is_ascii_lowercase())
                        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                });
                if let Some((name, _)) = starts {
                    let new = found.insert(name.to_owned(), BTreeSet::new()).is_none();
                    assert!(new, "{name} is there twice");
                    key = Some(name.to_owned());
                }
                let Some(key) = &key else { continue };
                for part in line.split('$').skip(1) {
                    let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    let name = part.get(..end.unwrap_or(part.len())).unwrap();
                    found.get_mut(key).unwrap().insert(name.to_owned());
                }
            }
        }
        found
    }

    #[test]
    fn all_languages_have_the_same_texts() {
        let (first, others) = CATALOGUES.split_first().unwrap();
        let expected = texts(first.2);
        for (tag, _, sources) in others {
            let there = texts(sources);
            for (key, variables) in &expected {
                assert_eq!(there.get(key), Some(variables), "{tag}: {key}");
            }
            for key in there.keys() {
                assert!(expected.contains_key(key), "{tag}: {key} is not in {}", first.0);
            }
        }
    }

    #[test]
    fn every_text_is_well_formed() {
        for (tag, _, sources) in CATALOGUES {
            let mut bundle = FluentBundle::new_concurrent(vec![tag.parse().unwrap()]);
            for source in *sources {
                let resource = FluentResource::try_new((*source).to_owned());
                let resource = resource.unwrap_or_else(|(_, errors)| panic!("{tag}: {errors:?}"));
                bundle.add_resource(resource).unwrap_or_else(|errors| panic!("{tag}: {errors:?}"));
            }
        }
    }

    /// All string literals of the pages, and those that are names of texts.
    fn literals(folder: &Path, found: &mut BTreeSet<String>, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                literals(&path, found, names);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                for literal in text.split('"').skip(1) {
                    found.insert(literal.to_owned());
                }
                for part in text.split("(t!(").skip(1) {
                    let Some((_, rest)) = part.split_once(", \"") else { continue };
                    let key = rest.split('"').next().unwrap_or_default();
                    let near = part.find(", \"").is_some_and(|at| at < 40);
                    if near
                        && !key.is_empty()
                        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    {
                        names.insert(key.to_owned());
                    }
                }
            }
        }
    }

    #[test]
    fn every_text_is_used_and_every_text_that_is_used_is_there() {
        let (mut used, mut names) = (BTreeSet::new(), BTreeSet::new());
        literals(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut used, &mut names);
        let there = texts(CATALOGUES.first().unwrap().2);
        for key in there.keys() {
            let base = key.strip_suffix("-hint").unwrap_or(key);
            let composed = COMPOSED.iter().any(|prefix| key.starts_with(prefix));
            assert!(composed || used.contains(key) || used.contains(base), "{key} is not used");
        }
        for key in names.iter().filter(|key| *key != "key") {
            assert!(there.contains_key(key), "there is no text {key}");
        }
    }

    #[test]
    fn the_reader_is_answered_in_a_language_they_know() {
        for (wanted, tag) in [
            ("de", Some("de")),
            ("de-AT,de;q=0.9,en;q=0.8", Some("de")),
            ("en;q=0.5, de;q=0.7", Some("de")),
            ("fr, en;q=0.1", Some("en")),
            ("de;q=0, en", Some("en")),
            ("fr", None),
            ("", None),
        ] {
            assert_eq!(negotiate(wanted).map(Lang::tag), tag, "{wanted}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, "de".parse().unwrap());
        headers.insert("cookie", "language=en".parse().unwrap());
        assert_eq!(Lang::of(&headers).unwrap().tag(), "en");
    }
}
