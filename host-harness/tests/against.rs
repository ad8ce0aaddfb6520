//! The corpus of host behaviour, in the harness and on a real Envoy.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test says what is wrong by failing"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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

fn against(envoy: &str, cases: &Path, folder: &Path, more: &[&str]) -> Output {
    let mut command = command("against", cases, folder);
    let start = format!(
        "{envoy} --concurrency 1 --disable-hot-restart --log-level warn --component-log-level wasm:info --config-path {{config}}"
    );
    command.arg("--template").arg(harness().join("reality/envoy.yaml.template"));
    command.arg("--explain").arg(harness().join("reality/envoy.json"));
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
    let output = against(&envoy, &harness().join("cases/host"), &folder, &["--strict"]);
    assert!(output.status.success(), "{}", text(&output));
    println!("{}", text(&output));
}
