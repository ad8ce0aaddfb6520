//! What a gateway must refuse, and what it must take, as published: the attack corpus AT-1 to
//! AT-20, the Wycheproof vectors for JWS and JWK, and the vectors of RFC 7515, 7520 and 8037.
//!
//! A [`Batch`] is a scenario with one row for each of its requests, so that any
//! [`Subject`](crate::Subject) can run it. One configuration serves many rows: each key set has a
//! service and a route of its own.

mod attack;
mod report;
mod rfc;
mod wycheproof;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

pub use self::report::{Report, Verdict};
pub use self::wycheproof::folder as wycheproof_folder;
use crate::document::{
    Application, CallerName, Credential, Document, Expect, Gateway, HeaderValue, KeySource,
    OpenIdConnect, Policy, Publication, Registration, RegistrationStatus, Request, Route, Scheme,
    Service, Snapshot, Step, Strategy, StrategyMethod, VERSION,
};
use crate::scenario::{self, Scenario};
use crate::transcript::Transcript;

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Set {
    /// The attack corpus.
    Attacks,
    /// The RFCs' own examples.
    Rfc,
    /// Wycheproof's `json_web_signature_test.json`.
    WycheproofJws,
    /// Wycheproof's `json_web_key_test.json`.
    WycheproofJwk,
}

impl Set {
    /// Every set.
    pub const ALL: [Self; 4] = [Self::Attacks, Self::Rfc, Self::WycheproofJws, Self::WycheproofJwk];

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attacks => "attack corpus AT-1 to AT-20",
            Self::Rfc => "RFC 7515, 7520 and 8037",
            Self::WycheproofJws => "Wycheproof `json_web_signature_test.json`",
            Self::WycheproofJwk => "Wycheproof `json_web_key_test.json`",
        }
    }
}

/// One thing to be tried.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where it comes from.
    pub set: Set,
    /// Its number there.
    pub id: String,
    /// What is tried, and how.
    pub name: String,
}

/// A scenario that tries one row after another.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The scenario: one request for each row.
    pub scenario: Scenario,
    /// The rows, in the order of the requests.
    pub rows: Vec<Row>,
}

impl Batch {
    /// What a subject saw otherwise than expected, a line for each row.
    #[must_use]
    pub fn differences(&self, seen: &Transcript) -> Vec<String> {
        let mut differences = Vec::new();
        if seen.len() != self.rows.len() {
            differences.push(format!("{}: {} outcomes", self.scenario.name, seen.len()));
        }
        let rows = self.rows.iter().zip(self.scenario.requests()).zip(seen);
        for ((Row { id, name, .. }, request), outcome) in rows {
            if let Some(wanted) = crate::expect::unmet(&self.scenario, request, outcome) {
                differences.push(format!("{id}, {name}: expected {wanted}\n    but {outcome}"));
            }
        }
        differences
    }
}

/// Every batch that needs nothing from outside, for a start at this second.
///
/// # Errors
///
/// When one makes no sense.
pub fn batches(start: u64) -> Result<Vec<Batch>, String> {
    let mut batches = attack::batches(start)?;
    batches.push(rfc::batch(start)?);
    Ok(batches)
}

/// The batches of Wycheproof's files, which are read from this folder.
///
/// # Errors
///
/// When they cannot be read.
pub fn wycheproof(folder: &std::path::Path, start: u64) -> Result<Vec<Batch>, String> {
    wycheproof::batches(folder, start)
}

/// The file in which the results are told.
#[must_use]
pub fn document() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/conformance.md")
}

/// A batch in the making.
struct Plan {
    name: &'static str,
    policy: Policy,
    gateway: Gateway,
    snapshot: Snapshot,
    skip: BTreeMap<String, String>,
    steps: Vec<Step>,
    rows: Vec<Row>,
}

impl Plan {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            policy: Policy::default(),
            gateway: Gateway::default(),
            snapshot: Snapshot::default(),
            skip: BTreeMap::new(),
            steps: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// An API of its own behind a path, whose callers prove themselves to a strategy.
    fn api(&mut self, name: &str, path: &str, strategy: &str) {
        let service = format!("{name}-service");
        self.policy.services.push(Service { name: service.clone(), shown_as: None });
        self.policy.routes.push(Route {
            name: format!("{name}-route"),
            service: service.clone(),
            paths: vec![path.into()],
            ..Route::default()
        });
        self.policy.publications.push(Publication {
            api: name.into(),
            portal: "main".into(),
            service,
            strategy: Some(strategy.into()),
            consumers_too: false,
        });
    }

