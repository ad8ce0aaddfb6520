//! YAML with places.

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::{Location, Spanned};

use super::{Key, MAX_DEPTH, Node, Position, Value};
use crate::case::error::CaseError;

pub(super) fn parse(file: &Arc<Path>, text: &str) -> Result<Node, CaseError> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH },
    };
    let tree: Spanned<Tree> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let error = error.without_snippet();
            let location = error.location();
            let message = error.to_string();
            // The place that the parser adds to its words goes to the front.
            let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
            match location {
                Some(location) => CaseError::at(&place(file, location), message),
                None => CaseError::in_file(file, message),
            }
        })?;
    Ok(node(file, tree))
}

fn place(file: &Arc<Path>, location: Location) -> Position {
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Position {
        file: Arc::clone(file),
        line: number(location.line()),
        column: number(location.column()),
    }
}

fn node(file: &Arc<Path>, tree: Spanned<Tree>) -> Node {
    let value = match tree.value {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(value),
        Tree::Number(number) => Value::Number(number),
        Tree::Text(text) => Value::Text(text),
        Tree::List(items) => Value::List(items.into_iter().map(|item| node(file, item)).collect()),
        Tree::Object(members) => {
            let member = |(key, item): (Spanned<String>, Spanned<Tree>)| {
                let position = place(file, key.referenced);
                (Key { position, name: key.value }, node(file, item))
            };
            Value::Object(members.into_iter().map(member).collect())
        }
    };
    Node { position: place(file, tree.referenced), value }
}

#[derive(Debug)]
enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Spanned<Self>>),
    Object(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Grow;

        impl<'de> Visitor<'de> for Grow {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E: Error>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_none<E: Error>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
                Tree::deserialize(deserializer)
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Number(value.into()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Number(value.into()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
                let number = Number::from_f64(value);
                number.map(Tree::Number).ok_or_else(|| E::custom("not a finite number"))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Tree::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Tree::Object(members))
            }
        }

        deserializer.deserialize_any(Grow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, String> {
        parse(&Arc::from(Path::new("x.yaml")), text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_value_knows_its_place() {
        let node = read("a:\n  - 1\n  - b: yes\n    c: ~\n    d: '1'\n    e: 0.5\n").unwrap();
        let items = node.member("a").unwrap().items().unwrap();
        assert_eq!(items[0].position.to_string(), "x.yaml:2:5");
        assert_eq!(items[0].value, Value::Number(1.into()));
        let b = items[1].member("b").unwrap();
        assert_eq!((b.position.to_string().as_str(), b.text()), ("x.yaml:3:8", Some("yes")));
        assert_eq!(items[1].member("c").unwrap().value, Value::Null);
        assert_eq!(items[1].member("d").unwrap().text(), Some("1"));
        assert_eq!(items[1].member("e").unwrap().kind(), "a number");
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_place() {
        for (text, place) in
            [("a: [1", "x.yaml:"), ("a: 1\na: 2\n", "x.yaml:2:1"), ("*a", "x.yaml:")]
        {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(place), "{error}");
        }
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep).is_err());
    }
}
