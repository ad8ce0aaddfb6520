//! The examples with an identity provider do what they say.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use gatekey_core::oidc::settings::Settings;
use gatekey_filter::config::{Config, Entry};
use gatekey_host_harness::{
    Outcome, Plugin, Profile, Request, UnixMillis, Upstream, UpstreamReply, World, WorldBuilder,
};
use serde_json::{Value, json};

use crate::example::{directives, filled_in, is_described, megabytes};
use crate::filter::{OPENID_CONNECT, nginx_world_at, openid_connect, wait};
use crate::portal::{APPLICATION, Portal, START};

const ENVOY_YAML: &str = include_str!("../../../../examples/envoy/openid-connect.yaml");
const NGINX_CONF: &str = include_str!("../../../../examples/kong/openid-connect.conf");
const GUIDE: &str = include_str!("../../../../docs/openid-connect.md");
const SCHEMA: &str = include_str!("../../../../filters/openid-connect/config.schema.json");

/// A key of the provider, and a token of the client `planner` that it signed and that lasts until
/// the year 2100.
const JWKS: &str = r#"{"keys":[{"kid":"k1","crv":"Ed25519","x":"DXVQdU4IAKXSN-71gmA1dmubPloVhoqUCrKJlYeI47A","kty":"OKP"}]}"#;
const TOKEN: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbSIsInN1YiI6InBsYW5uZXIiLCJhdWQiOiJodHRwczovL2FwaS5leGFtcGxlLmNvbSIsImV4cCI6NDEwMjQ0NDgwMH0.9G5mVRKgs1m-UOKgMtfZ975qo7yJyS_f9gXTOGwfQsevHuOxMV_TToR6NiTT7v3PHyx_aBJQFdjTGc-_5CLFAw";
const CLIENT: &str = "planner";

/// The pieces of JSON in the guide.
fn pieces() -> Vec<Value> {
    let blocks = GUIDE.split("```json\n").skip(1);
    let texts = blocks.map(|block| block.split_once("```").unwrap().0);
    texts.map(|text| serde_json::from_str(text).unwrap()).collect()
}

/// The first strategy of the guide.
fn strategy() -> Value {
    let mut pieces = pieces().into_iter();
    pieces.find_map(|piece| piece["configs"].get("openid-connect").cloned()).unwrap()
}

#[test]
fn every_piece_of_the_guide_is_taken() {
    let portal = portal();
    let document: Value = serde_saphyr::from_str(&whole(ENVOY_YAML, &portal)).unwrap();
    let (mut strategies, mut configurations) = (0, 0);
    for piece in pieces() {
        if let Some(settings) = piece["configs"].get("openid-connect") {
            let read = Settings::parse(settings.to_string().as_bytes());
            assert!(read.is_ok(), "{piece}: {}", read.unwrap_err());
            strategies += 1;
            continue;
        }
        let mut configuration = in_envoy(&document);
        let members = piece.as_object().unwrap().clone();
        configuration.as_object_mut().unwrap().extend(members);
        is_described_throughout(&configuration);
        configurations += 1;
    }
    assert!(strategies >= 5 && configurations >= 1, "{strategies} {configurations}");
}

fn portal() -> Portal {
    let portal = Portal::new();
    portal.open_id_connect(&strategy(), CLIENT);
    portal
}

fn provider() -> Upstream {
    Upstream::respond(|request| {
        assert_eq!(request.headers.get(":authority"), Some(&b"idp.example.com"[..]));
        match &*request.path() {
            "/.well-known/openid-configuration" => UpstreamReply::ok(
                json!({
                    "issuer": "https://idp.example.com",
                    "jwks_uri": "https://idp.example.com/jwks",
                })
                .to_string(),
            ),
            "/jwks" => UpstreamReply::ok(JWKS),
            _ => UpstreamReply::status(404),
        }
    })
}

