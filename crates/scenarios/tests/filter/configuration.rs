//! The filter, and its configuration for a scenario.

use std::env;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gatekey_scenarios::document::{UnknownRoute, WhenStale};
use gatekey_scenarios::{Scenario, names, records};
use serde_json::{Value, json};

/// The cluster in which the portal is found.
pub(crate) const PORTAL: &str = "portal";

/// What a test needs from outside; without it the test is left out, but never on CI.
pub(crate) fn needed(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable).map(PathBuf::from);
    if value.is_none() {
        assert!(env::var_os("CI").is_none(), "`{variable}` is not set");
        println!("left out: `{variable}` is not set, `cargo xtask test` sets it");
    }
    value
}

/// The module that holds key authentication and nothing else.
pub(crate) fn filter() -> Option<PathBuf> {
    needed("GATEKEY_FILTERS_DIR").map(|folder| folder.join("gatekey_key_auth.wasm"))
}

/// The configuration of the filter for a scenario that starts at this second.
pub(crate) fn of(scenario: &Scenario, start: u64, follow: bool) -> Value {
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
    if let Some(service) = &gateway.service {
        configuration["service"] = scenario.cast.text(service).unwrap().into();
    }
    if let Some(realm) = &gateway.realm {
        configuration["realm"] = realm.as_str().into();
    }
    if !scenario.snapshot.missing {
        let bundle = records::bundle(scenario, start).unwrap();
        configuration["snapshot"] = json!({"inline": BASE64.encode(bundle)});
    }
    if follow || scenario.snapshot.missing {
        configuration["sync"] = json!({
            "upstream": {"envoy_cluster": PORTAL, "authority": "portal.test"},
            "token": "gateway-token",
            "wait_seconds": 0,
            "timeout_ms": 1000,
        });
    }
    configuration
}
