//! Signatures that the host verifies, many times faster than a guest can.
//!
//! Envoy lends its TLS library as the foreign function `verify_signature`: PKCS #1 v1.5 and ECDSA.
//! The verdict is the same either way: keys are taken by the guest's own implementation first,
//! signatures are checked for their form before the host sees them, and whatever the host answers
//! that is not plainly a verdict is decided in the guest.
//!
//! Only modules that verify signatures link this: other hosts end the process when they are asked
//! for a function they do not know.

mod der;
mod protobuf;

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;

use gatekey_core::crypto::{Crypto, Entropy, SealingKey, SignatureKey, UnusableKey};
use gatekey_core::jose::{Algorithm, PublicKey};

use crate::host::{self, HostError, HostResult, LogLevel};

const FUNCTION: &str = "verify_signature";

/// The host's function of that name, in this VM.
static HOST: Host = Host::new(host::call_foreign_function);

struct Host {
    call: fn(&str, &[u8]) -> HostResult<Vec<u8>>,
    /// It said that it has none. It is not asked again.
    absent: AtomicBool,
    /// It was logged that an answer was no verdict.
    told: AtomicBool,
}

impl Host {
    const fn new(call: fn(&str, &[u8]) -> HostResult<Vec<u8>>) -> Self {
        Self { call, absent: AtomicBool::new(false), told: AtomicBool::new(false) }
    }

    /// The host's verdict; `None` when it has none.
    fn verify(&self, key: &[u8], hash: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
        if self.absent.load(Ordering::Relaxed) {
            return None;
        }
        let arguments = protobuf::arguments(hash, key, signature, message);
        let answer = (self.call)(FUNCTION, &arguments);
        let verdict = answer.as_ref().ok().and_then(|answer| protobuf::verdict(answer));
        if verdict.is_some() {
            return verdict;
        }
        if matches!(answer, Err(HostError::NOT_FOUND | HostError::UNIMPLEMENTED)) {
            self.absent.store(true, Ordering::Relaxed);
            host::log(LogLevel::Warn, "the host has no `verify_signature`: it is not asked again");
        } else if !self.told.swap(true, Ordering::Relaxed) {
            host::log(LogLevel::Warn, "the host gives no verdict about a signature");
        }
        None
    }
}

/// Has the host verify RS256, RS384, RS512, ES256 and ES384, and another implementation do
/// everything else.
pub struct Accelerated {
    inner: &'static dyn Crypto,
    host: &'static Host,
}

impl Accelerated {
    /// Accelerates an implementation. Only for Envoy.
    #[must_use]
    pub const fn new(inner: &'static dyn Crypto) -> Self {
        Self { inner, host: &HOST }
    }
}

impl fmt::Debug for Accelerated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Accelerated").field(&self.inner).finish()
    }
}

impl Crypto for Accelerated {
    fn key(&self, key: &PublicKey) -> Result<Arc<dyn SignatureKey>, UnusableKey> {
        let inner = self.inner.key(key)?;
        let kind = match key {
            PublicKey::Rsa { n, .. } => Kind::Rsa { size: n.len() },
            PublicKey::P256 { .. } => Kind::P256,
            PublicKey::P384 { .. } => Kind::P384,
            PublicKey::P521 { .. } | PublicKey::Ed25519(_) => return Ok(inner),
        };
        match der::public_key_info(key) {
            Some(info) => Ok(Arc::new(Key { inner, kind, info, host: self.host })),
            None => Ok(inner),
        }
    }

    fn seal(
        &self,
        key: &SealingKey,
        nonce: &[u8; 24],
        context: &[u8],
        plaintext: &[u8],
    ) -> Vec<u8> {
        self.inner.seal(key, nonce, context, plaintext)
    }

    fn open(
        &self,
        key: &SealingKey,
        nonce: &[u8; 24],
        context: &[u8],
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        self.inner.open(key, nonce, context, sealed)
    }
}

struct Key {
    inner: Arc<dyn SignatureKey>,
    kind: Kind,
    /// `SubjectPublicKeyInfo` in DER.
    info: Vec<u8>,
    host: &'static Host,
}

#[derive(Clone, Copy)]
enum Kind {
    Rsa {
        /// Of the modulus and of every signature, in bytes.
        size: usize,
    },
    P256,
    P384,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Accelerated").field(&self.inner).finish()
    }
}

impl SignatureKey for Key {
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let verify =
            |hash, signature: &[u8]| self.host.verify(&self.info, hash, message, signature);
        let verdict = match (self.kind, algorithm) {
            (Kind::Rsa { size }, _) if signature.len() != size => Some(false),
            (Kind::Rsa { .. }, Algorithm::Rs256) => verify("sha256", signature),
            (Kind::Rsa { .. }, Algorithm::Rs384) => verify("sha384", signature),
            (Kind::Rsa { .. }, Algorithm::Rs512) => verify("sha512", signature),
            (Kind::P256, Algorithm::Es256) => match der::signature(signature, &der::P256_ORDER) {
                Some(signature) => verify("sha256", &signature),
                None => Some(false),
            },
            (Kind::P384, Algorithm::Es384) => match der::signature(signature, &der::P384_ORDER) {
                Some(signature) => verify("sha384", &signature),
                None => Some(false),
            },
            _ => None,
        };
        verdict.unwrap_or_else(|| self.inner.verify(algorithm, message, signature))
    }
}

/// Bytes that the host draws.
#[derive(Clone, Copy, Debug)]
pub struct Random;

/// Counts the draws of a host that draws nothing.
static FAILED_DRAWS: AtomicU64 = AtomicU64::new(0);

impl Entropy for Random {
    fn draw(&self) -> [u8; 32] {
        host::draw().unwrap_or_else(|_| {
            let count = FAILED_DRAWS.fetch_add(1, Ordering::Relaxed);
            let mut drawn = [0; 32];
            let values = [host::now().0, count].into_iter().flat_map(u64::to_le_bytes);
            for (byte, value) in drawn.iter_mut().zip(values) {
                *byte = value;
            }
            drawn
        })
    }
}

#[cfg(test)]
mod tests;
