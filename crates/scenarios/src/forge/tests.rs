use ring::signature::{self as ring_signature, UnparsedPublicKey};

use super::*;

const RSA: [(&str, &dyn ring_signature::VerificationAlgorithm); 6] = [
    ("RS256", &ring_signature::RSA_PKCS1_2048_8192_SHA256),
    ("RS384", &ring_signature::RSA_PKCS1_2048_8192_SHA384),
    ("RS512", &ring_signature::RSA_PKCS1_2048_8192_SHA512),
    ("PS256", &ring_signature::RSA_PSS_2048_8192_SHA256),
    ("PS384", &ring_signature::RSA_PSS_2048_8192_SHA384),
    ("PS512", &ring_signature::RSA_PSS_2048_8192_SHA512),
];

/// DER of a positive number, or of a sequence of them.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut length = content.len().to_be_bytes().to_vec();
    length.drain(..length.iter().take_while(|byte| **byte == 0).count());
    match content.len() {
        short @ ..128 => [&[tag, u8::try_from(short).unwrap()][..], content].concat(),
        _ => [&[tag, 0x80 | u8::try_from(length.len()).unwrap()][..], &length, content].concat(),
    }
}

#[test]
fn signatures_are_what_another_library_takes_for_such() {
    let message = b"a message";
    for name in ["rsa-a", "rsa-b"] {
        let key = Key::named(name).unwrap();
        let modulus = [&[0][..], &key.modulus().unwrap()].concat();
        let public = der(0x30, &[der(2, &modulus), der(2, &[1, 0, 1])].concat());
        for (algorithm, verifier) in RSA {
            let signature = sign(name, algorithm, message).unwrap();
            let public = UnparsedPublicKey::new(verifier, &public);
            public.verify(message, &signature).unwrap_or_else(|_| panic!("{name} {algorithm}"));
            assert!(public.verify(b"another message", &signature).is_err());
        }
    }
    let coordinate =
        |key: &Value, name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    for (name, algorithm, verifier) in [
        ("p256-a", "ES256", &ring_signature::ECDSA_P256_SHA256_FIXED),
        ("p384-a", "ES384", &ring_signature::ECDSA_P384_SHA384_FIXED),
    ] {
        let jwk = Key::named(name).unwrap().jwk();
        let point = [&[4][..], &coordinate(&jwk, "x"), &coordinate(&jwk, "y")].concat();
        let signature = sign(name, algorithm, message).unwrap();
        UnparsedPublicKey::new(verifier, &point).verify(message, &signature).unwrap();
    }
    let x = coordinate(&Key::named("ed25519-a").unwrap().jwk(), "x");
    let signature = sign("ed25519-a", "EdDSA", message).unwrap();
    UnparsedPublicKey::new(&ring_signature::ED25519, &x).verify(message, &signature).unwrap();
    assert_eq!(sign("p521-a", "ES512", message).unwrap().len(), 132);
}

#[test]
fn keys_and_signatures_are_the_same_in_every_run() {
    let jwk = Key::named("p256-a").unwrap().jwk();
    assert_eq!(jwk, Key::named("p256-a").unwrap().jwk());
    assert_ne!(jwk["x"], Key::named("p256-b").unwrap().jwk()["x"]);
    for (key, algorithm) in [("rsa-a", "PS256"), ("p256-a", "ES256"), ("ed25519-a", "EdDSA")] {
        let key = Key::named(key).unwrap();
        assert_eq!(key.sign(algorithm, b"m"), key.sign(algorithm, b"m"));
    }
}

#[test]
fn what_the_forge_does_not_have_is_an_error() {
    for name in ["", "rsa", "rsa-c", "dsa-a", "p256"] {
        assert!(Key::named(name).is_err(), "{name}");
    }
    assert!(sign("p256-a", "RS256", b"m").is_err());
    assert!(sign("rsa-a", "ES256", b"m").is_err());
}
