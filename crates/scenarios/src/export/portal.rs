//! The portal of a scenario as a scripted upstream: what it answers between two of its changes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gatekey_core::id::Revision;
use gatekey_core::snapshot::delta;
use gatekey_core::time::UnixMillis;
use serde_json::{Value, json};

use super::configuration::TOKEN;
use crate::document::{Change, Policy};
use crate::{Scenario, records};

pub(super) struct Portal<'s> {
    scenario: &'s Scenario,
    start: u64,
    policy: Policy,
    revision: Revision,
    issued_at: UnixMillis,
    /// Each change with the revision it led to.
    log: Vec<(Revision, Vec<u8>)>,
}

impl<'s> Portal<'s> {
    pub(super) fn new(scenario: &'s Scenario, start: u64) -> Self {
        let issued_at = start.saturating_sub(scenario.snapshot.issued_seconds_ago);
        Self {
            scenario,
            start,
            policy: scenario.policy.clone(),
            revision: records::FIRST_REVISION,
            issued_at: UnixMillis(issued_at * 1000),
            log: Vec::new(),
        }
    }

    /// Makes changes at this time.
    pub(super) fn change(&mut self, changes: &[Change], now: UnixMillis) -> Result<(), String> {
        let cast = &self.scenario.cast;
        let encoded = records::changes(&mut self.policy, cast, self.start, changes)?;
        self.revision = Revision(self.revision.0 + 1);
        self.issued_at = now;
        self.log.extend(encoded.into_iter().map(|change| (self.revision, change)));
        Ok(())
    }

    /// What a poll looks like that starts from the latest revision: the changes are applied.
    pub(super) fn followed(&self) -> Value {
        poll(self.revision)
    }

    /// How it answers now. It is silent when there is nothing new, so that a policy gets old as
    /// the scenario says.
    pub(super) fn behaviour(&self) -> Result<Value, String> {
        if self.scenario.snapshot.missing {
            return Ok(json!({"always": {"fails": "connect_error"}}));
        }
        let gateway = records::gateway(self.scenario);
        let route = |path: Value, reply: Value| {
            json!({
                "path": {"all": [path, {"contains": format!("gateway={gateway}")}]},
                "headers": {"authorization": format!("Bearer {TOKEN}")},
                "reply": reply,
            })
        };
        let first = records::FIRST_REVISION.0;
        let older = (first..self.revision.0).map(|since| {
            let since = Revision(since);
            let changes = self.log.iter().filter(|(revision, _)| *revision > since);
            let sealed = delta::seal(
                gateway,
                since,
                self.revision,
                self.issued_at,
                changes.map(|(_, change)| change.as_slice()),
                &records::signing_key(),
            );
            route(poll(since), json!({"body": {"base64": BASE64.encode(sealed)}}))
        });
        let latest = route(poll(self.revision), json!({"status": 503}));
        let mut routes: Vec<Value> = older.chain([latest]).collect();
        // A filter that is once in step is not asked to read everything anew.
        if self.log.is_empty() {
            let (now, issued_at) = (self.revision, self.issued_at);
            let snapshot =
                records::snapshot(self.scenario, &self.policy, self.start, now, issued_at)?;
            let page = |name: &str, bytes: &[u8]| {
                let path = asks("snapshot", "page", name);
                route(path, json!({"body": {"base64": BASE64.encode(bytes)}}))
            };
            routes.push(page("manifest", &snapshot.manifest));
            let pages = snapshot.pages.iter().enumerate();
            routes.extend(pages.map(|(number, bytes)| page(&number.to_string(), bytes)));
        }
        Ok(json!({"routes": routes}))
    }
}

fn poll(since: Revision) -> Value {
    asks("changes", "since", &since.0.to_string())
}

/// What the path looks like that asks for a resource with a parameter.
fn asks(resource: &str, parameter: &str, value: &str) -> Value {
    json!({"regex": format!(r"^/gateway/v1/{resource}\?([^&]*&)*{parameter}={value}(&|$)")})
}
