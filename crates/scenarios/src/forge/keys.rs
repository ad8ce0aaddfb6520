//! The key pairs of the forge, by name: fixed, so that tokens are the same in every run.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::rsa::{Hash, KeyPair};
use crate::names;

/// The primes of the RSA keys. Whoever trusts them has read the wrong file.
const PRIMES: &[(&str, &str, &str)] = &[
    (
        "rsa-a",
        "faeac6c91c6e8767d45b530b36802cd88face3e2c007b98185b9f43fff009a85bb25afcbc677b57958a329ab\
         2e214f3cb30f242e67c3d924b132ccaec61cad79ba25c13658bda5c984516e7a0b8efa1d03ee9b425f576353\
         2cb0e44688eddcb30dcc9f78f294501979da15efa27064486da8a0b39bcf2b44aa3a69faec178dfd",
        "c414ddca2652eb2fd20ae5c2f36225a833d4999b30c5028c96625ab6b0cfd6c9dbab83e8d793890f21210153\
         73c5208b6049a29959cacb37ae354085b349f317dc15107cf28781219927e20335c193a707d516f566c2ebb7\
         8dd0558140904905112a9867b1abc4f336a393eeef5dab58ff0eb93a4ef4aef95fc51fe4acf8b765",
    ),
    (
        "rsa-b",
        "c4dfbf94312f34c5cc1a53e407273d4e3af23da7070964b140a2386c1785b5c90b9c0639336b765520b34660\
         462fa4e28095e8b8c03cc6bd2bcb0e4b9da9e24305a285f6c2b4f4a05729d5fa150c1106df234f793d13ea93\
         51756694d29e7350feafa6e5d5acd0cb2404525ee3e361338aa5e8e02527bc3d2ab36b8679fd7687",
        "eec95ad25982c4e81bb5068a059c5ec0cbf7968ebac8da6f28e38e34964b9374e58a35833eda217ca9dd8fc5\
         b887965b6b822052f91b9742c4e14e2c4a567884eeebcbe5501caac6d594b1c4c27471659886323f6aeb4869\
         d8e96b109317f3a6226e0b7d5eecbd6e86353f190731301aedd0080422d165c5fc4f07c4d35212cf",
    ),
    // 1024 bits: nobody may accept it.
    (
        "rsa-weak",
        "ed797811aa9638bcd27e4a66d71047973d0a02fbd465aa4de591a846ac268ff452b341769caba1d2675c483b\
         dd5a6f0b4593e4307276bc030e1a52b79fd99c6d",
        "cbb5af96b5690a6fbea82900c7eaf683b4687068ca1b42ed3f599fe0977e26b6d366c0bee06085f1cbe13b42\
         3dafafa2cf7618a3e35f5861620c97c0638e5efb",
    ),
];

/// A key pair of the forge.
#[derive(Clone, Debug)]
pub struct Key {
    name: String,
    pair: Pair,
}

#[derive(Clone, Debug)]
enum Pair {
    Rsa(Box<KeyPair>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Ed25519(ed25519_compact::KeyPair),
}

impl Key {
    /// The key of a name: `rsa-a`, `rsa-b` and `rsa-weak` (1024 bits), or any name that begins
    /// with `p256-`, `p384-`, `p521-` or `ed25519-`, from which the key is derived.
    ///
    /// # Errors
    ///
    /// When there is none of this name.
    pub fn named(name: &str) -> Result<Self, String> {
        let missing = || format!("the forge has no key `{name}`");
        let pair = match name.split_once('-').ok_or_else(missing)?.0 {
            "rsa" => {
                let mut known = PRIMES.iter().filter(|(known, ..)| *known == name);
                known.next().and_then(|(_, p, q)| Some(Pair::Rsa(Box::new(KeyPair::of(p, q)?))))
            }
            "p256" => p256::ecdsa::SigningKey::from_slice(&seed(name, 32)).ok().map(Pair::P256),
            "p384" => p384::ecdsa::SigningKey::from_slice(&seed(name, 48)).ok().map(Pair::P384),
            "p521" => {
                // 521 bits are 65 bytes and one bit, which stays clear.
                let scalar = [vec![0], seed(name, 65)].concat();
                p521::ecdsa::SigningKey::from_slice(&scalar).ok().map(Pair::P521)
            }
            "ed25519" => {
                let seed = ed25519_compact::Seed::new(names::seed("forge", name));
                Some(Pair::Ed25519(ed25519_compact::KeyPair::from_seed(seed)))
            }
            _ => None,
        };
        Ok(Self { name: name.into(), pair: pair.ok_or_else(missing)? })
    }

