//! From claims to a proof: who a token is for, and until when.
//!
//! The rules are those of RFC 7519, RFC 8725, RFC 9068 and OpenID Connect, in a fixed order, so that
//! a token that breaks several is always refused for the same reason.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::client_digest;
use super::settings::{AccessTokenProfile, Settings};
use crate::check::Denial;
use crate::digest::Digest;
use crate::id::StrategyId;
use crate::jose::{Claims, Jws, NumericDate};
use crate::json::Value;
use crate::secret::Secret;
use crate::time::UnixTime;

/// The latest point in time that is believed: the end of the year 9999.
const LATEST: UnixTime = UnixTime(253_402_300_799);
const MAX_UPSTREAM_HEADER_BYTES: usize = 4_096;

/// What was proven about a token.
#[derive(Debug)]
pub(crate) struct Proof {
    /// Whose word it is: [`Settings::provider`].
    pub(crate) provider: Digest,
    /// Finds the application.
    pub(crate) client: Digest,
    /// The client id as the token has it.
    pub(crate) client_id: Box<str>,
    /// The token is over at this point in time; `None` when its issuer did not say.
    pub(crate) expires_at: Option<UnixTime>,
    /// Whether it has the scopes that the strategy requires.
    pub(crate) in_scope: bool,
    /// Its scopes, space-separated.
    pub(crate) scopes: Box<str>,
    /// Claims to be told to the upstream.
    pub(crate) headers: Vec<(Box<str>, Secret<Vec<u8>>)>,
}

/// What a token says it is, apart from its claims.
pub(crate) fn check_kind(
    jws: &Jws<'_>,
    claims: &Claims<'_>,
    settings: &Settings,
) -> Result<(), Denial> {
    let typ = jws.typ().map(|typ| {
        let short = typ.get(..12).filter(|start| start.eq_ignore_ascii_case("application/"));
        short.and_then(|_| typ.get(12..)).unwrap_or(typ)
    });
    let is_access_token = typ.is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt"));
    if is_access_token {
        return Ok(());
    }
    let plain = typ.is_none_or(|typ| typ.eq_ignore_ascii_case("jwt"));
    if settings.access_token_profile == AccessTokenProfile::Rfc9068 || !plain {
        return Err(Denial::WrongTokenType);
    }
    // An ID token, a logout token or a refresh token of an issuer that gives all of them one type.
    let other = ["nonce", "at_hash", "c_hash", "s_hash", "events"]
        .iter()
        .any(|name| claims.has(name))
        || matches!(claims.get("typ"), Some(Value::Text(typ)) if ["ID", "Refresh", "Offline", "Logout"].contains(&&**typ))
        || matches!(claims.get("token_use"), Some(Value::Text(used)) if &**used != "access");
    if other { Err(Denial::WrongTokenType) } else { Ok(()) }
}

/// Checks times, audience and client of a token whose signature holds.
pub(crate) fn prove(
    claims: &Claims<'_>,
    settings: &Settings,
    strategy: StrategyId,
    now: UnixTime,
) -> Result<Proof, Denial> {
    let expires_at = lifetime(claims, settings, now)?.ok_or(Denial::MissingClaim)?;
    if settings.access_token_profile == AccessTokenProfile::Rfc9068 {
        let text = |name| matches!(claims.get(name), Some(Value::Text(text)) if !text.is_empty());
        let whole = ["sub", "client_id", "jti"].into_iter().all(text)
            && claims.has("aud")
            && claims.iat().is_ok_and(|iat| iat.is_some());
        if !whole {
            return Err(Denial::MissingClaim);
        }
    }
    conclude(claims, settings, strategy, Some(expires_at))
}

/// Whether now lies within the token's life; when that ends.
pub(crate) fn lifetime(
    claims: &Claims<'_>,
    settings: &Settings,
    now: UnixTime,
) -> Result<Option<UnixTime>, Denial> {
    let leeway = u64::from(settings.leeway_seconds);
    let date = |date: Result<Option<NumericDate>, _>| match date {
        Ok(None) => Ok(None),
        Ok(Some(date)) => {
            date.unix_time().filter(|time| *time <= LATEST).map(Some).ok_or(Denial::MissingClaim)
        }
        Err(_) => Err(Denial::MissingClaim),
    };
    let (exp, nbf, iat) = (date(claims.exp())?, date(claims.nbf())?, date(claims.iat())?);
    let end = exp.map(|exp| exp.plus_seconds(leeway));
    if end.is_some_and(|end| end <= now) {
        return Err(Denial::ExpiredToken);
    }
    let begun = |begin: UnixTime| begin <= now.plus_seconds(leeway);
    if !nbf.is_none_or(begun) || !iat.is_none_or(begun) {
        return Err(Denial::PrematureToken);
    }
    Ok(end)
}

