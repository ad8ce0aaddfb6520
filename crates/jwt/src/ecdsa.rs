//! ECDSA over the curves of NIST (FIPS 186-5, RFC 7518 3.4).

use gatekey_core::crypto::{SignatureKey, UnusableKey};
use gatekey_core::jose::Algorithm;
use jwt_simple::algorithms::{
    ECDSAP256PublicKeyLike as _, ECDSAP384PublicKeyLike as _, ES256PublicKey, ES384PublicKey,
};
use p256::ecdsa::signature::Verifier as _;

#[derive(Debug)]
pub(crate) enum Key {
    P256(ES256PublicKey),
    P384(ES384PublicKey),
    P521(p521::ecdsa::VerifyingKey),
}

impl Key {
    pub(crate) fn p256(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, UnusableKey> {
        ES256PublicKey::from_bytes(&uncompressed(x, y)).map(Self::P256).map_err(|_| UnusableKey)
    }

    pub(crate) fn p384(x: &[u8; 48], y: &[u8; 48]) -> Result<Self, UnusableKey> {
        ES384PublicKey::from_bytes(&uncompressed(x, y)).map(Self::P384).map_err(|_| UnusableKey)
    }

    pub(crate) fn p521(x: &[u8; 66], y: &[u8; 66]) -> Result<Self, UnusableKey> {
        p521::ecdsa::VerifyingKey::from_sec1_bytes(&uncompressed(x, y))
            .map(Self::P521)
            .map_err(|_| UnusableKey)
    }
}

impl SignatureKey for Key {
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        // Reading a signature refuses every length but `r || s`'s, and numbers out of range.
        match (self, algorithm) {
            (Self::P256(key), Algorithm::Es256) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| {
                    key.public_key().as_ref().verify(message, &signature).is_ok()
                }),
            (Self::P384(key), Algorithm::Es384) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| {
                    key.public_key().as_ref().verify(message, &signature).is_ok()
                }),
            (Self::P521(key), Algorithm::Es512) => p521::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            _ => false,
        }
    }
}

/// A point as SEC 1, 2.3.3 writes it.
fn uncompressed(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}
