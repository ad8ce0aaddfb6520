//! The targets `key-set`, `discovery`, `introspection` and `token-reply`: what an identity provider
//! answers.

use gatekey_core::jose::{Jwk, PublicKey, parse_set};
use gatekey_core::oidc::documents::{Discovery, Introspection, TokenReply};
use gatekey_core::oidc::url::Url;
use serde_json::{Map, Value};

use crate::{Judged, coverage, reading};

/// The issuer whose documents the inputs are.
pub const ISSUER: &str = "https://idp.test";
const LONGEST: usize = 64 << 10;

fn sized(data: &[u8]) -> Judged {
    if data.len() > LONGEST { Err("a document beyond the limit is read".into()) } else { Ok(()) }
}

fn said(reader: &str, fault: impl core::fmt::Display) {
    coverage::said(reader, &fault.to_string(), 0);
}

/// Judges what is made of a key set.
///
/// # Errors
///
/// When it gives secrets away, or a key in it cannot be what it says.
pub fn key_set(data: &[u8]) -> Judged {
    reading::notice("key set", data);
    let keys = match parse_set(data) {
        Ok(keys) => keys,
        Err(fault) => {
            said("key set", fault);
            return Ok(());
        }
    };
    sized(data)?;
    coverage::said("key set", "keys", keys.len());
    keys.iter().try_for_each(sound)?;
    let Some(theirs) = reading::object(data)? else { return Ok(()) };
    fit(&keys, &theirs)
}

fn sound(key: &Jwk) -> Judged {
    coverage::said("key", key.algorithm.map_or("any", |algorithm| algorithm.name()), 0);
    if key.algorithm.is_some_and(|algorithm| !key.key.fits(algorithm)) {
        return Err("a key is for an algorithm that it does not fit".into());
    }
    match &key.key {
        PublicKey::Rsa { n, e }
            if !(256..=512).contains(&n.len()) || n.first() == Some(&0) || e.is_empty() =>
        {
            Err("an RSA key is none".into())
        }
        _ => Ok(()),
    }
}

/// There are no more keys than another library reads, and no secrets.
fn fit(keys: &[Jwk], theirs: &Map<String, Value>) -> Judged {
    let Some(Value::Array(items)) = theirs.get("keys") else {
        return Err("what is no set is taken for one".into());
    };
    let secret = |item: &Value| {
        let has = |name: &str| item.get(name).is_some();
        ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].into_iter().any(has)
            || item.get("kty").and_then(Value::as_str) == Some("oct")
    };
    if items.iter().any(secret) {
        return Err("a set with secrets is read".into());
    }
    let named = |key: &Jwk| {
        let same = |item: &&Value| item.get("kid").and_then(Value::as_str) == key.kid.as_deref();
        items.iter().any(|item| same(&item))
    };
    if keys.len() > items.len().min(64) || !keys.iter().all(named) {
        return Err("a key comes from nowhere".into());
    }
    Ok(())
}

/// Judges what is made of a discovery document.
///
/// # Errors
///
/// When it speaks for another issuer, or leads where nobody may be called.
pub fn discovery(data: &[u8]) -> Judged {
    reading::notice("discovery", data);
    let read = match Discovery::parse(data, ISSUER) {
        Ok(read) => read,
        Err(fault) => {
            said("discovery", fault);
            return Ok(());
        }
    };
    sized(data)?;
    let theirs = reading::object(data)?.unwrap_or_default();
    if theirs.get("issuer").is_some_and(|issuer| issuer != ISSUER) {
        return Err("another issuer is believed".into());
    }
    for (name, place) in [
        ("jwks_uri", &read.jwks_uri),
        ("token_endpoint", &read.token_endpoint),
        ("introspection_endpoint", &read.introspection_endpoint),
        ("authorization_endpoint", &read.authorization_endpoint),
        ("end_session_endpoint", &read.end_session_endpoint),
    ] {
        let Some(url) = place else { continue };
        coverage::said("place", name, url.path_and_query().len());
        callable(url)?;
    }
    Ok(())
}

