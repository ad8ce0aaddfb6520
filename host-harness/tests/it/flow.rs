//! Flow switches: what moves, and what does not, when filters call, answer, pause and fail. Each
//! test shows its switch on and off.

use core::time::Duration;

use gatekey_host_harness::{
    Artifact, Forbidden, Isolation, Outcome, Plugin, Profile, Request, Transcript, Upstream,
    UpstreamReply, WorkerId, World,
};

use crate::guest::{self, lines, map_len, map_literal};

const CALL: [(&str, &str); 3] = [(":method", "GET"), (":path", "/"), (":authority", "a")];

/// Does what the letters of `x-do` say, one for each callback: `c` calls and pauses, `C` calls and
/// goes on, `p` pauses, `t` traps, `a` answers with 403, `A` answers twice, `r` resumes, `.` goes on.
/// First letter: request headers; second: end of a call; third: response headers.
fn obedient() -> Artifact {
    let code = format!(
        r#"(data (i32.const 256) "x-doup:1no:dispatch_status")
           (data (i32.const 512) "{}") (data (i32.const 1024) "{}")
           (global $then (mut i32) (i32.const 46)) (global $last (mut i32) (i32.const 46))
           (func $do (param $c i32) (result i32)
             (if (i32.eq (local.get $c) (i32.const 116)) (then unreachable))
             (if (i32.or (i32.eq (local.get $c) (i32.const 99)) (i32.eq (local.get $c) (i32.const 67)))
               (then (call $tell (call $call (i32.const 260) (i32.const 4) (i32.const 512)
                 (i32.const {}) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                 (i32.const 1000) (i32.const 32)))))
             (if (i32.or (i32.eq (local.get $c) (i32.const 97)) (i32.eq (local.get $c) (i32.const 65)))
               (then (call $tell (call $answer (i32.const 403) (i32.const 0) (i32.const 0)
                 (i32.const 264) (i32.const 2) (i32.const 1024) (i32.const {}) (i32.const -1)))))
             (if (i32.eq (local.get $c) (i32.const 65))
               (then (drop (call $answer (i32.const 401) (i32.const 0) (i32.const 0)
                 (i32.const 264) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const -1)))))
             (if (i32.eq (local.get $c) (i32.const 114)) (then (drop (call $resume (i32.const 0)))))
             (i32.or (i32.eq (local.get $c) (i32.const 99)) (i32.eq (local.get $c) (i32.const 112))))
           (func (export "proxy_on_context_create") (param $ctx i32) (param i32)
             (call $tell (local.get $ctx)))
           (func (export "proxy_on_request_headers") (param i32 i32) (param $eos i32) (result i32)
             (drop (call $get (i32.const 0) (i32.const 256) (i32.const 4) (i32.const 0) (i32.const 4)))
             (global.set $then (i32.load8_u offset=1 (i32.load (i32.const 0))))
             (global.set $last (i32.load8_u offset=2 (i32.load (i32.const 0))))
             (call $tell (i32.add (i32.const 90) (local.get $eos)))
             (call $do (i32.load8_u (i32.load (i32.const 0)))))
           (func (export "proxy_on_request_body") (param i32) (param $size i32) (param i32) (result i32)
             (call $tell (local.get $size)) (i32.const 0))
           (func (export "proxy_on_request_trailers") (param i32 i32) (result i32)
             (call $tell (i32.const 70)) (i32.const 0))
           (func (export "proxy_on_http_call_response") (param i32 i32) (param $n i32) (param i32 i32)
             (call $tell (i32.add (i32.const 80) (local.get $n)))
             (if (i32.eqz (call $get (i32.const 6) (i32.const 266) (i32.const 16)
                   (i32.const 0) (i32.const 4))) (then (call $said)))
             (drop (call $act_for (i32.const 2)))
             (drop (call $do (global.get $then))))
           (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
             (call $tell (i32.const 60)) (call $do (global.get $last)))
           (func (export "proxy_on_response_trailers") (param i32 i32) (result i32)
             (call $tell (i32.const 61)) (i32.const 0))"#,
        map_literal(&CALL),
        map_literal(&[("x-a", "1"), ("x-a", "2")]),
        map_len(&CALL),
        map_len(&[("x-a", "1"), ("x-a", "2")]),
    );
    guest::compile(&code)
}