/// Checks audience and client, and gathers what the upstream is told.
pub(crate) fn conclude(
    claims: &Claims<'_>,
    settings: &Settings,
    strategy: StrategyId,
    expires_at: Option<UnixTime>,
) -> Result<Proof, Denial> {
    // Whoever presents a token that is bound to a key has to prove that it holds the key (RFC 8705,
    // RFC 9449); nothing here could check that.
    if claims.has("cnf") {
        return Err(Denial::WrongTokenType);
    }
    let audiences = claims.strings_at(&settings.audience_claim);
    if !settings.audience_required.is_empty()
        && !satisfies(&settings.audience_required, audiences.as_deref().unwrap_or_default())
    {
        return Err(Denial::WrongAudience);
    }
    let client_id = match claims.at(&settings.credential_claim) {
        Some(Value::Text(id)) if !id.is_empty() => id,
        _ => return Err(Denial::MissingClaim),
    };
    let scopes = scopes(claims, settings);
    let headers = settings.upstream_headers.iter().filter_map(|(claim, header)| {
        let value = header_value(claims.at(claim)?)?;
        Some((header.clone(), Secret::new(value)))
    });
    Ok(Proof {
        provider: settings.provider,
        client: client_digest(strategy, &settings.issuer, client_id),
        client_id: (&**client_id).into(),
        expires_at,
        in_scope: settings.scopes_required.is_empty()
            || satisfies(&settings.scopes_required, &scopes),
        scopes: scopes.join(" ").into(),
        headers: headers.collect(),
    })
}

/// What is known about a token that cannot be read, from the reply that it came with.
pub(crate) fn of_opaque(
    settings: &Settings,
    strategy: StrategyId,
    client_id: &str,
    scope: Option<&str>,
) -> Result<Proof, Denial> {
    if !settings.audience_required.is_empty() {
        return Err(Denial::WrongAudience);
    }
    // A reply without a scope grants what was asked for (RFC 6749 5.1).
    let scopes: Vec<&str> = match scope {
        Some(scope) => scope.split(' ').collect(),
        None => settings.scopes.iter().map(|scope| &**scope).collect(),
    };
    let required = &settings.scopes_required;
    Ok(Proof {
        provider: settings.provider,
        client: client_digest(strategy, &settings.issuer, client_id),
        client_id: client_id.into(),
        expires_at: None,
        in_scope: required.is_empty() || satisfies(required, &scopes),
        scopes: scopes.join(" ").into(),
        headers: Vec::new(),
    })
}

fn scopes<'c>(claims: &'c Claims<'_>, settings: &Settings) -> Vec<&'c str> {
    let scopes = claims.words_at(&settings.scopes_claim);
    match scopes {
        Some(scopes) => scopes,
        // What Entra and Okta call it.
        None if settings.scopes_claim_is_default() => {
            claims.words_at(&["scp".into()]).unwrap_or_default()
        }
        None => Vec::new(),
    }
}

/// Whether all words of one of the alternatives are there.
pub(crate) fn satisfies(alternatives: &[Box<str>], held: &[&str]) -> bool {
    alternatives.iter().any(|words| {
        let mut words = words.split(' ').filter(|word| !word.is_empty()).peekable();
        words.peek().is_some() && words.all(|word| held.contains(&word))
    })
}

/// A claim as a header value: text, numbers and flags as they are; anything that could not stand
/// in a header is left out.
fn header_value(value: &Value<'_>) -> Option<Vec<u8>> {
    let text: &str = match value {
        Value::Text(text) => text,
        Value::Number(number) => number,
        Value::Flag(true) => "true",
        Value::Flag(false) => "false",
        Value::List(items) => {
            let words: Option<Vec<&str>> = items
                .iter()
                .map(|item| match &item.value {
                    Value::Text(text) => Some(&**text),
                    _ => None,
                })
                .collect();
            let joined = words?.join(",");
            return plain(joined.as_bytes());
        }
        _ => return None,
    };
    plain(text.as_bytes())
}

fn plain(text: &[u8]) -> Option<Vec<u8>> {
    let fits = |byte: &u8| matches!(byte, b' '..=b'~');
    (text.len() <= MAX_UPSTREAM_HEADER_BYTES && text.iter().all(fits)).then(|| text.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_words_are_alternatives_of_conjunctions() {
        let rules: [Box<str>; 2] = ["read write".into(), "admin".into()];
        assert!(satisfies(&rules, &["write", "x", "read"]));
        assert!(satisfies(&rules, &["admin"]));
        assert!(!satisfies(&rules, &["read"]));
        assert!(!satisfies(&rules, &[]));
        assert!(!satisfies(&[" ".into()], &["x"]));
    }

    #[test]
    fn a_token_that_is_bound_to_a_key_is_refused() {
        let json = br#"{"issuer":"https://idp.test","auth_methods":["bearer"]}"#;
        let settings = Settings::parse(json).unwrap();
        let proven = |claims: &[u8]| {
            let claims = Claims::parse(claims).unwrap();
            prove(&claims, &settings, StrategyId::from_bytes([1; 16]), UnixTime(1)).map(|_| ())
        };
        assert_eq!(proven(br#"{"sub":"a","exp":9}"#), Ok(()));
        let bound = br#"{"sub":"a","exp":9,"cnf":{"x5t#S256":"x"}}"#;
        assert_eq!(proven(bound), Err(Denial::WrongTokenType));
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_left_out() {
        assert_eq!(header_value(&Value::Text("a b".into())), Some(b"a b".to_vec()));
        assert_eq!(header_value(&Value::Text("a\r\nx: 1".into())), None);
        assert_eq!(header_value(&Value::Number("1.5")), Some(b"1.5".to_vec()));
        assert_eq!(header_value(&Value::Null), None);
    }
}
