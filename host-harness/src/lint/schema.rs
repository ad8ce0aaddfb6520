//! A JSON Schema, checked for its shape: keywords have the right types, and references resolve.
//!
//! The check is structural and our own: no instance is validated here, so a validator crate with
//! its formats, fetchers and regular expressions would be a large guest for a small job.

use serde_json::{Map, Value};

use super::finding::{Finding, kinds};

/// Which keywords are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Draft 4, which Kong reads.
    Draft4,
    /// Whatever the file's `$schema` says.
    Named,
}

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// What the value of a keyword must be.
#[derive(Clone, Copy)]
enum Shape {
    Schema,
    SchemaOrBoolean,
    SchemaOrList,
    Schemas,
    SchemaMap,
    Dependencies,
    Type,
    Names,
    Choices,
    Count,
    Number,
    Positive,
    Bound,
    Boolean,
    Text,
    Pattern,
    Any,
}

/// A keyword's shape, and whether draft 4 has it.
fn keyword(name: &str) -> Option<(Shape, bool)> {
    Some(match name {
        "not" => (Shape::Schema, true),
        "additionalItems" | "additionalProperties" => (Shape::SchemaOrBoolean, true),
        "items" => (Shape::SchemaOrList, true),
        "allOf" | "anyOf" | "oneOf" => (Shape::Schemas, true),
        "properties" | "patternProperties" | "definitions" => (Shape::SchemaMap, true),
        "dependencies" => (Shape::Dependencies, true),
        "type" => (Shape::Type, true),
        "required" => (Shape::Names, true),
        "enum" => (Shape::Choices, true),
        "maxLength" | "minLength" | "maxItems" | "minItems" | "maxProperties" | "minProperties" => {
            (Shape::Count, true)
        }
        "maximum" | "minimum" => (Shape::Number, true),
        "multipleOf" => (Shape::Positive, true),
        "exclusiveMaximum" | "exclusiveMinimum" => (Shape::Bound, true),
        "uniqueItems" => (Shape::Boolean, true),
        "pattern" => (Shape::Pattern, true),
        "$ref" | "$schema" | "id" | "title" | "description" | "format" => (Shape::Text, true),
        "default" => (Shape::Any, true),
        "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "contentSchema" => (Shape::SchemaOrBoolean, false),
        "prefixItems" => (Shape::Schemas, false),
        "$defs" | "dependentSchemas" => (Shape::SchemaMap, false),
        "dependentRequired" => (Shape::Dependencies, false),
        "minContains" | "maxContains" => (Shape::Count, false),
        "readOnly" | "writeOnly" | "deprecated" => (Shape::Boolean, false),
        "$id" | "$anchor" | "$dynamicRef" | "$dynamicAnchor" | "$comment" | "contentEncoding"
        | "contentMediaType" => (Shape::Text, false),
        "const" | "examples" | "$vocabulary" => (Shape::Any, false),
        _ => return None,
    })
}

/// Checks a schema that stands at this place of a file.
pub(super) fn check(schema: &Value, place: &str, dialect: Dialect) -> Vec<Finding> {
    let mut check = Check { root: schema, base: place, draft4: false, findings: Vec::new() };
    match (schema.get("$schema"), dialect) {
        (None, Dialect::Draft4) => check.draft4 = true,
        (None, Dialect::Named) => {
            let message = "no `$schema`: readers must guess the dialect";
            check.findings.push(Finding::warning(kinds::SCHEMA_DIALECT, place, message));
        }
        (Some(Value::String(name)), _) => {
            check.draft4 = name.contains("draft-04");
            let known = name.contains("json-schema.org/draft");
            if !known || (dialect == Dialect::Draft4 && !check.draft4) {
                let message = format!("dialect `{name}`");
                let place = format!("{place}/$schema");
                check.findings.push(Finding::warning(kinds::SCHEMA_DIALECT, place, message));
            }
        }
        (Some(_), _) => {}
    }
    check.schema(schema, place, 0);
    check.findings
}

