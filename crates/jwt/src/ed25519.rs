//! Ed25519 (RFC 8032, RFC 8037).

use ed25519_compact::Signature;
use gatekey_core::crypto::{SignatureKey, UnusableKey};
use gatekey_core::jose::Algorithm;
use jwt_simple::algorithms::{Ed25519PublicKey, EdDSAPublicKeyLike as _};

#[derive(Debug)]
pub(crate) struct Key(Ed25519PublicKey);

impl Key {
    /// Refuses points of small order and encodings that are not the shortest of their point.
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Result<Self, UnusableKey> {
        Ed25519PublicKey::from_bytes(bytes).map(Self).map_err(|_| UnusableKey)
    }
}

impl SignatureKey for Key {
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        algorithm == Algorithm::Ed25519
            && Signature::from_slice(signature).is_ok_and(|signature| {
                self.0.public_key().as_ref().verify(message, &signature).is_ok()
            })
    }
}
