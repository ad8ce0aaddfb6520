//! What a case file says, before it means anything: values that know where they were written.
//!
//! Both formats become the same tree. Includes are merged and tables filled in on the tree, so that
//! an error found afterwards still names the line it comes from.

pub(crate) mod fill;
mod json;
mod typed;
mod yaml;

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Number;

pub(crate) use self::typed::FilePath;
use crate::case::error::CaseError;

/// Deeper files are refused: nothing that a case can say is nested further.
const MAX_DEPTH: usize = 64;

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) file: Arc<Path>,
    /// Counted from 1.
    pub(crate) line: usize,
    /// Counted from 1, in bytes or in characters as the format's parser has it.
    pub(crate) column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) position: Position,
    pub(crate) value: Value,
}

/// A member's name and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub(crate) position: Position,
    pub(crate) name: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(Key, Node)>),
}

impl Node {
    /// Reads a file's bytes; its ending tells the format.
    pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Self, CaseError> {
        let file: Arc<Path> = Arc::from(path);
        let text = core::str::from_utf8(bytes).map_err(|error| {
            let line = bytes.iter().take(error.valid_up_to()).filter(|b| **b == b'\n').count() + 1;
            CaseError::in_file(path, format!("line {line}: not UTF-8"))
        })?;
        // A byte order mark is no part of either format.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => json::parse(&file, text),
            _ => yaml::parse(&file, text),
        }
    }

    /// The tree as what it means.
    pub(crate) fn typed<T: DeserializeOwned>(&self) -> Result<T, CaseError> {
        T::deserialize(self).map_err(|refusal| refusal.located(&self.position))
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        let Value::Object(members) = &self.value else { return None };
        members.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// Takes a member out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Self> {
        let Value::Object(members) = &mut self.value else { return None };
        let at = members.iter().position(|(key, _)| key.name == name)?;
        Some(members.remove(at).1)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn items(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// What kind of value it is, for an error.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}
