//! A module made by the Proxy-Wasm Rust SDK: the yardstick filter.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use gatekey_host_harness::{Artifact, Plugin, Profile, Request, Upstream, UpstreamReply, World};

/// Built once per run, by a cargo of its own: this one holds the lock of its target folder.
static NOOP: LazyLock<Artifact> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    eprintln!("building gatekey-sdk-noop into {} ...", target.display());
    let built = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "--package", "gatekey-sdk-noop"])
        .args(["--target", "wasm32-wasip1", "--profile", "filter"])
        .env("CARGO_TARGET_DIR", &target)
        // What the outer build was told for its own target does not fit a guest.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Artifact::from_file(target.join("wasm32-wasip1/filter/gatekey_sdk_noop.wasm")).unwrap()
});

#[test]
fn it_starts_and_lets_requests_through_on_every_profile() {
    for profile in [Profile::spec(), Profile::envoy()] {
        let mut world = World::builder(profile).build();
        let worker = world.start(&NOOP, Plugin::new("noop", "{}")).unwrap();
        world.set_origin(Upstream::always(UpstreamReply::ok("hello").trailer("t", "1")));
        let request = Request::post("/").header("x", b"\xff").chunk("a").trailer("u", "2");
        let transcript = world.request(worker, request);
        assert!(transcript.failure.is_none(), "{transcript}");
        assert_eq!(transcript.upstream.as_ref().unwrap().body, b"a");
        assert_eq!(transcript.response.as_ref().unwrap().body, b"hello");
        let names: Vec<&str> = transcript.callbacks.iter().map(|c| c.name).collect();
        assert_eq!(names.len(), 10, "{names:?}");
        assert_eq!(transcript.host_call_count(), 0);
    }
}

#[test]
fn its_cost_and_memory_stay_level() {
    let mut world = World::builder(Profile::envoy()).build();
    let worker = world.start(&NOOP, Plugin::new("noop", "{}")).unwrap();
    for _ in 0..50 {
        world.request(worker, Request::get("/"));
    }
    let one = world.request(worker, Request::get("/"));
    for _ in 0..500 {
        world.request(worker, Request::get("/"));
    }
    let other = world.request(worker, Request::get("/"));
    assert_eq!(one.memory_after, other.memory_after);
    assert!(other.fuel > 0 && other.fuel < one.fuel * 2, "{} {}", one.fuel, other.fuel);
    assert_eq!(world.open_streams(worker), 0);
}

#[test]
fn its_imports_are_all_offered_and_listed() {
    let imports = NOOP.imports();
    assert!(imports.iter().any(|import| import == "env.proxy_http_call"), "{imports:?}");
    let exports = NOOP.exports();
    assert!(exports.iter().any(|export| export == "proxy_on_request_headers"));
    assert!(NOOP.size() > 10_000);
}
