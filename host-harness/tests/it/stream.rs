//! Requests on their way through a filter: bodies, pauses, answers of its own.

use core::time::Duration;

use gatekey_host_harness::{Outcome, Profile, Request, Upstream, UpstreamReply};

use crate::guest::{self, both, lines, map_len, map_literal};

#[test]
fn a_filter_without_callbacks_lets_everything_through() {
    for profile in both() {
        let (mut world, worker) = guest::world(profile, &guest::compile(""));
        let request = Request::post("/p?q")
            .header("X-Twice", "1")
            .header("x-twice", b"\xff")
            .chunk("ab")
            .chunk("c")
            .trailer("t", "1");
        let transcript = world.request(worker, request);
        let upstream = transcript.upstream.unwrap();
        assert_eq!(upstream.headers.get_all("x-twice"), [&b"1"[..], b"\xff"]);
        assert_eq!(upstream.headers.get(":path"), Some(&b"/p?q"[..]));
        assert_eq!(upstream.body, b"abc");
        assert_eq!(upstream.trailers.get("t"), Some(&b"1"[..]));
        assert!(matches!(transcript.outcome, Outcome::Upstream { .. }));
        assert_eq!(transcript.response.unwrap().status, 200);
        assert_eq!(world.open_streams(worker), 0);
    }
}

#[test]
fn a_pause_without_end_is_told() {
    let (mut world, worker) = guest::world(Profile::envoy(), &guest::on_request("i32.const 1"));
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(transcript.outcome, Outcome::Paused);
    assert_eq!((transcript.upstream, transcript.response), (None, None));
    assert_eq!(world.open_streams(worker), 0);
}

#[test]
fn patience_is_virtual_time() {
    let code = format!(
        r#"{} (func (export "proxy_on_tick") (param i32))
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
             (drop (call $tick_every (i32.const 1000))) (i32.const 1))"#,
        guest::request_function("i32.const 1")
    );
    let (mut world, worker) = guest::world(Profile::envoy(), &guest::compile(&code));
    let patience = Duration::from_millis(4500);
    let transcript = world.request(worker, Request::get("/").patience(patience));
    assert_eq!(transcript.outcome, Outcome::Paused);
    assert_eq!(world.elapsed(), Duration::from_secs(4));
}

const ANSWER: &str = r#"(call $answer (i32.const 403)
    (i32.const 256) (i32.const 8) (i32.const 264) (i32.const 4)
    (i32.const 512) (i32.const LEN) (i32.const -1))"#;

fn answering(action: u32) -> String {
    let pairs = [("set-cookie", "a"), ("set-cookie", "b")];
    let answer = ANSWER.replace("LEN", &map_len(&pairs).to_string());
    format!(
        r#"(data (i32.const 256) "no entry") (data (i32.const 264) "body")
           (data (i32.const 512) "{}") {}"#,
        map_literal(&pairs),
        guest::request_function(&format!("(call $tell {answer}) (i32.const {action})"))
    )
}

#[test]
fn an_own_answer_ends_the_request_whatever_the_action() {
    for (profile, action) in both().into_iter().flat_map(|p| [(p.clone(), 0), (p, 1)]) {
        let added = profile.streams.local_response_adds_content_headers;
        let (mut world, worker) = guest::world(profile, &guest::compile(&answering(action)));
        let transcript = world.request(worker, Request::get("/"));
        let Outcome::Local { status, headers, body, details } = &transcript.outcome else {
            panic!("{transcript}")
        };
        assert_eq!((*status, &body[..], &details[..]), (403, &b"body"[..], "no_entry"));
        assert_eq!(headers.get_all("set-cookie"), [b"a", b"b"]);
        assert!(!transcript.reached_upstream());
        let response = transcript.response.unwrap();
        assert_eq!((response.status, &response.body[..]), (403, &b"body"[..]));
        assert_eq!(response.headers.get_all("set-cookie").len(), 2);
        assert_eq!(response.headers.get("content-type").is_some(), added);
    }
}

#[test]
fn where_the_action_counts_the_request_escapes() {
    let mut profile = Profile::envoy();
    profile.streams.local_response_replaces_action = false;
    for (action, escapes) in [(0, true), (1, false)] {
        let (mut world, worker) =
            guest::world(profile.clone(), &guest::compile(&answering(action)));
        let transcript = world.request(worker, Request::get("/"));
        assert_eq!(transcript.reached_upstream(), escapes);
        assert_eq!(transcript.status(), Some(403));
    }
}

#[test]
fn own_answers_pass_the_response_callbacks_on_envoy() {
    let code = answering(1)
        + r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
               (call $say (i32.const 264) (i32.const 4)) (i32.const 0))"#;
    for (profile, expected) in [(Profile::envoy(), 2), (Profile::spec(), 1)] {
        let (mut world, worker) = guest::world(profile, &guest::compile(&code));
        assert_eq!(world.request(worker, Request::get("/")).logs.len(), expected);
    }
}

