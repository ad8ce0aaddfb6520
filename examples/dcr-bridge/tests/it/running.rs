//! The bridge as a process, and its callers.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use gatekey_dcr::{
    Adapter, Body, Call, Failure, FailureKind, Job, Kind, Metadata, Next, Origin, Outcome,
    Provider, Reply, Settled, State,
};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const KEYS: &str = "first_key_of_two,second_key_of_two";
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_gatekey-dcr-bridge");

/// A running bridge.
pub(crate) struct Bridge {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bridge {
    pub(crate) fn start(issuer: &str, token: &str, state: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["--listen", "127.0.0.1:0", "--issuer", issuer, "--state"])
            .arg(state)
            .args(more)
            .env("DCR_BRIDGE_API_KEYS", KEYS)
            .env("DCR_BRIDGE_INITIAL_ACCESS_TOKEN", token)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = loop {
            let line = lines.next().unwrap().unwrap();
            if let Some(url) = line.strip_prefix("listening on ") {
                break url.to_owned();
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    fn adapter(&self, key: &str) -> Box<dyn Adapter> {
        let members = |value: Value| value.as_object().cloned().unwrap();
        let provider = Provider {
            kind: Kind::Http,
            issuer: "https://idp.test".into(),
            config: members(json!({ "dcr_base_url": self.url })),
            secrets: members(json!({ "api_key": key })),
        };
        provider.adapter().unwrap().unwrap()
    }

    /// Does a job as the portal does it.
    pub(crate) async fn job(&self, job: Job, state: &mut State) -> Result<(), Failure> {
        let adapter = self.adapter("second_key_of_two");
        *state = State { remote: state.remote.clone(), ..State::default() };
        loop {
            let (step, call) = match adapter.next(&job, state) {
                Next::Call(step, call) => (step, call),
                Next::Done => return Ok(()),
                Next::Failed(failure) => return Err(failure),
            };
            match adapter.settle(&job, state, step, &send(&call).await) {
                Settled::Continue => {}
                Settled::Retry { reason, .. } => {
                    return Err(Failure::new(step, FailureKind::Unavailable, reason));
                }
                Settled::Failed(failure) => return Err(failure),
            }
        }
    }

    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Value,
    ) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = reqwest::Client::new().request(method, format!("{}{path}", self.url));
        if let Some(key) = key {
            request = request.header("X-API-KEY", key);
        }
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

pub(crate) async fn send(call: &Call) -> Outcome {
    let method = reqwest::Method::from_bytes(call.method.as_str().as_bytes()).unwrap();
    let mut request = reqwest::Client::new().request(method, &call.url);
    for (name, value) in &call.headers {
        request = request.header(*name, value.expose());
    }
    if let Body::Json(text) = &call.body {
        request = request.header("content-type", "application/json").body(text.expose().clone());
    }
    match request.send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            let body = answer.bytes().await.unwrap();
            Outcome::Replied(Reply::read(status, [], body.into(), 0))
        }
        Err(error) => Outcome::Lost(error.to_string()),
    }
}

pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state.json");
    (folder, state)
}

pub(crate) fn metadata() -> Metadata {
    let id = |last: u8| format!("01890000-0000-7000-8000-0000000000{last:02x}");
    Metadata {
        name: "An app".into(),
        description: "Of a developer".into(),
        auth_methods: vec!["client_credentials".into(), "bearer".into(), "session".into()],
        scopes: vec!["orders".into()],
        origin: Origin {
            tag: id(1),
            application_id: id(2),
            portal_id: id(3),
            organization_id: id(4),
            developer_id: id(5),
            auth_strategy_id: id(6),
            dcr_provider_id: id(7),
        },
        ..Metadata::default()
    }
}

pub(crate) fn issued(state: &State) -> String {
    state.issued.as_ref().unwrap().secret.expose().clone()
}
