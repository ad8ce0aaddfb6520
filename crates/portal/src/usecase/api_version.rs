//! The specification of an API. An API has at most one, as its version.

use std::collections::HashMap;

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult,
    IntoActiveModel, ModelTrait, QueryFilter, QuerySelect, Select,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::{Builder, Uuid};

use super::api;
use crate::app::App;
use crate::entropy::digest_of;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::specification::{Operation, Specification};
use crate::store::entity::{api_operation, api_version};

/// Rows of operations that are inserted at once.
const BATCH: usize = 500;

/// The text of a specification.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    /// OpenAPI or AsyncAPI, as JSON or YAML.
    #[serde(default)]
    #[schemars(length(min = 1, max = 5_000_000))]
    content: Given<String>,
}

/// A version to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVersion {
    /// That in the specification, if absent, or that of the API, if there is none.
    #[serde(default)]
    #[schemars(length(max = 255))]
    version: Given<String>,
    spec: Spec,
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

/// The kinds of specifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum SpecKind {
    /// OpenAPI 2.
    Oas2,
    /// OpenAPI 3.
    Oas3,
    /// AsyncAPI.
    Asyncapi,
}

impl SpecKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Oas2 => "oas2",
            Self::Oas3 => "oas3",
            Self::Asyncapi => "asyncapi",
        }
    }
}

/// A specification to make: the older way to say a version.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSpecification {
    #[schemars(length(min = 1, max = 5_000_000))]
    content: String,
    /// Has to be the type of the content.
    #[serde(default, rename = "type")]
    kind: Given<SpecKind>,
}

/// What to change of a specification.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecificationEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 5_000_000))]
    content: Given<String>,
    /// Has to be the type of the content.
    #[serde(default, rename = "type")]
    kind: Given<SpecKind>,
}

/// A specification to check.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Candidate {
    #[schemars(length(min = 1, max = 5_000_000))]
    content: String,
}

/// A specification and its text.
#[derive(Debug)]
pub(crate) struct Read {
    content: String,
    says: Specification,
}

impl Read {
    /// Reads a specification; `field` is to blame for one that cannot be read.
    pub(crate) async fn of(content: String, field: &str) -> Result<Self, Problem> {
        let says = Specification::read(&content, field).await?;
        Ok(Self { content, says })
    }

    fn is(&self, kind: Given<SpecKind>) -> Result<(), Problem> {
        check_kind(kind.value(), self.says.kind)
    }
}

fn check_kind(given: Option<SpecKind>, is: &str) -> Result<(), Problem> {
    match given {
        Some(kind) if kind.as_str() != is => {
            let reason = format!("must be {is}, which the content is");
            Err(Problem::one_invalid(Invalid::body("type", "invalid", reason)))
        }
        _ => Ok(()),
    }
}

/// Checks a specification that nobody keeps. Whatever its format requires has to be there; what is
/// merely suspicious is answered.
pub(crate) async fn validate(candidate: Candidate) -> Result<Vec<String>, Problem> {
    let found = Specification::read(&candidate.content, "content").await?;
    if found.errors.is_empty() {
        return Ok(found.warnings);
    }
    let fault = |error| Invalid::body("content", "invalid", error);
    Err(Problem::invalid(found.errors.into_iter().map(fault).collect()))
}

/// A version without its specification's text.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Summary {
    /// Its id.
    pub(crate) id: Uuid,
    /// The API that it is of.
    pub(crate) api_id: Uuid,
    /// Its name.
    pub(crate) version: String,
    /// The type of its specification.
    pub(crate) spec_type: String,
    /// When it was made.
    pub(crate) created_at: i64,
    /// When it was changed.
    pub(crate) updated_at: i64,
}

/// Versions, without their texts.
pub(crate) fn without_text(select: Select<api_version::Entity>) -> Select<api_version::Entity> {
    use api_version::Column;
    let columns = [
        Column::Id,
        Column::ApiId,
        Column::Version,
        Column::SpecType,
        Column::CreatedAt,
        Column::UpdatedAt,
    ];
    select.select_only().columns(columns)
}

