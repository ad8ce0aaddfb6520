//! The small filters that the harness is tested with. Never shipped.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::WASI;
use crate::process;
use crate::workspace::Workspace;

pub(crate) const PACKAGE: &str = "gatekey-guests";

pub(super) fn compile(workspace: &Workspace) -> Result<()> {
    let mut cargo = process::cargo(workspace);
    cargo.args(["build", "--target", WASI, "--profile", "filter"]);
    cargo.args(["--package", PACKAGE, "--examples"]);
    process::run(&mut cargo)
}

/// Copies them to where the harness's tests can be told to look.
pub(super) fn place(workspace: &Workspace, built: &Path) -> Result<()> {
    let guests = workspace.guests();
    fs::create_dir_all(&guests)?;
    let sources = workspace.path("host-harness/guests/examples");
    let listed = fs::read_dir(&sources);
    for source in listed.with_context(|| format!("cannot read {}", sources.display()))? {
        let source = source?.path();
        let Some(name) = source.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let module = built.join("examples").join(format!("{name}.wasm"));
        let copied = fs::copy(&module, guests.join(format!("{name}.wasm")));
        copied.with_context(|| format!("guest `{name}`: no {}", module.display()))?;
    }
    Ok(())
}