/// The text with what an operator puts in; every word is replaced.
fn whole(text: &str, portal: &Portal) -> String {
    let text = filled_in(text, portal)
        .replace(
            "GATEKEY_FILTER_WASM",
            &Value::from(openid_connect().to_str().unwrap()).to_string(),
        )
        .replace("GATEKEY_CLIENT_SECRET", "secret")
        .replace("GATEKEY_SESSION_SECRET", "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    assert_eq!(lines.filter(|line| line.contains("GATEKEY_")).count(), 0);
    text
}

fn is_described_throughout(configuration: &Value) {
    Config::parse(configuration.to_string().as_bytes()).unwrap();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    is_described(&schema, "Filter", configuration);
    is_described(&schema, "Sync", &configuration["sync"]);
    for upstream in configuration["upstreams"].as_object().unwrap().values() {
        is_described(&schema, "Upstream", upstream);
    }
}

/// A request with the token passes and without it does not; neither does one with another token.
fn holds(builder: WorldBuilder, chain: &[Value]) {
    let mut world = builder.build();
    let chain: Vec<_> = chain
        .iter()
        .map(|entry| (OPENID_CONNECT.clone(), Plugin::new("gatekey", entry.to_string())))
        .collect();
    for worker in world.start_chain(&chain, 2).unwrap() {
        wait(&mut world, 6_000);
        let with = |token: &str| {
            Request::get("/flights/1").header("authorization", format!("Bearer {token}"))
        };
        let Outcome::Upstream { headers } = world.request(worker, with(TOKEN)).outcome else {
            panic!("refused: {:?}", world.logs(worker))
        };
        assert_eq!(headers.get("x-application-id"), Some(APPLICATION.to_string().as_bytes()));
        assert!(headers.get_all("authorization").iter().all(|value| value.is_empty()));
        let forged = TOKEN.replace(".9G5m", ".9G5A");
        for request in [Request::get("/flights/1"), with(&forged), with("opaque")] {
            let transcript = world.request(worker, request);
            assert_eq!(transcript.status(), Some(401), "{:?}", world.logs(worker));
        }
        assert_eq!(world.reloads(worker), 0, "no trap");
    }
}

/// What Envoy's file says about the filter.
fn in_envoy(document: &Value) -> Value {
    let listener = &document["static_resources"]["listeners"][0];
    let manager = &listener["filter_chains"][0]["filters"][0]["typed_config"];
    let filter = &manager["http_filters"][0]["typed_config"]["config"];
    serde_json::from_str(filter["configuration"]["value"].as_str().unwrap()).unwrap()
}

#[test]
fn the_example_for_envoy_works() {
    let portal = portal();
    let document: Value = serde_saphyr::from_str(&whole(ENVOY_YAML, &portal)).unwrap();
    let mut configuration = in_envoy(&document);
    is_described_throughout(&configuration);

    let clusters = document["static_resources"]["clusters"].as_array().unwrap();
    let calls = configuration["upstreams"].as_object().unwrap().values();
    for upstream in calls.chain([&configuration["sync"]["upstream"]]) {
        let named = |cluster: &&Value| cluster["name"] == upstream["envoy_cluster"];
        let cluster = clusters.iter().find(named).expect("a cluster for every upstream");
        let tls = &cluster["transport_socket"]["typed_config"];
        assert_eq!(tls["sni"], upstream["authority"]);
        let verifies = &tls["common_tls_context"]["validation_context"];
        assert!(verifies["trusted_ca"]["filename"].is_string());
        let name = &verifies["match_typed_subject_alt_names"][0]["matcher"]["exact"];
        assert_eq!(*name, upstream["authority"]);
    }

    // The harness knows no routes: what a route's metadata says is said here.
    configuration["service"] = json!("flights");
    let world = World::builder(Profile::envoy())
        .seed(7)
        .clock(UnixMillis(START.0))
        .upstream("gatekey_portal", portal.upstream())
        .upstream("idp", provider());
    holds(world, &[configuration]);
}

#[test]
fn a_real_envoy_takes_the_example() {
    let Some(envoy) = env::var_os("GATEKEY_ENVOY") else {
        println!("GATEKEY_ENVOY is not set: not tried");
        return;
    };
    let text = whole(ENVOY_YAML, &portal());
    let refusal = |name: &str, text: &str| {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&file, text).unwrap();
        refusal_of(Path::new(&envoy), &file)
    };
    assert_eq!(refusal("openid-connect.yaml", &text), None);
    let broken = text.replace("\"version\": 1", "\"version\": 2");
    let told = refusal("openid-connect-broken.yaml", &broken).unwrap();
    assert!(told.contains("version: is 2"), "{told}");
}

/// Why Envoy does not take a file.
fn refusal_of(envoy: &Path, file: &Path) -> Option<String> {
    let mut command = Command::new(envoy);
    command.args(["--mode", "validate", "--log-level", "error", "--config-path"]).arg(file);
    let output = command.output().unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_example_for_nginx_works() {
    let portal = portal();
    portal.route_everything();
    let text = whole(NGINX_CONF, &portal);
    let chain: Vec<Value> = directives(&text, "proxy_wasm")
        .iter()
        .map(|value| {
            let (module, json) = value.split_once(' ').unwrap();
            assert_eq!(module, "gatekey_openid_connect");
            let json = json.strip_prefix('\'').and_then(|json| json.strip_suffix('\'')).unwrap();
            assert!(json.len() < 4_000, "nginx takes no longer word");
            serde_json::from_str(json).unwrap()
        })
        .collect();
    let [filter, gate] = chain.as_slice() else { panic!("{} entries", chain.len()) };
    is_described_throughout(filter);
    assert!(matches!(Entry::parse(gate.to_string().as_bytes()), Ok(Entry::Gate)));

    for name in ["tls_verify_cert", "tls_verify_host"] {
        assert_eq!(directives(&text, name), ["on"]);
    }
    assert_eq!(directives(&text, "tls_trusted_certificate").len(), 1);
    let zone = filter["shared_data_zone"].as_str().unwrap();
    let [declared] = &directives(&text, "shm_kv")[..] else { panic!("one zone") };
    let bytes = megabytes(declared.strip_prefix(zone).unwrap().trim());
    assert!(bytes as u64 >= 4 * filter["shared_data_max_bytes"].as_u64().unwrap());

    let address = |upstream: &Value| upstream["address"].as_str().unwrap().to_owned();
    let world = nginx_world_at(&address(&filter["sync"]["upstream"]), Profile::ngx_0_6(), &portal)
        .upstream(&address(&filter["upstreams"]["idp.example.com"]), provider())
        .shared_zone(zone, bytes);
    holds(world, &chain);
}
