//! Envoy, and its configuration.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::process::{Folder, Program};
use crate::tools::Tools;

const FILTERS: &str = "type.googleapis.com/envoy.extensions.filters";

/// What Envoy is made of.
#[derive(Debug)]
pub(crate) struct Bootstrap<'a> {
    pub(crate) port: u16,
    pub(crate) admin: u16,
    pub(crate) upstream: u16,
    /// Identity providers: the ports where they listen.
    pub(crate) providers: &'a [u16],
    /// Prefixes of paths, and the service that each leads to.
    pub(crate) routes: &'a [(String, String)],
    /// The filter's module, as it is called in the folder of the filters.
    pub(crate) module: &'a str,
    pub(crate) filter_configuration: &'a str,
    pub(crate) workers: u32,
}

/// The cluster of a provider.
pub(crate) fn cluster_of(port: u16) -> String {
    format!("provider-{port}")
}

pub(crate) fn start(tools: &Tools, folder: &Folder, bootstrap: &Bootstrap<'_>) -> Program {
    let path = folder.path().join("envoy.json");
    let filter = tools.filters.join(format!("{}.wasm", bootstrap.module));
    fs::write(&path, configuration(bootstrap, &filter).to_string()).expect("the folder");
    let mut command = Command::new(&tools.envoy);
    command
        .args(["--concurrency", &bootstrap.workers.to_string(), "--disable-hot-restart"])
        .args(["--log-level", "warn", "--component-log-level", "wasm:info", "--config-path"])
        .arg(path);
    Program::start("envoy", &mut command, bootstrap.port, folder)
}

fn configuration(bootstrap: &Bootstrap<'_>, filter: &Path) -> Value {
    let mut clusters = vec![cluster("upstream", bootstrap.upstream)];
    clusters.extend(bootstrap.providers.iter().map(|port| cluster(&cluster_of(*port), *port)));
    json!({
        "admin": {"address": socket(bootstrap.admin)},
        "static_resources": {"listeners": [listener(bootstrap, filter)], "clusters": clusters},
    })
}

fn cluster(name: &str, port: u16) -> Value {
    json!({
        "name": name,
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket(port)}}]}],
        },
    })
}

fn listener(bootstrap: &Bootstrap<'_>, filter: &Path) -> Value {
    let route = |(prefix, service): &(String, String)| {
        json!({
            "match": {"path_separated_prefix": prefix},
            "route": {"cluster": "upstream"},
            "metadata": {"filter_metadata": {"gatekey": {"service": service}}},
        })
    };
    let routes: Vec<_> = bootstrap.routes.iter().map(route).collect();
    let connection_manager = json!({
        "@type": format!("{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "gateway",
        "route_config": {
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}],
            "response_headers_to_add": [
                {"header": {"key": "x-details", "value": "%RESPONSE_CODE_DETAILS%"}},
            ],
        },
        "http_filters": [wasm(filter, bootstrap.filter_configuration), {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": format!("{FILTERS}.http.router.v3.Router")},
        }],
    });
    json!({
        "name": "gateway",
        "address": socket(bootstrap.port),
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
                "root_id": "gatekey",
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

fn socket(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}
