//! The mathematics of a signing key: making it, signing, verifying, and its public half as a JWK.
//!
//! aws-lc-rs does it. It makes keys of all three kinds, signs with hand-written assembly, and TLS
//! has linked it into the portal already.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, RsaEncoding, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_core::digest::Digest;
use gatekey_core::secret::Secret;
use serde_json::{Value, json};

use super::super::algorithm::Algorithm;
use crate::problem::Problem;

/// A key that was just made.
pub(super) struct Fresh {
    pub(super) kid: String,
    pub(super) public_jwk: Value,
    pub(super) pkcs8: Secret<Vec<u8>>,
}

/// Makes a key. For RSA this takes a while: not for an async thread.
pub(super) fn generate(algorithm: Algorithm) -> Result<Fresh, Problem> {
    let failed = |_| Problem::internal("cannot make a signing key");
    let (pair, pkcs8) = match algorithm {
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
            let pkcs8 = pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec();
            (Pair::P256(pair), pkcs8)
        }
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::generate().map_err(failed)?;
            let pkcs8 = pair.to_pkcs8().map_err(failed)?.as_ref().to_vec();
            (Pair::Ed25519(pair), pkcs8)
        }
        _ => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
            let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
            let pkcs8 = der.as_ref().to_vec();
            (Pair::Rsa(pair), pkcs8)
        }
    };
    let (kid, public_jwk) = pair.public(algorithm)?;
    Ok(Fresh { kid, public_jwk, pkcs8: Secret::new(pkcs8) })
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Pair {
    /// The thumbprint (RFC 7638) and the JWK. The thumbprint is of the required members alone, in
    /// the order of their names, which is the order of this map.
    fn public(&self, algorithm: Algorithm) -> Result<(String, Value), Problem> {
        let broken = || Problem::internal("the public half of a signing key is not as expected");
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match self {
            Self::Rsa(pair) => {
                let (n, e) = rsa_numbers(pair.public_key().as_ref()).ok_or_else(broken)?;
                json!({"e": text(e), "kty": "RSA", "n": text(n)})
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref().strip_prefix(&[4]).ok_or_else(broken)?;
                let (x, y) = point.split_at_checked(32).ok_or_else(broken)?;
                json!({"crv": "P-256", "kty": "EC", "x": text(x), "y": text(y)})
            }
            Self::Ed25519(pair) => {
                json!({"crv": "Ed25519", "kty": "OKP", "x": text(pair.public_key().as_ref())})
            }
        };
        let kid = text(Digest::sha256(jwk.to_string().as_bytes()).as_bytes());
        let members = jwk.as_object_mut().ok_or_else(broken)?;
        members.insert("alg".into(), algorithm.jws_name().into());
        members.insert("kid".into(), kid.clone().into());
        members.insert("use".into(), "sig".into());
        Ok((kid, jwk))
    }
}

/// Signs tokens.
pub(crate) struct Signer {
    /// The name of the key, as the header of a token has it.
    pub(crate) kid: String,
    /// The algorithm.
    pub(crate) algorithm: Algorithm,
    pair: Pair,
}

impl core::fmt::Debug for Signer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Signer({})", self.kid)
    }
}

impl Signer {
    /// The signer of a stored key.
    pub(super) fn read(kid: &str, algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, Problem> {
        let broken = |_| Problem::internal(format!("the signing key `{kid}` cannot be read"));
        let pair = match algorithm {
            Algorithm::Es256 => Pair::P256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map_err(broken)?,
            ),
            Algorithm::Ed25519 => Pair::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8).map_err(broken)?),
            _ => Pair::Rsa(RsaKeyPair::from_pkcs8(pkcs8).map_err(broken)?),
        };
        Ok(Self { kid: kid.to_owned(), algorithm, pair })
    }

    /// The signature of `input`.
    pub(crate) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Problem> {
        let failed = |_| Problem::internal("cannot sign");
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let encoding = rsa_encoding(self.algorithm);
                pair.sign(encoding, &random, input, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::P256(pair) => Ok(pair.sign(&random, input).map_err(failed)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.try_sign(input).map_err(failed)?.as_ref().to_vec()),
        }
    }
}

