//! `cargo xtask build-filters`: from the filter crates to what a gateway loads.

mod guests;
mod lint;
mod paths;
mod schema;
mod targets;
mod trim;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

pub(crate) use self::guests::PACKAGE as GUESTS;
pub(crate) use self::targets::{WASI, add as add_target};
use crate::workspace::Workspace;
use crate::{process, say};

/// A module that we ship.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) package: &'static str,
    /// The artefact's name: what Kong calls the filter, and the stem of every file about it.
    pub(crate) name: &'static str,
    pub(crate) folder: &'static str,
    pub(crate) budget: u64,
}

pub(crate) const FILTERS: &[Filter] = &[
    Filter {
        package: "gatekey-key-auth",
        name: "gatekey_key_auth",
        folder: "filters/key-auth",
        budget: 256 * 1024,
    },
    Filter {
        package: "gatekey-openid-connect",
        name: "gatekey_openid_connect",
        folder: "filters/openid-connect",
        budget: 700 * 1024,
    },
    Filter {
        package: "gatekey-application-auth",
        name: "gatekey_application_auth",
        folder: "filters/application-auth",
        budget: 1024 * 1024,
    },
];

/// An empty filter made with the SDK, which ours are measured against. Never shipped.
pub(crate) const YARDSTICK: (&str, &str) = ("gatekey-sdk-noop", "gatekey_sdk_noop");

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    targets::add(workspace, WASI)?;
    compile(workspace)?;
    let built = workspace.target.join(WASI).join("filter");
    place_yardstick(workspace, &built)?;
    guests::place(workspace, &built)?;
    let filters = workspace.filters();
    fs::create_dir_all(&filters)?;
    for filter in FILTERS {
        ship(workspace, filter, &built, &filters)
            .with_context(|| format!("filter `{}`", filter.name))?;
    }
    Ok(())
}

pub(crate) fn run_if_missing(workspace: &Workspace) -> Result<()> {
    let there = |filter: &Filter| wasm(&workspace.filters(), filter.name).is_file();
    let guests = workspace.guests().is_dir();
    if guests && FILTERS.iter().all(there) { Ok(()) } else { run(workspace) }
}

fn compile(workspace: &Workspace) -> Result<()> {
    let mut cargo = process::cargo(workspace);
    cargo.args(["build", "--target", WASI, "--profile", "filter"]);
    for filter in FILTERS {
        cargo.args(["--package", filter.package]);
    }
    cargo.args(["--package", YARDSTICK.0]);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", paths::without_prefixes()?);
    process::run(&mut cargo)?;
    guests::compile(workspace)
}

fn ship(workspace: &Workspace, filter: &Filter, built: &Path, filters: &Path) -> Result<()> {
    let raw = read(&wasm(built, filter.name))?;
    let module = trim::product(&raw)?;
    let found = check(filter, &module)?;
    let digest = sha256(&module);

    let schema_source = workspace.path(filter.folder).join("config.schema.json");
    let schema = schema::read(&schema_source)?;
    fs::write(wasm(filters, filter.name), &module)?;
    let file = |ending: &str| filters.join(format!("{}.{ending}", filter.name));
    fs::write(file("sha256"), format!("{digest}  {}.wasm\n", filter.name))?;
    fs::write(file("schema.json"), schema::pretty(&schema)?)?;
    fs::write(file("meta.json"), schema::pretty(&schema::kong_metadata(&schema))?)?;
    say::line(format_args!(
        "{}: {} bytes of {} ({} before trimming), {} exports, {} imports",
        filter.name,
        module.len(),
        filter.budget,
        raw.len(),
        found.exports.len(),
        found.imports.len(),
    ));
    Ok(())
}

/// What every shipped module must satisfy, also used by `tidy` on what is already built.
pub(crate) fn check(filter: &Filter, module: &[u8]) -> Result<lint::Surface> {
    let surface = lint::Surface::of(module)?;
    let mut problems = surface.problems();
    let size = module.len() as u64;
    if size > filter.budget {
        problems.push(format!("{size} bytes are over the budget of {} bytes", filter.budget));
    }
    if !problems.is_empty() {
        bail!("{}", problems.join("; "));
    }
    Ok(surface)
}

fn place_yardstick(workspace: &Workspace, built: &Path) -> Result<()> {
    let bench = workspace.bench();
    fs::create_dir_all(&bench)?;
    let raw = read(&wasm(built, YARDSTICK.1))?;
    fs::write(wasm(&bench, YARDSTICK.1), &raw)?;
    let trimmed = trim::yardstick(&raw).context("the yardstick")?;
    fs::write(wasm(&bench, &format!("{}_trimmed", YARDSTICK.1)), trimmed)?;
    Ok(())
}

pub(crate) fn wasm(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.wasm"))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
