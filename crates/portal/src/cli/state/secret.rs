//! Secrets of a document: it says where they are, and never what they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gatekey_core::secret::Secret;
use serde_json::{Value, json};

use super::Origin;
use crate::cli::input::read_secret;

/// A secret that a document refers to.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Wanted {
    /// The member that it is for.
    pub(super) member: &'static str,
    source: Source,
    origin: Origin,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Environment(String),
    File(PathBuf),
}

impl core::fmt::Display for Source {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "{{env: {name}}}"),
            Self::File(path) => write!(f, "{{file: {}}}", path.display()),
        }
    }
}

/// The schema of a reference.
pub(super) fn schema() -> Value {
    let text =
        |description: &str| json!({"type": "string", "minLength": 1, "description": description});
    json!({
        "type": "object",
        "additionalProperties": false,
        "description": "Where the secret is: in a variable of the environment, or in a file. \
                        Without this the stored secret stays.",
        "properties": {
            "env": text("The name of a variable."),
            "file": text("A path, from where the document is.")
        }
    })
}

/// The reference that stands for a secret that is not told.
pub(super) fn placeholder(words: &[&str]) -> Value {
    let mut name = String::from("GATEKEY_SECRET");
    for word in words {
        name.push('_');
        for c in word.chars() {
            name.push(if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
        }
    }
    json!({ "env": name })
}

impl Wanted {
    /// Reads a reference that keeps its schema. Without a source it is none.
    pub(super) fn read(
        member: &'static str,
        value: &Value,
        origin: &Origin,
    ) -> Result<Option<Self>, String> {
        let part = |name: &str| value.get(name).and_then(Value::as_str);
        let source = match (part("env"), part("file")) {
            (Some(name), None) => Source::Environment(name.to_owned()),
            (None, Some(path)) => {
                let folder = origin.file.parent().unwrap_or(Path::new(""));
                Source::File(folder.join(path))
            }
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return Err("must have `env` or `file`, not both".into()),
        };
        Ok(Some(Self { member, source, origin: origin.clone() }))
    }
}

/// The secrets that documents refer to.
#[derive(Debug, Default)]
pub(in crate::cli) struct Resolved(BTreeMap<Source, Secret<String>>);

impl Resolved {
    /// Reads every one of them, or says which are not there.
    pub(in crate::cli) fn read<'w>(
        wanted: impl Iterator<Item = &'w Wanted>,
    ) -> Result<Self, Vec<String>> {
        let mut found = BTreeMap::new();
        let mut missing = Vec::new();
        for wanted in wanted {
            if found.contains_key(&wanted.source) {
                continue;
            }
            let secret = match &wanted.source {
                Source::Environment(name) => {
                    std::env::var(name).map(Secret::new).map_err(|_| "is not set".to_owned())
                }
                Source::File(path) => read_secret(path)
                    .map(|text| Secret::new(text.expose().trim_end_matches(['\r', '\n']).into()))
                    .map_err(|error| error.to_string()),
            };
            let secret = secret.and_then(|secret| {
                if secret.expose().is_empty() { Err("is empty".into()) } else { Ok(secret) }
            });
            match secret {
                Ok(secret) => {
                    found.insert(wanted.source.clone(), secret);
                }
                Err(fault) => {
                    missing.push(format!("{}: {}: {fault}", wanted.origin, wanted.source))
                }
            }
        }
        if missing.is_empty() { Ok(Self(found)) } else { Err(missing) }
    }

    /// One of them.
    pub(super) fn get(&self, wanted: &Wanted) -> Option<&Secret<String>> {
        self.0.get(&wanted.source)
    }
}
