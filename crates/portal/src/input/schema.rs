//! Checks a JSON value against the subset of JSON Schema that our types derive, and words each
//! fault as one of Konnect's rules.

use regex_lite::Regex;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::problem::Invalid;

/// Faults beyond this many are not listed.
const MOST_FAULTS: usize = 20;

/// Everything that is wrong with `value`, which stands at a place in a body, in the order of the
/// schema.
pub(crate) fn faults(schema: &Value, value: &Value, at: &str) -> Vec<Invalid> {
    let mut found = Vec::new();
    check(schema, value, at, &mut found);
    found.truncate(MOST_FAULTS);
    found
}

fn check(schema: &Value, value: &Value, at: &str, found: &mut Vec<Invalid>) {
    let Some(schema) = schema.as_object() else { return };
    if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
        return check_any(branches, value, at, found);
    }
    if let Some(choices) = choices(schema) {
        if !choices.contains(value) {
            let names: Vec<_> = choices.iter().map(plain).collect();
            let reason = format!("must be one of {}", names.join(", "));
            found.push(Invalid::body(at, "enum", reason).one_of(names));
        }
        return;
    }
    if !check_type(schema, value, at, found) {
        return;
    }
    match value {
        Value::String(text) => check_text(schema, text, at, found),
        Value::Number(_) => check_number(schema, value, at, found),
        Value::Array(items) => check_array(schema, items, at, found),
        Value::Object(members) => check_object(schema, members, at, found),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Of several branches, one of them null: null is taken, anything else is held to the others.
fn check_any(branches: &[Value], value: &Value, at: &str, found: &mut Vec<Invalid>) {
    let mut closest: Option<Vec<Invalid>> = None;
    for branch in branches {
        let mut faults = Vec::new();
        check(branch, value, at, &mut faults);
        if faults.is_empty() {
            return;
        }
        let is_null = branch.get("type").and_then(Value::as_str) == Some("null");
        if !is_null && closest.as_ref().is_none_or(|least| faults.len() < least.len()) {
            closest = Some(faults);
        }
    }
    found.extend(closest.unwrap_or_default());
}

/// The allowed values: an `enum`, or constants in `oneOf` (which is how documented variants come).
fn choices(schema: &Map<String, Value>) -> Option<Vec<Value>> {
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return Some(choices.clone());
    }
    let branches = schema.get("oneOf").and_then(Value::as_array)?;
    branches.iter().map(|branch| branch.get("const").cloned()).collect()
}

fn check_type(
    schema: &Map<String, Value>,
    value: &Value,
    at: &str,
    found: &mut Vec<Invalid>,
) -> bool {
    let allowed: Vec<_> = match schema.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => return true,
    };
    let fits = allowed.iter().any(|name| match *name {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => false,
    });
    if fits {
        return true;
    }
    let (rule, reason) = match allowed.first().copied().unwrap_or_default() {
        "boolean" => ("is_boolean", "must be true or false"),
        "integer" => ("is_integer", "must be an integer"),
        "number" => ("is_number", "must be a number"),
        "array" => ("is_array", "must be a list"),
        "object" => ("is_object", "must be an object"),
        "null" => ("is_null", "must be null"),
        _ => ("is_string", "must be a string"),
    };
    found.push(Invalid::body(at, rule, reason));
    false
}

fn check_text(schema: &Map<String, Value>, text: &str, at: &str, found: &mut Vec<Invalid>) {
    if text.contains('\0') {
        // PostgreSQL cannot store it, and nothing readable holds it.
        found.push(Invalid::body(at, "invalid", "must not contain the character U+0000"));
        return;
    }
    let length = text.chars().count() as u64;
    if let Some(least) = number(schema, "minLength").filter(|least| length < *least) {
        let reason = format!("must have at least {least} characters");
        found.push(Invalid::body(at, "min_length", reason).at_least(least));
        return;
    }
    if let Some(most) = number(schema, "maxLength").filter(|most| length > *most) {
        let reason = format!("must have at most {most} characters");
        found.push(Invalid::body(at, "max_length", reason).at_most(most));
        return;
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        // A pattern that does not compile would be a mistake of ours: it refuses.
        if !Regex::new(pattern).is_ok_and(|regex| regex.is_match(text)) {
            let reason = format!("must match {pattern}");
            found.push(Invalid::body(at, "matches_regex", reason));
        }
    }
    match schema.get("format").and_then(Value::as_str) {
        Some("uuid") if !is_uuid(text) => {
            found.push(Invalid::body(at, "is_uuid", "must be a UUID"));
        }
        Some("email") if !is_address(text) => {
            found.push(Invalid::body(at, "invalid", "must be an e-mail address"));
        }
        _ => {}
    }
}

/// Whether the text is a UUID in its hyphenated form.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

/// Whether the text can be an e-mail address: one `@`, a host name with a dot or `localhost`
/// behind it, nothing that could end a line or a header. Only a message that arrives proves more.
fn is_address(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let clean = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| {
                c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>' | ',' | ';')
            })
    };
    let labels = host.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    });
    clean(local) && local.chars().count() <= 64 && clean(host) && labels
}

