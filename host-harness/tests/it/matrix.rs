//! The fail-closed matrix on hand-written filters: it must find what is open.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gatekey_host_harness::Profile;
use gatekey_host_harness::case::{self, Modules};
use gatekey_host_harness::matrix::{self, Judgement, Outcome};

use crate::guest;

/// Refuses requests without `x-key`, and removes it and `x-user` from the others. What happens on
/// errors is the test's.
fn guard(on_read_error: &str, on_edit_error: &str) -> String {
    let refuse = "(drop (call $answer (i32.const 401) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1))) (return (i32.const 1))";
    let body = format!(
        r#"(i32.store (i32.const 4) (i32.const 0))
        (local.set $n
          (call $get (i32.const 0) (i32.const 256) (i32.const 5) (i32.const 0) (i32.const 4)))
        (if (i32.eq (local.get $n) (i32.const 1)) (then {refuse}))
        (if (local.get $n) (then {on_read_error}))
        (if (i32.eqz (i32.load (i32.const 4))) (then {refuse}))
        (if (call $remove (i32.const 0) (i32.const 256) (i32.const 5)) (then {on_edit_error}))
        (if (call $remove (i32.const 0) (i32.const 264) (i32.const 6)) (then {on_edit_error}))
        (i32.const 0)"#
    );
    let code = format!(
        r#"(data (i32.const 256) "x-key") (data (i32.const 264) "x-user") {}"#,
        guest::request_function(&body)
    );
    code.replace("$refuse", refuse)
}

const CASES: &str = "
version: 1
cases:
  - name: guarded
    secrets: [sesame]
    steps:
      - request: { headers: [[x-user, root]], expect: { outcome: local, status: 401 } }
      - request: { headers: [[x-user, root], [x-key, sesame]], expect: { outcome: upstream } }
";

/// A folder of its own with the filter and the cases in it.
fn scene(name: &str, code: &str) -> (PathBuf, PathBuf, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("matrix").join(name);
    fs::create_dir_all(&folder).unwrap();
    let (filter, cases) = (folder.join("filter.wasm"), folder.join("cases.yaml"));
    fs::write(&filter, guest::bytes(code)).unwrap();
    fs::write(&cases, CASES).unwrap();
    (folder, filter, cases)
}

fn run(code: &str, name: &str) -> Outcome {
    let (_, filter, cases) = scene(name, code);
    let (cases, modules) = (case::load(&[cases]).unwrap(), Modules::default());
    let artifact = modules.get(&filter).unwrap();
    let profiles = [Profile::spec(), Profile::envoy()];
    matrix::run(&cases, &artifact, &profiles, &modules, 2, |_, _| {}).unwrap()
}

fn has(outcome: &Outcome, profile: &str, call: &str, fault: &str, judgement: Judgement) -> bool {
    outcome.table.cells().any(|cell| {
        cell == (profile, &*format!("proxy_on_request_headers {call}"), fault, judgement)
    })
}

#[test]
fn a_closed_filter_is_closed() {
    let outcome = run(&guard("$refuse", "$refuse"), "closed");
    assert!(outcome.breaches.is_empty(), "{:?}", outcome.breaches[0]);
    for profile in ["spec", "envoy"] {
        let held = Judgement::Held;
        assert!(has(&outcome, profile, "proxy_get_header_map_value", "status 1, first", held));
        let closed = Judgement::Closed;
        assert!(has(&outcome, profile, "proxy_get_header_map_value", "trap, first", closed));
        assert!(has(&outcome, profile, "proxy_remove_header_map_value", "status 12, each", closed));
        let paused = Judgement::Paused;
        assert!(has(&outcome, profile, "proxy_send_local_response", "status 6, first", paused));
    }
}

#[test]
fn a_filter_that_opens_on_errors_is_open() {
    let outcome = run(&guard("(return (i32.const 0))", "$refuse"), "open");
    for fault in ["status 6, first", "status 12, each", "status 99, each"] {
        let open = Judgement::Open;
        assert!(has(&outcome, "envoy", "proxy_get_header_map_value", fault, open), "{fault}");
    }
    // Without memory only the good request meets the error, and nothing is removed from it.
    let leak = Judgement::Leak;
    assert!(has(&outcome, "envoy", "proxy_get_header_map_value", "no-memory, each", leak));
    let open = outcome.breaches.iter().find(|breach| breach.judgement == Judgement::Open).unwrap();
    assert!(open.story.contains("fault injected"), "{}", open.story);
}

#[test]
fn a_filter_that_does_not_look_whether_it_removed_leaks() {
    let outcome = run(&guard("$refuse", ""), "leak");
    let leak = Judgement::Leak;
    assert!(has(&outcome, "spec", "proxy_remove_header_map_value", "status 2, first", leak));
    assert!(outcome.breaches.iter().all(|breach| breach.judgement == leak));
}

fn command(arguments: &[&str]) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_gatekey-harness");
    let Output { status, stdout, stderr } =
        Command::new(program).arg("faults").args(arguments).output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[test]
fn the_command_tells_open_from_closed_and_keeps_a_table() {
    let (folder, open, cases) = scene("command-open", &guard("(return (i32.const 0))", "$refuse"));
    let (_, closed, _) = scene("command-closed", &guard("$refuse", "$refuse"));
    let table = folder.join("table.json");
    let [open, closed, cases, table] =
        [&open, &closed, &cases, &table].map(|path| path.to_str().unwrap());
    let profile = ["--profile", "spec"];
    let faults = |filter, more: &[&str]| command(&[&[filter, cases][..], &profile, more].concat());

    let (code, told) = faults(open, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("OPEN spec cases/guarded"), "{told}");

    let (code, told) = faults(closed, &["--table", table]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("0 runs open or leaking"), "{told}");
    let (code, told) = faults(closed, &["--check", table]);
    assert_eq!(code, Some(0), "{told}");

    // A cell that was closed and is open, and a table with a row that is not run.
    let (code, told) = faults(open, &["--check", table, "--quiet"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("is OPEN"), "{told}");
    let text = fs::read_to_string(table).unwrap();
    fs::write(table, text.replace("proxy_send_local_response", "proxy_other")).unwrap();
    let (code, told) = faults(closed, &["--check", table]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("proxy_other: status 1, first: is not run any more"), "{told}");
    fs::write(table, "{}").unwrap();
    let (code, told) = faults(closed, &["--check", table]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("table.json: missing field `version`"), "{told}");
    assert_eq!(command(&[closed, cases, "--profile", "apache"]).0, Some(2));
}

#[test]
fn a_case_that_does_not_hold_is_nothing_to_compare_with() {
    let (_, filter, cases) = scene("command-broken", &guard("$refuse", "$refuse"));
    fs::write(&cases, CASES.replace("401", "402")).unwrap();
    let (code, told) = command(&[filter.to_str().unwrap(), cases.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(told.contains("do not hold without faults"), "{told}");
}
