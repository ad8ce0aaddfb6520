//! A portal for one scenario: it hands out its snapshot and its deltas, and is silent otherwise,
//! so that a policy gets old as the scenario says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gatekey_core::id::Revision;
use gatekey_core::snapshot::{Snapshot, delta};
use gatekey_core::time::UnixMillis;
use gatekey_host_harness::{Upstream, UpstreamReply, UpstreamRequest};
use gatekey_scenarios::document::{Change, Policy};
use gatekey_scenarios::subject::START;
use gatekey_scenarios::{Scenario, records};

struct State {
    policy: Policy,
    revision: Revision,
    issued_at: UnixMillis,
    /// Each change with the revision it led to.
    log: Vec<(Revision, Vec<u8>)>,
    snapshots: BTreeMap<Revision, Snapshot>,
    /// The revision that the last poll started from.
    polled: Option<Revision>,
}

#[derive(Clone)]
pub(crate) struct Portal {
    scenario: Arc<Scenario>,
    state: Arc<Mutex<State>>,
}

impl Portal {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let issued_at = START - scenario.snapshot.issued_seconds_ago;
        let state = State {
            policy: scenario.policy.clone(),
            revision: records::FIRST_REVISION,
            issued_at: UnixMillis(issued_at * 1000),
            log: Vec::new(),
            snapshots: BTreeMap::new(),
            polled: None,
        };
        Self { scenario: Arc::new(scenario.clone()), state: Arc::new(Mutex::new(state)) }
    }

    /// Makes changes at this time.
    pub(crate) fn change(&self, changes: &[Change], now: UnixMillis) -> Result<(), String> {
        let mut state = self.state.lock().unwrap();
        let encoded = records::changes(&mut state.policy, &self.scenario.cast, START, changes)?;
        let revision = Revision(state.revision.0 + 1);
        state.revision = revision;
        state.issued_at = now;
        state.log.extend(encoded.into_iter().map(|change| (revision, change)));
        Ok(())
    }

    /// Whether a gateway has polled from the latest revision: it has applied it.
    pub(crate) fn is_followed(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.polled == Some(state.revision)
    }

    pub(crate) fn upstream(&self) -> Upstream {
        let portal = self.clone();
        Upstream::respond(move |request: &UpstreamRequest| portal.answer(request))
    }

    fn answer(&self, request: &UpstreamRequest) -> UpstreamReply {
        if self.scenario.snapshot.missing {
            return UpstreamReply::connect_error();
        }
        if request.headers.get("authorization") != Some(b"Bearer gateway-token") {
            return UpstreamReply::status(401);
        }
        let mut state = self.state.lock().unwrap();
        let path = request.path();
        let (resource, query) = path.split_once('?').unwrap_or((&path, ""));
        let parameters: BTreeMap<&str, &str> =
            query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let number = |name: &str| parameters.get(name).and_then(|text| text.parse().ok());
        let gateway = records::gateway(&self.scenario);
        if parameters.get("gateway") != Some(&gateway.to_string().as_str()) {
            return UpstreamReply::status(404);
        }
        match resource {
            "/gateway/v1/snapshot" => {
                let now = (state.revision, state.issued_at);
                if parameters.get("page") == Some(&"manifest") {
                    let snapshot =
                        records::snapshot(&self.scenario, &state.policy, START, now.0, now.1);
                    let snapshot = snapshot.unwrap();
                    let manifest = snapshot.manifest.clone();
                    state.snapshots.insert(now.0, snapshot);
                    return UpstreamReply::ok(manifest);
                }
                let revision = number("revision").map(Revision);
                let kept = revision.and_then(|revision| state.snapshots.get(&revision));
                let page: Option<u64> = number("page");
                let page = page.and_then(|page| kept?.pages.get(usize::try_from(page).ok()?));
                page.map_or_else(
                    || UpstreamReply::status(410),
                    |page| UpstreamReply::ok(page.clone()),
                )
            }
            "/gateway/v1/changes" => {
                let Some(since) = number("since").map(Revision) else {
                    return UpstreamReply::status(400);
                };
                state.polled = Some(since);
                if since == state.revision {
                    return UpstreamReply::status(503);
                }
                let changes = state.log.iter().filter(|(revision, _)| *revision > since);
                UpstreamReply::ok(delta::seal(
                    gateway,
                    since,
                    state.revision,
                    state.issued_at,
                    changes.map(|(_, change)| change.as_slice()),
                    &records::signing_key(),
                ))
            }
            _ => UpstreamReply::status(404),
        }
    }
}