fn world(profile: &Profile, reply: UpstreamReply) -> (World, WorkerId) {
    let mut world =
        World::builder(profile.clone()).upstream("up:1", Upstream::always(reply)).build();
    let worker = world.start(&obedient(), Plugin::new("test", "")).unwrap();
    (world, worker)
}

fn letters(letters: &str) -> Request {
    Request::get("/").header("x-do", letters)
}

fn run(profile: &Profile, what: &str) -> Transcript {
    let (mut world, worker) = world(profile, UpstreamReply::ok("body"));
    world.request(worker, letters(what))
}

fn ngx() -> Profile {
    Profile::ngx_0_6()
}

fn with(change: impl FnOnce(&mut Profile)) -> Profile {
    let mut profile = ngx();
    change(&mut profile);
    profile
}

fn status(transcript: &Transcript) -> Option<u16> {
    transcript.status()
}

#[test]
fn flow_call_callback_trap_forwards() {
    let open = run(&ngx(), "ct.");
    assert!(matches!(open.outcome, Outcome::Upstream { .. }), "{open}");
    assert_eq!(status(&open), Some(200));
    assert!(open.failure.is_some());
    let (mut world, worker) = world(&ngx(), UpstreamReply::ok(""));
    let with_body = world.request(worker, letters("ct.").body("x"));
    assert!(!with_body.reached_upstream());
    assert_eq!(status(&with_body), Some(500));
    let closed = with(|profile| profile.failures.call_callback_trap_forwards = false);
    let closed = run(&closed, "ct.");
    assert_eq!((closed.reached_upstream(), status(&closed)), (false, Some(500)));
    let envoy = run(&Profile::envoy(), "ct.");
    assert_eq!((envoy.reached_upstream(), status(&envoy)), (false, Some(503)));
}

#[test]
fn flow_resume_after_last() {
    let open = run(&ngx(), "c..");
    assert!(open.reached_upstream());
    let closed = run(&with(|profile| profile.calls.resume_after_last = false), "c..");
    assert!(matches!(closed.outcome, Outcome::Paused));
    // Who answers, or calls again, is not overtaken.
    let answered = run(&ngx(), "ca.");
    assert_eq!((answered.reached_upstream(), status(&answered)), (false, Some(403)));
}

#[test]
fn flow_failure_skips_callback() {
    let reply = UpstreamReply::reset();
    let told = |profile: &Profile| {
        let (mut world, worker) = world(profile, reply.clone());
        let transcript = world.request(worker, letters("ca."));
        (transcript.reached_upstream(), lines(&transcript.logs).contains(&"80".to_owned()))
    };
    assert_eq!(told(&Profile::ngx_0_5()), (true, false));
    assert_eq!(told(&ngx()), (false, true));
}

#[test]
fn flow_dispatch_status() {
    let said = |profile: &Profile, reply: UpstreamReply| {
        let (mut world, worker) = world(profile, reply);
        lines(&world.request(worker, letters("cr.")).logs).join(" ")
    };
    assert!(said(&ngx(), UpstreamReply::ok("")).contains(" ok"));
    assert!(said(&ngx(), UpstreamReply::never()).contains("80 timeout"));
    assert!(said(&ngx(), UpstreamReply::reset()).contains("80 broken connection"));
    assert!(!said(&Profile::spec(), UpstreamReply::ok("")).contains("ok"));
}

#[test]
fn flow_trap_forwards_neighbours() {
    let neighbour = |profile: &Profile, body: bool| {
        let (mut world, worker) =
            world(profile, UpstreamReply::ok("").after(Duration::from_millis(50)));
        let request = letters("ca.");
        let waiting = world.open(worker, if body { request.body("x") } else { request });
        assert_eq!(status(&world.request(worker, letters("t.."))), Some(500));
        world.advance(Duration::from_secs(1));
        let transcript = world.finish(waiting);
        (transcript.reached_upstream(), status(&transcript))
    };
    assert_eq!(neighbour(&ngx(), false), (true, Some(200)));
    assert_eq!(neighbour(&ngx(), true), (false, Some(500)));
    let apart = with(|profile| profile.failures.isolation = Isolation::Stream);
    assert_eq!(neighbour(&apart, false), (false, Some(403)));
    let off = with(|profile| profile.failures.trap_forwards_neighbours = false);
    assert_eq!(neighbour(&off, false), (false, None));
}

