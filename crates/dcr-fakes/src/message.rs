//! What a fake is asked, and what it answers.

use axum::http::{HeaderMap, HeaderName, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A request, taken apart.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The parts of the path, decoded.
    pub path: Vec<String>,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Asked {
    /// A request from its parts, for tests that need no socket. `target` is the path and the query;
    /// what is none is taken for `/`.
    #[must_use]
    pub fn new<'h>(
        method: &str,
        target: &str,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        body: Vec<u8>,
    ) -> Self {
        let uri = target.parse().unwrap_or_default();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), value.parse()) {
                map.append(name, value);
            }
        }
        Self::of(method, &uri, map, body)
    }

    pub(crate) fn of(method: &str, uri: &Uri, headers: HeaderMap, body: Vec<u8>) -> Self {
        let decoded = |text: &str| pairs(&text.replace('+', "%2B")).0;
        let path = uri.path().split('/').skip(1).map(decoded).collect();
        let query = pairs(uri.query().unwrap_or_default()).1;
        Self { method: method.to_owned(), path, query, headers, body }
    }

    /// The method and the parts of the path, to match on.
    pub fn route(&self) -> (&str, Vec<&str>) {
        (&self.method, self.path.iter().map(String::as_str).collect())
    }

    /// A parameter of the query.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What follows a scheme in `Authorization`.
    #[must_use]
    pub fn authorization(&self, scheme: &str) -> Option<&str> {
        let (said, rest) = self.header("authorization")?.split_once(' ')?;
        said.eq_ignore_ascii_case(scheme).then_some(rest)
    }

    /// The body as JSON; null when it is none, or does not say that it is.
    #[must_use]
    pub fn json(&self) -> Value {
        let json = self.header("content-type").is_some_and(|kind| kind.contains("json"));
        if json { serde_json::from_slice(&self.body).unwrap_or_default() } else { Value::Null }
    }

    /// A field of the body as a form; none when it does not say that it is one.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        if !self.header("content-type")?.starts_with("application/x-www-form-urlencoded") {
            return None;
        }
        let mut fields = url::form_urlencoded::parse(&self.body);
        fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The client's id and secret, from the header or the form.
    #[must_use]
    pub fn client(&self) -> Option<(String, String)> {
        if let Some(basic) = self.authorization("basic") {
            let text = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
            let (id, secret) = text.split_once(':')?;
            return Some((pairs(id).0, pairs(secret).0));
        }
        Some((self.field("client_id")?, self.field("client_secret")?))
    }
}

/// A text decoded as the first name of a form, and as all of its pairs.
fn pairs(text: &str) -> (String, Vec<(String, String)>) {
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    (pairs.first().map(|(name, _)| name.clone()).unwrap_or_default(), pairs)
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, beside the content type.
    pub headers: Vec<(String, String)>,
    /// The body; null for none.
    pub body: Value,
}

impl Answer {
    /// A JSON answer.
    #[must_use]
    pub const fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// An answer without a body.
    #[must_use]
    pub const fn empty(status: u16) -> Self {
        Self::json(status, Value::Null)
    }

    /// The answer with a header more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl core::fmt::Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}
