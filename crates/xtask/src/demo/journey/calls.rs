//! Calls through the gateway, and step 4: those that are refused.

use core::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::super::http::{Http, Reply};
use super::super::{ensure, envoy};
use super::{World, until};

const PATH: &str = "/flights";

pub(super) const UNAUTHORIZED: &str = "Unauthorized";
pub(super) const NOT_REGISTERED: &str = "You cannot consume this service";

pub(super) fn call(http: &Http, headers: &[(&str, &str)]) -> Result<Reply> {
    http.send("GET", &envoy::url(PATH), headers, None)
}

pub(super) fn with_key(http: &Http, key: &str) -> Result<Reply> {
    call(http, &[("apikey", key)])
}

/// The status only, and nothing printed: for asking again and again.
pub(super) fn status(http: &Http, key: &str) -> Result<u16> {
    Ok(http.quietly(|| with_key(http, key))?.status)
}

pub(super) fn refused(world: &mut World) -> Result<()> {
    let http = &world.stage.http;
    let key = world.key.text.as_str();
    let wrong = wrong_key(key)?;
    http.hide(&wrong);
    refusal(&call(http, &[])?, 401, "No API key found in request")?;
    refusal(&with_key(http, &wrong)?, 401, UNAUTHORIZED)?;
    refusal(&with_key(http, "not-a-key")?, 401, UNAUTHORIZED)?;
    let twice = call(http, &[("apikey", key), ("apikey", key)])?;
    refusal(&twice, 401, "Duplicate API key found")?;
    // The key is some milliseconds old: until the gateway has heard of it, it is unknown.
    let known = || Ok(status(http, key)? == 403);
    until(Duration::from_secs(5), "the gateway knows the key", known)?;
    refusal(&with_key(http, key)?, 403, NOT_REGISTERED)?;
    // A route that leads to no service that the gateway knows.
    let unknown = http.send("GET", &envoy::url("/elsewhere"), &[("apikey", key)], None)?;
    ensure((400..500).contains(&unknown.status), || {
        format!("an unknown route was answered with {}", unknown.status)
    })
}

/// Holds a refusal to its status, its text and its headers.
pub(super) fn refusal(reply: &Reply, status: u16, message: &str) -> Result<()> {
    ensure(reply.status == status, || format!("answered {}, not {status}", reply.status))?;
    let body = reply.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    ensure(text("message") == Some(message), || format!("the body is {body}, not `{message}`"))?;
    ensure(text("request_id").is_some_and(|id| !id.is_empty()), || {
        format!("the body names no request: {body}")
    })?;
    let challenge = reply.header("www-authenticate");
    let fits = match status {
        401 => challenge.is_some_and(|value| value.split(' ').next() == Some("Key")),
        _ => challenge.is_none(),
    };
    ensure(fits, || format!("`WWW-Authenticate` is {challenge:?}"))
}

/// A key of the right form with another secret: one that only a look-up can refuse.
fn wrong_key(key: &str) -> Result<String> {
    const CHECKSUM: usize = 6;
    let body = key.get(..key.len().saturating_sub(CHECKSUM)).context("the key is too short")?;
    let last = body.chars().next_back().context("the key is too short")?;
    let other = if last == '0' { '1' } else { '0' };
    let mut wrong = body.get(..body.len() - 1).context("the key is not ASCII")?.to_owned();
    wrong.push(other);
    let checksum = base62(crc32(wrong.as_bytes()), CHECKSUM);
    wrong.push_str(&checksum);
    Ok(wrong)
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |state: u32, byte| {
        (0..8).fold(state ^ u32::from(*byte), |state, _| {
            (state >> 1) ^ (0xedb8_8320 & (state & 1).wrapping_neg())
        })
    })
}

fn base62(mut value: u32, digits: usize) -> String {
    let mut text: Vec<char> = Vec::new();
    for _ in 0..digits {
        let digit = u8::try_from(value % 62).unwrap_or_default();
        value /= 62;
        text.push(char::from(match digit {
            0..10 => b'0' + digit,
            10..36 => b'A' + digit - 10,
            _ => b'a' + digit - 36,
        }));
    }
    text.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(base62(61, 6), "00000z");
        assert_eq!(base62(u32::MAX, 6), "4gfFC3");
    }

    #[test]
    fn a_wrong_key_differs_and_has_a_checksum_of_its_own() {
        let wrong = wrong_key("gk_live_abc000000").unwrap();
        assert!(wrong.starts_with("gk_live_ab0"), "{wrong}");
        assert_eq!(wrong.len(), "gk_live_abc000000".len());
        assert!(wrong_key("x").is_err());
    }
}
