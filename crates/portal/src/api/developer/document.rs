//! Documents of an API of a portal: `apis/.../documents`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as ApiResponse, StatusCode as ApiStatus};
use aide::{OperationInput, OperationOutput};
use axum::extract::{FromRequestParts, State};
use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BASE;
use super::catalogue::ApiName;
use crate::actor::Visitor;
use crate::api::media::Markdown;
use crate::api::reply::Shown;
use crate::api::shape::Instant;
use crate::app::App;
use crate::input::Ids;
use crate::list::ListQuery;
use crate::problem::Problem;
use crate::usecase::document::{self as usecase, Entry};
use crate::usecase::tree;

const TAG: &str = "APIs of a portal";

/// A document of an API, each by id or slug.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DocumentName {
    api_id_or_slug: String,
    document_id_or_slug: String,
}

/// A published document, without its text, and those below it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueDocumentNode")]
struct Branch {
    id: Uuid,
    parent_document_id: Option<Uuid>,
    title: String,
    slug: String,
    children: Vec<Self>,
    created_at: Instant,
    updated_at: Instant,
}

/// The published documents of an API.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueDocumentTree")]
struct Tree {
    data: Vec<Branch>,
}

/// A published document.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueDocument")]
struct View {
    id: Uuid,
    parent_document_id: Option<Uuid>,
    slug: String,
    content: String,
    title: String,
}

impl Branch {
    fn of(entry: Entry, children: Vec<Self>) -> Self {
        Self {
            id: entry.id,
            parent_document_id: entry.parent_id,
            title: entry.title,
            slug: entry.slug,
            children,
            created_at: Instant(entry.created_at),
            updated_at: Instant(entry.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    const PATH: &str = "apis/{apiIdOrSlug}/documents";
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/{PATH}"),
            get_with(list, |op| op.id("list-catalogue-api-documents").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/{PATH}/{{documentIdOrSlug}}"),
            get_with(show, |op| {
                op.id("fetch-catalogue-api-document")
                    .tag(TAG)
                    .description("As JSON, or as it was written for `Accept: text/markdown`.")
            }),
        )
}

async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<ApiName>,
    query: ListQuery,
) -> Result<Shown<Tree>, Problem> {
    query.nothing_else()?;
    let (api, _) = visitor.api(&app, &name.api_id_or_slug).await?;
    let entries = usecase::published(app.store.db(), api.id).await?;
    let data = tree::grow(entries, |entry| (entry.id, entry.parent_id), Branch::of);
    Ok(Shown(Tree { data }))
}

/// Whether the caller asks for Markdown.
#[derive(Debug)]
struct AsMarkdown(bool);

impl<S: Send + Sync> FromRequestParts<S> for AsMarkdown {
    type Rejection = core::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let asked = parts.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let mut asked = asked.flat_map(|value| value.split(','));
        Ok(Self(asked.any(|range| {
            let name = range.split(';').next().unwrap_or_default();
            name.trim().eq_ignore_ascii_case("text/markdown")
        })))
    }
}

impl OperationInput for AsMarkdown {}

/// A document in one of two ways.
#[derive(Debug)]
enum Answer {
    Json(View),
    Text(String),
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Json(view) => Shown(view).into_response(),
            Self::Text(text) => Markdown(text).into_response(),
        }
    }
}

impl OperationOutput for Answer {
    type Inner = View;

    fn operation_response(ctx: &mut GenContext, op: &mut Operation) -> Option<ApiResponse> {
        let mut response = Shown::<View>::operation_response(ctx, op)?;
        response.content.extend(Markdown::operation_response(ctx, op)?.content);
        Some(response)
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        op: &mut Operation,
    ) -> Vec<(Option<ApiStatus>, ApiResponse)> {
        let response = Self::operation_response(ctx, op);
        response.map(|response| (Some(ApiStatus::Code(200)), response)).into_iter().collect()
    }
}

async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Ids(name): Ids<DocumentName>,
    AsMarkdown(as_markdown): AsMarkdown,
) -> Result<Answer, Problem> {
    let (api, _) = visitor.api(&app, &name.api_id_or_slug).await?;
    let db = app.store.db();
    let row = usecase::find_published(db, api.id, &name.document_id_or_slug).await?;
    if as_markdown {
        return Ok(Answer::Text(row.content));
    }
    Ok(Answer::Json(View {
        id: row.id,
        parent_document_id: row.parent_id,
        slug: row.slug,
        content: row.content,
        title: row.title,
    }))
}
