//! What the client and the upstream received, as an outcome.

use gatekey_scenarios::Outcome;
use gatekey_scenarios::expect::is_identity;
use gatekey_scenarios::transcript::{Answer, Fields};
use serde_json::Value;

/// A request as the upstream received it: what says who calls, and what the client sent.
pub(crate) fn allowed(upstream: Fields, sent: &Fields) -> Outcome {
    let (mut identity, mut client): (Fields, Fields) =
        upstream.into_iter().partition(|(name, _)| is_identity(name));
    client.retain(|(name, _)| sent.iter().any(|(known, _)| known == name));
    identity.sort();
    client.sort();
    Outcome::Allowed { identity, client }
}

/// A refusal as the client received it. Its form is checked here: a body with two fields, the
/// right type, each header once.
pub(crate) fn denied(status: u16, headers: &Fields, body: &[u8], details: &str) -> Outcome {
    let broken = |why: &str| {
        let body = String::from_utf8_lossy(body);
        Outcome::Broken(format!("{why}: {status} {headers:?} `{body}`"))
    };
    let all = |name: &str| -> Vec<String> {
        let values = headers.iter().filter(|(known, _)| known == name);
        values.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    };
    let (types, challenges, retries) =
        (all("content-type"), all("www-authenticate"), all("retry-after"));
    let (policies, states) = (all("ratelimit-policy"), all("ratelimit"));
    // The wait is told twice, alike; nothing is left of what is used up.
    let state = policies.iter().zip(&retries).map(|(policy, after)| {
        format!("{};r=0;t={after}", policy.split(';').next().unwrap_or_default())
    });
    if policies.len() > 1 || states != state.collect::<Vec<_>>() {
        return broken("`ratelimit` is not what belongs to the other headers");
    }
    if types != ["application/json"] || challenges.len() > 1 || retries.len() > 1 {
        return broken("wrong headers");
    }
    if retries.iter().any(|after| after.parse::<u32>().is_err()) {
        return broken("`retry-after` is no number");
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return broken("the body is no object");
    };
    let text =
        |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(message), Some(_), 2) = (text("message"), text("request_id"), fields.len()) else {
        return broken("the body has other fields");
    };
    let Some(code) = details.strip_prefix("gatekey_") else {
        return broken(&format!("the details are `{details}`"));
    };
    Outcome::Denied {
        code: Some(code.to_owned()),
        answer: Answer {
            status,
            message: message.to_owned(),
            challenge: challenges.into_iter().next(),
            retry_after: !retries.is_empty(),
            limit: policies.into_iter().next(),
        },
    }
}