    fn application(&mut self, name: &str, strategy: &str) {
        self.policy.applications.push(Application {
            name: name.into(),
            portal: "main".into(),
            strategy: strategy.into(),
            developer: "ann".into(),
            team: None,
            shown_as: None,
            suspended: false,
            limits: Vec::new(),
            networks: Vec::new(),
            consumer: None,
        });
    }

    fn strategy(&mut self, name: &str, settings: Map<String, Value>) {
        let method = OpenIdConnect { settings, keys: Vec::new() };
        let method = StrategyMethod::OpenIdConnect(method);
        self.policy.strategies.push(Strategy { name: name.into(), method });
    }

    fn registered(&mut self, application: &str, api: &str) {
        self.policy.registrations.push(Registration {
            application: application.into(),
            api: api.into(),
            status: RegistrationStatus::Approved,
            consumer: None,
        });
    }

    fn client(&mut self, application: &str, strategy: &str, issuer: &str, id: &str) {
        self.policy.credentials.push(Credential {
            name: format!("{application}-{strategy}"),
            application: application.into(),
            key: KeySource::Client {
                strategy: strategy.into(),
                issuer: issuer.into(),
                id: id.into(),
            },
            scheme: Scheme::default(),
            pepper: "p1".into(),
            expires_in_seconds: None,
        });
    }

    fn try_row(&mut self, set: Set, id: &str, name: impl Into<String>, request: Request) {
        self.rows.push(Row { set, id: id.into(), name: name.into() });
        self.steps.push(Step::Request(request));
    }

    fn finish(self, start: u64) -> Result<Batch, String> {
        let document = Document {
            version: VERSION,
            name: self.name.into(),
            about: "Written by a table.".into(),
            policy: self.policy,
            gateway: self.gateway,
            snapshot: self.snapshot,
            tokens: BTreeMap::new(),
            skip: self.skip,
            cases: vec![crate::document::Case {
                name: "all".into(),
                about: String::new(),
                tokens: BTreeMap::new(),
                with: Vec::new(),
                gateway: None,
                snapshot: None,
                skip: BTreeMap::new(),
                table: Vec::new(),
                steps: self.steps,
            }],
        };
        let scenario = scenario::expand(&document)?.pop().ok_or("no case")?;
        Ok(Batch { scenario: scenario.starting_at(start)?, rows: self.rows })
    }
}

/// A request with these header fields.
fn request(path: &str, headers: Vec<(String, Vec<u8>)>, expect: Expect) -> Request {
    let headers = headers.into_iter().map(|(name, value)| {
        let hex = || value.iter().map(|byte| format!("{byte:02x}")).collect();
        let value = match core::str::from_utf8(&value) {
            Ok(text) if !text.contains("{{") => HeaderValue::Text(text.into()),
            _ => HeaderValue::Hex { hex: hex() },
        };
        (name, value)
    });
    Request {
        method: "GET".into(),
        authority: "api.test".into(),
        path: path.into(),
        headers: headers.collect(),
        more_headers: 0,
        route_metadata_service: None,
        client_address: None,
        expect,
    }
}

/// A request with a bearer token.
fn bearer(path: &str, token: impl AsRef<[u8]>, expect: Expect) -> Request {
    let value = [b"Bearer ", token.as_ref()].concat();
    request(path, vec![("authorization".into(), value)], expect)
}

fn deny(code: &str) -> Expect {
    let (status, message, challenge, limit) = (None, None, None, None);
    Expect::Deny { code: code.into(), status, message, challenge, limit }
}

fn allow(credential: &str, api: &str) -> Expect {
    Expect::Allow {
        caller: Some(CallerName { credential: credential.into(), api: api.into() }),
        upstream_headers: None,
        present: Vec::new(),
        absent: vec!["authorization".into()],
    }
}

/// The members of an object.
fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
