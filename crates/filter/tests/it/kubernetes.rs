//! The examples for Istio and Envoy Gateway: the objects have the shape that the two publish, and the
//! configuration in them works.

use gatekey_filter::config::Config;
use gatekey_host_harness::{Outcome, Plugin, Profile, Request, UnixMillis, World};
use serde_json::{Value, json};

use crate::example::{filled_in, is_described};
use crate::filter::{module, wait};
use crate::portal::{Portal, START};

const GATEWAY: &str = include_str!("../../../../examples/istio/gateway.yaml");
const SIDECAR: &str = include_str!("../../../../examples/istio/sidecar.yaml");
const OUTSIDE: &str = include_str!("../../../../examples/istio/portal-outside.yaml");
const ENVOY_GATEWAY: &str = include_str!("../../../../examples/envoy-gateway/gatekey.yaml");
const DOCKERFILE: &str = include_str!("../../../../examples/istio/Dockerfile");
const SCHEMA: &str = include_str!("../../../../filters/application-auth/config.schema.json");

/// The members of the objects that the examples use, with what may stand in them: `null` is anything, a
/// text is any text, a list of one is a list of such, a list of several texts is one of them.
fn shapes() -> Value {
    let target = json!([{"group": "", "kind": "", "name": "", "sectionName": ""}]);
    json!({
        // extensions/v1alpha1/wasm.proto of Istio's API.
        "WasmPlugin": {
            "apiVersion": "extensions.istio.io/v1alpha1",
            "spec": {
                "selector": {"matchLabels": null},
                "targetRefs": target,
                "url": "", "sha256": "", "imagePullPolicy": ["IfNotPresent", "Always"],
                "imagePullSecret": "", "pluginConfig": null, "pluginName": "",
                "phase": ["AUTHN", "AUTHZ", "STATS"],
                "priority": null,
                "failStrategy": ["FAIL_CLOSED", "FAIL_OPEN", "FAIL_RELOAD"],
                "match": [{"mode": ["CLIENT", "SERVER", "CLIENT_AND_SERVER"], "ports": null}],
                "type": ["HTTP", "NETWORK"],
            },
        },
        "ServiceEntry": {
            "apiVersion": "networking.istio.io/v1",
            "spec": {
                "hosts": [""],
                "location": ["MESH_EXTERNAL", "MESH_INTERNAL"],
                "resolution": ["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN"],
                "ports": [{"number": null, "name": "", "protocol": "", "targetPort": null}],
            },
        },
        "DestinationRule": {
            "apiVersion": "networking.istio.io/v1",
            "spec": {
                "host": "",
                "trafficPolicy": {
                    "tls": {
                        "mode": ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"],
                        "sni": "", "caCertificates": "", "subjectAltNames": [""],
                    },
                },
            },
        },
        // The custom resources of Envoy Gateway.
        "EnvoyExtensionPolicy": {
            "apiVersion": "gateway.envoyproxy.io/v1alpha1",
            "spec": {
                "targetRefs": target,
                "wasm": [{
                    "name": "", "rootID": "", "failOpen": null, "config": null,
                    "code": {
                        "type": ["HTTP", "Image"],
                        "image": {"url": "", "sha256": "", "pullSecretRef": null},
                        "http": {"url": "", "sha256": ""},
                    },
                }],
            },
        },
        "EnvoyPatchPolicy": {
            "apiVersion": "gateway.envoyproxy.io/v1alpha1",
            "spec": {
                "targetRef": {"group": "", "kind": "", "name": ""},
                "type": ["JSONPatch", "JSONPatch"],
                "priority": null,
                "jsonPatches": [{
                    "type": "", "name": "",
                    "operation": {
                        "op": ["add", "remove", "replace", "move", "copy", "test"],
                        "path": "", "from": "", "value": null,
                    },
                }],
            },
        },
        "ClientTrafficPolicy": {
            "apiVersion": "gateway.envoyproxy.io/v1alpha1",
            "spec": {
                "targetRefs": target,
                "path": {
                    "escapedSlashesAction":
                        ["KeepUnchanged", "RejectRequest", "UnescapeAndForward", "UnescapeAndRedirect"],
                    "disableMergeSlashes": null,
                },
                "headers": {"withUnderscoresAction": ["Allow", "RejectRequest", "DropHeader"]},
            },
        },
    })
}