/// The versions of some APIs, by API.
pub(crate) async fn summaries(
    db: &impl ConnectionTrait,
    apis: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Summary>, DbErr> {
    let of_apis = api_version::Entity::find().filter(api_version::Column::ApiId.is_in(apis));
    let found = without_text(of_apis).into_model::<Summary>().all(db).await?;
    Ok(found.into_iter().map(|summary| (summary.api_id, summary)).collect())
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
    const FIELD: &str = "spec.content";
    let missing = || Problem::one_invalid(Invalid::body(FIELD, "required", "is required"));
    let read = Read::of(new.spec.content.value().ok_or_else(missing)?, FIELD).await?;
    create_of(app, api_id, new.version.value(), read).await
}

/// Gives an API its specification.
pub(crate) async fn create_specification(
    app: &App,
    api_id: Uuid,
    new: NewSpecification,
) -> Result<api_version::Model, Problem> {
    let read = Read::of(new.content, "content").await?;
    read.is(new.kind)?;
    create_of(app, api_id, None, read).await
}

async fn create_of(
    app: &App,
    api_id: Uuid,
    version: Option<String>,
    read: Read,
) -> Result<api_version::Model, Problem> {
    let tx = app.store.begin().await?;
    let api = api::find(&tx, api_id).await?;
    let stated = || read.says.version.clone().filter(|version| version.chars().count() <= 255);
    let version = version.or_else(stated).unwrap_or(api.version);
    let made = insert(&tx, api_id, version, read, app.clock.now()).await?;
    tx.commit().await?;
    Ok(made)
}

/// Inserts the version of an API.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    api_id: Uuid,
    version: String,
    read: Read,
    now: i64,
) -> Result<api_version::Model, Problem> {
    let other = api_version::Entity::find().filter(api_version::Column::ApiId.eq(api_id));
    if other.one(db).await?.is_some() {
        return Err(Problem::conflict("The API already has a version"));
    }
    let made = api_version::Model {
        id: Uuid::now_v7(),
        api_id,
        version,
        spec_type: read.says.kind.into(),
        validation_messages: Some(read.says.messages().into()),
        spec_content: read.content,
        created_at: now,
        updated_at: now,
    };
    replace_operations(db, api_id, &read.says.operations).await?;
    Ok(made.into_active_model().insert(db).await?)
}

/// Changes the version of an API.
pub(crate) async fn update(
    app: &App,
    api: Uuid,
    id: Uuid,
    edit: VersionEdit,
) -> Result<api_version::Model, Problem> {
    let read = match edit.spec {
        Given::Yes(Spec { content: Given::Yes(content) }) => {
            Some(Read::of(content, "spec.content").await?)
        }
        _ => None,
    };
    change(app, api, id, edit.version, read, Given::No).await
}

/// Changes the specification of an API.
pub(crate) async fn update_specification(
    app: &App,
    api: Uuid,
    id: Uuid,
    edit: SpecificationEdit,
) -> Result<api_version::Model, Problem> {
    let read = match edit.content {
        Given::Yes(content) => Some(Read::of(content, "content").await?),
        Given::No => None,
    };
    change(app, api, id, Given::No, read, edit.kind).await
}

async fn change(
    app: &App,
    api: Uuid,
    id: Uuid,
    version: Given<String>,
    read: Option<Read>,
    kind: Given<SpecKind>,
) -> Result<api_version::Model, Problem> {
    let tx = app.store.begin().await?;
    let mut after = find(&tx, api, id).await?;
    version.put(&mut after.version);
    if let Some(read) = read {
        replace_text(&tx, &mut after, read).await?;
    }
    check_kind(kind.value(), &after.spec_type)?;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes the version from an API.
pub(crate) async fn delete(app: &App, api: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let version = find(&tx, api, id).await?;
    remove(&tx, version).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a version another specification.
pub(crate) async fn replace_text(
    db: &impl ConnectionTrait,
    version: &mut api_version::Model,
    read: Read,
) -> Result<(), DbErr> {
    replace_operations(db, version.api_id, &read.says.operations).await?;
    version.spec_type = read.says.kind.into();
    version.validation_messages = Some(read.says.messages().into());
    version.spec_content = read.content;
    Ok(())
}

/// Removes a version, with what was made of it.
pub(crate) async fn remove(
    db: &impl ConnectionTrait,
    version: api_version::Model,
) -> Result<(), DbErr> {
    replace_operations(db, version.api_id, &[]).await?;
    version.delete(db).await?;
    Ok(())
}

/// What was found in a specification when it was written.
pub(crate) fn messages(row: &api_version::Model) -> Vec<String> {
    let found = row.validation_messages.as_ref().and_then(Value::as_array).into_iter().flatten();
    found.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// An operation of an API.
pub(crate) async fn operation(
    db: &impl ConnectionTrait,
    api: Uuid,
    id: Uuid,
) -> Result<api_operation::Model, Problem> {
    let found = api_operation::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.api_id == api).ok_or_else(Problem::not_found)
}

async fn replace_operations(
    db: &impl ConnectionTrait,
    api_id: Uuid,
    operations: &[Operation],
) -> Result<(), DbErr> {
    let of_api = api_operation::Column::ApiId.eq(api_id);
    api_operation::Entity::delete_many().filter(of_api).exec(db).await?;
    let rows = (0..).zip(operations).map(|(position, operation)| {
        let row = api_operation::Model {
            id: operation_id(api_id, operation),
            api_id,
            position,
            method: operation.method.into(),
            path: operation.path.clone(),
            operation_id: operation.operation_id.clone(),
            summary: operation.summary.clone(),
            description: operation.description.clone(),
        };
        row.into_active_model()
    });
    let rows: Vec<_> = rows.collect();
    for batch in rows.chunks(BATCH) {
        api_operation::Entity::insert_many(batch.to_vec()).exec_without_returning(db).await?;
    }
    Ok(())
}

/// The id of an operation: it stays while the specification has the same method and path.
fn operation_id(api: Uuid, operation: &Operation) -> Uuid {
    let named = format!("{api} {} {}", operation.method, operation.path);
    let digest = digest_of(&named);
    let bytes = digest.as_bytes().first_chunk::<16>().copied().unwrap_or_default();
    Builder::from_custom_bytes(bytes).into_uuid()
}
