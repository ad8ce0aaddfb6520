//! Runs the shell blocks of one page, one after the other in one shell, as a reader would who
//! copies them, in a folder that looks like a checkout.

use core::fmt::Write as _;
use core::time::Duration;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::page::{Block, shows};
use crate::children::{Child, Folder};
use crate::say;
use crate::tools::{PostgresServer, free_port};
use crate::workspace::Workspace;

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(240);

/// The ports that pages speak of. Here others are in their places, that nobody uses.
const PORTS: [&str; 6] = ["8180", "8100", "8101", "8181", "8190", "8191"];

/// What a page that speaks of a portal finds: a running one, with an application and its key.
const PORTAL: &str = include_str!("portal.sh");

/// What a page finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The checkout, the programs on the path.
    Checkout,
    /// And a portal.
    Portal,
}

/// The programs that pages call, beside those of every machine, and the server that one speaks of.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) envoy: PathBuf,
    pub(super) jq: PathBuf,
    pub(super) postgres: PostgresServer,
}

/// Runs the blocks of a page.
pub(super) fn play(
    workspace: &Workspace,
    programs: &Programs,
    page: &str,
    place: Place,
    blocks: &[&Block<'_>],
) -> Result<()> {
    let folder = Folder::new("gatekey-docs")?;
    let mut ports = free_ports()?;
    ports.push(("5432", programs.postgres.port()));
    let checkout = folder.path().join("checkout");
    lay_out(workspace, programs, folder.path(), &checkout, &ports)?;
    let script = folder.path().join("page.sh");
    fs::write(&script, renumbered(&script_of(place, blocks), &ports))?;
    let log = File::create(folder.path().join("log"))?;
    let mut path = vec![folder.path().join("bin"), workspace.target.join("debug")];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new("bash");
    command
        .arg(&script)
        .current_dir(&checkout)
        .env("PATH", std::env::join_paths(path)?)
        .env("OUT", folder.path())
        .env("CARGO_TARGET_DIR", &workspace.target)
        .env("CURL_HOME", folder.path())
        .env("GATEKEY_LISTEN", renumbered("127.0.0.1:8180", &ports))
        .env("GATEKEY_URL", renumbered("http://127.0.0.1:8180", &ports))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // So that all it starts can be ended at once.
        .process_group(0);
    let shell = Child::start(&mut command, Signal::SIGTERM)?;
    let ended = wait(&shell);
    sweep(&shell);
    let at = fs::read_to_string(folder.path().join("at")).unwrap_or_default();
    let at: usize = at.trim().parse().unwrap_or_default();
    let line = at.checked_sub(1).and_then(|at| blocks.get(at)).map_or(0, |block| block.line);
    if let Err(error) = ended {
        show(&folder.path().join("log"));
        show(&out(folder.path(), at));
        return Err(error.context(format!("{page}:{line}")));
    }
    for (number, block) in blocks.iter().enumerate() {
        let Some(expected) = &block.output else { continue };
        let path = out(folder.path(), number + 1);
        let output = fs::read_to_string(&path).context("a block wrote no text")?;
        if let Err(reason) = shows(&output, &renumbered(expected, &ports)) {
            show(&path);
            bail!("{page}:{}: the output is another: {reason}", block.line);
        }
    }
    Ok(())
}

fn out(folder: &Path, block: usize) -> PathBuf {
    folder.join(format!("out.{block}"))
}

fn show(path: &Path) {
    say::line(fs::read_to_string(path).unwrap_or_default());
}

fn wait(shell: &Child) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match shell.exited()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("a command failed: {status}"),
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    bail!("it takes longer than {PATIENCE:?}")
}

/// Ends whatever a page left running.
fn sweep(shell: &Child) {
    let Ok(group) = i32::try_from(shell.id()) else { return };
    for (signal, pause) in [(Signal::SIGTERM, 500), (Signal::SIGKILL, 0)] {
        // Nobody is left of most groups.
        if killpg(Pid::from_raw(group), signal).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(pause));
    }
}

