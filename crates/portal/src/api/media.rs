//! Answers that are not JSON of ours: images, texts, and where to find them.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{
    MediaType, Operation, Response as ApiResponse, SchemaObject, StatusCode as ApiStatus,
};
use axum::http::header::{
    CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, VARY,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::json_schema;

use crate::usecase::image::Picture;

/// An image may be opened by itself, where a browser would run what is in it.
const INERT: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// 200, and an image.
#[derive(Debug)]
pub(crate) struct Image(pub(crate) Picture);

impl IntoResponse for Image {
    fn into_response(self) -> Response {
        let headers: [(HeaderName, &str); 3] = [
            (CONTENT_TYPE, self.0.media_type),
            (CONTENT_SECURITY_POLICY, INERT),
            (CONTENT_DISPOSITION, "inline"),
        ];
        (headers, self.0.bytes).into_response()
    }
}

/// 302, and where the image is.
#[derive(Debug)]
pub(crate) struct Found(pub(crate) String);

impl IntoResponse for Found {
    fn into_response(self) -> Response {
        (StatusCode::FOUND, [(LOCATION, self.0)]).into_response()
    }
}

/// 200, and a specification as it was written.
#[derive(Debug)]
pub(crate) struct RawSpecification(pub(crate) String);

impl IntoResponse for RawSpecification {
    fn into_response(self) -> Response {
        let is_json = self.0.trim_start().starts_with('{');
        let media_type = if is_json { "application/json" } else { "application/yaml" };
        ([(CONTENT_TYPE, media_type)], self.0).into_response()
    }
}

/// 200, and Markdown.
#[derive(Debug)]
pub(crate) struct Markdown(pub(crate) String);

impl IntoResponse for Markdown {
    fn into_response(self) -> Response {
        let headers = [(CONTENT_TYPE, "text/markdown; charset=utf-8"), (VARY, "accept")];
        (headers, self.0).into_response()
    }
}

fn of_types(types: &[&str], binary: bool, says: &str) -> ApiResponse {
    let schema = if binary {
        json_schema!({"type": "string", "format": "binary"})
    } else {
        json_schema!({})
    };
    let media = |name: &&str| {
        let schema =
            SchemaObject { json_schema: schema.clone(), example: None, external_docs: None };
        ((*name).to_owned(), MediaType { schema: Some(schema), ..MediaType::default() })
    };
    ApiResponse {
        description: says.into(),
        content: types.iter().map(media).collect(),
        ..ApiResponse::default()
    }
}

macro_rules! documented {
    ($($name:ident = $status:literal, $response:expr;)*) => {$(
        impl OperationOutput for $name {
            type Inner = Self;

            fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<ApiResponse> {
                Some($response)
            }

            fn inferred_responses(
                ctx: &mut GenContext,
                operation: &mut Operation,
            ) -> Vec<(Option<ApiStatus>, ApiResponse)> {
                let response = Self::operation_response(ctx, operation);
                response.map(|response| (Some(ApiStatus::Code($status)), response)).into_iter().collect()
            }
        }
    )*};
}

documented! {
    Image = 200, of_types(
        &["image/png", "image/jpeg", "image/gif", "image/x-icon", "image/svg+xml"],
        true,
        "The image.",
    );
    Found = 302, ApiResponse { description: "Where the image is.".into(), ..ApiResponse::default() };
    RawSpecification = 200, of_types(
        &["application/json", "application/yaml"],
        false,
        "The specification, as it was written.",
    );
    Markdown = 200, of_types(&["text/markdown"], false, "The text, as it was written.");
}
