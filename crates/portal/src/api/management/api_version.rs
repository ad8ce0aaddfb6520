//! `/v3/apis/{apiId}/versions`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{ApiPath, Force, Instant, VersionPath};
use crate::app::App;
use crate::input::{Body, Catalogue, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::api_version::{self, Column};
use crate::usecase::api;
use crate::usecase::api_version::{self as usecase, NewVersion, VersionEdit};

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
    /// Left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(rename = "type")]
    kind: String,
}

impl View {
    fn of(row: api_version::Model) -> Self {
        Self {
            id: row.id,
            version: row.version,
            spec: SpecView { content: Some(row.spec_content), kind: row.spec_type },
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }

    fn summary(row: api_version::Model) -> Self {
        let view = Self::of(row);
        Self { spec: SpecView { content: None, ..view.spec }, ..view }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/apis/{apiId}/versions",
            get_with(list, |op| LIST.document(op.id("list-api-versions").tag("API versions")))
                .post_with(create, |op| op.id("create-api-version").tag("API versions")),
        )
        .api_route(
            "/v3/apis/{apiId}/versions/{versionId}",
            get_with(show, |op| op.id("fetch-api-version").tag("API versions"))
                .patch_with(update, |op| op.id("update-api-version").tag("API versions"))
                .delete_with(delete, |op| op.id("delete-api-version").tag("API versions")),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    api::find(app.store.db(), ids.api_id).await?;
    let select = api_version::Entity::find().filter(Column::ApiId.eq(ids.api_id));
    let page = query.read(&LIST)?.fetch(app.store.db(), select).await?;
    Ok(Shown(page.show(View::summary)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    body: Body<NewVersion, Catalogue>,
) -> Result<Created<View>, Problem> {
    Ok(Created(View::of(usecase::create(&app, ids.api_id, body.0).await?)))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<VersionPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::find(app.store.db(), ids.api_id, ids.version_id).await?;
    Ok(Shown(View::of(found)))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<VersionPath>,
    _force: Force,
    body: Body<VersionEdit, Catalogue>,
) -> Result<Shown<View>, Problem> {
    let updated = usecase::update(&app, ids.api_id, ids.version_id, body.0).await?;
    Ok(Shown(View::of(updated)))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<VersionPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.api_id, ids.version_id).await?;
    Ok(NoContent)
}
