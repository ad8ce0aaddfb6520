//! The JSON Schema of a document, made of the types of the bodies that it comes to.

use serde_json::{Map, Value, json};

use super::kind::{Count, Kind, Reference};
use super::{FORMAT, FORMAT_VERSION, secret};

/// The member that names one of the portal's own servers where an issuer stands.
pub(super) const OWN_ISSUER: &str = "auth_server";

/// The schema, as it is kept beside the source.
pub(crate) fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

/// The schema of a whole document.
pub(super) fn document() -> Value {
    let mut properties = lists(None);
    properties.insert(
        FORMAT.into(),
        json!({"type": "string", "enum": [FORMAT_VERSION], "description": "The version of the format."}),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "State of a Gatekey portal",
        "description": "What `gatekey export` writes and `gatekey apply` reads. Members that begin \
                        with `x-` are not looked at: they can hold anchors.",
        "type": "object",
        "required": [FORMAT],
        "properties": properties,
        "patternProperties": {"^x-": {}},
        "additionalProperties": false
    })
}

/// The lists of what is inside of a kind, or in no other.
fn lists(within: Option<&str>) -> Map<String, Value> {
    let lists = Kind::inside(within).map(|kind| {
        let item = item(kind);
        let list = match kind.number {
            Count::Many => json!({"type": "array", "items": item}),
            Count::One | Count::Always => item,
        };
        (kind.list.to_owned(), list)
    });
    lists.collect()
}

fn item(kind: &'static Kind) -> Value {
    let body = (kind.body)();
    let mut properties =
        body.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    for member in kind.without {
        properties.remove(*member);
    }
    for reference in kind.references {
        let before = properties.remove(reference.member);
        let listed = Reference { many: reference.many || reference.inner.is_some(), ..*reference };
        let mut named = name_of(&listed);
        if let (Some(inner), Some(mut list)) = (reference.inner, before) {
            let place = list.pointer_mut(&format!("/items/properties/{inner}"));
            if let Some(place) = place {
                *place = named;
            }
            named = list;
        }
        properties.insert(reference.name.into(), named);
    }
    for path in kind.issuers {
        at(&mut properties, path, &mut |schema| {
            let own = json!({
                "type": "object",
                "additionalProperties": false,
                "required": [OWN_ISSUER],
                "description": "The issuer of one of the portal's own servers.",
                "properties": {OWN_ISSUER: {"type": "string"}}
            });
            *schema = json!({"anyOf": [schema.take(), own]});
        });
    }
    for path in kind.secrets {
        at(&mut properties, path, &mut |schema| *schema = secret::schema());
    }
    for schema in properties.values_mut() {
        any_of_them(schema);
    }
    properties.extend(lists(Some(kind.list)));
    // Anything but its name may be left as the portal has it.
    let required: &[&str] = match kind.identity.split_first() {
        Some((first, _)) if kind.otherwise.is_none() => &[*first],
        _ => &[],
    };
    let mut schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
    });
    if let (Some(description), Some(members)) = (body.get("description"), schema.as_object_mut()) {
        members.insert("description".into(), description.clone());
    }
    schema
}

fn name_of(reference: &Reference) -> Value {
    let description = format!("By name, of `{}`.", reference.to);
    if reference.many {
        return json!({"type": "array", "items": {"type": "string"}, "description": description});
    }
    json!({"type": ["string", "null"], "description": description})
}

/// Changes the schema of a member of a member, in every branch that has it. A member that is in none
/// is put there.
fn at(properties: &mut Map<String, Value>, path: &str, change: &mut dyn FnMut(&mut Value)) {
    let Some((first, rest)) = path.split_once('.') else {
        return change(properties.entry(path).or_insert_with(|| json!({})));
    };
    let Some(schema) = properties.get_mut(first) else { return };
    inner(schema, rest, change);
}

fn inner(schema: &mut Value, path: &str, change: &mut dyn FnMut(&mut Value)) {
    let Some(members) = schema.as_object_mut() else { return };
    let first = path.split('.').next().unwrap_or(path);
    for (name, part) in members.iter_mut() {
        match (name.as_str(), part) {
            ("properties", Value::Object(properties)) if properties.contains_key(first) => {
                at(properties, path, change);
            }
            ("oneOf" | "anyOf" | "allOf", Value::Array(branches)) => {
                branches.iter_mut().for_each(|branch| inner(branch, path, change));
            }
            _ => {}
        }
    }
}

/// One of several shapes, without what each of them must have: the portal has it already, or says
/// what is missing.
fn any_of_them(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    let shapes = members.get("oneOf").and_then(Value::as_array);
    if !shapes.is_some_and(|shapes| shapes.iter().all(|shape| shape.get("properties").is_some())) {
        return;
    }
    let Some(Value::Array(mut shapes)) = members.remove("oneOf") else { return };
    for shape in shapes.iter_mut().filter_map(Value::as_object_mut) {
        shape.remove("required");
    }
    members.insert("anyOf".into(), shapes.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_schema_is_the_one_that_is_made() {
        let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/state.schema.json");
        let kept = std::fs::read_to_string(kept).unwrap();
        assert!(
            kept == text(),
            "crates/portal/state.schema.json is old: `gatekey apply --schema` prints it"
        );
    }
}
