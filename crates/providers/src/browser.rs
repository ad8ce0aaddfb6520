//! A Chromium that nobody looks at, driven by its own driver over HTTP.

use core::time::Duration;
use std::process::Command;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::http::exchange;
use crate::process::{Folder, Program, free_port};
use crate::tools::Tools;

const PATIENCE: Duration = Duration::from_secs(20);
/// How the driver calls an element (W3C WebDriver, 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// An element of the page, as the driver calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element(String);

impl Element {
    /// The element that a script returned, if it returned one.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        value[ELEMENT].as_str().map(|id| Self(id.to_owned()))
    }

    /// The element as an argument of a script.
    pub(crate) fn argument(&self) -> Value {
        json!({ ELEMENT: self.0 })
    }
}

/// How a browser is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Whether pages may run scripts.
    pub scripts: bool,
    /// The languages that are asked for, the best first: `de,en`.
    pub languages: String,
    /// The width and the height of the window.
    pub window: (u32, u32),
}

impl Default for Setup {
    fn default() -> Self {
        Self { scripts: true, languages: "en".to_owned(), window: (1280, 800) }
    }
}

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
        Self::open_as(tools, &Setup::default())
    }

    /// Opens a browser that is set up so. It reaches nothing but this machine.
    ///
    /// # Panics
    ///
    /// When it does not open.
    #[must_use]
    pub fn open_as(tools: &Tools, setup: &Setup) -> Self {
        const ALLOWED: u8 = 1;
        const BLOCKED: u8 = 2;
        let port = free_port();
        let folder = Folder::new("browser");
        let mut command = Command::new(&tools.chromedriver);
        command.arg(format!("--port={port}"));
        let driver = Program::start("chromedriver", &mut command, port, &folder);
        let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
        let (width, height) = setup.window;
        let window = format!("--window-size={width},{height}");
        let scripts = if setup.scripts { ALLOWED } else { BLOCKED };
        let options = json!({
            "binary": tools.chromium,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
                "--force-color-profile=srgb", "--hide-scrollbars", window, profile,
            ],
            "prefs": {
                "intl.accept_languages": setup.languages,
                "profile.managed_default_content_settings.javascript": scripts,
            },
        });
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": 60_000},
        }}});
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

    /// Speaks to the browser itself, in the protocol of its developers' tools.
    pub(crate) fn tell(&self, command: &str, parameters: &Value) {
        let told = json!({"cmd": command, "params": parameters});
        self.command("POST", "goog/cdp/execute", &told);
    }

    /// What the browser wrote to its console since it was last asked.
    pub(crate) fn console(&self) -> Vec<Value> {
        let written = self.command("POST", "se/log", &json!({"type": "browser"}));
        written.as_array().cloned().unwrap_or_default()
    }

    /// The picture of what is shown, as PNG.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn picture(&self) -> Vec<u8> {
        let text = self.text_of("GET", "screenshot", &Value::Null);
        BASE64.decode(text).expect("base64 of the driver")
    }

    /// Clicks on an element as with a mouse.
    pub(crate) fn click_element(&self, element: &Element) {
        self.command("POST", &format!("element/{}/click", element.0), &json!({}));
    }

    /// Empties a field.
    pub(crate) fn clear(&self, element: &Element) {
        self.command("POST", &format!("element/{}/clear", element.0), &json!({}));
    }

    /// Types into an element; for one that takes files, the text is a path.
    pub(crate) fn send_text(&self, element: &Element, text: &str) {
        let body = json!({ "text": text });
        self.command("POST", &format!("element/{}/value", element.0), &body);
    }

    /// Presses and releases one key after another, wherever the focus is.
    pub(crate) fn keys(&self, keys: &str) {
        let strokes: Vec<_> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key})))
            .collect();
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": strokes});
        self.command("POST", "actions", &json!({ "actions": [keyboard] }));
    }

    /// Loads the page again.
    pub fn reload(&self) {
        self.command("POST", "refresh", &json!({}));
    }

    /// Goes back to the page before.
    pub fn back(&self) {
        self.command("POST", "back", &json!({}));
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
