//! A gateway with one service, whose callers an identity provider vouches for.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use core::time::Duration;
use gatekey_core::id::{
    ApiId, ApplicationId, CredentialId, DeveloperId, PortalId, Revision, ServiceId, StrategyId,
};
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::oidc::client_digest;
use gatekey_core::snapshot::record::{
    Application, Credential, Owner, Publication, Record, Registration, Scheme, Service, Strategy,
    StrategyMethod,
};
use gatekey_core::snapshot::{SigningKey, SnapshotWriter};
use gatekey_host_harness::{
    Artifact, Headers, Outcome, Plugin, Profile, Request, StartError, Transcript, UnixMillis,
    WorkerId, World,
};
use gatekey_scenarios::forge;
use serde_json::{Value, json};

use super::provider::{ISSUER, Provider};
use crate::filter::{logs, module, wait};
use crate::portal::{GATEWAY, START};

static FILTER: LazyLock<Artifact> = LazyLock::new(|| module("openid-connect"));

const PORTAL: PortalId = PortalId::from_bytes([0xb4; 16]);
const SERVICE: ServiceId = ServiceId::from_bytes([0xb5; 16]);
const STRATEGY: StrategyId = StrategyId::from_bytes([0xb6; 16]);
const API: ApiId = ApiId::from_bytes([0xb2; 16]);
pub const APPLICATION: ApplicationId = ApplicationId::from_bytes([0xb3; 16]);
const DEVELOPER: DeveloperId = DeveloperId::from_bytes([0xb7; 16]);
const PEPPER: [u8; 32] = [0xb8; 32];
/// The address of the provider, for hosts without clusters.
const ADDRESS: &str = "idp.test:8080";

pub const ENVOY: &str = "envoy";
pub const NGINX: [&str; 2] = ["ngx-0.6", "kong-3.9"];
pub const HOSTS: [&str; 3] = [ENVOY, "ngx-0.6", "kong-3.9"];

/// The client that the application has at the provider, its secret, and the gateway's own.
pub const CLIENT: &str = "planner";
pub const CLIENT_SECRET: &str = "canary-client-secret";
pub const OWN_SECRET: &str = "canary-own-secret";

/// What is to be set up.
pub struct Setup {
    profile: &'static str,
    settings: Value,
    configuration: Value,
    workers: usize,
    gate_is_there: bool,
}

/// What was set up.
pub struct Scene {
    pub world: World,
    pub workers: Vec<WorkerId>,
    pub provider: Provider,
}

impl Setup {
    pub fn new(profile: &'static str) -> Self {
        let (host, upstream) = match profile {
            ENVOY => ("envoy", json!({"envoy_cluster": "idp", "authority": "idp.test"})),
            kong if kong.starts_with("kong") => {
                ("kong", json!({"address": ADDRESS, "authority": "idp.test"}))
            }
            _ => ("nginx", json!({"address": ADDRESS, "authority": "idp.test"})),
        };
        Self {
            profile,
            workers: 1,
            gate_is_there: true,
            settings: json!({"issuer": ISSUER, "client_id": "gateway", "auth_methods": ["bearer"]}),
            configuration: json!({
                "version": 1,
                "host": host,
                "gateway_id": GATEWAY.to_string(),
                "service": "flights",
                "peppers": [{"id": "p1", "secret": base64(&PEPPER)}],
                "snapshot_keys": [base64(signer().verifying_key().as_bytes())],
                "metrics": true,
                "upstreams": {"idp.test": upstream},
                "providers": [{
                    "issuer": ISSUER, "client_id": "gateway", "client_secret": OWN_SECRET,
                }],
            }),
        }
    }

    /// Sets members of the strategy's settings.
    pub fn settings(mut self, more: &Value) -> Self {
        merge(&mut self.settings, more);
        self
    }

    /// Sets members of the filter's configuration.
    pub fn configuration(mut self, more: &Value) -> Self {
        merge(&mut self.configuration, more);
        self
    }

    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Lets requests wait for the provider, on any host.
    pub fn calling(self) -> Self {
        self.configuration(&json!({"request_calls": true}))
    }

    /// Puts a gate behind the filter, where there are gates.
    pub fn gated(self) -> Self {
        if self.profile == ENVOY { self } else { self.configuration(&json!({"gate": true})) }
    }

    /// Leaves out the gate that the configuration promises: what the filter itself refuses shows.
    pub fn without_its_gate(mut self) -> Self {
        self.gate_is_there = false;
        self
    }

    pub fn start(self) -> Scene {
        self.start_with(Provider::new())
    }

    pub fn start_with(self, provider: Provider) -> Scene {
        self.try_start(provider).unwrap()
    }

    pub fn try_start(mut self, provider: Provider) -> Result<Scene, StartError> {
        self.configuration["snapshot"] = json!({"inline": base64(&bundle(&self.settings))});
        let mut builder = World::builder(Profile::named(self.profile).unwrap())
            .seed(7)
            .clock(UnixMillis(START.0))
            .upstream(if self.profile == ENVOY { "idp" } else { ADDRESS }, provider.upstream());
        if let Some(zone) = self.configuration.get("shared_data_zone").and_then(Value::as_str) {
            builder = builder.shared_zone(zone, 1 << 20);
        }
        let mut world = builder.build();
        let name = "openid-connect";
        let mut chain = vec![(FILTER.clone(), Plugin::new(name, self.configuration.to_string()))];
        if self.gate_is_there && self.configuration.get("gate") == Some(&json!(true)) {
            let gate = json!({"version": 1, "role": "gate", "host": self.configuration["host"]});
            chain.push((FILTER.clone(), Plugin::new(name, gate.to_string())));
        }
        let workers = world.start_chain(&chain, self.workers)?;
        Ok(Scene { world, workers, provider })
    }
}

