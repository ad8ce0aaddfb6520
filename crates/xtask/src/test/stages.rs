//! The stages of `cargo xtask test`.

use std::process::Command;

use anyhow::Result;

use super::tally::Tally;
use super::{docs, no_std, readme};
use crate::build_filters::{self, FILTERS, GUESTS, WASI, YARDSTICK};
use crate::tools::PostgresServer;
use crate::workspace::Workspace;
use crate::{demo, process, tidy, tools};

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) purpose: &'static str,
    pub(super) run: fn(&Workspace, &mut Tally) -> Result<()>,
}

/// In this order: what fails fast first, and what others build on before them.
pub(super) const STAGES: &[Stage] = &[
    Stage { name: "fmt", purpose: "the source is formatted", run: fmt },
    Stage { name: "clippy", purpose: "no lint fires, native and Wasm", run: clippy },
    Stage { name: "filters", purpose: "the filters build and hold their budgets", run: filters },
    Stage { name: "tidy", purpose: "the house is in order", run: tidy },
    Stage { name: "no-std", purpose: "the core builds where std does not exist", run: no_std },
    Stage { name: "native", purpose: "unit, harness, PostgreSQL, Envoy tests", run: native },
    Stage { name: "providers", purpose: "real identity providers, a real browser", run: providers },
    Stage { name: "fuzz", purpose: "a minute of hostile bytes", run: fuzz },
    Stage { name: "node", purpose: "the core's tests as Wasm in Node", run: node },
    Stage { name: "demo", purpose: "the whole journey, on a real Envoy", run: demo },
    Stage { name: "readme", purpose: "the README's commands work", run: readme },
    Stage {
        name: "docs",
        purpose: "the pages of docs/ hold together, their commands work",
        run: docs,
    },
    Stage { name: "doc", purpose: "the documentation builds", run: doc },
];

fn cargo(workspace: &Workspace, subcommand: &str) -> Command {
    let mut command = process::cargo(workspace);
    command.arg(subcommand);
    if std::env::var_os("CI").is_some() {
        // Nobody builds twice there, and what is kept for a second build costs time.
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Tests with programs that no other stage needs.
const PROVIDERS: &str = "gatekey-providers";

/// Modules for a Wasm host: nothing to run or link natively.
fn guests() -> impl Iterator<Item = &'static str> {
    FILTERS.iter().map(|filter| filter.package).chain([YARDSTICK.0])
}

fn without_guests(command: &mut Command) -> &mut Command {
    command.args(["--workspace", "--exclude", GUESTS]);
    for package in guests() {
        command.args(["--exclude", package]);
    }
    command
}

fn fmt(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    process::run(cargo(workspace, "fmt").args(["--all", "--check"]))
}

fn clippy(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    let mut native = cargo(workspace, "clippy");
    process::run(without_guests(&mut native).args(["--all-targets", "--", "-D", "warnings"]))?;
    build_filters::add_target(workspace, WASI)?;
    let mut wasm = cargo(workspace, "clippy");
    wasm.args(["--target", WASI, "--package", "gatekey-filter"]);
    for package in guests() {
        wasm.args(["--package", package]);
    }
    process::run(wasm.args(["--", "-D", "warnings"]))?;
    let mut examples = cargo(workspace, "clippy");
    examples.args(["--target", WASI, "--package", GUESTS, "--examples"]);
    process::run(examples.args(["--", "-D", "warnings"]))
}

fn filters(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    build_filters::run(workspace)
}

fn tidy(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    tidy::run(workspace)
}

fn no_std(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    no_std::run(workspace)
}

fn native(workspace: &Workspace, tally: &mut Tally) -> Result<()> {
    build_filters::run_if_missing(workspace)?;
    let envoy = tools::envoy(workspace)?;
    let postgres = PostgresServer::start(workspace)?;
    let mut test = cargo(workspace, "test");
    without_guests(&mut test)
        .args(["--exclude", PROVIDERS, "--no-fail-fast"])
        .env("GATEKEY_FILTERS_DIR", workspace.filters())
        .env("GATEKEY_GUESTS_DIR", workspace.guests())
        .env("GATEKEY_BENCH_DIR", workspace.bench())
        .env("GATEKEY_ENVOY", envoy)
        .env("GATEKEY_TEST_POSTGRES_URL", &postgres.url);
    tally.count(&mut test)
}

fn providers(workspace: &Workspace, tally: &mut Tally) -> Result<()> {
    build_filters::run_if_missing(workspace)?;
    process::run(cargo(workspace, "build").args(["--package", "gatekey-portal"]))?;
    let mut test = cargo(workspace, "test");
    // Most of the time they wait.
    test.args(["--package", PROVIDERS, "--no-fail-fast", "--", "--test-threads", "6"]);
    tally.count(tools::name_all(workspace, &mut test)?)
}

fn fuzz(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    build_filters::run_if_missing(workspace)?;
    let mut smoke = cargo(workspace, "run");
    smoke.args(["--quiet", "--package", "gatekey-harness-fuzz", "--bin", "smoke"]);
    process::run(
        smoke.args(["--", "--seconds", "60"]).env("GATEKEY_FILTERS_DIR", workspace.filters()),
    )
}

fn node(workspace: &Workspace, tally: &mut Tally) -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    build_filters::add_target(workspace, TARGET)?;
    let node = tools::node(workspace)?;
    let runner = tools::wasm_test_runner(workspace)?;
    let folders = node.parent().map(std::path::Path::to_owned).into_iter();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&path)))?;
    tally.count(
        cargo(workspace, "test")
            .args(["--target", TARGET, "--package", "gatekey-core", "--tests"])
            .env("PATH", path)
            .env("WASM_BINDGEN_TEST_ONLY_NODE", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner),
    )
}

fn demo(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    demo::run(workspace, demo::Mode::Check)
}

fn readme(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    readme::run(workspace)
}

fn docs(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    docs::run(workspace)
}

fn doc(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    let mut doc = cargo(workspace, "doc");
    process::run(without_guests(&mut doc).arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings"))
}
