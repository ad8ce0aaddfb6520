//! Lets pages of a server's trusted origins call it from a browser.

use axum::extract::{RawPathParams, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::app::App;
use crate::identity::server;
use crate::problem::Problem;

/// Answers preflights, and tells browsers which origins may read an answer.
pub(super) async fn allow(
    State(app): State<App>,
    params: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    let Some(origin) = request.headers().get(ORIGIN).cloned() else {
        return next.run(request).await;
    };
    let id = params.iter().find(|(name, _)| *name == "authServerId");
    let id = id.and_then(|(_, id)| Uuid::try_parse(id).ok());
    let trusted = match id {
        Some(id) => trusts(&app, id, &origin).await,
        None => Ok(false),
    };
    let trusted = match trusted {
        Ok(trusted) => trusted,
        Err(problem) => return problem.into_response(),
    };
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match asks && trusted {
        true => StatusCode::NO_CONTENT.into_response(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    if asks && trusted {
        for (name, value) in [
            (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"),
            (ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
            (ACCESS_CONTROL_MAX_AGE, "600"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if trusted {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("retry-after, www-authenticate");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    response
}

async fn trusts(app: &App, id: Uuid, origin: &HeaderValue) -> Result<bool, Problem> {
    let server = server::find(app.store.db(), id).await?;
    let mut trusted = server.trusted_origins.as_array().into_iter().flatten();
    Ok(trusted.any(|known| known.as_str().is_some_and(|known| known.as_bytes() == origin)))
}