#[test]
fn flow_isolation() {
    // A trap in an instance of its own leaves no trace in the others.
    for isolation in [Isolation::Stream, Isolation::Filter] {
        let profile = with(|profile| profile.failures.isolation = isolation);
        let (mut world, worker) = world(&profile, UpstreamReply::ok(""));
        assert_eq!(status(&world.request(worker, letters("t.."))), Some(500));
        assert_eq!(world.reloads(worker), 0);
        assert_eq!(status(&world.request(worker, letters("..."))), Some(200));
        assert_eq!(world.open_streams(worker), 0);
    }
    let (mut world, worker) = world(&ngx(), UpstreamReply::ok(""));
    world.request(worker, letters("t.."));
    world.request(worker, letters("..."));
    assert_eq!(world.reloads(worker), 1);
}

#[test]
fn flow_fresh_instance_at_once() {
    let (mut world, worker) = world(&ngx(), UpstreamReply::ok(""));
    assert_eq!(status(&world.request(worker, letters("t.."))), Some(500));
    assert_eq!(status(&world.request(worker, letters("..."))), Some(200));
    let (mut world, worker) = self::world(&Profile::envoy(), UpstreamReply::ok(""));
    assert_eq!(status(&world.request(worker, letters("t.."))), Some(503));
    assert_eq!(status(&world.request(worker, letters("..."))), Some(503));
}

#[test]
fn flow_fresh_contexts_in_the_middle_of_a_life() {
    let (mut world, worker) = world(&ngx(), UpstreamReply::ok("").after(Duration::from_millis(5)));
    world.set_origin(Upstream::always(UpstreamReply::status(200).after(Duration::from_millis(9))));
    let early = world.open(worker, letters("..."));
    world.request(worker, letters("t.."));
    world.advance(Duration::from_secs(1));
    let transcript = world.finish(early);
    // The context is made again, and the response callback runs without the request's.
    assert_eq!(lines(&transcript.logs), ["02", "90", "02", "60"]);
}

#[test]
fn flow_keeps_timers() {
    let ticks = |profile: &Profile| {
        let code = format!(
            r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
                 (drop (call $tick_every (i32.const 100))) (i32.const 1))
               (func (export "proxy_on_tick") (param i32) (call $tell (i32.const 1)))
               {}"#,
            guest::request_function("unreachable")
        );
        let mut world = World::builder(profile.clone()).build();
        let worker = world.start(&guest::compile(&code), Plugin::new("test", "")).unwrap();
        world.request(worker, Request::get("/"));
        world.advance(Duration::from_millis(150));
        let before = world.logs(worker).len();
        world.advance(Duration::from_millis(200));
        world.logs(worker).len() - before
    };
    assert_eq!(ticks(&ngx()), 4);
    assert_eq!(ticks(&with(|profile| profile.failures.keeps_timers = false)), 2);
}

#[test]
fn flow_response_trap_keeps_response() {
    let kept = run(&ngx(), "..t");
    assert_eq!((status(&kept), kept.failure.is_some()), (Some(200), true));
    let lost = with(|profile| profile.failures.response_trap_keeps_response = false);
    assert_eq!(status(&run(&lost, "..t")), Some(500));
}

#[test]
fn flow_continue_after_call_crashes() {
    let (mut world, worker) = world(&ngx(), UpstreamReply::ok("").after(Duration::from_millis(9)));
    let other = world.open(worker, letters("ca."));
    let crash = world.request(worker, letters("C.."));
    assert!(crash.failure.is_some(), "{crash}");
    assert!(matches!(world.finish(other).outcome, Outcome::Reset));
    // The master makes a new worker.
    assert_eq!(status(&world.request(worker, letters("..."))), Some(200));
    let calm = with(|profile| profile.failures.continue_after_call_crashes = false);
    assert!(run(&calm, "C..").failure.is_none());
}

