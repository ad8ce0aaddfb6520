//! The key that a fake signs its tokens with, and what it draws from.

use std::sync::OnceLock;

use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// One key for all fakes of a process: making one takes a while.
fn key() -> Option<&'static KeyPair> {
    static KEY: OnceLock<Option<KeyPair>> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).ok()).as_ref()
}

const KID: &str = "fake-1";

/// A signed token, RS256.
pub(crate) fn sign(kind: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"alg": "RS256", "kid": KID, "typ": kind});
    let text = format!("{}.{}", part(&header), part(claims));
    let Some(key) = key() else { return text };
    let mut signature = vec![0; key.public_modulus_len()];
    let random = SystemRandom::new();
    if key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).is_err() {
        return text;
    }
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The key set.
pub(crate) fn jwks() -> Value {
    let Some(key) = key() else { return json!({"keys": []}) };
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let public = key.public_key();
    json!({"keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KID,
        "n": number(public.modulus().big_endian_without_leading_zero()),
        "e": number(public.exponent().big_endian_without_leading_zero()),
    }]})
}

/// So many random bytes, in base64url.
pub(crate) fn random(bytes: usize) -> String {
    let mut drawn = vec![0; bytes];
    // A fake that cannot draw answers the same twice, and its tests say so.
    let _drawn = fill(&mut drawn);
    URL_SAFE_NO_PAD.encode(drawn)
}

/// A random UUID.
pub(crate) fn uuid() -> String {
    let mut drawn = [0_u8; 16];
    let _drawn = fill(&mut drawn);
    let hex: String = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}
