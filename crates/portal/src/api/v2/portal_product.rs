//! API products in a portal: `/v2/portals/{portalId}/products`, `/publish` and `/product-versions`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::sea_query::{CaseStatement, Expr, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::product::Around;
use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Instant, Labels, PortalPath, PortalProductVersionPath, members};
use crate::api::view::{Strategies, StrategySummary};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{Attribute, Kind, ListQuery, ListSpec, Paged, attribute, attributes};
use crate::problem::Problem;
use crate::store::entity::api_product;
use crate::store::entity::publication::{self, Column};
use crate::usecase::portal;
use crate::usecase::product::{self, PublishStatus, Publishing};
use crate::usecase::product_version::{
    self as usecase, NewPortalProductVersion, PortalProductVersion, PortalProductVersionEdit,
};

const TAG: &str = "Portal product versions";

const PRODUCT_LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = api_product::Column::Id;
        Text "name" = api_product::Column::Name;
        Text "description" = api_product::Column::Description;
    },
    sorts: attributes! {
        Text "name" = api_product::Column::Name;
        Text "description" = api_product::Column::Description;
        Time "created_at" = api_product::Column::CreatedAt;
    },
    order: || vec![api_product::Column::CreatedAt.into_expr(), api_product::Column::Id.into_expr()],
};

const LIST: ListSpec = ListSpec {
    filters: &[
        attribute!(Id "id" = Column::Id),
        Attribute { name: "publish_status", kind: Kind::Text, column: status },
        attribute!(Id "product_version_id" = Column::ApiId),
        attribute!(Time "created_at" = Column::CreatedAt),
        attribute!(Time "updated_at" = Column::UpdatedAt),
        attribute!(Id "auth_strategy_ids" = Column::StrategyId),
        attribute!(Flag "application_registration_enabled" = Column::RegistrationEnabled),
        attribute!(Flag "auto_approve_registration" = Column::AutoApprove),
        attribute!(Flag "deprecated" = Column::Deprecated),
    ],
    sorts: &[
        attribute!(Time "created_at" = Column::CreatedAt),
        attribute!(Time "updated_at" = Column::UpdatedAt),
        Attribute { name: "publish_status", kind: Kind::Text, column: status },
        attribute!(Id "product_version_id" = Column::ApiId),
        attribute!(Id "auth_strategy_ids" = Column::StrategyId),
        attribute!(Flag "application_registration_enabled" = Column::RegistrationEnabled),
        attribute!(Flag "auto_approve_registration" = Column::AutoApprove),
        attribute!(Flag "deprecated" = Column::Deprecated),
    ],
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

fn status() -> SimpleExpr {
    CaseStatement::new()
        .case(Column::Published.eq(true), Expr::val("published"))
        .finally(Expr::val("unpublished"))
        .into()
}

/// An API product of a portal.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalProduct")]
struct ProductView {
    id: Uuid,
    name: String,
    description: Option<String>,
    portal_ids: Vec<Uuid>,
    version_count: usize,
    labels: Labels,
    created_at: Instant,
    updated_at: Instant,
}

/// How a version is published in a portal.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalProductVersion")]
struct View {
    id: Uuid,
    product_version_id: Uuid,
    publish_status: PublishStatus,
    auth_strategies: Vec<StrategySummary>,
    application_registration_enabled: bool,
    auto_approve_registration: bool,
    deprecated: bool,
    created_at: Instant,
    updated_at: Instant,
}

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v2/portals/{portalId}";
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/publish"),
            post_with(publish, |op| op.id("publish-api-products").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/products"),
            get_with(products, |op| PRODUCT_LIST.document(op.id("list-portal-products").tag(TAG))),
        )
        .api_route(
            &format!("{BASE}/product-versions"),
            get_with(list, |op| LIST.document(op.id("list-portal-product-versions").tag(TAG)))
                .post_with(create, |op| op.id("create-portal-product-version").tag(TAG)),
        )
        // A script of Konnect's own guides ends the path with a slash.
        .route(&format!("{BASE}/product-versions/"), axum::routing::post(create))
        .api_route(
            &format!("{BASE}/product-versions/{{productVersionId}}"),
            get_with(show, |op| op.id("get-portal-product-version").tag(TAG))
                .put_with(replace, |op| op.id("replace-portal-product-version").tag(TAG))
                .patch_with(update, |op| op.id("update-portal-product-version").tag(TAG))
                .delete_with(delete, |op| op.id("delete-portal-product-version").tag(TAG)),
        )
}

