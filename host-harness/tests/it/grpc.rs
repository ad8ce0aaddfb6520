//! gRPC calls and streams: numbers, statuses, what arrives and when.

use core::time::Duration;

use gatekey_host_harness::{
    FailureKind, Fault, FaultKind, GrpcKind, GrpcReply, GrpcRequest, GrpcUpstream, Plugin, Profile,
    Request, Transcript, World,
};

use crate::guest::{self, both, lines, map_len, map_literal};

const PAIRS: [(&str, &str); 1] = [("who", "me")];

/// Data, and callbacks that tell what arrives: a letter, the number, the detail, and what can be
/// read. A close resumes the stream, whose context is 2.
fn frame(service: &str) -> String {
    format!(
        r#"(data (i32.const 256) "pkg.SvcRunhellogrpc-statusimfc")
           (data (i32.const 512) "{}")
           (data (i32.const 768) "{service}")
           (func $open (param $call i32) (param $timeout i32) (result i32)
             (if (result i32) (local.get $call)
               (then (call $grpc_call (i32.const 768) (i32.const {len}) (i32.const 256) (i32.const 7)
                 (i32.const 263) (i32.const 3) (i32.const 512) (i32.const {pairs})
                 (i32.const 266) (i32.const 5) (local.get $timeout) (i32.const 32)))
               (else (call $grpc_stream (i32.const 768) (i32.const {len}) (i32.const 256)
                 (i32.const 7) (i32.const 263) (i32.const 3) (i32.const 512) (i32.const {pairs})
                 (i32.const 32)))))
           (func $arrives (param $letter i32) (param $token i32) (param $detail i32)
             (call $say (local.get $letter) (i32.const 1))
             (call $tell (local.get $token))
             (call $tell (local.get $detail)))
           (func (export "proxy_on_grpc_receive_initial_metadata") (param i32 i32 i32)
             (call $arrives (i32.const 282) (local.get 1) (local.get 2))
             (call $tell (call $map_size (i32.const 4) (i32.const 40)))
             (call $tell (call $map_size (i32.const 5) (i32.const 40))))
           (func (export "proxy_on_grpc_receive") (param i32 i32 i32)
             (call $arrives (i32.const 283) (local.get 1) (local.get 2))
             (call $tell (call $buffer (i32.const 5) (i32.const 0) (i32.const 99)
               (i32.const 0) (i32.const 4)))
             (call $said))
           (func (export "proxy_on_grpc_receive_trailing_metadata") (param i32 i32 i32)
             (call $arrives (i32.const 284) (local.get 1) (local.get 2))
             (call $tell (call $get (i32.const 5) (i32.const 271) (i32.const 11)
               (i32.const 0) (i32.const 4))))
           (func (export "proxy_on_grpc_close") (param i32 i32 i32)
             (call $arrives (i32.const 285) (local.get 1) (local.get 2))
             (drop (call $get_status (i32.const 8) (i32.const 0) (i32.const 4)))
             (call $tell (i32.load (i32.const 8)))
             (call $said)
             (call $tell (call $act_for (i32.const 2)))
             (drop (call $get_status (i32.const 8) (i32.const 0) (i32.const 4)))
             (call $tell (i32.load (i32.const 8)))
             (drop (call $resume (i32.const 0))))"#,
        map_literal(&PAIRS),
        len = service.len() - service.matches('\\').count() * 2,
        pairs = map_len(&PAIRS),
    )
}

fn run(profile: Profile, service: &str, code: &str, upstream: GrpcUpstream) -> Transcript {
    let code = format!("{} {}", frame(service), guest::request_function(code));
    let artifact = guest::compile(&code);
    let mut world = World::builder(profile).grpc_upstream("rpc", upstream).build();
    let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
    world.request(worker, Request::get("/"))
}

/// Starts one call and waits.
fn call(profile: Profile, service: &str, reply: GrpcReply, timeout: u32) -> Transcript {
    let code = format!(
        r#"(call $tell (call $open (i32.const 1) (i32.const {timeout})))
           (call $tell (i32.load (i32.const 32))) (i32.const 1)"#
    );
    run(profile, service, &code, GrpcUpstream::always(reply))
}

