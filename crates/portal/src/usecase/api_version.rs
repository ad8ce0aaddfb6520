//! The specification of an API. An API has at most one.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::api;
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::api_version;

/// A specification.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    /// OpenAPI or AsyncAPI, as JSON or YAML.
    #[serde(default)]
    content: Given<String>,
}

/// A version to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVersion {
    /// That of the API, if absent.
    #[serde(default)]
    #[schemars(length(max = 255))]
    version: Given<String>,
    spec: Spec,
}

impl NewVersion {
    /// The version that an API starts with.
    pub(crate) fn first(version: &str, content: String) -> Self {
        let content = Given::Yes(content);
        Self { version: Given::Yes(version.to_owned()), spec: Spec { content } }
    }
}

/// What to change of a version.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionEdit {
    #[serde(default)]
    #[schemars(length(max = 255))]
    version: Given<String>,
    #[serde(default)]
    spec: Given<Spec>,
}

/// The version of an API.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    api: Uuid,
    id: Uuid,
) -> Result<api_version::Model, Problem> {
    let found = api_version::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.api_id == api).ok_or_else(Problem::not_found)
}

/// Gives an API its version.
pub(crate) async fn create(
    app: &App,
    api_id: Uuid,
    new: NewVersion,
) -> Result<api_version::Model, Problem> {
    let tx = app.store.begin().await?;
    let api = api::find(&tx, api_id).await?;
    let new = match new.version {
        Given::No => NewVersion { version: Given::Yes(api.version), ..new },
        Given::Yes(_) => new,
    };
    let made = insert(&tx, api_id, new, "spec.content", app.clock.now()).await?;
    tx.commit().await?;
    Ok(made)
}

/// Inserts the version of an API; `field` is to blame for a bad specification.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    api_id: Uuid,
    new: NewVersion,
    field: &str,
    now: i64,
) -> Result<api_version::Model, Problem> {
    let other = api_version::Entity::find().filter(api_version::Column::ApiId.eq(api_id));
    if other.one(db).await?.is_some() {
        return Err(Problem::conflict("The API already has a version"));
    }
    let content = new
        .spec
        .content
        .value()
        .ok_or_else(|| Problem::one_invalid(Invalid::body(field, "required", "is required")))?;
    let made = api_version::Model {
        id: Uuid::now_v7(),
        api_id,
        version: new.version.or(String::new()),
        spec_type: spec_type(&content, field)?.into(),
        spec_content: content,
        created_at: now,
        updated_at: now,
    };
    Ok(made.into_active_model().insert(db).await?)
}

/// Changes the version of an API.
pub(crate) async fn update(
    app: &App,
    api: Uuid,
    id: Uuid,
    edit: VersionEdit,
) -> Result<api_version::Model, Problem> {
    let tx = app.store.begin().await?;
    let mut after = find(&tx, api, id).await?;
    edit.version.put(&mut after.version);
    if let Given::Yes(Spec { content: Given::Yes(content) }) = edit.spec {
        after.spec_type = spec_type(&content, "spec.content")?.into();
        after.spec_content = content;
    }
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes the version from an API.
pub(crate) async fn delete(app: &App, api: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, api, id).await?.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// The type of a specification: told by the member that its format begins with, in JSON or at the
/// top level of YAML. What is none of them is refused.
pub(crate) fn spec_type(content: &str, field: &str) -> Result<&'static str, Problem> {
    recognise(content).ok_or_else(|| {
        let reason = "must be an OpenAPI 2, OpenAPI 3 or AsyncAPI document, as JSON or YAML";
        Problem::one_invalid(Invalid::body(field, "invalid", reason))
    })
}

fn recognise(content: &str) -> Option<&'static str> {
    let named = |name: &str, version: &str| match name {
        "openapi" if version.starts_with('3') => Some("oas3"),
        "swagger" if version.starts_with('2') => Some("oas2"),
        "asyncapi" => Some("asyncapi"),
        _ => None,
    };
    if let Ok(Value::Object(document)) = serde_json::from_str::<Value>(content) {
        return ["openapi", "swagger", "asyncapi"].iter().find_map(|name| {
            let version = document.get(*name)?;
            named(name, version.as_str().unwrap_or_default())
        });
    }
    content.lines().find_map(|line| {
        let (name, version) = line.split_once(':')?;
        let unquoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
        if name.starts_with(char::is_whitespace) {
            return None;
        }
        named(&unquoted(name), &unquoted(version))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifications_are_told_apart() {
        for (content, expected) in [
            (r#"{"openapi": "3.0.3", "paths": {}}"#, Some("oas3")),
            (r#"{"swagger": "2.0"}"#, Some("oas2")),
            (r#"{"asyncapi": "2.6.0"}"#, Some("asyncapi")),
            ("# a comment\nopenapi: 3.1.0\ninfo:\n", Some("oas3")),
            ("info:\n  openapi: 3.1.0\n", None),
            ("\"openapi\": '3.0.0'\n", Some("oas3")),
            (r#"{"openapi": 3}"#, None),
            ("hello", None),
            ("", None),
        ] {
            assert_eq!(recognise(content), expected, "{content}");
        }
    }
}
