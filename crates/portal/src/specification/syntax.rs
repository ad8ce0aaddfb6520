//! Text to values: JSON, or YAML within bounds.

use serde_json::Value;

/// The deepest nesting, as that of the JSON reader.
const MAX_DEPTH: usize = 120;
/// The most values of a YAML document, after its aliases are replaced.
const MAX_NODES: usize = 1_000_000;

/// Reads JSON or YAML.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| format!("must be JSON or YAML: {error}"))?
    } else {
        yaml(text).map_err(|error| format!("must be JSON or YAML: {error}"))?
    };
    match document {
        Value::Object(_) => Ok(document),
        _ => Err("must be JSON or YAML with an object at its top".into()),
    }
}

/// Reads YAML; its first line of complaint is the error.
pub(crate) fn yaml(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 3 * MAX_NODES,
            max_documents: 1,
        },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let message = error.without_snippet().to_string();
        message.lines().next().unwrap_or("cannot be read").to_owned()
    })
}
