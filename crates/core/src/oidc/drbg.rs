//! Unpredictable values from a configured secret.
//!
//! Some hosts' random bytes can be guessed. So nothing that must be unpredictable (`state`,
//! `nonce`, the PKCE verifier, the nonces of sealed cookies) is taken from them: it is an
//! HMAC-SHA-256 under a key derived (RFC 5869) from a secret in the gateway's configuration. What
//! the host draws, the time, a counter and the request itself only keep two values from being
//! equal.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::crypto::{Entropy, SealingKey};
use crate::http::Request;
use crate::secret::Secret;
use crate::time::UnixTime;

/// A session secret that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortSecret;

impl fmt::Display for ShortSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the secret must have at least 32 bytes")
    }
}

impl core::error::Error for ShortSecret {}

/// The keys of sessions and logins, derived from the gateway's session secret.
///
/// While secrets are exchanged there are two: the current one seals, both open.
#[derive(Clone, Debug)]
pub struct SessionKeys {
    pub(crate) current: CookieKey,
    pub(crate) previous: Option<CookieKey>,
    draws: Secret<[u8; 32]>,
    nonces: Secret<[u8; 32]>,
}

/// A key that seals cookies, with the byte by which a cookie names it.
#[derive(Clone, Debug)]
pub(crate) struct CookieKey {
    pub(crate) id: u8,
    pub(crate) key: SealingKey,
}

impl SessionKeys {
    /// The least a session secret must have.
    pub const MIN_SECRET_BYTES: usize = 32;

    /// Derives the keys from the current secret and the one before it.
    ///
    /// # Errors
    ///
    /// When one of them has fewer than [`SessionKeys::MIN_SECRET_BYTES`] bytes.
    pub fn from_secret(current: &[u8], previous: Option<&[u8]>) -> Result<Self, ShortSecret> {
        let current = extract(current)?;
        let previous = previous.map(extract).transpose()?;
        Ok(Self {
            draws: Secret::new(expand(current.expose(), b"gatekey/draw/1")),
            nonces: Secret::new(expand(current.expose(), b"gatekey/nonce/1")),
            current: CookieKey::derive(current.expose()),
            previous: previous.map(|secret| CookieKey::derive(secret.expose())),
        })
    }

    /// A nonce for sealing `plaintext` under `context`. Two plaintexts never share one, not even
    /// when every other input repeats.
    pub(crate) fn nonce(&self, draw: &[u8; 32], context: &[u8], plaintext: &[u8]) -> [u8; 24] {
        let mut mac = keyed(self.nonces.expose());
        for part in [draw.as_slice(), context, plaintext] {
            absorb(&mut mac, part);
        }
        let bytes = finish(mac);
        bytes.first_chunk().copied().unwrap_or_default()
    }
}

impl CookieKey {
    fn derive(secret: &[u8; 32]) -> Self {
        let [id, ..] = expand(secret, b"gatekey/cookie-key-id/1");
        Self { id, key: SealingKey::from_bytes(expand(secret, b"gatekey/cookie-key/1")) }
    }
}

/// Counts the values drawn by a worker. Belongs to the driver, as part of its memory.
#[derive(Debug, Default)]
pub(crate) struct Drbg {
    drawn: u64,
}

impl Drbg {
    /// A value that nobody can foresee who does not know the session secret.
    pub(crate) fn draw(
        &mut self,
        keys: &SessionKeys,
        entropy: &dyn Entropy,
        now: UnixTime,
        purpose: &str,
        request: &Request<'_>,
    ) -> [u8; 32] {
        self.drawn = self.drawn.wrapping_add(1);
        let mut mac = keyed(keys.draws.expose());
        absorb(&mut mac, purpose.as_bytes());
        update(&mut mac, &self.drawn.to_be_bytes());
        update(&mut mac, &now.0.to_be_bytes());
        update(&mut mac, &entropy.draw());
        for part in [request.method, request.authority, request.path] {
            absorb(&mut mac, part);
        }
        for header in request.headers {
            absorb(&mut mac, header.name);
            absorb(&mut mac, header.value);
        }
        finish(mac)
    }
}

/// A value of its own for each label, from a key that is drawn once.
pub(crate) fn expand(key: &[u8; 32], label: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key);
    update(&mut mac, label);
    // The first and only block of HKDF-Expand.
    update(&mut mac, &[1]);
    finish(mac)
}