fn has_shape(value: &Value, shape: &Value, at: &str) {
    match shape {
        Value::Null => {}
        Value::String(_) => assert!(value.is_string(), "{at}: {value}"),
        Value::Array(words) if words.len() > 1 => assert!(words.contains(value), "{at}: {value}"),
        Value::Array(items) => {
            for item in value.as_array().unwrap_or_else(|| panic!("{at}: {value}")) {
                has_shape(item, &items[0], at);
            }
        }
        Value::Object(members) => {
            for (name, value) in value.as_object().unwrap_or_else(|| panic!("{at}: {value}")) {
                let shape = members.get(name).unwrap_or_else(|| panic!("{at}: `{name}`"));
                has_shape(value, shape, &format!("{at}.{name}"));
            }
        }
        other => panic!("no shape: {other}"),
    }
}

/// The objects of a file, each of a known kind and shape.
fn objects(text: &str) -> Vec<Value> {
    let shapes = shapes();
    let objects: Vec<Value> =
        text.split("\n---\n").map(|text| serde_saphyr::from_str(text).unwrap()).collect();
    for object in &objects {
        let kind = object["kind"].as_str().unwrap();
        assert_eq!(object["apiVersion"], shapes[kind]["apiVersion"], "{kind}");
        assert!(
            object["metadata"]["name"].is_string() && object["metadata"]["namespace"].is_string()
        );
        has_shape(&object["spec"], &shapes[kind]["spec"], kind);
    }
    objects
}

/// A request with a key passes, one without it does not.
fn holds(configuration: &Value, portal: &Portal) {
    Config::parse(configuration.to_string().as_bytes()).unwrap();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    is_described(&schema, "Filter", configuration);
    is_described(&schema, "Sync", &configuration["sync"]);
    is_described(&schema, "Upstream", &configuration["sync"]["upstream"]);
    let one = portal.issue(1);
    let cluster = configuration["sync"]["upstream"]["envoy_cluster"].as_str().unwrap();
    let mut world = World::builder(Profile::envoy())
        .seed(7)
        .clock(UnixMillis(START.0))
        .upstream(cluster, portal.upstream())
        .build();
    let plugin = Plugin::new("gatekey", configuration.to_string());
    let worker = world.start(&module("application-auth"), plugin).unwrap();
    wait(&mut world, 2_000);
    let passed = world.request(worker, Request::get("/flights/1").header("apikey", &one));
    assert!(matches!(passed.outcome, Outcome::Upstream { .. }), "{:?}", world.logs(worker));
    assert_eq!(world.request(worker, Request::get("/flights/1")).status(), Some(401));
}

#[test]
fn the_examples_for_istio_work() {
    for text in [GATEWAY, SIDECAR] {
        let portal = Portal::new();
        portal.route_everything();
        let [plugin] = &objects(&filled_in(text, &portal))[..] else { panic!("one object") };
        assert_eq!(plugin["spec"]["failStrategy"], "FAIL_CLOSED");
        assert_eq!(plugin["spec"]["url"], "oci://GATEKEY_MODULE");
        holds(&plugin["spec"]["pluginConfig"], &portal);
    }
    assert_eq!(objects(OUTSIDE).len(), 2);
    assert!(DOCKERFILE.contains("\nCOPY gatekey_application_auth.wasm ./plugin.wasm\n"));
}

#[test]
fn the_example_for_envoy_gateway_works() {
    let portal = Portal::new();
    portal.route_everything();
    let [policy, patch, _] = &objects(&filled_in(ENVOY_GATEWAY, &portal))[..] else {
        panic!("three objects")
    };
    let [wasm] = &policy["spec"]["wasm"].as_array().unwrap()[..] else { panic!("one filter") };
    assert_eq!(wasm["failOpen"], false);
    let cluster = &patch["spec"]["jsonPatches"][0]["operation"]["value"];
    assert_eq!(wasm["config"]["sync"]["upstream"]["envoy_cluster"], cluster["name"]);
    assert_eq!(cluster["load_assignment"]["cluster_name"], cluster["name"]);
    holds(&wasm["config"], &portal);
}

#[test]
#[should_panic(expected = "failStrateg")]
fn a_misspelt_member_is_found() {
    objects(&GATEWAY.replace("failStrategy", "failStrateg"));
}
