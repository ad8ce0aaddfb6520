//! A request to send through a filter.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::headers::Headers;

/// A request as the proxy hands it to the filter chain.
///
/// Nothing is added to it: what Envoy's connection manager would set (`x-request-id`,
/// `x-forwarded-proto` and so on) is there only if the test says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub(crate) headers: Headers,
    pub(crate) chunks: Vec<Vec<u8>>,
    pub(crate) trailers: Headers,
    pub(crate) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) patience: Duration,
}

impl Request {
    /// A request with this method and path, to `http://localhost`.
    #[must_use]
    pub fn new(method: &str, path: impl AsRef<[u8]>) -> Self {
        let mut headers = Headers::new();
        headers.add(":authority", "localhost");
        headers.add(":path", path);
        headers.add(":method", method);
        headers.add(":scheme", "http");
        Self {
            headers,
            chunks: Vec::new(),
            trailers: Headers::new(),
            properties: BTreeMap::new(),
            patience: Duration::from_secs(60),
        }
    }

    /// A request without pseudo-headers: only what is added later.
    #[must_use]
    pub fn bare() -> Self {
        Self { headers: Headers::new(), ..Self::new("", "") }
    }

    /// `GET` of this path.
    #[must_use]
    pub fn get(path: impl AsRef<[u8]>) -> Self {
        Self::new("GET", path)
    }

    /// `POST` to this path.
    #[must_use]
    pub fn post(path: impl AsRef<[u8]>) -> Self {
        Self::new("POST", path)
    }

    /// Sets `:authority`.
    #[must_use]
    pub fn authority(mut self, authority: impl AsRef<[u8]>) -> Self {
        self.headers.set(":authority", authority);
        self
    }

    /// Sets `:scheme`.
    #[must_use]
    pub fn scheme(mut self, scheme: impl AsRef<[u8]>) -> Self {
        self.headers.set(":scheme", scheme);
        self
    }

    /// Adds a header; one of the same name stays.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.headers.add(name, value);
        self
    }

    /// Sets the body; replaces an earlier one.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.chunks = vec![body.into()];
        self
    }

    /// Adds a chunk to the body.
    #[must_use]
    pub fn chunk(mut self, chunk: impl Into<Vec<u8>>) -> Self {
        self.chunks.push(chunk.into());
        self
    }

    /// Adds a trailer.
    #[must_use]
    pub fn trailer(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.trailers.add(name, value);
        self
    }

    /// Sets a property that the guest can read, as the bytes the host would give.
    #[must_use]
    pub fn property(mut self, path: &[&str], value: impl Into<Vec<u8>>) -> Self {
        self.properties.insert(property_path(path), value.into());
        self
    }

    /// How long [`World::request`](crate::World::request) waits, in virtual time, for a paused
    /// stream. The default is a minute.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

/// A property path as it travels: segments with a NUL between them.
pub(crate) fn property_path(path: &[&str]) -> Vec<u8> {
    path.join("\0").into_bytes()
}
