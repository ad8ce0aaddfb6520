//! HTTP calls: who may be called, what comes back, and when.

use core::time::Duration;

use gatekey_host_harness::{
    CallResult, Outcome, Plugin, Profile, Request, Upstream, UpstreamReply, WorkerId, World,
};

use crate::guest::{self, both, lines, map_len, map_literal};

const PAIRS: [(&str, &str); 3] =
    [(":method", "POST"), (":path", "/k"), (":authority", "a.example")];

/// Calls `cluster` with this timeout, tells the status and pauses if it started; when the call ends,
/// tells everything about it and resumes the stream, whose context is 2.
fn calling(pairs: &[(&str, &str)], timeout_ms: u32) -> String {
    format!(
        r#"(data (i32.const 256) "clusterbody:status")
           (data (i32.const 512) "{}")
           (func $start (result i32)
             (call $call (i32.const 256) (i32.const 7) (i32.const 512) (i32.const {})
               (i32.const 263) (i32.const 4) (i32.const 0) (i32.const 0)
               (i32.const {timeout_ms}) (i32.const 32)))
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (local $status i32)
             (local.set $status (call $start))
             (call $tell (local.get $status))
             (i32.eqz (local.get $status)))
           (func (export "proxy_on_http_call_response") (param $root i32) (param $token i32)
             (param $headers i32) (param $body i32) (param $trailers i32)
             (call $tell (local.get $root))
             (call $tell (local.get $token))
             (call $tell (local.get $headers))
             (call $tell (call $get (i32.const 6) (i32.const 267) (i32.const 7)
               (i32.const 0) (i32.const 4)))
             (if (local.get $headers) (then (call $said)))
             (call $tell (call $buffer (i32.const 4) (i32.const 0) (i32.const 99)
               (i32.const 0) (i32.const 4)))
             (if (local.get $body) (then (call $said)))
             (drop (call $get_status (i32.const 8) (i32.const 0) (i32.const 4)))
             (if (i32.load (i32.const 4)) (then (call $said)))
             (call $tell (call $act_for (i32.const 2)))
             (drop (call $resume (i32.const 0))))"#,
        map_literal(pairs),
        map_len(pairs),
    )
}

fn run(profile: Profile, reply: UpstreamReply, timeout_ms: u32) -> (World, WorkerId) {
    let artifact = guest::compile(&calling(&PAIRS, timeout_ms));
    let mut world = World::builder(profile).upstream("cluster", Upstream::always(reply)).build();
    let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
    (world, worker)
}

#[test]
fn a_reply_comes_in_its_time_and_the_request_goes_on() {
    let latency = Duration::from_millis(30);
    let reply = UpstreamReply::status(201).chunk("o").chunk("k").trailer("t", "").after(latency);
    for profile in both() {
        let name = profile.name.clone();
        let (mut world, worker) = run(profile, reply.clone(), 1000);
        let transcript = world.request(worker, Request::get("/"));
        assert!(matches!(transcript.outcome, Outcome::Upstream { .. }));
        assert_eq!(transcript.ended_at, latency);
        let token = if name == "envoy" { "04" } else { "01" };
        let told = ["00", "01", token, "01", "00", "201", "00", "ok", "00"];
        assert_eq!(lines(&transcript.logs), told);
        let call = &transcript.callouts[0];
        assert_eq!((call.upstream.as_str(), &call.body[..]), ("cluster", &b"body"[..]));
        assert_eq!(call.headers.get("content-length"), Some(&b"4"[..]));
        assert_eq!(call.timeout, Some(Duration::from_secs(1)));
        assert_eq!(call.result, CallResult::Answered(201));
        // The call's end is booked on the stream that made it.
        assert!(transcript.callbacks.iter().any(|c| c.name == "proxy_on_http_call_response"));
        assert!(world.background_callouts(worker).is_empty());
    }
}

#[test]
fn failures_by_the_letter_have_no_headers() {
    let cases = [
        (UpstreamReply::reset(), 0, "reset"),
        (UpstreamReply::cut_off(), 0, "reset"),
        (UpstreamReply::connect_error(), 0, "connect error"),
        (UpstreamReply::never(), 5, "timeout"),
        (UpstreamReply::ok("").after(Duration::from_millis(5)), 5, "timeout"),
    ];
    for (reply, timeout, message) in cases {
        let (mut world, worker) = run(Profile::spec(), reply, timeout);
        let transcript = world.request(worker, Request::get("/"));
        let told = ["00", "01", "01", "00", "02", "01", message, "00"];
        assert_eq!(lines(&transcript.logs), told);
        assert!(transcript.reached_upstream());
        assert_eq!(transcript.ended_at, Duration::from_millis(timeout.into()));
    }
}