#[test]
fn by_the_letter_a_call_brings_all_four() {
    let reply = GrpcReply::ok("yes").metadata("a", "1").trailer("b", "2");
    let transcript = call(Profile::spec(), "rpc", reply.after(Duration::from_millis(7)), 0);
    let told = lines(&transcript.logs);
    assert_eq!(told[..2], ["00", "01"]);
    assert_eq!(told[2..7], ["i", "01", "01", "00", "02"]);
    assert_eq!(told[7..12], ["m", "01", "03", "00", "yes"]);
    assert_eq!(told[12..16], ["f", "01", "01", "01"]);
    assert_eq!(told[16..], ["c", "01", "00", "00", "", "00", "00"]);
    assert!(transcript.reached_upstream());
    assert_eq!(transcript.ended_at, Duration::from_millis(7));
    let callout = &transcript.grpc_callouts[0];
    assert_eq!((callout.kind, callout.token), (GrpcKind::Call, 1));
    assert_eq!((&*callout.service, &*callout.method), ("pkg.Svc", "Run"));
    assert_eq!(callout.messages, [b"hello".to_vec()]);
    assert_eq!(callout.metadata.get("who"), Some(&b"me"[..]));
    assert_eq!((callout.status, callout.timeout), (Some(0), None));
    assert!(transcript.to_string().contains("grpc call 1 to rpc pkg.Svc/Run at 0ns: status 0"));
}

#[test]
fn on_envoy_a_call_brings_its_message_only() {
    let transcript = call(Profile::envoy(), "rpc", GrpcReply::ok("yes").metadata("a", "1"), 0);
    assert_eq!(lines(&transcript.logs), ["00", "05", "m", "05", "03", "00", "yes"]);
    assert_eq!(transcript.grpc_callouts[0].status, Some(0));
}

#[test]
fn on_envoy_a_failure_is_a_close() {
    let told = lines(&call(Profile::envoy(), "rpc", GrpcReply::status(5, "none"), 0).logs);
    // Once the guest acts for the stream, the status is that of the stream: none.
    assert_eq!(told, ["00", "05", "c", "05", "05", "05", "none", "00", "00"]);
    let told = lines(&call(Profile::spec(), "rpc", GrpcReply::reset(), 0).logs);
    assert_eq!(told[told.len() - 7..][..4], ["c", "01", "14", "14"]);
    assert_eq!(told.last().unwrap(), "14");
}

#[test]
fn time_runs_out() {
    for (profile, text) in
        [(Profile::spec(), "deadline exceeded"), (Profile::envoy(), "upstream request timeout")]
    {
        for reply in [GrpcReply::never(), GrpcReply::ok("late").after(Duration::from_millis(20))] {
            let transcript = call(profile.clone(), "rpc", reply, 20);
            let told = lines(&transcript.logs);
            assert_eq!(told[2..3], ["c"], "{told:?}");
            assert_eq!(told[4..7], ["04", "04", text]);
            assert_eq!(transcript.ended_at, Duration::from_millis(20));
            assert_eq!(transcript.grpc_callouts[0].status, Some(4));
        }
    }
    // A reply that gets lost on the way is one that never comes.
    let open = "(call $tell (call $open (i32.const 1) (i32.const 20))) (i32.const 1)";
    let code = format!("{} {}", frame("rpc"), guest::request_function(open));
    let mut world = World::builder(Profile::envoy())
        .grpc_upstream("rpc", GrpcUpstream::always(GrpcReply::ok("yes")))
        .fault(Fault::new("proxy_grpc_call", FaultKind::Timeout))
        .build();
    let worker = world.start(&guest::compile(&code), Plugin::new("test", "")).unwrap();
    assert_eq!(world.request(worker, Request::get("/")).grpc_callouts[0].status, Some(4));
    let mut older = Profile::envoy();
    older.grpc.timeout_status = 14;
    assert_eq!(lines(&call(older, "rpc", GrpcReply::never(), 20).logs)[4], "14");
}

