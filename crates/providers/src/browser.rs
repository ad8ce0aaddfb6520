//! A Chromium that nobody looks at, driven by its own driver over HTTP.

use core::time::Duration;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::http::exchange;
use crate::process::{Folder, Program, free_port};
use crate::tools::Tools;

const PATIENCE: Duration = Duration::from_secs(20);
/// How the driver calls an element (W3C WebDriver, 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window and no past.
#[derive(Debug)]
pub struct Browser {
    session: String,
    _driver: Program,
    _folder: Folder,
}

impl Browser {
    /// Opens a browser. It reaches nothing but this machine.
    #[must_use]
    pub fn open(tools: &Tools) -> Self {
        let port = free_port();
        let folder = Folder::new("browser");
        let mut command = Command::new(&tools.chromedriver);
        command.arg(format!("--port={port}"));
        let driver = Program::start("chromedriver", &mut command, port, &folder);
        let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
        let options = json!({
            "binary": tools.chromium,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
                profile,
            ],
        });
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let base = format!("http://127.0.0.1:{port}/session");
        let opened = exchange("POST", &base, &[], &wanted.to_string()).json();
        let id = opened["value"]["sessionId"].as_str();
        let id = id.unwrap_or_else(|| panic!("the browser does not open: {opened}"));
        Self { session: format!("{base}/{id}"), _driver: driver, _folder: folder }
    }

    fn command(&self, method: &str, command: &str, body: &Value) -> Value {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let answer = exchange(method, &format!("{}/{command}", self.session), &[], &body);
        assert_eq!(answer.status, 200, "{command}: {answer:?}");
        answer.json()["value"].take()
    }

    fn text_of(&self, method: &str, command: &str, body: &Value) -> String {
        self.command(method, command, body).as_str().unwrap_or_default().to_owned()
    }

    /// Goes to an address as a person would who types it.
    pub fn go(&self, url: &str) {
        self.command("POST", "url", &json!({"url": url}));
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        self.text_of("GET", "url", &Value::Null)
    }

    /// The text of the page.
    #[must_use]
    pub fn text(&self) -> String {
        self.script("return document.documentElement.textContent", &[])
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The page of the upstream.
    ///
    /// # Panics
    ///
    /// When another page is shown.
    #[must_use]
    pub fn upstream_page(&self) -> Value {
        let text = self.text();
        serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{} is not of the upstream: {text}", self.url()))
    }

    /// Types a text into a field.
    pub fn type_into(&self, id: &str, text: &str) {
        let element = self.element(id);
        self.command("POST", &format!("element/{element}/value"), &json!({"text": text}));
    }

    /// Clicks on an element and waits for the next page.
    pub fn click(&self, id: &str) {
        self.click_on(&format!("#{id}"));
    }

    /// Clicks on the button with this value and waits for the next page.
    pub fn press(&self, value: &str) {
        self.click_on(&format!("button[value='{value}']"));
    }

    fn click_on(&self, selector: &str) {
        let element = self.select(selector);
        self.command("POST", &format!("element/{element}/click"), &json!({}));
    }

    fn element(&self, id: &str) -> String {
        self.select(&format!("#{id}"))
    }

    fn select(&self, selector: &str) -> String {
        let wanted = json!({"using": "css selector", "value": selector});
        let found = self.command("POST", "element", &wanted);
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    /// Waits until it is somewhere.
    ///
    /// # Panics
    ///
    /// When it does not get there.
    pub fn await_url(&self, prefix: &str) {
        let started = Instant::now();
        while !self.url().starts_with(prefix) {
            let text = || self.text();
            assert!(started.elapsed() < PATIENCE, "at {}, not {prefix}: {}", self.url(), text());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until a text is shown.
    ///
    /// # Panics
    ///
    /// When it is not.
    pub fn await_text(&self, text: &str) {
        let started = Instant::now();
        while !self.text().contains(text) {
            assert!(started.elapsed() < PATIENCE, "at {}: {}", self.url(), self.text());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs a script in the page and returns what it returns, also a promise's value.
    pub fn script(&self, script: &str, arguments: &[Value]) -> Value {
        self.command("POST", "execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// The status and the text that a call of the page's script gets.
    ///
    /// # Panics
    ///
    /// When the script fails.
    #[must_use]
    pub fn fetch(&self, url: &str, options: &Value) -> (u64, String) {
        let answer = self.script(
            "const answer = await fetch(arguments[0], arguments[1]);\n\
             return [answer.status, await answer.text()]",
            &[url.into(), options.clone()],
        );
        let status = answer[0].as_u64().expect("a status");
        (status, answer[1].as_str().unwrap_or_default().to_owned())
    }

    /// The cookies that would be sent from where it is.
    #[must_use]
    pub fn cookies(&self) -> Vec<Value> {
        let cookies = self.command("GET", "cookie", &Value::Null);
        cookies.as_array().cloned().unwrap_or_default()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver's end alone would leave the browser behind.
        let _ = crate::http::try_exchange("DELETE", &self.session, &[], "");
    }
}