#[test]
fn envoy_spells_failures_as_responses_except_a_cut() {
    // Lengths as a running Envoy gives them.
    let cases = [
        (UpstreamReply::connect_error(), "503", 98),
        (UpstreamReply::reset(), "503", 95),
        (UpstreamReply::never(), "504", 24),
    ];
    for (reply, status, length) in cases {
        let (mut world, worker) = run(Profile::envoy(), reply, 5);
        let told = lines(&world.request(worker, Request::get("/")).logs);
        assert_eq!(told[..7], ["00", "01", "04", "03", "00", status, "00"]);
        assert_eq!(told[7].len(), length);
    }
    let (mut world, worker) = run(Profile::envoy(), UpstreamReply::cut_off(), 5);
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(lines(&transcript.logs)[2..], ["04", "00", "02", "01", "reset", "00"]);
}

#[test]
fn without_a_timeout_a_silent_upstream_is_waited_for() {
    let (mut world, worker) = run(Profile::envoy(), UpstreamReply::never(), 0);
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(transcript.outcome, Outcome::Paused);
    assert_eq!(transcript.callouts[0].result, CallResult::Pending);
    assert_eq!(world.next_event_at(), None);
}

#[test]
fn calls_that_do_not_start_are_told_at_once() {
    let without = |name: &str| -> Vec<(&str, &str)> {
        PAIRS.into_iter().filter(|(n, _)| *n != name).collect()
    };
    let cases = [
        (PAIRS.to_vec(), 0, "other", "02"),
        (PAIRS.to_vec(), i32::MAX.unsigned_abs() + 1, "cluster", "02"),
        (without(":method"), 0, "cluster", "02"),
        (without(":path"), 0, "cluster", "02"),
        (without(":authority"), 0, "cluster", "02"),
        (vec![(":method", ""), (":path", ""), (":host", "")], 0, "cluster", "02"),
        (PAIRS.to_vec(), 0, "cluster", "10"),
    ];
    for (pairs, timeout, name, told) in cases {
        let artifact = guest::compile(&calling(&pairs, timeout));
        let upstream = Upstream::always(UpstreamReply::not_started());
        let mut world = World::builder(Profile::envoy()).upstream(name, upstream).build();
        let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
        let transcript = world.request(worker, Request::get("/"));
        assert_eq!(lines(&transcript.logs), [told]);
        assert!(transcript.callouts.is_empty() && transcript.reached_upstream());
    }
}

#[test]
fn a_reply_after_the_streams_end_finds_nobody() {
    let late = UpstreamReply::ok("").after(Duration::from_secs(1));
    let (mut world, worker) = run(Profile::envoy(), late.clone(), 0);
    let stream = world.open(worker, Request::get("/"));
    world.abort(stream);
    world.advance(Duration::from_secs(2));
    // The callback runs all the same, for a context that is gone.
    assert_eq!(lines(world.logs(worker)).last().unwrap(), "02");
    assert!(world.failure(worker).is_none());

    let mut profile = Profile::envoy();
    profile.calls.outlive_streams = false;
    let (mut world, worker) = run(profile, late, 0);
    let stream = world.open(worker, Request::get("/"));
    world.abort(stream);
    world.advance(Duration::from_secs(2));
    assert_eq!(lines(world.logs(worker)), ["00"]);
}

#[test]
fn replies_can_be_computed_and_tokens_are_new_each_time() {
    let artifact = guest::compile(&calling(&PAIRS, 0));
    let mut seen = 0_u16;
    let count = Upstream::respond(move |request| {
        assert_eq!((request.path().as_str(), &request.body[..]), ("/k", &b"body"[..]));
        seen += 1;
        UpstreamReply::status(200 + seen)
    });
    let mut profile = Profile::spec();
    profile.calls.first_token = 0;
    profile.calls.token_step = 3;
    let mut world = World::builder(profile).upstream("cluster", count).build();
    let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
    for (token, status) in [(0, 201), (3, 202)] {
        let transcript = world.request(worker, Request::get("/"));
        let call = &transcript.callouts[0];
        assert_eq!((call.token, call.result), (token, CallResult::Answered(status)));
    }
}

#[test]
fn the_canary_may_reach_nobody() {
    let pairs = map_literal(&PAIRS);
    let code = format!(
        r#"(data (i32.const 256) "cluster") (data (i32.const 512) "{pairs}")
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
             (i32.eqz (call $call (i32.const 256) (i32.const 7) (i32.const 512) (i32.const {})
               (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
               (i32.const 0) (i32.const 32))))"#,
        map_len(&PAIRS)
    );
    let artifact = guest::compile(&code);
    let start = |profile: Profile| {
        let upstream = Upstream::always(UpstreamReply::ok(""));
        let mut world = World::builder(profile).upstream("cluster", upstream).build();
        world.start(&artifact, Plugin::new("test", "")).map(|_| ())
    };
    assert!(start(Profile::spec()).is_ok());
    assert!(start(Profile::envoy()).is_ok());
    let mut discovering = Profile::envoy();
    discovering.start.canary_has_upstreams = false;
    assert!(start(discovering).is_err());
}
