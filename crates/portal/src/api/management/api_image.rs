//! `/v3/apis/{apiId}/images/{imageType}`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::openapi::StatusCode as ApiStatus;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::media::{Found, Image};
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::Instant;
use crate::app::App;
use crate::input::{Body, CatalogueSmall, Ids};
use crate::problem::Problem;
use crate::store::entity::api_image::Model;
use crate::usecase::image::{self as usecase, ImageType, NewImage};

const TAG: &str = "API images";

/// An image of an API.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ImagePath {
    api_id: Uuid,
    image_type: ImageType,
}

/// How an image of an API is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiImage")]
struct View {
    /// Why the newest image is not shown.
    error: Option<String>,
    /// `valid` or `invalid`.
    status: &'static str,
    api_id: Uuid,
    image_type: String,
    created_at: Instant,
    updated_at: Instant,
}

impl From<Model> for View {
    fn from(row: Model) -> Self {
        Self {
            status: if row.error.is_some() { "invalid" } else { "valid" },
            error: row.error,
            api_id: row.api_id,
            image_type: row.kind,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    const PATH: &str = "/v3/apis/{apiId}/images/{imageType}";
    ApiRouter::new()
        .api_route(
            PATH,
            get_with(show, |op| op.id("fetch-api-image").tag(TAG))
                .put_with(put, |op| op.id("upsert-api-image").tag(TAG))
                .delete_with(delete, |op| op.id("delete-api-image").tag(TAG)),
        )
        .api_route(
            &format!("{PATH}/raw"),
            get_with(raw, |op| op.id("fetch-api-raw-image").tag(TAG)),
        )
        .api_route(
            &format!("{PATH}/content"),
            get_with(content, |op| {
                extension(op.id("fetch-api-image-content").tag(TAG))
                    .description("The image itself: where `raw` leads to.")
            }),
        )
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ImagePath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::find(app.store.db(), ids.api_id, ids.image_type).await?.into()))
}

/// 201 for the first image, 200 for one in its place.
#[derive(Debug)]
enum Put {
    New(View),
    Other(View),
}

impl IntoResponse for Put {
    fn into_response(self) -> Response {
        match self {
            Self::New(view) => Created(view).into_response(),
            Self::Other(view) => Shown(view).into_response(),
        }
    }
}

impl aide::OperationOutput for Put {
    type Inner = View;

    fn operation_response(
        ctx: &mut aide::generate::GenContext,
        operation: &mut aide::openapi::Operation,
    ) -> Option<aide::openapi::Response> {
        Created::<View>::operation_response(ctx, operation)
    }

    fn inferred_responses(
        ctx: &mut aide::generate::GenContext,
        operation: &mut aide::openapi::Operation,
    ) -> Vec<(Option<ApiStatus>, aide::openapi::Response)> {
        let mut responses = Created::<View>::inferred_responses(ctx, operation);
        responses.extend(Shown::<View>::inferred_responses(ctx, operation));
        responses
    }
}

async fn put(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ImagePath>,
    body: Body<NewImage, CatalogueSmall>,
) -> Result<Put, Problem> {
    let (row, is_new) = usecase::put(&app, ids.api_id, ids.image_type, body.0).await?;
    Ok(if is_new { Put::New(row.into()) } else { Put::Other(row.into()) })
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ImagePath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.api_id, ids.image_type).await?;
    Ok(NoContent)
}

async fn raw(_: Admin, State(app): State<App>, Ids(ids): Ids<ImagePath>) -> Result<Found, Problem> {
    usecase::shown(app.store.db(), ids.api_id, ids.image_type).await?;
    // Relative: the portal may be reached under any prefix.
    Ok(Found("content".into()))
}

async fn content(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ImagePath>,
) -> Result<Image, Problem> {
    usecase::shown(app.store.db(), ids.api_id, ids.image_type).await.map(Image)
}