fn merge(object: &mut Value, more: &Value) {
    for (name, value) in more.as_object().unwrap() {
        object[name] = value.clone();
    }
}

fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

fn signer() -> SigningKey {
    SigningKey::from_seed([9; 32])
}

fn bundle(settings: &Value) -> Vec<u8> {
    let method = StrategyMethod::OpenIdConnect { settings: settings.to_string().into_bytes() };
    let records: [Record; 6] = [
        Strategy { id: STRATEGY, method }.into(),
        Service { id: SERVICE, name: "flights".into() }.into(),
        Publication::new(API, PORTAL, SERVICE, Some(STRATEGY)).into(),
        Application::new(APPLICATION, PORTAL, STRATEGY, Owner::Developer(DEVELOPER), "Planner")
            .into(),
        Registration::new(APPLICATION, API, RegistrationStatus::Approved).into(),
        Credential {
            id: CredentialId::from_bytes([0xb9; 16]),
            application: APPLICATION,
            digest: client_digest(STRATEGY, ISSUER, CLIENT),
            scheme: Scheme::Client,
            expires_at: None,
        }
        .into(),
    ];
    let mut records = records.to_vec();
    records.sort_by_key(Record::key);
    let mut writer = SnapshotWriter::new(GATEWAY, Revision(1), START);
    records.iter().for_each(|record| writer.push(record).unwrap());
    writer.finish(&signer()).bundle()
}

/// The second at which scenes begin.
pub const NOW: u64 = START.0 / 1000;

/// A token of the application, signed with a key of the forge.
pub fn token(key: &str) -> String {
    token_of(key, &json!({}))
}

pub fn token_of(key: &str, more: &Value) -> String {
    let mut claims = json!({"iss": ISSUER, "sub": CLIENT, "iat": NOW - 10, "exp": NOW + 1_000_000});
    merge(&mut claims, more);
    let header = json!({"alg": "EdDSA", "kid": key, "typ": "JWT"}).to_string();
    forge::token(&header, claims.to_string().as_bytes(), key, "EdDSA").unwrap()
}

pub fn with_token(token: &str) -> Request {
    Request::get("/flights").header("authorization", format!("Bearer {token}"))
}

pub fn with_basic(secret: &str) -> Request {
    let pair = base64(format!("{CLIENT}:{secret}").as_bytes());
    Request::get("/flights").header("authorization", format!("Basic {pair}"))
}

/// The status that the client sees, 200 for what reaches the upstream.
pub fn status(transcript: &Transcript) -> u16 {
    match &transcript.outcome {
        Outcome::Upstream { .. } => 200,
        Outcome::Local { status, .. } | Outcome::Failed { status, .. } => *status,
        other => panic!("{other:?}"),
    }
}

/// The response code details of a refusal, without their prefix.
pub fn reason(transcript: &Transcript) -> String {
    match &transcript.outcome {
        Outcome::Local { details, .. } if !details.is_empty() => {
            details.trim_start_matches("gatekey_").into()
        }
        _ => {
            let lines = transcript.logs.iter().map(|log| log.message().into_owned());
            let told = lines.filter_map(|line| Some(line.strip_prefix("refused: ")?.to_owned()));
            told.map(|line| line.split(' ').next().unwrap().to_owned()).next().unwrap_or_default()
        }
    }
}

impl Scene {
    pub fn worker(&self) -> WorkerId {
        self.workers[0]
    }

    pub fn wait(&mut self, millis: u64) {
        wait(&mut self.world, millis);
    }

    pub fn wait_seconds(&mut self, seconds: u64) {
        self.world.advance(Duration::from_secs(seconds));
    }

    pub fn ask(&mut self, request: Request) -> Transcript {
        let worker = self.worker();
        self.world.request(worker, request)
    }

    /// The status for a token.
    pub fn token(&mut self, token: &str) -> u16 {
        status(&self.ask(with_token(token)))
    }

    pub fn metric(&self, name: &str) -> u64 {
        let metrics = self.world.metrics().iter();
        let of_name = metrics.filter(|metric| metric.name.ends_with(&format!("gatekey.{name}")));
        of_name.map(|metric| metric.value).sum()
    }

    /// Everything that was logged.
    pub fn logs(&self) -> String {
        self.workers.iter().map(|worker| logs(&self.world, *worker)).collect()
    }

    /// No worker died or had to be made anew.
    pub fn assert_sound(&self, about: &str) {
        for worker in &self.workers {
            assert!(
                self.world.failure(*worker).is_none(),
                "{about}: {:?}",
                self.world.failure(*worker)
            );
            assert_eq!(self.world.reloads(*worker), 0, "{about}: no trap");
        }
    }
}

/// The headers that the upstream got.
pub fn upstream(transcript: &Transcript) -> &Headers {
    match &transcript.upstream {
        Some(forwarded) => &forwarded.headers,
        None => panic!("refused: {transcript}"),
    }
}
