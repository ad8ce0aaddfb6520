//! What successful requests are answered with.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{
    MediaType, Operation, Response as ApiResponse, SchemaObject, StatusCode as ApiStatus,
};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

macro_rules! replies {
    ($($(#[$doc:meta])* $name:ident = $status:expr, $says:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name<T>(pub(crate) T);

        impl<T: Serialize> IntoResponse for $name<T> {
            fn into_response(self) -> Response {
                ($status, Json(self.0)).into_response()
            }
        }

        impl<T: JsonSchema> OperationOutput for $name<T> {
            type Inner = T;

            fn operation_response(
                ctx: &mut GenContext,
                _: &mut Operation,
            ) -> Option<ApiResponse> {
                let media = MediaType {
                    schema: Some(SchemaObject {
                        json_schema: ctx.schema.subschema_for::<T>(),
                        example: None,
                        external_docs: None,
                    }),
                    ..MediaType::default()
                };
                Some(ApiResponse {
                    description: $says.into(),
                    content: [("application/json".to_owned(), media)].into_iter().collect(),
                    ..ApiResponse::default()
                })
            }

            fn inferred_responses(
                ctx: &mut GenContext,
                operation: &mut Operation,
            ) -> Vec<(Option<ApiStatus>, ApiResponse)> {
                let response = Self::operation_response(ctx, operation);
                response.map(|response| (Some(ApiStatus::Code($status.as_u16())), response)).into_iter().collect()
            }
        }
    )*};
}

replies! {
    /// 200, and it.
    Shown = StatusCode::OK, "It is shown.";
    /// 201, and what was made.
    Created = StatusCode::CREATED, "It was made.";
    /// 202, and what to go on with.
    Accepted = StatusCode::ACCEPTED, "It was accepted.";
}

macro_rules! empty_replies {
    ($($(#[$doc:meta])* $name:ident = $status:expr, $says:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl IntoResponse for $name {
            fn into_response(self) -> Response {
                $status.into_response()
            }
        }

        impl OperationOutput for $name {
            type Inner = ();

            fn operation_response(
                _: &mut GenContext,
                _: &mut Operation,
            ) -> Option<ApiResponse> {
                Some(ApiResponse { description: $says.into(), ..ApiResponse::default() })
            }

            fn inferred_responses(
                ctx: &mut GenContext,
                operation: &mut Operation,
            ) -> Vec<(Option<ApiStatus>, ApiResponse)> {
                let response = Self::operation_response(ctx, operation);
                response.map(|response| (Some(ApiStatus::Code($status.as_u16())), response)).into_iter().collect()
            }
        }
    )*};
}

empty_replies! {
    /// 200 without a body.
    Done = StatusCode::OK, "It was done.";
    /// 201 without a body.
    Made = StatusCode::CREATED, "It was made.";
    /// 204.
    NoContent = StatusCode::NO_CONTENT, "It was done; there is nothing to show.";
}
