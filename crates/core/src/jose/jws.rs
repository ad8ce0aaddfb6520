//! Compact JWS (RFC 7515 7.1).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Algorithm;
use super::base64url::decode;
use crate::json::{self, Limits, Member, Value};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8_192;
/// The longest name of a key.
const MAX_KID_BYTES: usize = 1_024;
/// A header has a few members; what is in it is not looked at any deeper.
const HEADER: Limits = Limits { depth: 8, members: 32, nodes: 128 };

/// Why bytes are not a token that could be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// It is longer than [`MAX_TOKEN_BYTES`].
    Oversized,
    /// Its shape, its encoding or its JSON is wrong, or its header asks for what is not done here.
    Malformed,
    /// It is not signed, or not with an algorithm of a public key.
    RefusedAlgorithm,
}

/// A signed token, taken apart and not yet verified.
#[derive(Debug)]
pub struct Jws<'t> {
    /// How it says it is signed.
    pub algorithm: Algorithm,
    kid: Option<Box<str>>,
    typ: Option<Box<str>>,
    /// What is signed.
    pub signing_input: &'t [u8],
    /// The payload.
    pub payload: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

impl<'t> Jws<'t> {
    /// Takes a token apart.
    ///
    /// Keys, and places of keys, in the header (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
    ///
    /// # Errors
    ///
    /// When it is too long, is not three parts of base64url, has a header that is no JSON object or
    /// has a member twice, names extensions that must be understood (`crit`), compression or a
    /// nested token, or is not signed with a public key's algorithm.
    pub fn parse(token: &'t [u8]) -> Result<Self, TokenFault> {
        use TokenFault::Malformed;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenFault::Oversized);
        }
        let mut dots =
            token.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(Malformed);
        };
        let (signing_input, signature) = token.split_at_checked(second).ok_or(Malformed)?;
        let (header, payload) = signing_input.split_at_checked(first).ok_or(Malformed)?;
        let part = |bytes: &[u8]| bytes.get(1..).and_then(decode).ok_or(Malformed);
        let header = decode(header).ok_or(Malformed)?;
        let header = Header::read(&header)?;
        Ok(Self {
            algorithm: header.algorithm,
            kid: header.kid,
            typ: header.typ,
            signing_input,
            payload: part(payload)?,
            signature: part(signature)?,
        })
    }

    /// The name of the key, opaque.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The type of the token.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }
}

struct Header {
    algorithm: Algorithm,
    kid: Option<Box<str>>,
    typ: Option<Box<str>>,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, TokenFault> {
        use TokenFault::Malformed;
        let node = json::read(bytes, &HEADER).map_err(|_| Malformed)?;
        let Value::Object(object) = &node.value else { return Err(Malformed) };
        // Before anything else is looked at: how it is signed, if it is.
        let Some(Value::Text(name)) = object.get("alg") else { return Err(Malformed) };
        let algorithm =
            Algorithm::from_name(name.as_bytes()).ok_or(TokenFault::RefusedAlgorithm)?;
        let (mut kid, mut typ) = (None, None);
        for Member { name, node, .. } in &object.members {
            match (&**name, &node.value) {
                ("kid", Value::Text(text)) if text.len() <= MAX_KID_BYTES => {
                    kid = Some((&**text).into());
                }
                ("typ", Value::Text(text)) => typ = Some((&**text).into()),
                ("cty", Value::Text(text)) if !is_nested(text) => {}
                // Whatever must be understood beyond this is not (RFC 7515 4.1.11, RFC 7797).
                ("kid" | "typ" | "cty" | "crit" | "b64" | "zip" | "enc", _) => {
                    return Err(Malformed);
                }
                _ => {}
            }
        }
        Ok(Self { algorithm, kid, typ })
    }
}

/// A token in a token is not unwrapped (RFC 7519 5.2).
fn is_nested(content_type: &str) -> bool {
    let short = content_type.rsplit('/').next().unwrap_or_default();
    short.eq_ignore_ascii_case("jwt")
}
