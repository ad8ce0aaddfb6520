//! Sets of public keys (RFC 7517 5, RFC 7518 6, RFC 8037 2).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;

use super::base64url::decode;
use super::{Algorithm, Jwk, PublicKey};
use crate::json::{self, Limits, Node, Value};

/// The longest set that is looked at, in bytes.
const MAX_SET_BYTES: usize = 64 * 1024;
/// The most keys of a set.
const MAX_KEYS: usize = 64;
/// The length of a modulus of 2048 to 4096 bits. Whether its first bit is set is for whoever verifies
/// to see.
const RSA_BYTES: RangeInclusive<usize> = 256..=512;
const SET: Limits = Limits { depth: 8, members: 64, nodes: 4_096 };
/// Members that only a private or a shared key has.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a key set is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwkFault {
    /// It is not a JSON object with a list of `keys`, or too large.
    Malformed,
    /// It holds private or shared keys: whoever made it public gave them away.
    Secret,
}

impl fmt::Display for JwkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is not a JWK Set with at most 64 keys",
            Self::Secret => "must not hold private or symmetric keys",
        })
    }
}

impl core::error::Error for JwkFault {}

/// Reads a key set. A key that cannot be used, or is not for signatures, is left out; of keys of one
/// kind with one name none is used.
///
/// # Errors
///
/// When it is not a set, or holds what must not be public.
pub fn parse_set(bytes: &[u8]) -> Result<Vec<Jwk>, JwkFault> {
    if bytes.len() > MAX_SET_BYTES {
        return Err(JwkFault::Malformed);
    }
    let node = json::read(bytes, &SET).map_err(|_| JwkFault::Malformed)?;
    of_node(&node)
}

/// A key set that is a part of another document.
///
/// # Errors
///
/// As [`parse_set`].
pub(crate) fn of_node(node: &Node<'_>) -> Result<Vec<Jwk>, JwkFault> {
    let Some(Value::List(items)) = member(node, "keys") else {
        return Err(JwkFault::Malformed);
    };
    if items.len() > MAX_KEYS {
        return Err(JwkFault::Malformed);
    }
    if items.iter().any(is_secret) {
        return Err(JwkFault::Secret);
    }
    let keys: Vec<Jwk> = items.iter().filter_map(read).collect();
    let same = |a: &Jwk, b: &Jwk| a.kid.is_some() && a.kid == b.kid && a.key.is_kin(&b.key);
    let alone = |key: &&Jwk| keys.iter().filter(|other| same(key, other)).count() <= 1;
    Ok(keys.iter().filter(alone).cloned().collect())
}

fn member<'n, 'j>(node: &'n Node<'j>, name: &str) -> Option<&'n Value<'j>> {
    node.value.get(name)
}

fn is_secret(item: &Node<'_>) -> bool {
    PRIVATE.iter().any(|name| member(item, name).is_some())
        || matches!(member(item, "kty"), Some(Value::Text(kty)) if kty == "oct")
}

fn read(item: &Node<'_>) -> Option<Jwk> {
    let text = |name: &str| match member(item, name) {
        Some(Value::Text(text)) => Some(&**text),
        _ => None,
    };
    let bytes = |name: &str| decode(text(name)?.as_bytes());
    let key = match (text("kty")?, text("crv")) {
        ("RSA", _) => {
            let n = number(&bytes("n")?)?;
            if !RSA_BYTES.contains(&n.len()) {
                return None;
            }
            PublicKey::Rsa { n, e: number(&bytes("e")?)? }
        }
        ("EC", Some("P-256")) => PublicKey::P256 { x: array(bytes("x")?)?, y: array(bytes("y")?)? },
        ("EC", Some("P-384")) => PublicKey::P384 { x: array(bytes("x")?)?, y: array(bytes("y")?)? },
        ("EC", Some("P-521")) => PublicKey::P521 { x: array(bytes("x")?)?, y: array(bytes("y")?)? },
        ("OKP", Some("Ed25519")) => PublicKey::Ed25519(array(bytes("x")?)?),
        _ => return None,
    };
    if member(item, "use").is_some() && text("use") != Some("sig") {
        return None;
    }
    if let Some(operations) = member(item, "key_ops") {
        let Value::List(operations) = operations else { return None };
        let verifies =
            |node: &Node<'_>| matches!(&node.value, Value::Text(text) if text == "verify");
        if !operations.iter().any(verifies) {
            return None;
        }
    }
    let algorithm = match member(item, "alg") {
        None => None,
        Some(Value::Text(name)) => Some(Algorithm::from_name(name.as_bytes())?),
        Some(_) => return None,
    };
    if algorithm.is_some_and(|algorithm| !key.fits(algorithm)) {
        return None;
    }
    let kid = match member(item, "kid") {
        None => None,
        Some(Value::Text(kid)) => Some(Box::from(&**kid)),
        Some(_) => return None,
    };
    Some(Jwk { kid, algorithm, key })
}

/// A number without leading zeros; one that is there all the same is forgiven (RFC 7518 6.3.1.1
/// forbids it, and some make it).
fn number(bytes: &[u8]) -> Option<Box<[u8]>> {
    let bytes = bytes.strip_prefix(&[0]).unwrap_or(bytes);
    bytes.first().filter(|first| **first != 0).map(|_| bytes.into())
}

fn array<const N: usize>(bytes: Vec<u8>) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

impl PublicKey {
    /// Whether both are of one `kty`.
    const fn is_kin(&self, other: &Self) -> bool {
        const fn kind(key: &PublicKey) -> u8 {
            match key {
                PublicKey::Rsa { .. } => 0,
                PublicKey::P256 { .. } | PublicKey::P384 { .. } | PublicKey::P521 { .. } => 1,
                PublicKey::Ed25519(_) => 2,
            }
        }
        kind(self) == kind(other)
    }
}
