//! The verdict is jwt-simple's, for whatever its key pairs signed and whatever became of it.

use super::support;
use gatekey_core::crypto::{Crypto as _, SignatureKey};
use gatekey_core::jose::{Algorithm, PublicKey};
use gatekey_jwt::JWT;
use jwt_simple::algorithms::*;
use jwt_simple::claims::{Claims, JWTClaims, NoCustomClaims};
use jwt_simple::reexports::coarsetime::Duration;
use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Encoder as _};
use p521::ecdsa::signature::Signer as _;
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

/// One algorithm of jwt-simple with one key pair, and the same key here.
struct Pair {
    name: String,
    algorithm: Algorithm,
    sign: Box<dyn Fn(JWTClaims<NoCustomClaims>) -> String + Send + Sync>,
    theirs: Box<dyn Fn(&str) -> bool + Send + Sync>,
    ours: Arc<dyn SignatureKey>,
}

macro_rules! pair {
    ($algorithm:expr, $pair:expr, $key:expr, $about:expr) => {{
        let pair = $pair;
        let public = pair.public_key();
        let key: PublicKey = $key(&public);
        Pair {
            name: format!("{} {}", $algorithm.name(), $about),
            algorithm: $algorithm,
            ours: JWT.key(&key).unwrap(),
            theirs: Box::new(move |token| {
                public.verify_token::<NoCustomClaims>(token, None).is_ok()
            }),
            sign: Box::new(move |claims| pair.sign(claims).unwrap()),
        }
    }};
}

static PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
    use Algorithm as A;
    let mut pairs = Vec::new();
    for (about, pem) in
        [("2048", support::RSA), ("2049", support::RSA_2049), ("3072", support::RSA_3072)]
    {
        let key = support::rsa(pem);
        pairs.extend([
            pair!(A::Rs256, RS256KeyPair::from_pem(pem).unwrap(), |_: &_| key.clone(), about),
            pair!(A::Rs384, RS384KeyPair::from_pem(pem).unwrap(), |_: &_| key.clone(), about),
            pair!(A::Rs512, RS512KeyPair::from_pem(pem).unwrap(), |_: &_| key.clone(), about),
            pair!(A::Ps256, PS256KeyPair::from_pem(pem).unwrap(), |_: &_| key.clone(), about),
            pair!(A::Ps384, PS384KeyPair::from_pem(pem).unwrap(), |_: &_| key.clone(), about),
            pair!(A::Ps512, PS512KeyPair::from_pem(pem).unwrap(), |_: &_| key.clone(), about),
        ]);
    }
    pairs.push(pair!(
        A::Es256,
        ES256KeyPair::generate(),
        |key: &ES256PublicKey| {
            let (x, y) = support::point(&key.public_key().to_bytes_uncompressed());
            PublicKey::P256 { x, y }
        },
        ""
    ));
    pairs.push(pair!(
        A::Es384,
        ES384KeyPair::generate(),
        |key: &ES384PublicKey| {
            let (x, y) = support::point(&key.public_key().to_bytes_uncompressed());
            PublicKey::P384 { x, y }
        },
        ""
    ));
    pairs.push(pair!(
        A::Ed25519,
        Ed25519KeyPair::generate(),
        |key: &Ed25519PublicKey| {
            PublicKey::Ed25519(key.public_key().to_bytes().try_into().unwrap())
        },
        ""
    ));
    pairs
});

fn claims(text: &str) -> JWTClaims<NoCustomClaims> {
    Claims::create(Duration::from_hours(1)).with_subject(text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_verdict_is_jwt_simple_s(
        text in ".{0,200}",
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
        cut in any::<prop::sample::Index>(),
        more in proptest::collection::vec(any::<u8>(), 1..4),
    ) {
        for Pair { name, algorithm, sign, theirs, ours } in PAIRS.iter() {
            let token = sign(claims(&text));
            let (input, signature) = support::split(&token);
            prop_assert!(theirs(&token), "{} is not taken by its signer", name);
            prop_assert!(ours.verify(*algorithm, input, &signature), "{}", name);

            let mut flipped = signature.clone();
            flipped[at.index(signature.len())] ^= 1 << bit;
            let longer = [signature.as_slice(), &more].concat();
            for altered in [&flipped, &signature[..cut.index(signature.len())], &longer] {
                let encoded = Base64UrlSafeNoPadding::encode_to_string(altered).unwrap();
                let token = format!("{}.{encoded}", core::str::from_utf8(input).unwrap());
                prop_assert_eq!(
                    ours.verify(*algorithm, input, altered),
                    theirs(&token),
                    "{} with {:?}", name, altered
                );
            }

            let mut message = input.to_vec();
            // The top bit would make it no text, which jwt-simple does not take at all.
            message[at.index(input.len())] ^= 1 << (bit % 7);
            let (_, encoded) = token.rsplit_once('.').unwrap();
            let token = format!("{}.{encoded}", core::str::from_utf8(&message).unwrap());
            prop_assert_eq!(
                ours.verify(*algorithm, &message, &signature),
                theirs(&token),
                "{} over {}", name, token
            );
        }
    }

    /// jwt-simple has no ES512: the curve's own library signs.
    #[test]
    fn es512_verifies_what_its_library_signs(
        secret in any::<[u8; 65]>(),
        message in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let mut number = [0; 66];
        number[1..].copy_from_slice(&secret);
        let Ok(pair) = p521::ecdsa::SigningKey::from_slice(&number) else {
            return Err(TestCaseError::reject("zero"));
        };
        let (x, y) = support::point(&pair.verifying_key().to_sec1_point(false).to_bytes());
        let key = JWT.key(&PublicKey::P521 { x, y }).unwrap();
        let signature: p521::ecdsa::Signature = pair.sign(&message);
        let mut signature = signature.to_bytes().to_vec();
        prop_assert!(key.verify(Algorithm::Es512, &message, &signature));
        signature[at.index(132)] ^= 1 << bit;
        prop_assert!(!key.verify(Algorithm::Es512, &message, &signature));
    }
}
