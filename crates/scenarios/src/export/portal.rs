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
    pub(super) fn behaviour(&self) -> Value {
        if self.scenario.snapshot.missing {
            return json!({"always": {"fails": "connect_error"}});
        }
        let gateway = records::gateway(self.scenario);
        let route = |since: Revision, reply: Value| {
            json!({
                "method": "GET",
                "path": {"all": [poll(since), {"contains": format!("gateway={gateway}")}]},
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
            route(since, json!({"body": {"base64": BASE64.encode(sealed)}}))
        });
        let latest = route(self.revision, json!({"status": 503}));
        json!({"routes": older.chain([latest]).collect::<Vec<_>>()})
    }
}

fn poll(since: Revision) -> Value {
    json!({"regex": format!(r"^/gateway/v1/changes\?([^&]*&)*since={}(&|$)", since.0)})
}
