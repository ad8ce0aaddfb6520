//! Forms that a browser sends.

use core::fmt;
use core::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use multer::{Constraints, SizeLimit};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::refusal::Refusal;

/// The most bytes of a form: a specification may be in it.
const LIMIT: usize = 12 << 20;
/// More fields than this are no form of ours.
const MOST_FIELDS: usize = 2_000;
/// How long a form may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// The field that proves that a form is ours.
pub(crate) const TOKEN: &str = "form_token";

/// What was sent. Some of it is secret, so none is shown.
#[derive(Clone, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Form {
    /// Reads the form that a request carries.
    pub(crate) async fn read(request: Request) -> Result<Self, Refusal> {
        let read = async {
            let media_type = request.headers().get(CONTENT_TYPE);
            let media_type = media_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
            if let Ok(boundary) = multer::parse_boundary(media_type) {
                Self::read_parts(request, boundary).await
            } else {
                let too_large = |_| Refusal::of(StatusCode::PAYLOAD_TOO_LARGE);
                let bytes = to_bytes(request.into_body(), LIMIT).await.map_err(too_large)?;
                Ok(Self(form_urlencoded::parse(&bytes).into_owned().take(MOST_FIELDS).collect()))
            }
        };
        let read = tokio::time::timeout(PATIENCE, read).await;
        read.map_err(|_| Refusal::of(StatusCode::REQUEST_TIMEOUT))?
    }

    async fn read_parts(request: Request, boundary: String) -> Result<Self, Refusal> {
        let malformed = |error: multer::Error| {
            let too_large = matches!(error, multer::Error::StreamSizeExceeded { .. });
            let malformed = StatusCode::BAD_REQUEST;
            Refusal::of(if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { malformed })
        };
        let most = Constraints::new().size_limit(SizeLimit::new().whole_stream(LIMIT as u64));
        let body = request.into_body().into_data_stream();
        let mut parts = multer::Multipart::with_constraints(body, boundary, most);
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await.map_err(malformed)? {
            if form.0.len() == MOST_FIELDS {
                break;
            }
            let name = part.name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await.map_err(malformed)?;
            let text = match String::from_utf8(bytes.into()) {
                Ok(text) => text,
                // A file that is no text: the API takes images so.
                Err(error) => data_url(error.as_bytes()),
            };
            form.0.push((name, text));
        }
        Ok(form)
    }

    /// A form of these fields.
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    /// The text of a field, without space around it; empty, if it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The text of a field as it was typed.
    pub(crate) fn raw(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Everything that was chosen of a field.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box was ticked or a button pressed.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

/// A picture as the API takes it. What it is shows in its first bytes.
fn data_url(bytes: &[u8]) -> String {
    use base64::engine::general_purpose::STANDARD;
    let media_type = match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'G', b'I', b'F', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [0, 0, 1, 0, ..] => "image/x-icon",
        _ => "application/octet-stream",
    };
    format!("data:{media_type};base64,{}", STANDARD.encode(bytes))
}

impl<S: Send + Sync> FromRequestParts<S> for Form {
    type Rejection = Refusal;

    /// The form that [`crate::visit::enter`] read and found to be ours.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let read = parts.extensions.get::<Self>().cloned();
        read.ok_or_else(|| Refusal::of(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

/// What a form has to bring to be ours: good for one browser, and for one session of it.
pub(crate) fn token(key: &[u8; 32], browser: &str, session: &str) -> String {
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    for part in ["form", browser, session] {
        mac.update(part.as_bytes());
        mac.update(b"\n");
    }
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// Whether it is the token.
pub(crate) fn is_token(expected: &str, given: &str) -> bool {
    !expected.is_empty() && bool::from(expected.as_bytes().ct_eq(given.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(media_type: &str, body: impl Into<axum::body::Body>) -> Request {
        Request::builder().header(CONTENT_TYPE, media_type).body(body.into()).unwrap()
    }

    #[tokio::test]
    async fn a_form_is_read_in_both_encodings() {
        let plain = request("application/x-www-form-urlencoded", "a=+x+%26&b=1&b=2&c");
        let form = Form::read(plain).await.unwrap();
        assert_eq!((form.text("a"), form.raw("a")), ("x &", " x &"));
        assert_eq!(form.all("b").collect::<Vec<_>>(), ["1", "2"]);
        assert!(form.has("c") && !form.has("d"));
        let body = "--X\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nx\r\n\
                    --X\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nopenapi: 3\r\n--X--\r\n";
        let form = Form::read(request("multipart/form-data; boundary=X", body)).await.unwrap();
        assert_eq!((form.text("a"), form.text("file")), ("x", "openapi: 3"));
    }

    #[tokio::test]
    async fn what_is_too_long_is_not_read() {
        let long = request("application/x-www-form-urlencoded", vec![b'a'; LIMIT + 1]);
        assert_eq!(Form::read(long).await.unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
        let mut body = b"--X\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n".to_vec();
        body.resize(LIMIT + 1, b'a');
        let long = request("multipart/form-data; boundary=X", body);
        assert!(Form::read(long).await.is_err());
    }

    #[test]
    fn a_token_is_good_for_one_browser_and_session() {
        let ours = token(&[1; 32], "browser", "session");
        assert!(is_token(&ours, &token(&[1; 32], "browser", "session")));
        for other in [
            token(&[2; 32], "browser", "session"),
            token(&[1; 32], "browse", "rsession"),
            token(&[1; 32], "browser", ""),
            String::new(),
        ] {
            assert!(!is_token(&ours, &other));
        }
        assert!(!is_token("", ""));
    }
}
