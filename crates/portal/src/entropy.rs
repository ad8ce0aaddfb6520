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

/// A word of letters and digits, each as likely as the others.
pub(crate) fn word(length: usize) -> Result<String, getrandom::Error> {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut word = String::with_capacity(length);
    while word.len() < length {
        // Of 64 values two are drawn again.
        let drawn = bytes::<64>()?.map(|byte| ALPHABET.get(usize::from(byte & 63)).copied());
        word.extend(drawn.into_iter().flatten().map(char::from).take(length - word.len()));
    }
    Ok(word)
}
