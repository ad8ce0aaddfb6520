//! Random bytes from the operating system.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_core::digest::Digest;
use gatekey_core::secret::Secret;

use crate::problem::Problem;

impl From<getrandom::Error> for Problem {
    fn from(error: getrandom::Error) -> Self {
        Self::internal(error)
    }
}

/// Fresh random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A token of 256 bits, for somebody to hold and for us to recognise.
pub(crate) fn token() -> Result<Secret<String>, getrandom::Error> {
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes::<32>()?)))
}

/// What is kept of a token. Plain SHA-256 is enough: a token has 122 bits of entropy or more.
pub(crate) fn digest_of(token: &str) -> Digest {
    Digest::sha256(token.as_bytes())
}
