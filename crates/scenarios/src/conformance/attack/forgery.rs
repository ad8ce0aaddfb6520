//! AT-1 to AT-10: signatures that are none, or somebody else's.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use num_bigint::BigUint;
use serde_json::{Value, json};

use super::{Attempts, Forge, header, header_with, parts};
use crate::forge::{self, Key, part, token_with_secret};

pub(super) fn add(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    none(attempts, forge)?;
    shared_secrets(attempts, forge)?;
    foreign_keys(attempts, forge)?;
    key_ids(attempts, forge)?;
    altered(attempts, forge)?;
    curves(attempts, forge)
}

/// AT-1 and AT-2.
fn none(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    let good = forge.good()?;
    let [good_header, payload, signature] = parts(&good)?;
    let (refused, malformed) = ("refused_algorithm", "malformed_token");
    for spelling in ["none", "None", "NONE", "nOnE", "none ", "HS256", ""] {
        let header = part(json!({"alg": spelling, "typ": "JWT"}).to_string());
        let name = format!("`alg` `{spelling}`, empty signature");
        attempts.token("AT-1", &name, format!("{header}.{payload}."), refused);
    }
    let header = part(header("none", "rsa-a"));
    let kept = format!("{header}.{payload}.{signature}");
    attempts.token("AT-1", "`alg` `none` with the signature of a good token", kept, refused);
    let dotless = format!("{header}.{payload}");
    attempts.token("AT-1", "`alg` `none`, last dot missing", dotless, malformed);
    for (name, alg) in
        [("no `alg`", Value::Null), ("`alg` a number", json!(1)), ("`alg` a list", json!(["none"]))]
    {
        let token = forge.signed(&header_with(json!({"alg": alg})))?;
        attempts.token("AT-1", name, token, malformed);
    }
    let empty = format!("{good_header}.{payload}.");
    attempts.token("AT-1", "RS256, empty signature", empty, "bad_signature");
    let dotless = format!("{good_header}.{payload}");
    attempts.token("AT-1", "RS256, signature and last dot missing", dotless, malformed);

    for (algorithm, kid) in [("HS256", "rsa-a"), ("HS512", "")] {
        let header = part(super::header(algorithm, kid));
        let name = format!("{algorithm}, null signature");
        attempts.token("AT-2", &name, format!("{header}.{payload}."), refused);
    }
    for (algorithm, kid) in [("ES256", "p256-a"), ("EdDSA", "ed25519-a")] {
        let header = part(super::header(algorithm, kid));
        let name = format!("{algorithm}, null signature");
        attempts.token("AT-2", &name, format!("{header}.{payload}."), "bad_signature");
    }
    let zeros = format!("{good_header}.{payload}.{}", part([0; 256]));
    attempts.token("AT-2", "RS256, signature of zeros", zeros, "bad_signature");
    let one = format!("{good_header}.{payload}.{}", part([0]));
    attempts.token("AT-2", "RS256, signature of one zero byte", one, "bad_signature");
    Ok(())
}

