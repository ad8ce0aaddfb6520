//! Tokens, key sets and the answers of identity providers, as bytes: what is read, and every way in
//! which something else is refused.

mod attacks;
mod claims;
mod keys;
mod properties;
mod replies;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Base64url as JOSE has it.
fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token with these parts, which nobody signed.
fn token(header: &str, payload: impl AsRef<[u8]>) -> String {
    [encoded(header), encoded(payload), encoded([7; 64])].join(".")
}

/// A token that could be one.
fn good() -> String {
    token(r#"{"alg":"ES256","kid":"k1"}"#, r#"{"iss":"https://idp.test","exp":1}"#)
}
