//! Start-up and the life of contexts.

use core::time::Duration;

use gatekey_host_harness::{
    Artifact, FailureKind, Plugin, Profile, Request, StartError, WorkerId, World,
};

use crate::guest::{self, lines};

fn start(profile: Profile, code: &str, plugin: Plugin) -> Result<(World, WorkerId), StartError> {
    let mut world = World::builder(profile).fuel_limit(10_000_000).build();
    let worker = world.start(&guest::compile(code), plugin)?;
    Ok((world, worker))
}

const CONFIGURED: &str = r#"
  (func (export "_initialize") (call $say (i32.const 256) (i32.const 4)))
  (func (export "main") (param i32 i32) (result i32)
    (call $say (i32.const 260) (i32.const 4)) (i32.const 0))
  (func (export "proxy_on_context_create") (param $ctx i32) (param $parent i32)
    (call $tell (local.get $ctx)) (call $tell (local.get $parent)))
  (func (export "proxy_on_vm_start") (param $ctx i32) (param $n i32) (result i32)
    (call $tell (local.get $n))
    (drop (call $buffer (i32.const 6) (i32.const 0) (local.get $n) (i32.const 0) (i32.const 4)))
    (call $said) (i32.const 1))
  (func (export "proxy_on_configure") (param $ctx i32) (param $n i32) (result i32)
    (call $tell (local.get $n))
    (drop (call $buffer (i32.const 7) (i32.const 0) (local.get $n) (i32.const 0) (i32.const 4)))
    (call $said) (i32.const 1))
  (func (export "proxy_on_done") (param i32) (result i32)
    (call $say (i32.const 264) (i32.const 4)) (i32.const 1))
  (func (export "proxy_on_log") (param i32) (call $say (i32.const 268) (i32.const 4)))
  (func (export "proxy_on_delete") (param i32) (call $say (i32.const 272) (i32.const 4)))
  (data (i32.const 256) "initmaindonelog!dele")"#;

#[test]
fn the_whole_life_in_order() {
    let plugin = Plugin { vm_configuration: b"vm!".to_vec(), ..Plugin::new("test", "plugin") };
    let (mut world, worker) = start(Profile::envoy(), CONFIGURED, plugin).unwrap();
    let expected = ["init", "main", "01", "00", "03", "vm!", "06", "plugin"];
    assert_eq!(lines(world.logs(worker)), expected);
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(lines(&transcript.logs), ["02", "01", "log!", "done", "dele"]);
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(lines(&transcript.logs)[0], "03");
    let (mut world, worker) = start(Profile::spec(), CONFIGURED, Plugin::default()).unwrap();
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(lines(&transcript.logs)[2..], ["done", "log!", "dele"]);
}

#[test]
fn a_command_module_starts_by_its_start() {
    let code = r#"(func (export "_start") (call $say (i32.const 256) (i32.const 2)))
                  (data (i32.const 256) "go")"#;
    let (world, worker) = start(Profile::envoy(), code, Plugin::default()).unwrap();
    assert_eq!(lines(world.logs(worker)), ["go"]);
}

#[test]
fn refusals_bring_the_log_along() {
    let refuse = |callback: &str| {
        format!(
            r#"(data (i32.const 256) "bad config")
               (func (export "{callback}") (param i32 i32) (result i32)
                 (call $say (i32.const 256) (i32.const 10)) (i32.const 0))"#
        )
    };
    for profile in guest::both() {
        let error = start(profile.clone(), &refuse("proxy_on_configure"), Plugin::default());
        let error = error.unwrap_err();
        assert!(matches!(error, StartError::ConfigurationRefused { .. }));
        assert_eq!(lines(error.logs()), ["bad config"]);
        assert_eq!(error.to_string(), "`on_configure` returned false (last log line: bad config)");
        let error = start(profile, &refuse("proxy_on_vm_start"), Plugin::default()).unwrap_err();
        assert!(matches!(error, StartError::VmStartRefused { .. }));
    }
}

#[test]
fn start_up_can_fail_in_every_callback() {
    let cases = [
        (r#"(func (export "_initialize") unreachable)"#, FailureKind::Trap, "_initialize"),
        (
            r#"(func (export "_initialize") (loop $l (br $l)))"#,
            FailureKind::Deadline,
            "_initialize",
        ),
        (r#"(func (export "_start") (call $exit (i32.const 1)))"#, FailureKind::Exit, "_start"),
        (
            r#"(func (export "proxy_on_context_create") (param i32 i32) unreachable)"#,
            FailureKind::Trap,
            "proxy_on_context_create",
        ),
        (
            r#"(func (export "proxy_on_configure") (param i32 i32) (result i32) (loop $l (br $l))
               (i32.const 1))"#,
            FailureKind::Deadline,
            "proxy_on_configure",
        ),
    ];
    for (code, kind, callback) in cases {
        let error = start(Profile::envoy(), code, Plugin::default()).unwrap_err();
        let StartError::Failed { failure, .. } = error else { panic!("{error}") };
        assert_eq!((failure.kind, failure.callback), (kind, callback), "{failure}");
    }
}

#[test]
fn initialisation_may_not_touch_the_proxy() {
    let code = r#"(func (export "_initialize")
        (drop (call $tick_every (i32.const 1))))"#;
    let error = start(Profile::envoy(), code, Plugin::default()).unwrap_err();
    let StartError::Failed { failure, .. } = error else { panic!("{error}") };
    assert_eq!(failure.kind, FailureKind::Restricted);
    assert!(failure.message.contains("`proxy_set_tick_period_milliseconds`"), "{failure}");
    let mut lenient = Profile::envoy();
    lenient.start.restricted_initialize = false;
    assert!(start(lenient, code, Plugin::default()).is_ok());
}

