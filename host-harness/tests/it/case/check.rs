//! The checks that run in every case, each seen firing and seen silent.

use gatekey_host_harness::case::{Check, Report};
use gatekey_host_harness::{Artifact, Profile};

use super::{one, run};
use crate::guest;

const REQUEST: &str = "steps: [{ request: {} }]";

fn envoy(artifact: &Artifact, members: &str) -> Report {
    run(artifact, &Profile::envoy(), &one(members))
}

fn found(report: &Report) -> Vec<Check> {
    report.findings.iter().map(|finding| finding.check).collect()
}

/// The check fires, and is silent where the case allows it.
fn fires(artifact: &Artifact, check: Check, members: &str, allow: &str) {
    let report = envoy(artifact, members);
    assert!(found(&report).contains(&check), "{report}");
    assert!(!report.passed());
    let allowed = envoy(artifact, &format!("{members}\nallow: {allow}"));
    assert!(!found(&allowed).contains(&check), "{allowed}");
}

#[test]
fn a_quiet_filter_passes() {
    let report = envoy(&guest::on_request("i32.const 0"), REQUEST);
    assert!(report.passed(), "{report}");
}

#[test]
fn loud_lines() {
    let warning = guest::compile(&format!(
        r#"(data (i32.const 256) "odd") {}"#,
        guest::request_function(
            "(drop (call $log (i32.const 3) (i32.const 256) (i32.const 3))) i32.const 0"
        )
    ));
    fires(&warning, Check::UnexpectedLog, REQUEST, "{ logs: [{ level: warn, message: odd }] }");
    // What a request expects need not be allowed.
    let report = envoy(&warning, "steps: [{ request: { expect: { logs: [{ message: odd }] } } }]");
    assert!(report.passed(), "{report}");
}

#[test]
fn errors_of_the_host() {
    let asks = guest::on_request(
        "(drop (call $get (i32.const 99) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4)))
         i32.const 0",
    );
    fires(&asks, Check::HostError, REQUEST, "{ host_errors: ['proxy_get_header_map_value:2'] }");
    let missing = guest::on_request(
        "(drop (call $get (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4)))
         i32.const 0",
    );
    let report = envoy(&missing, REQUEST);
    assert!(report.passed(), "that a header is not there is no error: {report}");
}

const PAIRS: [(&str, &str); 3] = [(":method", "GET"), (":path", "/"), (":authority", "a")];

/// Calls `cluster`, pauses, and does this when the reply comes.
fn calling(then: &str) -> Artifact {
    guest::compile(&format!(
        r#"(data (i32.const 256) "cluster")
           (data (i32.const 512) "{}")
           (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
             (drop (call $call (i32.const 256) (i32.const 7) (i32.const 512) (i32.const {})
               (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
               (i32.const 1000) (i32.const 32)))
             (i32.const 1))
           (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32)
             {then}
             (drop (call $act_for (i32.const 2)))
             (drop (call $resume (i32.const 0))))"#,
        guest::map_literal(&PAIRS),
        guest::map_len(&PAIRS),
    ))
}

#[test]
fn replies_that_nobody_reads() {
    let members = format!("world: {{ upstreams: {{ cluster: [{{ status: 500 }}] }} }}\n{REQUEST}");
    fires(&calling(""), Check::UnreadReply, &members, "{ unread_replies: true }");
    let reads = calling("(drop (call $pairs (i32.const 6) (i32.const 0) (i32.const 4)))");
    let report = envoy(&reads, &members);
    assert!(report.passed(), "{report}");
}

#[test]
fn failures_and_panics() {
    let traps = guest::on_request("unreachable");
    fires(&traps, Check::Failure, REQUEST, "{ failure: true }");
    let report = envoy(&traps, "steps: [{ request: { expect: { outcome: failed } } }]");
    assert!(report.passed(), "{report}");
    let panics = guest::compile(&format!(
        r#"(data (i32.const 256) "panicked at src/lib.rs:1:1: boom") {}"#,
        guest::request_function(
            "(drop (call $log (i32.const 5) (i32.const 256) (i32.const 32))) unreachable"
        )
    ));
    let report = envoy(&panics, REQUEST);
    let panic = report.findings.iter().find(|finding| finding.check == Check::Panic).unwrap();
    assert!(panic.message.contains("boom"), "{report}");
}

#[test]
fn failures_outside_requests() {
    let ticks = guest::compile(
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
             (drop (call $tick_every (i32.const 100))) (i32.const 1))
           (func (export "proxy_on_tick") (param i32) unreachable)"#,
    );
    let report = envoy(&ticks, "steps: [{ advance_ms: 200 }]");
    assert_eq!(found(&report), [Check::Failure], "{report}");
    assert_eq!(report.findings[0].step, "background");
    // A host that makes a fresh instance at once does not hide it.
    let report = run(&ticks, &Profile::ngx_0_6(), &one("steps: [{ advance_ms: 200 }]"));
    assert!(found(&report).contains(&Check::Failure), "{report}");
}

