//! A number has one spelling: out of its range it is refused, even where it is the same number
//! modulo what the mathematics reduces it by.

use gatekey_core::crypto::Crypto as _;
use gatekey_core::jose::{Algorithm, PublicKey};
use gatekey_jwt::JWT;
use jwt_simple::algorithms::{PS512KeyPair, RS256KeyPair, RSAKeyPairLike as _};
use jwt_simple::claims::Claims;
use jwt_simple::reexports::coarsetime::Duration;
use jwt_simple::reexports::ct_codecs::{Decoder as _, Hex};
use p256::ecdsa::signature::Signer as _;

use super::support;

/// The sum of two big-endian numbers of the same length, which has room for it.
fn sum(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut sum: Vec<u8> = left
        .iter()
        .zip(right)
        .rev()
        .map(|(left, right)| {
            let total = u16::from(*left) + u16::from(*right) + carry;
            carry = total >> 8;
            total as u8
        })
        .collect();
    assert_eq!(carry, 0, "the sum is longer");
    sum.reverse();
    sum
}

#[test]
fn an_rsa_signature_is_below_the_modulus() {
    let PublicKey::Rsa { n, .. } = support::rsa(support::RSA_2049) else { unreachable!() };
    let key = JWT.key(&support::rsa(support::RSA_2049)).unwrap();
    let claims = || Claims::create(Duration::from_hours(1));
    let pair = RS256KeyPair::from_pem(support::RSA_2049).unwrap();
    let other = PS512KeyPair::from_pem(support::RSA_2049).unwrap();
    for (algorithm, token) in [
        (Algorithm::Rs256, pair.sign(claims()).unwrap()),
        (Algorithm::Ps512, other.sign(claims()).unwrap()),
    ] {
        let (input, signature) = support::split(&token);
        assert!(key.verify(algorithm, input, &signature));
        assert!(!key.verify(algorithm, input, &sum(&signature, &n)), "{}", algorithm.name());
        assert!(!key.verify(algorithm, input, &n));
        assert!(!key.verify(algorithm, input, &[0xff; 257]));
        assert!(!key.verify(algorithm, input, &[0; 257]));
    }
}

#[test]
fn the_numbers_of_an_ecdsa_signature_are_above_zero_and_below_the_order() {
    let pair = p256::ecdsa::SigningKey::from_slice(&[1; 32]).unwrap();
    let (x, y) = support::point(&pair.verifying_key().to_sec1_point(false).to_bytes());
    let key = JWT.key(&PublicKey::P256 { x, y }).unwrap();
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order = Hex::decode_to_vec(order, None).unwrap();
    let (zero, most) = ([0; 32], [0xff; 32]);
    // A hash of one's choice is not to be had: with `r` or `s` out of range none may pass.
    for message in [&b"one"[..], b"two", b"three"] {
        let signature: p256::ecdsa::Signature = pair.sign(message);
        let bytes = signature.to_bytes();
        let (r, s) = bytes.split_at(32);
        assert!(key.verify(Algorithm::Es256, message, &bytes));
        for wrong in [&zero[..], &order, &most] {
            for altered in [[wrong, s].concat(), [r, wrong].concat(), [wrong, wrong].concat()] {
                assert!(!key.verify(Algorithm::Es256, message, &altered));
            }
        }
        let der = signature.to_der();
        assert!(!key.verify(Algorithm::Es256, message, der.as_bytes()));
    }
}

#[test]
fn the_s_of_an_ed25519_signature_is_below_the_order() {
    let key = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let key = JWT.key(&PublicKey::Ed25519(support::number(key))).unwrap();
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let (input, signature) = support::split(token);
    assert!(key.verify(Algorithm::Ed25519, input, &signature));
    let order = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";
    let order = Hex::decode_to_vec(order, None).unwrap();
    let (r, s) = signature.split_at(32);
    let mut s: Vec<u8> = s.iter().rev().copied().collect();
    for _ in 0..8 {
        s = sum(&s, &order);
        let s: Vec<u8> = s.iter().rev().copied().collect();
        assert!(!key.verify(Algorithm::Ed25519, input, &[r, &s].concat()));
    }
}