#[test]
fn a_start_function_that_calls_the_host_has_no_memory_yet() {
    let text = r#"(module
        (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "malloc") (param i32) (result i32) (i32.const 64))
        (func $early
          (if (i32.ne (call $log (i32.const 2) (i32.const 0) (i32.const 1)) (i32.const 6))
            (then unreachable)))
        (start $early))"#;
    let artifact = Artifact::compile(&wat::parse_str(text).unwrap()).unwrap();
    guest::world(Profile::envoy(), &artifact);
}

#[test]
fn the_canary_runs_first_and_leaves_only_shared_state() {
    // Counts its own starts in shared data: the third byte of the value is never touched.
    let code = r#"
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $define (i32.const 0) (i32.const 256) (i32.const 6) (i32.const 32)))
          (drop (call $increment (i32.load (i32.const 32)) (i64.const 1)))
          (drop (call $tick_every (i32.const 1000)))
          (i32.const 1))
        (data (i32.const 256) "starts")"#;
    let artifact = guest::compile(code);
    for (profile, name, runs) in
        [(Profile::envoy(), "wasmcustom.starts", 4), (Profile::spec(), "starts", 3)]
    {
        let mut world = World::builder(profile).build();
        world.start_many(&artifact, Plugin::new("test", ""), 3).unwrap();
        assert_eq!(world.metric(name), Some(runs));
    }
}

#[test]
fn the_main_thread_ticks_too_where_it_has_a_vm() {
    let code = r#"
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $tick_every (i32.const 1000))) (i32.const 1))
        (func (export "proxy_on_tick") (param i32) (call $tell (i32.const 1)))"#;
    let mut profile = Profile::envoy();
    profile.start.main_thread_vm = true;
    let (mut world, worker) = start(profile, code, Plugin::default()).unwrap();
    world.advance(Duration::from_secs(2));
    let [main] = *world.main_threads() else { panic!("{:?}", world.main_threads()) };
    assert_ne!(main, worker);
    assert_eq!((world.logs(main).len(), world.logs(worker).len()), (2, 2));
    assert_eq!(world.request(worker, Request::get("/")).status(), Some(200));
    let (world, _) = start(Profile::envoy(), code, Plugin::default()).unwrap();
    assert!(world.main_threads().is_empty());
}

#[test]
fn ticks_come_on_time_and_can_be_changed_and_stopped() {
    // Every tick says the time in tenths of seconds; the third slows down, the fifth stops.
    let code = r#"
        (global $ticks (mut i32) (i32.const 0))
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $tick_every (i32.const 700)))
          (drop (call $tick_every (i32.const 100)))
          (i32.const 1))
        (func (export "proxy_on_tick") (param i32)
          (global.set $ticks (i32.add (global.get $ticks) (i32.const 1)))
          (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 32)))
          (call $tell (i32.wrap_i64 (i64.div_u (i64.load (i32.const 32)) (i64.const 100000000))))
          (if (i32.eq (global.get $ticks) (i32.const 3)) (then (drop (call $tick_every (i32.const 1000)))))
          (if (i32.eq (global.get $ticks) (i32.const 5)) (then (drop (call $tick_every (i32.const 0))))))"#;
    let (mut world, worker) = start(Profile::envoy(), code, Plugin::default()).unwrap();
    world.advance(Duration::from_millis(99));
    assert!(world.logs(worker).is_empty());
    world.advance(Duration::from_secs(60));
    assert_eq!(lines(world.logs(worker)), ["01", "02", "03", "13", "23"]);
    assert_eq!(world.elapsed(), Duration::from_millis(60_099));
    let ledger = world.background(worker).unwrap();
    assert_eq!(ledger.callbacks.iter().filter(|c| c.name == "proxy_on_tick").count(), 5);
    assert!(ledger.fuel_of("proxy_on_tick") > 0);
    assert!(!world.take_background(worker).callbacks.is_empty());
    assert!(world.background(worker).unwrap().callbacks.is_empty());
}
