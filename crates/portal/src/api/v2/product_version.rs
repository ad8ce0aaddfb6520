//! `/v2/api-products/{apiProductId}/product-versions`: APIs as versions of a product.

use std::collections::HashMap;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::sea_query::{CaseStatement, Expr, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Instant, Labels, ProductPath, ProductVersionPath, members};
use crate::app::App;
use crate::input::{Body, Catalogue, Ids};
use crate::list::{Attribute, Kind, ListQuery, ListSpec, Paged, attribute, attributes};
use crate::problem::Problem;
use crate::store::entity::api::{self, Column};
use crate::store::entity::{implementation, portal, publication, strategy};
use crate::usecase::product::{self, PublishStatus};
use crate::usecase::product_version::{self as usecase, NewProductVersion, ProductVersionEdit};

const TAG: &str = "API product versions";
/// What an API without a version is called as a version of a product.
const UNVERSIONED: &str = "unversioned";

const LIST: ListSpec = ListSpec {
    filters: &[
        attribute!(Id "id" = Column::Id),
        attribute!(Text "name" = Column::Version),
        Attribute { name: "publish_status", kind: Kind::Text, column: status },
        Attribute { name: "gateway_service_id", kind: Kind::Id, column: service },
    ],
    sorts: attributes! {
        Text "name" = Column::Version;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// The status of a version as a query has it: that of its portals, or what was said while it had none.
fn status() -> SimpleExpr {
    let of_api = || {
        let mut select = Query::select();
        select.expr(Expr::val(1)).from(publication::Entity).and_where(
            Expr::col((publication::Entity, publication::Column::ApiId))
                .equals((api::Entity, Column::Id)),
        );
        select
    };
    let published = of_api().and_where(publication::Column::Published.eq(true)).take();
    let anywhere = of_api().take();
    CaseStatement::new()
        .case(Expr::exists(published), Expr::val("published"))
        .case(Expr::exists(anywhere), Expr::val("unpublished"))
        .case(Column::Published.eq(true), Expr::val("published"))
        .finally(Expr::val("unpublished"))
        .into()
}

/// The service of a version.
fn service() -> SimpleExpr {
    let select = Query::select()
        .column(implementation::Column::ServiceId)
        .from(implementation::Entity)
        .and_where(
            Expr::col((implementation::Entity, implementation::Column::ApiId))
                .equals((api::Entity, Column::Id)),
        )
        .take();
    SimpleExpr::SubQuery(None, Box::new(select.into()))
}

/// A version of an API product.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiProductVersion")]
struct View {
    id: Uuid,
    name: String,
    gateway_service: Option<ServiceView>,
    publish_status: PublishStatus,
    deprecated: bool,
    labels: Labels,
    portals: Vec<InPortal>,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiProductVersionService")]
struct ServiceView {
    id: Uuid,
    control_plane_id: Uuid,
    runtime_group_id: Uuid,
}

/// How a version is published in a portal.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiProductVersionPortal")]
struct InPortal {
    portal_id: Uuid,
    portal_name: String,
    portal_product_version_id: Uuid,
    publish_status: PublishStatus,
    deprecated: bool,
    application_registration_enabled: bool,
    auto_approve_registration: bool,
    auth_strategies: Vec<StrategyName>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StrategyName {
    id: Uuid,
    name: String,
}

/// What a version is called.
pub(in crate::api) fn name(row: &api::Model) -> String {
    if row.version.is_empty() { UNVERSIONED.to_owned() } else { row.version.clone() }
}

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v2/api-products/{apiProductId}/product-versions";
    ApiRouter::new()
        .api_route(
            BASE,
            get_with(list, |op| LIST.document(op.id("get-many-api-product-version").tag(TAG)))
                .post_with(create, |op| op.id("create-api-product-version").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/{{apiProductVersionId}}"),
            get_with(show, |op| op.id("get-api-product-version").tag(TAG))
                .patch_with(update, |op| op.id("update-api-product-version").tag(TAG))
                .delete_with(delete, |op| op.id("delete-api-product-version").tag(TAG)),
        )
}

/// The views of versions, with what is around them fetched for all at once.
async fn views(db: &impl ConnectionTrait, rows: Vec<api::Model>) -> Result<Vec<View>, Problem> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut services: HashMap<_, _> = implementation::Entity::find()
        .filter(implementation::Column::ApiId.is_in(ids.clone()))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.api_id, row))
        .collect();
    let published = publication::Entity::find()
        .filter(publication::Column::ApiId.is_in(ids))
        .order_by_asc(publication::Column::CreatedAt)
        .order_by_asc(publication::Column::Id)
        .all(db)
        .await?;
    let portals: HashMap<_, _> = portal::Entity::find()
        .filter(portal::Column::Id.is_in(published.iter().map(|row| row.portal_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.id, row.name))
        .collect();
    let strategies: HashMap<_, _> = strategy::Entity::find()
        .filter(strategy::Column::Id.is_in(published.iter().filter_map(|row| row.strategy_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.id, row.name))
        .collect();
    let mut around: HashMap<Uuid, Vec<InPortal>> = HashMap::new();
    for row in published {
        let Some(portal_name) = portals.get(&row.portal_id).cloned() else { continue };
        let strategy = row.strategy_id.and_then(|id| {
            let name = strategies.get(&id)?.clone();
            Some(StrategyName { id, name })
        });
        around.entry(row.api_id).or_default().push(InPortal {
            portal_id: row.portal_id,
            portal_name,
            portal_product_version_id: row.id,
            publish_status: PublishStatus::of(row.published),
            deprecated: row.deprecated,
            application_registration_enabled: row.registration_enabled,
            auto_approve_registration: row.auto_approve,
            auth_strategies: strategy.into_iter().collect(),
        });
    }
    let views = rows.into_iter().map(|row| {
        let portals = around.remove(&row.id).unwrap_or_default();
        let (published, deprecated) = if portals.is_empty() {
            (row.published, row.deprecated)
        } else {
            let published = portals.iter().any(|portal| portal.publish_status.is_published());
            (published, portals.iter().all(|portal| portal.deprecated))
        };
        View {
            gateway_service: services.remove(&row.id).map(|row| ServiceView {
                id: row.service_id,
                control_plane_id: row.gateway_id,
                runtime_group_id: row.gateway_id,
            }),
            id: row.id,
            name: name(&row),
            publish_status: PublishStatus::of(published),
            deprecated,
            labels: members(row.labels),
            portals,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    });
    Ok(views.collect())
}

async fn view(db: &impl ConnectionTrait, row: api::Model) -> Result<View, Problem> {
    let view = views(db, vec![row]).await?.into_iter().next();
    view.ok_or_else(|| Problem::internal("a product version has no view"))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProductPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    product::find(db, ids.api_product_id).await?;
    let select = api::Entity::find().filter(Column::ProductId.eq(ids.api_product_id));
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(views(db, rows).await?)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProductPath>,
    body: Body<NewProductVersion, Catalogue>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create(&app, ids.api_product_id, body.0).await?;
    Ok(Created(view(app.store.db(), made).await?))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProductVersionPath>,
) -> Result<Shown<View>, Problem> {
    let db = app.store.db();
    let found = usecase::find(db, ids.api_product_id, ids.api_product_version_id).await?;
    Ok(Shown(view(db, found).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProductVersionPath>,
    body: Body<ProductVersionEdit, Catalogue>,
) -> Result<Shown<View>, Problem> {
    let ProductVersionPath { api_product_id, api_product_version_id } = ids;
    let updated = usecase::update(&app, api_product_id, api_product_version_id, body.0).await?;
    Ok(Shown(view(app.store.db(), updated).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ProductVersionPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.api_product_id, ids.api_product_version_id).await?;
    Ok(NoContent)
}