/// The blocks as one script, which says in a file how far it is. What is to be answered in a certain
/// way is asked until it is: gateways hear of changes a moment later.
fn script_of(place: Place, blocks: &[&Block<'_>]) -> String {
    let mut script = String::from("set -euo pipefail\ntrap 'exit 1' TERM INT\n");
    if place == Place::Portal {
        script.push_str(PORTAL);
    }
    for (number, block) in blocks.iter().enumerate() {
        let number = number + 1;
        let _ = writeln!(script, "echo {number} >\"$OUT/at\"");
        let group = format!("{{\n{}}} >\"$OUT/out.{number}\" 2>&1", block.text);
        let status = block.output.as_deref().and_then(status_of);
        let _ = match status {
            None => writeln!(script, "{group}"),
            Some(status) => writeln!(
                script,
                "for _ in {{1..60}}; do\n{group} || true\ngrep -qF '{status}' \"$OUT/out.{number}\" && break\n\
                 sleep 0.5\ndone"
            ),
        };
    }
    script
}

/// The status line that a page says a block shows.
fn status_of(output: &str) -> Option<&str> {
    let line = output.lines().next()?;
    (line.starts_with("HTTP/1.1 ") && !line.contains('\'')).then_some(line)
}

/// A folder with what commands name by relative paths.
fn lay_out(
    workspace: &Workspace,
    programs: &Programs,
    folder: &Path,
    checkout: &Path,
    ports: &[(&str, String)],
) -> Result<()> {
    fs::create_dir_all(checkout.join("target"))?;
    for name in ["crates", "filters", "host-harness", "docs"] {
        symlink(workspace.path(name), checkout.join(name))?;
    }
    symlink(workspace.filters(), checkout.join("target/filters"))?;
    symlink(workspace.guests(), checkout.join("target/guests"))?;
    copy(&workspace.path("examples"), &checkout.join("examples"), ports)?;
    let bin = folder.join("bin");
    fs::create_dir_all(&bin)?;
    symlink(&programs.envoy, bin.join("envoy"))?;
    symlink(&programs.jq, bin.join("jq"))?;
    // Files are named from here, packages from the workspace.
    let cargo = format!(
        "#!/bin/sh\ncommand=$1\nshift\nexec {} \"$command\" --manifest-path {} \"$@\"\n",
        quoted(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into())),
        quoted(&workspace.path("Cargo.toml").display().to_string()),
    );
    fs::write(bin.join("cargo"), cargo)?;
    fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755))?;
    // A request that is refused, and is not said to be, is a mistake of the page.
    let settings = "fail-with-body\nsilent\nshow-error\nmax-time = 60\n";
    fs::write(folder.join(".curlrc"), settings)?;
    Ok(())
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn copy(from: &Path, to: &Path, ports: &[(&str, String)]) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target, ports)?;
        } else {
            let text = fs::read_to_string(entry.path())?;
            fs::write(target, renumbered(&text, ports))?;
        }
    }
    Ok(())
}

fn free_ports() -> Result<Vec<(&'static str, String)>> {
    // Kept until all are found, so that none is found twice.
    let mut ports = Vec::new();
    for known in PORTS {
        loop {
            let port = free_port()?.to_string();
            if !ports.iter().any(|(_, other)| *other == port) {
                ports.push((known, port));
                break;
            }
        }
    }
    Ok(ports)
}

/// A text with the ports of this place.
fn renumbered(text: &str, ports: &[(&str, String)]) -> String {
    let mut text = text.to_owned();
    for (known, port) in ports {
        let mut found = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, behind)) = rest.split_once(known) {
            found.push_str(before);
            let alone = !before.ends_with(|c: char| c.is_ascii_alphanumeric())
                && !behind.starts_with(|c: char| c.is_ascii_alphanumeric());
            found.push_str(if alone { port } else { known });
            rest = behind;
        }
        found.push_str(rest);
        text = found;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers_of_their_own() {
        let ports = [("8180", "40001".to_owned()), ("8100", "40002".to_owned())];
        let text = "http://127.0.0.1:8180/x port_value: 8100 } 018180 81800 a8100";
        let expected = "http://127.0.0.1:40001/x port_value: 40002 } 018180 81800 a8100";
        assert_eq!(renumbered(text, &ports), expected);
    }

    #[test]
    fn only_a_status_is_waited_for() {
        assert_eq!(status_of("HTTP/1.1 403 Forbidden\n..."), Some("HTTP/1.1 403 Forbidden"));
        assert_eq!(status_of("ok\n"), None);
        let block = |output: &str| Block {
            language: "sh",
            line: 1,
            text: "curl -i x\n".into(),
            output: Some(output.into()),
        };
        let waits = block("HTTP/1.1 200 OK");
        assert!(script_of(Place::Checkout, &[&waits]).contains("grep -qF 'HTTP/1.1 200 OK'"));
        assert!(!script_of(Place::Checkout, &[&block("ok")]).contains("grep"));
    }
}
