//! What a signature costs, natively and in a guest. `README.md` says how to run it.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    reason = "a program for the terminal"
)]

use std::time::Instant;

use gatekey_core::crypto::{Crypto as _, SealingKey};
use gatekey_core::jose::{Algorithm, PublicKey};
use gatekey_jwt::JWT;
use jwt_simple::algorithms::{
    ECDSAP256KeyPairLike as _, ECDSAP256PublicKeyLike as _, ECDSAP384KeyPairLike as _,
    ECDSAP384PublicKeyLike as _, ES256KeyPair, ES384KeyPair, Ed25519KeyPair, EdDSAKeyPairLike as _,
    EdDSAPublicKeyLike as _, PS256KeyPair, RS256KeyPair, RSAKeyPairLike as _,
    RSAPublicKeyLike as _,
};
use jwt_simple::claims::{Claims, JWTClaims, NoCustomClaims};
use jwt_simple::reexports::coarsetime::Duration;
use p521::ecdsa::signature::Signer as _;

#[path = "../tests/it/support.rs"]
mod support;

use support::{point, split};

/// About the size of an access token.
fn claims() -> JWTClaims<NoCustomClaims> {
    Claims::create(Duration::from_days(3650))
        .with_issuer("https://idp.test/realms/example")
        .with_subject("c2b1f6d0-6d6a-4a59-9f1d-5a64a9a3a6c1")
        .with_audience("https://api.test")
}

/// The mean over enough rounds for half a second, after as many to warm up.
fn microseconds(mut once: impl FnMut() -> bool) -> f64 {
    let mut rounds = 1_u32;
    loop {
        let start = Instant::now();
        for _ in 0..rounds {
            assert!(once());
        }
        let taken = start.elapsed().as_secs_f64();
        if taken > 0.5 {
            return taken * 1e6 / f64::from(rounds);
        }
        rounds *= 2;
    }
}

fn row(name: &str, theirs: Option<f64>, ours: f64) {
    let theirs = theirs.map_or_else(|| "-".to_owned(), |theirs| format!("{theirs:.0}"));
    println!("| {name} | {theirs} | {ours:.0} |");
}

fn ours(key: &PublicKey, algorithm: Algorithm, input: &[u8], signature: &[u8]) -> f64 {
    let key = JWT.key(key).unwrap();
    microseconds(|| key.verify(algorithm, input, signature))
}

macro_rules! compare {
    ($name:expr, $algorithm:expr, $pair:expr, $public:expr) => {{
        let pair = $pair;
        let token = pair.sign(claims()).unwrap();
        let public = pair.public_key();
        let (input, signature) = split(&token);
        row(
            $name,
            Some(microseconds(|| public.verify_token::<NoCustomClaims>(&token, None).is_ok())),
            ours(&$public(&public), $algorithm, input, &signature),
        );
    }};
}

fn main() {
    println!("| microseconds | jwt-simple | here |");
    println!("|---|---|---|");
    let rsa = support::rsa(support::RSA);
    let pem = support::RSA;
    compare!("RS256, 2048", Algorithm::Rs256, RS256KeyPair::from_pem(pem).unwrap(), |_| rsa
        .clone());
    compare!("PS256, 2048", Algorithm::Ps256, PS256KeyPair::from_pem(pem).unwrap(), |_| rsa
        .clone());
    compare!("ES256", Algorithm::Es256, ES256KeyPair::generate(), |key: &_| {
        let key: &jwt_simple::algorithms::ES256PublicKey = key;
        let (x, y) = point(&key.public_key().to_bytes_uncompressed());
        PublicKey::P256 { x, y }
    });
    compare!("ES384", Algorithm::Es384, ES384KeyPair::generate(), |key: &_| {
        let key: &jwt_simple::algorithms::ES384PublicKey = key;
        let (x, y) = point(&key.public_key().to_bytes_uncompressed());
        PublicKey::P384 { x, y }
    });
    let pair = p521::ecdsa::SigningKey::from_slice(&[1; 66]).unwrap();
    let (x, y) = point(&pair.verifying_key().to_sec1_point(false).to_bytes());
    let signature: p521::ecdsa::Signature = pair.sign(&[b'a'; 400]);
    let es512 =
        ours(&PublicKey::P521 { x, y }, Algorithm::Es512, &[b'a'; 400], &signature.to_bytes());
    row("ES512", None, es512);
    compare!("Ed25519", Algorithm::Ed25519, Ed25519KeyPair::generate(), |key: &_| {
        let key: &jwt_simple::algorithms::Ed25519PublicKey = key;
        PublicKey::Ed25519(key.public_key().to_bytes().try_into().unwrap())
    });
    row("an RSA key, once", None, microseconds(|| JWT.key(&rsa).is_ok()));
    let key = SealingKey::from_bytes([7; 32]);
    let sealed = JWT.seal(&key, &[1; 24], b"session", &[b'a'; 2048]);
    row(
        "opening 2 KiB",
        None,
        microseconds(|| JWT.open(&key, &[1; 24], b"session", &sealed).is_some()),
    );
}
