//! Envoy's configuration.

use std::path::Path;

use gatekey_scenarios::host::CLUSTER;
use serde_json::{Value, json};

const FILTERS: &str = "type.googleapis.com/envoy.extensions.filters";
/// The response header in which Envoy tells why it answered.
pub(super) const DETAILS: &str = "x-details";

pub(super) fn of(listeners: &[Value], upstream: &Path) -> Value {
    let cluster = |name: &str, socket: &Path| {
        json!({
            "name": name,
            "connect_timeout": "1s",
            "load_assignment": {
                "cluster_name": name,
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": pipe(socket)}}]}],
            },
        })
    };
    json!({
        "static_resources": {
            "listeners": listeners,
            "clusters": [
                cluster("upstream", upstream),
                // Nobody listens there: this portal never answers.
                cluster(CLUSTER, &upstream.with_file_name("nobody")),
            ],
        },
    })
}

/// A listener whose only route names this service. Envoy itself tidies nothing up: what the
/// client sends is what the filter has to cope with.
pub(super) fn listener(
    socket: &Path,
    filter: &Path,
    configuration: &str,
    service: Option<&str>,
) -> Value {
    let mut route = json!({"match": {"prefix": ""}, "route": {"cluster": "upstream"}});
    if let Some(service) = service {
        route["metadata"] = json!({"filter_metadata": {"gatekey": {"service": service}}});
    }
    let connection_manager = json!({
        "@type": format!("{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "scenario",
        "normalize_path": false,
        "merge_slashes": false,
        // A token may be huge; to say so is the filter's business.
        "max_request_headers_kb": 8192,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "common_http_protocol_options": {
            "headers_with_underscores_action": "ALLOW",
            "max_headers_count": 1000,
        },
        "route_config": {
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}],
            "response_headers_to_add": [{
                "header": {"key": DETAILS, "value": "%RESPONSE_CODE_DETAILS%"},
            }],
        },
        "http_filters": [wasm(filter, configuration), {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": format!("{FILTERS}.http.router.v3.Router")},
        }],
    });
    json!({
        "name": socket,
        "address": pipe(socket),
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": connection_manager,
        }]}],
    })
}

fn wasm(filter: &Path, configuration: &str) -> Value {
    json!({
        "name": "gatekey",
        "typed_config": {
            "@type": format!("{FILTERS}.http.wasm.v3.Wasm"),
            "config": {
                "name": "gatekey",
                "failure_policy": "FAIL_CLOSED",
                "vm_config": {
                    "vm_id": "gatekey",
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": filter}},
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": configuration,
                },
            },
        },
    })
}

fn pipe(socket: &Path) -> Value {
    json!({"pipe": {"path": socket}})
}
