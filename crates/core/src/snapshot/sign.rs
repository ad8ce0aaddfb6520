//! The envelope: who signed a document.

use alloc::vec::Vec;
use core::fmt;

use ed25519_compact::{KeyPair, PublicKey, Seed, Signature};
use zeroize::Zeroizing;

use super::wire::{FormatError, Reader};
use crate::digest::Digest;

const MAGIC_BYTES: usize = 4;
/// How the magic of every document begins.
const FAMILY: &[u8] = b"GK";
const KEY_ID_BYTES: usize = 8;
const SIGNATURE_BYTES: usize = 64;
const HEAD_BYTES: usize = MAGIC_BYTES + KEY_ID_BYTES;

/// The portal's Ed25519 key: what makes a gateway believe a snapshot.
pub struct SigningKey(KeyPair);

impl SigningKey {
    /// Derives the key from 32 secret bytes of a cryptographic source.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self(KeyPair::from_seed(Seed::new(*seed)))
    }

    /// The public half, which gateways pin.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(*self.0.pk)
    }

    /// Signs a text of another kind than the documents that gateways believe. Nothing is signed that
    /// begins as those do, so that no signature can be taken for one of theirs.
    #[must_use]
    pub fn sign(&self, text: &[u8]) -> Option<[u8; SIGNATURE_BYTES]> {
        (!text.starts_with(FAMILY)).then(|| *self.0.sk.sign(text, None))
    }

    /// Puts `body` into a signed envelope.
    pub(crate) fn seal(&self, magic: [u8; MAGIC_BYTES], body: &[u8]) -> Vec<u8> {
        let mut message = Vec::with_capacity(HEAD_BYTES + body.len());
        message.extend_from_slice(&magic);
        message.extend_from_slice(&self.verifying_key().id());
        message.extend_from_slice(body);
        // Without extra noise the signature is that of RFC 8032: deterministic.
        let signature = self.0.sk.sign(&message, None);
        message.splice(HEAD_BYTES..HEAD_BYTES, signature.iter().copied());
        message
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.verifying_key())
    }
}

/// A public key that a gateway pins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// Takes the 32 bytes of an Ed25519 public key.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether the key's other half signed a text with [`SigningKey::sign`].
    #[must_use]
    pub fn verifies(&self, text: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        !text.starts_with(FAMILY)
            && PublicKey::new(self.0).verify(text, &Signature::new(*signature)).is_ok()
    }

    /// What an envelope calls this key: the first 8 bytes of its SHA-256.
    #[must_use]
    pub fn id(&self) -> [u8; KEY_ID_BYTES] {
        let digest = Digest::sha256(&self.0);
        digest.as_bytes().first_chunk().copied().unwrap_or_default()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", Digest::from_bytes(self.0))
    }
}

/// Why an envelope is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SealError {
    Format(FormatError),
    UnknownKey,
    BadSignature,
}

/// Opens an envelope of the given kind that one of `keys` signed.
pub(crate) fn open<'d>(
    document: &'d [u8],
    magic: [u8; MAGIC_BYTES],
    keys: &[VerifyingKey],
) -> Result<&'d [u8], SealError> {
    let mut reader = Reader(document);
    if reader.array::<MAGIC_BYTES>().map_err(SealError::Format)? != magic {
        return Err(SealError::Format(FormatError::UnknownFormat));
    }
    let id = reader.array::<KEY_ID_BYTES>().map_err(SealError::Format)?;
    let signature = reader.array::<SIGNATURE_BYTES>().map_err(SealError::Format)?;
    let body = reader.0;
    let key = keys.iter().find(|key| key.id() == id).ok_or(SealError::UnknownKey)?;
    let mut message = Vec::with_capacity(HEAD_BYTES + body.len());
    message.extend_from_slice(&magic);
    message.extend_from_slice(&id);
    message.extend_from_slice(body);
    PublicKey::new(key.0)
        .verify(&message, &Signature::new(signature))
        .map_err(|_| SealError::BadSignature)?;
    Ok(body)
}
