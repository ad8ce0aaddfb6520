//! What happens around every request: it is counted, logged, and answered with the headers that
//! every answer has.

use core::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use crate::actor::ClientAddress;
use crate::app::App;
use crate::audit;
use crate::call::{self, Call, REQUEST_ID_HEADER};
use crate::revision::COMMITTED;
use crate::telemetry::RequestSpan;

/// Headers of every answer that says nothing else. An answer of the API is no page: whatever a browser
/// makes of it may load nothing and be shown in no frame.
const UNLESS_SAID: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "same-origin"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// Frames a request.
pub(super) async fn frame(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", |route| route.as_str()).to_owned();
    let path = request.uri().path().to_owned();
    let (mut parts, body) = request.into_parts();
    let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(&mut parts, &app).await;
    let call = Call::new(&parts.headers, method, route.clone(), path, Some(address));
    let call = Arc::new(call.came_at(app.clock.now()));
    let telemetry = app.telemetry.get();
    let span = telemetry
        .and_then(|telemetry| telemetry.begin(&parts.headers, method, &route, &call.request_id));
    let request = Request::from_parts(parts, body);
    let mut response = answer(&app, Arc::clone(&call), request, next).await;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&call.request_id) {
        headers.insert(REQUEST_ID_HEADER, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in UNLESS_SAID {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.config.base_url().starts_with("https://") {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    let (status, took) = (response.status().as_u16(), started.elapsed());
    app.metrics.answered(method, &route, status, took);
    let trace_id = span.as_ref().map(RequestSpan::trace_id);
    if let Some(span) = span {
        span.end(status);
    }
    let request_id = call.request_id.as_str();
    let ms = took.as_secs_f64() * 1e3;
    tracing::info!(request_id, trace_id, method, route, status, ms, "answered");
    response
}

/// Answers a call that a page makes for whoever asked for the page: it is audited as a call of its
/// own, under the id of the page's request.
pub(super) async fn within(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", |route| route.as_str()).to_owned();
    let path = request.uri().path().to_owned();
    let outer = call::current();
    let address = outer.as_ref().and_then(|outer| outer.address);
    let mut call = Call::new(request.headers(), method, route, path, address);
    if let Some(outer) = outer {
        call.request_id.clone_from(&outer.request_id);
    }
    let call = Arc::new(call.came_at(app.clock.now()));
    answer(&app, call, request, next).await
}

async fn answer(app: &App, call: Arc<Call>, request: Request, next: Next) -> Response {
    let answering = Arc::clone(&call).answer(async {
        let response = next.run(request).await;
        audit::answered(app, &call, response.status().as_u16()).await;
        response
    });
    COMMITTED.scope(Cell::new(None), answering).await
}

/// The method, or `other`: what a client invents must not become a label.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