fn extract(secret: &[u8]) -> Result<Secret<[u8; 32]>, ShortSecret> {
    if secret.len() < SessionKeys::MIN_SECRET_BYTES {
        return Err(ShortSecret);
    }
    Ok(Secret::new(hkdf_extract(b"gatekey/session", secret)))
}

fn hkdf_extract(salt: &[u8], secret: &[u8]) -> [u8; 32] {
    let mut mac = keyed(salt);
    update(&mut mac, secret);
    finish(mac)
}

/// HMAC-SHA-256 takes keys of any length, so there is no failure to report.
#[inline(never)]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

/// Feeds a part with its length, so that no two lists of parts read the same.
fn absorb(mac: &mut Hmac<Sha256>, part: &[u8]) {
    update(mac, &u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    update(mac, part);
}

// Once in a module, not once for each of their uses: nothing here is in a hurry.
#[inline(never)]
fn update(mac: &mut Hmac<Sha256>, bytes: &[u8]) {
    mac.update(bytes);
}

#[inline(never)]
fn finish(mac: Hmac<Sha256>) -> [u8; 32] {
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::crypto::NoEntropy;

    #[test]
    fn keys_are_derived_as_rfc_5869_says() {
        // RFC 5869, test case 1: the first block of the output.
        let salt: [u8; 13] = core::array::from_fn(|at| at as u8);
        let info: [u8; 10] = core::array::from_fn(|at| 0xf0 + at as u8);
        let prk = hkdf_extract(&salt, &[0x0b; 22]);
        let hex = |bytes: &[u8]| {
            bytes.iter().map(|b| format!("{b:02x}")).collect::<alloc::string::String>()
        };
        assert_eq!(hex(&prk), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
        assert_eq!(
            hex(&expand(&prk, &info)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
        );
    }

    #[test]
    fn a_short_secret_is_refused_in_either_place() {
        assert_eq!(SessionKeys::from_secret(&[7; 31], None).unwrap_err(), ShortSecret);
        assert_eq!(SessionKeys::from_secret(&[7; 32], Some(&[8; 31])).unwrap_err(), ShortSecret);
        SessionKeys::from_secret(&[7; 32], Some(&[8; 32])).unwrap();
    }

    #[test]
    fn nothing_repeats_even_when_the_host_draws_the_same_bytes_twice() {
        let keys = SessionKeys::from_secret(&[7; 32], None).unwrap();
        let other = SessionKeys::from_secret(&[8; 32], None).unwrap();
        let request = |path| Request { method: b"GET", authority: b"a.test", path, headers: &[] };
        let now = UnixTime(5);
        let mut drbg = Drbg::default();
        let mut seen = alloc::vec![
            drbg.draw(&keys, &NoEntropy, now, "state", &request(b"/")),
            drbg.draw(&keys, &NoEntropy, now, "state", &request(b"/")),
        ];
        // Another worker starts to count anew.
        for (keys, now, purpose, path) in [
            (&keys, UnixTime(6), "state", b"/".as_slice()),
            (&keys, now, "nonce", b"/"),
            (&keys, now, "state", b"/a"),
            (&other, now, "state", b"/"),
        ] {
            seen.push(Drbg::default().draw(keys, &NoEntropy, now, purpose, &request(path)));
        }
        let unequal = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), unequal);
    }

    #[test]
    fn debug_shows_no_key() {
        let keys = SessionKeys::from_secret(&[7; 32], Some(&[8; 32])).unwrap();
        let shown = format!("{keys:?}");
        assert_eq!(shown.matches("Secret(..)").count(), 4, "{shown}");
    }

    #[test]
    fn two_plaintexts_never_share_a_nonce() {
        let keys = SessionKeys::from_secret(&[7; 32], None).unwrap();
        let nonces = [
            keys.nonce(&[0; 32], b"context", b"one"),
            keys.nonce(&[0; 32], b"context", b"two"),
            keys.nonce(&[0; 32], b"contexto", b"ne"),
            keys.nonce(&[1; 32], b"context", b"one"),
        ];
        assert!(nonces.iter().enumerate().all(|(at, n)| !nonces[at + 1..].contains(n)));
    }
}
