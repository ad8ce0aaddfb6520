//! Wycheproof's vectors for JWS and JWK, read from where `GATEKEY_WYCHEPROOF_DIR` says they are.
//!
//! Their payloads are no claims, so a token whose signature holds is refused as malformed, and
//! nothing else tells that from a token that was never looked at. Every valid vector is therefore
//! tried once more with a bit of its signature turned: that must be a bad signature.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Batch, Plan, Set, bearer, deny, members};
use crate::forge;

/// The folder of the files, if it is known.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    env::var_os("GATEKEY_WYCHEPROOF_DIR").map(PathBuf::from)
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "numberOfTests")]
    tests: usize,
    #[serde(rename = "testGroups")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    /// The public key, or a set of them.
    public: Option<Value>,
    /// The private one, which is all there is where keys are shared.
    private: Option<Value>,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    #[serde(rename = "tcId")]
    id: u32,
    comment: String,
    result: Verdict,
    jws: Value,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Valid,
    Invalid,
}

pub(super) fn batches(folder: &Path, start: u64) -> Result<Vec<Batch>, String> {
    [
        (Set::WycheproofJws, "json_web_signature_test.json", "wycheproof-jws"),
        (Set::WycheproofJwk, "json_web_key_test.json", "wycheproof-jwk"),
    ]
    .into_iter()
    .map(|(set, file, name)| {
        let path = folder.join(file);
        let located = |why: &dyn core::fmt::Display| format!("{}: {why}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| located(&error))?;
        let file: File = serde_json::from_str(&text).map_err(|error| located(&error))?;
        batch(set, name, &file, start).map_err(|why| located(&why))
    })
    .collect()
}

fn batch(set: Set, name: &'static str, file: &File, start: u64) -> Result<Batch, String> {
    let mut plan = Plan::new(name);
    let mut seen = 0;
    for (number, group) in file.groups.iter().enumerate() {
        let keys = group.keys(set)?;
        let (api, path, strategy) =
            (format!("g{number}"), format!("/g{number}/"), format!("s{number}"));
        plan.api(&api, &path, &strategy);
        plan.strategy(
            &strategy,
            members(json!({
                "issuer": "https://wycheproof.test", "auth_methods": ["bearer"], "jwks": keys,
            })),
        );
        for vector in &group.tests {
            seen += 1;
            let token = match &vector.jws {
                Value::String(token) => token.clone(),
                other => other.to_string(),
            };
            let (code, holds) = expected(vector, &token, &keys);
            let id = vector.id.to_string();
            plan.try_row(set, &id, &vector.comment, bearer(&path, &token, deny(code)));
            if holds {
                let turned = turned(&token).ok_or("a valid vector has no signature")?;
                let name = format!("{}, one bit turned", vector.comment);
                plan.try_row(set, &id, name, bearer(&path, turned, deny("bad_signature")));
            }
        }
    }
    if seen != file.tests {
        return Err(format!("{seen} tests where {} are announced", file.tests));
    }
    plan.finish(start)
}

impl Group {
    /// The keys that the strategy has. Where the vectors share a secret, the strategy has a
    /// public key all the same: nobody may bring the algorithm of another kind.
    fn keys(&self, set: Set) -> Result<Value, String> {
        let mut keys = match (&self.public, &self.private) {
            (Some(keys), _) if keys.get("keys").is_some() => keys.clone(),
            (Some(key), _) => json!({"keys": [key]}),
            (None, Some(keys)) if set == Set::WycheproofJwk => keys.clone(),
            (None, _) => json!({"keys": []}),
        };
        // A set of which no key can be used is refused as a whole. With one that can, it shows
        // what becomes of the others.
        if let Some(keys) = keys.get_mut("keys").and_then(Value::as_array_mut) {
            keys.push(forge::Key::named("ed25519-a")?.jwk());
        }
        Ok(keys)
    }
}

/// What must come of a vector, from what its file says about it and the rules of this gateway; and
/// whether its signature holds.
fn expected(vector: &Vector, token: &str, keys: &Value) -> (&'static str, bool) {
    let refused = |code| (code, false);
    let keys = keys.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |key: &Value, name: &str| key.get(name).and_then(Value::as_str).map(String::from);
    // A set with what nobody else may know is refused as a whole, and the strategy with it.
    if keys.iter().any(|key| text(key, "kty").as_deref() == Some("oct")) {
        return refused("method_absent");
    }
    let Some((algorithm, kid)) = header(token) else { return refused("malformed_token") };
    if !algorithm.starts_with(['R', 'P', 'E']) {
        return refused("refused_algorithm");
    }
    let known = keys.iter().any(|key| {
        let family = match text(key, "kty").as_deref() {
            Some("RSA") => algorithm.starts_with(['R', 'P']),
            Some("EC") => algorithm.starts_with("ES"),
            _ => false,
        };
        let signs = text(key, "use").is_none_or(|used| used == "sig")
            && key.get("key_ops").is_none_or(|all| *all == json!(["verify"]));
        let its = text(key, "alg").is_none_or(|its| its == algorithm);
        family && signs && its && sound(key) && text(key, "kid") == kid
    });
    match vector.result {
        _ if !known => refused("unknown_key"),
        // Its payload is no set of claims.
        Verdict::Valid => ("malformed_token", true),
        Verdict::Invalid => refused("bad_signature"),
    }
}

/// Whether a key of the file is none of those that the file is about.
fn sound(key: &Value) -> bool {
    let text = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
    let ok = match text("kty") {
        "RSA" => text("e") == "AQAB" && text("n").len() >= 342,
        _ => {
            matches!((text("crv"), text("x").len()), ("P-256", 43) | ("P-384", 64) | ("P-521", 88))
        }
    };
    // The key with the fingerprint of CVE-2017-15361, and the point that is not on its curve.
    ok && !text("kid").contains("roca") && !text("y").ends_with("Vgnw")
}

/// Algorithm and key id of a token in compact form, if it is in that form.
fn header(token: &str) -> Option<(String, Option<String>)> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return None };
    let header = URL_SAFE_NO_PAD.decode(header).ok().filter(|_| token.bytes().all(plain))?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    let text = |name: &str| header.get(name).and_then(Value::as_str).map(String::from);
    let algorithm = text("alg")?;
    // Of a symmetric algorithm nobody looks at the rest.
    if algorithm.starts_with(['R', 'P', 'E']) {
        URL_SAFE_NO_PAD.decode(payload).ok()?;
        URL_SAFE_NO_PAD.decode(signature).ok()?;
    }
    Some((algorithm, text("kid")))
}

/// The token with one bit of its signature turned.
pub(super) fn turned(token: &str) -> Option<String> {
    let (rest, signature) = token.rsplit_once('.')?;
    let mut signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    *signature.last_mut()? ^= 1;
    Some(format!("{rest}.{}", forge::part(signature)))
}
