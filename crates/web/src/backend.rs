//! Calls of the portal's own API, inside the process.

use core::fmt;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, RETRY_AFTER};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

use crate::list::{Asked, List};
use crate::refusal::Refusal;

/// The most bytes of an answer that a page is made of.
const ANSWER_LIMIT: usize = 64 << 20;

/// The headers of the visitor's request that a call carries on, so that logs and limits know whom
/// it is for.
const CARRIED: [&str; 4] = ["host", "user-agent", "x-forwarded-for", "x-request-id"];

/// The API, as somebody.
#[derive(Clone)]
pub(crate) struct Backend {
    router: Router,
    /// What all paths are below.
    prefix: String,
    headers: HeaderMap,
    extensions: Extensions,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

impl Answer {
    /// The answer, unless it is a refusal.
    pub(crate) fn granted(self) -> Result<Self, Refusal> {
        if self.status.is_success() || self.status.is_redirection() {
            return Ok(self);
        }
        let retry_after = self.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|seconds| seconds.parse().ok());
        Err(Refusal::read(self.status, retry_after, &self.body))
    }

    /// What was answered with, as a type. No body at all is `null`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let body: &[u8] = if self.body.is_empty() { b"null" } else { &self.body };
        serde_json::from_slice(body).map_err(|error| Refusal {
            detail: format!("The API answered something else than the page expects: {error}"),
            ..Refusal::of(StatusCode::INTERNAL_SERVER_ERROR)
        })
    }
}

impl Backend {
    /// The API below a path, for whoever sent a request with these headers; as nobody yet.
    pub(crate) fn new(
        router: Router,
        prefix: String,
        visitor: &HeaderMap,
        extensions: Extensions,
    ) -> Self {
        let mut headers = HeaderMap::new();
        for name in CARRIED {
            for value in visitor.get_all(name) {
                headers.append(HeaderName::from_static(name), value.clone());
            }
        }
        Self { router, prefix, headers, extensions }
    }

    /// The same, with a header that proves who it is for.
    fn with(&self, name: HeaderName, value: &str) -> Self {
        let mut headers = self.headers.clone();
        if let Ok(mut value) = HeaderValue::try_from(value) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Self { headers, ..self.clone() }
    }

    /// The same, with a bearer token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        self.with(AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// The same, with a cookie.
    pub(crate) fn with_cookie(&self, name: &str, value: &str) -> Self {
        self.with(COOKIE, &format!("{name}={value}"))
    }

    /// Sends a request to a path with its query, and reads the whole answer.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Bytes>) -> Answer {
        let failed = |status| Answer { status, headers: HeaderMap::new(), body: Bytes::new() };
        let Some(response) = self.open(method, path, body).await else {
            return failed(StatusCode::NOT_FOUND);
        };
        let (parts, body) = response.into_parts();
        match axum::body::to_bytes(body, ANSWER_LIMIT).await {
            Ok(body) => Answer { status: parts.status, headers: parts.headers, body },
            Err(_) => failed(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// Sends a request, and leaves the answer to be read as it comes; nothing, if that is no path.
    pub(crate) async fn open(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Option<Response> {
        let uri = format!("{}{path}", self.prefix).parse().ok()?;
        let mut request = Request::new(body.clone().map_or_else(Body::empty, Body::from));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        if body.is_some() {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
        }
        *request.extensions_mut() = self.extensions.clone();
        let Ok(response) = self.router.clone().oneshot(request).await;
        Some(response)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<T, Refusal> {
        self.send(method, path, body).await.granted()?.json()
    }

    /// What is at a path.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refusal> {
        self.ask(Method::GET, path, None).await
    }

    /// A list, a part of it as asked for.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        asked: &Asked,
    ) -> Result<List<T>, Refusal> {
        self.get(&format!("{path}{}", asked.query())).await
    }

    /// Makes or does something.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Refusal> {
        self.ask(Method::POST, path, Some(json(body))).await
    }

    /// Replaces something.
    pub(crate) async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Refusal> {
        self.ask(Method::PUT, path, Some(json(body))).await
    }

    /// Changes something.
    pub(crate) async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Refusal> {
        self.ask(Method::PATCH, path, Some(json(body))).await
    }

    /// Removes something. There may be an answer that says what became of it.
    pub(crate) async fn delete(&self, path: &str) -> Result<Answer, Refusal> {
        self.send(Method::DELETE, path, None).await.granted()
    }
}

/// A value that cannot be written becomes a body that the API refuses.
fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use serde_json::{Value, json};

    use super::*;

    fn api() -> Backend {
        let echo = async |headers: HeaderMap| {
            let text =
                |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            axum::Json(json!({"cookie": text("cookie"), "user-agent": text("user-agent")}))
        };
        let router = Router::new().route("/api/echo", get(echo));
        let mut visitor = HeaderMap::new();
        visitor.insert("cookie", "all=1; of=2; them=3".parse().unwrap());
        visitor.insert("user-agent", "browser".parse().unwrap());
        Backend::new(router, "/api".into(), &visitor, Extensions::new())
    }

    #[tokio::test]
    async fn a_call_carries_what_it_was_given_and_no_other_cookie() {
        let answer: Value = api().with_cookie("a", "b").get("/echo").await.unwrap();
        assert_eq!(answer, json!({"cookie": "a=b", "user-agent": "browser"}));
        let answer: Value = api().get("/echo").await.unwrap();
        assert_eq!(answer["cookie"], Value::Null);
    }

    #[tokio::test]
    async fn what_is_not_there_is_refused() {
        let refused = api().get::<Value>("/other").await.unwrap_err();
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
        let refused = api().get::<Value>("/with a space").await.unwrap_err();
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
    }
}
