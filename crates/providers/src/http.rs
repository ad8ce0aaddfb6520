//! Requests, and their answers.

use core::fmt::Write as _;
use core::time::Duration;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request, Response};

static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(60)))
        .build();
    config.into()
});

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The first header of this name, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Every header of this name.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok())
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.body))
    }

    /// The header that the upstream got, if it got it once; `None` if it did not get it.
    ///
    /// # Panics
    ///
    /// When the answer is not the upstream's.
    #[must_use]
    pub fn upstream_got(&self, name: &str) -> Option<String> {
        assert_eq!(self.header("x-from-upstream"), "1", "{self:?}");
        let value = self.json()["headers"].get(name).cloned();
        value.map(|value| value.as_str().expect("headers are text").to_owned())
    }

    /// Why Envoy or the filter answered as it did.
    #[must_use]
    pub fn details(&self) -> &str {
        self.header("x-details")
    }
}

/// Sends a request.
///
/// # Panics
///
/// When there is no answer.
pub fn exchange(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    try_exchange(method, url, headers, body)
        .unwrap_or_else(|error| panic!("{method} {url}: {error}"))
}

/// Sends a request that may have no answer.
pub(crate) fn try_exchange(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer, ureq::Error> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = if body.is_empty() {
        AGENT.run(request.body(()).expect("a request"))
    } else {
        AGENT.run(request.body(body).expect("a request"))
    };
    let (parts, mut body) = answer?.into_parts();
    let body = body.read_to_string()?;
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}

/// Sends a request of a library that has no client of its own.
///
/// # Errors
///
/// When there is no answer.
pub fn carry(request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ureq::Error> {
    let (parts, mut body) = AGENT.run(request)?.into_parts();
    Ok(Response::from_parts(parts, body.read_to_vec()?))
}

/// Gets a page.
///
/// # Panics
///
/// When there is no answer.
pub fn get(url: &str, headers: &[(&str, &str)]) -> Answer {
    exchange("GET", url, headers, "")
}

/// Posts a form.
///
/// # Panics
///
/// When there is no answer.
pub fn post(url: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let headers: Vec<_> = headers.iter().copied().chain([kind]).collect();
    exchange("POST", url, &headers, &form(fields))
}

/// Fields as a form or a query.
#[must_use]
pub fn form(fields: &[(&str, &str)]) -> String {
    let escaped = |part: &str| {
        part.bytes().fold(String::new(), |mut text, byte| {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                    text.push(char::from(byte));
                }
                _ => {
                    let _ = write!(text, "%{byte:02X}");
                }
            }
            text
        })
    };
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The value of an `authorization` header with an id and a secret.
#[must_use]
pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{id}:{secret}")))
}
