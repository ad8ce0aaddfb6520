//! The portal as an operator runs it: the `gatekey` command, on SQLite.

use core::time::Duration;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::http::Http;
use crate::children::Child;
use crate::process;

const START: Duration = Duration::from_secs(30);
const MAIL: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Portal {
    program: PathBuf,
    folder: PathBuf,
    address: String,
    running: Option<Child>,
}

impl Portal {
    pub(super) fn start(program: &Path, folder: &Path, address: &str, http: &Http) -> Result<Self> {
        let mut portal = Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            address: address.to_owned(),
            running: None,
        };
        portal.restart(http)?;
        for name in ["admin-token", "gateway-token"] {
            http.hide(&portal.secret(name)?);
        }
        Ok(portal)
    }

    pub(super) fn restart(&mut self, http: &Http) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.folder.join("portal.log"))?;
        let mut command = Command::new(&self.program);
        command
            .arg("serve")
            .arg("--data-dir")
            .arg(self.data())
            .args(["--listen", &self.address])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.running = Some(Child::start(&mut command, Signal::SIGTERM)?);
        self.wait_until_ready(http)
    }

    fn wait_until_ready(&self, http: &Http) -> Result<()> {
        let start = Instant::now();
        let url = self.url("/readyz");
        while start.elapsed() < START {
            if http.quietly(|| http.send("GET", &url, &[], None)).is_ok_and(|r| r.status == 200) {
                return Ok(());
            }
            if let Some(status) = self.running.as_ref().map(Child::exited).transpose()?.flatten() {
                bail!("the portal ended: {status}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the portal is not ready on {} after {START:?}", self.address)
    }

    /// Ends the portal without a chance to say goodbye.
    pub(super) fn kill(&mut self) {
        if let Some(child) = self.running.take() {
            child.kill();
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn secret(&self, name: &str) -> Result<String> {
        let path = self.data().join(name);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("the portal made no {}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    /// Runs another of the portal's commands on the same data.
    pub(super) fn command(&self, arguments: &[&str]) -> Result<String> {
        crate::say::line(format_args!("  $ gatekey {}", arguments.join(" ")));
        process::output(
            Command::new(&self.program)
                .args(arguments)
                .arg("--data-dir")
                .arg(self.data())
                .current_dir(&self.folder),
        )
    }

    /// The token that an e-mail of this kind brought, once it has arrived.
    pub(super) fn token_from_mail(&self, to: &str, template: &str) -> Result<String> {
        let start = Instant::now();
        while start.elapsed() < MAIL {
            if let Some(token) = self.mails()?.iter().find_map(|mail| token(mail, to, template)) {
                return Ok(token);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("no e-mail `{template}` to {to} within {MAIL:?}")
    }

    fn mails(&self) -> Result<Vec<Value>> {
        let mut mails = Vec::new();
        for entry in fs::read_dir(self.data().join("mailbox"))? {
            let path = entry?.path();
            // One that is still being written is there, whole, the next time.
            if let Ok(mail) = serde_json::from_slice(&fs::read(path)?) {
                mails.push(mail);
            }
        }
        Ok(mails)
    }
}

fn token(mail: &Value, to: &str, template: &str) -> Option<String> {
    let for_us = match mail.get("to")? {
        Value::Array(all) => all.iter().any(|one| one == to),
        one => one == to,
    };
    let right = for_us && mail.get("template")? == template;
    right.then(|| mail.pointer("/variables/token")?.as_str().map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_right_mail_gives_its_token() {
        let mail = json!({
            "to": ["a@example.com"], "template": "confirm-email-address",
            "variables": { "token": "t" },
        });
        let found = |to, template| token(&mail, to, template);
        assert_eq!(found("a@example.com", "confirm-email-address").as_deref(), Some("t"));
        assert_eq!(found("b@example.com", "confirm-email-address"), None);
        assert_eq!(found("a@example.com", "reset-password"), None);
    }
}
