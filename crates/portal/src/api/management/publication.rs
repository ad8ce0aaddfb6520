//! `/v3/apis/{apiId}/publications/{portalId}` and the lists of publications.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait, Select,
};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{NoContent, Shown};
use crate::api::shape::{Instant, PortalPath, PublicationPath};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::publication::{self, Column, Relation};
use crate::store::entity::{api, portal};
use crate::usecase;
use crate::usecase::publication::Publish;

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "portal_id" = Column::PortalId;
        Text "portal_name" = portal::Column::Name;
        Id "api_id" = Column::ApiId;
        Text "api_name" = api::Column::Name;
        Id "auth_strategy_id" = Column::StrategyId;
    },
    sorts: attributes! {
        Id "portal_id" = Column::PortalId;
        Text "portal_name" = portal::Column::Name;
        Id "api_id" = Column::ApiId;
        Text "api_name" = api::Column::Name;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: || {
        vec![Column::CreatedAt.into_expr(), Column::ApiId.into_expr(), Column::PortalId.into_expr()]
    },
};

const PORTAL_LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "api_id" = Column::ApiId;
        Text "api_name" = api::Column::Name;
        Id "auth_strategy_id" = Column::StrategyId;
    },
    sorts: attributes! {
        Id "api_id" = Column::ApiId;
        Text "api_name" = api::Column::Name;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    order: LIST.order,
};

/// How an API is published in a portal.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Publication")]
struct View {
    auto_approve_registrations: bool,
    auth_strategy_ids: Option<[Uuid; 1]>,
    visibility: String,
    created_at: Instant,
    updated_at: Instant,
}

/// A publication in the list of all.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PublicationItem")]
struct Item {
    api_id: Uuid,
    portal_id: Uuid,
    entity_type: &'static str,
    auto_approve_registrations: bool,
    auth_strategy_ids: Option<[Uuid; 1]>,
    visibility: String,
    created_at: Instant,
    updated_at: Instant,
}

/// A publication in the list of a portal.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalPublicationItem")]
struct PortalItem {
    api_id: Uuid,
    portal_ids: [Uuid; 1],
    entity_type: &'static str,
    auto_approve_registrations: bool,
    auth_strategy_ids: Option<[Uuid; 1]>,
    visibility: String,
    created_at: Instant,
    updated_at: Instant,
}

impl From<publication::Model> for View {
    fn from(row: publication::Model) -> Self {
        Self {
            auto_approve_registrations: row.auto_approve,
            auth_strategy_ids: row.strategy_id.map(|id| [id]),
            visibility: row.visibility,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

impl From<publication::Model> for Item {
    fn from(row: publication::Model) -> Self {
        Self {
            api_id: row.api_id,
            portal_id: row.portal_id,
            entity_type: "api",
            auto_approve_registrations: row.auto_approve,
            auth_strategy_ids: row.strategy_id.map(|id| [id]),
            visibility: row.visibility,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

impl From<publication::Model> for PortalItem {
    fn from(row: publication::Model) -> Self {
        let portal_ids = [row.portal_id];
        let item = Item::from(row);
        Self {
            api_id: item.api_id,
            portal_ids,
            entity_type: item.entity_type,
            auto_approve_registrations: item.auto_approve_registrations,
            auth_strategy_ids: item.auth_strategy_ids,
            visibility: item.visibility,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/apis/{apiId}/publications/{portalId}",
            get_with(show, |op| op.id("fetch-publication").tag("Publications"))
                .put_with(put, |op| op.id("publish-api-to-portal").tag("Publications"))
                .delete_with(delete, |op| op.id("delete-publication").tag("Publications")),
        )
        .api_route(
            "/v3/api-publications",
            get_with(list, |op| LIST.document(op.id("list-api-publications").tag("Publications"))),
        )
        .api_route(
            "/v3/portals/{portalId}/api-publications",
            get_with(list_of_portal, |op| {
                PORTAL_LIST.document(op.id("list-portal-api-publications").tag("Publications"))
            }),
        )
}

fn joined() -> Select<publication::Entity> {
    publication::Entity::find()
        .join(JoinType::InnerJoin, Relation::Api.def())
        .join(JoinType::InnerJoin, Relation::Portal.def())
        .filter(usecase::publication::live())
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PublicationPath>,
) -> Result<Shown<View>, Problem> {
    let found = usecase::publication::find(app.store.db(), ids.api_id, ids.portal_id).await?;
    Ok(Shown(found.into()))
}

async fn put(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PublicationPath>,
    body: Body<Publish>,
) -> Result<Shown<View>, Problem> {
    let put = usecase::publication::put(&app, ids.api_id, ids.portal_id, body.0).await?;
    Ok(Shown(put.into()))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PublicationPath>,
) -> Result<NoContent, Problem> {
    usecase::publication::delete(&app, ids.api_id, ids.portal_id).await?;
    Ok(NoContent)
}

async fn list(
    _: Admin,
    State(app): State<App>,
    query: ListQuery,
) -> Result<Shown<Paged<Item>>, Problem> {
    let page = query.read(&LIST)?.fetch(app.store.db(), joined()).await?;
    Ok(Shown(page.show(Item::from)))
}

async fn list_of_portal(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<PortalItem>>, Problem> {
    usecase::portal::find(app.store.db(), ids.portal_id).await?;
    let select = joined().filter(Column::PortalId.eq(ids.portal_id));
    let page = query.read(&PORTAL_LIST)?.fetch(app.store.db(), select).await?;
    Ok(Shown(page.show(PortalItem::from)))
}
