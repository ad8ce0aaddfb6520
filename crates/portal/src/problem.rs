//! Errors as callers see them: `application/problem+json` in Konnect's shape.
//!
//! What a caller may read is in the public fields of [`Problem`]. What went wrong inside is kept
//! apart and only logged, with the trace id that the caller got.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{
    MediaType, Operation, Response as ApiResponse, SchemaObject, StatusCode as ApiStatus,
};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use sea_orm::{DbErr, SqlErr};
use serde::Serialize;
use uuid::Uuid;

/// Why a request was refused, or failed.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    title: &'static str,
    detail: String,
    kind: Option<&'static str>,
    invalid: Vec<Invalid>,
    retry_after: Option<u64>,
    internal: Option<String>,
}

/// One parameter that broke a rule.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Invalid {
    /// The parameter: a dotted path into the body, or a query parameter as written.
    pub(crate) field: String,
    /// The rule.
    pub(crate) rule: &'static str,
    /// The rule in words.
    pub(crate) reason: String,
    /// Where the parameter was: `body` or `query`.
    pub(crate) source: &'static str,
    /// The least that the rule allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minimum: Option<u64>,
    /// The most that the rule allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maximum: Option<u64>,
    /// What the rule allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) choices: Option<Vec<String>>,
}

impl Invalid {
    /// A member of the body that broke a rule.
    pub(crate) fn body(
        field: impl Into<String>,
        rule: &'static str,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            rule,
            reason: reason.into(),
            source: "body",
            minimum: None,
            maximum: None,
            choices: None,
        }
    }

    /// A query parameter that broke a rule.
    pub(crate) fn query(
        field: impl Into<String>,
        rule: &'static str,
        reason: impl Into<String>,
    ) -> Self {
        Self { source: "query", ..Self::body(field, rule, reason) }
    }

    /// With the least that the rule allows.
    pub(crate) fn at_least(self, minimum: u64) -> Self {
        Self { minimum: Some(minimum), ..self }
    }

    /// With the most that the rule allows.
    pub(crate) fn at_most(self, maximum: u64) -> Self {
        Self { maximum: Some(maximum), ..self }
    }

    /// With what the rule allows.
    pub(crate) fn one_of(self, choices: Vec<String>) -> Self {
        Self { choices: Some(choices), ..self }
    }
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            title,
            detail: detail.into(),
            kind: None,
            invalid: Vec::new(),
            retry_after: None,
            internal: None,
        }
    }

    /// 400, with the parameters to blame.
    pub(crate) fn invalid(invalid: Vec<Invalid>) -> Self {
        let problem = Self::new(StatusCode::BAD_REQUEST, "Invalid Request", "Invalid Parameters");
        Self { invalid, ..problem }
    }

    /// 400, with one parameter to blame.
    pub(crate) fn one_invalid(invalid: Invalid) -> Self {
        Self::invalid(vec![invalid])
    }

    /// 401: who calls is not known.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "A valid sign-in or token is needed")
    }

    /// 401 with a title of its own, which the developer API uses to say why.
    pub(crate) fn sign_in_refused(title: &'static str, detail: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, title, detail)
    }

    /// 403: the caller is known and may not do this.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", detail)
    }

    /// 404: there is no such thing, or the caller may not know of it.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found", "Not found")
    }

    /// 405: there is such a thing, but not for this method.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Method Not Allowed",
            "The resource does not support this method",
        )
    }

    /// 409: the request contradicts what is there.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "Conflict", detail)
    }

    /// 410: it was there once.
    pub(crate) fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Gone", detail)
    }

    /// 413: the body is longer than `limit` bytes.
    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Payload Too Large",
            format!("The body must have at most {limit} bytes"),
        )
    }

    /// 415: the body is not JSON.
    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported Media Type",
            "The body must be `application/json`",
        )
    }

    /// 422 for an application whose identity provider cannot tell granted scopes.
    pub(crate) fn no_granted_scopes() -> Self {
        let problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Unsupported IDP",
            "Granted scopes are not available for this application",
        );
        Self {
            kind: Some("https://kongapi.info/konnect/portal/granted-scopes-unavailable"),
            ..problem
        }
    }

    /// 429: too many calls; the caller may try again after some seconds.
    pub(crate) fn too_many_requests(retry_after: u64) -> Self {
        let problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Too Many Requests",
            "Too many requests from this address or for this account",
        );
        Self { retry_after: Some(retry_after), ..problem }
    }

    /// 500. The cause is logged, never told.
    pub(crate) fn internal(cause: impl ToString) -> Self {
        let problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal Server Error",
            "An unexpected error occurred",
        );
        Self { internal: Some(cause.to_string()), ..problem }
    }

    /// 503: a part that the answer needs is not there for now.
    pub(crate) fn unavailable(cause: impl ToString) -> Self {
        let problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Service Unavailable",
            "The service is temporarily unavailable",
        );
        Self { internal: Some(cause.to_string()), retry_after: Some(1), ..problem }
    }

    /// The status that the caller gets.
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<DbErr> for Problem {
    /// A constraint of the database is the last guard of a rule: what two requests tried at once
    /// is a conflict for one of them, not a failure.
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => {
                Self::conflict("A resource with these properties already exists")
            }
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
                Self::conflict("The resource is in use, or refers to one that is gone")
            }
            _ => Self::internal(error),
        }
    }
}

/// The body of an error.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemBody {
    /// The HTTP status, repeated.
    status: u16,
    /// What kind of problem it is.
    title: &'static str,
    /// The problem of this request.
    detail: String,
    /// Names this one occurrence; the log has it too.
    instance: String,
    /// A URI for the kind of problem.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// The parameters to blame, for status 400.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    invalid_parameters: Vec<Invalid>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let trace = Uuid::now_v7().simple().to_string();
        if let Some(cause) = &self.internal {
            tracing::error!(trace, status = self.status.as_u16(), cause, "request failed");
        }
        let body = ProblemBody {
            status: self.status.as_u16(),
            title: self.title,
            detail: self.detail,
            instance: format!("kong:trace:{trace}"),
            kind: self.kind,
            invalid_parameters: self.invalid,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl OperationOutput for Problem {
    type Inner = ProblemBody;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<ApiResponse> {
        let media = MediaType {
            schema: Some(SchemaObject {
                json_schema: ctx.schema.subschema_for::<ProblemBody>(),
                example: None,
                external_docs: None,
            }),
            ..MediaType::default()
        };
        Some(ApiResponse {
            description: "The request was refused, or failed.".into(),
            content: [("application/problem+json".to_owned(), media)].into_iter().collect(),
            ..ApiResponse::default()
        })
    }

    fn inferred_responses(
        ctx: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<ApiStatus>, ApiResponse)> {
        Self::operation_response(ctx, operation)
            .map(|response| (None, response))
            .into_iter()
            .collect()
    }
}
