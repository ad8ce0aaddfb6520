//! What is read in this process, noticed and compared.

use gatekey_core::json::{self, Fault, Limits, Value as Ours};
use serde_json::{Map, Value};

use crate::coverage;

/// More than any of the readers has.
const LIMITS: Limits = Limits { depth: 16, members: 256, nodes: 4_096 };

/// Names whose presence leads somewhere.
const TELLING: [&str; 42] = [
    "access_token",
    "active",
    "alg",
    "aud",
    "authorization_endpoint",
    "b64",
    "crit",
    "crv",
    "cty",
    "d",
    "e",
    "end_session_endpoint",
    "exp",
    "expires_in",
    "iat",
    "id_token",
    "introspection_endpoint",
    "iss",
    "issuer",
    "jwks_uri",
    "k",
    "key_ops",
    "keys",
    "kid",
    "kty",
    "n",
    "nbf",
    "oth",
    "p",
    "q",
    "refresh_token",
    "revocation_endpoint",
    "scope",
    "sub",
    "token_endpoint",
    "token_type",
    "typ",
    "use",
    "x",
    "y",
    "zip",
    "",
];

/// Counts how far a document was read, and what of interest it holds.
pub fn notice(document: &str, bytes: &[u8]) {
    match json::read(bytes, &LIMITS) {
        Ok(node) => members(document, &node.value, 3),
        Err(Fault { at, rule }) => {
            coverage::said(document, rule.split('`').next().unwrap_or_default(), at);
        }
    }
}

fn members(document: &str, value: &Ours<'_>, depth: u32) {
    match value {
        Ours::Object(object) if depth > 0 => {
            for member in &object.members {
                if TELLING.contains(&&*member.name) {
                    let kind = kind(&member.node.value);
                    coverage::said(document, &[&member.name, " ", kind].concat(), 0);
                }
                members(document, &member.node.value, depth - 1);
            }
        }
        Ours::List(items) if depth > 0 => {
            coverage::said(document, "items", items.len());
            items.iter().for_each(|item| members(document, &item.value, depth - 1));
        }
        _ => {}
    }
}

const fn kind(value: &Ours<'_>) -> &'static str {
    match value {
        Ours::Null => "null",
        Ours::Flag(true) => "true",
        Ours::Flag(false) => "false",
        Ours::Number(_) => "number",
        Ours::Text(_) => "text",
        Ours::List(_) => "list",
        Ours::Object(_) => "object",
    }
}

/// The object that another library reads in bytes that were taken for one; `None` where it is
/// known to be narrower: numbers that fit into no float.
///
/// # Errors
///
/// When it reads no object.
pub fn object(bytes: &[u8]) -> Result<Option<Map<String, Value>>, String> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        Ok(_) => Err("what is no object is taken for one".into()),
        Err(error) if error.to_string().starts_with("number out of range") => Ok(None),
        Err(error) => Err(format!("what is no JSON is read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_library_has_its_own_mind() {
        assert!(object(b"{\"a\":1}").is_ok_and(|read| read.is_some()));
        assert!(object(b"{\"a\":1e999}").is_ok_and(|read| read.is_none()));
        for other in [&b"[]"[..], b"{", b"{\"a\":01}", b"\xff"] {
            assert!(object(other).is_err());
        }
    }
}
