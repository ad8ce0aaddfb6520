//! Whatever the numbers and the bytes are: a verdict, and no panic.

use super::support;
use std::sync::{Arc, LazyLock};

use gatekey_core::crypto::{Crypto as _, SignatureKey};
use gatekey_core::jose::{Algorithm, PublicKey};
use gatekey_jwt::JWT;
use proptest::collection::vec;
use proptest::prelude::*;

static KEYS: LazyLock<Vec<Arc<dyn SignatureKey>>> = LazyLock::new(|| {
    let p521 = p521::ecdsa::SigningKey::from_slice(&[1; 66]).unwrap();
    let p384 = p384::ecdsa::SigningKey::from_slice(&[1; 48]).unwrap();
    let (x, y) = support::point(&p521.verifying_key().to_sec1_point(false).to_bytes());
    let p521 = PublicKey::P521 { x, y };
    let (x, y) = support::point(&p384.verifying_key().to_sec1_point(false).to_bytes());
    let p384 = PublicKey::P384 { x, y };
    let p256 = PublicKey::P256 {
        x: support::number("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
        y: support::number("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
    };
    let ed25519 =
        PublicKey::Ed25519(support::number("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
    let rsa = [support::RSA, support::RSA_2049, support::RSA_3072].map(support::rsa);
    [p256, p384, p521, ed25519].iter().chain(&rsa).map(|key| JWT.key(key).unwrap()).collect()
});

/// Bytes that are random, or all the same: numbers at the edges of their range among them.
fn bytes(length: impl Into<proptest::collection::SizeRange> + Clone) -> BoxedStrategy<Vec<u8>> {
    let random = vec(any::<u8>(), length.clone());
    let edge = prop_oneof![Just(0_u8), Just(1), Just(0x7f), Just(0xff)];
    let same = (vec(Just(()), length), edge, any::<u8>()).prop_map(|(length, byte, last)| {
        let mut bytes = vec![byte; length.len()];
        if let Some(end) = bytes.last_mut() {
            *end ^= last & 3;
        }
        bytes
    });
    prop_oneof![3 => random, 1 => same].boxed()
}

fn array<const N: usize>() -> impl Strategy<Value = [u8; N]> {
    bytes(N).prop_map(|bytes| bytes.try_into().unwrap())
}

fn any_key() -> impl Strategy<Value = PublicKey> {
    let exponent = prop_oneof![Just(vec![1, 0, 1]), bytes(0..5_usize)];
    let rsa = (bytes(0..600_usize), exponent)
        .prop_map(|(n, e)| PublicKey::Rsa { n: n.into(), e: e.into() });
    let plausible = bytes(256..513_usize).prop_map(|mut n| {
        n[0] |= 0x80;
        *n.last_mut().unwrap() |= 1;
        PublicKey::Rsa { n: n.into(), e: [1, 0, 1].into() }
    });
    prop_oneof![
        rsa,
        plausible,
        (array(), array()).prop_map(|(x, y)| PublicKey::P256 { x, y }),
        (array(), array()).prop_map(|(x, y)| PublicKey::P384 { x, y }),
        (array(), array()).prop_map(|(x, y)| PublicKey::P521 { x, y }),
        array().prop_map(PublicKey::Ed25519),
    ]
}

/// Lengths around those of signatures, and others.
fn any_signature() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        bytes(0..600_usize),
        bytes(63..66_usize),
        bytes(95..98_usize),
        bytes(131..134_usize),
        bytes(255..258_usize),
        bytes(384_usize),
    ]
}

proptest! {
    #[test]
    fn no_random_signature_verifies(
        message in vec(any::<u8>(), 0..64),
        signature in any_signature(),
    ) {
        for key in KEYS.iter() {
            for algorithm in Algorithm::ALL {
                prop_assert!(!key.verify(algorithm, &message, &signature));
            }
        }
    }

    #[test]
    fn no_random_key_panics(key in any_key(), signature in any_signature()) {
        if let Ok(ready) = JWT.key(&key) {
            for algorithm in Algorithm::ALL {
                let verdict = ready.verify(algorithm, b"message", &signature);
                prop_assert!(!verdict || key.fits(algorithm));
            }
            if let PublicKey::Rsa { n, .. } = &key {
                // As long as the modulus, and below it.
                let mut signature = n.to_vec();
                signature[0] = 0;
                for algorithm in Algorithm::ALL {
                    prop_assert!(!ready.verify(algorithm, b"message", &signature));
                }
            }
        }
    }
}
