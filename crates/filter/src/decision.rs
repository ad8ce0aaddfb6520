//! What is logged of a decision: never a key, at most the id of a credential.

use gatekey_core::check::{Caller, Refusal};
use gatekey_core::id::{ApiId, ApplicationId, CredentialId, Revision, StrategyId};
use gatekey_core::key;

use crate::config::Config;
use crate::host::{self, LogLevel};

/// What a line says of a request.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen<'m> {
    pub(crate) id: Option<&'m [u8]>,
    pub(crate) method: &'m [u8],
    pub(crate) authority: &'m [u8],
    pub(crate) path: &'m [u8],
}

impl<'m> Seen<'m> {
    /// The path without its query: that may hold a key.
    pub(crate) fn bare_path(&self) -> &'m [u8] {
        self.path.split(|byte| *byte == b'?').next().unwrap_or_default()
    }
}

/// What was decided, and about whom.
pub(crate) struct Decided {
    /// Why it was refused; `None` when it was not.
    reason: Option<&'static str>,
    credential: Option<CredentialId>,
    application: Option<ApplicationId>,
    api: Option<ApiId>,
    strategy: Option<StrategyId>,
}

impl From<&Refusal> for Decided {
    fn from(refusal: &Refusal) -> Self {
        Self {
            reason: Some(refusal.code()),
            credential: refusal.credential,
            application: refusal.application,
            api: refusal.api,
            strategy: refusal.strategy,
        }
    }
}

impl From<Option<&Caller<'_>>> for Decided {
    fn from(caller: Option<&Caller<'_>>) -> Self {
        Self {
            reason: None,
            credential: caller.map(|caller| caller.credential),
            application: caller.map(|caller| caller.application),
            api: caller.map(|caller| caller.api),
            strategy: caller.map(|caller| caller.strategy),
        }
    }
}

/// Logs a decision, if it is to be logged: every one as an object of JSON, or refusals in words.
pub(crate) fn log(config: &Config, revision: Option<Revision>, decided: &Decided, seen: &Seen<'_>) {
    let mut line = Line { text: String::new(), json: config.decision_log };
    if line.json {
        let decision = if decided.reason.is_some() { "refused" } else { "allowed" };
        line.text.push_str(&["{\"decision\":\"", decision, "\""].concat());
        line.put("reason", decided.reason.unwrap_or_default().as_bytes());
        if let Some(revision) = revision {
            line.text.push_str(&format!(",\"revision\":{revision}"));
        }
        line.put("method", seen.method);
        line.put("host", seen.authority);
        line.put("path", seen.bare_path());
        let told = config.asks().iter().find_map(|path| host::property(path).ok());
        let set = config.settings.service.as_deref().unwrap_or_default();
        line.put("service", told.as_deref().unwrap_or(set.as_bytes()));
    } else {
        let Some(reason) = decided.reason.filter(|_| config.log_refusals) else { return };
        line.text.push_str(&["refused: ", reason].concat());
    }
    if let Some(id) = decided.credential {
        match key::key_id(id).filter(|_| !line.json) {
            Some(id) => line.put("key", id.as_bytes()),
            None => line.put("credential", &id.hyphenated()),
        }
    }
    line.put_ids(decided.application, decided.api);
    if let Some(id) = decided.strategy {
        line.put("strategy", &id.hyphenated());
    }
    line.put("request_id", seen.id.unwrap_or_default());
    if line.json {
        line.text.push('}');
    }
    host::log(LogLevel::Info, &line.text);
}

/// Names and values, in words or as members of an object.
pub(crate) struct Line {
    pub(crate) text: String,
    json: bool,
}

impl Line {
    /// An object that has begun like this.
    pub(crate) const fn json(text: String) -> Self {
        Self { text, json: true }
    }

    pub(crate) fn put_ids(&mut self, application: Option<ApplicationId>, api: Option<ApiId>) {
        if let Some(id) = application {
            self.put("application", &id.hyphenated());
        }
        if let Some(id) = api {
            self.put("api", &id.hyphenated());
        }
    }

    pub(crate) fn put(&mut self, name: &str, value: &[u8]) {
        if value.is_empty() {
            return;
        }
        let (before, between) = if self.json { (",\"", "\":\"") } else { (" ", "=") };
        [before, name, between].into_iter().for_each(|part| self.text.push_str(part));
        let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        match core::str::from_utf8(value) {
            Ok(text) if value.iter().all(plain) => self.text.push_str(text),
            _ => self.put_escaped(value),
        }
        if self.json {
            self.text.push('"');
        }
    }

    #[cold]
    fn put_escaped(&mut self, value: &[u8]) {
        for byte in value {
            match byte {
                b'"' | b'\\' => self.text.extend(['\\', char::from(*byte)]),
                b' '..=b'~' => self.text.push(char::from(*byte)),
                // No database takes U+0000.
                0 => self.text.push('?'),
                byte => self.text.push_str(&format!("\\u{byte:04x}")),
            }
        }
    }
}
