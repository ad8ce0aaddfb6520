//! What steps do, and what expectations see.

use gatekey_host_harness::Profile;
use gatekey_host_harness::case::{self, Options, Report, Verdict};

use super::{Folder, cases, one, run};
use crate::guest;

fn differences(report: &Report) -> Vec<(&str, &str, &str)> {
    let all = report.differences.iter();
    all.map(|d| (d.member.as_str(), d.expected.as_str(), d.found.as_str())).collect()
}

/// Adds a header to the request and one to the response.
const EDITS: &str = r#"
  (data (i32.const 256) "x-adminyes")
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (drop (call $add (i32.const 0) (i32.const 256) (i32.const 7) (i32.const 263) (i32.const 3)))
    (call $say (i32.const 263) (i32.const 3))
    (i32.const 0))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (drop (call $set (i32.const 2) (i32.const 256) (i32.const 7) (i32.const 263) (i32.const 3)))
    (i32.const 0))"#;

#[test]
fn both_messages_are_seen() {
    let filter = guest::compile(EDITS);
    let text = one("
world: { origin: [{ status: 201, headers: [[x-a, 1], [x-a, 2]], chunks: [o, k], trailers: [[t, '1']] }] }
steps:
  - request:
      method: POST
      path: /a?b=c
      authority: api.example
      scheme: https
      headers: [[x-admin, no], [bytes, { hex: ff }]]
      chunks: [ab, { hex: '63' }]
      trailers: [[end, yes]]
      expect:
        outcome: upstream
        status: 201
        upstream:
          headers:
            ':method': POST
            ':path': { prefix: /a }
            ':authority': api.example
            ':scheme': https
            x-admin: { values: ['no', 'yes'] }
            bytes: { hex: ff }
            missing: { absent: true }
          exactly: [{ names: { regex: ^x }, fields: [[x-admin, 'yes'], [X-Admin, 'no']] }]
          body: abc
          trailers: { end: 'yes' }
        client:
          headers: { x-a: { count: 2 }, x-admin: 'yes' }
          body: ok
          trailers: { t: 1 }
        logs: [{ level: info, message: 'yes' }]
        no_logs: [{ message: 'no' }]
        callouts: []
        failure: { absent: true }
        bypassed: false
        takes_ms_at_most: 0");
    for profile in [Profile::spec(), Profile::envoy()] {
        let report = run(&filter, &profile, &text);
        assert!(report.passed(), "{report}");
    }
}

#[test]
fn every_expectation_can_fail() {
    let filter = guest::compile(EDITS);
    let expectations = [
        ("outcome: local", ("outcome", "local", "upstream")),
        ("status: 403", ("status", "403", "200")),
        ("details: x", ("details", "\"x\"", "nothing")),
        ("client: false", ("client", "no message", ":status: 200, x-admin: yes")),
        ("client: { body: x }", ("client.body", "\"x\"", "\"\"")),
        (
            "upstream: { headers: { x-admin: 'no' } }",
            ("upstream.headers.x-admin", "\"no\"", "\"yes\""),
        ),
        (
            "upstream: { exactly: [{ names: x-admin, fields: [] }] }",
            ("upstream.exactly", "no such field", "x-admin: yes"),
        ),
        ("upstream: { trailers: { t: x } }", ("upstream.trailers.t", "\"x\"", "nothing")),
        ("logs: [{ message: x }]", ("logs", "[any level] \"x\"", "[info] yes")),
        ("no_logs: [{ level: info }]", ("no_logs", "no line [info] anything", "[info] yes")),
        ("callouts: [{}]", ("callouts", "1 calls", "none")),
        ("host_calls_at_most: 2", ("host_calls_at_most", "at most 2", "3")),
        ("takes_ms_at_least: 1", ("takes_ms_at_least", "1", "0")),
        ("failure: { present: true }", ("failure", "anything", "nothing")),
        ("bypassed: true", ("bypassed", "true", "false")),
    ];
    for (expectation, difference) in expectations {
        let report = run(
            &filter,
            &Profile::spec(),
            &one(&format!("steps: [{{ request: {{ expect: {{ {expectation} }} }} }}]")),
        );
        assert_eq!(differences(&report), [difference], "{expectation}");
        assert_eq!(report.verdict, Verdict::Failed);
    }
    let refused = guest::on_request("unreachable");
    let report = run(
        &refused,
        &Profile::spec(),
        &one("steps: [{ request: { expect: { upstream: true } } }]"),
    );
    assert_eq!(differences(&report), [("upstream", "a message", "none")]);
    let cheap = one("steps: [{ request: { expect: { fuel_at_most: 1 } } }]");
    assert_eq!(differences(&run(&filter, &Profile::spec(), &cheap))[0].0, "fuel_at_most");
}

#[test]
fn the_world_can_be_looked_at() {
    let filter = guest::compile(
        r#"(data (i32.const 256) "counterkeyvalue")
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
             (drop (call $define (i32.const 0) (i32.const 256) (i32.const 7) (i32.const 32)))
             (drop (call $increment (i32.load (i32.const 32)) (i64.const 3)))
             (drop (call $store (i32.const 263) (i32.const 3) (i32.const 266) (i32.const 5)
               (i32.const 0)))
             (call $say (i32.const 266) (i32.const 5))
             (i32.const 1))"#,
    );
    let good = "{ metrics: { counter: 3, other: { absent: true } },
        shared_data: [{ key: key, value: value }], logs: [{ message: value }],
        callouts: [], memory_bytes_at_most: 131072, open_streams: 0, failure: { absent: true },
        reloads: 0 }";
    let report = run(&filter, &Profile::spec(), &one(&format!("steps: [{{ expect: {good} }}]")));
    assert!(report.passed(), "{report}");
    let bad = "{ metrics: { counter: 2 }, shared_data: [{ key: key, value: other }, { vm_id: v, key: key, value: x }],
        logs: [{ message: x }], no_logs: [{ message: value }], callouts: [{}], memory_bytes_at_most: 1,
        open_streams: 1, failure: { present: true }, reloads: 1 }";
    let report = run(&filter, &Profile::spec(), &one(&format!("steps: [{{ expect: {bad} }}]")));
    let members: Vec<&str> = report.differences.iter().map(|d| d.member.as_str()).collect();
    let expected = [
        "metrics.counter",
        "shared_data.key",
        "shared_data.key",
        "logs",
        "no_logs",
        "callouts",
        "memory_bytes_at_most",
        "open_streams",
        "failure",
        "reloads",
    ];
    assert_eq!(members, expected);
}