async fn views(app: &App, rows: Vec<publication::Model>) -> Result<Vec<View>, Problem> {
    let ids = rows.iter().filter_map(|row| row.strategy_id);
    let strategies = Strategies::fetch(app, app.store.db(), ids).await?;
    let views = rows.into_iter().map(|row| {
        let strategy = row.strategy_id.map(|id| strategies.plain(id)).transpose()?;
        Ok(View {
            id: row.id,
            product_version_id: row.api_id,
            publish_status: PublishStatus::of(row.published),
            auth_strategies: strategy.into_iter().collect(),
            application_registration_enabled: row.registration_enabled,
            auto_approve_registration: row.auto_approve,
            deprecated: row.deprecated,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        })
    });
    views.collect()
}

async fn view(app: &App, row: publication::Model) -> Result<View, Problem> {
    let view = views(app, vec![row]).await?.into_iter().next();
    view.ok_or_else(|| Problem::internal("a portal product version has no view"))
}

async fn publish(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<Publishing>,
) -> Result<NoContent, Problem> {
    product::publish_all(&app, ids.portal_id, body.0).await?;
    Ok(NoContent)
}

async fn products(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<ProductView>>, Problem> {
    let db = app.store.db();
    portal::find(db, ids.portal_id).await?;
    let select = api_product::Entity::find().filter(product::of_portal(ids.portal_id));
    let (rows, page) = query.read(&PRODUCT_LIST)?.fetch(db, select).await?.split();
    let around = Around::fetch(db, &rows).await?;
    let views = rows.into_iter().map(|row| ProductView {
        portal_ids: around.portal_ids(row.id),
        version_count: around.version_count(row.id),
        id: row.id,
        name: row.name,
        description: row.description,
        labels: members(row.labels),
        created_at: Instant(row.created_at),
        updated_at: Instant(row.updated_at),
    });
    Ok(Shown(page.with(views.collect())))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    portal::find(db, ids.portal_id).await?;
    let select = publication::Entity::find().filter(Column::PortalId.eq(ids.portal_id));
    let (rows, page) = query.read(&LIST)?.fetch(db, select).await?.split();
    Ok(Shown(page.with(views(&app, rows).await?)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<NewPortalProductVersion>,
) -> Result<Created<View>, Problem> {
    let made = usecase::create_in_portal(&app, ids.portal_id, body.0).await?;
    Ok(Created(view(&app, made).await?))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalProductVersionPath>,
) -> Result<Shown<View>, Problem> {
    let db = app.store.db();
    let found = usecase::find_in_portal(db, ids.portal_id, ids.product_version_id).await?;
    Ok(Shown(view(&app, found).await?))
}

async fn replace(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalProductVersionPath>,
    body: Body<PortalProductVersion>,
) -> Result<Shown<View>, Problem> {
    let PortalProductVersionPath { portal_id, product_version_id } = ids;
    let edit = body.0.into();
    let after = usecase::update_in_portal(&app, portal_id, product_version_id, edit).await?;
    Ok(Shown(view(&app, after).await?))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalProductVersionPath>,
    body: Body<PortalProductVersionEdit>,
) -> Result<Shown<View>, Problem> {
    let PortalProductVersionPath { portal_id, product_version_id } = ids;
    let after = usecase::update_in_portal(&app, portal_id, product_version_id, body.0).await?;
    Ok(Shown(view(&app, after).await?))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalProductVersionPath>,
) -> Result<NoContent, Problem> {
    usecase::delete_in_portal(&app, ids.portal_id, ids.product_version_id).await?;
    Ok(NoContent)
}
