//! Host calls that go wrong on purpose.

use core::time::Duration;

use gatekey_host_harness::{
    CallResult, Fault, FaultKind, Headers, Outcome, Plugin, Profile, Request, Transcript, Upstream,
    UpstreamReply, When, World,
};

use crate::guest::{self, both, lines};

/// Sets `a` and `b`, then tells the value of `x`, each with its status.
fn editing() -> String {
    let body = r#"
        (call $tell (call $set (i32.const 0) (i32.const 256) (i32.const 1)
          (i32.const 260) (i32.const 1)))
        (call $tell (call $set (i32.const 0) (i32.const 257) (i32.const 1)
          (i32.const 260) (i32.const 1)))
        (call $tell (call $get (i32.const 0) (i32.const 258) (i32.const 1)
          (i32.const 0) (i32.const 4)))
        (call $said)
        (i32.const 0)"#;
    format!(r#"(data (i32.const 256) "abx 1") {}"#, guest::request_function(body))
}

fn run(fault: Fault) -> Transcript {
    let artifact = guest::compile(&editing());
    let mut world = World::builder(Profile::spec()).fault(fault).build();
    let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
    world.request(worker, Request::get("/").header("x", "value"))
}

fn edits(transcript: &Transcript) -> &Headers {
    &transcript.upstream.as_ref().unwrap().headers
}

#[test]
fn any_number_is_answered_and_nothing_is_done() {
    for status in [1, 6, 12, 99] {
        let fault = Fault::new("proxy_replace_header_map_value", FaultKind::Status(status));
        let transcript = run(fault.when(When::Nth(1)));
        assert_eq!(lines(&transcript.logs), [&*format!("{status:02}"), "00", "00", "value"]);
        assert_eq!(edits(&transcript).get("a"), None);
        assert_eq!(edits(&transcript).get("b"), Some(&b"1"[..]));
        assert_eq!(transcript.host_calls[0].status, status);
        let text = transcript.to_string();
        let told =
            format!("fault injected status {status} at call 1 of proxy_replace_header_map_value");
        assert!(text.contains(&told), "{text}");
    }
}

#[test]
fn a_subject_picks_calls_and_nothing_is_done_in_them() {
    for (name, other) in [("a", "b"), ("b", "a")] {
        let fault = Fault::new("proxy_replace_header_map_value", FaultKind::Status(2));
        let transcript = run(fault.about(name));
        assert_eq!(edits(&transcript).get(name), None);
        assert_eq!(edits(&transcript).get(other), Some(&b"1"[..]));
        assert_eq!(transcript.faults[0].subject, name.as_bytes());
    }
    let fault = Fault::new("proxy_get_header_map_value", FaultKind::Trap).about("x");
    assert!(matches!(run(fault).outcome, Outcome::Failed { .. }));
}

#[test]
fn a_trap_takes_the_vm_down() {
    let transcript = run(Fault::new("proxy_get_header_map_value", FaultKind::Trap));
    assert!(!transcript.reached_upstream());
    let failure = transcript.failure.unwrap();
    assert_eq!(failure.callback, "proxy_on_request_headers");
    assert!(failure.message.contains("fault injected"), "{failure}");
}

#[test]
fn data_is_spoiled_on_its_way() {
    let told = |kind| {
        let transcript = run(Fault::new("proxy_get_header_map_value", kind));
        assert_eq!(lines(&transcript.logs)[2], "00");
        assert_eq!(transcript.faults.len(), 1);
        transcript.logs[3].bytes.clone()
    };
    assert_eq!(told(FaultKind::EmptyData), b"");
    assert_eq!(told(FaultKind::ShortData), b"va");
    assert_eq!(told(FaultKind::GarbageData).len(), 16);
    assert_eq!(told(FaultKind::NotUtf8), b"\xff\xfevalue");
}

#[test]
fn data_too_long_for_the_guest_is_an_allocators_problem() {
    // The frame's allocator gives out what it does not have, and the host notices.
    let transcript = run(Fault::new("proxy_get_header_map_value", FaultKind::OversizedData));
    assert_eq!(lines(&transcript.logs)[2], "06");
}

#[test]
fn the_allocator_fails_in_two_ways_and_pointers_in_one() {
    let failure = |kind| run(Fault::new("proxy_get_header_map_value", kind));
    assert_eq!(lines(&failure(FaultKind::AllocationFailure).logs)[2], "06");
    assert!(matches!(failure(FaultKind::AllocationTrap).outcome, Outcome::Failed { .. }));
    // The guest logs from where it was sent, which the host refuses.
    let transcript = failure(FaultKind::BadPointer);
    assert_eq!(lines(&transcript.logs), ["00", "00", "00"]);
    assert!(transcript.host_calls.iter().any(|call| call.status == 6));
}

#[test]
fn a_reply_is_lost() {
    let pairs = [(":method", "GET"), (":path", "/"), (":authority", "a")];
    let body = format!(
        "(drop (call $call (i32.const 256) (i32.const 1) (i32.const 512) (i32.const {})
           (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 20) (i32.const 32)))
         (i32.const 1)",
        guest::map_len(&pairs)
    );
    let code = format!(
        r#"(data (i32.const 256) "u") (data (i32.const 512) "{}") {}
           (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32)
             (drop (call $act_for (i32.const 2))) (drop (call $resume (i32.const 0))))"#,
        guest::map_literal(&pairs),
        guest::request_function(&body)
    );
    let artifact = guest::compile(&code);
    for profile in both() {
        let upstream = Upstream::always(UpstreamReply::ok(""));
        let mut world = World::builder(profile).upstream("u", upstream).build();
        let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
        world.set_faults(vec![Fault::new("proxy_http_call", FaultKind::Timeout).about("u")]);
        let transcript = world.request(worker, Request::get("/"));
        assert_eq!(transcript.callouts[0].result, CallResult::TimedOut);
        assert_eq!(transcript.ended_at, Duration::from_millis(20));
    }
}