#[test]
fn flow_call_in_root_callback_crashes() {
    let code = format!(
        r#"(data (i32.const 256) "up:1") (data (i32.const 512) "{}")
           (func $go (drop (call $call (i32.const 256) (i32.const 4) (i32.const 512) (i32.const {})
             (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 32))))
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
             (drop (call $tick_every (i32.const 100))) (i32.const 1))
           (func (export "proxy_on_tick") (param i32) (call $go))
           (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32)
             (call $tell (i32.const 80)) (call $go))"#,
        map_literal(&CALL),
        map_len(&CALL),
    );
    let artifact = guest::compile(&code);
    let run = |profile: &Profile| {
        let mut world = World::builder(profile.clone())
            .upstream(
                "up:1",
                Upstream::always(UpstreamReply::ok("").after(Duration::from_millis(30))),
            )
            .build();
        let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
        let waiting = world.open(worker, Request::get("/"));
        world.advance(Duration::from_millis(140));
        let reloads = world.reloads(worker);
        world.finish(waiting);
        reloads
    };
    assert_eq!(run(&ngx()), 1);
    let off = with(|profile| profile.failures.call_in_root_callback_crashes = false);
    assert_eq!(run(&off), 0);
}

#[test]
fn flow_local_response_appends_line_feed() {
    let sent = run(&ngx(), "a..").response.unwrap();
    assert_eq!(sent.body, b"no\n");
    assert_eq!(sent.headers.get("content-length"), Some(&b"3"[..]));
    assert_eq!(run(&Profile::envoy(), "a..").response.unwrap().body, b"no");
}

#[test]
fn flow_local_response_one_header_per_name() {
    let sent = run(&ngx(), "a..").response.unwrap();
    assert_eq!(sent.headers.get_all("x-a"), [b"2"]);
    let sent = run(&Profile::envoy(), "a..").response.unwrap();
    assert_eq!(sent.headers.get_all("x-a"), [b"1", b"2"]);
}

#[test]
fn flow_local_response_grpc() {
    let code = guest::on_request(
        "(drop (call $answer (i32.const 403) (i32.const 0) (i32.const 0) (i32.const 0)
           (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 7))) (i32.const 1)",
    );
    let told = |profile: Profile, kind: &str| {
        let (mut world, worker) = guest::world(profile, &code);
        let request = Request::post("/").header("content-type", kind);
        let sent = world.request(worker, request).response.unwrap();
        (sent.status, sent.headers.get("grpc-status").map(<[u8]>::to_vec))
    };
    let seven = Some(b"7".to_vec());
    for (profile, plain, grpc) in [
        (Profile::spec(), (403, seven.clone()), (403, seven.clone())),
        (Profile::envoy(), (403, None), (200, seven)),
        (ngx(), (403, None), (403, None)),
    ] {
        assert_eq!(told(profile.clone(), "text/plain"), plain, "{}", profile.name);
        assert_eq!(told(profile.clone(), "application/grpc"), grpc, "{}", profile.name);
    }
}

#[test]
fn flow_local_response_status_is_checked() {
    let code = guest::on_request(
        "(call $tell (call $answer (i32.const 99) (i32.const 0) (i32.const 0) (i32.const 0)
           (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1))) (i32.const 0)",
    );
    for (profile, told) in [(ngx(), "02"), (Profile::envoy(), "00")] {
        let (mut world, worker) = guest::world(profile, &code);
        assert_eq!(lines(&world.request(worker, Request::get("/")).logs)[0], told);
    }
}

#[test]
fn flow_second_local_response_traps() {
    let trapped = run(&ngx(), "A..");
    assert!(trapped.failure.is_some());
    assert!(!trapped.reached_upstream());
    let fine = run(&Profile::envoy(), "A..");
    assert_eq!((status(&fine), fine.failure.is_none()), (Some(403), true));
}

#[test]
fn flow_late_local_response_keeps_headers() {
    let late = |profile: &Profile| {
        let (mut world, worker) = world(profile, UpstreamReply::ok(""));
        let reply = UpstreamReply::ok("longer").header("content-length", "6");
        world.set_origin(Upstream::always(reply));
        world.request(worker, letters("..a")).response.unwrap()
    };
    let sent = late(&ngx());
    assert_eq!((sent.status, sent.body.as_slice()), (403, &b"no\n"[..]));
    assert_eq!(sent.headers.get("content-length"), Some(&b"6"[..]));
    assert_eq!(sent.headers.get("x-a"), None);
    assert_eq!(late(&Profile::envoy()).headers.get("x-a"), Some(&b"1"[..]));
}

