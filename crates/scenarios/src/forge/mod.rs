//! Makes tokens, good ones and bad ones: fixed key pairs, any bytes in header and payload, any
//! spelling. Signatures are deterministic, so a token is the same in every run.

mod keys;
mod rsa;

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

pub use self::keys::Key;

/// Signatures that were made before: key, algorithm, message. An RSA signature takes its time.
type Made = BTreeMap<(String, String, Vec<u8>), Option<Vec<u8>>>;
static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);

/// A key set of these keys.
///
/// # Errors
///
/// When there is no such key.
pub fn key_set<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Value, String> {
    let keys = names.into_iter().map(|name| Key::named(name.as_ref()).map(|key| key.jwk()));
    Ok(json!({"keys": keys.collect::<Result<Vec<_>, _>>()?}))
}

/// Bytes as a part of a token.
#[must_use]
pub fn part(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token of any header and payload, signed with a key of the forge.
///
/// # Errors
///
/// When the key cannot sign so.
pub fn token(header: &str, payload: &[u8], key: &str, algorithm: &str) -> Result<String, String> {
    let input = format!("{}.{}", part(header), part(payload));
    let signature = sign(key, algorithm, input.as_bytes())?;
    Ok(format!("{input}.{}", part(signature)))
}

/// A token of any header and payload, "signed" with HMAC-SHA-256 under a secret.
#[must_use]
pub fn token_with_secret(header: &str, payload: &[u8], secret: &[u8]) -> String {
    let input = format!("{}.{}", part(header), part(payload));
    let tag = Hmac::<Sha256>::new_from_slice(secret).map(|mut mac| {
        mac.update(input.as_bytes());
        mac.finalize().into_bytes().to_vec()
    });
    format!("{input}.{}", part(tag.unwrap_or_default()))
}

/// Signs with a key of the forge.
///
/// # Errors
///
/// When there is no such key, or it cannot sign so.
pub fn sign(key: &str, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, String> {
    let place = (key.to_owned(), algorithm.to_owned(), message.to_vec());
    let known = MADE.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
    let signature = match known {
        Some(signature) => signature,
        None => {
            let signature = Key::named(key)?.sign(algorithm, message);
            let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
            made.insert(place, signature.clone());
            signature
        }
    };
    signature.ok_or_else(|| format!("`{key}` does not sign with `{algorithm}`"))
}

#[cfg(test)]
mod tests;