#[test]
fn the_first_answer_counts() {
    let twice = ANSWER.replace("LEN", "0");
    let other = twice.replace("403", "200");
    let code = guest::on_request(&format!("(drop {twice}) (call $tell {other}) (i32.const 1)"));
    let (mut world, worker) = guest::world(Profile::envoy(), &code);
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!((transcript.status(), lines(&transcript.logs)), (Some(403), vec!["00".to_owned()]));
}

#[test]
fn an_answer_in_the_response_replaces_the_upstreams() {
    let answer = ANSWER.replace("LEN", "0");
    let code = guest::compile(&format!(
        r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
             {answer})"#
    ));
    let (mut world, worker) = guest::world(Profile::envoy(), &code);
    world.set_origin(Upstream::always(UpstreamReply::ok("secret").header("x", "1")));
    let transcript = world.request(worker, Request::get("/"));
    assert!(matches!(transcript.outcome, Outcome::Local { status: 403, .. }));
    assert!(transcript.reached_upstream());
    let response = transcript.response.unwrap();
    assert_eq!((response.status, response.headers.get("x")), (403, None));
}

#[test]
fn an_answer_behind_the_headers_cuts_the_response_off() {
    let answer = ANSWER.replace("LEN", "0");
    let code = guest::compile(&format!(
        r#"(func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) {answer})"#
    ));
    let (mut world, worker) = guest::world(Profile::envoy(), &code);
    world.set_origin(Upstream::always(UpstreamReply::ok("body")));
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(transcript.outcome, Outcome::Reset);
    assert_eq!((transcript.status(), transcript.response.unwrap().body), (Some(200), vec![]));
}

#[test]
fn statuses_must_fit() {
    let answer = ANSWER.replace("LEN", "0").replace("403", "65539");
    let code = guest::on_request(&format!("(call $tell {answer}) (i32.const 0)"));
    let (mut world, worker) = guest::world(Profile::envoy(), &code);
    assert_eq!(lines(&world.request(worker, Request::get("/")).logs), ["02"]);
}

#[test]
fn closing_resets_the_stream() {
    let code = guest::on_request(
        "(call $tell (call $close (i32.const 2))) (call $tell (call $close (i32.const 4))) (drop (call $close (i32.const 0))) (i32.const 0)",
    );
    let (mut world, worker) = guest::world(Profile::envoy(), &code);
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!((transcript.outcome, transcript.upstream), (Outcome::Reset, None));
    assert_eq!(lines(&transcript.logs), ["00", "02"]);
}

/// Holds the whole body back, tells its size each time, and reverses nothing but its last chunk.
const COLLECT: &str = r#"
  (func (export "proxy_on_request_body") (param $ctx i32) (param $n i32) (param $eos i32) (result i32)
    (call $tell (local.get $n))
    (call $tell (call $buffer (i32.const 0) (i32.const 1) (i32.const 3) (i32.const 0) (i32.const 4)))
    (call $said)
    (if (local.get $eos) (then
      (drop (call $set_buffer (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 256) (i32.const 3)))))
    (i32.eqz (local.get $eos)))
  (data (i32.const 256) "<!>")"#;

#[test]
fn bodies_are_collected_edited_and_sent() {
    for profile in both() {
        let (mut world, worker) = guest::world(profile, &guest::compile(COLLECT));
        let request = Request::post("/").chunk("abc").chunk("de").chunk("");
        let transcript = world.request(worker, request);
        assert_eq!(
            lines(&transcript.logs),
            ["03", "00", "bc", "05", "00", "bcd", "05", "00", "bcd"]
        );
        assert_eq!(transcript.upstream.unwrap().body, b"<!>cde");
    }
}

#[test]
fn a_body_held_over_the_limit_is_refused() {
    let code = r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
        (i32.const 1))"#;
    let mut profile = Profile::envoy();
    profile.bodies.buffer_limit = 10;
    let (mut world, worker) = guest::world(profile, &guest::compile(code));
    let held = world.request(worker, Request::post("/").body([0; 10]));
    assert_eq!(held.outcome, Outcome::Paused);
    let refused = world.request(worker, Request::post("/").body([0; 11]));
    assert!(matches!(refused.outcome, Outcome::Local { status: 413, .. }));
    // The headers were on their way when the body came.
    assert_eq!(refused.upstream.unwrap().body, b"");
}

