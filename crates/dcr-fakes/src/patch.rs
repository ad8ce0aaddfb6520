//! Changes of JSON objects.

use serde_json::Value;

/// Puts the members of an object into another.
pub(crate) fn merge(into: &mut Value, from: &Value) {
    if let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) {
        into.extend(from.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
}

/// An object with the members of another.
pub(crate) fn merged(mut into: Value, from: &Value) -> Value {
    merge(&mut into, from);
    into
}
