//! Modules of every version of the ABI, and one in the manner of another SDK.

use gatekey_host_harness::{AbiVersion, Artifact, Plugin, Profile, Request, StartError, World};

use crate::guest::{both, lines};

fn compile(text: &str) -> Artifact {
    Artifact::compile(&wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))).unwrap()
}

/// A module of this version whose headers callbacks take these parameters.
fn counting(marker: &str, params: &str) -> Artifact {
    compile(&format!(
        r#"(module
          (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 64) "requestresponse")
          (func (export "proxy_abi_version_{marker}"))
          (func (export "malloc") (param i32) (result i32) i32.const 1024)
          (func (export "proxy_on_request_headers") (param {params}) (result i32)
            (drop (call $log (i32.const 2) (i32.const 64) (i32.const 7))) (i32.const 0))
          (func (export "proxy_on_response_headers") (param {params}) (result i32)
            (drop (call $log (i32.const 2) (i32.const 71) (i32.const 8))) (i32.const 0)))"#
    ))
}

#[test]
fn every_marker_is_known() {
    let versions = [
        ("0_1_0", "i32 i32", AbiVersion::V0_1_0),
        ("0_2_0", "i32 i32 i32", AbiVersion::V0_2_0),
        ("0_2_1", "i32 i32 i32", AbiVersion::V0_2_1),
    ];
    for (marker, params, version) in versions {
        let artifact = counting(marker, params);
        assert_eq!(artifact.abi(), version);
        for profile in both() {
            let mut world = World::builder(profile).build();
            let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
            let transcript = world.request(worker, Request::get("/"));
            assert_eq!(lines(&transcript.logs), ["request", "response"]);
        }
    }
}

#[test]
fn callbacks_of_another_version_are_refused() {
    for (marker, params) in [("0_1_0", "i32 i32 i32"), ("0_2_0", "i32 i32"), ("0_2_1", "i32 i32")] {
        let artifact = counting(marker, params);
        let error =
            World::builder(Profile::spec()).build().start(&artifact, Plugin::new("test", ""));
        let error = error.unwrap_err();
        assert!(matches!(error, StartError::Artifact(_)), "{error}");
        assert!(error.to_string().contains("proxy_on_request_headers"), "{error}");
    }
}

#[test]
fn what_only_the_first_version_had() {
    let artifact = compile(
        r#"(module
          (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
          (import "env" "proxy_get_configuration" (func $config (param i32 i32) (result i32)))
          (import "env" "proxy_continue_request" (func $go (result i32)))
          (import "env" "proxy_continue_response" (func $back (result i32)))
          (import "env" "proxy_clear_route_cache" (func $clear (result i32)))
          (import "env" "proxy_set_effective_context" (func $for (param i32) (result i32)))
          (import "env" "proxy_set_tick_period_milliseconds" (func $every (param i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "proxy_abi_version_0_1_0"))
          (func (export "malloc") (param i32) (result i32) i32.const 1024)
          (func $say (drop (call $config (i32.const 0) (i32.const 4)))
            (drop (call $log (i32.const 2) (i32.load (i32.const 0)) (i32.load (i32.const 4)))))
          (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (call $say) (i32.const 1))
          (func (export "proxy_on_configure") (param i32 i32) (result i32)
            (call $say) (call $every (i32.const 5)) (i32.eqz))
          (func (export "proxy_on_request_headers") (param i32 i32) (result i32)
            (call $clear) (i32.eqz))
          (func (export "proxy_on_response_headers") (param i32 i32) (result i32) (i32.const 1))
          (func (export "proxy_on_tick") (param i32)
            (drop (call $for (i32.const 2))) (drop (call $go)) (drop (call $back))))"#,
    );
    for profile in both() {
        let mut world = World::builder(profile).build();
        let mut plugin = Plugin::new("test", "plugin's");
        plugin.vm_configuration = b"vm's".to_vec();
        let worker = world.start(&artifact, plugin).unwrap();
        assert_eq!(lines(world.logs(worker)), ["vm's", "plugin's"]);
        // Both halves pause, and one tick each lets them go on.
        let transcript = world.request(worker, Request::get("/"));
        assert_eq!(transcript.status(), Some(200), "{transcript}");
    }
}

/// As SDKs for C++ and TinyGo make them: a command with `_start` and `malloc`, which allocates from
/// a heap of its own, answers from a table of contexts, and names what it logs.
#[test]
fn a_command_with_malloc_runs() {
    let artifact = compile(
        r#"(module
          (import "wasi_unstable" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (import "env" "emscripten_notify_memory_growth" (func $grew (param i32)))
          (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
          (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
          (import "env" "proxy_send_local_response"
            (func $answer (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 2)
          (global $heap (mut i32) (i32.const 70000))
          (global $live (mut i32) (i32.const 0))
          (data (i32.const 16) "x-tokenx-contexts0missing token")
          (data (i32.const 128) "\c8\00\00\00\08\00\00\00")
          (data (i32.const 200) "started\n")
          (func (export "proxy_abi_version_0_2_0"))
          (func (export "_start")
            (drop (call $write (i32.const 1) (i32.const 128) (i32.const 1) (i32.const 136))))
          (func (export "malloc") (param $size i32) (result i32) (local $at i32)
            (local.set $at (global.get $heap))
            (global.set $heap (i32.and (i32.add (i32.add (global.get $heap) (local.get $size))
              (i32.const 7)) (i32.const -8)))
            (call $grew (i32.const 0))
            (local.get $at))
          (func (export "free") (param i32))
          (func (export "proxy_on_context_create") (param $context i32) (param $parent i32)
            (if (local.get $parent) (then
              (global.set $live (i32.add (global.get $live) (i32.const 1))))))
          (func (export "proxy_on_delete") (param i32)
            (global.set $live (i32.sub (global.get $live) (i32.const 1))))
          (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
          (func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 1))
          (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
            (if (call $get (i32.const 0) (i32.const 16) (i32.const 7) (i32.const 0) (i32.const 4))
              (then
                (drop (call $answer (i32.const 401) (i32.const 0) (i32.const 0)
                  (i32.const 34) (i32.const 13) (i32.const 0) (i32.const 0) (i32.const -1)))
                (return (i32.const 1))))
            (i32.store8 (i32.const 33) (i32.add (i32.const 48) (global.get $live)))
            (drop (call $add (i32.const 0) (i32.const 23) (i32.const 10) (i32.const 33) (i32.const 1)))
            (i32.const 0)))"#,
    );
    for profile in both() {
        let mut world = World::builder(profile).build();
        let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
        assert_eq!(lines(world.logs(worker)), ["started"]);
        let refused = world.request(worker, Request::get("/"));
        assert_eq!(refused.status(), Some(401));
        assert_eq!(refused.response.unwrap().body, b"missing token");
        let held = world.open(worker, Request::get("/").header("x-token", "a"));
        let let_through = world.request(worker, Request::get("/").header("x-token", "a"));
        let upstream = let_through.upstream.unwrap();
        assert_eq!(upstream.headers.get("x-contexts"), Some(&b"2"[..]));
        world.finish(held);
        assert_eq!(world.open_streams(worker), 0);
    }
}