#[test]
fn buffers_outside_their_callback() {
    let code = guest::on_request(
        r#"(call $tell (call $buffer (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 0) (i32.const 4)))
           (call $tell (call $buffer (i32.const 9) (i32.const 0) (i32.const 9) (i32.const 0) (i32.const 4)))
           (call $tell (call $buffer (i32.const 6) (i32.const 5) (i32.const -1) (i32.const 0) (i32.const 4)))
           (call $tell (call $buffer (i32.const 6) (i32.const 9) (i32.const 1) (i32.const 0) (i32.const 4)))
           (call $tell (call $buffer (i32.const 7) (i32.const 0) (i32.const 9) (i32.const 0) (i32.const 4)))
           (call $tell (call $set_buffer (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1)))
           (call $tell (call $set_buffer (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1)))
           (call $tell (call $buffer_status (i32.const 6) (i32.const 0) (i32.const 4)))
           (call $tell (call $buffer_status (i32.const 5) (i32.const 0) (i32.const 4)))
           (i32.const 0)"#,
    );
    let cases = [
        (Profile::envoy(), ["00", "02", "02", "00", "01", "02", "01", "00", "01"]),
        (Profile::spec(), ["01", "02", "02", "00", "00", "01", "02", "00", "01"]),
    ];
    for (profile, expected) in cases {
        let (mut world, worker) = guest::world(profile, &code);
        let transcript = world.request(worker, Request::get("/"));
        assert_eq!(lines(&transcript.logs), expected);
    }
}

#[test]
fn end_of_stream_is_exact() {
    let code = guest::compile(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (call $tell (local.get 1)) (call $tell (local.get 2)) (i32.const 0))
           (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
             (call $tell (local.get 2)) (i32.const 0))
           (func (export "proxy_on_request_trailers") (param i32 i32) (result i32)
             (call $tell (local.get 1)) (i32.const 0))"#,
    );
    let (mut world, worker) = guest::world(Profile::envoy(), &code);
    let cases = [
        (Request::get("/"), vec!["04", "01"]),
        (Request::post("/").chunk("a").chunk("b"), vec!["04", "00", "00", "01"]),
        (Request::post("/").chunk("a").trailer("t", ""), vec!["04", "00", "00", "01"]),
    ];
    for (request, expected) in cases {
        assert_eq!(lines(&world.request(worker, request).logs), expected);
    }
}

#[test]
fn trailers_let_a_held_body_go() {
    let code = guest::compile(
        r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (i32.const 1))
           (func (export "proxy_on_request_trailers") (param i32 i32) (result i32) (i32.const 0))"#,
    );
    let (mut world, worker) = guest::world(Profile::envoy(), &code);
    let transcript = world.request(worker, Request::post("/").chunk("a").trailer("t", "1"));
    assert_eq!(transcript.upstream.unwrap().body, b"a");
}

#[test]
fn a_client_may_go_at_any_time() {
    let code = guest::compile(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 1))
           (func (export "proxy_on_delete") (param i32) (call $tell (local.get 0)))"#,
    );
    let (mut world, worker) = guest::world(Profile::envoy(), &code);
    let stream = world.open(worker, Request::get("/"));
    assert!(!world.is_over(stream));
    assert_eq!(world.open_streams(worker), 1);
    let transcript = world.abort(stream);
    assert_eq!((transcript.outcome, transcript.response), (Outcome::Aborted, None));
    assert_eq!(transcript.logs.len(), 1);
    assert_eq!(world.open_streams(worker), 0);
    assert!(matches!(world.finish(stream).outcome, Outcome::Failed { .. }));
}

#[test]
fn a_slow_upstream_answers_in_virtual_time() {
    let (mut world, worker) = guest::world(Profile::envoy(), &guest::compile(""));
    let minute = Duration::from_secs(50);
    world.set_origin(Upstream::script([
        UpstreamReply::ok("late").after(minute),
        UpstreamReply::never(),
        UpstreamReply::reset(),
    ]));
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(
        (transcript.ended_at, transcript.response.unwrap().body),
        (minute, b"late".to_vec())
    );
    let transcript = world.request(worker, Request::get("/"));
    assert!(transcript.reached_upstream() && transcript.response.is_none());
    assert_eq!(world.request(worker, Request::get("/")).status(), Some(503));
}

#[test]
fn a_resume_before_the_answer_lets_the_request_through_on_envoy() {
    let answer = ANSWER.replace("LEN", "0");
    let resume = "(drop (call $resume (i32.const 0)))";
    let order =
        |first: &str, second: &str| guest::on_request(&format!("{first} {second} (i32.const 1)"));
    let answer = format!("(drop {answer})");
    let cases = [
        (Profile::envoy(), order(resume, &answer), true),
        (Profile::envoy(), order(&answer, resume), false),
        (Profile::spec(), order(resume, &answer), false),
    ];
    for (profile, artifact, reaches) in cases {
        let (mut world, worker) = guest::world(profile, &artifact);
        let transcript = world.request(worker, Request::get("/"));
        assert!(matches!(transcript.outcome, Outcome::Local { status: 403, .. }));
        assert_eq!(transcript.reached_upstream(), reaches);
    }
}

#[test]
fn what_the_guest_does_at_the_end_changes_nothing() {
    let answer = ANSWER.replace("LEN", "0");
    let code = guest::compile(&format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 1))
           (func (export "proxy_on_done") (param i32) (result i32)
             (drop {answer}) (drop (call $resume (i32.const 0))) (i32.const 1))"#
    ));
    let (mut world, worker) = guest::world(Profile::envoy(), &code);
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!((transcript.outcome, transcript.response), (Outcome::Paused, None));
}
