//! Measuring: deterministic figures repeat, and a comparison tells when one rises.

use crate::command::{file, folder, run};
use crate::guest::{self, map_len, map_literal};

/// Says a number of times that a request came.
fn filter(lines: usize) -> Vec<u8> {
    let say = "(call $tell (i32.const 1))".repeat(lines);
    guest::bytes(&guest::request_function(&format!("{say} (i32.const 0)")))
}

fn json(path: &std::path::Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

const QUICK: [&str; 4] = ["--requests", "5", "--repeats", "2"];

#[test]
fn a_measurement_names_everything_and_its_exact_part_repeats() {
    let folder = folder("bench-repeat");
    let module = file(&folder, "filter.wasm", filter(2));
    let mut exact = Vec::new();
    for name in ["one.json", "two.json"] {
        let target = folder.join(name);
        let path = target.display().to_string();
        let cache = folder.join("cache").display().to_string();
        let ran =
            run(&[&["bench", &module, "--json", &path, "--cache", &cache], &QUICK[..]].concat());
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        assert_eq!(ran.err.contains("debug build"), cfg!(debug_assertions), "{}", ran.err);
        let measured = json(&target);
        assert!(measured["machine"]["cores"].as_u64().unwrap() > 0);
        assert_eq!(measured["profile"], "envoy");
        assert_eq!(measured["exact"]["calls.request"], 2);
        for time in ["compile", "load from cache", "instantiate", "start", "start from cache"] {
            assert!(measured["times"][time]["median_ns"].as_u64().unwrap() > 0, "{time}");
        }
        assert!(measured["requests_per_second"].as_u64().unwrap() > 0);
        exact.push(measured["exact"].clone());
    }
    assert_eq!(exact[0], exact[1]);
    assert!(folder.join("cache").read_dir().unwrap().count() >= 2);
}

#[test]
fn a_comparison_fails_on_a_rise_beyond_the_threshold() {
    let folder = folder("bench-compare");
    let (cheap, dear) =
        (file(&folder, "cheap.wasm", filter(2)), file(&folder, "dear.wasm", filter(3)));
    let kept = folder.join("cheap.json").display().to_string();
    let bench = |module: &str, more: &[&str]| run(&[&["bench", module], more, &QUICK[..]].concat());
    assert_eq!(bench(&cheap, &["--json", &kept]).code, 0);
    let same = bench(&cheap, &["--compare", &kept]);
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    let worse = bench(&dear, &["--compare", &kept]);
    assert_eq!(worse.code, 1, "{}{}", worse.out, worse.err);
    let row = worse.out.lines().find(|line| line.starts_with("calls.request ")).unwrap();
    assert!(row.contains("+50.00%  too much"), "{row}");
    let all = "fuel=900%,calls=900%,bytes=900%,memory=900%,size=900%,time=10000%";
    let allowed = bench(&dear, &["--compare", &kept, "--threshold", all]);
    assert_eq!(allowed.code, 0, "{}", allowed.out);
    // Measurements of different things are not compared.
    let other = bench(&cheap, &["--compare", &kept, "--headers", "3"]);
    assert_eq!(other.code, 2, "{}", other.out);
    assert!(other.err.contains("with 12 headers"), "{}", other.err);
}

#[test]
fn calls_out_are_part_of_a_request() {
    let pairs = [(":method", "GET"), (":path", "/"), (":authority", "a")];
    let code = format!(
        r#"(data (i32.const 256) "keys") (data (i32.const 512) "{}") {}
        (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32)
          (drop (call $act_for (global.get $stream))) (drop (call $resume (i32.const 0))))
        (global $stream (mut i32) (i32.const 0))"#,
        map_literal(&pairs),
        guest::request_function(&format!(
            r#"(global.set $stream (local.get $ctx))
               (drop (call $call (i32.const 256) (i32.const 4) (i32.const 512) (i32.const {})
                 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 100) (i32.const 40)))
               (i32.const 1)"#,
            map_len(&pairs)
        ))
    );
    let folder = folder("bench-calls");
    let module = file(&folder, "filter.wasm", guest::bytes(&code));
    let arguments = ["bench", &module, "--json", "-", "--upstream", "keys=200:{}"];
    let ran = run(&[&arguments[..], &QUICK[..]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let measured: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(measured["exact"]["calls.call-outs"], 1);
    assert_eq!(measured["exact"]["calls.callbacks"], 2);
}

#[test]
fn cases_are_measured_whole_and_only_when_they_hold() {
    let folder = folder("bench-cases");
    let module = file(&folder, "filter.wasm", filter(2));
    let case = |outcome: &str| {
        let text = format!(
            "version: 1\ncases:\n  - name: one\n    steps:\n      - request:\n          \
             path: /a\n          expect: {{ outcome: {outcome} }}\n"
        );
        file(&folder, &format!("{outcome}.yaml"), text)
    };
    let ran =
        run(&["bench", &module, "--case", &case("upstream"), "--json", "-", "--repeats", "2"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let measured: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(measured["exact"]["calls.host upstream/one"], 2, "{}", ran.out);
    assert!(measured["exact"]["fuel.case upstream/one"].as_u64().unwrap() > 0);
    assert!(measured["times"]["case upstream/one"]["median_ns"].as_u64().unwrap() > 0);
    let ran = run(&["bench", &module, "--case", &case("local"), "--repeats", "2"]);
    assert_eq!((ran.code, ran.err.contains("failed under load")), (2, true), "{}", ran.err);
}

#[test]
fn what_cannot_be_measured_is_said() {
    let folder = folder("bench-unusable");
    let module = file(&folder, "filter.wasm", filter(1));
    let trap = guest::bytes(&guest::request_function("unreachable"));
    let trap = file(&folder, "trap.wasm", trap);
    let ran = run(&[&["bench", &trap], &QUICK[..]].concat());
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("trap.wasm: failed under load"), "{}", ran.err);
    let text = file(&folder, "text.wasm", "text");
    let ran = run(&["bench", &text]);
    assert_eq!((ran.code, ran.err.contains("not a wasm module")), (2, true), "{}", ran.err);
    let old = file(&folder, "old.json", "{\"version\": 1}");
    let ran = run(&["bench", &module, "--compare", &old]);
    assert_eq!((ran.code, ran.err.contains("old.json: ")), (2, true), "{}", ran.err);
    assert_eq!(run(&["bench", &module, "--compare", &old, "--threshold", "fuel=2"]).code, 2);
    assert_eq!(run(&["bench", &module, "--upstream", "keys"]).code, 2);
}
