//! What describes an API of a portal: `apis/.../versions`, the same as `specifications`, and its
//! image.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::transform::TransformOperation;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BASE;
use super::catalogue::ApiName;
use crate::actor::Visitor;
use crate::api::extension;
use crate::api::media::{Found, Image, RawSpecification};
use crate::api::reply::Shown;
use crate::app::App;
use crate::input::Ids;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::api_version::{Column, Entity, Model};
use crate::usecase::api_version::{self as usecase, Summary, without_text};
use crate::usecase::image::{self, ImageType};

const TAG: &str = "APIs of a portal";

const LIST: ListSpec = ListSpec {
    filters: attributes! {},
    sorts: attributes! {},
    order: || vec![Column::Id.into_expr()],
};

/// A version of an API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct VersionName {
    api_id_or_slug: String,
    version_id: Uuid,
}

/// A specification of an API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SpecificationName {
    api_id_or_slug: String,
    spec_id: Uuid,
}

/// An image of an API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ImageName {
    api_id_or_slug: String,
    image_type: ImageType,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueVersion")]
struct VersionView {
    id: Uuid,
    version: String,
    spec: SpecView,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueSpec")]
struct SpecView {
    #[serde(rename = "type")]
    kind: String,
    /// Left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueSpecificationItem")]
struct SpecificationItem {
    id: Uuid,
    api_type: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueSpecification")]
struct SpecificationView {
    api_type: String,
    content: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    let path = |rest: &str| format!("{BASE}/apis/{{apiIdOrSlug}}/{rest}");
    ApiRouter::new()
        .api_route(
            &path("versions"),
            get_with(versions, |op| LIST.document(op.id("list-api-version-specs").tag(TAG))),
        )
        .api_route(
            &path("versions/{versionId}"),
            get_with(version, |op| op.id("fetch-api-version-spec").tag(TAG)),
        )
        .api_route(
            &path("versions/{versionId}/raw"),
            get_with(version_raw, |op| op.id("fetch-api-version-spec-raw").tag(TAG)),
        )
        .api_route(
            &path("specifications"),
            get_with(specifications, |op| LIST.document(older(op.id("list-catalogue-api-specs")))),
        )
        .api_route(
            &path("specifications/{specId}"),
            get_with(specification, |op| older(op.id("fetch-catalogue-api-spec"))),
        )
        .api_route(
            &path("specifications/{specId}/raw"),
            get_with(specification_raw, |op| older(op.id("fetch-api-spec-raw"))),
        )
        .api_route(
            &path("images/{imageType}/raw"),
            get_with(image_place, |op| op.id("fetch-catalogue-api-image").tag(TAG)),
        )
        .api_route(
            &path("images/{imageType}/content"),
            get_with(image_content, |op| {
                extension(op.id("fetch-catalogue-api-image-content").tag(TAG))
                    .description("The image itself: where `raw` leads to.")
            }),
        )
}

fn older(mut op: TransformOperation<'_>) -> TransformOperation<'_> {
    op.inner_mut().deprecated = true;
    op.tag(TAG).description("Use versions instead.")
}

fn of_api(api: Uuid) -> Select<Entity> {
    without_text(Entity::find().filter(Column::ApiId.eq(api)))
}

async fn find(app: &App, visitor: &Visitor, name: &str, version: Uuid) -> Result<Model, Problem> {
    let (api, _) = visitor.api(app, name).await?;
    usecase::find(app.store.db(), api.id, version).await
}

async fn versions(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<ApiName>,
    query: ListQuery,
) -> Result<Shown<Paged<VersionView>>, Problem> {
    let (api, _) = visitor.api(&app, &name.api_id_or_slug).await?;
    let page = query.read(&LIST)?.fetch_as::<_, Summary>(app.store.db(), of_api(api.id)).await?;
    Ok(Shown(page.show(|row| VersionView {
        id: row.id,
        version: row.version,
        spec: SpecView { kind: row.spec_type, content: None },
    })))
}

async fn version(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<VersionName>,
) -> Result<Shown<VersionView>, Problem> {
    let row = find(&app, &visitor, &name.api_id_or_slug, name.version_id).await?;
    Ok(Shown(VersionView {
        id: row.id,
        version: row.version,
        spec: SpecView { kind: row.spec_type, content: Some(row.spec_content) },
    }))
}

async fn version_raw(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<VersionName>,
) -> Result<RawSpecification, Problem> {
    let row = find(&app, &visitor, &name.api_id_or_slug, name.version_id).await?;
    Ok(RawSpecification(row.spec_content))
}

async fn specifications(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<ApiName>,
    query: ListQuery,
) -> Result<Shown<Paged<SpecificationItem>>, Problem> {
    let (api, _) = visitor.api(&app, &name.api_id_or_slug).await?;
    let page = query.read(&LIST)?.fetch_as::<_, Summary>(app.store.db(), of_api(api.id)).await?;
    Ok(Shown(page.show(|row| SpecificationItem { id: row.id, api_type: row.spec_type })))
}

async fn specification(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<SpecificationName>,
) -> Result<Shown<SpecificationView>, Problem> {
    let row = find(&app, &visitor, &name.api_id_or_slug, name.spec_id).await?;
    Ok(Shown(SpecificationView { api_type: row.spec_type, content: row.spec_content }))
}

async fn specification_raw(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<SpecificationName>,
) -> Result<RawSpecification, Problem> {
    let row = find(&app, &visitor, &name.api_id_or_slug, name.spec_id).await?;
    Ok(RawSpecification(row.spec_content))
}

async fn image_place(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<ImageName>,
) -> Result<Found, Problem> {
    let (api, _) = visitor.api(&app, &name.api_id_or_slug).await?;
    image::shown(app.store.db(), api.id, name.image_type).await?;
    // Relative: the portal may be reached under any prefix.
    Ok(Found("content".into()))
}

async fn image_content(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<ImageName>,
) -> Result<Image, Problem> {
    let (api, _) = visitor.api(&app, &name.api_id_or_slug).await?;
    image::shown(app.store.db(), api.id, name.image_type).await.map(Image)
}