#[test]
fn the_clock_jumps_before_it_is_read() {
    let code = guest::on_request(
        "(drop (call $now (i32.const 0)))
         (drop (call $log (i32.const 2) (i32.const 0) (i32.const 8))) (i32.const 0)",
    );
    let (mut world, worker) = guest::world(Profile::spec(), &code);
    let mut now = || {
        let bytes = world.request(worker, Request::get("/")).logs[0].bytes.clone();
        let nanos = u64::from_le_bytes(bytes.try_into().unwrap());
        world.set_faults(vec![Fault::new(
            "proxy_get_current_time_nanoseconds",
            FaultKind::ClockJump(-1500),
        )]);
        nanos
    };
    assert_eq!(now() - now(), 1_500_000_000);
}

#[test]
fn faults_hold_from_the_moment_they_are_set() {
    let configure = r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
        (i32.eqz (call $buffer (i32.const 7) (i32.const 0) (i32.const 9) (i32.const 0)
          (i32.const 4))))"#;
    let artifact = guest::compile(&format!("{configure} {}", editing()));
    let fault = || Fault::new("proxy_get_buffer_bytes", FaultKind::Status(10));
    let start = |when| {
        let mut world = World::builder(Profile::envoy()).fault(fault().when(when)).build();
        world.start(&artifact, Plugin::new("test", "{}")).map(|worker| (world, worker))
    };
    // The canary makes the first call, the worker the second; there is no third.
    assert!(start(When::Nth(1)).is_err());
    assert!(start(When::Nth(2)).is_err());
    let (mut world, worker) = start(When::Nth(3)).unwrap();
    world.set_faults(vec![Fault::new("proxy_log", FaultKind::Status(1))]);
    let transcript = world.request(worker, Request::get("/"));
    assert!(transcript.logs.is_empty());
    assert_eq!(transcript.faults.len(), 4);
    world.set_faults(Vec::new());
    assert_eq!(world.request(worker, Request::get("/")).logs.len(), 4);
}

#[test]
fn chance_tells_the_same_story_each_time() {
    let story = |seed| {
        let when = When::Chance { per_mille: 500, seed };
        run(Fault::new("proxy_replace_header_map_value", FaultKind::Status(1)).when(when))
            .to_string()
    };
    assert_eq!(story(1), story(1));
    assert!((2..20).any(|seed| story(seed) != story(1)));
}