/// Verifies tokens of our own.
#[derive(Clone, Debug)]
pub(super) struct Verifier {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    /// The modulus, the point without its first byte, or the point.
    first: Vec<u8>,
    /// The exponent, of an RSA key.
    second: Vec<u8>,
}

impl Verifier {
    /// The verifier of a stored JWK.
    pub(super) fn read(kid: &str, algorithm: Algorithm, jwk: &Value) -> Option<Self> {
        let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
        let (first, second) = match algorithm {
            Algorithm::Es256 => ([vec![4], part("x")?, part("y")?].concat(), Vec::new()),
            Algorithm::Ed25519 => (part("x")?, Vec::new()),
            _ => (part("n")?, part("e")?),
        };
        Some(Self { kid: kid.to_owned(), algorithm, first, second })
    }

    /// Whether the signature is that of the key.
    pub(super) fn verifies(&self, input: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Es256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.first)
                .verify(input, signature)
                .is_ok(),
            Algorithm::Ed25519 => {
                UnparsedPublicKey::new(&ED25519, &self.first).verify(input, signature).is_ok()
            }
            algorithm => RsaPublicKeyComponents { n: &self.first, e: &self.second }
                .verify(rsa_parameters(algorithm), input, signature)
                .is_ok(),
        }
    }
}

fn rsa_encoding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        _ => &signature::RSA_PKCS1_SHA256,
    }
}

fn rsa_parameters(algorithm: Algorithm) -> &'static RsaParameters {
    match algorithm {
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => &signature::RSA_PKCS1_2048_8192_SHA256,
    }
}

/// Modulus and exponent out of a DER `RSAPublicKey`, without leading zeros.
fn rsa_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, []) = der_value(der, 0x30)? else { return None };
    let (modulus, rest) = der_value(body, 0x02)?;
    let (exponent, []) = der_value(rest, 0x02)? else { return None };
    let bare = |number: &'_ [u8]| number.iter().take_while(|byte| **byte == 0).count();
    Some((modulus.get(bare(modulus)..)?, exponent.get(bare(exponent)..)?))
}

/// The content of a DER value of that tag, and what follows it.
fn der_value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, short], rest) = der.split_first_chunk()?;
    if found != tag {
        return None;
    }
    let (length, rest) = if short < 0x80 {
        (usize::from(short), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(short & 0x7F))?;
        if digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_key_of_every_algorithm_signs_its_public_half_verifies() {
        for name in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "Ed25519"] {
            let algorithm = Algorithm::of(name).unwrap();
            let made = generate(algorithm).unwrap();
            let signer = Signer::read(&made.kid, algorithm, made.pkcs8.expose()).unwrap();
            let verifier = Verifier::read(&made.kid, algorithm, &made.public_jwk).unwrap();
            let mut signature = signer.sign(b"input").unwrap();
            assert!(verifier.verifies(b"input", &signature), "{name}");
            assert!(!verifier.verifies(b"another", &signature), "{name}");
            signature[9] ^= 1;
            assert!(!verifier.verifies(b"input", &signature), "{name}");
            let shown = made.public_jwk.as_object().unwrap();
            assert_eq!(shown["kid"], made.kid);
            assert_eq!(shown["use"], "sig");
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(!shown.contains_key(private), "{name}");
            }
        }
    }

    /// RFC 8037, A.3.
    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let pair = Pair::Ed25519(Ed25519KeyPair::from_seed_unchecked(&seed).unwrap());
        let (kid, jwk) = pair.public(Algorithm::Ed25519).unwrap();
        assert_eq!(jwk["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn der_that_is_cut_or_followed_by_more_is_refused() {
        let whole = [0x30, 0x07, 0x02, 0x02, 0x00, 0x81, 0x02, 0x01, 0x03];
        assert_eq!(rsa_numbers(&whole), Some((&[0x81][..], &[0x03][..])));
        for end in 0..whole.len() {
            assert_eq!(rsa_numbers(&whole[..end]), None);
        }
        assert_eq!(rsa_numbers(&[&whole[..], &[0]].concat()), None);
        assert_eq!(rsa_numbers(&[0x30, 0x85, 1, 1, 1, 1, 1]), None);
    }
}
