//! Paths of source files in modules: what a module says of where it would have panicked must not
//! depend on whose machine built it, nor take room for the names of its folders.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;

/// Between flags, as cargo reads them.
const SEPARATOR: char = '\u{1f}';

/// The flags that shorten paths, after those that are set already.
pub(super) fn without_prefixes() -> Result<String> {
    let mut flags: Vec<String> = match env::var("CARGO_ENCODED_RUSTFLAGS") {
        Ok(set) => set.split(SEPARATOR).map(str::to_owned).collect(),
        Err(_) => env::var("RUSTFLAGS")
            .map(|set| set.split_whitespace().map(str::to_owned).collect())
            .unwrap_or_default(),
    };
    flags.retain(|flag| !flag.is_empty());
    let sysroot = process::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust");
    flags.extend(registries()?.iter().chain([&library]).map(|path| without(path)));
    Ok(flags.join(&SEPARATOR.to_string()))
}

fn without(path: &Path) -> String {
    format!("--remap-path-prefix={}/=", path.display())
}

/// Where cargo keeps the sources of dependencies.
fn registries() -> Result<Vec<PathBuf>> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let sources = home.context("neither CARGO_HOME nor HOME is set")?.join("registry/src");
    let Ok(entries) = std::fs::read_dir(&sources) else { return Ok(Vec::new()) };
    let mut found: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    // The flags are a part of what cargo compares to tell whether to build again.
    found.sort();
    Ok(found)
}
