//! Signatures, by another library than the product's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

const MOST_KEYS: usize = 64;

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

/// Whether this is a key set that tells no secrets.
pub(super) fn is_set(set: &Value) -> bool {
    let Some(keys) = set.get("keys").and_then(Value::as_array) else { return false };
    let secret = |name: &str| keys.iter().any(|key| key.get(name).is_some());
    (1..=MOST_KEYS).contains(&keys.len())
        && !["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"].into_iter().any(secret)
}

fn usable(key: &Value) -> bool {
    let for_signatures = key.get("use").is_none_or(|used| used == "sig");
    let verifies = key.get("key_ops").is_none_or(|operations| {
        operations.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"))
    });
    let point = || Some([vec![4], bytes(key, "x")?, bytes(key, "y")?].concat());
    let strong = match (text(key, "kty"), text(key, "crv")) {
        (Some("RSA"), _) => bytes(key, "n").is_some_and(|n| {
            let n: Vec<u8> = n.into_iter().skip_while(|byte| *byte == 0).collect();
            (256..=512).contains(&n.len()) && !is_weak(&n) && text(key, "e") == Some("AQAB")
        }),
        (_, Some("P-256")) => {
            point().is_some_and(|point| p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).is_ok())
        }
        _ => true,
    };
    for_signatures && verifies && strong
}

/// Whether a modulus has the fingerprint of CVE-2017-15361: modulo each small prime it is a power
/// of 65537.
fn is_weak(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 17] =
        [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    PRIMES.into_iter().all(|prime| {
        let rest = modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let powers = core::iter::successors(Some(1), |power| Some(power * 65_537 % prime));
        powers.take(prime as usize).any(|power| power == rest)
    })
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
