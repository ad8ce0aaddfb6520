//! The identity provider Canaille: Python packages, each with its hash, in an environment of its
//! own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::workspace::Workspace;
use crate::{process, say};

/// Made from `requirements.in` beside it by `uv pip compile --universal --python-version 3.11
/// --generate-hashes --no-header --no-annotate`.
const REQUIREMENTS: &str = "crates/providers/canaille/requirements.txt";

/// The environment's Python, after making the environment if this is the first time.
pub(super) fn provide(workspace: &Workspace) -> Result<PathBuf> {
    let path = workspace.path(REQUIREMENTS);
    let requirements = fs::read_to_string(&path)?;
    let folder = workspace.tools().join("canaille");
    let python = folder.join("bin/python");
    let stamp = folder.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|known| known == requirements) && python.is_file() {
        return Ok(python);
    }
    say::line("canaille: fetching it from the Python package registry");
    let _ = fs::remove_dir_all(&folder);
    let system = super::wheel::python()?;
    process::output(Command::new(system).args(["-m", "venv"]).arg(&folder))
        .context("`python3` cannot make an environment: it needs its module `venv`")?;
    process::output(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(["--only-binary=:all:", "--require-hashes", "--requirement"])
            .arg(&path),
    )
    .context("pip cannot fetch Canaille")?;
    fs::write(stamp, requirements)?;
    Ok(python)
}
