//! The mathematics of tokens and cookies: what [`gatekey_core::crypto::Crypto`] asks of a driver.
//!
//! [`JWT`] takes the numbers of public keys and raw signatures, and answers yes or no. Parsing,
//! claims and policy are [`gatekey_core`]'s; no clock and no random source is read here.
//!
//! | capability | by |
//! |---|---|
//! | RS256, RS384, RS512, PS256, PS384, PS512 | `crypto-bigint`'s Montgomery arithmetic; padding here |
//! | ES256, ES384 | `jwt-simple`, that is `p256` and `p384` |
//! | ES512 | `p521`, of the same family and generation |
//! | Ed25519 | `jwt-simple`, that is `ed25519-compact` |
//! | sealing | `chacha20poly1305`: XChaCha20-Poly1305 |
//!
//! RSA is not left to `jwt-simple`: its arithmetic takes five times as long in a guest, and with
//! it comes code for private keys. It judges ours in the tests instead. `README.md` has the
//! measurements.

mod ecdsa;
mod ed25519;
mod pss;
mod roca;
mod rsa;
mod seal;

use std::sync::Arc;

use gatekey_core::crypto::{Crypto, SealingKey, SignatureKey, UnusableKey};
use gatekey_core::jose::PublicKey;

/// Lends [`gatekey_core`] every algorithm it has a name for.
///
/// What is refused, beyond a wrong signature:
///
/// - RSA keys outside 2048 to 4096 bits, with an even modulus, an exponent other than 65537, or
///   the fingerprint of the ROCA flaw (CVE-2017-15361);
/// - points that are not on their curve, or at infinity;
/// - Ed25519 keys of small order or not in canonical form;
/// - signatures of another length than the key's, or with a number out of range: ECDSA in DER,
///   `r` or `s` zero, an RSA signature not below the modulus, an Ed25519 `s` not below the order;
/// - PSS with another hash for MGF1 or a salt of another length than the hash's (RFC 7518 3.5).
///
/// Both values of an ECDSA `s` are taken: RFC 7518 has no rule about it, and signers make both.
#[derive(Clone, Copy, Debug)]
pub struct Jwt;

/// The one [`Jwt`], to lend where a `&'static dyn Crypto` is asked for.
pub static JWT: Jwt = Jwt;

impl Crypto for Jwt {
    fn key(&self, key: &PublicKey) -> Result<Arc<dyn SignatureKey>, UnusableKey> {
        Ok(match key {
            PublicKey::Rsa { n, e } => Arc::new(rsa::Key::from_numbers(n, e)?),
            PublicKey::P256 { x, y } => Arc::new(ecdsa::Key::p256(x, y)?),
            PublicKey::P384 { x, y } => Arc::new(ecdsa::Key::p384(x, y)?),
            PublicKey::P521 { x, y } => Arc::new(ecdsa::Key::p521(x, y)?),
            PublicKey::Ed25519(bytes) => Arc::new(ed25519::Key::from_bytes(bytes)?),
        })
    }

    fn seal(
        &self,
        key: &SealingKey,
        nonce: &[u8; 24],
        context: &[u8],
        plaintext: &[u8],
    ) -> Vec<u8> {
        seal::seal(key, nonce, context, plaintext)
    }

    fn open(
        &self,
        key: &SealingKey,
        nonce: &[u8; 24],
        context: &[u8],
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        seal::open(key, nonce, context, sealed)
    }
}
