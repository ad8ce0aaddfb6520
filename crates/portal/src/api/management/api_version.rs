//! `/v3/apis/{apiId}/versions`, the same under its older name `specifications`, and operations.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::transform::TransformOperation;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{ApiPath, Force, Instant, OperationPath, SpecPath, VersionPath};
use crate::app::App;
use crate::input::{Body, Catalogue, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::api_operation;
use crate::store::entity::api_version::{self, Column};
use crate::usecase::api;
use crate::usecase::api_version::{
    self as usecase, Candidate, NewSpecification, NewVersion, SpecificationEdit, Summary,
    VersionEdit, messages, without_text,
};

const TAG: &str = "API versions";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "type" = Column::SpecType;
        Text "version" = Column::Version;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

const SPECIFICATIONS: ListSpec = ListSpec {
    filters: attributes! {
        Text "type" = Column::SpecType;
    },
    sorts: attributes! {},
    order: LIST.order,
};

const OPERATIONS: ListSpec = ListSpec {
    filters: attributes! {
        Text "method" = api_operation::Column::Method;
        Text "path" = api_operation::Column::Path;
    },
    sorts: attributes! {},
    order: || vec![api_operation::Column::Position.into_expr()],
};

/// A version of an API, with its specification.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiVersion")]
struct View {
    id: Uuid,
    version: String,
    spec: SpecView,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiVersionSpec")]
struct SpecView {
    content: String,
    #[serde(rename = "type")]
    kind: String,
    validation_messages: Vec<Message>,
}

/// Something that was found in a specification.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ValidationMessage")]
struct Message {
    message: String,
}

/// A version of an API, without its specification.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiVersionItem")]
struct Item {
    id: Uuid,
    version: String,
    spec: SpecKind,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiVersionSpecKind")]
struct SpecKind {
    #[serde(rename = "type")]
    kind: String,
}

/// The specification of an API.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiSpecification")]
struct SpecificationView {
    id: Uuid,
    content: String,
    validation_messages: Vec<Message>,
    #[serde(rename = "type")]
    kind: String,
    created_at: Instant,
    updated_at: Instant,
}

/// The specification of an API, without its text.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiSpecificationItem")]
struct SpecificationItem {
    id: Uuid,
    #[serde(rename = "type")]
    kind: String,
    created_at: Instant,
    updated_at: Instant,
}

/// What was found in a specification.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SpecificationValidation")]
struct Validation {
    validation_messages: Vec<Message>,
}

/// An operation that the specification of an API describes.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiOperation")]
struct OperationView {
    id: Uuid,
    method: String,
    path: String,
}

fn shown(messages: Vec<String>) -> Vec<Message> {
    messages.into_iter().map(|message| Message { message }).collect()
}

impl From<api_version::Model> for View {
    fn from(row: api_version::Model) -> Self {
        let validation_messages = shown(messages(&row));
        Self {
            id: row.id,
            version: row.version,
            spec: SpecView { content: row.spec_content, kind: row.spec_type, validation_messages },
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

impl From<Summary> for Item {
    fn from(row: Summary) -> Self {
        Self {
            id: row.id,
            version: row.version,
            spec: SpecKind { kind: row.spec_type },
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

impl From<api_version::Model> for SpecificationView {
    fn from(row: api_version::Model) -> Self {
        Self {
            id: row.id,
            validation_messages: shown(messages(&row)),
            content: row.spec_content,
            kind: row.spec_type,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

impl From<Summary> for SpecificationItem {
    fn from(row: Summary) -> Self {
        Self {
            id: row.id,
            kind: row.spec_type,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

impl From<api_operation::Model> for OperationView {
    fn from(row: api_operation::Model) -> Self {
        Self { id: row.id, method: row.method, path: row.path }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/apis/{apiId}/versions",
            get_with(list, |op| LIST.document(op.id("list-api-versions").tag(TAG)))
                .post_with(create, |op| op.id("create-api-version").tag(TAG)),
        )
        .api_route(
            "/v3/apis/{apiId}/versions/{versionId}",
            get_with(show, |op| op.id("fetch-api-version").tag(TAG))
                .patch_with(update, |op| op.id("update-api-version").tag(TAG))
                .delete_with(delete, |op| op.id("delete-api-version").tag(TAG)),
        )
        .api_route(
            "/v3/apis/{apiId}/specifications",
            get_with(list_specifications, |op| {
                SPECIFICATIONS.document(older(op, "list-api-specs"))
            })
            .post_with(create_specification, |op| older(op, "create-api-spec")),
        )
        .api_route(
            "/v3/apis/{apiId}/specifications/{specId}",
            get_with(show_specification, |op| older(op, "fetch-api-spec"))
                .patch_with(update_specification, |op| older(op, "update-api-spec"))
                .delete_with(delete_specification, |op| older(op, "delete-api-spec")),
        )
        .api_route(
            "/v3/apis/validate-specification",
            post_with(validate, |op| op.id("validate-specification").tag(TAG)),
        )
        .api_route(
            "/v3/apis/{apiId}/operations",
            get_with(list_operations, |op| {
                OPERATIONS.document(op.id("list-api-operations").tag("APIs"))
            }),
        )
        .api_route(
            "/v3/apis/{apiId}/operations/{operationId}",
            get_with(show_operation, |op| op.id("fetch-api-operation").tag("APIs")),
        )
}

/// An operation on a version under its older name.
fn older<'o>(mut op: TransformOperation<'o>, id: &str) -> TransformOperation<'o> {
    op.inner_mut().deprecated = true;
    op.id(id).tag("API specifications").description("Use versions instead.")
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    query: ListQuery,
) -> Result<Shown<Paged<Item>>, Problem> {
    api::find(app.store.db(), ids.api_id).await?;
    let select = without_text(api_version::Entity::find().filter(Column::ApiId.eq(ids.api_id)));
    let page = query.read(&LIST)?.fetch_as::<_, Summary>(app.store.db(), select).await?;
    Ok(Shown(page.show(Item::from)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    body: Body<NewVersion, Catalogue>,
) -> Result<Created<View>, Problem> {
    Ok(Created(usecase::create(&app, ids.api_id, body.0).await?.into()))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<VersionPath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::find(app.store.db(), ids.api_id, ids.version_id).await?.into()))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<VersionPath>,
    _force: Force,
    body: Body<VersionEdit, Catalogue>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::update(&app, ids.api_id, ids.version_id, body.0).await?.into()))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<VersionPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.api_id, ids.version_id).await?;
    Ok(NoContent)
}

async fn list_specifications(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    query: ListQuery,
) -> Result<Shown<Paged<SpecificationItem>>, Problem> {
    api::find(app.store.db(), ids.api_id).await?;
    let select = without_text(api_version::Entity::find().filter(Column::ApiId.eq(ids.api_id)));
    let page = query.read(&SPECIFICATIONS)?.fetch_as::<_, Summary>(app.store.db(), select).await?;
    Ok(Shown(page.show(SpecificationItem::from)))
}

async fn create_specification(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    body: Body<NewSpecification, Catalogue>,
) -> Result<Created<SpecificationView>, Problem> {
    Ok(Created(usecase::create_specification(&app, ids.api_id, body.0).await?.into()))
}

async fn show_specification(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SpecPath>,
) -> Result<Shown<SpecificationView>, Problem> {
    Ok(Shown(usecase::find(app.store.db(), ids.api_id, ids.spec_id).await?.into()))
}

async fn update_specification(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SpecPath>,
    body: Body<SpecificationEdit, Catalogue>,
) -> Result<Shown<SpecificationView>, Problem> {
    let updated = usecase::update_specification(&app, ids.api_id, ids.spec_id, body.0).await?;
    Ok(Shown(updated.into()))
}

async fn delete_specification(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SpecPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.api_id, ids.spec_id).await?;
    Ok(NoContent)
}

async fn validate(
    _: Admin,
    body: Body<Candidate, Catalogue>,
) -> Result<Created<Validation>, Problem> {
    let validation_messages = shown(usecase::validate(body.0).await?);
    Ok(Created(Validation { validation_messages }))
}

async fn list_operations(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    query: ListQuery,
) -> Result<Shown<Paged<OperationView>>, Problem> {
    api::find(app.store.db(), ids.api_id).await?;
    let of_api = api_operation::Column::ApiId.eq(ids.api_id);
    let select = api_operation::Entity::find().filter(of_api);
    let page = query.read(&OPERATIONS)?.fetch(app.store.db(), select).await?;
    Ok(Shown(page.show(OperationView::from)))
}

async fn show_operation(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<OperationPath>,
) -> Result<Shown<OperationView>, Problem> {
    let found = usecase::operation(app.store.db(), ids.api_id, ids.operation_id).await?;
    Ok(Shown(found.into()))
}
