//! Proof that the core needs no standard library.
//!
//! `#![no_std]` alone proves little: a dependency may still bring std in. So the core is
//! checked against a sysroot that holds `core` and `alloc` and no `std`, where anything
//! that reaches for it cannot be compiled. The sysroot is cut from the Wasm target that the
//! tests need anyway, so nothing has to be downloaded for this.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;
use crate::{build_filters, process, say};

const TARGET: &str = "wasm32-unknown-unknown";
const LIBRARIES: &[&str] = &["core", "alloc", "compiler_builtins"];

pub(super) fn run(workspace: &Workspace) -> Result<()> {
    build_filters::add_target(workspace, TARGET)?;
    let sysroot = sysroot_without_std(workspace)?;
    prove_that_std_is_absent(workspace, &sysroot)?;
    process::run(
        process::cargo(workspace)
            .args(["check", "--target", TARGET, "--package", "gatekey-core"])
            .env(
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
                format!("--sysroot={}", sysroot.display()),
            ),
    )
    .context("the core or something below it needs the standard library")?;
    say::line("gatekey-core builds without std; a crate that names std is refused there");
    Ok(())
}

fn sysroot_without_std(workspace: &Workspace) -> Result<PathBuf> {
    let source =
        process::output(rustc(workspace).args(["--print", "target-libdir", "--target", TARGET]))?;
    let sysroot = workspace.target.join("sysroot-without-std");
    let libraries = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let _ = fs::remove_dir_all(&sysroot);
    fs::create_dir_all(&libraries)?;
    for entry in fs::read_dir(source.trim())? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if LIBRARIES.iter().any(|library| name.starts_with(&format!("lib{library}-"))) {
            // Copies keep the time of the original, so that cargo sees nothing new.
            fs::hard_link(entry.path(), libraries.join(&*name))
                .or_else(|_| fs::copy(entry.path(), libraries.join(&*name)).map(|_| ()))?;
        }
    }
    Ok(sysroot)
}

/// Without this the proof could pass for the wrong reason.
fn prove_that_std_is_absent(workspace: &Workspace, sysroot: &Path) -> Result<()> {
    for (source, accepted) in [("#![no_std] extern crate alloc;", true), ("", false)] {
        let probe = sysroot.join("probe.rs");
        fs::write(&probe, source)?;
        let output = rustc(workspace)
            .args(["--crate-type", "lib", "--emit", "metadata", "--target", TARGET])
            .arg(format!("--sysroot={}", sysroot.display()))
            .arg("--out-dir")
            .arg(sysroot)
            .arg(&probe)
            .output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        let refused_for_std = errors.contains("can't find crate for `std`");
        if output.status.success() != accepted || refused_for_std == accepted {
            bail!("the sysroot without std is not what it should be:\n{errors}");
        }
    }
    Ok(())
}

fn rustc(workspace: &Workspace) -> Command {
    let mut command = Command::new("rustc");
    command.current_dir(&workspace.root);
    command
}
