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

use crate::call;

/// Why a request was refused, or failed. Boxed: it is the rare case of every `Result`.
#[derive(Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
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
    /// Where the parameter was.
    pub(crate) source: Source,
    /// The least that the rule allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minimum: Option<u32>,
    /// The most that the rule allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maximum: Option<u32>,
    /// What the rule allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) choices: Option<Vec<String>>,
}

/// Where a parameter was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Source {
    /// In the body.
    Body,
    /// In the query.
    Query,
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
            source: Source::Body,
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
        Self { source: Source::Query, ..Self::body(field, rule, reason) }
    }

    /// With the least that the rule allows.
    pub(crate) fn at_least(self, minimum: u64) -> Self {
        Self { minimum: Some(u32::try_from(minimum).unwrap_or(u32::MAX)), ..self }
    }

    /// With the most that the rule allows.
    pub(crate) fn at_most(self, maximum: u64) -> Self {
        Self { maximum: Some(u32::try_from(maximum).unwrap_or(u32::MAX)), ..self }
    }

    /// With what the rule allows.
    pub(crate) fn one_of(self, choices: Vec<String>) -> Self {
        Self { choices: Some(choices), ..self }
    }
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            title,
            detail: detail.into(),
            kind: None,
            invalid: Vec::new(),
            retry_after: None,
            internal: None,
        }))
    }

    /// What callers are told, or, of a failure, what is logged: for the operator at a terminal.
    pub(crate) fn detail(&self) -> &str {
        self.0.internal.as_deref().unwrap_or(&self.0.detail)
    }

    /// The parameters to blame.
    pub(crate) fn faults(&self) -> &[Invalid] {
        &self.0.invalid
    }

    /// The same, where the caller knows a member of the body by another name.
    pub(crate) fn blaming(mut self, field: &str, name: &str) -> Self {
        for fault in &mut self.0.invalid {
            if fault.field == field {
                name.clone_into(&mut fault.field);
            }
        }
        self
    }

    /// What kind of problem it is.
    pub(crate) const fn title(&self) -> &'static str {
        self.0.title
    }

    /// 400, with the parameters to blame.
    pub(crate) fn invalid(invalid: Vec<Invalid>) -> Self {
        let mut problem =
            Self::new(StatusCode::BAD_REQUEST, "Invalid Request", "Invalid Parameters");
        problem.0.invalid = invalid;
        problem
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

    /// 408: the body did not arrive in time.
    pub(crate) fn request_timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "Request Timeout", "The body did not arrive in time")
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
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Unsupported IDP",
            "Granted scopes are not available for this application",
        );
        problem.0.kind = Some("https://kongapi.info/konnect/portal/granted-scopes-unavailable");
        problem
    }

    /// 429: too many calls; the caller may try again after some seconds.
    pub(crate) fn too_many_requests(retry_after: u64) -> Self {
        let mut problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Too Many Requests",
            "Too many requests from this address or for this account",
        );
        problem.0.retry_after = Some(retry_after);
        problem
    }

    /// 500. The cause is logged, never told.
    #[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
    pub(crate) fn internal(cause: impl ToString) -> Self {
        let mut problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal Server Error",
            "An unexpected error occurred",
        );
        problem.0.internal = Some(cause.to_string());
        problem
    }

    /// 502: an identity provider refused, or answered something that cannot be used.
    pub(crate) fn provider_failed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "Identity Provider Failed", detail)
    }

    /// 503: an identity provider is away or busy.
    pub(crate) fn provider_unavailable(detail: impl Into<String>) -> Self {
        let title = "Identity Provider Unavailable";
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, title, detail);
        problem.0.retry_after = Some(10);
        problem
    }

    /// 501: Konnect has it, this portal leaves it out. The detail says so.
    pub(crate) fn not_implemented(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "Not Implemented", detail)
    }

    /// What went wrong, for the log.
    pub(crate) fn cause(&self) -> &str {
        self.0.internal.as_deref().unwrap_or(&self.0.detail)
    }

    /// 503: a part that the answer needs is not there for now.
    #[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
    pub(crate) fn unavailable(cause: impl ToString) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Service Unavailable",
            "The service is temporarily unavailable",
        );
        problem.0.internal = Some(cause.to_string());
        problem.0.retry_after = Some(1);
        problem
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
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid_parameters: Option<Vec<Invalid>>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let parts = *self.0;
        let trace = call::current().map(|call| call.request_id.clone());
        let trace = trace.unwrap_or_else(|| Uuid::now_v7().simple().to_string());
        if let Some(cause) = &parts.internal {
            tracing::error!(trace, status = parts.status.as_u16(), cause, "request failed");
        }
        let body = ProblemBody {
            status: parts.status.as_u16(),
            title: parts.title,
            detail: parts.detail,
            instance: format!("kong:trace:{trace}"),
            kind: parts.kind,
            invalid_parameters: Some(parts.invalid).filter(|faults| !faults.is_empty()),
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (parts.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = parts.retry_after {
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
