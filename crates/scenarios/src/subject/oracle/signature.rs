//! Signatures, by another library than the product's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

/// Verifies a signature with the key of a set that the header means. `None` when there is no
/// such key, or more than one.
pub(super) fn verify(
    keys: &Value,
    kid: Option<&str>,
    algorithm: &str,
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let keys = keys.get("keys")?.as_array()?;
    let twins = |key: &Value| {
        let same =
            |other: &&Value| other.get("kid") == key.get("kid") && other["kty"] == key["kty"];
        key.get("kid").is_some() && keys.iter().filter(same).count() > 1
    };
    let mut fitting = keys.iter().filter(|key| {
        let kid_fits = kid.is_none_or(|kid| text(key, "kid") == Some(kid));
        kid_fits && !twins(key) && usable(key) && fits(key, algorithm)
    });
    let only = fitting.next()?;
    if fitting.next().is_some() {
        return None;
    }
    Some(holds(only, algorithm, message, signature).is_some())
}

/// Whether a set has members that are nobody's business.
pub(super) fn tells_secrets(keys: &Value) -> bool {
    let all = keys.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let secret = |name: &&str| all.iter().any(|key| key.get(*name).is_some());
    ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"].iter().any(secret)
}

fn usable(key: &Value) -> bool {
    let for_signatures = key.get("use").is_none_or(|used| used == "sig");
    let verifies = key.get("key_ops").is_none_or(|operations| {
        operations.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"))
    });
    let strong = key["kty"] != "RSA"
        || bytes(key, "n").is_some_and(|n| (256..=512).contains(&n.len()))
            && text(key, "e") == Some("AQAB");
    for_signatures && verifies && strong
}

fn fits(key: &Value, algorithm: &str) -> bool {
    let kind = match algorithm {
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => ("RSA", None),
        "ES256" => ("EC", Some("P-256")),
        "ES384" => ("EC", Some("P-384")),
        "ES512" => ("EC", Some("P-521")),
        "EdDSA" | "Ed25519" => ("OKP", Some("Ed25519")),
        _ => return false,
    };
    let same = |stated: &str| {
        stated == algorithm || [stated, algorithm].iter().all(|one| one.starts_with("Ed"))
    };
    text(key, "kty") == Some(kind.0)
        && text(key, "crv") == kind.1
        && key.get("alg").is_none_or(|stated| stated.as_str().is_some_and(same))
}

fn holds(key: &Value, algorithm: &str, message: &[u8], signed: &[u8]) -> Option<()> {
    let rsa = |parameters: &RsaParameters| {
        let public = RsaPublicKeyComponents { n: bytes(key, "n")?, e: bytes(key, "e")? };
        public.verify(parameters, message, signed).ok()
    };
    let point = || Some([vec![4], bytes(key, "x")?, bytes(key, "y")?].concat());
    match algorithm {
        "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        "PS384" => rsa(&signature::RSA_PSS_2048_8192_SHA384),
        "PS512" => rsa(&signature::RSA_PSS_2048_8192_SHA512),
        "ES256" => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point()?)
            .verify(message, signed)
            .ok(),
        "ES384" => UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point()?)
            .verify(message, signed)
            .ok(),
        "ES512" => {
            use p521::ecdsa::signature::Verifier as _;
            let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(&point()?).ok()?;
            key.verify(message, &p521::ecdsa::Signature::from_slice(signed).ok()?).ok()
        }
        "EdDSA" | "Ed25519" => UnparsedPublicKey::new(&signature::ED25519, bytes(key, "x")?)
            .verify(message, signed)
            .ok(),
        _ => None,
    }
}

fn text<'k>(key: &'k Value, name: &str) -> Option<&'k str> {
    key.get(name)?.as_str()
}

fn bytes(key: &Value, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text(key, name)?).ok()
}
