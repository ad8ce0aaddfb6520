//! Bearer tokens, read from the words of RFC 6750, 7515, 7519, 8725 and 9068.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{json, signature};
use crate::transcript::Fields;

pub(super) const LONGEST_TOKEN: usize = 8_192;
const LONGEST_KID: usize = 1_024;
const DEEPEST: usize = 16;
const MOST_MEMBERS: usize = 256;
const MOST_VALUES: usize = 4_096;
const ALGORITHMS: [&str; 11] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "Ed25519",
];

/// The settings of a strategy.
#[derive(Clone, Debug)]
pub(super) struct Settings(pub(super) Map<String, Value>);

impl Settings {
    /// Whether the strategy can be honoured at all, as far as the oracle knows.
    pub(super) fn is_usable(&self) -> bool {
        self.0.get("jwks").is_none_or(signature::is_set)
            && self.0.get("enable_hs_signatures").is_none_or(|enable| *enable == false)
    }

    /// Whether it lets tokens speak for themselves.
    pub(super) fn is_bearer(&self) -> bool {
        self.list("auth_methods").is_some_and(|all| all.contains(&"bearer"))
    }

    pub(super) fn hides(&self) -> bool {
        self.0.get("hide_credentials").is_none_or(|hide| *hide == true)
    }

    pub(super) fn issuer(&self) -> &str {
        self.text("issuer").unwrap_or_default()
    }

    pub(super) fn headers(&self) -> Vec<String> {
        let names = self.list("bearer_token_header_names").unwrap_or(vec!["authorization"]);
        names.iter().map(|name| name.to_ascii_lowercase()).collect()
    }

    /// The first alternative of scopes.
    pub(super) fn first_scope(&self) -> Option<String> {
        self.list("scopes_required")?.first().map(|scopes| (*scopes).to_owned())
    }

    fn is_issuer(&self, issuer: &str) -> bool {
        match self.list("issuers_allowed") {
            Some(all) => all.contains(&issuer),
            None => issuer == self.issuer(),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.0.get(name)?.as_array()?.iter().map(Value::as_str).collect()
    }

    fn leeway(&self) -> f64 {
        self.0.get("leeway").and_then(Value::as_f64).unwrap_or_default()
    }
}

/// Where a token was, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Presented {
    pub(super) header: String,
    pub(super) token: Vec<u8>,
}

/// Finds the one token of a request.
pub(super) fn find(
    strategies: &[&Settings],
    headers: &Fields,
) -> Result<Option<Presented>, &'static str> {
    let values = |name: &str| -> Vec<&Vec<u8>> {
        headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value).collect()
    };
    if strategies.is_empty() {
        return Ok(None);
    }
    let mut names: Vec<String> = strategies.iter().flat_map(|known| known.headers()).collect();
    names.sort();
    names.dedup();
    let joined = values("authorization").first().is_some_and(|value| {
        let text = String::from_utf8_lossy(value).to_ascii_lowercase();
        let mut more = text.split(',').skip(1).map(|piece| format!("{} ", piece.trim()));
        more.any(|piece| piece.starts_with("bearer ") || piece.starts_with("basic "))
    });
    if joined
        || values("authorization").len() > 1
        || names.iter().any(|name| values(name).len() > 1)
    {
        return Err("ambiguous_token");
    }
    let mut found = None;
    for name in names {
        let Some(value) = values(&name).first().map(|value| value.as_slice()) else { continue };
        let scheme = value.get(..6).filter(|start| start.eq_ignore_ascii_case(b"bearer"));
        let token = match (scheme, value.get(6..)) {
            (Some(_), Some([])) => &[][..],
            (Some(_), Some([b' ', token @ ..])) => token,
            _ if name == "authorization" || value.is_empty() => continue,
            _ => value,
        };
        let end = token.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
        if end == 0 || !token.iter().take(end).all(plain) {
            return Err("malformed_token");
        }
        if found.is_some() {
            return Err("ambiguous_token");
        }
        found = Some(Presented { header: name, token: token.to_vec() });
    }
    Ok(found)
}

/// A token, taken apart.
#[derive(Debug)]
pub(super) struct Parts {
    header: Map<String, Value>,
    claims: Option<Map<String, Value>>,
    input: Vec<u8>,
    signature: Vec<u8>,
}

