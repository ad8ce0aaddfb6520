//! `/v2/api-products/{apiProductId}/product-versions/{apiProductVersionId}/specifications`: the one
//! specification of an API, as a file.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Instant, ProductVersionPath, SpecificationPath};
use crate::app::App;
use crate::input::{Body, Catalogue, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::api_version::{self, Column};
use crate::store::entity::specification_name;
use crate::usecase::product_version;
use crate::usecase::specification::{self as usecase, NewSpecification, SpecificationEdit};

const TAG: &str = "API product version specifications";

const LIST: ListSpec = ListSpec {
    filters: attributes! {},
    sorts: attributes! {},
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A specification.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiProductVersionSpecification")]
struct View {
    id: Uuid,
    name: String,
    content: String,
    created_at: Instant,
    updated_at: Instant,
}

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str =
        "/v2/api-products/{apiProductId}/product-versions/{apiProductVersionId}/specifications";
    ApiRouter::new()
        .api_route(
            BASE,
            get_with(list, |op| LIST.document(op.id("get-many-api-product-version-spec").tag(TAG)))
                .post_with(create, |op| op.id("create-api-product-version-spec").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/{{specificationId}}"),
            get_with(show, |op| op.id("get-api-product-version-spec").tag(TAG))
                .patch_with(update, |op| op.id("update-api-product-version-spec").tag(TAG))
                .delete_with(delete, |op| op.id("delete-api-product-version-spec").tag(TAG)),
        )
}

async fn views(
    db: &impl ConnectionTrait,
    rows: Vec<api_version::Model>,
) -> Result<Vec<View>, Problem> {
    let mut names: HashMap<_, _> = specification_name::Entity::find()
        .filter(specification_name::Column::VersionId.is_in(rows.iter().map(|row| row.id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.version_id, row.name))
        .collect();
    let views = rows.into_iter().map(|row| View {
        id: row.id,
        name: names.remove(&row.id).unwrap_or_else(|| usecase::default_name(&row).to_owned()),
        content: row.spec_content,
        created_at: Instant(row.created_at),
        updated_at: Instant(row.updated_at),
    });
    Ok(views.collect())
}

async fn view(db: &impl ConnectionTrait, row: api_version::Model) -> Result<View, Problem> {
    let view = views(db, vec![row]).await?.into_iter().next();
    view.ok_or_else(|| Problem::internal("a specification has no view"))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProductVersionPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let version = product_version::find(db, ids.api_product_id, ids.api_product_version_id).await?;
    let select = api_version::Entity::find().filter(Column::ApiId.eq(version.id));
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(views(db, rows).await?)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProductVersionPath>,
    body: Body<NewSpecification, Catalogue>,
) -> Result<Created<View>, Problem> {
    let made =
        usecase::create(&app, ids.api_product_id, ids.api_product_version_id, body.0).await?;
    Ok(Created(view(app.store.db(), made).await?))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SpecificationPath>,
) -> Result<Shown<View>, Problem> {
    let db = app.store.db();
    let SpecificationPath { api_product_id, api_product_version_id, specification_id } = ids;
    let found = usecase::find(db, api_product_id, api_product_version_id, specification_id).await?;
    Ok(Shown(view(db, found).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SpecificationPath>,
    body: Body<SpecificationEdit, Catalogue>,
) -> Result<Shown<View>, Problem> {
    let SpecificationPath { api_product_id, api_product_version_id, specification_id } = ids;
    let updated =
        usecase::update(&app, api_product_id, api_product_version_id, specification_id, body.0)
            .await?;
    Ok(Shown(view(app.store.db(), updated).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SpecificationPath>,
) -> Result<NoContent, Problem> {
    let SpecificationPath { api_product_id, api_product_version_id, specification_id } = ids;
    usecase::delete(&app, api_product_id, api_product_version_id, specification_id).await?;
    Ok(NoContent)
}
