//! Specifications of APIs: OpenAPI 2, 3.0 and 3.1 and AsyncAPI 2 and 3, as JSON or YAML.
//!
//! What cannot be read as one of them is refused. What can be read but breaks a rule of its
//! format is kept, together with what was found: portals show specifications as they are.

mod asyncapi;
mod openapi;
mod pointer;
mod syntax;

pub(crate) use self::syntax::yaml;

use serde_json::Value;

use self::pointer::Place;
use crate::problem::{Invalid, Problem};

/// The most characters of a specification.
pub(crate) const MOST_CHARACTERS: usize = 5_000_000;
/// Findings beyond this many are not kept.
const MOST_FINDINGS: usize = 100;
/// The most operations of a specification.
const MOST_OPERATIONS: usize = 5_000;
/// The longest path, and the longest id, of an operation that is kept.
const LONGEST_PATH: usize = 2_000;
/// Longer ones are read on a thread of their own: others must not wait for them.
const LONG: usize = 64 << 10;

/// What a specification says.
#[derive(Debug, Default)]
pub(crate) struct Specification {
    /// `oas2`, `oas3` or `asyncapi`.
    pub(crate) kind: &'static str,
    /// The version in its `info`.
    pub(crate) version: Option<String>,
    /// What its format requires and it has not.
    pub(crate) errors: Vec<String>,
    /// What is suspicious.
    pub(crate) warnings: Vec<String>,
    /// What can be called, in the order of the document's paths.
    pub(crate) operations: Vec<Operation>,
}

/// A method of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    /// In capitals.
    pub(crate) method: &'static str,
    /// As the specification writes it.
    pub(crate) path: String,
    /// The id that the specification gives it.
    pub(crate) operation_id: Option<String>,
    /// In a few words.
    pub(crate) summary: Option<String>,
    /// In more.
    pub(crate) description: Option<String>,
}

impl Specification {
    /// Reads a specification; `field` is to blame for one that cannot be read.
    pub(crate) async fn read(content: &str, field: &str) -> Result<Self, Problem> {
        if content.is_empty() {
            let fault = Invalid::body(field, "min_length", "must have at least 1 characters");
            return Err(Problem::one_invalid(fault.at_least(1)));
        }
        let read = if content.len() < LONG {
            read(content)
        } else {
            let content = content.to_owned();
            let read = tokio::task::spawn_blocking(move || read(&content)).await;
            read.map_err(Problem::internal)?
        };
        read.map_err(|reason| Problem::one_invalid(Invalid::body(field, "invalid", reason)))
    }

    /// All that was found, as it is kept and shown.
    pub(crate) fn messages(&self) -> Vec<String> {
        let found = self.errors.iter().chain(&self.warnings);
        found.take(MOST_FINDINGS).cloned().collect()
    }

    fn error(&mut self, at: &Place<'_>, what: &str) {
        if self.errors.len() < MOST_FINDINGS {
            self.errors.push(format!("'{at}' {what}"));
        }
    }

    fn warning(&mut self, message: String) {
        if self.warnings.len() < MOST_FINDINGS && !self.warnings.contains(&message) {
            self.warnings.push(message);
        }
    }
}

fn read(content: &str) -> Result<Specification, String> {
    const UNKNOWN: &str = "must be an OpenAPI 2, OpenAPI 3 or AsyncAPI document, as JSON or YAML";
    if content.chars().nth(MOST_CHARACTERS).is_some() {
        return Err(format!("must have at most {MOST_CHARACTERS} characters"));
    }
    let document = syntax::parse(content)?;
    let stated = |name: &str| document.get(name).and_then(version_text);
    let mut found = Specification::default();
    let root = Place::ROOT;
    if let Some(version) = stated("openapi").filter(|version| version.starts_with("3.")) {
        found.kind = "oas3";
        openapi::check(&document, openapi::Edition::of(&version), &mut found);
    } else if stated("swagger").is_some_and(|version| version.starts_with("2.")) {
        found.kind = "oas2";
        openapi::check(&document, openapi::Edition::V2, &mut found);
    } else if let Some(version) = stated("asyncapi") {
        found.kind = "asyncapi";
        asyncapi::check(&document, &version, &mut found);
    } else {
        return Err(UNKNOWN.into());
    }
    info(&document, &root, &mut found);
    pointer::references(&document, &mut found);
    if found.operations.len() > MOST_OPERATIONS {
        return Err(format!("must have at most {MOST_OPERATIONS} operations"));
    }
    Ok(found)
}

/// The version of a format: text, or what YAML makes of an unquoted `3.1`.
fn version_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

/// The title and the version, which every format requires.
fn info(document: &Value, root: &Place<'_>, found: &mut Specification) {
    let at = root.member("info");
    let Some(info) = required_object(document, root, "info", found) else { return };
    for name in ["title", "version"] {
        match info.get(name) {
            None => found.error(&at.member(name), "is required"),
            Some(Value::String(_)) => {}
            Some(_) => found.error(&at.member(name), "must be a string"),
        }
    }
    found.version = info.get("version").and_then(|version| match version {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
}

/// A member that has to be there and to be an object.
fn required_object<'d>(
    of: &'d Value,
    at: &Place<'_>,
    name: &'static str,
    found: &mut Specification,
) -> Option<&'d serde_json::Map<String, Value>> {
    match of.get(name) {
        Some(Value::Object(members)) => return Some(members),
        None => found.error(&at.member(name), "is required"),
        Some(_) => found.error(&at.member(name), "must be an object"),
    }
    None
}

#[cfg(test)]
mod tests;