#[test]
fn secrets_in_every_output() {
    let secret = "canary-1";
    let data = format!(r#"(data (i32.const 256) "{secret}x: ")"#);
    let with = |code: &str| {
        guest::compile(&format!(
            "{data} {}",
            guest::request_function(&format!("{code} i32.const 0"))
        ))
    };
    let members = format!("secrets: [unused, {secret}]\n{REQUEST}");
    let logs = with("(call $say (i32.const 256) (i32.const 8))");
    let answers = with(
        "(drop (call $answer (i32.const 403) (i32.const 256) (i32.const 0) (i32.const 256)
           (i32.const 8) (i32.const 0) (i32.const 0) (i32.const -1)))",
    );
    let details = with(
        "(drop (call $answer (i32.const 403) (i32.const 256) (i32.const 8) (i32.const 256)
           (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)))",
    );
    let defines =
        with("(drop (call $define (i32.const 0) (i32.const 256) (i32.const 9) (i32.const 0)))");
    for (what, guest) in
        [("a log line", logs), ("body", answers), ("details", details), ("metric", defines)]
    {
        let report = envoy(&guest, &members);
        assert_eq!(found(&report), [Check::Secret], "{what}: {report}");
        assert!(report.findings[0].message.contains(what), "{report}");
        assert!(report.findings[0].message.contains("secret 2"), "{report}");
        assert!(!report.to_string().contains(secret), "{report}");
    }
    let forwards = with(
        "(drop (call $add (i32.const 0) (i32.const 264) (i32.const 1) (i32.const 256) (i32.const 8)))",
    );
    fires(&forwards, Check::Secret, &members, "{ secrets_to: [origin] }");
}

#[test]
fn secrets_in_calls() {
    let members = "
secrets: [GET]
world: { upstreams: { cluster: { always: {} } } }
steps: [{ request: { method: POST } }]";
    let artifact = calling("(drop (call $pairs (i32.const 6) (i32.const 0) (i32.const 4)))");
    fires(&artifact, Check::Secret, members, "{ secrets_to: [cluster] }");
}

#[test]
fn two_verdicts() {
    let both = guest::on_request(
        "(drop (call $resume (i32.const 0)))
         (drop (call $answer (i32.const 403) (i32.const 0) (i32.const 0) (i32.const 0)
           (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)))
         i32.const 1",
    );
    let report = envoy(&both, REQUEST);
    assert!(found(&report).contains(&Check::TwoVerdicts), "{report}");
    // A response that is replaced comes after the one verdict.
    let replaces = guest::compile(
        r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
             (drop (call $answer (i32.const 500) (i32.const 0) (i32.const 0) (i32.const 0)
               (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)))
             (i32.const 1))"#,
    );
    let report = run(&replaces, &Profile::spec(), &one(REQUEST));
    assert!(!found(&report).contains(&Check::TwoVerdicts), "{report}");
}

#[test]
fn no_verdict() {
    let holds = guest::on_request("i32.const 1");
    fires(&holds, Check::NoVerdict, REQUEST, "{ paused: true }");
    let report = envoy(&holds, "steps: [{ request: { expect: { outcome: paused } } }]");
    assert!(report.passed(), "{report}");
}

#[test]
fn contexts_that_are_left() {
    // A worker that ends takes no leave of its streams.
    let members =
        "steps: [{ open: { as: a, request: {} } }, { stop: 0 }, { finish: { stream: a } }]";
    let holds = guest::on_request("i32.const 1");
    fires(&holds, Check::OpenContext, members, "{ open_contexts: true }");
    let finished = "steps: [{ open: { as: a, request: {} } }, { abort: { stream: a } }]";
    assert!(envoy(&holds, finished).passed());
}

#[test]
fn memory_that_grows() {
    let leaks = guest::on_request("(drop (memory.grow (i32.const 1))) i32.const 0");
    let repeated = "steps: [{ request: { repeat: 8 } }]";
    fires(&leaks, Check::MemoryGrowth, repeated, "{ memory_growth: true }");
    let report = envoy(&leaks, REQUEST);
    assert!(report.passed(), "one request shows nothing: {report}");
    let steady = guest::on_request("i32.const 0");
    assert!(envoy(&steady, repeated).passed());
}

#[test]
fn budgets() {
    let calls =
        guest::on_request("(call $tell (i32.const 1)) (call $tell (i32.const 2)) i32.const 0");
    for (budget, over) in [
        ("{ host_calls: 2 }", false),
        ("{ host_calls: 1 }", true),
        ("{ fuel: 1000000 }", false),
        ("{ fuel: 1 }", true),
        ("{ memory_bytes: 131072 }", false),
        ("{ memory_bytes: 131071 }", true),
    ] {
        let report = envoy(&calls, &format!("budget: {budget}\n{REQUEST}"));
        assert_eq!(found(&report).contains(&Check::Budget), over, "{budget}: {report}");
    }
}
