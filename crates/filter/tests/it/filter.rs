//! The module under test, and a world with a portal around it.

use core::time::Duration;
use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use gatekey_host_harness::{
    Artifact, Log, Outcome, Plugin, Profile, Request, StartError, Transcript, UnixMillis, WorkerId,
    World, WorldBuilder,
};
use serde_json::{Value, json};

use crate::portal::{GATEWAY, Portal, START};

/// The module that `cargo xtask build-filters` made; without it, one that is built here.
pub static FILTER: LazyLock<Artifact> = LazyLock::new(|| module("key-auth"));

/// The same with the filter for OpenID Connect alone.
pub static OPENID_CONNECT: LazyLock<Artifact> = LazyLock::new(|| module("openid-connect"));

/// Where that filter is.
pub fn openid_connect() -> PathBuf {
    file("openid-connect")
}

/// The module of one of the folders of `filters`.
pub fn module(name: &str) -> Artifact {
    let file = file(name);
    Artifact::from_file(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn file(name: &str) -> PathBuf {
    let file = format!("gatekey_{}.wasm", name.replace('-', "_"));
    match env::var_os("GATEKEY_FILTERS_DIR") {
        Some(folder) => PathBuf::from(folder).join(file),
        None => build(name).join(file),
    }
}

fn build(name: &str) -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("guest");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", &format!("gatekey-{name}"), "--profile", "filter"])
        .args(["--target", "wasm32-wasip1", "--target-dir"])
        .arg(&target)
        .status();
    assert!(status.unwrap().success(), "the filter does not build for wasm32-wasip1");
    target.join("wasm32-wasip1/filter")
}

/// A configuration that follows the portal with polls of a second.
pub fn configuration(portal: &Portal) -> Value {
    json!({
        "version": 1,
        "gateway_id": GATEWAY.to_string(),
        "service": "flights",
        "peppers": [portal.pepper_json()],
        "snapshot_keys": [portal.key_base64()],
        "sync": {
            "upstream": {"envoy_cluster": "portal", "authority": "portal.test"},
            "token": "gateway-token",
            "wait_seconds": 1,
            "timeout_ms": 1000,
        },
    })
}

/// The hosts that are nginx with a module, as profiles name them.
pub const NGINX: [&str; 3] = ["ngx-0.6", "ngx-0.5", "kong-3.9"];
/// Where they find the portal.
const ADDRESS: &str = "portal.test:8180";

/// The same for one of [`NGINX`].
pub fn nginx_configuration(portal: &Portal, profile: &str) -> Value {
    let mut configuration = configuration(portal);
    configuration["host"] = json!(if profile.starts_with("kong") { "kong" } else { "nginx" });
    configuration["sync"]["upstream"] = json!({"address": ADDRESS, "authority": "portal.test"});
    configuration
}

pub fn nginx_builder(profile: &str, portal: &Portal) -> WorldBuilder {
    nginx_world(Profile::named(profile).unwrap(), portal)
}

pub fn nginx_world(profile: Profile, portal: &Portal) -> WorldBuilder {
    nginx_world_at(ADDRESS, profile, portal)
}

pub fn nginx_world_at(address: &str, profile: Profile, portal: &Portal) -> WorldBuilder {
    World::builder(profile).seed(7).clock(UnixMillis(START.0)).upstream(address, portal.upstream())
}

pub fn world(portal: &Portal) -> World {
    world_of(Profile::envoy(), portal)
}

pub fn world_of(profile: Profile, portal: &Portal) -> World {
    World::builder(profile)
        .seed(7)
        .clock(UnixMillis(START.0))
        .upstream("portal", portal.upstream())
        .build()
}

pub fn plugin(configuration: &Value) -> Plugin {
    Plugin::new("key-auth", configuration.to_string())
}

pub fn start(world: &mut World, configuration: &Value) -> WorkerId {
    world.start(&FILTER, plugin(configuration)).unwrap()
}

/// A worker that holds the portal's policy, and the key of number 1.
pub fn serving() -> (World, WorkerId, String) {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut world = world(&portal);
    let worker = start(&mut world, &configuration(&portal));
    wait(&mut world, 1_000);
    (world, worker, one)
}

pub fn start_many(world: &mut World, configuration: &Value, workers: usize) -> Vec<WorkerId> {
    world.start_many(&FILTER, plugin(configuration), workers).unwrap()
}

/// What the operator reads in the log when the configuration is refused.
pub fn refusal(world: &mut World, configuration: &str) -> String {
    match world.start(&FILTER, Plugin::new("key-auth", configuration)) {
        Err(StartError::ConfigurationRefused { logs }) => text(&logs),
        other => panic!("{other:?}"),
    }
}

pub fn call(world: &mut World, worker: WorkerId, key: &str) -> Transcript {
    world.request(worker, Request::get("/flights").header("apikey", key))
}

/// The status that the client sees, 200 for what reaches the upstream.
pub fn status(world: &mut World, worker: WorkerId, key: &str) -> u16 {
    match call(world, worker, key).outcome {
        Outcome::Upstream { .. } => 200,
        Outcome::Local { status, .. } => status,
        other => panic!("{other:?}"),
    }
}

/// Host calls of an allowed request: one read, one removal, eight headers set.
pub const FILTERED: u64 = 10;

pub fn wait(world: &mut World, millis: u64) {
    world.advance(Duration::from_millis(millis));
}

/// Everything a worker logged.
pub fn logs(world: &World, worker: WorkerId) -> String {
    text(world.logs(worker))
}

fn text(logs: &[Log]) -> String {
    let lines = logs.iter().map(|log| String::from_utf8_lossy(&log.bytes));
    lines.collect::<Vec<_>>().join("\n")
}
