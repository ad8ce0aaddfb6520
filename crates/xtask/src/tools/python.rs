//! Python packages, each with its hash, in environments of their own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::workspace::Workspace;
use crate::{process, say};

/// Where the folders are, each with a `requirements.txt` that was made from `requirements.in`
/// beside it by `uv pip compile --universal --python-version 3.11 --generate-hashes --no-header
/// --no-annotate`.
const FOLDERS: &str = "crates/providers";

/// The Python of an environment, after making the environment if this is the first time.
pub(super) fn provide(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let path = workspace.path(FOLDERS).join(name).join("requirements.txt");
    let requirements = fs::read_to_string(&path)?;
    let folder = workspace.tools().join(name);
    let python = folder.join("bin/python");
    let stamp = folder.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|known| known == requirements) && python.is_file() {
        return Ok(python);
    }
    say::line(format_args!("{name}: fetching it from the Python package registry"));
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
    .with_context(|| format!("pip cannot fetch {name}"))?;
    fs::write(stamp, requirements)?;
    Ok(python)
}