fn check_number(schema: &Map<String, Value>, value: &Value, at: &str, found: &mut Vec<Invalid>) {
    let Some(given) = value.as_f64() else { return };
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    if let Some(least) = bound("minimum").filter(|least| given < *least) {
        let reason = format!("must be at least {least}");
        found.push(Invalid::body(at, "min", reason).at_least(least as u64));
    }
    if let Some(most) = bound("maximum").filter(|most| given > *most) {
        let reason = format!("must be at most {most}");
        found.push(Invalid::body(at, "max", reason).at_most(most as u64));
    }
}

fn check_array(schema: &Map<String, Value>, items: &[Value], at: &str, found: &mut Vec<Invalid>) {
    let length = items.len() as u64;
    if let Some(least) = number(schema, "minItems").filter(|least| length < *least) {
        let reason = format!("must have at least {least} items");
        found.push(Invalid::body(at, "min_items", reason).at_least(least));
    }
    if let Some(most) = number(schema, "maxItems").filter(|most| length > *most) {
        let reason = format!("must have at most {most} items");
        found.push(Invalid::body(at, "max_items", reason).at_most(most));
        return;
    }
    let Some(item) = schema.get("items") else { return };
    for (index, value) in items.iter().enumerate() {
        check(item, value, &join(at, &index.to_string()), found);
    }
}

fn check_object(
    schema: &Map<String, Value>,
    members: &Map<String, Value>,
    at: &str,
    found: &mut Vec<Invalid>,
) {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !members.contains_key(name) {
            found.push(Invalid::body(join(at, name), "required", "is required"));
        }
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let most = number(schema, "maxProperties");
    if let Some(most) = most.filter(|most| members.len() as u64 > *most) {
        let reason = format!("must have at most {most} members");
        found.push(Invalid::body(at, "max_items", reason).at_most(most));
        return;
    }
    for (name, value) in members {
        let place = join(at, name);
        if let Some(property) = properties.and_then(|properties| properties.get(name)) {
            check(property, value, &place, found);
            continue;
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => {
                let reason = "is not a known property";
                found.push(Invalid::body(place, "unknown_property", reason));
            }
            Some(rest) => check(rest, value, &place, found),
            None => {}
        }
    }
}

fn number(schema: &Map<String, Value>, key: &str) -> Option<u64> {
    schema.get(key).and_then(Value::as_u64)
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(schema: &Value, value: &Value) -> Vec<String> {
        faults(schema, value, "").iter().map(|f| format!("{} {}", f.field, f.rule)).collect()
    }

    #[test]
    fn every_fault_is_named_with_its_place_and_rule() {
        let schema = json!({
            "type": "object",
            "required": ["name", "kind"],
            "additionalProperties": false,
            "properties": {
                "name": {"type": "string", "minLength": 2, "maxLength": 3},
                "kind": {"oneOf": [{"const": "a"}, {"const": "b"}]},
                "id": {"type": ["string", "null"], "format": "uuid"},
                "list": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}},
                "deep": {"anyOf": [
                    {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
                    {"type": "null"}
                ]},
                "slug": {"type": "string", "pattern": "^[\\w-]+$"}
            }
        });
        for (value, expected) in [
            (json!({"name": "ab", "kind": "a", "id": null, "deep": null}), vec![]),
            (json!({"kind": "a"}), vec!["name required"]),
            (json!({"name": "ab", "kind": "c"}), vec!["kind enum"]),
            (json!({"name": 5, "kind": "a"}), vec!["name is_string"]),
            (json!({"name": "äöüß", "kind": "a"}), vec!["name max_length"]),
            (json!({"name": "a", "kind": "a"}), vec!["name min_length"]),
            (json!({"name": "a\0b", "kind": "a"}), vec!["name invalid"]),
            (json!({"name": "ab", "kind": "a", "id": "x"}), vec!["id is_uuid"]),
            (json!({"name": "ab", "kind": "a", "list": []}), vec!["list min_items"]),
            (json!({"name": "ab", "kind": "a", "list": [1, "x"]}), vec!["list.0 is_string"]),
            (json!({"name": "ab", "kind": "a", "list": [1, 2, 3]}), vec!["list max_items"]),
            (json!({"name": "ab", "kind": "a", "deep": {"x-y": 0}}), vec!["deep.x-y min"]),
            (json!({"name": "ab", "kind": "a", "more": 1}), vec!["more unknown_property"]),
            (json!({"name": "ab", "kind": "a", "slug": "a b"}), vec!["slug matches_regex"]),
        ] {
            assert_eq!(rules(&schema, &value), expected, "{value}");
        }
    }

    #[test]
    fn addresses_that_cannot_be_are_refused() {
        for good in ["a@example.com", "a.b+c@sub.example.co", "ü@exämple.de", "a@localhost"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["a", "a@", "@b", "a b@c.de", "a@b..c", "a@b\r\nc", "a@-b.c", "<a@b.c>", "a@b@c"]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn only_the_hyphenated_form_is_a_uuid() {
        assert!(is_uuid("0190a5c4-9d3e-7cc0-8a5e-0123456789ab"));
        assert!(!is_uuid("0190a5c49d3e7cc08a5e0123456789ab"));
        assert!(!is_uuid("not-a-uuid"));
    }
}
