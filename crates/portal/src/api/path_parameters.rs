//! What the description says of ids in paths. An actor reads some of them itself, so that a handler
//! need not name them: they are described here.

use aide::openapi::{
    OpenApi, Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathStyle, ReferenceOr,
    SchemaObject,
};

/// Describes every id of a path that its operations do not describe.
pub(super) fn complete(description: &mut OpenApi) {
    let Some(paths) = &mut description.paths else { return };
    for (path, item) in &mut paths.paths {
        let ReferenceOr::Item(item) = item else { continue };
        let names: Vec<_> = path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .map(str::to_owned)
            .collect();
        let operations =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            for name in &names {
                if !has(operation, name) {
                    operation.parameters.push(ReferenceOr::Item(parameter(name)));
                }
            }
        }
    }
}

fn has(operation: &Operation, name: &str) -> bool {
    operation.parameters.iter().any(|parameter| match parameter {
        ReferenceOr::Item(parameter) => parameter.parameter_data_ref().name == name,
        ReferenceOr::Reference { .. } => false,
    })
}

fn parameter(name: &str) -> Parameter {
    let schema = schemars::json_schema!({ "type": "string", "format": "uuid" });
    Parameter::Path {
        parameter_data: ParameterData {
            name: name.to_owned(),
            description: None,
            required: true,
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(SchemaObject {
                json_schema: schema,
                external_docs: None,
                example: None,
            }),
            example: None,
            examples: Default::default(),
            explode: None,
            extensions: Default::default(),
        },
        style: PathStyle::Simple,
    }
}