#[test]
fn unknown_services_are_told_apart() {
    let message = r"\0a\05\0a\03rpc";
    let unknown = r"\0a\05\0a\03abc";
    let cases = [
        (Profile::spec(), "other", "02"),
        (Profile::envoy(), "other", "04"),
        (Profile::envoy(), message, "00"),
        (Profile::envoy(), unknown, "10"),
        // A message by accident, and one that names nobody.
        (Profile::envoy(), "accounts1", "02"),
        (Profile::spec(), message, "02"),
    ];
    for (profile, service, status) in cases {
        let told = lines(&call(profile, service, GrpcReply::ok(""), 0).logs);
        assert_eq!(told[0], status, "{service}");
    }
}

#[test]
fn on_envoy_a_call_that_never_started_is_closed_all_the_same() {
    let told = lines(&call(Profile::envoy(), "rpc", GrpcReply::not_started(), 0).logs);
    assert_eq!(told[..2], ["10", "00"]);
    assert_eq!(told[2..7], ["c", "05", "14", "14", "Cluster not available"]);
    let told = lines(&call(Profile::spec(), "rpc", GrpcReply::not_started(), 0).logs);
    assert_eq!(told, ["10", "00"]);
}

#[test]
fn numbers_tell_kinds_apart_on_envoy() {
    let code = r#"
        (drop (call $open (i32.const 1) (i32.const 0))) (call $tell (i32.load (i32.const 32)))
        (drop (call $open (i32.const 0) (i32.const 0))) (call $tell (i32.load (i32.const 32)))
        (drop (call $open (i32.const 1) (i32.const 0))) (call $tell (i32.load (i32.const 32)))
        (drop (call $open (i32.const 0) (i32.const 0))) (call $tell (i32.load (i32.const 32)))
        (i32.const 0)"#;
    let told =
        |profile| lines(&run(profile, "rpc", code, GrpcUpstream::always(GrpcReply::never())).logs);
    assert_eq!(told(Profile::envoy()), ["05", "06", "09", "10"]);
    assert_eq!(told(Profile::spec()), ["01", "02", "03", "04"]);
}

/// Echoes each message, and ends when the guest does.
fn echo(request: &GrpcRequest) -> GrpcReply {
    match (&request.message, request.end_of_stream) {
        (Some(message), false) => GrpcReply::open().message(message.clone()),
        (Some(message), true) => GrpcReply::ok(message.clone()),
        (None, true) => GrpcReply::status(0, ""),
        (None, false) => GrpcReply::open(),
    }
}

const SENDING: &str = r#"
    (call $tell (call $open (i32.const 0) (i32.const 0)))
    (call $tell (call $grpc_send (i32.load (i32.const 32)) (i32.const 266) (i32.const 1) (i32.const 0)))
    (call $tell (call $grpc_send (i32.load (i32.const 32)) (i32.const 267) (i32.const 2) (i32.const 0)))
    (call $tell (call $grpc_close (i32.load (i32.const 32))))
    (call $tell (call $grpc_send (i32.load (i32.const 32)) (i32.const 267) (i32.const 2) (i32.const 0)))
    (i32.const 1)"#;

#[test]
fn a_stream_carries_messages_both_ways() {
    for profile in both() {
        let name = profile.name.clone();
        let transcript = run(profile, "rpc", SENDING, GrpcUpstream::respond(echo));
        let told = lines(&transcript.logs);
        assert_eq!(told[..5], ["00", "00", "00", "00", "00"]);
        let (token, initial, found) =
            if name == "envoy" { ("06", "02", "00") } else { ("01", "00", "01") };
        assert_eq!(told[5..8], ["i", token, initial]);
        assert_eq!(told[10..15], ["m", token, "01", "00", "h"]);
        assert_eq!(told[15..20], ["m", token, "02", "00", "el"]);
        let trailing = if name == "envoy" { "01" } else { "00" };
        assert_eq!(told[20..24], ["f", token, trailing, found]);
        assert_eq!(told[24..28], ["c", token, "00", "00"]);
        let callout = &transcript.grpc_callouts[0];
        assert_eq!(callout.messages, [b"h".to_vec(), b"el".to_vec()]);
        assert_eq!((callout.closed, callout.status), (true, Some(0)));
        assert!(transcript.reached_upstream());
    }
}