#[test]
fn flow_headers_know_the_end() {
    assert!(lines(&run(&ngx(), "...").logs).contains(&"90".to_owned()));
    assert!(lines(&run(&Profile::envoy(), "...").logs).contains(&"91".to_owned()));
}

#[test]
fn flow_request_trailers() {
    for (profile, called) in [(ngx(), false), (Profile::spec(), true)] {
        let (mut world, worker) = world(&profile, UpstreamReply::ok(""));
        let request = letters("...").chunk("abc").trailer("t", "1");
        let transcript = world.request(worker, request);
        assert_eq!(lines(&transcript.logs).contains(&"70".to_owned()), called);
        assert_eq!(transcript.upstream.unwrap().trailers.get("t"), Some(&b"1"[..]));
    }
}

#[test]
fn flow_response_trailers() {
    for (profile, called) in [(ngx(), false), (Profile::spec(), true)] {
        let (mut world, worker) = world(&profile, UpstreamReply::ok(""));
        world.set_origin(Upstream::always(UpstreamReply::ok("x").trailer("t", "1")));
        let transcript = world.request(worker, letters("..."));
        assert_eq!(lines(&transcript.logs).contains(&"61".to_owned()), called);
    }
}

#[test]
fn flow_response_headers_can_pause() {
    assert_eq!(status(&run(&ngx(), "..p")), Some(200));
    assert_eq!(status(&run(&Profile::spec(), "..p")), None);
}

#[test]
fn flow_request_in_one_call() {
    for (profile, told) in [(ngx(), vec!["06"]), (Profile::spec(), vec!["03", "03"])] {
        let (mut world, worker) = world(&profile, UpstreamReply::ok(""));
        let transcript = world.request(worker, letters("...").chunk("abc").chunk("def"));
        let sizes: Vec<_> =
            lines(&transcript.logs).into_iter().filter(|line| line.starts_with('0')).collect();
        assert_eq!(sizes[1..], told);
        assert_eq!(transcript.upstream.unwrap().body, b"abcdef");
    }
}

#[test]
fn flow_upstream_is_address() {
    // Envoy has no cluster of this name; nginx finds nobody there.
    let code = |address: &str| {
        format!(
            r#"(data (i32.const 256) "{address}") (data (i32.const 512) "{}") {}"#,
            map_literal(&CALL),
            guest::request_function(&format!(
                "(call $tell (call $call (i32.const 256) (i32.const {}) (i32.const 512)
                   (i32.const {}) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                   (i32.const 0) (i32.const 32))) (i32.const 1)",
                address.len(),
                map_len(&CALL),
            ))
        )
    };
    let run = |profile: Profile, address: &str| {
        let mut world = World::builder(profile)
            .upstream("keys.example:80", Upstream::always(UpstreamReply::ok("")))
            .build();
        let worker = world.start(&guest::compile(&code(address)), Plugin::new("t", "")).unwrap();
        let transcript = world.request(worker, Request::get("/"));
        (lines(&transcript.logs), transcript.failure.is_some(), transcript.callouts)
    };
    let (told, _, calls) = run(ngx(), "keys.example");
    assert_eq!(told, ["00"]);
    assert_eq!(calls[0].result, gatekey_host_harness::CallResult::Answered(200));
    let (told, _, calls) = run(ngx(), "nobody.example");
    assert_eq!(told, ["00"]);
    assert_eq!(calls[0].result, gatekey_host_harness::CallResult::ConnectError);
    assert_eq!(run(Profile::envoy(), "keys.example").0, ["02"]);
    for bad in ["http://keys.example/", "keys.example:99999", ":80"] {
        let (_, failed, _) = run(ngx(), bad);
        assert!(failed, "{bad}");
    }
}

