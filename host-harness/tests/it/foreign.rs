//! Functions beyond the ABI, called by the guest and calling it.

use gatekey_host_harness::{FailureKind, Plugin, Profile, Request, Status, Transcript, World};

use crate::guest::{self, both, lines};

/// Calls `name` with these arguments, tells the status and what came back.
fn calling(name: &str, arguments: &[u8]) -> String {
    format!(
        r#"(data (i32.const 256) "{name}")
           (data (i32.const 512) "{}")
           (data (i32.const 768) "filter_state\00envoy.string")
           {}"#,
        guest::literal(arguments),
        guest::request_function(&format!(
            r#"(call $tell (call $foreign (i32.const 256) (i32.const {}) (i32.const 512)
                 (i32.const {}) (i32.const 8) (i32.const 12)))
               (call $say (i32.load (i32.const 8)) (i32.load (i32.const 12)))
               (if (i32.eqz (call $property (i32.const 768) (i32.const 25) (i32.const 0) (i32.const 4)))
                 (then (call $said)))
               (i32.const 0)"#,
            name.len(),
            arguments.len(),
        ))
    )
}

fn run(profile: Profile, name: &str, arguments: &[u8]) -> Transcript {
    let mut world = World::builder(profile)
        .foreign_function("reverse", |bytes| Ok(bytes.iter().rev().copied().collect()))
        .foreign_function("refuse", |_| Err(Status::SerializationFailure))
        .build();
    let artifact = guest::compile(&calling(name, arguments));
    let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
    world.request(worker, Request::get("/"))
}

#[test]
fn a_supplied_function_answers_on_hosts_that_have_any() {
    for profile in both().into_iter().chain([Profile::ngx_0_6()]) {
        let told = |name| lines(&run(profile.clone(), name, b"abc").logs)[..2].to_vec();
        assert_eq!(told("reverse"), ["00", "cba"]);
        assert_eq!(told("refuse"), ["03", ""]);
    }
}

#[test]
fn an_unknown_function_is_not_found_or_a_trap() {
    for profile in both() {
        assert_eq!(lines(&run(profile, "no_such", b"").logs), ["01", ""]);
    }
    let failure = run(Profile::ngx_0_6(), "no_such", b"").failure.unwrap();
    assert_eq!(failure.kind, FailureKind::Trap);
    assert!(failure.message.contains("unknown foreign function"), "{failure}");
    for none in [Profile::ngx_0_5(), Profile::kong_3_9()] {
        let failure = run(none, "reverse", b"").failure.unwrap();
        assert!(failure.message.contains("not yet implemented"), "{failure}");
    }
}

#[test]
fn envoy_brings_functions_of_its_own() {
    let envoy = |name, arguments: &[u8]| lines(&run(Profile::envoy(), name, arguments).logs);
    assert_eq!(envoy("clear_route_cache", b""), ["00", ""]);
    let state = b"\x0a\x0cenvoy.string\x12\x03abc\x18\x01";
    assert_eq!(envoy("set_envoy_filter_state", state), ["00", "", "abc"]);
    assert_eq!(envoy("set_envoy_filter_state", b"\x0a\x03abc"), ["01", ""]);
    assert_eq!(envoy("set_envoy_filter_state", b"\x0a\x09abc"), ["02", ""]);
    assert_eq!(lines(&run(Profile::spec(), "clear_route_cache", b"").logs), ["01", ""]);
}

#[test]
fn a_foreign_function_may_call_the_guest() {
    let artifact = guest::compile(
        r#"(func (export "proxy_on_foreign_function") (param i32 i32 i32)
             (call $tell (local.get 0)) (call $tell (local.get 1)) (call $tell (local.get 2))
             (call $tell (call $buffer (i32.const 8) (i32.const 0) (i32.const 99)
               (i32.const 0) (i32.const 4)))
             (call $said)
             (if (i32.eq (local.get 1) (i32.const 13)) (then unreachable)))
           (func (export "proxy_on_tick") (param i32)
             (call $tell (call $buffer (i32.const 8) (i32.const 0) (i32.const 99)
               (i32.const 0) (i32.const 4))))
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
             (drop (call $tick_every (i32.const 5))) (i32.const 1))"#,
    );
    for profile in both() {
        let (mut world, worker) = guest::world(profile, &artifact);
        world.call_foreign_callback(worker, 7, "hi").unwrap();
        world.advance(core::time::Duration::from_millis(5));
        assert_eq!(lines(world.logs(worker)), ["01", "07", "02", "00", "hi", "01"]);
        let failure = world.call_foreign_callback(worker, 13, "").unwrap_err();
        assert_eq!(failure.callback, "proxy_on_foreign_function");
        assert!(world.failure(worker).is_some());
        assert_eq!(world.call_foreign_callback(worker, 7, "").unwrap_err(), failure);
        world.stop(worker);
        let failure = world.call_foreign_callback(worker, 7, "").unwrap_err();
        assert_eq!(failure.kind, FailureKind::NoSuchWorker);
    }
}
