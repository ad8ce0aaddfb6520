//! The portal as an operator runs it: the command `gatekey`, on a database of its own.

use core::time::Duration;
use std::fs;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::admin::Admin;
use crate::developer::Developer;
use crate::http::try_exchange;
use crate::process::{Folder, Program, free_port};
use crate::tools::Tools;

const PATIENCE: Duration = Duration::from_secs(30);

/// A running portal.
#[derive(Debug)]
pub struct Portal {
    tools: Tools,
    folder: Folder,
    port: u16,
    program: Option<Program>,
    preview: Option<(u16, Program)>,
}

impl Portal {
    /// Starts a portal that knows nothing yet.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(tools: &Tools) -> Self {
        let folder = Folder::new("portal");
        let port = free_port();
        let mut portal = Self { tools: tools.clone(), folder, port, program: None, preview: None };
        portal.restart();
        portal.preview = portal.preview();
        portal
    }

    /// Starts it anew, on what it has kept.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(&mut self) {
        self.program = None;
        let mut command = self.gatekey(&["serve"]);
        command.args(["--listen", &self.authority(), "--log-level", "debug"]);
        self.program = Some(Program::start("gatekey", &mut command, self.port, &self.folder));
        // It listens before it has its database.
        let ready = format!("{}/readyz", self.base());
        let started = Instant::now();
        while !try_exchange("GET", &ready, &[], "").is_ok_and(|answer| answer.status == 200) {
            assert!(started.elapsed() < PATIENCE, "never ready:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.program = None;
    }

    fn gatekey(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tools.gatekey);
        command.args(arguments).arg("--data-dir").arg(self.folder.path().join("data"));
        command.current_dir(self.folder.path());
        command
    }

    /// What another of the portal's commands prints.
    ///
    /// # Panics
    ///
    /// When it fails.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> String {
        let (success, printed) = self.try_command(arguments);
        assert!(success, "gatekey {}: {printed}", arguments.join(" "));
        printed
    }

    /// Whether another of the portal's commands succeeds, and what it prints.
    fn try_command(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.gatekey(arguments).output().expect("gatekey starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    }

    /// What `gatekey dcr status` says of a provider, and whether the ledger agrees with all.
    ///
    /// # Panics
    ///
    /// When it says nothing.
    #[must_use]
    pub fn dcr_status(&self, provider: &str) -> (bool, Value) {
        let (agrees, printed) = self.try_command(&["dcr", "status", "--json"]);
        let said: Value = serde_json::from_str(&printed)
            .unwrap_or_else(|error| panic!("{error} in what `dcr status` printed: {printed}"));
        let mut all = said.as_array().expect("a list").iter();
        let one = all.find(|one| one["name"] == provider);
        (agrees, one.unwrap_or_else(|| panic!("no {provider} in {said}")).clone())
    }

    /// Where it is.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.authority())
    }

    /// The pages of another source, for those who work on pages and do not want to build the whole
    /// portal each time: the example `preview` of `gatekey-web`, where it is named.
    fn preview(&self) -> Option<(u16, Program)> {
        let program = std::env::var_os("GATEKEY_PREVIEW")?;
        let port = free_port();
        let mut command = Command::new(program);
        command.arg(self.base()).arg(format!("127.0.0.1:{port}"));
        Some((port, Program::start("preview", &mut command, port, &self.folder)))
    }

    /// Where its pages are.
    #[must_use]
    pub fn pages(&self) -> String {
        match &self.preview {
            Some((port, _)) => format!("http://127.0.0.1:{port}"),
            None => self.base(),
        }
    }

    /// Host and port.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The token of its administrator.
    ///
    /// # Panics
    ///
    /// When it made none.
    #[must_use]
    pub fn admin_token(&self) -> String {
        let path = self.folder.path().join("data/admin-token");
        let token = fs::read_to_string(path).expect("the token of the administrator");
        token.trim().to_owned()
    }

    /// Its administrator.
    ///
    /// # Panics
    ///
    /// When it made no token for one.
    #[must_use]
    pub fn admin(&self) -> Admin {
        Admin::new(self.base(), &self.admin_token())
    }

    /// A developer who signed up, proved the address and signed in.
    ///
    /// # Panics
    ///
    /// When the portal does not let them.
    #[must_use]
    pub fn developer(&self, portal: &str, name: &str) -> Developer {
        Developer::join(self, portal, name)
    }

    /// The token that an e-mail of this kind brought, once it has arrived.
    pub(crate) fn token_from_mail(&self, to: &str, template: &str) -> String {
        let started = Instant::now();
        loop {
            if let Some(token) = self.mails().iter().find_map(|mail| token(mail, to, template)) {
                return token;
            }
            assert!(started.elapsed() < PATIENCE, "no e-mail `{template}` to {to}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Where the link of an e-mail of this kind leads, once it has arrived: to a page of the portal.
    #[must_use]
    pub fn link_from_mail(&self, portal: &str, to: &str, template: &str, page: &str) -> String {
        let token = self.token_from_mail(to, template);
        format!("{}/portals/{portal}/{page}?token={token}", self.pages())
    }

    fn mails(&self) -> Vec<Value> {
        let mailbox = self.folder.path().join("data/mailbox");
        let Ok(entries) = fs::read_dir(mailbox) else { return Vec::new() };
        // One that is still being written is there, whole, the next time.
        let read = |entry: fs::DirEntry| serde_json::from_slice(&fs::read(entry.path()).ok()?).ok();
        entries.flatten().filter_map(read).collect()
    }

    /// What it wrote so far.
    #[must_use]
    pub fn log(&self) -> String {
        let path = self.folder.path().join("gatekey.log");
        fs::read_to_string(path).unwrap_or_default()
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