/// AT-3, AT-4 and AT-8.
fn shared_secrets(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    let payload = forge.payload();
    let mut attempt = |id, name: &str, algorithm: &str, secret: &[u8]| {
        let token = token_with_secret(&header(algorithm, "rsa-a"), payload.as_bytes(), secret);
        attempts.token(id, name, token, "refused_algorithm");
    };
    attempt("AT-3", "HS256 under the empty secret", "HS256", b"");
    attempt("AT-3", "HS256 under a zero byte", "HS256", &[0]);
    attempt("AT-3", "`hs256` under the empty secret", "hs256", b"");

    let key = Key::named("rsa-a")?;
    let modulus = [vec![0], key.modulus().ok_or("no modulus")?].concat();
    let pkcs1 = der(0x30, &[der(2, &modulus), der(2, &[1, 0, 1])].concat());
    let rsa = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let bits = der(3, &[vec![0], pkcs1.clone()].concat());
    let spki = der(0x30, &[rsa.to_vec(), bits].concat());
    let (public, rsa_public) = (pem("PUBLIC KEY", &spki), pem("RSA PUBLIC KEY", &pkcs1));
    let jwk = key.jwk().to_string();
    for (form, secret) in [
        ("PEM (SPKI)", public.as_bytes()),
        ("PEM (SPKI) without its last newline", public.trim_end().as_bytes()),
        ("PEM (PKCS#1)", rsa_public.as_bytes()),
        ("PEM (PKCS#1) without its last newline", rsa_public.trim_end().as_bytes()),
        ("PEM (SPKI) without line ends", public.replace('\n', "").as_bytes()),
        ("PEM (SPKI) with CRLF", public.replace('\n', "\r\n").as_bytes()),
        ("DER (SPKI)", &spki),
        ("DER (PKCS#1), as recovered from two tokens", &pkcs1),
        ("JWK", jwk.as_bytes()),
        ("modulus", &modulus),
    ] {
        attempt("AT-4", &format!("HS256 under the public key as {form}"), "HS256", secret);
    }
    attempt("AT-4", "`Hs256` under the public key as PEM (SPKI)", "Hs256", public.as_bytes());
    for secret in ["secret", "password", "your-256-bit-secret", "changeme"] {
        attempt(
            "AT-8",
            &format!("HS256 under the weak secret `{secret}`"),
            "HS256",
            secret.as_bytes(),
        );
    }
    Ok(())
}

/// AT-5 and AT-6: keys that the token brings along. They are as if they were not there.
fn foreign_keys(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    let payload = forge.payload();
    let attacker = Key::named("rsa-b")?.jwk();
    let signed = |header: &str| forge::token(header, payload.as_bytes(), "rsa-b", "RS256");
    for (name, more, code) in [
        (
            "embedded `jwk` of the attacker, its `kid`",
            json!({"kid": "rsa-b", "jwk": attacker}),
            "unknown_key",
        ),
        (
            "embedded `jwk` of the attacker, `kid` of the issuer",
            json!({"jwk": attacker}),
            "bad_signature",
        ),
        (
            "embedded `jwk` of the attacker, no `kid`",
            json!({"kid": null, "jwk": attacker}),
            "bad_signature",
        ),
        ("`x5c` of the attacker", json!({"x5c": ["MIIB"]}), "bad_signature"),
    ] {
        attempts.token("AT-5", name, signed(&header_with(more))?, code);
    }
    let symmetric = json!({"alg": "HS256", "jwk": {"kty": "oct", "k": "c2VjcmV0"}});
    let token = token_with_secret(&header_with(symmetric), payload.as_bytes(), b"secret");
    attempts.token("AT-5", "embedded symmetric `jwk`", token, "refused_algorithm");
    for place in [
        "https://evil.test/jwks.json",
        "https://idp.test@evil.test/jwks.json",
        "https://idp.test/redirect?to=https://evil.test/jwks.json",
        "https://idp.test#@evil.test/jwks.json",
        "http://127.0.0.1:1/jwks.json",
        "file:///etc/passwd",
    ] {
        for member in ["jku", "x5u"] {
            let header = header_with(json!({"kid": "rsa-b", member: place}));
            attempts.token(
                "AT-6",
                &format!("`{member}` `{place}`"),
                signed(&header)?,
                "unknown_key",
            );
        }
    }
    let header = header_with(json!({"jku": "https://evil.test/jwks.json"}));
    attempts.token("AT-6", "`jku` with the `kid` of the issuer", signed(&header)?, "bad_signature");
    Ok(())
}

