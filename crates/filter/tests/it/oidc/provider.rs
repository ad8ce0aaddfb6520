//! An identity provider of the test.

use std::sync::{Arc, Mutex};

use core::time::Duration;
use gatekey_host_harness::{Upstream, UpstreamReply, UpstreamRequest};
use gatekey_scenarios::forge;
use serde_json::{Value, json};

pub const ISSUER: &str = "https://idp.test";

/// How it answers.
#[derive(Clone, Debug, Default)]
pub enum Mood {
    #[default]
    Honest,
    Away,
    /// No answer comes.
    Silent,
    /// An answer comes bit by bit, each time within what a call may take.
    Drips,
    /// The answer breaks off.
    Breaking,
    Status(u16),
    /// Every answer has this body.
    Says(Vec<u8>),
    /// It sends elsewhere.
    Redirects,
}

#[derive(Debug, Default)]
struct State {
    mood: Mood,
    slow_ms: u64,
    keys: Vec<&'static str>,
    issuer: Option<String>,
    introspection: Option<Value>,
    tokens: Option<Value>,
    seen: Vec<Seen>,
}

/// A request that it got.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub authorization: Option<String>,
    pub body: String,
}

#[derive(Clone, Debug)]
pub struct Provider(Arc<Mutex<State>>);

impl Provider {
    pub fn new() -> Self {
        let state = State { keys: vec!["ed25519-a"], ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    pub fn mood(&self, mood: Mood) {
        self.change(|state| state.mood = mood);
    }

    /// Answers take this long.
    pub fn slow(&self, millis: u64) {
        self.change(|state| state.slow_ms = millis);
    }

    pub fn keys(&self, keys: &[&'static str]) {
        self.change(|state| state.keys = keys.to_vec());
    }

    /// What it calls itself.
    pub fn issuer(&self, issuer: &str) {
        self.change(|state| state.issuer = Some(issuer.into()));
    }

    /// What it says about every token.
    pub fn introspection(&self, reply: Value) {
        self.change(|state| state.introspection = Some(reply));
    }

    /// What it says to who asks for tokens.
    pub fn tokens(&self, reply: Value) {
        self.change(|state| state.tokens = Some(reply));
    }

    /// What it was asked since the last call.
    pub fn take(&self) -> Vec<Seen> {
        self.change(|state| core::mem::take(&mut state.seen))
    }

    pub fn paths(&self) -> Vec<String> {
        self.take().into_iter().map(|seen| seen.path).collect()
    }

    pub fn upstream(&self) -> Upstream {
        let provider = self.clone();
        Upstream::respond(move |request| provider.change(|state| state.answer(request)))
    }
}

impl State {
    fn answer(&mut self, request: &UpstreamRequest) -> UpstreamReply {
        let path = request.path();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        self.seen.push(Seen {
            path: path.clone(),
            authorization: request.headers.get("authorization").map(text),
            body: text(&request.body),
        });
        let reply = match &self.mood {
            Mood::Honest => self.honest(&path),
            Mood::Drips => self.honest(&path).dripping(Duration::from_secs(2), 10),
            Mood::Away => UpstreamReply::connect_error(),
            Mood::Silent => UpstreamReply::never(),
            Mood::Breaking => UpstreamReply::cut_off(),
            Mood::Status(status) => UpstreamReply::status(*status),
            Mood::Says(body) => UpstreamReply::ok(body.clone()),
            Mood::Redirects => {
                UpstreamReply::status(302).header("location", "https://elsewhere.test/")
            }
        };
        match self.mood {
            Mood::Silent | Mood::Drips => reply,
            _ => reply.after(Duration::from_millis(self.slow_ms)),
        }
    }

    fn honest(&self, path: &str) -> UpstreamReply {
        let told = |value: Option<Value>| match value {
            Some(value) => UpstreamReply::ok(value.to_string()),
            None => UpstreamReply::status(404),
        };
        told(match path {
            "/.well-known/openid-configuration" => {
                let issuer = self.issuer.as_deref().unwrap_or(ISSUER);
                Some(json!({
                    "issuer": issuer,
                    "jwks_uri": format!("{ISSUER}/jwks"),
                    "token_endpoint": format!("{ISSUER}/token"),
                    "introspection_endpoint": format!("{ISSUER}/introspect"),
                    "authorization_endpoint": format!("{ISSUER}/authorize"),
                }))
            }
            "/jwks" => Some(forge::key_set(&self.keys).unwrap()),
            "/introspect" => self.introspection.clone(),
            "/token" => self.tokens.clone(),
            _ => None,
        })
    }
}
