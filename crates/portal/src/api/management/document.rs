//! `/v3/apis/{apiId}/documents`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::ColumnTrait;
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{ApiPath, DocumentPath, Instant};
use crate::app::App;
use crate::input::{Body, Catalogue, Ids};
use crate::list::{ListQuery, ListSpec, attributes};
use crate::problem::Problem;
use crate::store::entity::document::{Column, Model};
use crate::usecase::document::{self as usecase, DocumentEdit, DocumentMove, Entry, NewDocument};
use crate::usecase::{api, tree};

const TAG: &str = "API documents";

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Text "status" = Column::Status;
    },
    sorts: attributes! {},
    order: || vec![Column::Position.into_expr(), Column::Id.into_expr()],
};

/// A document of an API.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiDocument")]
struct View {
    id: Uuid,
    content: String,
    title: String,
    slug: String,
    status: String,
    parent_document_id: Option<Uuid>,
    created_at: Instant,
    updated_at: Instant,
}

/// A document without its text, and those below it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiDocumentNode")]
struct Branch {
    id: Uuid,
    title: String,
    slug: String,
    status: String,
    parent_document_id: Option<Uuid>,
    children: Vec<Self>,
    created_at: Instant,
    updated_at: Instant,
}

/// All documents of an API.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiDocumentTree")]
struct Tree {
    data: Vec<Branch>,
}

impl From<Model> for View {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            content: row.content,
            title: row.title,
            slug: row.slug,
            status: row.status,
            parent_document_id: row.parent_id,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

impl Branch {
    fn of(entry: Entry, children: Vec<Self>) -> Self {
        Self {
            id: entry.id,
            title: entry.title,
            slug: entry.slug,
            status: entry.status,
            parent_document_id: entry.parent_id,
            children,
            created_at: Instant(entry.created_at),
            updated_at: Instant(entry.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/apis/{apiId}/documents",
            get_with(list, |op| LIST.document_whole(op.id("list-api-documents").tag(TAG)))
                .post_with(create, |op| op.id("create-api-document").tag(TAG)),
        )
        .api_route(
            "/v3/apis/{apiId}/documents/{documentId}",
            get_with(show, |op| op.id("fetch-api-document").tag(TAG))
                .patch_with(update, |op| op.id("update-api-document").tag(TAG))
                .delete_with(delete, |op| op.id("delete-api-document").tag(TAG)),
        )
        .api_route(
            "/v3/apis/{apiId}/documents/{documentId}/move",
            post_with(shift, |op| op.id("move-api-document").tag(TAG)),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    query: ListQuery,
) -> Result<Shown<Tree>, Problem> {
    let db = app.store.db();
    api::find(db, ids.api_id).await?;
    let entries: Vec<Entry> =
        query.read_whole(&LIST)?.all_as(db, usecase::entries(ids.api_id)).await?;
    let data = tree::grow(entries, |entry| (entry.id, entry.parent_id), Branch::of);
    Ok(Shown(Tree { data }))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApiPath>,
    body: Body<NewDocument, Catalogue>,
) -> Result<Created<View>, Problem> {
    Ok(Created(usecase::create(&app, ids.api_id, body.0).await?.into()))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DocumentPath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::find(app.store.db(), ids.api_id, ids.document_id).await?.into()))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DocumentPath>,
    body: Body<DocumentEdit, Catalogue>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::update(&app, ids.api_id, ids.document_id, body.0).await?.into()))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DocumentPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.api_id, ids.document_id).await?;
    Ok(NoContent)
}

async fn shift(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<DocumentPath>,
    body: Body<DocumentMove, Catalogue>,
) -> Result<NoContent, Problem> {
    usecase::shift(&app, ids.api_id, ids.document_id, body.0).await?;
    Ok(NoContent)
}