/// AT-7: every one of these tokens has a good signature, so that only the id is wrong.
fn key_ids(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    for kid in [
        "/dev/null",
        "../../../../../../dev/null",
        "rsa-a/../rsa-a",
        "x' UNION SELECT 'secret';--",
        "rsa-a' OR '1'='1",
        "rsa-a;sleep 10",
        "| sleep 10",
        "$(sleep 10)",
        "rsa-a\0",
        "\0",
        "rsa-a\n[info] refused: nobody",
        "{0} %s %n",
        "RSA-A",
        " rsa-a",
        "",
    ] {
        let token = forge.signed(&header_with(json!({"kid": kid})))?;
        attempts.token("AT-7", &format!("`kid` {kid:?}"), token, "unknown_key");
    }
    for (name, kid, code) in [
        ("of 1024 bytes", json!("k".repeat(1_024)), "unknown_key"),
        ("of 1025 bytes", json!("k".repeat(1_025)), "malformed_token"),
        ("of 64 KiB", json!("k".repeat(65_536)), "oversized_token"),
        ("a number", json!(1), "malformed_token"),
        ("a list", json!(["rsa-a"]), "malformed_token"),
        ("an object", json!({"rsa-a": true}), "malformed_token"),
    ] {
        let token = forge.signed(&header_with(json!({"kid": kid})))?;
        attempts.token("AT-7", &format!("`kid` {name}"), token, code);
    }
    Ok(())
}

/// AT-9: a good token with something changed.
fn altered(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    let bad = "bad_signature";
    let good = forge.good()?;
    let [header_part, payload, signature] = parts(&good)?;
    attempts.pass("AT-9", "the token as it was issued", &good);
    for (name, more) in [
        ("another client", json!({"sub": "rival-client"})),
        ("another expiry", json!({"exp": forge.start + 9_999_999})),
        ("one more claim", json!({"admin": true})),
    ] {
        let edited = part(forge.claims_with(more));
        attempts.token(
            "AT-9",
            &format!("payload edited: {name}"),
            format!("{header_part}.{edited}.{signature}"),
            bad,
        );
    }
    let edited = part(header_with(json!({"typ": "at+jwt"})));
    attempts.token("AT-9", "header edited: `typ`", format!("{edited}.{payload}.{signature}"), bad);
    for algorithm in ["RS384", "RS512", "PS256"] {
        let edited = part(header(algorithm, "rsa-a"));
        let name = format!("an RS256 signature as {algorithm}");
        attempts.token("AT-9", &name, format!("{edited}.{payload}.{signature}"), bad);
    }
    let bytes = URL_SAFE_NO_PAD.decode(signature).map_err(|error| error.to_string())?;
    let mut turned = bytes.clone();
    if let Some(last) = turned.last_mut() {
        *last ^= 1;
    }
    for (name, changed) in [
        ("one bit turned", turned),
        ("one byte short", bytes.iter().take(255).copied().collect()),
        ("one zero byte too many", [&bytes[..], &[0]].concat()),
        ("a zero byte before it", [&[0], &bytes[..]].concat()),
        ("twice", [&bytes[..], &bytes].concat()),
    ] {
        let token = format!("{header_part}.{payload}.{}", part(changed));
        attempts.token("AT-9", &format!("signature: {name}"), token, bad);
    }
    let other = forge.with(json!({"jti": "2"}))?;
    let [_, _, borrowed] = parts(&other)?;
    let token = format!("{header_part}.{payload}.{borrowed}");
    attempts.token("AT-9", "the signature of another good token", token, bad);
    let foreign =
        forge::token(&header("RS256", "rsa-a"), forge.payload().as_bytes(), "rsa-b", "RS256")?;
    attempts.token("AT-9", "signed with a stranger's key under the issuer's `kid`", foreign, bad);
    let pss =
        forge::token(&header("RS256", "rsa-a"), forge.payload().as_bytes(), "rsa-a", "PS256")?;
    attempts.token("AT-9", "a PS256 signature as RS256", pss, bad);
    Ok(())
}

