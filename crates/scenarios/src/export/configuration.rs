//! The configuration of a filter for a scenario.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::document::{UnknownRoute, WhenStale};
use crate::{Host, Scenario, names, records};

/// What the gateway shows the portal.
pub const TOKEN: &str = "gateway-token";

/// The configuration of the filter on a host, for a scenario that starts at this second. With
/// `follow`, it asks the portal for changes.
///
/// # Errors
///
/// When the scenario makes no sense.
pub fn of(scenario: &Scenario, host: Host, start: u64, follow: bool) -> Result<Value, String> {
    let gateway = &scenario.gateway;
    let peppers: Vec<_> = gateway
        .peppers
        .iter()
        .map(|id| json!({"id": id, "secret": BASE64.encode(names::seed("pepper", id))}))
        .collect();
    let then = match gateway.staleness.then {
        WhenStale::DenyAll => "deny_all",
        WhenStale::DenyNew => "deny_new",
        WhenStale::ServeKnown => "serve_known",
    };
    let mut configuration = json!({
        "version": 1,
        "gateway_id": records::gateway(scenario).to_string(),
        "unknown_route": match gateway.unknown_route {
            UnknownRoute::Refuse => "refuse",
            UnknownRoute::Pass => "pass",
        },
        "peppers": peppers,
        "snapshot_keys": [BASE64.encode(records::signing_key().verifying_key().as_bytes())],
        "staleness": {"max_seconds": gateway.staleness.max_seconds, "then": then},
        "hide_credentials": gateway.hide_credentials,
    });
    let mut set = |name: &str, value: Value| {
        if let Some(members) = configuration.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    if let Some(kind) = host.kind() {
        set("host", kind.into());
    }
    if let Some(service) = &gateway.service {
        set("service", scenario.cast.text(service)?.into());
    }
    if let Some(realm) = &gateway.realm {
        set("realm", realm.as_str().into());
    }
    if !scenario.snapshot.missing {
        let bundle = records::bundle(scenario, start)?;
        set("snapshot", json!({"inline": BASE64.encode(bundle)}));
    }
    if follow || scenario.snapshot.missing {
        set(
            "sync",
            json!({
                "upstream": host.upstream(),
                "token": TOKEN,
                "wait_seconds": 0,
                "timeout_ms": 1000,
            }),
        );
    }
    Ok(configuration)
}
