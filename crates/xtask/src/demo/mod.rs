//! `cargo xtask demo`: one application's whole journey, on real parts.
//!
//! A portal on SQLite, the compiled filter in a real Envoy, an upstream that answers with
//! what it received. Every step is a real request; each is printed, and each is asserted.

mod admin;
mod developer;
mod envoy;
mod http;
mod journey;
mod portal;
mod upstream;

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use self::envoy::Envoy;
use self::http::Http;
use self::portal::Portal;
use self::upstream::Upstream;
use crate::workspace::Workspace;
use crate::{build_filters, children, process, say, tools};

const PORTAL: &str = "127.0.0.1:8180";
const GATEWAY: &str = "127.0.0.1:8100";
const ENVOY_ADMIN: &str = "127.0.0.1:8101";
const UPSTREAM: &str = "127.0.0.1:8181";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Walk the journey and stop everything.
    Check,
    /// Walk the journey and stay up until a person interrupts.
    Stay,
}

/// What the journey walks through, and can stop and start.
#[derive(Debug)]
struct Stage {
    http: Http,
    folder: PathBuf,
    portal: Portal,
    envoy: Envoy,
    // Last, so that it outlives those that call it.
    _upstream: Upstream,
}

pub(crate) fn run(workspace: &Workspace, mode: Mode) -> Result<()> {
    ports_are_free(&[PORTAL, GATEWAY, ENVOY_ADMIN, UPSTREAM])?;
    children::stop_on_interrupt()?;
    let stage = Stage::build(workspace)?;
    let folder = stage.folder.clone();
    let world = journey::walk(stage).inspect_err(|_| show_logs(&folder))?;
    match mode {
        Mode::Check => {
            say::line("\nevery step held");
            Ok(())
        }
        Mode::Stay => {
            say::line(format_args!("\nevery step held; everything stays up until Ctrl-C\n"));
            world.tell()?;
            say::line(format_args!("Envoy admin  http://{ENVOY_ADMIN}/"));
            say::line(format_args!("files        {}", folder.display()));
            children::wait_for_interrupt()
        }
    }
}

impl Stage {
    fn build(workspace: &Workspace) -> Result<Self> {
        say::header("set-up: build and start the parts");
        build_filters::run(workspace)?;
        process::run(process::cargo(workspace).args(["build", "--package", "gatekey-portal"]))?;
        let envoy = tools::envoy(workspace)?;
        let folder = workspace.target.join("demo");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let upstream = Upstream::start(UPSTREAM)?;
        let program = workspace.target.join("debug").join("gatekey");
        let http = Http::new();
        let portal = Portal::start(&program, &folder, PORTAL, &http)?;
        let filter = build_filters::wasm(&workspace.filters(), "gatekey_application_auth");
        let envoy = Envoy::new(&envoy, &folder, &filter);
        Ok(Self { http, folder, portal, envoy, _upstream: upstream })
    }
}

fn ports_are_free(addresses: &[&str]) -> Result<()> {
    for address in addresses {
        TcpListener::bind(address).with_context(|| {
            format!("the demo needs {address}, which another program uses: stop that one first")
        })?;
    }
    Ok(())
}

/// The end of what the parts logged: with a failed step, that is where the reason stands.
fn show_logs(folder: &Path) {
    const LINES: usize = 25;
    for name in ["portal.log", "envoy.log"] {
        let Ok(log) = std::fs::read_to_string(folder.join(name)) else { continue };
        let lines: Vec<_> = log.lines().collect();
        say::line(format_args!("\n-- the end of {name}"));
        for line in lines.iter().skip(lines.len().saturating_sub(LINES)) {
            say::line(line);
        }
    }
}

/// Asserts one thing about the journey.
fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<()> {
    if !holds {
        bail!("{}", what());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let error = ports_are_free(&[&address]).unwrap_err();
        assert!(error.to_string().contains(&address), "{error}");
    }
}
