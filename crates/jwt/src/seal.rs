//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03).

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use gatekey_core::crypto::SealingKey;

fn cipher(key: &SealingKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose().into())
}

pub(crate) fn seal(
    key: &SealingKey,
    nonce: &[u8; 24],
    context: &[u8],
    plaintext: &[u8],
) -> Vec<u8> {
    // It fails for 256 GiB or more. Nothing opens what is then returned.
    cipher(key)
        .encrypt(XNonce::from(*nonce).as_ref(), Payload { msg: plaintext, aad: context })
        .unwrap_or_default()
}

pub(crate) fn open(
    key: &SealingKey,
    nonce: &[u8; 24],
    context: &[u8],
    sealed: &[u8],
) -> Option<Vec<u8>> {
    cipher(key).decrypt(XNonce::from(*nonce).as_ref(), Payload { msg: sealed, aad: context }).ok()
}
