//! `cargo xtask bench [--envoy]`: what Gatekey costs.

use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{build_filters, process, say, tools};

const PACKAGE: &str = "gatekey-benches";
/// Only the guest's own bench needs the WebAssembly engine, which takes minutes to compile.
const NO_ENGINE: &str = "--no-default-features";

/// The native benches and the fuel table, or the side-by-side run in a real Envoy.
pub(crate) fn run(workspace: &Workspace, envoy: bool) -> Result<()> {
    build_filters::run(workspace)?;
    if envoy {
        let program = tools::envoy(workspace)?;
        say::header("bench: side by side in Envoy");
        return process::run(
            program_of_benches(workspace, "bench-envoy", &[NO_ENGINE])
                .env("GATEKEY_ENVOY", program),
        );
    }
    say::header("bench: the core, native");
    process::run(process::cargo(workspace).args(["bench", "--package", PACKAGE, NO_ENGINE]))?;
    say::header("bench: the filter, in the host harness");
    process::run(&mut program_of_benches(workspace, "bench-guest", &[]))
}

fn program_of_benches(workspace: &Workspace, name: &str, features: &[&str]) -> Command {
    let mut command = process::cargo(workspace);
    command
        .args(["run", "--quiet", "--release", "--package", PACKAGE, "--bin", name])
        .args(features)
        .env("GATEKEY_FILTERS_DIR", workspace.filters())
        .env("GATEKEY_BENCH_DIR", workspace.bench());
    command
}
