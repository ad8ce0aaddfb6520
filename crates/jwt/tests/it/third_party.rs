//! Wycheproof's cases, as far as they reach the mathematics of signatures.
//!
//! Others are decided before: by the form of the token, or by what the key says it is for. They
//! are counted here, and run where tokens are parsed.

use std::collections::BTreeMap;
use std::io::Write as _;

use super::wycheproof::{self, Case};
use gatekey_core::crypto::Crypto as _;
use gatekey_core::jose::{Algorithm, PublicKey};
use gatekey_jwt::JWT;
use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Decoder as _};
use serde_json::Value;

#[test]
fn every_case_of_wycheproof_that_reaches_a_key_has_its_verdict() {
    let Some(cases) = wycheproof::cases() else {
        say("SKIPPED: Wycheproof's cases. GATEKEY_WYCHEPROOF_DIR is not set.");
        return;
    };
    let mut counts = BTreeMap::new();
    for case in &cases {
        let outcome = match reach(case) {
            Err(before) => before,
            Ok((key, algorithm, input, signature)) => {
                let verdict = JWT
                    .key(&key)
                    .is_ok_and(|key| key.verify(algorithm, input.as_bytes(), &signature));
                assert_eq!(verdict, case.valid, "{} {:?}", case.name, case.flags);
                if case.valid { "verified" } else { "refused" }
            }
        };
        *counts.entry(outcome).or_insert(0) += 1;
    }
    say(&format!("Wycheproof: {} cases, {counts:?}", cases.len()));
    assert!(counts["verified"] >= 30, "{counts:?}");
    assert!(counts["refused"] >= 250, "{counts:?}");
}

/// Says it in a run that passes too, whose output is not shown otherwise.
fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// What a key is asked, or why it never is.
fn reach(case: &Case) -> Result<(PublicKey, Algorithm, String, Vec<u8>), &'static str> {
    let decode = |text: &str| Base64UrlSafeNoPadding::decode_to_vec(text, None).ok();
    let parts: Vec<&str> = case.token.split('.').collect();
    let [header, payload, signature] = parts[..] else { return Err("not three parts") };
    let (Some(head), Some(_), Some(signed)) = (decode(header), decode(payload), decode(signature))
    else {
        return Err("not base64url");
    };
    let Ok(head) = serde_json::from_slice::<Value>(&head) else { return Err("header not JSON") };
    let name = head["alg"].as_str().unwrap_or("none");
    let Some(algorithm) = Algorithm::from_name(name.as_bytes()) else {
        return Err("another algorithm");
    };
    let [key] = &case.keys[..] else { return Err("several keys") };
    // Valid cases are asked whatever their key says: some pair PS256 with a token of PS384.
    let other_use = key["use"].as_str().is_some_and(|own| own != "sig")
        || key["key_ops"].as_array().is_some_and(|own| own.iter().all(|own| own != "verify"))
        || key["alg"].as_str().is_some_and(|own| own != name);
    if other_use && !case.valid {
        return Err("a key for something else");
    }
    let Some(key) = numbers(key) else { return Err("no public key") };
    if !key.fits(algorithm) {
        return Err("a key for something else");
    }
    Ok((key, algorithm, format!("{header}.{payload}"), signed))
}

fn numbers(jwk: &Value) -> Option<PublicKey> {
    let bytes = |name: &str| Base64UrlSafeNoPadding::decode_to_vec(jwk[name].as_str()?, None).ok();
    match (jwk["kty"].as_str()?, jwk["crv"].as_str()) {
        ("RSA", _) => Some(PublicKey::Rsa { n: bytes("n")?.into(), e: bytes("e")?.into() }),
        ("EC", Some("P-256")) => Some(PublicKey::P256 {
            x: bytes("x")?.try_into().ok()?,
            y: bytes("y")?.try_into().ok()?,
        }),
        ("EC", Some("P-384")) => Some(PublicKey::P384 {
            x: bytes("x")?.try_into().ok()?,
            y: bytes("y")?.try_into().ok()?,
        }),
        ("EC", Some("P-521")) => Some(PublicKey::P521 {
            x: bytes("x")?.try_into().ok()?,
            y: bytes("y")?.try_into().ok()?,
        }),
        _ => None,
    }
}
