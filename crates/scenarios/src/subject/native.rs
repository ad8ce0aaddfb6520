//! The core as a library: a signed snapshot goes into a replica, requests into its policy, and
//! the edits of the headers are made of the grant.

use gatekey_core::METHODS;
use gatekey_core::check::{
    Decision, Denial, Env, Exceeded, Hidden, Host, Memory, Settings, Staleness, Step as CheckStep,
};
use gatekey_core::check::{Refusal, UnknownRoute, WhenStale, is_identity_header};
use gatekey_core::crypto::{Crypto, NoCrypto};
use gatekey_core::digest::Pepper;
use gatekey_core::http;
use gatekey_core::id::Revision;
use gatekey_core::policy::Policy as CorePolicy;
use gatekey_core::snapshot::delta;
use gatekey_core::sync::Replica;
use gatekey_core::time::{UnixMillis, UnixTime};

use super::{Subject, fields, tell};
use crate::document::{Change, Policy, Request, Step};
use crate::document::{UnknownRoute as OnUnknownRoute, WhenStale as OnStale};
use crate::names;
use crate::records;
use crate::scenario::Scenario;
use crate::transcript::{Answer, Asks, Fields, Outcome, Transcript};

/// The core, without a host.
#[derive(Clone, Copy, Debug)]
pub struct Native(&'static dyn Crypto);

impl Default for Native {
    /// A core that knows API keys only.
    fn default() -> Self {
        Self(&NoCrypto)
    }
}

impl Native {
    /// A core that verifies with this.
    #[must_use]
    pub const fn with(crypto: &'static dyn Crypto) -> Self {
        Self(crypto)
    }
}

impl Subject for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn run(&mut self, scenario: &Scenario) -> Transcript {
        match Running::start(scenario, self.0) {
            Ok(mut running) => running.all(),
            Err(why) => vec![Outcome::Broken(why)],
        }
    }
}

struct Running<'s> {
    scenario: &'s Scenario,
    /// What the portal knows by now.
    policy: Policy,
    replica: Replica,
    revision: Revision,
    settings: Settings,
    memory: Memory,
    now: u64,
    crypto: &'static dyn Crypto,
}

impl<'s> Running<'s> {
    fn start(scenario: &'s Scenario, crypto: &'static dyn Crypto) -> Result<Self, String> {
        let gateway = records::gateway(scenario);
        let keys = vec![records::signing_key().verifying_key()];
        let mut replica = Replica::new(gateway, keys, METHODS);
        if !scenario.snapshot.missing {
            let bundle = records::bundle(scenario, scenario.cast.start())?;
            replica.load_bundle(&bundle).map_err(|error| error.to_string())?;
        }
        let peppers = scenario.gateway.peppers.iter().map(|id| {
            Pepper::new(id, &names::seed("pepper", id)).map_err(|error| error.to_string())
        });
        let service = scenario.gateway.service.as_ref();
        let settings = Settings {
            peppers: peppers.collect::<Result<_, _>>()?,
            service: service.map(|name| scenario.cast.text(name)).transpose()?.map(Into::into),
            unknown_route: match scenario.gateway.unknown_route {
                OnUnknownRoute::Refuse => UnknownRoute::Refuse,
                OnUnknownRoute::Pass => UnknownRoute::Pass,
            },
            staleness: Staleness {
                max_seconds: scenario.gateway.staleness.max_seconds,
                then: match scenario.gateway.staleness.then {
                    OnStale::DenyAll => WhenStale::DenyAll,
                    OnStale::DenyNew => WhenStale::DenyNew,
                    OnStale::ServeKnown => WhenStale::ServeKnown,
                },
            },
            ..Settings::default()
        };
        let policy = scenario.policy.clone();
        let (revision, memory) = (records::FIRST_REVISION, Memory::default());
        Ok(Self {
            scenario,
            policy,
            replica,
            revision,
            settings,
            memory,
            now: scenario.cast.start(),
            crypto,
        })
    }

    fn all(&mut self) -> Transcript {
        let mut transcript = Transcript::new();
        for step in &self.scenario.steps {
            match step {
                Step::Advance(seconds) => self.now += seconds,
                Step::Delta(changes) => {
                    if let Err(why) = self.apply(changes) {
                        transcript.push(Outcome::Broken(why));
                    }
                }
                Step::Request(request) => {
                    transcript.push(self.answer(request).unwrap_or_else(Outcome::Broken));
                }
            }
        }
        transcript
    }

