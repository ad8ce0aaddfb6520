//! `Authorization: Basic` as clients send it (RFC 7617, RFC 6749 2.3.1).

use alloc::string::String;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::query;
use crate::secret::Secret;

/// An id and a secret, or a name and a password.
#[derive(Clone, Debug)]
pub struct BasicCredentials {
    /// What stands before the first colon.
    pub id: String,
    /// What stands after it.
    pub secret: Secret<String>,
}

/// They cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadCredentials;

impl fmt::Display for BadCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be base64 of an id, a colon and a secret")
    }
}

impl core::error::Error for BadCredentials {}

/// Reads what follows `Basic`. Both parts may be form-encoded, as RFC 6749 wants them, or plain, as
/// most clients send them: where both readings are possible the first is taken.
///
/// # Errors
///
/// When it is not base64 with padding, has no colon, or is not text.
pub fn basic_credentials(encoded: &[u8]) -> Result<BasicCredentials, BadCredentials> {
    let pair = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| BadCredentials)?);
    let pair = core::str::from_utf8(&pair).map_err(|_| BadCredentials)?;
    let (id, secret) = pair.split_once(':').ok_or(BadCredentials)?;
    if pair.contains(|c: char| c.is_control()) {
        return Err(BadCredentials);
    }
    let plain = |text: &str| query::decoded(text).unwrap_or_else(|| text.into());
    Ok(BasicCredentials { id: plain(id), secret: Secret::new(plain(secret)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_readings_are_taken() {
        for (pair, id, secret) in [
            ("id:secret", "id", "secret"),
            ("id:se:cret", "id", "se:cret"),
            ("a%3Ab:c%20d", "a:b", "c d"),
            ("id:100%", "id", "100%"),
            (":", "", ""),
        ] {
            let read = basic_credentials(STANDARD.encode(pair).as_bytes()).unwrap();
            assert_eq!((&*read.id, &**read.secret.expose()), (id, secret), "{pair}");
        }
        for bad in ["", "aWQ", "aWQ=", "aWQ6cw", "a b=", "//8="] {
            assert!(basic_credentials(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