    /// The algorithm that its signatures have unless another is asked for.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::P256(_) => "ES256",
            Pair::P384(_) => "ES384",
            Pair::P521(_) => "ES512",
            Pair::Ed25519(_) => "EdDSA",
        }
    }

    /// Signs a message; `None` when the algorithm is none of this kind of key.
    #[must_use]
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Option<Vec<u8>> {
        use p256::ecdsa::signature::Signer as _;
        match (&self.pair, algorithm) {
            (Pair::Rsa(pair), "RS256") => pair.sign_pkcs1(Hash::Sha256, message),
            (Pair::Rsa(pair), "RS384") => pair.sign_pkcs1(Hash::Sha384, message),
            (Pair::Rsa(pair), "RS512") => pair.sign_pkcs1(Hash::Sha512, message),
            (Pair::Rsa(pair), "PS256") => pair.sign_pss(Hash::Sha256, message),
            (Pair::Rsa(pair), "PS384") => pair.sign_pss(Hash::Sha384, message),
            (Pair::Rsa(pair), "PS512") => pair.sign_pss(Hash::Sha512, message),
            (Pair::P256(key), "ES256") => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                Some(signature.to_bytes().to_vec())
            }
            (Pair::P384(key), "ES384") => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                Some(signature.to_bytes().to_vec())
            }
            (Pair::P521(key), "ES512") => {
                let signature: p521::ecdsa::Signature = key.sign(message);
                Some(signature.to_bytes().to_vec())
            }
            (Pair::Ed25519(pair), "EdDSA" | "Ed25519") => {
                Some(pair.sk.sign(message, None).to_vec())
            }
            _ => None,
        }
    }

    /// The public key as a JWK, under its name.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let half = |point: &[u8], second: bool| {
            let numbers = point.get(1..).unwrap_or_default();
            let (x, y) = numbers.split_at(numbers.len() / 2);
            text(if second { y } else { x })
        };
        let ec = |curve: &str, point: &[u8]| {
            json!({
                "kty": "EC", "crv": curve, "x": half(point, false), "y": half(point, true),
                "kid": self.name, "use": "sig",
            })
        };
        match &self.pair {
            Pair::Rsa(pair) => json!({
                "kty": "RSA", "n": text(&pair.n.to_bytes_be()), "e": "AQAB",
                "kid": self.name, "use": "sig",
            }),
            Pair::P256(key) => ec("P-256", key.verifying_key().to_sec1_point(false).as_bytes()),
            Pair::P384(key) => ec("P-384", key.verifying_key().to_sec1_point(false).as_bytes()),
            Pair::P521(key) => {
                let verifying = p521::ecdsa::VerifyingKey::from(key);
                ec("P-521", verifying.to_sec1_point(false).as_bytes())
            }
            Pair::Ed25519(pair) => json!({
                "kty": "OKP", "crv": "Ed25519", "x": text(&*pair.pk),
                "kid": self.name, "use": "sig",
            }),
        }
    }

    /// The modulus of an RSA key.
    #[must_use]
    pub fn modulus(&self) -> Option<Vec<u8>> {
        match &self.pair {
            Pair::Rsa(pair) => Some(pair.n.to_bytes_be()),
            _ => None,
        }
    }
}

/// So many bytes that belong to a name.
fn seed(name: &str, length: usize) -> Vec<u8> {
    let blocks = (0..).map(|number| names::seed("forge", &format!("{name} {number}")));
    blocks.flatten().take(length).collect()
}
