//! JSON with places: each value is read from the slice of the text that it fills.

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Key, MAX_DEPTH, Node, Position, Value};
use crate::case::error::CaseError;

pub(super) fn parse(file: &Arc<Path>, text: &str) -> Result<Node, CaseError> {
    let reader = Reader { file, text, lines: line_starts(text) };
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
        let position =
            Position { file: Arc::clone(file), line: error.line(), column: error.column() };
        CaseError::at(&position, plain(&error))
    })?;
    reader.node(raw, 0)
}

/// What the parser says, without the place that it adds.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    core::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
}

struct Reader<'t> {
    file: &'t Arc<Path>,
    text: &'t str,
    lines: Vec<usize>,
}

impl<'t> Reader<'t> {
    fn position(&self, raw: &'t RawValue) -> Position {
        // A raw value is a slice of the text.
        let at = raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let line = self.lines.partition_point(|start| *start <= at);
        let start = line.checked_sub(1).and_then(|line| self.lines.get(line));
        let column = at - start.copied().unwrap_or_default() + 1;
        Position { file: Arc::clone(self.file), line, column }
    }

    fn node(&self, raw: &'t RawValue, depth: usize) -> Result<Node, CaseError> {
        let position = self.position(raw);
        let refused = |error: serde_json::Error| CaseError::at(&position, plain(&error));
        if depth > MAX_DEPTH {
            return Err(CaseError::at(&position, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let value = match raw.get().as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(raw.get()).map_err(refused)?;
                let members = members.into_iter().map(|(name, raw)| {
                    let node = self.node(raw, depth + 1)?;
                    Ok((Key { position: node.position.clone(), name }, node))
                });
                Value::Object(members.collect::<Result<_, CaseError>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(refused)?;
                let items = items.into_iter().map(|raw| self.node(raw, depth + 1));
                Value::List(items.collect::<Result<_, CaseError>>()?)
            }
            _ => match serde_json::from_str(raw.get()).map_err(refused)? {
                serde_json::Value::Bool(value) => Value::Bool(value),
                serde_json::Value::Number(number) => Value::Number(number),
                serde_json::Value::String(text) => Value::Text(text),
                _ => Value::Null,
            },
        };
        Ok(Node { position, value })
    }
}

/// An object's members in order, no name twice.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((name, raw)) = map.next_entry::<String, _>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format!("`{name}` is there twice")));
                    }
                    members.push((name, raw));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, String> {
        parse(&Arc::from(Path::new("x.json")), text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_value_knows_its_place() {
        let node = read("{\n  \"a\": [1,\n    {\"b\": \"\\ud83d\\ude00\"}]}").unwrap();
        let items = node.member("a").unwrap().items().unwrap();
        assert_eq!(items[0].position.to_string(), "x.json:2:9");
        let b = items[1].member("b").unwrap();
        assert_eq!((b.position.to_string().as_str(), b.text()), ("x.json:3:11", Some("😀")));
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        assert_eq!(read("{\n \"a\": }").unwrap_err(), "x.json:2:7: expected value");
        assert_eq!(read("{\"a\": 1, \"a\": 2}").unwrap_err(), "x.json:1:1: `a` is there twice");
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&deep).unwrap_err(), "x.json:1:66: nested deeper than 64 levels");
    }
}