/// AT-10: signatures on P-256 that are numbers out of range, or spelt otherwise.
fn curves(attempts: &mut Attempts, forge: &Forge) -> Result<(), String> {
    let payload = forge.payload();
    let good = forge::token(&header("ES256", "p256-a"), payload.as_bytes(), "p256-a", "ES256")?;
    let (input, signature) = good.rsplit_once('.').ok_or("no signature")?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|error| error.to_string())?;
    let (r, s) = signature.split_at(32);
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order = BigUint::parse_bytes(order.as_bytes(), 16).ok_or("no number")?;
    let fixed = |number: &BigUint| {
        let bytes = number.to_bytes_be();
        [vec![0; 32_usize.saturating_sub(bytes.len())], bytes].concat()
    };
    let (zero, one) = (vec![0; 32], fixed(&BigUint::from(1_u32)));
    let negative = fixed(&(&order - BigUint::from_bytes_be(s)));
    let n = fixed(&order);
    attempts.pass("AT-10", "ES256 as it was signed", &good);
    let token = |signature: Vec<u8>| format!("{input}.{}", part(signature));
    attempts.pass(
        "AT-10",
        "the other `s` of the same signature",
        token([r, &negative[..]].concat()),
    );
    let short = |number: &[u8]| der(2, &[&[0], number].concat());
    for (name, signature) in [
        ("r and s zero", [zero.clone(), zero.clone()].concat()),
        ("r zero", [&zero[..], s].concat()),
        ("s zero", [r, &zero[..]].concat()),
        ("r and s one", [one.clone(), one.clone()].concat()),
        ("r the order", [&n[..], s].concat()),
        ("s the order", [r, &n[..]].concat()),
        ("r and s all ones", vec![0xff; 64]),
        ("in DER", der(0x30, &[short(r), short(s)].concat())),
        ("r and s exchanged", [s, r].concat()),
        ("one zero byte too many", [r, s, &[0][..]].concat()),
        ("one byte short", signature.iter().take(63).copied().collect()),
        ("r and s with leading zeros", [&[0][..], r, &[0], s].concat()),
    ] {
        attempts.token("AT-10", &format!("ES256, {name}"), token(signature), "bad_signature");
    }
    let ed = forge::token(&header("EdDSA", "ed25519-a"), payload.as_bytes(), "ed25519-a", "EdDSA")?;
    let (input, signature) = ed.rsplit_once('.').ok_or("no signature")?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|error| error.to_string())?;
    attempts.pass("AT-10", "Ed25519 as it was signed", &ed);
    let (r, s) = signature.split_at(32);
    // s plus the order of the group (RFC 8032 5.1.7 wants it below).
    let order = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";
    let order = BigUint::parse_bytes(order.as_bytes(), 16).ok_or("no number")?;
    let larger = (BigUint::from_bytes_le(s) + order).to_bytes_le();
    for (name, signature) in [
        ("s not below the order", [r, &larger].concat()),
        ("of zeros", vec![0; 64]),
        ("R the neutral element, s zero", [&[1][..], &[0; 63]].concat()),
    ] {
        let token = format!("{input}.{}", part(signature));
        attempts.token("AT-10", &format!("Ed25519, {name}"), token, "bad_signature");
    }
    for (algorithm, kid) in [
        ("ES384", "p256-a"),
        ("ES512", "p256-a"),
        ("RS256", "p256-a"),
        ("ES256", "rsa-a"),
        ("EdDSA", "p256-a"),
    ] {
        let (_, rest) = good.split_once('.').ok_or("no header")?;
        let token = format!("{}.{rest}", part(header(algorithm, kid)));
        attempts.token(
            "AT-10",
            &format!("{algorithm} with the `kid` `{kid}`"),
            token,
            "unknown_key",
        );
    }
    Ok(())
}

/// DER: tag, length, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let long = u8::try_from(length.len()).unwrap_or_default() | 0x80;
    match u8::try_from(content.len()) {
        Ok(short @ ..128) => [&[tag, short][..], content].concat(),
        _ => [&[tag, long][..], &length, content].concat(),
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
