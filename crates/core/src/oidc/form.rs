//! `Authorization: Basic` as clients send it (RFC 7617, RFC 6749 2.3.1).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

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

/// Reads what follows `Basic`, as it stands (RFC 7617).
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
    Ok(BasicCredentials { id: id.into(), secret: Secret::new(secret.into()) })
}

impl BasicCredentials {
    /// The same as those of an OAuth client, whose id and secret are form-encoded before they are
    /// joined (RFC 6749 2.3.1), though most clients leave that out. A part whose every `%` begins
    /// an escape is decoded, any other is taken as it stands. A `+` stays one: in a secret it is
    /// likelier than a blank, which may be written `%20`.
    #[must_use]
    pub fn as_client(&self) -> Self {
        let secret = unescaped(self.secret.expose());
        Self { id: unescaped(&self.id), secret: Secret::new(secret) }
    }
}

/// The part without its escapes, or as it stands.
fn unescaped(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return part.into() };
        bytes.push(u8::try_from(high << 4 | low).unwrap_or_default());
    }
    String::from_utf8(bytes).unwrap_or_else(|_| part.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pair: &str) -> BasicCredentials {
        basic_credentials(STANDARD.encode(pair).as_bytes()).unwrap()
    }

    #[test]
    fn a_name_and_a_password_are_taken_as_they_stand() {
        for (pair, id, secret) in [
            ("id:secret", "id", "secret"),
            ("id:se:cret", "id", "se:cret"),
            ("jo+e:p%41ss+", "jo+e", "p%41ss+"),
            ("j\u{f6}rg:\u{1f511}", "j\u{f6}rg", "\u{1f511}"),
            (":", "", ""),
        ] {
            let read = read(pair);
            assert_eq!((&*read.id, &**read.secret.expose()), (id, secret), "{pair}");
        }
        for bad in ["", "aWQ", "aWQ=", "aWQ6cw", "aWQ6cx==", "a b=", "//8=", "aTpzCg=="] {
            assert!(basic_credentials(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(!alloc::format!("{:?}", read("id:canary")).contains("canary"));
    }

    #[test]
    fn a_client_may_have_encoded_its_id_and_secret() {
        for (pair, id, secret) in [
            ("id:secret", "id", "secret"),
            ("https%3A%2f%2Fa.test:c%20d", "https://a.test", "c d"),
            ("id:a+b/c=", "id", "a+b/c="),
            ("id:a%2Bb%2Fc%3D", "id", "a+b/c="),
            ("id:100%", "id", "100%"),
            ("id:%zz%41", "id", "%zz%41"),
            ("id:%ff", "id", "%ff"),
            ("i%64:100%", "id", "100%"),
        ] {
            let read = read(pair).as_client();
            assert_eq!((&*read.id, &**read.secret.expose()), (id, secret), "{pair}");
        }
    }
}
