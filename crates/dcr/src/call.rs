//! A call to a provider, as data.

use gatekey_core::secret::Secret;
use serde_json::Value;

/// The method of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
}

impl Method {
    /// As on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What a call carries. It may hold secrets, so `Debug` shows nothing of it.
#[derive(Clone, Debug)]
pub enum Body {
    /// Nothing.
    None,
    /// A JSON text.
    Json(Secret<String>),
    /// `application/x-www-form-urlencoded`.
    Form(Secret<String>),
}

impl Body {
    /// A JSON value as a body.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self::Json(Secret::new(value.to_string()))
    }

    /// Names and values as a form.
    #[must_use]
    pub fn form<'f>(fields: impl IntoIterator<Item = (&'f str, &'f str)>) -> Self {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(fields);
        Self::Form(Secret::new(text.finish()))
    }
}

/// A call to make. `accept: application/json` and the content type are the driver's to add.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The absolute URL.
    pub url: String,
    /// Headers, lower case.
    pub headers: Vec<(&'static str, Secret<String>)>,
    /// The body.
    pub body: Body,
    /// The call may be made again when its answer was lost: it only reads, or has the same effect
    /// twice.
    pub repeatable: bool,
}

impl Call {
    /// A call without headers and body. A `POST` is not repeatable, everything else is.
    #[must_use]
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        let repeatable = method != Method::Post;
        Self { method, url: url.into(), headers: Vec::new(), body: Body::None, repeatable }
    }

    /// The call with a header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, Secret::new(value.into())));
        self
    }

    /// The call with a bearer token.
    #[must_use]
    pub fn bearer(self, token: &Secret<String>) -> Self {
        self.header("authorization", format!("Bearer {}", token.expose()))
    }

    /// The call with a body.
    #[must_use]
    pub fn with(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// The call, marked as one that may be made again when its answer was lost.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }
}

/// An answer. [`Reply::read`] makes one from its parts.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// How long the provider asks to wait, in seconds: from `Retry-After`, or from a header that
    /// says when its limit is reset.
    pub retry_after_seconds: Option<u32>,
    /// The URL of a list's next page, from `Link`. As the provider wrote it: not to be called
    /// before its origin was checked.
    pub next_page: Option<String>,
    /// The body. It may hold secrets.
    pub body: Secret<Vec<u8>>,
}

impl Reply {
    /// Whether the status is 2xx.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        self.status >= 200 && self.status <= 299
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(self.body.expose()).unwrap_or_default()
    }
}

/// What came of a call.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The provider answered.
    Replied(Reply),
    /// The call never left: it had no effect. Why, without secrets.
    NotSent(String),
    /// The call left, and no answer came: it may have had its effect. Why, without secrets.
    Lost(String),
}
