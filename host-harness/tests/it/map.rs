//! Header maps: what may be read and written, when, and how much of it.

use gatekey_host_harness::{
    Headers, Outcome, Profile, RepeatedHeader, Request, Transcript, Upstream, UpstreamReply,
};

use crate::guest::{self, both, lines, map_len, map_literal};

fn run(profile: Profile, code: &str, request: Request) -> Transcript {
    let (mut world, worker) = guest::world(profile, &guest::compile(code));
    world.request(worker, request)
}

const NAME: &str = r#"(data (i32.const 256) "x-nameX-NAMEhostvalue")"#;
/// Pointer and length of `x-name`.
const N: &str = "(i32.const 256) (i32.const 6)";

#[test]
fn get_is_the_first_value_or_the_joined_one() {
    let code = format!(
        r#"{NAME} {}"#,
        guest::request_function(&format!(
            r#"(call $tell (call $get (i32.const 0) {N} (i32.const 0) (i32.const 4))) (call $said)
               (call $tell (call $get (i32.const 0) (i32.const 262) (i32.const 6)
                 (i32.const 0) (i32.const 4))) (call $said)
               (call $tell (call $get (i32.const 0) (i32.const 272) (i32.const 5)
                 (i32.const 0) (i32.const 4)))
               (i32.const 0)"#
        ))
    );
    let request = Request::get("/").header("X-Name", "one").header("x-name", b"t\xc3wo");
    let mut profile = Profile::envoy();
    assert_eq!(
        lines(&run(profile.clone(), &code, request.clone()).logs),
        ["00", "one", "00", "one", "01"]
    );
    profile.headers.repeated = RepeatedHeader::Joined;
    let transcript = run(profile, &code, request);
    assert_eq!(transcript.logs[1].bytes, b"one,t\xc3wo");
}

#[test]
fn edits_reach_the_upstream() {
    let code = format!(
        r#"{NAME} {}"#,
        guest::request_function(&format!(
            r#"(drop (call $set (i32.const 0) {N} (i32.const 272) (i32.const 5)))
               (drop (call $add (i32.const 0) (i32.const 262) (i32.const 6)
                 (i32.const 273) (i32.const 4)))
               (drop (call $remove (i32.const 0) (i32.const 256) (i32.const 1)))
               (i32.const 0)"#
        ))
    );
    let request = Request::bare()
        .header("x-name", "1")
        .header("x", "gone")
        .header("y", "kept")
        .header("X-NAME", "2")
        .header("x", "gone too");
    for profile in both() {
        let transcript = run(profile, &code, request.clone());
        let expected = [("x-name", "value"), ("y", "kept"), ("x-name", "alue")];
        assert_eq!(transcript.upstream.unwrap().headers, expected.into_iter().collect());
    }
}

#[test]
fn host_is_the_authority_on_envoy_only() {
    let code = format!(
        r#"{NAME} {}"#,
        guest::request_function(
            r#"(call $tell (call $get (i32.const 0) (i32.const 268) (i32.const 4)
                 (i32.const 0) (i32.const 4)))
               (i32.const 0)"#
        )
    );
    let request = Request::get("/").authority("a.example");
    assert_eq!(lines(&run(Profile::envoy(), &code, request.clone()).logs), ["00"]);
    assert_eq!(lines(&run(Profile::spec(), &code, request).logs), ["01"]);
}

#[test]
fn all_pairs_travel_as_serialised() {
    let code = guest::request_function(
        r#"(call $tell (call $pairs (i32.const 0) (i32.const 0) (i32.const 4))) (call $said)
           (drop (call $map_size (i32.const 0) (i32.const 8)))
           (call $tell (i32.eq (i32.load (i32.const 8)) (i32.load (i32.const 4))))
           (i32.const 0)"#,
    );
    let transcript = run(Profile::envoy(), &code, Request::bare().header("a", "1").header("a", ""));
    assert_eq!(
        transcript.logs[1].bytes,
        b"\x02\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0a\x001\0a\0\0"
    );
    assert_eq!(lines(&transcript.logs)[2], "01");
    let empty = run(Profile::envoy(), &code, Request::bare());
    assert_eq!(empty.logs[1].bytes, b"");
}

fn set_pairs(pairs: &[(&str, &str)], len: usize) -> String {
    format!(
        r#"(data (i32.const 4096) "{}") {}"#,
        map_literal(pairs),
        guest::request_function(&format!(
            r#"(call $tell (call $set_pairs (i32.const 0) (i32.const 4096) (i32.const {len})))
               (i32.const 0)"#
        ))
    )
}

#[test]
fn set_pairs_replaces_everything() {
    let pairs = [(":path", "/new"), ("x", "1"), ("x", "2")];
    for profile in both() {
        let transcript = run(profile, &set_pairs(&pairs, map_len(&pairs)), Request::get("/old"));
        assert_eq!(transcript.upstream.unwrap().headers, pairs.into_iter().collect());
    }
}

#[test]
fn a_map_over_the_limit_wipes_the_headers_on_envoy() {
    let pairs = vec![("x", ""); 1025];
    let code = set_pairs(&pairs, map_len(&pairs));
    let transcript = run(Profile::envoy(), &code, Request::get("/"));
    assert_eq!(lines(&transcript.logs), ["00"]);
    assert_eq!(transcript.upstream.unwrap().headers, Headers::new());
    let transcript = run(Profile::spec(), &code, Request::get("/"));
    assert_eq!(lines(&transcript.logs), ["02"]);
    assert_eq!(transcript.upstream.unwrap().headers.get(":path"), Some(&b"/"[..]));
    let pairs = vec![("x", ""); 1024];
    let transcript = run(Profile::envoy(), &set_pairs(&pairs, map_len(&pairs)), Request::get("/"));
    assert_eq!(transcript.upstream.unwrap().headers.len(), 1024);
}

