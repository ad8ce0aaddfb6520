//! The compiled filter in the harness.

use core::time::Duration;
use std::collections::BTreeMap;
use std::path::PathBuf;

use gatekey_core::time::UnixMillis as CoreMillis;
use gatekey_host_harness::{
    Artifact, Outcome as Ended, Plugin, Profile, Request as Sent, UnixMillis, WorkerId, World,
};
use gatekey_scenarios::document::{Request, Step};
use gatekey_scenarios::subject::{START, fields};
use gatekey_scenarios::transcript::Fields;
use gatekey_scenarios::{Host, Module, Outcome, Scenario, Subject, Transcript};

use crate::answer;
use crate::configuration;
use crate::portal::Portal;

/// How long before the first step the filter is started.
const WARM_UP: Duration = Duration::from_secs(4);
/// How long a delta may take.
const PATIENCE: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(250);

pub(crate) struct Harness {
    folder: PathBuf,
    artifacts: BTreeMap<Module, Artifact>,
    profile: Profile,
}

impl Harness {
    /// The modules of a folder on a host.
    pub(crate) const fn new(folder: PathBuf, profile: Profile) -> Self {
        Self { folder, artifacts: BTreeMap::new(), profile }
    }

    fn artifact(&mut self, module: Module) -> &Artifact {
        let path = self.folder.join(module.file());
        self.artifacts.entry(module).or_insert_with(|| Artifact::from_file(path).unwrap())
    }
}

impl Subject for Harness {
    fn name(&self) -> &'static str {
        "harness"
    }

    fn run(&mut self, scenario: &Scenario) -> Transcript {
        let portal = Portal::new(scenario);
        let warm_up = u64::try_from(WARM_UP.as_millis()).unwrap();
        let host = Host::of(&self.profile.name);
        let mut world = World::builder(self.profile.clone())
            .seed(7)
            .clock(UnixMillis(START * 1000 - warm_up))
            .upstream(host.portal(), portal.upstream())
            .build();
        let follow = scenario.steps.iter().any(|step| matches!(step, Step::Delta(_)));
        let configuration = configuration::of(scenario, host, START, follow);
        let module = Module::of(scenario);
        let plugin = Plugin::new(module.name(), configuration.to_string());
        let worker = match world.start(self.artifact(module), plugin) {
            Ok(worker) => worker,
            Err(error) => return vec![Outcome::Broken(error.to_string())],
        };
        world.advance(WARM_UP);
        let ahead = Duration::ZERO;
        let mut running = Running { scenario, portal, world, worker, host, ahead };
        let mut transcript = Transcript::new();
        for step in &scenario.steps {
            let outcome = match step {
                Step::Request(request) => Some(running.request(request)),
                Step::Delta(changes) => {
                    let now =
                        CoreMillis(u64::try_from(running.world.wall_clock().as_millis()).unwrap());
                    let changed = running.portal.change(changes, now);
                    changed.and_then(|()| running.wait()).err().map(Err)
                }
                Step::Advance(seconds) => {
                    running.advance(Duration::from_secs(*seconds));
                    None
                }
            };
            transcript.extend(outcome.map(|outcome| outcome.unwrap_or_else(Outcome::Broken)));
        }
        if let Some(failure) = running.world.failure(worker) {
            transcript.push(Outcome::Broken(format!("{failure:?}")));
        }
        for log in running.world.logs(worker) {
            let message = log.message();
            if let Some(key) = scenario.cast.secrets().find(|key| message.contains(key)) {
                transcript.push(Outcome::Broken(format!("the log tells `{key}`")));
            }
        }
        transcript
    }
}

struct Running<'s> {
    scenario: &'s Scenario,
    portal: Portal,
    world: World,
    worker: WorkerId,
    host: Host,
    /// How much later it is than the scenario says, because a delta took its time.
    ahead: Duration,
}

impl Running<'_> {
    /// Waits until the filter has applied what the portal knows.
    fn wait(&mut self) -> Result<(), String> {
        let mut waited = Duration::ZERO;
        while !self.portal.is_followed() {
            if waited > PATIENCE {
                let logs = self.world.logs(self.worker);
                let logs: Vec<_> = logs.iter().map(|log| log.message().into_owned()).collect();
                return Err(format!("the delta was not applied: {logs:?}"));
            }
            self.world.advance(TICK);
            waited += TICK;
        }
        self.ahead += waited;
        Ok(())
    }

    fn advance(&mut self, by: Duration) {
        let step = by.saturating_sub(self.ahead);
        self.ahead = self.ahead.saturating_sub(by);
        self.world.advance(step);
    }

    fn request(&mut self, request: &Request) -> Result<Outcome, String> {
        let cast = &self.scenario.cast;
        let mut sent = Sent::new(&request.method, cast.text(&request.path)?)
            .authority(cast.text(&request.authority)?);
        for (name, value) in &request.headers {
            sent = sent.header(name, cast.value(value)?);
        }
        if let Some(address) = &request.client_address {
            sent = sent.property(&["source", "address"], self.host.stated(address));
        }
        let known = fields(self.scenario, request)?;
        for (name, value) in known.iter().skip(request.headers.len()) {
            sent = sent.header(name, value);
        }
        if let Some(service) = &request.route_metadata_service {
            sent = sent.property(self.host.service_property(), cast.text(service)?);
        }
        let transcript = self.world.request(self.worker, sent);
        let told = transcript.response.as_ref().map(|response| response.body.as_slice());
        let told = String::from_utf8_lossy(told.unwrap_or_default()).into_owned();
        let logs = transcript.logs.iter().map(|log| log.message().into_owned());
        for told in logs.chain([told]) {
            if let Some(key) = cast.secrets().find(|key| told.contains(key)) {
                return Err(format!("`{key}` was told"));
            }
        }
        if let Some(call) = transcript.callouts.first() {
            return Err(format!("`{}` was called", call.upstream));
        }
        Ok(match &transcript.outcome {
            Ended::Upstream { headers } => {
                let mut headers = plain(headers);
                self.host.drop_emptied(&mut headers, &known);
                answer::allowed(headers, &known)
            }
            Ended::Local { details, .. } => {
                let response = transcript.response.as_ref().ok_or("no response")?;
                answer::denied(response.status, &plain(&response.headers), &response.body, details)
            }
            other => Outcome::Broken(format!("{other:?}")),
        })
    }
}

fn plain(headers: &gatekey_host_harness::Headers) -> Fields {
    headers
        .iter()
        .map(|(name, value)| (String::from_utf8_lossy(name).to_ascii_lowercase(), value.to_vec()))
        .collect()
}
