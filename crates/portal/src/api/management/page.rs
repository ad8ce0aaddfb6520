//! `/v3/portals/{portalId}/pages`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::ColumnTrait;
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, Made, NoContent, Shown};
use crate::api::shape::{Instant, PagePath, PortalPath};
use crate::app::App;
use crate::input::{Body, Ids, Optional, Text};
use crate::list::{ListQuery, ListSpec, attributes};
use crate::problem::Problem;
use crate::store::entity::page::{Column, Model};
use crate::usecase::page::{self as usecase, Entry, NewPage, PageEdit, PageMove};
use crate::usecase::{portal, tree};

const TAG: &str = "Portal pages";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "slug" = Column::Slug;
        Text "title" = Column::Title;
        Text "visibility" = Column::Visibility;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
        Text "slug" = Column::Slug;
        Text "title" = Column::Title;
        Text "visibility" = Column::Visibility;
    },
    order: || vec![Column::Position.into_expr(), Column::Id.into_expr()],
};

/// A page of a portal.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalPage")]
struct View {
    id: Uuid,
    slug: String,
    title: String,
    content: String,
    visibility: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    created_at: Instant,
    updated_at: Instant,
    parent_page_id: Option<Uuid>,
}

/// A page without its text, and those below it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalPageNode")]
struct Branch {
    id: Uuid,
    slug: String,
    title: String,
    visibility: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    parent_page_id: Option<Uuid>,
    children: Vec<Self>,
    created_at: Instant,
    updated_at: Instant,
}

/// All pages of a portal.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalPageTree")]
struct Tree {
    data: Vec<Branch>,
}

impl From<Model> for View {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            title: row.title,
            content: row.content,
            visibility: row.visibility,
            status: row.status,
            description: row.description,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
            parent_page_id: row.parent_id,
        }
    }
}

impl Branch {
    fn of(entry: Entry, children: Vec<Self>) -> Self {
        Self {
            id: entry.id,
            slug: entry.slug,
            title: entry.title,
            visibility: entry.visibility,
            status: entry.status,
            description: entry.description,
            parent_page_id: entry.parent_id,
            children,
            created_at: Instant(entry.created_at),
            updated_at: Instant(entry.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/portals/{portalId}/pages",
            get_with(list, |op| LIST.document_whole(op.id("list-portal-pages").tag(TAG)))
                .post_with(create, |op| op.id("create-portal-page").tag(TAG)),
        )
        .api_route(
            "/v3/portals/{portalId}/pages/{pageId}",
            get_with(show, |op| op.id("get-portal-page").tag(TAG))
                .patch_with(update, |op| op.id("update-portal-page").tag(TAG))
                .delete_with(delete, |op| op.id("delete-portal-page").tag(TAG)),
        )
        .api_route(
            "/v3/portals/{portalId}/pages/{pageId}/move",
            post_with(shift, |op| op.id("move-portal-pages").tag(TAG)),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Tree>, Problem> {
    let db = app.store.db();
    portal::find(db, ids.portal_id).await?;
    let entries: Vec<Entry> =
        query.read_whole(&LIST)?.all_as(db, usecase::entries(ids.portal_id)).await?;
    let data = tree::grow(entries, |entry| (entry.id, entry.parent_id), Branch::of);
    Ok(Shown(Tree { data }))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<NewPage, Text>,
) -> Result<Created<View>, Problem> {
    Ok(Created(usecase::create(&app, ids.portal_id, body.0).await?.into()))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PagePath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::find(app.store.db(), ids.portal_id, ids.page_id).await?.into()))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PagePath>,
    body: Body<PageEdit, Text>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::update(&app, ids.portal_id, ids.page_id, body.0).await?.into()))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PagePath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.portal_id, ids.page_id).await?;
    Ok(NoContent)
}

async fn shift(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PagePath>,
    body: Body<PageMove, Optional>,
) -> Result<Made, Problem> {
    usecase::shift(&app, ids.portal_id, ids.page_id, body.0).await?;
    Ok(Made)
}
