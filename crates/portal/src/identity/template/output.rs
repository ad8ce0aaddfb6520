//! What a run writes.

use serde_json::Value as Json;

use super::Fault;
use super::value::Value;

/// The longest output, in bytes.
const LONGEST: usize = 16 << 10;

/// What was written so far.
#[derive(Debug)]
pub(super) struct Output {
    text: String,
    /// The only value that was put, when there was nothing else but white space.
    only: Option<Value>,
    /// How many values were put.
    put: usize,
    /// Whether there is text of the template itself, other than white space.
    has_text: bool,
    /// Whether values are written as JSON.
    as_json: bool,
    /// Whether the text so far ends inside a string of JSON, and behind a backslash there.
    inside: bool,
    escaped: bool,
}

impl Output {
    /// An output that may become JSON.
    pub(super) fn of_json() -> Self {
        Self { as_json: true, ..Self::of_text() }
    }

    /// An output of text.
    pub(super) fn of_text() -> Self {
        Self {
            text: String::new(),
            only: None,
            put: 0,
            has_text: false,
            as_json: false,
            inside: false,
            escaped: false,
        }
    }

    /// Writes text of the template itself.
    pub(super) fn write(&mut self, text: &str) -> Result<(), Fault> {
        for character in text.chars() {
            match character {
                _ if self.escaped => self.escaped = false,
                '\\' if self.inside => self.escaped = true,
                '"' => self.inside = !self.inside,
                _ => {}
            }
        }
        self.has_text |= !text.trim().is_empty();
        self.append(text)
    }

    /// Writes a value.
    pub(super) fn put(&mut self, value: Value) -> Result<(), Fault> {
        self.put += 1;
        let text = if !self.as_json {
            value.clone().into_text()
        } else if self.inside {
            let quoted = Json::String(value.clone().into_text()).to_string();
            let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            inner.unwrap_or_default().to_owned()
        } else {
            value.clone().into_json().to_string()
        };
        self.only = Some(value);
        self.append(&text)
    }

    fn append(&mut self, text: &str) -> Result<(), Fault> {
        if self.text.len().saturating_add(text.len()) > LONGEST {
            return Err(Fault::costly("makes a value that is too large"));
        }
        self.text.push_str(text);
        Ok(())
    }

    /// The text.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// The value, unless the output is to be text: JSON that the template itself writes, or the
    /// only value that was put.
    pub(super) fn into_value(self) -> Option<Json> {
        if self.put == 1 && !self.has_text {
            return self.only.map(|value| match value {
                Value::Nil => Json::String(String::new()),
                value => value.into_json(),
            });
        }
        let first = self.text.trim_start().chars().next();
        let is_json = self.put == 0 || matches!(first, Some('{' | '[' | '"')) && self.has_text;
        if is_json { serde_json::from_str(&self.text).ok() } else { None }
    }
}
