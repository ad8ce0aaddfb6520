//! The target `token`: a signed token, as a client sends it.
//!
//! Three parts are header, payload and signature before they are encoded; anything else is the
//! token itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_core::jose::{Algorithm, Claims, Jws, MAX_TOKEN_BYTES};
use serde_json::{Map, Value};

use crate::{Judged, coverage, input, reading};

/// The token that an input stands for.
#[must_use]
pub fn written(data: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = input::parts(data).collect();
    match parts.as_slice() {
        [_, _, _] => {
            let parts: Vec<String> =
                parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
            parts.join(".").into_bytes()
        }
        _ => data.to_vec(),
    }
}

/// Judges what is made of a token: it is taken apart as another library would, or refused.
///
/// # Errors
///
/// When two readers could disagree about it.
pub fn run(data: &[u8]) -> Judged {
    let token = written(data);
    let mut parts = token.split(|byte| *byte == b'.');
    let header = parts.next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let header = header.unwrap_or_default();
    reading::notice("token header", &header);
    let jws = match Jws::parse(&token) {
        Ok(jws) => jws,
        Err(fault) => {
            coverage::said("token", &format!("{fault:?}"), 0);
            return Ok(());
        }
    };
    coverage::said("token", jws.algorithm.name(), jws.signature.len());
    if token.len() > MAX_TOKEN_BYTES {
        return Err("a token beyond the limit is read".into());
    }
    let again = [&header, &jws.payload, &jws.signature].map(|part| URL_SAFE_NO_PAD.encode(part));
    if again.join(".").as_bytes() != token {
        return Err("a token has two spellings".into());
    }
    if let Some(theirs) = reading::object(&header)? {
        same_header(&jws, &theirs)?;
    }
    reading::notice("claims", &jws.payload);
    if let Ok(claims) = Claims::parse(&jws.payload)
        && let Some(theirs) = reading::object(&jws.payload)?
    {
        same_claims(&claims, &theirs)?;
    }
    Ok(())
}

fn same_header(jws: &Jws<'_>, theirs: &Map<String, Value>) -> Judged {
    let text = |name: &str| theirs.get(name).and_then(Value::as_str);
    let algorithm = text("alg").map(str::as_bytes).and_then(Algorithm::from_name);
    if algorithm != Some(jws.algorithm) {
        return Err(format!("another algorithm than {algorithm:?} is read"));
    }
    if text("kid") != jws.kid() || text("typ") != jws.typ() {
        return Err("another `kid` or `typ` is read".into());
    }
    let strange = ["crit", "b64", "zip", "enc"].into_iter().find(|name| theirs.contains_key(*name));
    match strange {
        Some(name) => Err(format!("`{name}` is overlooked")),
        None => Ok(()),
    }
}

fn same_claims(claims: &Claims<'_>, theirs: &Map<String, Value>) -> Judged {
    if claims.iss() != theirs.get("iss").and_then(Value::as_str) {
        return Err("another issuer is read".into());
    }
    let audiences: Option<Vec<&str>> = match theirs.get("aud") {
        None => Some(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(Value::as_str).collect(),
        Some(value) => value.as_str().map(|one| vec![one]),
    };
    if claims.audiences().ok() != audiences {
        return Err(format!("another audience than {audiences:?} is read"));
    }
    for (name, date) in [("exp", claims.exp()), ("nbf", claims.nbf()), ("iat", claims.iat())] {
        let expected = match theirs.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or(()),
        };
        let date = date.map(|date| date.map(|date| date.seconds())).map_err(|_| ());
        let same = match (date, expected) {
            #[allow(clippy::cast_precision_loss, reason = "only dates of this age are compared")]
            (Ok(Some(ours)), Ok(Some(theirs))) if theirs.abs() < 1e15 => {
                (ours as f64 - theirs.trunc()).abs() <= 1.0
            }
            (Ok(Some(ours)), Ok(Some(theirs))) => ours.is_negative() == theirs.is_sign_negative(),
            (Ok(None), Ok(None)) | (Err(()), Err(())) => true,
            _ => false,
        };
        if !same {
            return Err(format!("`{name}` is read as {date:?} and not {expected:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]
mod tests {
    use super::*;

    #[test]
    fn what_disagrees_is_told() {
        let text =
            written(b"{\"alg\":\"ES256\",\"kid\":\"a\"}\n----\n{\"iss\":\"b\"}\n----\nsigned");
        let jws = Jws::parse(&text).unwrap();
        let claims = Claims::parse(&jws.payload).unwrap();
        let theirs = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        assert_eq!(same_header(&jws, &theirs(r#"{"alg":"ES256","kid":"a"}"#)), Ok(()));
        for other in [
            r#"{"alg":"none","kid":"a"}"#,
            r#"{"alg":"ES256"}"#,
            r#"{"alg":"ES256","kid":"a","typ":"x"}"#,
            r#"{"alg":"ES256","kid":"a","crit":[]}"#,
        ] {
            assert!(same_header(&jws, &theirs(other)).is_err(), "{other}");
        }
        assert_eq!(same_claims(&claims, &theirs(r#"{"iss":"b"}"#)), Ok(()));
        for other in [
            r#"{"iss":"c"}"#,
            r#"{"iss":"b","aud":"x"}"#,
            r#"{"iss":"b","exp":1}"#,
            r#"{"iss":"b","nbf":"1"}"#,
        ] {
            assert!(same_claims(&claims, &theirs(other)).is_err(), "{other}");
        }
    }
}
