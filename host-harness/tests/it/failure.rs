//! VMs that fail: what ends them, and what becomes of the requests.

use core::time::Duration;

use gatekey_host_harness::{
    FailureKind, FailurePolicy, Outcome, Plugin, Profile, Request, Upstream, UpstreamReply,
    WorkerId, World,
};

use crate::guest::{self, lines};

/// Fails as `x-how` says with its first letter.
fn fragile() -> String {
    let body = r#"
        (drop (call $get (i32.const 0) (i32.const 256) (i32.const 5) (i32.const 0) (i32.const 4)))
        (if (i32.load (i32.const 4)) (then
          (local.set $n (i32.load8_u (i32.load (i32.const 0))))
          (if (i32.eq (local.get $n) (i32.const 116)) (then unreachable))
          (if (i32.eq (local.get $n) (i32.const 98)) (then (drop (i32.load (i32.const -8)))))
          (if (i32.eq (local.get $n) (i32.const 101)) (then (call $exit (i32.const 3))))
          (if (i32.eq (local.get $n) (i32.const 114)) (then (call $endless)))
          (if (i32.eq (local.get $n) (i32.const 108)) (then (loop $l (br $l))))
          (if (i32.eq (local.get $n) (i32.const 112)) (then (return (i32.const 1))))))
        (i32.const 0)"#;
    format!(
        r#"(data (i32.const 256) "x-how") (func $endless (call $endless) (call $endless)) {}"#,
        guest::request_function(body)
    )
}

fn start(policy: FailurePolicy) -> (World, WorkerId) {
    let mut world = World::builder(Profile::envoy()).fuel_limit(10_000_000).build();
    let plugin = Plugin { failure_policy: policy, ..Plugin::new("test", "") };
    let worker = world.start(&guest::compile(&fragile()), plugin).unwrap();
    (world, worker)
}

fn how(how: &str) -> Request {
    Request::get("/").header("x-how", how)
}

#[test]
fn every_way_to_fail_is_refused_with_503() {
    let cases = [
        ("trap", FailureKind::Trap),
        ("bounds", FailureKind::Trap),
        ("recursion", FailureKind::Trap),
        ("exit", FailureKind::Exit),
        ("loop", FailureKind::Deadline),
    ];
    for (letter, kind) in cases {
        let (mut world, worker) = start(FailurePolicy::Closed);
        let transcript = world.request(worker, how(letter));
        let Outcome::Failed { status, details, failure } = &transcript.outcome else {
            panic!("{transcript}")
        };
        assert_eq!((*status, details.as_str()), (503, "wasm_fail_stream"));
        assert_eq!((failure.kind, failure.callback), (kind, "proxy_on_request_headers"));
        assert!(!failure.message.is_empty());
        assert_eq!(transcript.status(), Some(503));
        assert!(!transcript.reached_upstream());
        assert_eq!(world.failure(worker), Some(failure));
        assert_eq!(world.open_streams(worker), 0);
    }
}

#[test]
fn a_closed_vm_stays_down() {
    let (mut world, worker) = start(FailurePolicy::Closed);
    world.request(worker, how("trap"));
    world.advance(Duration::from_secs(3600));
    let transcript = world.request(worker, how("fine"));
    assert_eq!(transcript.status(), Some(503));
    assert!(transcript.callbacks.is_empty() && !transcript.reached_upstream());
    assert_eq!(world.reloads(worker), 0);
}

#[test]
fn an_open_vm_lets_everything_through_but_what_it_failed_on() {
    let (mut world, worker) = start(FailurePolicy::Open);
    let failed = world.request(worker, how("trap"));
    assert!(!failed.bypassed && !failed.reached_upstream());
    assert_eq!(failed.status(), Some(503));
    for letter in ["trap", "fine"] {
        let transcript = world.request(worker, how(letter));
        assert!(transcript.bypassed && transcript.reached_upstream());
        assert_eq!(transcript.status(), Some(200));
        assert!(transcript.failure.is_some());
    }
}

#[test]
fn a_reloading_vm_is_back_after_the_back_off() {
    let (mut world, worker) = start(FailurePolicy::Reload);
    world.request(worker, how("trap"));
    world.advance(Duration::from_millis(999));
    assert_eq!(world.request(worker, how("fine")).status(), Some(503));
    world.advance(Duration::from_millis(1));
    assert_eq!(world.request(worker, how("fine")).status(), Some(200));
    assert_eq!((world.reloads(worker), world.failure(worker)), (1, None));
    world.request(worker, how("loop"));
    assert_eq!(world.request(worker, how("fine")).status(), Some(503));
    world.advance(Duration::from_secs(1));
    assert_eq!(world.request(worker, how("fine")).status(), Some(200));
    assert_eq!(world.reloads(worker), 2);
}

#[test]
fn one_trap_takes_every_stream_of_the_vm_along() {
    let (mut world, worker) = start(FailurePolicy::Closed);
    let waiting = world.open(worker, how("pause"));
    assert!(!world.is_over(waiting));
    world.request(worker, how("trap"));
    assert!(world.is_over(waiting));
    let transcript = world.finish(waiting);
    assert!(matches!(transcript.outcome, Outcome::Failed { status: 503, .. }));
}

#[test]
fn other_workers_go_on() {
    let mut world = World::builder(Profile::envoy()).build();
    let artifact = guest::compile(&fragile());
    let workers = world.start_many(&artifact, Plugin::new("test", ""), 2).unwrap();
    world.request(workers[0], how("trap"));
    assert_eq!(world.request(workers[0], how("fine")).status(), Some(503));
    assert_eq!(world.request(workers[1], how("fine")).status(), Some(200));
}

