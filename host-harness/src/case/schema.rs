//! The published JSON Schema of case files.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::Value;

use super::document::Document;

/// The JSON Schema (2020-12) of case files.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(Parameters);
    settings.into_generator().into_root_schema_for::<Document>().to_value()
}

/// Wherever a number or a boolean may stand, `{{parameter}}` may stand for it.
#[derive(Clone, Debug)]
struct Parameters;

impl Transform for Parameters {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        let plain = match object.get("type") {
            Some(Value::String(kind)) => vec![kind.clone()],
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect()
            }
            _ => return,
        };
        let scalar = |kind: &String| matches!(kind.as_str(), "integer" | "number" | "boolean");
        let texts = plain.iter().any(|kind| kind == "string");
        if !plain.iter().any(scalar) || texts || object.contains_key("const") {
            return;
        }
        let kinds = plain.into_iter().chain(["string".to_owned()]).map(Value::String).collect();
        object.insert("type".to_owned(), Value::Array(kinds));
        object.insert("pattern".to_owned(), Value::String(r"\{\{.+\}\}".to_owned()));
    }
}
