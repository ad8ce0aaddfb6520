//! Errors as the contract has them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gatekey_dcr::FailureKind;
use serde_json::json;

/// An error: its status, `error` and `error_description`.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    summary: &'static str,
    description: String,
}

impl Failure {
    pub(crate) fn bad_request(description: impl Into<String>) -> Self {
        let description = description.into();
        Self { status: StatusCode::BAD_REQUEST, summary: "Bad Request", description }
    }

    pub(crate) fn wrong_key() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            summary: "Wrong API-Key",
            description: "X-API-KEY is missing, or none of the keys that are accepted".into(),
        }
    }

    pub(crate) fn no_client(client_id: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            summary: "Not Found",
            description: format!("there is no client {client_id}"),
        }
    }

    pub(crate) fn no_such_call() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            summary: "Not Found",
            description: "the bridge has no such call; a client of RFC 7591 has one secret".into(),
        }
    }

    pub(crate) fn state(description: impl Into<String>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            summary: "Internal Server Error",
            description: description.into(),
        }
    }

    /// What the server did not do.
    pub(crate) fn of(failure: &gatekey_dcr::Failure) -> Self {
        let (status, summary) = match failure.kind {
            FailureKind::Refused | FailureKind::Unsupported => {
                (StatusCode::BAD_REQUEST, "The identity provider refused")
            }
            FailureKind::Gone => (StatusCode::NOT_FOUND, "Not Found"),
            FailureKind::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "The identity provider is not available")
            }
            FailureKind::Unauthorized | FailureKind::Unexpected | FailureKind::Uncertain => {
                (StatusCode::BAD_GATEWAY, "The identity provider failed")
            }
        };
        Self { status, summary, description: failure.to_string() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.summary, "error_description": self.description });
        (self.status, Json(body)).into_response()
    }
}