#[test]
fn streams_stay_open_while_other_things_happen() {
    let filter = guest::on_request("i32.const 1");
    let report = run(&filter, &Profile::envoy(), &one("
steps:
  - open: { as: a, request: { path: /a } }
  - open: { as: b, request: { path: /b } }
  - expect: { open_streams: 2 }
  - advance_ms: 1500
  - finish: { stream: a, expect: { outcome: paused, takes_ms_at_least: 1500, takes_ms_at_most: 1500 } }
  - abort: { stream: b, expect: { outcome: aborted, client: false } }
  - expect: { open_streams: 0 }"));
    assert!(report.passed(), "{report}");
}

#[test]
fn time_goes_by_until_a_call_is_made() {
    let filter = guest::compile(&format!(
        r#"(data (i32.const 256) "cluster")
           (data (i32.const 512) "{}")
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
             (drop (call $tick_every (i32.const 400))) (i32.const 1))
           (func (export "proxy_on_tick") (param i32)
             (drop (call $call (i32.const 256) (i32.const 7) (i32.const 512) (i32.const {})
               (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
               (i32.const 1000) (i32.const 32))))"#,
        guest::map_literal(&[(":method", "GET"), (":path", "/k?v=1"), (":authority", "a")]),
        guest::map_len(&[(":method", "GET"), (":path", "/k?v=1"), (":authority", "a")]),
    ));
    let world =
        "world: { upstreams: { cluster: { routes: [{ path: { prefix: /k }, reply: {} }] } } }";
    let report = run(
        &filter,
        &Profile::spec(),
        &one(&format!(
            "{world}
steps:
  - await: {{ upstream: cluster, path: {{ contains: v=1 }} }}
  - expect: {{ callouts: [{{ upstream: cluster, method: GET, path: /k?v=1, timeout_ms: 1000 }}] }}
  - advance_to_ms: 1000
  - expect: {{ callouts: [{{}}, {{}}] }}
  - advance_to_ms: 500
  - expect: {{ callouts: [{{}}, {{}}] }}"
        )),
    );
    assert!(report.passed(), "{report}");
    let report = run(
        &filter,
        &Profile::spec(),
        &one(&format!(
            "{world}
steps: [{{ await: {{ upstream: cluster, path: /other, within_ms: 900 }} }}]"
        )),
    );
    assert_eq!(
        differences(&report),
        [("await", "a call for \"/other\" within 900ms", "no such call")]
    );
}

#[test]
fn a_refused_configuration_is_a_case_too() {
    let filter = guest::compile(
        r#"(data (i32.const 256) "no such thing")
           (func (export "proxy_on_configure") (param i32 i32) (result i32)
             (drop (call $log (i32.const 4) (i32.const 256) (i32.const 13)))
             (i32.const 0))"#,
    );
    let report = run(&filter, &Profile::envoy(), &one("start: { refused: { contains: no such } }"));
    assert!(report.passed(), "{report}");
    let report = run(&filter, &Profile::envoy(), &one("start: { refused: { contains: other } }"));
    assert_eq!(report.differences[0].member, "expect.refused");
    let report = run(&filter, &Profile::envoy(), &one("steps: []"));
    assert_eq!(report.differences[0].expected, "the configuration is taken");
    let accepts = guest::on_request("i32.const 0");
    let report = run(&accepts, &Profile::envoy(), &one("start: { refused: { present: true } }"));
    assert_eq!(report.differences[0].found, "it is taken");
}

#[test]
fn chains_workers_and_reconfiguration() {
    let folder = Folder::new();
    let answers = guest::request_function(
        "(drop (call $answer (i32.const 418) (i32.const 0) (i32.const 0) (i32.const 0)
           (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1))) i32.const 1",
    );
    folder.write("teapot.wasm", guest::bytes(&answers));
    let path = folder.write(
        "x.yaml",
        one("
world: { workers: 2, main_thread: true }
steps:
  - request: { worker: 1, expect: { outcome: upstream } }
  - reconfigure: { chain: [{}, { filter: teapot.wasm }] }
  - request: { worker: 1, expect: { status: 418, upstream: false } }
  - stop: 0
  - request: { worker: 1, expect: { status: 418 } }"),
    );
    let cases = case::load(&[path]).unwrap();
    assert_eq!(cases[0].modules().count(), 1);
    let filter = guest::compile(EDITS);
    let report = case::run(&cases[0], &filter, &Profile::envoy(), &Options::default());
    assert!(report.passed(), "{report}");
}

#[test]
fn upstreams_change_their_behaviour() {
    let filter = guest::compile(EDITS);
    let report = run(&filter, &Profile::envoy(), &one("
world: { origin: { routes: [{ method: PUT, replies: [{ status: 201 }, { status: 202 }] }], otherwise: { status: 400 } } }
steps:
  - request: { method: PUT, expect: { status: 201 } }
  - request: { expect: { status: 400 } }
  - request: { method: PUT, expect: { status: 202 } }
  - request: { method: PUT, expect: { status: 503 } }
  - origin: { always: { fails: reset } }
  - request: { expect: { status: 503 } }
  - origin: [{ after_ms: 250 }]
  - request: { expect: { status: 200, takes_ms_at_least: 250 } }
  - clock_skew_ms: -5000"));
    assert!(report.passed(), "{report}");
}

#[test]
fn tables_and_includes_make_concrete_cases() {
    let folder = Folder::new();
    folder.write(
        "parts/world.yaml",
        "
version: 1
secrets: [one]
world: { seed: 1, origin: { always: { status: 404 } }, upstreams: { a: [], b: [] } }
",
    );
    folder.write(
        "x.yaml",
        "
version: 1
name: named
include: [parts/world.yaml]
secrets: [two]
world: { origin: { always: { status: 200 } } }
cases:
  - name: case
    secrets: [three]
    table:
      - { row: first, method: GET, status: 200, header: x-a, times: 1 }
      - { row: second, method: PUT, status: 200, header: x-b, times: 2 }
    steps:
      - request:
          method: '{{method}}'
          headers: [['{{header}}', 'is {{status}}']]
          repeat: '{{times}}'
          expect: { status: '{{status}}', upstream: { headers: { '{{header}}': 'is 200' } } }
",
    );
    let cases = case::load(&[folder.path().to_owned()]).unwrap();
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["named/case/first", "named/case/second"]);
    assert_eq!(cases[0].secrets(), ["one", "two", "three"]);
    let filter = guest::compile(EDITS);
    for (case, requests) in cases.iter().zip([1, 2]) {
        let report = case::run(case, &filter, &Profile::envoy(), &Options::default());
        assert!(report.passed(), "{report}");
        assert_eq!(report.exchanges.len(), requests);
    }
}

#[test]
fn profiles_are_chosen_and_changed() {
    let all = cases(&one("profiles: [spec, envoy]\nskip: { envoy: not now }"));
    let filter = guest::compile(EDITS);
    let verdict =
        |profile: Profile| case::run(&all[0], &filter, &profile, &Options::default()).verdict;
    assert_eq!(all[0].profiles(), ["spec", "envoy"]);
    assert_eq!(verdict(Profile::spec()), Verdict::Passed);
    assert_eq!(verdict(Profile::envoy()), Verdict::Skipped("not now".into()));
    assert_eq!(verdict(Profile::ngx_0_6()), Verdict::Skipped("only for spec, envoy".into()));
    // A switch of the profile is set otherwise.
    let traps = guest::on_request("unreachable");
    let text = one("
world: { profile: { failures: { status: 599 } } }
steps: [{ request: { expect: { outcome: failed, status: 599 } } }]");
    let report = run(&traps, &Profile::envoy(), &text);
    assert!(report.passed(), "{report}");
}

#[test]
fn the_same_case_gives_the_same_transcripts() {
    let filter = guest::compile(EDITS);
    let text = one("steps: [{ request: {} }, { request: { path: /b } }]");
    let told = || -> Vec<String> {
        let report = run(&filter, &Profile::envoy(), &text);
        report.transcripts().map(|(step, told)| format!("{step}\n{told}")).collect()
    };
    assert_eq!(told(), told());
}
