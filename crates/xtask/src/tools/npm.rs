//! Packages for Node, as a lock file in the project says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::workspace::Workspace;
use crate::{process, say};

/// The oldest Node that runs our scripts: major and minor.
const OLDEST: (u32, u32) = (20, 19);

pub(super) fn is_recent(node: &Path) -> Result<bool> {
    let version = process::output(Command::new(node).arg("--version"))?;
    Ok(numbers(&version).is_some_and(|version| version >= OLDEST))
}

/// Major and minor of `v20.19.0`.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Copies a folder of scripts of ours and puts beside them what their lock file names.
pub(super) fn install(workspace: &Workspace, source: &str) -> Result<PathBuf> {
    let source = workspace.path(source);
    let name = source.file_name().context("a folder has a name")?;
    let folder = workspace.tools().join(name);
    fs::create_dir_all(&folder)?;
    let lock = fs::read_to_string(source.join("package-lock.json"))?;
    let stamp = folder.join("installed-lock.json");
    let installed = fs::read_to_string(&stamp).is_ok_and(|known| known == lock);
    for entry in fs::read_dir(&source)? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    if !installed {
        say::line(format_args!("{}: fetching it from npm's registry", name.display()));
        let node = super::node(workspace)?;
        process::output(npm(&node).current_dir(&folder).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ]))
        .context("npm cannot fetch what the lock file names")?;
        fs::write(stamp, lock)?;
    }
    Ok(folder)
}

/// The npm on PATH, or the one that came with this Node.
fn npm(node: &Path) -> Command {
    if let Some(npm) = process::on_path("npm").filter(|_| process::on_path("node").is_some()) {
        return Command::new(npm);
    }
    let mut command = Command::new(node);
    let installation = node.ancestors().nth(2).unwrap_or(node);
    command.arg(installation.join("lib/node_modules/npm/bin/npm-cli.js"));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(numbers("v20.19.2\n"), Some((20, 19)));
        assert!(numbers("v22.1.0") > Some(OLDEST));
        assert!(numbers("v18.20.0") < Some(OLDEST));
        assert_eq!(numbers("20"), None);
    }
}
