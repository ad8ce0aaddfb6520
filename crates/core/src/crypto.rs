//! What a driver lends: signatures, sealing, unpredictable bytes.
//!
//! This crate holds the rules about tokens and cookies, not the mathematics. A driver that serves
//! API keys only lends [`NoCrypto`] and [`NoEntropy`], with which nothing passes.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::jose::{Algorithm, PublicKey};
use crate::secret::Secret;

/// Public keys and authenticated encryption.
pub trait Crypto: fmt::Debug + Send + Sync {
    /// Makes a key ready to verify with. Done once for each key of a key set.
    ///
    /// # Errors
    ///
    /// When the key must not be used: too short, a point off its curve, an exponent other than
    /// 65537.
    fn key(&self, key: &PublicKey) -> Result<Arc<dyn SignatureKey>, UnusableKey>;

    /// Encrypts and authenticates `plaintext`, and authenticates `context` with it:
    /// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). Never use a nonce for two plaintexts.
    fn seal(&self, key: &SealingKey, nonce: &[u8; 24], context: &[u8], plaintext: &[u8])
    -> Vec<u8>;

    /// Undoes [`Crypto::seal`]; `None` when anything was altered or the context is another.
    fn open(
        &self,
        key: &SealingKey,
        nonce: &[u8; 24],
        context: &[u8],
        sealed: &[u8],
    ) -> Option<Vec<u8>>;
}

/// A public key, ready to verify with.
pub trait SignatureKey: fmt::Debug + Send + Sync {
    /// Whether `signature` (as JWS has it: raw `r || s` for ECDSA, RFC 7518 3.4) is one of
    /// `message`. An algorithm that is not the key's verifies nothing.
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool;
}

/// A key that must not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnusableKey;

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key is too weak, malformed or of an unsupported kind")
    }
}

impl core::error::Error for UnusableKey {}

/// A key for [`Crypto::seal`].
#[derive(Clone, Debug)]
pub struct SealingKey(Secret<[u8; 32]>);

impl SealingKey {
    /// Takes 32 bytes that nobody else knows.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The key itself, for an implementation of [`Crypto`].
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// Bytes that differ from any drawn before. They need not be secret: what has to be
/// unpredictable is derived from them and a configured secret.
pub trait Entropy: fmt::Debug + Send + Sync {
    /// Draws 32 bytes.
    fn draw(&self) -> [u8; 32];
}

/// No keys, no sealing: every signature is wrong.
#[derive(Clone, Copy, Debug)]
pub struct NoCrypto;

impl Crypto for NoCrypto {
    fn key(&self, _key: &PublicKey) -> Result<Arc<dyn SignatureKey>, UnusableKey> {
        Err(UnusableKey)
    }

    fn seal(&self, _: &SealingKey, _: &[u8; 24], _: &[u8], _: &[u8]) -> Vec<u8> {
        Vec::new()
    }

    fn open(&self, _: &SealingKey, _: &[u8; 24], _: &[u8], _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// Always the same bytes: for drivers that neither seal nor redirect.
#[derive(Clone, Copy, Debug)]
pub struct NoEntropy;

impl Entropy for NoEntropy {
    fn draw(&self) -> [u8; 32] {
        [0; 32]
    }
}