#[test]
fn a_cut_map_is_malformed() {
    let pairs = [("x", "1")];
    let code = set_pairs(&pairs, map_len(&pairs) - 1);
    assert!(run(Profile::envoy(), &code, Request::get("/")).upstream.unwrap().headers.is_empty());
    assert_eq!(lines(&run(Profile::spec(), &code, Request::get("/")).logs), ["02"]);
}

/// Tells what reading and writing each of the request's and the response's maps answers.
const PROBE: &str = r#"
  (func $probe
    (call $tell (call $get (i32.const 0) (i32.const 256) (i32.const 6) (i32.const 0) (i32.const 4)))
    (call $tell (call $set (i32.const 0) (i32.const 256) (i32.const 6) (i32.const 256) (i32.const 6)))
    (call $tell (call $pairs (i32.const 0) (i32.const 0) (i32.const 4)))
    (call $tell (i32.ne (i32.load (i32.const 4)) (i32.const 0)))
    (call $tell (call $get (i32.const 2) (i32.const 256) (i32.const 6) (i32.const 0) (i32.const 4))))
"#;

#[test]
fn request_headers_are_gone_after_the_callback() {
    let code = format!(
        r#"{NAME} {PROBE} {}
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $probe) (i32.const 0))"#,
        guest::request_function("(call $probe) (i32.const 0)")
    );
    let request = Request::get("/").header("x-name", "1");
    let during = ["00", "00", "00", "01", "02"];
    let envoy = ["02", "02", "00", "00", "01"];
    let spec = ["02", "02", "02", "00", "01"];
    let transcript = run(Profile::envoy(), &code, request.clone());
    assert_eq!(lines(&transcript.logs), [during, envoy].concat());
    let transcript = run(Profile::spec(), &code, request);
    // A refused read leaves the guest's pointers as they were.
    assert_eq!(lines(&transcript.logs)[..8], [during, spec].concat()[..8]);
    assert_eq!(lines(&transcript.logs)[9], "01");
}

#[test]
fn resuming_takes_the_request_headers_away_at_once() {
    let code = format!(
        r#"{NAME} {PROBE} {}"#,
        guest::request_function(
            "(call $tell (call $resume (i32.const 0))) (call $probe) (i32.const 1)"
        )
    );
    let transcript = run(Profile::envoy(), &code, Request::get("/").header("x-name", "1"));
    assert_eq!(lines(&transcript.logs), ["00", "02", "02", "00", "00", "02"]);
    assert!(matches!(transcript.outcome, Outcome::Upstream { .. }));
}

#[test]
fn an_answer_without_a_resume_keeps_the_request_headers_open_on_envoy() {
    let code = format!(
        r#"{NAME} {PROBE} {}
        (func (export "proxy_on_log") (param i32) (call $probe))"#,
        guest::request_function(
            r#"(call $answer (i32.const 403) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                 (i32.const 0) (i32.const 0) (i32.const -1))"#
        )
    );
    let request = Request::get("/").header("x-name", "1");
    let transcript = run(Profile::envoy(), &code, request.clone());
    assert_eq!(lines(&transcript.logs), ["00", "00", "00", "01", "01"]);
    let transcript = run(Profile::spec(), &code, request);
    assert_eq!(lines(&transcript.logs)[..2], ["00", "02"]);
}

#[test]
fn unknown_maps_and_bad_pointers_are_told() {
    let code = guest::request_function(
        r#"(call $tell (call $pairs (i32.const 8) (i32.const 0) (i32.const 4)))
           (call $tell (call $pairs (i32.const 6) (i32.const 0) (i32.const 4)))
           (call $tell (call $get (i32.const 0) (i32.const -4) (i32.const 8) (i32.const 0) (i32.const 4)))
           (call $tell (call $get (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 4)))
           (call $tell (call $pairs (i32.const 0) (i32.const -2) (i32.const 4)))
           (call $tell (call $set_pairs (i32.const 0) (i32.const -2) (i32.const 400)))
           (call $tell (call $log (i32.const 6) (i32.const 0) (i32.const 0)))
           (call $tell (call $log (i32.const 2) (i32.const -1) (i32.const 2)))
           (i32.const 0)"#,
    );
    let mut profile = Profile::envoy();
    profile.headers.closed_map_reads_empty = false;
    let transcript = run(profile, &code, Request::get("/"));
    assert_eq!(lines(&transcript.logs), ["02", "02", "06", "06", "06", "06", "02", "06"]);
    assert!(transcript.failure.is_none());
}

#[test]
fn response_headers_can_be_edited_and_read_by_the_log() {
    let code = format!(
        r#"{NAME}
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (drop (call $set (i32.const 2) {N} (i32.const 272) (i32.const 5)))
          (i32.const 0))
        (func (export "proxy_on_log") (param i32)
          (drop (call $get (i32.const 2) {N} (i32.const 0) (i32.const 4))) (call $said)
          (call $tell (call $set (i32.const 2) {N} (i32.const 272) (i32.const 5))))"#
    );
    let (mut world, worker) = guest::world(Profile::envoy(), &guest::compile(&code));
    world.set_origin(Upstream::always(UpstreamReply::status(404).header("x-name", "old")));
    let transcript = world.request(worker, Request::get("/"));
    let response = transcript.response.unwrap();
    assert_eq!((response.status, response.headers.get("x-name")), (404, Some(&b"value"[..])));
    assert_eq!(lines(&transcript.logs), ["value", "02"]);
}
