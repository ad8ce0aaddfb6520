//! From JSON to the types of a configuration.

use core::fmt;
use std::borrow::Cow;

use gatekey_core::json::{Fault, Member, Node, Object, Value};
use gatekey_core::secret::Secret;

fn fault<T>(at: usize, rule: impl Into<Cow<'static, str>>) -> Result<T, Fault> {
    Err(Fault::new(at, rule))
}

/// What can be read from a value. `name` is that of the field it stands in.
pub(super) trait Read: Sized {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault>;
}

fn must_be<T>(at: usize, name: &str, what: &str) -> Result<T, Fault> {
    fault(at, ["`", name, "` must be ", what].concat())
}

impl Read for bool {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        match node.value {
            Value::Flag(flag) => Ok(flag),
            _ => must_be(node.at, name, "true or false"),
        }
    }
}

impl Read for u64 {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        let number = match node.value {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        };
        number.map_or_else(|| must_be(node.at, name, "a whole number"), Ok)
    }
}

impl Read for u32 {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        let at = node.at;
        let number = u64::read(node, name)?.try_into();
        number.or_else(|_| must_be(at, name, "a smaller number"))
    }
}

fn text<'j>(node: Node<'j>, name: &str) -> Result<Cow<'j, str>, Fault> {
    match node.value {
        Value::Text(text) => Ok(text),
        _ => must_be(node.at, name, "a string"),
    }
}

impl Read for String {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        text(node, name).map(Cow::into_owned)
    }
}

impl Read for Secret<String> {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        String::read(node, name).map(Self::new)
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        match node.value {
            Value::Null => Ok(None),
            _ => T::read(node, name).map(Some),
        }
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        match node.value {
            Value::List(items) => items.into_iter().map(|item| T::read(item, name)).collect(),
            _ => must_be(node.at, name, "a list"),
        }
    }
}

/// The fields of an object whose names are free, as they stand.
pub(super) struct Named<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: fmt::Debug> fmt::Debug for Named<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, value)| (name, value))).finish()
    }
}

impl<T: Read> Read for Named<T> {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        let Fields { fields, .. } = Fields::of(node, name)?;
        let read = fields.members.into_iter().map(|Member { name, node, .. }| {
            let value = T::read(node, &name)?;
            Ok((name.into_owned(), value))
        });
        read.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(any(test, feature = "schema"))]
impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Named<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(core::marker::PhantomData<T>);

        impl<'de, T: serde::Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Named<T>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Named(fields))
            }
        }

        deserializer.deserialize_map(Visitor(core::marker::PhantomData))
    }
}

/// Finds which of a few words a value is.
pub(super) fn word(node: Node<'_>, name: &str, words: &[&str]) -> Result<usize, Fault> {
    let at = node.at;
    let text = text(node, name)?;
    words.iter().position(|word| *word == text).map_or_else(
        || {
            let known = words.join("`, `");
            fault(
                at,
                ["unknown variant `", &text, "`, `", name, "` is one of `", &known, "`"].concat(),
            )
        },
        Ok,
    )
}

/// The fields of an object that are still to be read.
#[derive(Debug)]
pub(super) struct Fields<'j> {
    at: usize,
    fields: Object<'j>,
}

impl<'j> Fields<'j> {
    pub(super) fn of(node: Node<'j>, name: &str) -> Result<Self, Fault> {
        match node.value {
            Value::Object(fields) => Ok(Self { at: node.at, fields }),
            _ => must_be(node.at, name, "an object"),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some()
    }

    pub(super) fn required<T: Read>(&mut self, name: &str) -> Result<T, Fault> {
        match self.fields.take(name) {
            Some(node) => T::read(node, name),
            None => fault(self.at, ["missing field `", name, "`"].concat()),
        }
    }

    pub(super) fn or<T: Read>(&mut self, name: &str, absent: T) -> Result<T, Fault> {
        self.fields.take(name).map_or(Ok(absent), |node| T::read(node, name))
    }

    /// Refuses what nobody asked for.
    pub(super) fn end(self) -> Result<(), Fault> {
        match self.fields.members.first() {
            None => Ok(()),
            Some(field) => fault(field.node.at, ["unknown field `", &*field.name, "`"].concat()),
        }
    }
}
