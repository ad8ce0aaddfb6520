//! `/v3/portals/{portalId}/snippets`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::ColumnTrait;
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{Instant, PortalPath, SnippetPath};
use crate::app::App;
use crate::input::{Body, Ids, Text};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::snippet::{Column, Model};
use crate::usecase::portal;
use crate::usecase::snippet::{self as usecase, Entry, NewSnippet, SnippetEdit};

const TAG: &str = "Portal snippets";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "id" = Column::Id;
        Text "name" = Column::Name;
        Text "title" = Column::Title;
        Text "visibility" = Column::Visibility;
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
    },
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "updated_at" = Column::UpdatedAt;
        Text "name" = Column::Name;
        Text "title" = Column::Title;
        Text "visibility" = Column::Visibility;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A snippet of a portal.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalSnippet")]
struct View {
    id: Uuid,
    name: String,
    title: String,
    content: String,
    visibility: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    created_at: Instant,
    updated_at: Instant,
}

/// A snippet of a portal, without its text.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalSnippetItem")]
struct Item {
    id: Uuid,
    name: String,
    title: String,
    visibility: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    created_at: Instant,
    updated_at: Instant,
}

impl From<Model> for View {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            title: row.title,
            content: row.content,
            visibility: row.visibility,
            status: row.status,
            description: row.description,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

impl From<Entry> for Item {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            name: entry.name,
            title: entry.title,
            visibility: entry.visibility,
            status: entry.status,
            description: entry.description,
            created_at: Instant(entry.created_at),
            updated_at: Instant(entry.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/portals/{portalId}/snippets",
            get_with(list, |op| LIST.document(op.id("list-portal-snippets").tag(TAG)))
                .post_with(create, |op| op.id("create-portal-snippet").tag(TAG)),
        )
        .api_route(
            "/v3/portals/{portalId}/snippets/{snippetId}",
            get_with(show, |op| op.id("get-portal-snippet").tag(TAG))
                .patch_with(update, |op| op.id("update-portal-snippet").tag(TAG))
                .delete_with(delete, |op| op.id("delete-portal-snippet").tag(TAG)),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<Item>>, Problem> {
    let db = app.store.db();
    portal::find(db, ids.portal_id).await?;
    let select = usecase::entries(ids.portal_id);
    let page = query.read(&LIST)?.fetch_as::<_, Entry>(db, select).await?;
    Ok(Shown(page.show(Item::from)))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<NewSnippet, Text>,
) -> Result<Created<View>, Problem> {
    Ok(Created(usecase::create(&app, ids.portal_id, body.0).await?.into()))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SnippetPath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::find(app.store.db(), ids.portal_id, ids.snippet_id).await?.into()))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SnippetPath>,
    body: Body<SnippetEdit, Text>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::update(&app, ids.portal_id, ids.snippet_id, body.0).await?.into()))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<SnippetPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.portal_id, ids.snippet_id).await?;
    Ok(NoContent)
}