struct Check<'a> {
    root: &'a Value,
    base: &'a str,
    draft4: bool,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn wrong(&mut self, place: &str, message: impl Into<String>) {
        self.findings.push(Finding::error(kinds::SCHEMA_TYPE, place, message));
    }

    fn schema(&mut self, schema: &Value, place: &str, depth: usize) {
        // serde_json itself stops at 128 levels.
        if depth > 128 {
            return self.wrong(place, "nested too deeply");
        }
        match schema {
            Value::Object(members) => self.members(members, place, depth),
            Value::Bool(_) if !self.draft4 => {}
            _ => self.wrong(place, "a schema must be an object"),
        }
    }

    fn members(&mut self, members: &Map<String, Value>, place: &str, depth: usize) {
        for (name, value) in members {
            let at = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
            match keyword(name) {
                Some((shape, draft4)) => {
                    if self.draft4 && !draft4 {
                        let message = "not a keyword of draft 4: readers of it pass over it";
                        self.findings.push(Finding::warning(kinds::SCHEMA_UNKNOWN, &*at, message));
                    }
                    self.value(shape, value, &at, depth);
                }
                None => {
                    let message = "not a keyword of JSON Schema: readers pass over it";
                    self.findings.push(Finding::info(kinds::SCHEMA_UNKNOWN, &*at, message));
                }
            }
            if let ("$ref", Value::String(target)) = (name.as_str(), value) {
                self.reference(target, &at);
            }
        }
    }

    fn value(&mut self, shape: Shape, value: &Value, at: &str, depth: usize) {
        match shape {
            Shape::Any => {}
            Shape::Schema => self.schema(value, at, depth + 1),
            Shape::SchemaOrBoolean if value.is_boolean() => {}
            Shape::SchemaOrBoolean => self.schema(value, at, depth + 1),
            Shape::SchemaOrList if value.is_array() => self.schemas(value, at, depth),
            Shape::SchemaOrList => self.schema(value, at, depth + 1),
            Shape::Schemas => self.schemas(value, at, depth),
            Shape::SchemaMap | Shape::Dependencies => {
                let Value::Object(members) = value else { return self.wrong(at, "not an object") };
                for (name, member) in members {
                    let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                    if at.contains("/patternProperties/") && regex::Regex::new(name).is_err() {
                        let message = "the name is not a regular expression";
                        self.findings.push(Finding::error(kinds::SCHEMA_PATTERN, &*at, message));
                    }
                    if matches!(shape, Shape::Dependencies) && member.is_array() {
                        self.names(member, &at);
                    } else {
                        self.schema(member, &at, depth + 1);
                    }
                }
            }
            Shape::Type => self.types(value, at),
            Shape::Names => {
                if self.draft4 && value.as_array().is_some_and(Vec::is_empty) {
                    self.wrong(at, "draft 4 asks for at least one name");
                }
                self.names(value, at);
            }
            Shape::Choices => match value {
                Value::Array(choices) if !choices.is_empty() => {}
                _ => self.wrong(at, "not an array with at least one value"),
            },
            Shape::Count => {
                if value.as_u64().is_none() {
                    self.wrong(at, "not a count");
                }
            }
            Shape::Number => {
                if !value.is_number() {
                    self.wrong(at, "not a number");
                }
            }
            Shape::Positive => {
                if !value.as_f64().is_some_and(|number| number > 0.0) {
                    self.wrong(at, "not a number above 0");
                }
            }
            Shape::Bound => match (self.draft4, value) {
                (true, Value::Bool(_)) | (false, Value::Number(_)) => {}
                (true, _) => self.wrong(at, "draft 4 asks for true or false"),
                (false, _) => self.wrong(at, "not a number"),
            },
            Shape::Boolean => {
                if !value.is_boolean() {
                    self.wrong(at, "neither true nor false");
                }
            }
            Shape::Text => {
                if !value.is_string() {
                    self.wrong(at, "not a string");
                }
            }
            Shape::Pattern => match value.as_str().map(regex::Regex::new) {
                None => self.wrong(at, "not a string"),
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    let reason = error.to_string().replace('\n', " ");
                    self.findings.push(Finding::error(kinds::SCHEMA_PATTERN, at, reason));
                }
            },
        }
    }

    fn schemas(&mut self, value: &Value, at: &str, depth: usize) {
        match value {
            Value::Array(schemas) if !schemas.is_empty() => {
                for (index, schema) in schemas.iter().enumerate() {
                    self.schema(schema, &format!("{at}/{index}"), depth + 1);
                }
            }
            _ => self.wrong(at, "not an array with at least one schema"),
        }
    }

    fn names(&mut self, value: &Value, at: &str) {
        let names = value.as_array().filter(|names| names.iter().all(Value::is_string));
        let Some(names) = names else { return self.wrong(at, "not an array of strings") };
        let twice = names
            .iter()
            .enumerate()
            .find(|(index, name)| names.iter().take(*index).any(|before| before == *name));
        if let Some((_, name)) = twice {
            self.wrong(at, format!("{name} stands twice"));
        }
    }

    fn types(&mut self, value: &Value, at: &str) {
        let names = match value {
            Value::Array(names) if !names.is_empty() => names.as_slice(),
            Value::String(_) => core::slice::from_ref(value),
            _ => return self.wrong(at, "neither a type nor a list of types"),
        };
        for name in names {
            if !name.as_str().is_some_and(|name| TYPES.contains(&name)) {
                self.wrong(at, format!("{name} is not one of {}", TYPES.join(", ")));
            }
        }
    }

    fn reference(&mut self, target: &str, at: &str) {
        let Some(pointer) = target.strip_prefix('#') else {
            let message = format!("`{target}` lies outside this file and is not checked");
            self.findings.push(Finding::warning(kinds::SCHEMA_EXTERNAL, at, message));
            return;
        };
        let pointer = percent_decoded(pointer);
        // In metadata the pointer counts from the schema, as Kong takes it out of the file.
        if self.root.pointer(&pointer).is_none() && !self.has_anchor(&pointer) {
            let message = format!("`{target}` names nothing below `{}`", self.base);
            self.findings.push(Finding::error(kinds::SCHEMA_REF, at, message));
        }
    }

    fn has_anchor(&self, name: &str) -> bool {
        fn find(value: &Value, name: &str) -> bool {
            match value {
                Value::Object(members) => {
                    let named = members.get("$anchor").and_then(Value::as_str) == Some(name);
                    named || members.values().any(|value| find(value, name))
                }
                Value::Array(items) => items.iter().any(|value| find(value, name)),
                _ => false,
            }
        }
        !self.draft4 && !name.is_empty() && find(self.root, name)
    }
}