    fn apply(&mut self, changes: &[Change]) -> Result<(), String> {
        let start = self.scenario.cast.start();
        let encoded = records::changes(&mut self.policy, &self.scenario.cast, start, changes)?;
        let (from, to) = (self.revision, Revision(self.revision.0 + 1));
        let document = delta::seal(
            self.replica.gateway(),
            from,
            to,
            UnixMillis(self.now * 1000),
            encoded.iter().map(Vec::as_slice),
            &records::signing_key(),
        );
        self.replica.accept_delta(&document).map_err(|error| error.to_string())?;
        self.revision = to;
        Ok(())
    }

    fn answer(&mut self, request: &Request) -> Result<Outcome, String> {
        let scenario = self.scenario;
        let fields = fields(scenario, request)?;
        let Some(policy) = self.replica.policy() else {
            return Ok(refused(scenario, None, &Denial::NoPolicy.into()));
        };
        let (authority, path) =
            (scenario.cast.text(&request.authority)?, scenario.cast.text(&request.path)?);
        let service = request.route_metadata_service.as_ref();
        let service = service.map(|name| scenario.cast.text(name)).transpose()?;
        let headers: Vec<_> = fields
            .iter()
            .map(|(name, value)| http::Header { name: name.as_bytes(), value })
            .collect();
        let host = Place(request.client_address.clone());
        let env = Env {
            service: service.as_ref().map(String::as_bytes),
            crypto: self.crypto,
            host: &host,
            ..Env::new(UnixTime(self.now), &self.settings)
        };
        let request = http::Request {
            method: request.method.as_bytes(),
            authority: authority.as_bytes(),
            path: path.as_bytes(),
            headers: &headers,
        };
        let grant = match policy.check(&mut self.memory, &env, &request) {
            CheckStep::Done(Decision::Allow(grant)) => grant,
            CheckStep::Done(Decision::Deny(refusal)) => {
                return Ok(refused(scenario, Some(policy), &refusal));
            }
            CheckStep::Done(Decision::Redirect(_)) | CheckStep::Wait(_) => {
                return Err("the check is not decided at once".into());
            }
        };
        let mut identity = Fields::new();
        let mut hidden = None;
        if let Some(caller) = grant.caller {
            caller.identity(|name, value| identity.push((name.to_owned(), value.to_vec())));
            hidden = grant.edits.hidden.filter(|_| scenario.gateway.hide_credentials);
        }
        identity.sort();
        let mut client = fields.clone();
        client.retain(|(name, _)| {
            !is_identity_header(name.as_bytes()) && Some(Hidden::Header(name.as_bytes())) != hidden
        });
        for edit in &grant.edits.headers {
            tell(&mut client, &edit.name, edit.value.as_ref().map(|value| value.expose().clone()));
        }
        client.sort();
        Ok(Outcome::Allowed { identity, client })
    }
}

/// A host that knows where the client is, and one worker.
#[derive(Debug)]
struct Place(Option<String>);

impl Host for Place {
    fn client_address(&self) -> Option<Vec<u8>> {
        self.0.as_ref().map(|address| address.as_bytes().to_vec())
    }

    fn alter(&self, _: u16, _: &mut dyn FnMut(&mut Vec<u8>) -> bool) {}
}

/// What the client is told, as whoever drives the core words it.
fn refused(scenario: &Scenario, policy: Option<&CorePolicy>, refusal: &Refusal) -> Outcome {
    let scope = policy.zip(refusal.strategy).and_then(|(policy, id)| policy.required_scope(id));
    let asks = Asks {
        key: refusal.challenge.key,
        bearer: refusal.challenge.bearer,
        scope: scope.map(String::from),
        realm: scenario.gateway.realm.clone(),
        limit: None,
    };
    let status = refusal.denial.status();
    let answer = Answer {
        status,
        message: refusal.message().into(),
        challenge: asks.challenge(refusal.code(), status),
        retry_after: matches!(status, 429 | 503),
        limit: refusal.exceeded.map(|exceeded| {
            let Exceeded { kind, place, requests, window_seconds, .. } = exceeded;
            format!("\"{}-{place}\";q={requests};w={window_seconds}", kind.as_str())
        }),
    };
    Outcome::Denied { code: Some(refusal.code().into()), answer }
}
