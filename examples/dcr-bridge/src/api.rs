//! The calls of the contract.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::body::{EventHook, NewApplication};
use crate::bridge::Bridge;
use crate::failure::Failure;
use crate::keys::Keys;

/// No body of the contract is longer.
const LONGEST: usize = 64 << 10;

pub(crate) fn router(bridge: Arc<Bridge>, keys: Keys) -> Router {
    Router::new()
        .route("/", post(create))
        .route("/{client_id}", delete(remove))
        .route("/{client_id}/new-secret", post(new_secret))
        .route("/{client_id}/event-hook", post(hear))
        .method_not_allowed_fallback(|| async { Failure::no_such_call() })
        .fallback(|| async { Failure::no_such_call() })
        .layer(DefaultBodyLimit::max(LONGEST))
        .layer(from_fn_with_state(Arc::new(keys), authenticate))
        .with_state(bridge)
}

/// Lets only those through who know a key, before anything else is looked at.
async fn authenticate(State(keys): State<Arc<Keys>>, request: Request, next: Next) -> Response {
    let mut given = request.headers().get_all("x-api-key").iter();
    let accepted = match (given.next(), given.next()) {
        (Some(key), None) => keys.accept(key.as_bytes()),
        _ => false,
    };
    if !accepted {
        return Failure::wrong_key().into_response();
    }
    next.run(request).await
}

async fn create(State(bridge): State<Arc<Bridge>>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted: NewApplication = match read(&headers, &body) {
        Ok(wanted) => wanted,
        Err(failure) => return failure.into_response(),
    };
    answer(StatusCode::CREATED, async move { bridge.create(wanted).await.map(Json) }).await
}

async fn remove(State(bridge): State<Arc<Bridge>>, Path(client_id): Path<String>) -> Response {
    answer(StatusCode::NO_CONTENT, async move { bridge.delete(&client_id).await }).await
}

async fn new_secret(State(bridge): State<Arc<Bridge>>, Path(client_id): Path<String>) -> Response {
    answer(StatusCode::OK, async move { bridge.new_secret(&client_id).await.map(Json) }).await
}

async fn hear(
    State(bridge): State<Arc<Bridge>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let event: EventHook = match read(&headers, &body) {
        Ok(event) => event,
        Err(failure) => return failure.into_response(),
    };
    if let Err(rule) = event.check(&client_id) {
        return Failure::bad_request(rule).into_response();
    }
    let heard = async move { bridge.hear(&client_id, event).await.map(|()| Json(json!({}))) };
    answer(StatusCode::OK, heard).await
}

/// Does the work to its end even when the caller goes away: half a registration helps nobody.
async fn answer<T: IntoResponse + Send + 'static>(
    status: StatusCode,
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Response {
    match tokio::spawn(work).await {
        Ok(Ok(body)) => {
            let fresh = [(header::CACHE_CONTROL, "no-store")];
            (status, fresh, body).into_response()
        }
        Ok(Err(failure)) => failure.into_response(),
        Err(_) => Failure::state("the bridge failed").into_response(),
    }
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Failure::bad_request("the body has to be application/json"));
    }
    serde_json::from_slice(body).map_err(|error| Failure::bad_request(error.to_string()))
}
