//! From the tree to what it means, by serde; every error tells the innermost place it belongs to.

use core::fmt;
use std::path::{Path, PathBuf};

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::{Key, Node, Position, Value};
use crate::case::error::{CaseError, join};

/// The name under which [`FilePath`] asks for the place of a path.
const PATH: &str = "$path";

/// A path in a case file, which is relative to that file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePath(pub(crate) PathBuf);

impl<'de> Deserialize<'de> for FilePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsText;

        impl<'de> Visitor<'de> for AsText {
            type Value = FilePath;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<FilePath, D::Error> {
                String::deserialize(deserializer).map(|path| FilePath(path.into()))
            }
        }

        deserializer.deserialize_newtype_struct(PATH, AsText)
    }
}

/// Why a tree does not mean what was asked for.
#[derive(Debug)]
pub(crate) struct Refusal {
    rule: String,
    position: Option<Position>,
    member: String,
}

impl Refusal {
    fn new(rule: impl fmt::Display) -> Self {
        Self { rule: rule.to_string(), position: None, member: String::new() }
    }

    fn at(mut self, position: &Position) -> Self {
        self.position.get_or_insert_with(|| position.clone());
        self
    }

    fn inside(mut self, outer: &str) -> Self {
        self.member = join(outer, &self.member);
        self
    }

    pub(super) fn located(self, position: &Position) -> CaseError {
        CaseError::at(self.position.as_ref().unwrap_or(position), self.rule).about(self.member)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule)
    }
}

impl core::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }
}

impl Node {
    fn unexpected(&self) -> Unexpected<'_> {
        match &self.value {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => Unexpected::Unsigned(number),
                (_, Some(number), _) => Unexpected::Signed(number),
                (_, _, number) => Unexpected::Float(number.unwrap_or(f64::NAN)),
            },
            Value::Text(text) => Unexpected::Str(text),
            Value::List(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        }
    }

    fn visit<'de, V: Visitor<'de>>(&'de self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (_, _, number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => {
                let mut list = Items { items: items.iter(), at: 0 };
                let value = visitor.visit_seq(&mut list)?;
                match list.items.next() {
                    None => Ok(value),
                    Some(extra) => {
                        let rule = format!("the list has more than {} items", list.at);
                        Err(Refusal::new(rule).at(&extra.position))
                    }
                }
            }
            Value::Object(members) => {
                let mut object = Members { members: members.iter(), now: None };
                let value = visitor.visit_map(&mut object)?;
                match object.members.next() {
                    None => Ok(value),
                    Some((extra, _)) => {
                        let rule = format!("only one member may be here, not `{}` too", extra.name);
                        Err(Refusal::new(rule).at(&extra.position))
                    }
                }
            }
        }
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.visit(visitor).map_err(|refusal| refusal.at(&self.position))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let end = match (name, self.text()) {
            (PATH, Some(path)) => {
                let folder = self.position.file.parent().unwrap_or(Path::new(""));
                let path = folder.join(path).to_string_lossy().into_owned();
                let path: StringDeserializer<Refusal> = path.into_deserializer();
                visitor.visit_newtype_struct(path)
            }
            _ => visitor.visit_newtype_struct(self),
        };
        end.map_err(|refusal| refusal.at(&self.position))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let end = match &self.value {
            Value::Text(name) => {
                visitor.visit_enum(Variant { name, at: &self.position, content: None })
            }
            Value::Object(members) => match members.as_slice() {
                [(Key { name, position }, content)] => {
                    visitor.visit_enum(Variant { name, at: position, content: Some(content) })
                }
                _ => Err(Refusal::new(format!(
                    "expected exactly one member, one of `{}`",
                    known.join("`, `")
                ))),
            },
            _ => Err(de::Error::invalid_type(
                self.unexpected(),
                &format!("one of `{}`", known.join("`, `")).as_str(),
            )),
        };
        end.map_err(|refusal| refusal.at(&self.position))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'de> {
    items: core::slice::Iter<'de, Node>,
    at: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refusal> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let value = seed.deserialize(item);
        let value = value.map_err(|refusal| refusal.inside(&format!("[{}]", self.at)));
        self.at += 1;
        value.map(Some)
    }
}

struct Members<'de> {
    members: core::slice::Iter<'de, (Key, Node)>,
    now: Option<(&'de Key, &'de Node)>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refusal> {
        let Some((key, node)) = self.members.next() else { return Ok(None) };
        self.now = Some((key, node));
        let name: de::value::BorrowedStrDeserializer<'de, Refusal> =
            de::value::BorrowedStrDeserializer::new(&key.name);
        seed.deserialize(name).map(Some).map_err(|refusal| refusal.at(&key.position))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let (key, node) = self.now.take().ok_or_else(|| Refusal::new("a value without a name"))?;
        seed.deserialize(node).map_err(|refusal| refusal.inside(&key.name))
    }
}

struct Variant<'de> {
    name: &'de str,
    at: &'de Position,
    content: Option<&'de Node>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refusal> {
        let name: de::value::BorrowedStrDeserializer<'de, Refusal> =
            de::value::BorrowedStrDeserializer::new(self.name);
        let value = seed.deserialize(name).map_err(|refusal| refusal.at(self.at))?;
        Ok((value, self))
    }
}

impl<'de> Variant<'de> {
    fn content(&self) -> Result<&'de Node, Refusal> {
        let missing = || Refusal::new(format!("`{}` needs a value", self.name)).at(self.at);
        self.content.ok_or_else(missing)
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        match self.content {
            None => Ok(()),
            Some(content) => {
                let rule = format!("`{}` takes no value: write it as text", self.name);
                Err(Refusal::new(rule).at(&content.position))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refusal> {
        seed.deserialize(self.content()?).map_err(|refusal| refusal.inside(self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Refusal> {
        let content = self.content()?;
        content.deserialize_any(visitor).map_err(|refusal| refusal.inside(self.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let content = self.content()?;
        content.deserialize_any(visitor).map_err(|refusal| refusal.inside(self.name))
    }
}
