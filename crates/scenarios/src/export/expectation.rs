//! What a scenario file expects of a request, as a case file says it.

use serde_json::{Map, Value, json};

use super::{content, value};
use crate::document::{Expect, Request, StrategyMethod};
use crate::transcript::Outcome;
use crate::{Host, Scenario, expect};

pub(super) fn of(scenario: &Scenario, host: Host, request: &Request) -> Result<Value, String> {
    let wanted = expect::wanted(scenario, request)?;
    Ok(match (&wanted, &request.expect) {
        (Outcome::Allowed { identity, .. }, Expect::Allow { present, absent, .. }) => {
            let fields: Vec<Value> =
                identity.iter().map(|(name, bytes)| json!([name, content(bytes)])).collect();
            let mut headers = Map::new();
            for (name, bytes) in present {
                let value = value(scenario, bytes)?;
                headers.insert(name.to_ascii_lowercase(), json!({"any_value": value}));
            }
            for name in absent {
                headers.insert(name.to_ascii_lowercase(), hidden(host, request, name));
            }
            let mut upstream = json!({
                "exactly": [{"names": {"regex": identity_names()}, "fields": fields}],
            });
            if let Some(upstream) = upstream.as_object_mut().filter(|_| !headers.is_empty()) {
                upstream.insert("headers".into(), Value::Object(headers));
            }
            json!({"outcome": "upstream", "upstream": upstream})
        }
        (Outcome::Denied { code, answer }, _) => {
            let code = code.as_deref().unwrap_or_default();
            let challenge = match &answer.challenge {
                Some(challenge) => challenge.as_str().into(),
                None => json!({"absent": true}),
            };
            let retry = match answer.retry_after {
                true => json!({"regex": "^[0-9]{1,9}$"}),
                false => json!({"absent": true}),
            };
            let mut headers = json!({
                "content-type": "application/json",
                "www-authenticate": challenge,
                "retry-after": retry,
            });
            if let (Some(limit), Some(headers)) = (&answer.limit, headers.as_object_mut()) {
                let name = limit.split(';').next().unwrap_or_default();
                headers.insert("ratelimit-policy".into(), limit.as_str().into());
                let state = json!({"regex": format!("^{name};r=0;t=[1-9][0-9]{{0,9}}$")});
                headers.insert("ratelimit".into(), state);
            }
            json!({
                "outcome": "local",
                "status": answer.status,
                "details": format!("gatekey_{code}"),
                "upstream": false,
                "client": {
                    "headers": headers,
                    "body": {"all": [
                        {"json": {"keys": ["message", "request_id"]}},
                        {"json": {"pointer": "/message", "equals": answer.message}},
                        {"json": {"pointer": "/request_id", "matches": {"regex": "."}}},
                    ]},
                },
            })
        }
        (wanted, _) => return Err(format!("`{wanted}` cannot be expected")),
    })
}

/// What a header looks like that must not reach the upstream.
fn hidden(host: Host, request: &Request, name: &str) -> Value {
    let sent = request.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    match sent && host.keeps_names() {
        true => json!({"any": [{"absent": true}, ""]}),
        false => json!({"absent": true}),
    }
}

/// What the names of headers are like that could pass for an identity header.
fn identity_names() -> String {
    let names = expect::IDENTITY.map(|name| name.replace('-', "[-_]"));
    format!("^({})$", names.join("|"))
}

/// Whether the upstream may see a key: one that was not the credential, or that is not hidden.
pub(super) fn tells_keys(scenario: &Scenario, request: &Request) -> Result<bool, String> {
    let Expect::Allow { caller, upstream_headers, .. } = &request.expect else { return Ok(false) };
    let decided = caller.is_some() || upstream_headers.is_some();
    let shown = |method: &StrategyMethod| match method {
        StrategyMethod::OpenIdConnect(method) => {
            method.settings.get("hide_credentials").is_some_and(|hide| *hide == false)
        }
        StrategyMethod::KeyAuth(_) | StrategyMethod::Other(_) => false,
    };
    let hidden = scenario.gateway.hide_credentials
        && !scenario.policy.strategies.iter().any(|strategy| shown(&strategy.method));
    Ok(!(decided && hidden))
}
