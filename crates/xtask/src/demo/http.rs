//! Real requests, each printed with its answer, secrets shortened.

use core::cell::{Cell, RefCell};
use core::fmt::Write as _;
use core::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use ureq::http;

use crate::say;

const TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a body is printed.
const SHOWN: usize = 1000;

#[derive(Debug)]
pub(super) struct Http {
    agent: ureq::Agent,
    secrets: RefCell<Vec<String>>,
    quiet: Cell<bool>,
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: http::HeaderMap,
    pub(super) body: String,
    line: String,
}

impl Http {
    pub(super) fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(TIMEOUT))
            .build();
        Self { agent: config.into(), secrets: RefCell::default(), quiet: Cell::new(false) }
    }

    /// From here on, only the beginning of this text is ever printed.
    pub(super) fn hide(&self, secret: &str) {
        self.secrets.borrow_mut().push(secret.to_owned());
    }

    /// Does something without printing its requests: for asking again and again.
    pub(super) fn quietly<T>(&self, what: impl FnOnce() -> T) -> T {
        let before = self.quiet.replace(true);
        let result = what();
        self.quiet.set(before);
        result
    }

    pub(super) fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Reply> {
        let body = body.map(|body| ("application/json", body.to_string()));
        self.exchange(method, url, headers, body)
    }

    /// Posts a form; what is in it needs no escapes.
    pub(super) fn form(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> Result<Reply> {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let body = ("application/x-www-form-urlencoded", fields.join("&"));
        self.exchange("POST", url, headers, Some(body))
    }

    fn exchange(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, String)>,
    ) -> Result<Reply> {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let text = body.as_ref().map(|(_, text)| text.as_str());
        self.show_request(method, url, headers, text);
        let answer = match body {
            Some((kind, text)) => self.agent.run(request.header("content-type", kind).body(text)?),
            None => self.agent.run(request.body(())?),
        };
        let answer = answer.with_context(|| format!("{method} {url}"))?;
        let (parts, mut body) = answer.into_parts();
        let reply = Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.read_to_string().with_context(|| format!("{method} {url}"))?,
            line: format!("{method} {url}"),
        };
        self.show_reply(&reply);
        Ok(reply)
    }

    /// Prints an exchange that was made quietly, now that its secrets are known.
    pub(super) fn show_exchange(&self, method: &str, path: &str, reply: &Reply) {
        self.show_request(method, path, &[], None);
        self.show_reply(reply);
    }

    fn show_request(&self, method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) {
        let mut text = format!("  > {method} {url}");
        for (name, value) in headers {
            let _ = write!(text, "\n  >   {name}: {value}");
        }
        if let Some(body) = body {
            let _ = write!(text, "\n  >   {}", shortened(body));
        }
        self.show(&text);
    }

    fn show_reply(&self, reply: &Reply) {
        let mut text = format!("  < {}", reply.status);
        for name in ["www-authenticate", "retry-after"] {
            if let Some(value) = reply.header(name) {
                let _ = write!(text, "\n  <   {name}: {value}");
            }
        }
        if !reply.body.is_empty() {
            let _ = write!(text, "\n  <   {}", shortened(&self.redacted(&reply.body)));
        }
        self.show(&text);
    }

    fn show(&self, text: &str) {
        if !self.quiet.get() {
            say::line(self.redacted(text));
        }
    }

    fn redacted(&self, text: &str) -> String {
        self.secrets.borrow().iter().fold(text.to_owned(), |text, secret| {
            let start: String = secret.chars().take(secret.len().min(24) / 3).collect();
            text.replace(secret, &format!("{start}..."))
        })
    }
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn expect(self, status: u16) -> Result<Self> {
        if self.status != status {
            bail!("{}: answered {}, not {status}: {}", self.line, self.status, self.body);
        }
        Ok(self)
    }

    pub(super) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body)
            .with_context(|| format!("{}: the answer is not JSON: {}", self.line, self.body))
    }

    /// A text member of the answer, by JSON pointer.
    pub(super) fn text(&self, pointer: &str) -> Result<String> {
        let json = self.json()?;
        let found = json.pointer(pointer).and_then(Value::as_str);
        let found = found.with_context(|| format!("{}: no text at {pointer}", self.line))?;
        Ok(found.to_owned())
    }
}

fn shortened(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", flat.get(..end).unwrap_or_default()),
        None => flat,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_text_is_never_printed_whole() {
        let http = Http::new();
        http.hide("gk_live_0123456789abcdef");
        let shown = http.redacted("apikey: gk_live_0123456789abcdef!");
        assert_eq!(shown, "apikey: gk_live_...!");
    }

    #[test]
    fn long_bodies_are_cut() {
        assert_eq!(shortened("a\n  b"), "a b");
        assert_eq!(shortened(&"x".repeat(SHOWN + 1)).len(), SHOWN + 3);
    }
}
