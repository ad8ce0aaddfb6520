//! The corpus of host behaviour, in the harness and on a real Envoy.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test says what is wrong by failing"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn harness() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The guest that the cases are written for.
fn probe(folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(harness().join("cases/host/probe.wat")).unwrap();
    let module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let path = folder.join("probe.wasm");
    std::fs::write(&path, module).unwrap();
    path
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("against-{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn command(subcommand: &str, cases: &Path, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatekey-harness"));
    command.arg(subcommand).arg(cases).arg("--filter").arg(probe(folder));
    command
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn text(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

/// The path of an Envoy, if there is one here. In CI there must be one.
fn envoy() -> Option<String> {
    let envoy = std::env::var("GATEKEY_ENVOY").ok();
    if envoy.is_none() {
        assert!(std::env::var_os("CI").is_none(), "GATEKEY_ENVOY is not set");
        println!("not run: GATEKEY_ENVOY names no Envoy");
    }
    envoy
}

fn template() -> PathBuf {
    harness().join("reality/envoy.yaml.template")
}

fn against(envoy: &str, cases: &Path, folder: &Path, more: &[&str]) -> Output {
    against_as(envoy, &template(), cases, folder, more)
}

fn against_as(envoy: &str, template: &Path, cases: &Path, folder: &Path, more: &[&str]) -> Output {
    let mut command = command("against", cases, folder);
    let start = format!(
        "{envoy} --concurrency 1 --disable-hot-restart --log-level warn --component-log-level wasm:info --config-path {{config}}"
    );
    command.arg("--template").arg(template);
    if !more.contains(&"--explain") {
        command.arg("--explain").arg(harness().join("reality/envoy.json"));
    }
    command.arg("--command").arg(start);
    command.arg("--config-out").arg(folder.join("envoy.yaml"));
    command.arg("--log").arg(folder.join("envoy.log"));
    command.args(["--metrics-url", "http://127.0.0.1:{admin_port}/stats?filter="]);
    command.args(more).output().unwrap()
}

#[test]
fn the_corpus_holds_in_the_harness() {
    let folder = folder("harness");
    let output = command("run", &harness().join("cases/host"), &folder).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn a_real_envoy_agrees_with_its_profile() {
    let Some(envoy) = envoy() else { return };
    let folder = folder("envoy");
    let report = folder.join("report.json");
    let cases = harness().join("cases/host");
    let output = against(&envoy, &cases, &folder, &["--strict", "--json", path(&report)]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(report["agrees"], true);
    assert_eq!(report["skipped"], Value::Array(Vec::new()), "the corpus is played whole");
    assert!(report["played"].as_array().unwrap().len() >= 120, "{}", text(&output));
}

#[test]
fn a_profile_that_is_wrong_is_noticed() {
    let Some(envoy) = envoy() else { return };
    let folder = folder("wrong");
    let cases = harness().join("cases/host/headers.yaml");
    let output = against(&envoy, &cases, &folder, &["--profile", "spec"]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    // `host` means `:authority` on Envoy, and not by the letter.
    let divergence = "DIVERGES  headers/a request header/the host read\n";
    let place = text.find(divergence).unwrap_or_else(|| panic!("{text}"));
    assert!(text.get(place..).unwrap().contains(r#"reality ";0=localhost;0=localhost""#), "{text}");
}

#[test]
fn an_explanation_that_explains_nothing_is_noticed() {
    let Some(envoy) = envoy() else { return };
    let folder = folder("stale");
    let explanations = folder.join("explanations.json");
    let known = r#"{ "added": { "upstream": ["x-forwarded-proto", "x-envoy-*"],
        "client": ["server", "date", "x-envoy-*", "content-length", "transfer-encoding"] },
        "divergences": [{ "case": "state/*", "member": "client.body", "reason": "none" }] }"#;
    std::fs::write(&explanations, known).unwrap();
    let cases = harness().join("cases/host/state.yaml");
    let more = ["--explain", path(&explanations)];
    let output = against(&envoy, &cases, &folder, &more);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("stale     state/*: client.body"), "{}", text(&output));
    let output = against(&envoy, &cases, &folder, &[&more[..], &["--strict"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    // A header that nobody said the proxy adds is a divergence.
    std::fs::write(&explanations, "{}").unwrap();
    let output = against(&envoy, &cases, &folder, &more);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("upstream.headers.x-forwarded-proto"), "{}", text(&output));
}

#[test]
fn the_allow_list_that_lint_writes_is_enough_for_a_real_envoy() {
    let Some(envoy) = envoy() else { return };
    let folder = folder("allowed");
    let list = folder.join("allow.json");
    let lint = ["lint", path(&probe(&folder)), "--allow-list", path(&list)].map(str::to_owned);
    let output = Command::new(env!("CARGO_BIN_EXE_gatekey-harness")).args(lint).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let list: Value = serde_json::from_str(&std::fs::read_to_string(list).unwrap()).unwrap();
    let mut restriction = list["capability_restriction_config"].clone();
    let cases = harness().join("cases/host/headers.yaml");
    let play = |restriction: &Value| {
        let policy = "failure_policy: {{failure_policy}}";
        let whole = std::fs::read_to_string(template()).unwrap();
        let both =
            format!("{policy}\n                capability_restriction_config: {restriction}");
        let restricted = folder.join("restricted.template");
        std::fs::write(&restricted, whole.replace(policy, &both)).unwrap();
        against_as(&envoy, &restricted, &cases, &folder, &[])
    };
    let output = play(&restriction);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    // And Envoy does restrict: what is not on the list fails.
    let allowed = restriction["allowed_capabilities"].as_object_mut().unwrap();
    assert!(allowed.remove("proxy_get_header_map_value").is_some());
    let output = play(&restriction);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}

#[test]
fn what_cannot_be_used_is_said() {
    let folder = folder("unusable");
    let cases = harness().join("cases/host/state.yaml");
    let template = folder.join("template");
    let run = |template_text: &str, more: &[&str]| {
        std::fs::write(&template, template_text).unwrap();
        let mut command = command("against", &cases, &folder);
        let output = command.arg("--template").arg(&template).args(more).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        text(&output)
    };
    let ended = ["--command", "true {config}"];
    assert!(run("a\n{{oh}}", &ended).contains("the template, line 2: `oh` is not known"));
    assert!(run("", &ended).contains("the proxy has ended"));
    assert!(run("", &["--command", "/no/such/proxy"]).contains("cannot run `/no/such/proxy`"));
    let file = folder.join("rendered");
    let rendered = ["--config-out", path(&file), "--ready-ms", "10"];
    let nobody = [&["--url", "http://127.0.0.1:1"], &rendered[..]].concat();
    assert!(
        run("{{#listeners}}{{listen_port}} {{/listeners}}", &nobody).contains("nobody listens")
    );
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("1 2 3 "));
    let elsewhere = [&["--url", "https://example.com"], &rendered[..]].concat();
    assert!(run("", &elsewhere).contains("is not `http://127.0.0.1:PORT`"));
    assert!(run("", &[&["--profile", "oh"], &ended[..]].concat()).contains("no profile"));
}