/// Takes a token apart.
pub(super) fn parts(token: &[u8]) -> Result<Parts, &'static str> {
    let malformed = "malformed_token";
    if token.len() > LONGEST_TOKEN {
        return Err("oversized_token");
    }
    let words: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, payload, signed] = words.as_slice() else { return Err(malformed) };
    let decoded = |part: &[u8]| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed);
    let header = decoded(header)?;
    let Some(Value::Object(header)) = object(&header) else { return Err(malformed) };
    let algorithm = header.get("alg").and_then(Value::as_str).ok_or(malformed)?;
    if !ALGORITHMS.contains(&algorithm) {
        return Err("refused_algorithm");
    }
    let text = |name: &str| header.get(name).is_none_or(Value::is_string);
    let nested = header.get("cty").is_some_and(|kind| {
        let kind = kind.as_str().unwrap_or("jwt").to_ascii_lowercase();
        kind.strip_prefix("application/").unwrap_or(&kind) == "jwt"
    });
    let long = header.get("kid").and_then(Value::as_str).is_some_and(|kid| kid.len() > LONGEST_KID);
    let strange = ["crit", "b64", "zip"].iter().any(|name| header.contains_key(*name));
    if !text("kid") || !text("typ") || nested || long || strange {
        return Err(malformed);
    }
    let claims = match object(&decoded(payload)?) {
        Some(Value::Object(claims)) => Some(claims),
        _ => None,
    };
    let signature = decoded(signed)?;
    let input = token.get(..token.len() - signed.len() - 1).unwrap_or_default().to_vec();
    Ok(Parts { header, claims, input, signature })
}

fn object(bytes: &[u8]) -> Option<Value> {
    json::strict(bytes)
        .filter(|value| depth(value) <= DEEPEST && values(value).is_some_and(|n| n <= MOST_VALUES))
}

/// How many values there are; `None` when one object has too many members.
fn values(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => items.iter().try_fold(1, |sum, item| Some(sum + values(item)?)),
        Value::Object(members) if members.len() > MOST_MEMBERS => None,
        Value::Object(members) => {
            members.values().try_fold(1, |sum, item| Some(sum + values(item)?))
        }
        _ => Some(1),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// What a good token says.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) client: String,
    pub(super) in_scope: bool,
}

