//! `?wait_for=gateways&timeout=SECONDS` on writes: an extension to Konnect's APIs.
//!
//! The answer comes when every running gateway enforces what the write changed, or when the time
//! is over, and a header says which of the two. The write holds in both cases.

use core::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::gateway::receipts;
use crate::problem::{Invalid, Problem};
use crate::revision::COMMITTED;

const HEADER: &str = "gatekey-enforcement";
const WAIT_FOR: &str = "wait_for";
const TIMEOUT: &str = "timeout";
/// How long to wait when the query does not say, and at most; in seconds.
const DEFAULT_TIMEOUT: u64 = 10;
const LONGEST_TIMEOUT: u64 = 60;

/// Waits, if the request asks for it.
pub(super) async fn wait(State(app): State<App>, request: Request, next: Next) -> Response {
    let patience = match patience(&request) {
        Ok(Some(patience)) => patience,
        Ok(None) => return next.run(request).await,
        Err(problem) => return problem.into_response(),
    };
    let mut response = next.run(without_parameters(request)).await;
    if !response.status().is_success() {
        return response;
    }
    let enforcement = async {
        // A write that changed nothing for gateways leaves the newest revision to wait for.
        let committed = COMMITTED.try_with(core::cell::Cell::get).ok().flatten();
        let revision = match committed {
            Some(revision) => revision,
            None => app.store.look().await?,
        };
        receipts::wait_for(&app, revision, patience).await
    };
    let text = match enforcement.await {
        Ok(state) => format!(
            "enforced on {} of {} at revision {}",
            state.enforced, state.live, state.revision
        ),
        Err(error) => {
            // The write is done: its answer must not turn into a failure.
            tracing::warn!(cause = %error, "cannot tell where the change is enforced");
            "unknown".into()
        }
    };
    if let Ok(text) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(HEADER, text);
    }
    response
}

/// How long to wait; `None` when the request does not ask for it or cannot.
fn patience(request: &Request) -> Result<Option<Duration>, Problem> {
    let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let path = request.uri().path();
    if !writes.contains(request.method()) || path.starts_with("/gateway/") {
        return Ok(None);
    }
    let pairs: Vec<_> = pairs(request.uri()).collect();
    let values = |name: &str| -> Vec<&str> {
        pairs.iter().filter(|pair| pair.0 == name).map(|pair| pair.1).collect()
    };
    match *values(WAIT_FOR) {
        [] => return Ok(None),
        ["gateways"] => {}
        _ => {
            let fault = Invalid::query(WAIT_FOR, "enum", "must be gateways");
            return Err(Problem::one_invalid(fault.one_of(vec!["gateways".into()])));
        }
    }
    let seconds = match *values(TIMEOUT) {
        [] => Some(DEFAULT_TIMEOUT),
        [text] if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    };
    let seconds = seconds.filter(|seconds| *seconds <= LONGEST_TIMEOUT).ok_or_else(|| {
        let reason = format!("must be a whole number of seconds, at most {LONGEST_TIMEOUT}");
        Problem::one_invalid(Invalid::query(TIMEOUT, "max", reason).at_most(LONGEST_TIMEOUT))
    })?;
    Ok(Some(Duration::from_secs(seconds)))
}

fn pairs(uri: &Uri) -> impl Iterator<Item = (&str, &str)> {
    let query = uri.query().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The request as the handler is to see it, which knows nothing of the extension.
fn without_parameters(mut request: Request) -> Request {
    let query = request.uri().query().unwrap_or_default();
    let rest: Vec<_> = query
        .split('&')
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.is_empty() && name != WAIT_FOR && name != TIMEOUT
        })
        .collect();
    let path = request.uri().path();
    let target =
        if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) };
    if let Ok(uri) = target.parse() {
        *request.uri_mut() = uri;
    }
    request
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(method: Method, uri: &str) -> Request {
        Request::builder().method(method).uri(uri).body(Body::empty()).unwrap()
    }

    #[test]
    fn the_parameters_are_read_and_taken_out() {
        for (uri, seconds, rest) in [
            ("/v3/x?wait_for=gateways", 10, "/v3/x"),
            ("/v3/x?timeout=0&wait_for=gateways", 0, "/v3/x"),
            ("/v3/x?force=true&wait_for=gateways&timeout=60&a=%20", 60, "/v3/x?force=true&a=%20"),
        ] {
            let request = request(Method::DELETE, uri);
            assert_eq!(patience(&request).unwrap(), Some(Duration::from_secs(seconds)), "{uri}");
            assert_eq!(without_parameters(request).uri().to_string(), rest);
        }
    }

    #[test]
    fn what_cannot_be_waited_for_is_refused_before_the_write() {
        for uri in [
            "/v3/x?wait_for=",
            "/v3/x?wait_for=all",
            "/v3/x?wait_for=gateways&wait_for=gateways",
            "/v3/x?wait_for=gateways&timeout=61",
            "/v3/x?wait_for=gateways&timeout=-1",
            "/v3/x?wait_for=gateways&timeout=",
            "/v3/x?wait_for=gateways&timeout=1&timeout=2",
        ] {
            assert!(patience(&request(Method::POST, uri)).is_err(), "{uri}");
        }
    }

    #[test]
    fn reads_and_gateways_do_not_wait() {
        for (method, uri) in [
            (Method::GET, "/v3/x?wait_for=gateways"),
            (Method::POST, "/gateway/v1/changes?wait_for=gateways"),
            (Method::POST, "/v3/x?timeout=5"),
        ] {
            assert_eq!(patience(&request(method, uri)).unwrap(), None, "{uri}");
        }
    }
}
