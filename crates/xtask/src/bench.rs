//! `cargo xtask bench [--envoy | --identity | --portal]`: what Gatekey costs.

use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{build_filters, process, say, tools};

const PACKAGE: &str = "gatekey-benches";
/// Only the guest's own bench needs the WebAssembly engine, which takes minutes to compile.
const NO_ENGINE: &str = "--no-default-features";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The core as a library, and the filter in the harness.
    Decisions,
    /// Filters side by side in a real Envoy.
    Envoy,
    /// The portal's token endpoint, beside another's.
    Identity,
    /// The portal with many applications.
    Portal,
}

/// Measures.
pub(crate) fn run(workspace: &Workspace, what: What) -> Result<()> {
    match what {
        What::Decisions => decisions(workspace),
        What::Envoy => envoy(workspace),
        What::Identity => identity(workspace),
        What::Portal => portal(workspace),
    }
}

fn envoy(workspace: &Workspace) -> Result<()> {
    build_filters::run(workspace)?;
    let program = tools::envoy(workspace)?;
    say::header("bench: side by side in Envoy");
    process::run(
        program_of_benches(workspace, "bench-envoy", &[NO_ENGINE]).env("GATEKEY_ENVOY", program),
    )
}

fn identity(workspace: &Workspace) -> Result<()> {
    let portal = ["build", "--release", "--package", "gatekey-portal"];
    process::run(process::cargo(workspace).args(portal))?;
    let node = tools::node(workspace)?;
    let oidc_provider = tools::oidc_provider(workspace)?;
    say::header("bench: tokens and registrations");
    process::run(
        program_of_benches(workspace, "bench-identity", &[NO_ENGINE])
            .env("GATEKEY_PROGRAM", workspace.target.join("release").join("gatekey"))
            .env("GATEKEY_NODE", node)
            .env("GATEKEY_OIDC_PROVIDER_DIR", oidc_provider),
    )
}

fn portal(workspace: &Workspace) -> Result<()> {
    let portal = ["build", "--release", "--package", "gatekey-portal", "--features", "population"];
    process::run(process::cargo(workspace).args(portal))?;
    let postgres = tools::PostgresServer::start(workspace)?;
    say::header("bench: a portal with many applications");
    let release = workspace.target.join("release");
    process::run(
        program_of_benches(workspace, "bench-portal", &[NO_ENGINE])
            .env("GATEKEY_PROGRAM", release.join("gatekey"))
            .env("GATEKEY_POPULATE", release.join("gatekey-populate"))
            .env("GATEKEY_TEST_POSTGRES_URL", &postgres.url),
    )
}

fn decisions(workspace: &Workspace) -> Result<()> {
    build_filters::run(workspace)?;
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