#[test]
fn a_trap_in_the_response_keeps_what_the_upstream_saw() {
    let code = r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
        unreachable)"#;
    let (mut world, worker) = guest::world(Profile::envoy(), &guest::compile(code));
    world.set_origin(Upstream::always(UpstreamReply::ok("secret")));
    let transcript = world.request(worker, Request::get("/"));
    assert!(matches!(transcript.outcome, Outcome::Failed { .. }));
    assert!(transcript.reached_upstream());
    let response = transcript.response.unwrap();
    assert_eq!((response.status, response.body), (503, vec![]));
}

#[test]
fn a_trap_at_the_end_does_not_change_the_outcome() {
    let code = r#"(func (export "proxy_on_done") (param i32) (result i32) unreachable)"#;
    let (mut world, worker) = guest::world(Profile::envoy(), &guest::compile(code));
    let transcript = world.request(worker, Request::get("/"));
    assert!(matches!(transcript.outcome, Outcome::Upstream { .. }));
    assert_eq!(transcript.failure.unwrap().callback, "proxy_on_done");
    assert_eq!(world.request(worker, Request::get("/")).status(), Some(503));
}

#[test]
fn a_trap_in_a_tick_takes_the_vm_down() {
    let code = r#"
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $tick_every (i32.const 10))) (i32.const 1))
        (func (export "proxy_on_tick") (param i32) unreachable)"#;
    let (mut world, worker) = guest::world(Profile::envoy(), &guest::compile(code));
    assert_eq!(world.request(worker, Request::get("/")).status(), Some(200));
    world.advance(Duration::from_millis(10));
    assert_eq!(world.failure(worker).unwrap().callback, "proxy_on_tick");
    assert_eq!(world.request(worker, Request::get("/")).status(), Some(503));
}

#[test]
fn an_allocator_that_traps_is_a_failure_and_one_that_gives_nothing_a_status() {
    let module = |allocate: &str| {
        let text = format!(
            r#"(module
              (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
              (memory (export "memory") 1)
              (func (export "proxy_abi_version_0_2_1"))
              (func (export "proxy_on_memory_allocate") (param i32) (result i32) {allocate})
              (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                (if (i32.ne (call $pairs (i32.const 0) (i32.const 0) (i32.const 4)) (i32.const 6))
                  (then unreachable))
                (i32.const 0)))"#
        );
        gatekey_host_harness::Artifact::compile(&wat::parse_str(text).unwrap()).unwrap()
    };
    // Null, and the last bytes of memory.
    for allocate in ["(i32.const 0)", "(i32.const 65535)", "(i32.const -1)"] {
        let (mut world, worker) = guest::world(Profile::envoy(), &module(allocate));
        assert_eq!(world.request(worker, Request::get("/")).status(), Some(200), "{allocate}");
    }
    let (mut world, worker) = guest::world(Profile::envoy(), &module("unreachable"));
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(transcript.failure.unwrap().kind, FailureKind::Trap);
}

#[test]
fn without_fuel_the_clock_stops_an_endless_loop() {
    let mut world = World::builder(Profile::envoy()).time_limit_seconds(1).build();
    let worker = world.start(&guest::compile(&fragile()), Plugin::new("test", "")).unwrap();
    let fine = world.request(worker, how("fine"));
    assert_eq!((fine.status(), fine.fuel), (Some(200), 0));
    let transcript = world.request(worker, how("loop"));
    assert_eq!(transcript.failure.unwrap().kind, FailureKind::Deadline);
}

#[test]
fn logs_outlive_a_reload() {
    let code = format!(
        r#"{} (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
             (call $say (i32.const 256) (i32.const 5)) (i32.const 1))"#,
        fragile()
    );
    let mut world = World::builder(Profile::envoy()).build();
    let plugin = Plugin { failure_policy: FailurePolicy::Reload, ..Plugin::new("test", "") };
    let worker = world.start(&guest::compile(&code), plugin).unwrap();
    world.request(worker, how("trap"));
    world.advance(Duration::from_secs(1));
    world.request(worker, how("fine"));
    assert_eq!(lines(world.logs(worker)), ["x-how", "x-how"]);
}

#[test]
fn a_fresh_vm_is_not_asked_about_streams_of_the_old_one() {
    let code = format!(
        r#"{} (func (export "proxy_on_done") (param i32) (result i32)
             (call $tell (local.get 0)) (i32.const 1))"#,
        fragile()
    );
    let mut world = World::builder(Profile::envoy()).build();
    let plugin = Plugin { failure_policy: FailurePolicy::Reload, ..Plugin::new("test", "") };
    let worker = world.start(&guest::compile(&code), plugin).unwrap();
    let over = world.open(worker, how("fine"));
    let waiting = world.open(worker, how("pause"));
    world.request(worker, how("trap"));
    let refused = world.open(worker, how("fine"));
    world.advance(Duration::from_secs(1));
    assert_eq!(lines(&world.request(worker, how("fine")).logs), ["05"]);
    assert_eq!(world.finish(over).status(), Some(200));
    assert_eq!(world.finish(waiting).status(), Some(503));
    assert_eq!(world.finish(refused).status(), Some(503));
    assert_eq!(lines(world.logs(worker)), ["05"]);
    assert_eq!(world.open_streams(worker), 0);
}
