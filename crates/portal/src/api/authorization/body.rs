//! Bodies in the form encoding.

use core::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;

use super::answer::Refused;
use crate::authorization::form::Form;
use crate::authorization::refusal::Refusal;
use crate::problem::Problem;

/// The longest body that is read.
const LIMIT: usize = 64 << 10;
/// How long a body may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The parameters of a request.
#[derive(Debug)]
pub(super) struct FormBody(pub(super) Form);

impl<S: Send + Sync> FromRequest<S> for FormBody {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        let headers = request.headers().clone();
        read(request).await.map(Self).map_err(Refused::client(&headers))
    }
}

/// Reads a body in the form encoding.
pub(super) async fn read(request: Request) -> Result<Form, Refusal> {
    let media_type = request.headers().get(CONTENT_TYPE).map(|value| value.as_bytes());
    let essence = media_type.and_then(|value| value.split(|byte| *byte == b';').next());
    let is_form = essence.is_some_and(|essence| {
        essence.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    });
    if !is_form {
        let reason = "The body must be `application/x-www-form-urlencoded`";
        return Err(Refusal::request(reason));
    }
    let body = tokio::time::timeout(TIMEOUT, to_bytes(request.into_body(), LIMIT)).await;
    let body = body.map_err(|_| Problem::request_timeout())?;
    Form::parse(&body.map_err(|_| Problem::too_large(LIMIT))?)
}