#[test]
fn what_is_cancelled_brings_nothing_more() {
    let code = |open: u32, end: &str| {
        format!(
            r#"(drop (call $open (i32.const {open}) (i32.const 0)))
               (call $tell (call ${end} (i32.load (i32.const 32))))
               (call $tell (call ${end} (i32.load (i32.const 32))))
               (i32.const 0)"#
        )
    };
    for profile in both() {
        for (open, end) in [(1, "grpc_cancel"), (0, "grpc_cancel"), (1, "grpc_close")] {
            let upstream = GrpcUpstream::always(GrpcReply::ok("x"));
            let transcript = run(profile.clone(), "rpc", &code(open, end), upstream);
            assert_eq!(lines(&transcript.logs), ["00", "01"], "{open} {end}");
            assert!(transcript.grpc_callouts[0].cancelled);
        }
    }
}

#[test]
fn a_number_of_the_wrong_kind_is_refused() {
    let code = r#"
        (drop (call $open (i32.const 1) (i32.const 0)))
        (call $tell (call $grpc_send (i32.load (i32.const 32)) (i32.const 0) (i32.const 0) (i32.const 0)))
        (call $tell (call $grpc_send (i32.const 42) (i32.const 0) (i32.const 0) (i32.const 0)))
        (call $tell (call $grpc_cancel (i32.const 44)))
        (call $tell (call $grpc_close (i32.const 44)))
        (i32.const 0)"#;
    for (profile, told) in
        [(Profile::envoy(), ["02", "01", "02", "02"]), (Profile::spec(), ["02", "01", "01", "01"])]
    {
        let upstream = GrpcUpstream::always(GrpcReply::never());
        assert_eq!(lines(&run(profile, "rpc", code, upstream).logs), told);
    }
}

#[test]
fn late_arrivals_meet_a_stream_that_is_gone() {
    let code = format!(
        "{} {}",
        frame("rpc"),
        guest::request_function("(drop (call $open (i32.const 1) (i32.const 0))) (i32.const 0)")
    );
    for profile in both() {
        let artifact = guest::compile(&code);
        let late = GrpcReply::status(9, "").after(Duration::from_secs(1));
        let mut world =
            World::builder(profile).grpc_upstream("rpc", GrpcUpstream::always(late)).build();
        let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
        let transcript = world.request(worker, Request::get("/"));
        assert_eq!(transcript.grpc_callouts[0].status, None);
        world.advance(Duration::from_secs(2));
        let background = world.background(worker).unwrap();
        assert!(background.callbacks.iter().any(|c| c.name == "proxy_on_grpc_close"));
        assert!(world.failure(worker).is_none());
    }
}

#[test]
fn a_host_without_grpc_traps() {
    for code in [
        "(drop (call $grpc_call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
           (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
           (i32.const 0) (i32.const 0)))",
        "(drop (call $grpc_cancel (i32.const 1)))",
        "(drop (call $get_status (i32.const 8) (i32.const 0) (i32.const 4)))",
        "(drop (call $done))",
        "(drop (call $close (i32.const 0)))",
        "(drop (call $resolve (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)))",
    ] {
        let artifact = guest::on_request(&format!("{code} (i32.const 0)"));
        let (mut world, worker) = guest::world(Profile::ngx_0_6(), &artifact);
        let transcript = world.request(worker, Request::get("/"));
        let failure = transcript.failure.unwrap();
        assert_eq!(failure.kind, FailureKind::Trap);
        assert!(failure.message.contains("not yet implemented"), "{failure}");
    }
}
