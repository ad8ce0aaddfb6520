//! What OpenAPI requires, and which operations a document has.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::pointer::Place;
use super::{LONGEST_PATH, Operation, Specification, required_object};

/// Which OpenAPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edition {
    /// 2.0, once Swagger.
    V2,
    /// 3.0.
    V3,
    /// 3.1 and later: paths and responses may be missing.
    V31,
}

impl Edition {
    /// That of an `openapi` of 3 or later.
    pub(super) fn of(version: &str) -> Self {
        if version == "3.0" || version.starts_with("3.0.") { Self::V3 } else { Self::V31 }
    }
}

/// The methods: the member of a path item, and its name.
const METHODS: [(&str, &str); 8] = [
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("head", "HEAD"),
    ("patch", "PATCH"),
    ("trace", "TRACE"),
];

/// Checks a document and collects its operations.
pub(super) fn check(document: &Value, edition: Edition, found: &mut Specification) {
    let root = Place::ROOT;
    let elsewhere = ["components", "webhooks"].iter().any(|name| document.get(*name).is_some());
    if edition == Edition::V31 && document.get("paths").is_none() && elsewhere {
        return;
    }
    let Some(paths) = required_object(document, &root, "paths", found) else { return };
    let at = root.member("paths");
    let mut ids = HashSet::new();
    for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
        let at = at.member(path);
        if !path.starts_with('/') {
            found.error(&at, "must begin with a slash");
        }
        let Some(item) = item.as_object() else {
            found.error(&at, "must be an object");
            continue;
        };
        for (member, method) in METHODS {
            let Some(operation) = item.get(member) else { continue };
            let at = at.member(member);
            let Some(operation) = operation.as_object() else {
                found.error(&at, "must be an object");
                continue;
            };
            responses(operation, edition, &at, found);
            if let Some(id) = operation.get("operationId").and_then(Value::as_str)
                && !ids.insert(id)
            {
                found.error(&at.member("operationId"), "is the id of another operation, too");
            }
            parameters(path, [item, operation], &at, found);
            found.operations.extend(kept(method, path, operation));
        }
    }
}

fn kept(method: &'static str, path: &str, operation: &Map<String, Value>) -> Option<Operation> {
    let text = |name: &str, most: usize| {
        let text = operation.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(|text| text.chars().filter(|c| *c != '\0').take(most).collect::<String>())
    };
    let storable = path.chars().count() <= LONGEST_PATH && !path.contains('\0');
    storable.then(|| Operation {
        method,
        path: path.to_owned(),
        operation_id: text("operationId", LONGEST_PATH),
        summary: text("summary", LONGEST_PATH),
        description: text("description", 5 * LONGEST_PATH),
    })
}

fn responses(
    operation: &Map<String, Value>,
    edition: Edition,
    at: &Place<'_>,
    found: &mut Specification,
) {
    let at = at.member("responses");
    let responses = match operation.get("responses") {
        Some(Value::Object(responses)) => responses,
        Some(_) => return found.error(&at, "must be an object"),
        None if edition == Edition::V31 => return,
        None => return found.error(&at, "is required"),
    };
    for (status, response) in responses.iter().filter(|(status, _)| !status.starts_with("x-")) {
        let at = at.member(status);
        match response {
            Value::Object(members) if members.contains_key("$ref") => {}
            Value::Object(members) if members.contains_key("description") => {}
            Value::Object(_) => found.error(&at.member("description"), "is required"),
            _ => found.error(&at, "must be an object"),
        }
    }
}

/// Every `{name}` of a path should be declared, by the path or by the operation. Where one is
/// declared by reference, nothing is said.
fn parameters(
    path: &str,
    declared_by: [&Map<String, Value>; 2],
    at: &Place<'_>,
    found: &mut Specification,
) {
    let lists = declared_by.iter().filter_map(|by| by.get("parameters")?.as_array());
    let declared: Vec<_> = lists.flatten().collect();
    if declared.iter().any(|parameter| parameter.get("$ref").is_some()) {
        return;
    }
    let mut rest = path;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { return };
        let is_it = |parameter: &&&Value| {
            let text = |member: &str| parameter.get(member).and_then(Value::as_str);
            text("name") == Some(name) && text("in") == Some("path")
        };
        if !declared.iter().any(|parameter| is_it(&parameter)) {
            found.warning(format!("'{at}' does not declare the path parameter '{name}'"));
        }
        rest = after;
    }
}