/// The place reads back, and is reached by TLS or not at all from elsewhere.
fn callable(url: &Url) -> Judged {
    if Url::parse(&url.to_string()).as_ref() != Some(url) {
        return Err(format!("{url} does not read back"));
    }
    let host = match url.authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => url.authority.split(':').next(),
    };
    let here = host.is_some_and(|host| {
        host == "localhost"
            || host.parse::<core::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    });
    let plain = url.to_string().bytes().all(|byte| byte.is_ascii_graphic())
        && !url.to_string().contains(['#', '\\'])
        && !url.authority.contains('@');
    match &*url.scheme {
        "https" if plain => Ok(()),
        "http" if plain && here => Ok(()),
        _ => Err(format!("{url} may be called")),
    }
}

/// Judges what is made of an introspection reply.
///
/// # Errors
///
/// When a token is active that is not said to be.
pub fn introspection(data: &[u8]) -> Judged {
    reading::notice("introspection", data);
    let read = match Introspection::parse(data) {
        Ok(read) => read,
        Err(fault) => {
            said("introspection", fault);
            return Ok(());
        }
    };
    sized(data)?;
    coverage::said("introspection", if read.active { "active" } else { "inactive" }, 0);
    let _ = (read.claims.exp(), read.claims.nbf(), read.claims.audiences());
    match reading::object(data)? {
        Some(theirs) if theirs.get("active") != Some(&Value::Bool(read.active)) => {
            Err("another word about the token is read".into())
        }
        _ => Ok(()),
    }
}

/// Judges what is made of a token reply.
///
/// # Errors
///
/// When another token is read, or one that cannot stand in a header.
pub fn token_reply(data: &[u8]) -> Judged {
    reading::notice("token reply", data);
    let read = match TokenReply::parse(data) {
        Ok(read) => read,
        Err(fault) => {
            said("token reply", fault);
            return Ok(());
        }
    };
    sized(data)?;
    coverage::said("token reply", "read", usize::from(read.expires_in_seconds.is_some()));
    let access = read.access_token.expose();
    for token in [Some(&read.access_token), read.refresh_token.as_ref(), read.id_token.as_ref()] {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if !token.is_none_or(|token| plain(token.expose())) {
            return Err("a token cannot stand in a header".into());
        }
    }
    let Some(theirs) = reading::object(data)? else { return Ok(()) };
    let text = |name: &str| theirs.get(name).and_then(Value::as_str);
    let bearer = text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    if !bearer || text("access_token") != Some(access) {
        return Err("another token is read".into());
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]
mod tests {
    use gatekey_core::jose::Algorithm;

    use super::*;

    #[test]
    fn what_must_not_be_is_told() {
        let key = |algorithm, n: &[u8]| Jwk {
            kid: Some("a".into()),
            algorithm,
            key: PublicKey::Rsa { n: n.into(), e: [3].into() },
        };
        assert_eq!(sound(&key(Some(Algorithm::Ps256), &[1; 256])), Ok(()));
        assert!(sound(&key(Some(Algorithm::Es256), &[1; 256])).is_err());
        assert!(sound(&key(None, &[1; 128])).is_err());
        assert!(sound(&key(None, &[0; 256])).is_err());
        let keys = [key(None, &[1; 256])];
        let theirs = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        assert_eq!(fit(&keys, &theirs(r#"{"keys":[{"kid":"a"}]}"#)), Ok(()));
        for other in [
            r#"{"keys":[]}"#,
            r#"{"keys":[{"kid":"b"}]}"#,
            r#"{"keys":[{"kid":"a","d":""}]}"#,
            r#"{"keys":[{"kid":"a","kty":"oct"}]}"#,
            "{}",
        ] {
            assert!(fit(&keys, &theirs(other)).is_err(), "{other}");
        }
        let url = |scheme: &str, authority: &str, path: &str| Url {
            scheme: scheme.into(),
            authority: authority.into(),
            path_and_query: path.into(),
        };
        assert_eq!(callable(&url("https", "idp.test", "/a")), Ok(()));
        assert_eq!(callable(&url("http", "[::1]:80", "/a")), Ok(()));
        for other in [
            url("http", "idp.test", "/"),
            url("file", "idp.test", "/"),
            url("https", "a@idp.test", "/"),
            url("https", "idp.test", "/#a"),
            url("https", "idp.test", "a"),
        ] {
            assert!(callable(&other).is_err(), "{other}");
        }
    }
}
