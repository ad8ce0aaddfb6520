//! Keys for tests, which sign nothing else.

use gatekey_core::jose::PublicKey;
use jwt_simple::algorithms::{RS256KeyPair, RSAKeyPairLike as _};
use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Decoder as _};

/// 2048 bits.
pub(crate) const RSA: &str = include_str!("keys/rsa-2048.pem");

/// 2049 bits: what PSS pads is a byte shorter than the modulus.
pub(crate) const RSA_2049: &str = include_str!("keys/rsa-2049.pem");

/// 3072 bits.
pub(crate) const RSA_3072: &str = include_str!("keys/rsa-3072.pem");

/// The public half of an RSA key.
pub(crate) fn rsa(pem: &str) -> PublicKey {
    let public = RS256KeyPair::from_pem(pem).unwrap().key_pair().public_key().to_components();
    PublicKey::Rsa { n: public.n.into(), e: public.e.into() }
}

/// Undoes base64url.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    Base64UrlSafeNoPadding::decode_to_vec(text, None).unwrap()
}

/// Undoes base64url for a number of fixed length.
pub(crate) fn number<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().unwrap()
}

/// The coordinates of an uncompressed point (SEC 1, 2.3.3).
pub(crate) fn point<const N: usize>(sec1: &[u8]) -> ([u8; N], [u8; N]) {
    let (x, y) = sec1.strip_prefix(&[4]).unwrap().split_at(N);
    (x.try_into().unwrap(), y.try_into().unwrap())
}

/// The signed part of a compact token, and its signature.
pub(crate) fn split(token: &str) -> (&[u8], Vec<u8>) {
    let (input, signature) = token.rsplit_once('.').unwrap();
    (input.as_bytes(), bytes(signature))
}