impl Parts {
    /// Who says it, if it says so.
    pub(super) fn issuer(&self) -> Result<Option<&str>, &'static str> {
        let claims = self.claims.as_ref().ok_or("malformed_token")?;
        Ok(claims.get("iss").and_then(Value::as_str))
    }

    /// Whether a strategy may judge it.
    pub(super) fn is_for(&self, settings: &Settings) -> bool {
        matches!(self.issuer(), Ok(Some(issuer)) if settings.is_issuer(issuer))
    }

    /// Whether the signature holds under a strategy.
    pub(super) fn signature(&self, settings: &Settings) -> Result<(), &'static str> {
        let algorithm = self.header.get("alg").and_then(Value::as_str).unwrap_or_default();
        let allowed = settings.list("algorithms").is_none_or(|all| {
            let same = |one: &&str| {
                *one == algorithm || [one, algorithm].iter().all(|one| one.starts_with("Ed"))
            };
            all.iter().any(same)
        });
        if !allowed {
            return Err("refused_algorithm");
        }
        let kid = self.header.get("kid").and_then(Value::as_str);
        let keys = settings.0.get("jwks").unwrap_or(&Value::Null);
        match signature::verify(keys, kid, algorithm, &self.input, &self.signature) {
            None => Err("unknown_key"),
            Some(false) => Err("bad_signature"),
            Some(true) => Ok(()),
        }
    }

    /// The rules about kind, time, audience and client.
    pub(super) fn proven(&self, settings: &Settings, now: u64) -> Result<Proven, &'static str> {
        let claims = self.claims.as_ref().ok_or("malformed_token")?;
        self.kind(claims, settings)?;
        #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
        let now = now as f64;
        let date = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => {
                let number =
                    number.as_f64().filter(|date| (0.0..=253_402_300_799.0).contains(date));
                number.map(Some).ok_or("missing_claim")
            }
            Some(_) => Err("missing_claim"),
        };
        let (exp, nbf, iat) = (date("exp")?, date("nbf")?, date("iat")?);
        if exp.is_some_and(|exp| exp.floor() + settings.leeway() <= now) {
            return Err("expired_token");
        }
        if [nbf, iat].iter().flatten().any(|begin| begin.floor() > now + settings.leeway()) {
            return Err("premature_token");
        }
        if exp.is_none() {
            return Err("missing_claim");
        }
        if settings.text("access_token_profile") == Some("rfc9068") {
            let text = |name: &str| {
                claims.get(name).and_then(Value::as_str).is_some_and(|t| !t.is_empty())
            };
            let whole = ["sub", "client_id", "jti"].into_iter().all(text);
            if !whole || iat.is_none() || !claims.contains_key("aud") {
                return Err("missing_claim");
            }
        }
        let words = |path: Option<Vec<&str>>, default: &str| {
            strings(at(claims, &path.unwrap_or(vec![default])))
        };
        if let Some(required) = settings.list("audience_required") {
            let held = words(settings.list("audience_claim"), "aud").unwrap_or_default();
            if !satisfied(&required, &held) {
                return Err("wrong_audience");
            }
        }
        let path = settings.list("credential_claim").unwrap_or(vec!["sub"]);
        let client = at(claims, &path).and_then(Value::as_str).filter(|id| !id.is_empty());
        let client = client.ok_or("missing_claim")?.to_owned();
        let in_scope = settings.list("scopes_required").is_none_or(|required| {
            let mut held = words(settings.list("scopes_claim"), "scope");
            if settings.list("scopes_claim").is_none_or(|path| path == ["scope"]) {
                held = held.or_else(|| strings(claims.get("scp")));
            }
            satisfied(&required, &held.unwrap_or_default())
        });
        Ok(Proven { client, in_scope })
    }

    /// The claims that the upstream is told, by the headers they come in.
    pub(super) fn told(&self, settings: &Settings) -> Vec<(String, Option<Vec<u8>>)> {
        let list = |name: &str| settings.list(name).unwrap_or_default();
        let headers = list("upstream_headers_names").into_iter().map(str::to_ascii_lowercase);
        let claims = list("upstream_headers_claims").into_iter();
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            Value::Array(items) => {
                let items: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
                items.map(|items| items.join(","))
            }
            _ => None,
        };
        let plain = |text: &String| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let value = |claim: &str| {
            let value = self.claims.as_ref()?.get(claim).and_then(text).filter(plain);
            value.map(String::into_bytes)
        };
        headers.zip(claims).map(|(header, claim)| (header, value(claim))).collect()
    }

    fn kind(&self, claims: &Map<String, Value>, settings: &Settings) -> Result<(), &'static str> {
        let kind = self.header.get("typ").and_then(Value::as_str).unwrap_or("jwt");
        let kind = kind.to_ascii_lowercase();
        let kind = kind.strip_prefix("application/").unwrap_or(&kind);
        let strict = settings.text("access_token_profile") == Some("rfc9068");
        let other = ["nonce", "at_hash", "c_hash", "s_hash", "events"]
            .iter()
            .any(|name| claims.contains_key(*name))
            || claims
                .get("typ")
                .and_then(Value::as_str)
                .is_some_and(|typ| ["ID", "Refresh", "Offline", "Logout"].contains(&typ))
            || claims.get("token_use").is_some_and(|used| used.is_string() && used != "access");
        match kind {
            "at+jwt" => Ok(()),
            "jwt" if !strict && !other => Ok(()),
            _ => Err("wrong_token_type"),
        }
    }
}

fn at<'c>(claims: &'c Map<String, Value>, path: &[&str]) -> Option<&'c Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(claims.get(*first)?, |value, name| value.as_object()?.get(*name))
}

/// Words of a text, or the texts of a list.
fn strings(value: Option<&Value>) -> Option<Vec<String>> {
    match value? {
        Value::String(text) => Some(text.split(' ').map(String::from).collect()),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(String::from)).collect(),
        _ => None,
    }
}

/// Whether all words of one alternative are there.
fn satisfied(alternatives: &[&str], held: &[String]) -> bool {
    alternatives.is_empty()
        || alternatives.iter().any(|all| all.split(' ').all(|word| held.iter().any(|h| h == word)))
}
