//! Envoy's bootstrap configuration: one listener per chain.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::chain::{Chain, Verified, Verifier};
use crate::clients;
use crate::population::{KEY_HEADER, Population};
use crate::tokens::{AUDIENCE, ISSUER, Provider};

const FILTERS: &str = "type.googleapis.com/envoy.extensions.filters";

pub(super) fn of(
    listeners: &[(&Chain, u16)],
    population: &Population,
    provider: &Provider,
) -> Result<String> {
    let listeners: Vec<Value> = listeners
        .iter()
        .map(|(chain, port)| listener(chain, *port, population, provider))
        .collect::<Result<_>>()?;
    Ok(json!({ "static_resources": { "listeners": listeners } }).to_string())
}

fn listener(
    chain: &Chain,
    port: u16,
    population: &Population,
    provider: &Provider,
) -> Result<Value> {
    let name = chain.name();
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": { "@type": format!("{FILTERS}.http.router.v3.Router") },
    });
    let filter = filter(chain, population, provider)?;
    let filters: Vec<Value> = filter.into_iter().chain([router]).collect();
    let route = json!({
        "match": { "prefix": "/" },
        "direct_response": { "status": 200, "body": { "inline_string": "ok" } },
    });
    // As in `examples/envoy/envoy.yaml`.
    let connection_manager = json!({
        "@type": format!(
            "{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager"
        ),
        "stat_prefix": name,
        "use_remote_address": true,
        "normalize_path": true,
        "merge_slashes": true,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": { "headers_with_underscores_action": "REJECT_REQUEST" },
        "route_config": {
            "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [route] }],
        },
        "http_filters": filters,
    });
    Ok(json!({
        "name": name,
        "address": { "socket_address": { "address": "127.0.0.1", "port_value": port } },
        "filter_chains": [{
            "filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": connection_manager,
            }],
        }],
    }))
}

fn filter(chain: &Chain, population: &Population, provider: &Provider) -> Result<Option<Value>> {
    Ok(match chain {
        Chain::Empty | Chain::EmptyWithToken => None,
        Chain::Noop(name, module) => Some(wasm(name, module, "")?),
        Chain::ApiKeyAuth => Some(api_key_auth(population)),
        Chain::KeyAuth(name, module) => {
            let configuration = population.inline_configuration(&population.snapshot()?);
            Some(wasm(name, module, &configuration.to_string())?)
        }
        Chain::Tokens(name, module, _, verified, verifier) => {
            let snapshot = clients::snapshot(population, provider)?;
            let mut configuration = population.inline_configuration(&snapshot);
            if let Some(fields) = configuration.as_object_mut() {
                fields.insert("accelerator".to_owned(), json!(*verifier == Verifier::Host));
                if *verified == Verified::EachTime {
                    fields.insert("token_cache_entries".to_owned(), json!(0));
                }
            }
            Some(wasm(name, module, &configuration.to_string())?)
        }
        Chain::JwtAuthn(_, verified) => Some(jwt_authn(*verified, provider)?),
    })
}

fn wasm(name: &str, module: &Path, configuration: &str) -> Result<Value> {
    let module = module.to_str().context("the module's path is not UTF-8")?;
    Ok(json!({
        "name": name,
        "typed_config": {
            "@type": format!("{FILTERS}.http.wasm.v3.Wasm"),
            "config": {
                "name": name,
                "failure_policy": "FAIL_CLOSED",
                "vm_config": {
                    "vm_id": name,
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": { "local": { "filename": module } },
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": configuration,
                },
            },
        },
    }))
}

fn api_key_auth(population: &Population) -> Value {
    let credentials: Vec<Value> = population
        .keys()
        .enumerate()
        .map(|(number, key)| json!({ "key": key, "client": format!("application-{number}") }))
        .collect();
    json!({
        "name": "envoy.filters.http.api_key_auth",
        "typed_config": {
            "@type": format!("{FILTERS}.http.api_key_auth.v3.ApiKeyAuth"),
            "credentials": credentials,
            "key_sources": [{ "header": KEY_HEADER }],
            "forwarding": { "header": "x-consumer-username", "hide_credentials": true },
        },
    })
}

fn jwt_authn(verified: Verified, provider: &Provider) -> Result<Value> {
    let mut settings = json!({
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "local_jwks": { "inline_string": provider.key_set()?.to_string() },
    });
    if verified == Verified::Once
        && let Some(fields) = settings.as_object_mut()
    {
        fields.insert("jwt_cache_config".to_owned(), json!({ "jwt_cache_size": 4_096 }));
    }
    Ok(json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": format!("{FILTERS}.http.jwt_authn.v3.JwtAuthentication"),
            "providers": { "idp": settings },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "idp" } }],
        },
    }))
}
