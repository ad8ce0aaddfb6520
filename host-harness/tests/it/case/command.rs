//! `gatekey-harness run` and `schema` as a shell sees them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use gatekey_host_harness::replay::Recording;
use serde_json::Value;

use super::{Folder, one};
use crate::guest;

fn harness(arguments: &[&str], folder: &Folder) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatekey-harness"));
    command.args(arguments).current_dir(folder.path()).output().unwrap()
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A folder with a module that lets everything through and logs a header.
fn folder() -> Folder {
    let folder = Folder::new();
    let code = guest::request_function(
        "(if (i32.eqz (call $get (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 0) (i32.const 4)))
           (then (call $said))) i32.const 0",
    );
    folder.write("filter.wasm", guest::bytes(&format!(r#"(data (i32.const 256) "k") {code}"#)));
    folder
}

const PASSES: &str = "steps: [{ request: { expect: { outcome: upstream } } }]";
const FAILS: &str = "steps: [{ request: { path: '/<\"&', expect: { status: 403 } } }]";

#[test]
fn exit_codes() {
    let folder = folder();
    folder.write("good.yaml", one(PASSES));
    folder.write("bad.yaml", one(FAILS));
    folder.write("broken.yaml", "version: 1\ncases: [{ name: a, step: [] }]");
    folder.write("none.wasm", "not a module");
    let (code, out, err) =
        told(&harness(&["run", "good.yaml", "--filter", "filter.wasm"], &folder));
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (Some(0), "1 passed, 0 failed, 0 skipped\n", "")
    );
    let (code, out, _) =
        told(&harness(&["run", "good.yaml", "bad.yaml", "--filter", "filter.wasm"], &folder));
    assert_eq!(code, Some(1));
    let expected = "FAILED  envoy  bad/one
  1: GET /<\\\"&
    status
      expected 403
      found    200
1 passed, 1 failed, 0 skipped
";
    assert_eq!(out, expected);
    for (arguments, expected) in [
        (["run", "broken.yaml", "--filter", "filter.wasm"], "unknown field `step`"),
        (["run", "absent.yaml", "--filter", "filter.wasm"], "cannot be read"),
        (["run", "good.yaml", "--filter", "absent.wasm"], "cannot read `absent.wasm`"),
        (["run", "good.yaml", "--filter", "none.wasm"], "none.wasm: not a wasm module"),
    ] {
        let (code, out, err) = told(&harness(&arguments, &folder));
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(err.starts_with("error: ") && err.contains(expected), "{err}");
    }
    let unknown = ["run", "good.yaml", "--filter", "filter.wasm", "--profile", "nginx"];
    let (code, _, err) = told(&harness(&unknown, &folder));
    assert_eq!(code, Some(2));
    assert!(err.contains("no profile is called `nginx`"), "{err}");
    let empty = Folder::new();
    empty.write("other.json", "{}");
    let filter = folder.path().join("filter.wasm");
    let (code, _, err) =
        told(&harness(&["run", ".", "--filter", filter.to_str().unwrap()], &empty));
    assert_eq!((code, err.as_str()), (Some(2), "error: there are no cases\n"));
}

#[test]
fn profiles_jobs_and_order() {
    let folder = folder();
    let failing: Vec<String> = (0..20)
        .map(|number| format!("  - {{ name: c{number:02}, steps: [{{ request: {{ expect: {{ status: 1 }} }} }}] }}"))
        .collect();
    folder.write("many.yaml", format!("version: 1\ncases:\n{}\n", failing.join("\n")));
    let run = |jobs: &str| {
        let arguments =
            ["run", "many.yaml", "--filter", "filter.wasm", "--profile", "all", "--jobs", jobs];
        told(&harness(&arguments, &folder)).1
    };
    let (serial, parallel) = (run("1"), run("8"));
    assert_eq!(serial, parallel);
    assert!(serial.ends_with("0 passed, 100 failed, 0 skipped\n"), "{serial}");
}

#[test]
fn reports_are_well_formed() {
    let folder = folder();
    folder.write("good.yaml", one(PASSES));
    folder.write("bad.yaml", one(FAILS));
    folder.write("left.yaml", one("profiles: [envoy]\nskip: { envoy: 'a < b' }"));
    let arguments = [
        "run",
        ".",
        "--filter",
        "filter.wasm",
        "--junit",
        "out.xml",
        "--json",
        "out.json",
        "--cache",
        "cache",
    ];
    let (code, _, err) = told(&harness(&arguments, &folder));
    assert_eq!(code, Some(1), "{err}");
    let json: Value =
        serde_json::from_slice(&fs::read(folder.path().join("out.json")).unwrap()).unwrap();
    assert_eq!(json["summary"], serde_json::json!({"passed": 1, "failed": 1, "skipped": 1}));
    let report = &json["reports"][0];
    assert_eq!((&report["case"], &report["verdict"]), (&"bad/one".into(), &"failed".into()));
    assert_eq!(report["differences"][0]["expected"], "403");
    assert_eq!(report["requests"][0]["outcome"], "upstream");
    assert_eq!(json["reports"][2]["reason"], "a < b");
    let xml = fs::read_to_string(folder.path().join("out.xml")).unwrap();
    let expected = [
        r#"<testsuites tests="3" failures="1" errors="0" skipped="1">"#,
        r#"<testsuite name="envoy: ./bad.yaml" tests="1" failures="1" errors="0" skipped="0">"#,
        r#"<testcase classname="./good.yaml" name="good/one"/>"#,
        r#"<skipped message="a &lt; b"/>"#,
        r#"GET /&lt;\&quot;&amp;"#,
    ];
    for part in expected {
        assert!(xml.contains(part), "{part} is not in\n{xml}");
    }
    assert!(fs::read_dir(folder.path().join("cache")).unwrap().count() > 0);
}

#[test]
fn recordings_do_not_tell_secrets() {
    let folder = folder();
    folder.write(
        "x.yaml",
        one("
secrets: [Bond]
allow: { secrets_to: [origin] }
steps: [{ request: { headers: [[k, Bond], [n, 'James Bond']] } }]"),
    );
    let arguments = ["run", "x.yaml", "--filter", "filter.wasm", "--record", "kept", "--verbose"];
    let (code, out, _) = told(&harness(&arguments, &folder));
    assert_eq!(code, Some(1), "the filter logs the secret: {out}");
    assert!(out.contains("transcript of 1: GET /") && !out.contains("Bond"), "{out}");
    let kept: Vec<_> =
        fs::read_dir(folder.path().join("kept")).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(kept.len(), 1);
    let name = kept[0].file_name().into_string().unwrap();
    assert!(name.starts_with("envoy.x_one.") && name.ends_with(".json"), "{name}");
    let text = fs::read_to_string(kept[0].path()).unwrap();
    assert!(!text.contains("Bond"), "{text}");
    let recording = Recording::from_json(text.as_bytes()).unwrap();
    assert_eq!((recording.case.as_str(), recording.file.as_str()), ("x/one", "x.yaml"));
    assert!(!recording.transcripts.is_empty());
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let folder = Folder::new();
    let (code, out, _) = told(&harness(&["schema"], &folder));
    assert_eq!(code, Some(0));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("case.schema.json");
    if std::env::var_os("GATEKEY_BLESS").is_some() {
        fs::write(&path, &out).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == out,
        "`{}` has drifted: run this test with GATEKEY_BLESS=1",
        path.display()
    );
    let schema: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(schema["title"], "Case file of gatekey-harness");
    assert_eq!(schema["additionalProperties"], false);
}
