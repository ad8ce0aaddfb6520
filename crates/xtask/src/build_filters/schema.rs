//! The filter's configuration schema, as it is and as Kong wants it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

pub(super) fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| {
        format!("the configuration schema {} is missing: `cargo xtask generate`", path.display())
    })?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

pub(super) fn pretty(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// What Kong reads beside a filter. A file that it cannot read stops Kong from starting.
pub(super) fn kong_metadata(schema: &Value) -> Value {
    let mut schema = draft_4(schema);
    if let Some(object) = schema.as_object_mut() {
        object.insert("$schema".to_owned(), json!("http://json-schema.org/draft-04/schema#"));
    }
    json!({ "config_schema": schema })
}

/// Kong knows draft 4 of JSON Schema; ours is of 2020. The words that differ and that a
/// derived schema uses are put into the older ones.
fn draft_4(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => Value::Object(draft_4_object(object)),
        Value::Array(items) => Value::Array(items.iter().map(draft_4).collect()),
        other => other.clone(),
    }
}

fn draft_4_object(object: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, value) in object {
        match (key.as_str(), value) {
            // Names of fields, which may well be called `const`.
            ("properties", Value::Object(fields)) => {
                let fields = fields.iter().map(|(name, v)| (name.clone(), draft_4(v))).collect();
                out.insert(key.clone(), Value::Object(fields));
            }
            ("$defs", Value::Object(types)) => {
                let types = types.iter().map(|(name, v)| (name.clone(), draft_4(v))).collect();
                out.insert("definitions".to_owned(), Value::Object(types));
            }
            ("$ref", Value::String(target)) => {
                let target = target.replace("#/$defs/", "#/definitions/");
                out.insert(key.clone(), Value::String(target));
            }
            ("const", constant) => {
                out.insert("enum".to_owned(), json!([constant]));
            }
            ("exclusiveMinimum" | "exclusiveMaximum", Value::Number(limit)) => {
                let plain = key.replace("exclusiveM", "m");
                out.insert(plain, Value::Number(limit.clone()));
                out.insert(key.clone(), Value::Bool(true));
            }
            ("default" | "enum" | "examples", value) => {
                out.insert(key.clone(), value.clone());
            }
            (_, value) => {
                out.insert(key.clone(), draft_4(value));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_words_become_older_ones() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "properties": {
                "const": { "$ref": "#/$defs/Host" },
                "seconds": { "exclusiveMinimum": 0, "default": { "const": 1 } },
            },
            "$defs": { "Host": { "oneOf": [{ "const": "envoy" }] } },
        });
        assert_eq!(
            kong_metadata(&schema),
            json!({ "config_schema": {
                "$schema": "http://json-schema.org/draft-04/schema#",
                "properties": {
                    "const": { "$ref": "#/definitions/Host" },
                    "seconds": {
                        "minimum": 0, "exclusiveMinimum": true, "default": { "const": 1 },
                    },
                },
                "definitions": { "Host": { "oneOf": [{ "enum": ["envoy"] }] } },
            }})
        );
    }

    #[test]
    fn a_missing_schema_says_how_to_make_it() {
        let error = read(Path::new("/nonexistent/config.schema.json")).unwrap_err();
        assert!(error.to_string().contains("cargo xtask generate"), "{error}");
    }
}
