//! An identity provider: keys, and as many valid access tokens as a measurement wants.

use std::thread;

use anyhow::{Context as _, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use gatekey_core::time::UnixMillis;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use serde_json::{Value, json};

/// The issuer of every token.
pub const ISSUER: &str = "https://idp.example.com/realms/travel";
/// Whom the tokens are for.
pub const AUDIENCE: &str = "https://api.example.com/flights";
/// How many clients the tokens are of.
pub const CLIENTS: usize = 1_000;

/// Made for this measurement: they sign nothing else.
const RSA_KEY: &str = include_str!("tokens/rs256.pkcs8");
const ECDSA_KEY: &str = include_str!("tokens/es256.pkcs8");
const LIFETIME_SECONDS: u64 = 86_400;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "named as in the registry")]
pub enum Signature {
    Rs256,
    Es256,
    Ed25519,
}

impl Signature {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::Ed25519];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "rs256",
            Self::Es256 => "es256",
            Self::Ed25519 => "ed25519",
        }
    }

    const fn algorithm(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::Ed25519 => "EdDSA",
        }
    }
}

/// Signs tokens.
#[derive(Debug)]
pub struct Provider {
    rsa: RsaKeyPair,
    ecdsa: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
    random: SystemRandom,
    issued_at: UnixMillis,
}

impl Provider {
    /// A provider whose tokens are of `issued_at`, good for a day.
    ///
    /// # Errors
    ///
    /// When a key cannot be made, which would be a mistake here.
    pub fn new(issued_at: UnixMillis) -> Result<Self> {
        let random = SystemRandom::new();
        let rsa = RsaKeyPair::from_pkcs8(&decoded(RSA_KEY)?);
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let ecdsa = EcdsaKeyPair::from_pkcs8(algorithm, &decoded(ECDSA_KEY)?, &random);
        let ed25519 = Ed25519KeyPair::from_seed_unchecked(&[7; 32]);
        Ok(Self {
            rsa: rsa.map_err(|error| anyhow!("{error}"))?,
            ecdsa: ecdsa.map_err(|error| anyhow!("{error}"))?,
            ed25519: ed25519.map_err(|error| anyhow!("{error}"))?,
            random,
            issued_at,
        })
    }

    /// The public keys, one for each way of signing.
    ///
    /// # Errors
    ///
    /// When a key has not its form, which would be a mistake here.
    pub fn key_set(&self) -> Result<Value> {
        let rsa: ring::rsa::PublicKeyComponents<Vec<u8>> = self.rsa.public().into();
        let point = self.ecdsa.public_key().as_ref().get(1..).context("a point")?;
        let (x, y) = point.split_at_checked(32).context("a point")?;
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = |signature: Signature, mut key: Value| {
            if let Some(fields) = key.as_object_mut() {
                fields.insert("kid".to_owned(), json!(kid(signature)));
                fields.insert("alg".to_owned(), json!(signature.algorithm()));
                fields.insert("use".to_owned(), json!("sig"));
            }
            key
        };
        let ed25519 = self.ed25519.public_key().as_ref();
        Ok(json!({ "keys": [
            key(Signature::Rs256, json!({"kty": "RSA", "n": text(&rsa.n), "e": text(&rsa.e)})),
            key(
                Signature::Es256,
                json!({"kty": "EC", "crv": "P-256", "x": text(x), "y": text(y)}),
            ),
            key(Signature::Ed25519, json!({"kty": "OKP", "crv": "Ed25519", "x": text(ed25519)})),
        ]}))
    }

    /// So many valid tokens, no two alike, of the clients in turn.
    ///
    /// # Errors
    ///
    /// When a token cannot be signed, which would be a mistake here.
    pub fn tokens(&self, signature: Signature, count: usize) -> Result<Vec<String>> {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let share = count.div_ceil(workers).max(1);
        thread::scope(|scope| {
            let begun: Vec<_> = (0..count)
                .step_by(share)
                .map(|from| {
                    let numbers = from..count.min(from + share);
                    scope.spawn(move || {
                        numbers.map(|number| self.token(signature, number)).collect::<Result<_>>()
                    })
                })
                .collect();
            let mut tokens = Vec::with_capacity(count);
            for part in begun {
                let part: Result<Vec<_>> =
                    part.join().map_err(|_| anyhow!("a thread that signs ended"))?;
                tokens.append(&mut part?);
            }
            Ok(tokens)
        })
    }

    fn token(&self, signature: Signature, number: usize) -> Result<String> {
        let now = self.issued_at.seconds().0;
        let header = json!({
            "alg": signature.algorithm(), "typ": "at+jwt", "kid": kid(signature),
        });
        let claims = json!({
            "iss": ISSUER,
            "sub": client_id(number % CLIENTS),
            "aud": [AUDIENCE, "account"],
            "exp": now + LIFETIME_SECONDS,
            "iat": now,
            "jti": format!("0190a5c4-9d3e-7cc0-8a5e-{number:012x}"),
            "client_id": client_id(number % CLIENTS),
            "azp": client_id(number % CLIENTS),
            "scope": "flights:read flights:book offers:read",
            "realm_access": { "roles": ["default-roles-travel", "partner"] },
            "acr": "1",
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut token = [part(&header), part(&claims)].join(".");
        let signed = self.sign(signature, token.as_bytes())?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signed));
        Ok(token)
    }

    fn sign(&self, signature: Signature, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |error| anyhow!("cannot sign: {error}");
        Ok(match signature {
            Signature::Rs256 => {
                let mut signed = vec![0; self.rsa.public().modulus_len()];
                self.rsa
                    .sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signed)
                    .map_err(failed)?;
                signed
            }
            Signature::Es256 => {
                self.ecdsa.sign(&self.random, message).map_err(failed)?.as_ref().to_vec()
            }
            Signature::Ed25519 => self.ed25519.sign(message).as_ref().to_vec(),
        })
    }
}

fn decoded(key: &str) -> Result<Vec<u8>> {
    let text: String = key.split_whitespace().collect();
    BASE64.decode(text).map_err(|error| anyhow!("a key is not base64: {error}"))
}

/// The client with this number.
#[must_use]
pub fn client_id(number: usize) -> String {
    format!("partner-{number:06}")
}

/// A token whose signature is wrong.
#[must_use]
pub fn forged(token: &str) -> String {
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    if let Some(signature) = parts.last_mut() {
        let first = if signature.starts_with('A') { "B" } else { "A" };
        signature.replace_range(..1, first);
    }
    parts.join(".")
}

fn kid(signature: Signature) -> String {
    format!("bench-{}-2026", signature.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_have_the_size_of_ordinary_ones() {
        let provider = Provider::new(UnixMillis(1_800_000_000_000)).unwrap();
        let tokens = provider.tokens(Signature::Rs256, 5).unwrap();
        assert_eq!(tokens.len(), 5);
        assert!(tokens.iter().all(|token| (800..=1_000).contains(&token.len())), "{tokens:?}");
        assert!(tokens.windows(2).all(|pair| pair[0] != pair[1]));
        assert_ne!(forged(&tokens[0]), tokens[0]);
        assert_eq!(forged(&tokens[0]).len(), tokens[0].len());
    }
}
