//! Members that may be missing, as something other than members that may be null.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

/// A member of a body that may be missing. `Given<Option<T>>` may also be null, and the two
/// differ; `Given<T>` may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Given<T> {
    /// The member is missing.
    #[default]
    No,
    /// The member is there.
    Yes(T),
}

impl<T> Given<T> {
    /// The value, or another one when the member is missing.
    pub(crate) fn or(self, other: T) -> T {
        match self {
            Self::No => other,
            Self::Yes(value) => value,
        }
    }

    /// The value, if the member is there.
    pub(crate) fn value(self) -> Option<T> {
        match self {
            Self::No => None,
            Self::Yes(value) => Some(value),
        }
    }

    /// Puts the value in its place, if the member is there.
    pub(crate) fn put(self, place: &mut T) {
        if let Self::Yes(value) = self {
            *place = value;
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::Yes)
    }
}

impl<T: JsonSchema> JsonSchema for Given<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
