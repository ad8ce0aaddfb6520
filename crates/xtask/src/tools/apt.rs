//! Programs that come from Debian's packages, where we may install them.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{process, say};

/// Whether [`install`] can be tried.
pub(super) fn usable() -> Result<bool> {
    Ok(id(&["-u"])? == 0 && process::on_path("apt-get").is_some())
}

/// Installs packages for a tool.
pub(super) fn install(tool: &str, packages: &[&str]) -> Result<()> {
    if !usable()? {
        bail!("{tool} is missing: install {} or be root where apt-get is", packages.join(", "));
    }
    say::line(format_args!("{tool}: installing it from the system's packages"));
    let apt = |arguments: &[&str]| {
        process::output(
            Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(arguments),
        )
    };
    apt(&["update", "--quiet"])?;
    let arguments = ["install", "--quiet", "--yes", "--no-install-recommends"];
    apt(&[&arguments, packages].concat())?;
    Ok(())
}

/// What `id` says of us or of an account.
pub(super) fn id(arguments: &[&str]) -> Result<u32> {
    let text = process::output(Command::new("id").args(arguments))?;
    text.trim().parse().context("`id` did not answer with a number")
}