#[test]
fn flow_bad_call() {
    let mut profile = ngx();
    profile.calls.bad_call = Forbidden::Refused(gatekey_host_harness::Status::BadArgument);
    let pairs = [(":method", "GET")];
    let code = format!(
        r#"(data (i32.const 256) "up:1") (data (i32.const 512) "{}") {}"#,
        map_literal(&pairs),
        guest::request_function(&format!(
            "(call $tell (call $call (i32.const 256) (i32.const 4) (i32.const 512) (i32.const {})
               (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
               (i32.const 32))) (i32.const 0)",
            map_len(&pairs),
        ))
    );
    let artifact = guest::compile(&code);
    let (mut world, worker) = guest::world(profile, &artifact);
    assert_eq!(lines(&world.request(worker, Request::get("/")).logs), ["02"]);
    let (mut world, worker) = guest::world(ngx(), &artifact);
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!((transcript.reached_upstream(), transcript.status()), (false, Some(500)));
}

#[test]
fn flow_in_configure() {
    let code = format!(
        r#"(data (i32.const 256) "up:1") (data (i32.const 512) "{}")
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
             (drop (call $call (i32.const 256) (i32.const 4) (i32.const 512) (i32.const {})
               (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 32)))
             (i32.const 1))"#,
        map_literal(&CALL),
        map_len(&CALL),
    );
    let artifact = guest::compile(&code);
    let start = |profile: Profile| {
        let mut world = World::builder(profile)
            .upstream("up:1", Upstream::always(UpstreamReply::ok("")))
            .build();
        world.start(&artifact, Plugin::new("test", "")).err().map(|error| error.to_string())
    };
    assert!(start(ngx()).unwrap().contains("a call in `proxy_on_configure`"));
    assert_eq!(start(Profile::envoy()), None);
}

#[test]
fn flow_in_response() {
    let trapped = run(&ngx(), "..C");
    assert!(trapped.failure.is_some());
    assert_eq!(status(&trapped), Some(200));
    assert!(run(&Profile::spec(), "..C").failure.is_none());
}

#[test]
fn flow_local_response_cancels() {
    // The call is outstanding when its stream is answered from a tick-less second callback.
    let (mut world, worker) = world(&ngx(), UpstreamReply::ok("").after(Duration::from_millis(20)));
    let answered = world.request(worker, letters("ca."));
    assert_eq!(status(&answered), Some(403));
    world.advance(Duration::from_secs(1));
    let late = lines(world.logs(worker));
    assert_eq!(late.iter().filter(|line| line.starts_with('8')).count(), 1);
}

#[test]
fn flow_timeout_per_operation() {
    let reply = UpstreamReply::ok("").dripping(Duration::from_millis(300), 9);
    for (profile, word) in
        [(ngx(), "ok"), (with(|p| p.calls.timeout_per_operation = false), "timeout")]
    {
        let (mut world, worker) = world(&profile, reply.clone());
        let transcript = world.request(worker, letters("cr."));
        assert!(lines(&transcript.logs).contains(&word.to_owned()), "{transcript}");
    }
}

#[test]
fn flow_unsized_reply_is_empty() {
    let body_of = |profile: Profile| {
        let code = format!(
            r#"(data (i32.const 256) "up:1") (data (i32.const 512) "{}") {}
               (func (export "proxy_on_http_call_response") (param i32 i32 i32) (param $body i32) (param i32)
                 (call $tell (local.get $body)))"#,
            map_literal(&CALL),
            guest::request_function(&format!(
                "(drop (call $call (i32.const 256) (i32.const 4) (i32.const 512) (i32.const {})
                   (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                   (i32.const 32))) (i32.const 1)",
                map_len(&CALL),
            ))
        );
        let mut world = World::builder(profile)
            .upstream("up:1", Upstream::always(UpstreamReply::ok("12345").until_close()))
            .build();
        let worker = world.start(&guest::compile(&code), Plugin::new("t", "")).unwrap();
        lines(&world.request(worker, Request::get("/")).logs)
    };
    assert_eq!(body_of(ngx()), ["00"]);
    assert_eq!(body_of(Profile::envoy()), ["05"]);
}

#[test]
fn flow_max_reply_header_bytes() {
    let long = UpstreamReply::ok("").header("x", "y".repeat(8_500));
    let (mut world, worker) = world(&ngx(), long);
    let transcript = world.request(worker, letters("cr."));
    assert!(lines(&transcript.logs).contains(&"reader failure".to_owned()));
}