/// A fragment's escapes undone.
fn percent_decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let mut digit = || char::from(ahead.next()?).to_digit(16);
        let escaped = if byte == b'%' { digit().zip(digit()) } else { None };
        match escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(decoded) => {
                out.push(decoded);
                bytes = ahead;
            }
            None => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn draft4(schema: &Value) -> Vec<(String, &'static str)> {
        let findings = check(schema, "", Dialect::Draft4);
        findings.into_iter().map(|finding| (finding.place, finding.code)).collect()
    }

    #[test]
    fn a_good_schema_has_nothing_to_say() {
        let schema = json!({
            "$schema": "http://json-schema.org/draft-04/schema#",
            "type": "object",
            "required": ["a"],
            "properties": {
                "a": { "$ref": "#/definitions/name%20it" },
                "b": { "type": ["integer", "null"], "minimum": 0, "exclusiveMinimum": true },
                "c": { "type": "array", "items": { "enum": ["x"] }, "uniqueItems": true },
            },
            "additionalProperties": false,
            "definitions": { "name it": { "type": "string", "pattern": "^a+$" } },
        });
        assert_eq!(draft4(&schema), []);
    }

    #[test]
    fn each_keyword_can_be_wrong() {
        let cases = [
            (json!({ "type": "text" }), "/type", "L090"),
            (json!({ "type": [] }), "/type", "L090"),
            (json!({ "required": "a" }), "/required", "L090"),
            (json!({ "required": [] }), "/required", "L090"),
            (json!({ "required": ["a", "a"] }), "/required", "L090"),
            (json!({ "enum": [] }), "/enum", "L090"),
            (json!({ "maxLength": -1 }), "/maxLength", "L090"),
            (json!({ "minimum": "1" }), "/minimum", "L090"),
            (json!({ "multipleOf": 0 }), "/multipleOf", "L090"),
            (json!({ "exclusiveMinimum": 3 }), "/exclusiveMinimum", "L090"),
            (json!({ "uniqueItems": 1 }), "/uniqueItems", "L090"),
            (json!({ "title": 1 }), "/title", "L090"),
            (json!({ "pattern": "(" }), "/pattern", "L095"),
            (json!({ "patternProperties": { "(": {} } }), "/patternProperties/(", "L095"),
            (json!({ "properties": [] }), "/properties", "L090"),
            (json!({ "properties": { "a": 1 } }), "/properties/a", "L090"),
            (json!({ "items": [{ "type": 1 }] }), "/items/0/type", "L090"),
            (json!({ "anyOf": [] }), "/anyOf", "L090"),
            (json!({ "not": true }), "/not", "L090"),
            (json!({ "dependencies": { "a": [1] } }), "/dependencies/a", "L090"),
            (json!({ "$ref": "#/definitions/a" }), "/$ref", "L091"),
            (json!({ "$ref": "other.json" }), "/$ref", "L092"),
            (json!({ "const": 1 }), "/const", "L094"),
            (json!({ "typ": "string" }), "/typ", "L094"),
            (json!({ "$schema": "urn:x" }), "/$schema", "L093"),
            (json!([]), "", "L090"),
        ];
        for (schema, place, code) in cases {
            assert_eq!(draft4(&schema), [(place.to_owned(), code)], "{schema}");
        }
    }

    #[test]
    fn later_drafts_have_their_own_rules() {
        let name = "https://json-schema.org/draft/2020-12/schema";
        let schema = json!({
            "$schema": name, "exclusiveMinimum": 3, "not": true, "required": [],
            "$defs": { "a": { "$anchor": "here" } }, "$ref": "#here",
        });
        assert_eq!(check(&schema, "", Dialect::Named), []);
        let schema = json!({ "$schema": name, "exclusiveMinimum": true });
        assert_eq!(check(&schema, "", Dialect::Named).first().unwrap().code, "L090");
        assert_eq!(check(&json!({}), "", Dialect::Named).first().unwrap().code, "L093");
    }
}
