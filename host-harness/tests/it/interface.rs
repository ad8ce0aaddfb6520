//! Functions that some hosts have and others lack.

use gatekey_host_harness::{Artifact, FailureKind, Plugin, Profile, Request, StartError, World};

use crate::guest;

fn ngx() -> Profile {
    Profile::ngx_0_6()
}

/// A module that imports this and does nothing with it.
fn importing(marker: &str, imports: &str) -> Artifact {
    let text = format!(
        r#"(module {imports} (memory (export "memory") 1)
           (func (export "proxy_abi_version_{marker}"))
           (func (export "malloc") (param i32) (result i32) i32.const 8))"#
    );
    Artifact::compile(&wat::parse_str(text).unwrap()).unwrap()
}

fn missing(profile: Profile, artifact: &Artifact) -> Vec<String> {
    match World::builder(profile).build().start(artifact, Plugin::new("test", "")) {
        Ok(_) => Vec::new(),
        Err(StartError::MissingImports { imports }) => imports,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn ngx_lacks_three_functions_of_the_abi() {
    let artifact = importing(
        "0_2_1",
        r#"(import "env" "proxy_get_header_map_size" (func (param i32 i32) (result i32)))
           (import "env" "proxy_get_buffer_status" (func (param i32 i32 i32) (result i32)))
           (import "env" "proxy_get_log_level" (func (param i32) (result i32)))
           (import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))"#,
    );
    assert!(missing(Profile::spec(), &artifact).is_empty());
    assert!(missing(Profile::envoy(), &artifact).is_empty());
    let lacking = missing(ngx(), &artifact);
    assert_eq!(
        lacking,
        ["env.proxy_get_header_map_size", "env.proxy_get_buffer_status", "env.proxy_get_log_level"]
    );
    assert_eq!(artifact.missing_on(&ngx()), lacking);
    let error = StartError::MissingImports { imports: lacking };
    assert!(error.to_string().starts_with("imports what this host lacks: `env.proxy_get_header"));
    assert!(error.logs().is_empty());
}

#[test]
fn envoy_gives_each_version_its_own_functions() {
    let cases = [
        ("0_1_0", "proxy_continue_request", "", true),
        ("0_2_1", "proxy_continue_request", "", false),
        ("0_1_0", "proxy_continue_stream", "i32", false),
        ("0_2_0", "proxy_continue_stream", "i32", true),
        ("0_2_0", "proxy_get_log_level", "i32", false),
        ("0_2_1", "proxy_get_log_level", "i32", true),
        ("0_1_0", "proxy_get_configuration", "i32 i32", true),
        ("0_2_0", "proxy_clear_route_cache", "", false),
    ];
    for (marker, name, params, there) in cases {
        let artifact = importing(
            marker,
            &format!(r#"(import "env" "{name}" (func (param {params}) (result i32)))"#),
        );
        assert_eq!(missing(Profile::envoy(), &artifact).is_empty(), there, "{marker} {name}");
        assert!(missing(Profile::spec(), &artifact).is_empty());
    }
}

#[test]
fn wasi_is_wide_or_narrow() {
    let wide = importing(
        "0_2_1",
        r#"(import "wasi_snapshot_preview1" "fd_readdir"
             (func (param i32 i32 i32 i64 i32) (result i32)))
           (import "wasi_snapshot_preview1" "path_filestat_get"
             (func (param i32 i32 i32 i32 i32) (result i32)))"#,
    );
    assert_eq!(missing(Profile::envoy(), &wide), ["wasi_snapshot_preview1.fd_readdir"]);
    assert!(missing(Profile::spec(), &wide).is_empty());
    assert!(missing(ngx(), &wide).is_empty());
    let old = importing("0_2_1", r#"(import "wasi_unstable" "proc_exit" (func (param i32)))"#);
    assert!(missing(Profile::envoy(), &old).is_empty());
    assert_eq!(missing(ngx(), &old), ["wasi_unstable.proc_exit"]);
}

#[test]
fn the_wide_part_of_wasi_has_no_effect() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "fd_pwrite" (func $f (param i32 i32 i32 i64 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "malloc") (param i32) (result i32) i32.const 8)
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (if (i32.ne (call $f (i32.const 1) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0))
                (i32.const 52)) (then unreachable))
          (i32.const 0)))"#;
    let artifact = Artifact::compile(&wat::parse_str(text).unwrap()).unwrap();
    let (mut world, worker) = guest::world(Profile::spec(), &artifact);
    let transcript = world.request(worker, Request::get("/"));
    assert!(transcript.failure.is_none(), "{transcript}");
    assert_eq!(transcript.host_calls[0].status, 52);
}

#[test]
fn sleeping_traps_where_it_does() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $f (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "malloc") (param i32) (result i32) i32.const 8)
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $f (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))"#;
    let artifact = Artifact::compile(&wat::parse_str(text).unwrap()).unwrap();
    for (profile, traps) in [(Profile::spec(), false), (ngx(), true)] {
        let (mut world, worker) = guest::world(profile, &artifact);
        let failure = world.request(worker, Request::get("/")).failure;
        assert_eq!(failure.map(|failure| failure.kind), traps.then_some(FailureKind::Trap));
    }
}
