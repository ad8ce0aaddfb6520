//! Labels: short tags that administrators put on things.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::problem::{Invalid, Problem};

/// The most labels of one thing.
const MOST: usize = 50;
/// The longest key.
const LONGEST_KEY: usize = 63;
/// Keys that begin with one of these are Kong's.
const RESERVED: [&str; 5] = ["kong", "konnect", "mesh", "kic", "_"];
/// What a value looks like.
const VALUE: &str = "^[a-z0-9A-Z]{1}([a-z0-9A-Z._-]*[a-z0-9A-Z]+)?$";

/// Labels to set, and with null labels to remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct LabelEdit(BTreeMap<String, Option<String>>);

impl LabelEdit {
    /// The labels after the edit of those before.
    pub(crate) fn apply(self, before: &Value) -> Result<Value, Problem> {
        let mut faults = Vec::new();
        let mut labels: Map<String, Value> = before.as_object().cloned().unwrap_or_default();
        for (key, value) in self.0 {
            let length = key.chars().count();
            let at = format!("labels.{key}");
            if length == 0 || length > LONGEST_KEY {
                let reason = format!("the key must have 1 to {LONGEST_KEY} characters");
                faults.push(Invalid::body(at, "is_label", reason));
            } else if let Some(lead) = RESERVED.iter().find(|lead| key.starts_with(**lead)) {
                let reason = format!("the key must not begin with {lead}");
                faults.push(Invalid::body(at, "is_label", reason));
            }
            match value {
                Some(value) => labels.insert(key, value.into()),
                None => labels.remove(&key),
            };
        }
        if labels.len() > MOST {
            let reason = format!("must have at most {MOST} items");
            faults.push(Invalid::body("labels", "max_items", reason).at_most(MOST as u64));
        }
        if faults.is_empty() { Ok(Value::Object(labels)) } else { Err(Problem::invalid(faults)) }
    }

    /// The labels of something new.
    pub(crate) fn fresh(self) -> Result<Value, Problem> {
        self.apply(&Value::Null)
    }
}

impl JsonSchema for LabelEdit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Labels".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Labels; on an update, null removes one.",
            "additionalProperties": {
                "type": ["string", "null"],
                "minLength": 1,
                "maxLength": 63,
                "pattern": VALUE
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edit(value: Value) -> LabelEdit {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn null_removes_and_the_rest_stays() {
        let before = json!({"env": "test", "team": "one"});
        let after = edit(json!({"env": null, "tier": "gold"})).apply(&before).unwrap();
        assert_eq!(after, json!({"team": "one", "tier": "gold"}));
    }

    #[test]
    fn reserved_and_long_keys_are_refused() {
        for key in ["kongx", "konnect", "mesh-1", "kic", "_x", "", &"x".repeat(64)] {
            assert!(edit(json!({ key: "y" })).fresh().is_err(), "{key}");
        }
        assert!(edit(json!({ "x".repeat(63): "y" })).fresh().is_ok());
    }
}
