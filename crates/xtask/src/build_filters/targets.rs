//! Rust targets, added with rustup when they are not there.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::workspace::Workspace;
use crate::{process, say};

pub(crate) const WASI: &str = "wasm32-wasip1";

pub(crate) fn add(workspace: &Workspace, target: &str) -> Result<()> {
    if installed(workspace, target)? {
        return Ok(());
    }
    say::line(format_args!("rust target {target}: adding it with rustup"));
    process::run(
        Command::new("rustup").current_dir(&workspace.root).args(["target", "add", target]),
    )
    .with_context(|| format!("the Rust target `{target}` is missing and rustup cannot add it"))
}

/// Asks the compiler, not rustup: a toolchain need not come from rustup to be complete.
fn installed(workspace: &Workspace, target: &str) -> Result<bool> {
    let folder = process::output(Command::new("rustc").current_dir(&workspace.root).args([
        "--print",
        "target-libdir",
        "--target",
        target,
    ]))?;
    Ok(std::path::Path::new(folder.trim()).is_dir())
}
