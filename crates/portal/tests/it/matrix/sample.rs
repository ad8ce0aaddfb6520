//! Bodies that a description allows: whoever may not call must be refused for that, and not for what
//! they sent.

use serde_json::{Map, Value, json};

/// The smallest value that a schema allows, as far as schemas here go.
pub(super) fn sample(description: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return sample(description, description.pointer(pointer).unwrap());
    }
    for member in ["default", "const"] {
        if let Some(value) = schema.get(member) {
            return value.clone();
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    for member in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[member].as_array() {
            let mut made = choices.iter().map(|choice| sample(description, choice));
            let value = made.clone().find(|value| !value.is_null()).or_else(|| made.next());
            return merged(value.unwrap_or_default(), object(description, schema));
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = object(description, schema);
        for part in parts {
            whole = merged(whole, sample(description, part));
        }
        return whole;
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").cloned(),
        one => Some(one.clone()),
    };
    match kind.as_ref().and_then(Value::as_str) {
        Some("object") | None => object(description, schema),
        Some("array") => {
            let least = schema["minItems"].as_u64().unwrap_or(0);
            (0..least).map(|_| sample(description, &schema["items"])).collect()
        }
        Some("string") => text(schema).into(),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some(other) => panic!("a schema of type {other}"),
    }
}

fn object(description: &Value, schema: &Value) -> Value {
    let mut made = Map::new();
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        let member = schema["properties"].get(name).cloned().unwrap_or_default();
        made.insert(name.to_owned(), sample(description, &member));
    }
    Value::Object(made)
}

fn merged(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            one.extend(other);
            Value::Object(one)
        }
        (one, _) => one,
    }
}

fn text(schema: &Value) -> String {
    match schema["format"].as_str() {
        Some("uuid") => return crate::support::NOBODY.to_owned(),
        Some("date-time") => return "2999-01-01T00:00:00Z".to_owned(),
        Some("email") => return "somebody@example.com".to_owned(),
        Some("uri" | "url") => return "https://example.com/".to_owned(),
        Some("hostname") => return "example.com".to_owned(),
        _ => {}
    }
    let least = schema["minLength"].as_u64().unwrap_or(1).max(1);
    "a".repeat(usize::try_from(least).unwrap())
}
