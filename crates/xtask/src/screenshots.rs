//! `cargo xtask screenshots`: pictures of the pages, and small copies of a few for the README.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;
use crate::{children, process, say, tools};

/// Where the pictures are, below the target directory.
const FOLDER: &str = "screenshots";
/// Where the README finds those that it shows.
const SHOWN: &str = "docs/images";
/// Those, by their names.
const KEPT: &[&str] = &[
    "catalogue-desktop-light",
    "api-reference-desktop-light",
    "application-usage-desktop-dark",
    "refusal-desktop-light",
    "console-requests-desktop-light",
    "console-application-desktop-dark",
    "application-phone-light",
    "console-requests-phone-dark",
];
/// How many bytes one of those may have.
const LIMIT: u64 = 100 * 1024;

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    children::stop_on_interrupt()?;
    let folder = workspace.target.join(FOLDER);
    let _ = fs::remove_dir_all(&folder);
    process::run(process::cargo(workspace).args(["build", "--package", "gatekey-portal"]))?;
    let mut take = process::cargo(workspace);
    take.args(["run", "--quiet", "--package", "gatekey-providers"])
        .args(["--bin", "gatekey-screenshots", "--"])
        .arg(&folder);
    process::run(tools::name_all(workspace, &mut take)?)?;
    let pngquant = tools::pngquant()?;
    let shown = workspace.path(SHOWN);
    fs::create_dir_all(&shown)?;
    for name in KEPT {
        let file = format!("{name}.png");
        shrink(&pngquant, &folder.join(&file), &shown.join(&file))?;
    }
    say::line(format_args!("pictures in {}, {} of them in {SHOWN}", folder.display(), KEPT.len()));
    Ok(())
}

/// A copy with as few colours as nobody notices.
fn shrink(pngquant: &Path, from: &Path, to: &Path) -> Result<()> {
    process::run(
        Command::new(pngquant)
            .args(["--force", "--strip", "--speed", "1", "--quality", "60-95", "--output"])
            .args([to, from]),
    )?;
    let size = fs::metadata(to).with_context(|| to.display().to_string())?.len();
    if size > LIMIT {
        bail!("{} has {size} bytes, {LIMIT} are the limit", to.display());
    }
    Ok(())
}
