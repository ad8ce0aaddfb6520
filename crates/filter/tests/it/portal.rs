//! A portal of the test: it keeps records, signs what it says, and can go away or lie.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use core::time::Duration;
use gatekey_core::digest::Pepper;
use gatekey_core::id::{
    ApiId, ApplicationId, CredentialId, DeveloperId, GatewayId, PortalId, Revision, RouteId,
    ServiceId, StrategyId,
};
use gatekey_core::key::{IssuedKey, KeyFormat};
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::oidc::client_digest;
use gatekey_core::snapshot::record::{
    Application, Credential, Owner, Publication, Record, RecordKey, Registration, Route, Scheme,
    Service, Strategy, StrategyMethod,
};
use gatekey_core::snapshot::{Change, SigningKey, Snapshot, SnapshotWriter, delta};
use gatekey_core::time::UnixMillis;
use gatekey_host_harness::{Upstream, UpstreamReply, UpstreamRequest};
use serde_json::{Value, json};

pub const GATEWAY: GatewayId = GatewayId::from_bytes([0xa1; 16]);
pub const START: UnixMillis = UnixMillis(1_800_000_000_000);
pub const API: ApiId = ApiId::from_bytes([0xa2; 16]);
pub const APPLICATION: ApplicationId = ApplicationId::from_bytes([0xa3; 16]);
const PORTAL: PortalId = PortalId::from_bytes([0xa4; 16]);
const SERVICE: ServiceId = ServiceId::from_bytes([0xa5; 16]);
const STRATEGY: StrategyId = StrategyId::from_bytes([0xa6; 16]);
const DEVELOPER: DeveloperId = DeveloperId::from_bytes([0xa7; 16]);
const PEPPER: [u8; 32] = [0xa8; 32];

/// How the portal answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Honest,
    /// Connections are refused.
    Away,
    /// Documents are signed by another key.
    Impostor,
    /// A bit of every document is flipped.
    Garbling,
    /// Documents end early.
    Truncating,
    /// Headers are longer than some hosts take.
    Verbose,
    /// The host has doubts about answers that look whole.
    Doubtful,
    /// Nothing says how long an answer is.
    Unsized,
    /// Answers break off.
    Breaking,
    /// No answer comes.
    Silent,
    /// Every answer is this status.
    Status(u16),
    /// Whatever brings a report is answered with this status.
    Choking(u16),
}

#[derive(Default)]
struct State {
    mood: Mood,
    revision: u64,
    now: u64,
    records: BTreeMap<RecordKey, Record>,
    log: Vec<(u64, Vec<u8>)>,
    /// Deltas reach back no further than this.
    pruned: u64,
    snapshots: BTreeMap<u64, Snapshot>,
    requests: Vec<String>,
    reports: Vec<Value>,
}

#[derive(Clone)]
pub struct Portal(Arc<Mutex<State>>);

impl Portal {
    /// A portal with one API behind one service, and one application that is registered for it.
    pub fn new() -> Self {
        let portal = Self(Arc::default());
        portal.change(|state| state.now = START.0);
        portal.put(Strategy {
            id: STRATEGY,
            method: StrategyMethod::KeyAuth { key_names: vec!["apikey".into()] },
        });
        portal.put(Service { id: SERVICE, name: "flights".into() });
        portal.put(Publication::new(API, PORTAL, SERVICE, Some(STRATEGY)));
        let owner = Owner::Developer(DEVELOPER);
        portal.put(Application::new(APPLICATION, PORTAL, STRATEGY, owner, "Planner"));
        portal.register(RegistrationStatus::Approved);
        portal
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    pub fn mood(&self, mood: Mood) {
        self.change(|state| state.mood = mood);
    }

    pub fn put(&self, record: impl Into<Record>) {
        let record = record.into();
        self.change(|state| {
            let mut bytes = Vec::new();
            Change::Put(record.clone()).encode(&mut bytes);
            state.revision += 1;
            state.log.push((state.revision, bytes));
            state.records.insert(record.key(), record);
        });
    }

    pub fn delete(&self, key: RecordKey) {
        self.change(|state| {
            state.records.remove(&key);
            let mut bytes = Vec::new();
            Change::Delete(key).encode(&mut bytes);
            state.revision += 1;
            state.log.push((state.revision, bytes));
        });
    }

    /// Sends every request to the one service.
    pub fn route_everything(&self) {
        self.put(Route {
            id: RouteId::from_bytes([0xa9; 16]),
            service: SERVICE,
            hosts: Vec::new(),
            paths: Vec::new(),
            methods: Vec::new(),
            headers: Vec::new(),
        });
    }

    pub fn register(&self, status: RegistrationStatus) {
        self.put(Registration::new(APPLICATION, API, status));
    }

    /// Issues the key of this number to the application.
    pub fn issue(&self, number: u32) -> String {
        let (key, credential) = key(number);
        self.put(credential);
        key
    }

    /// Issues many keys at once, in one revision.
    pub fn issue_many(&self, numbers: core::ops::Range<u32>) {
        self.change(|state| {
            state.revision += 1;
            state.pruned = state.revision;
            state.log.clear();
            for number in numbers {
                let record = Record::Credential(key(number).1);
                state.records.insert(record.key(), record);
            }
        });
    }

    /// Gives the API to an identity provider, and the application a client there.
    pub fn open_id_connect(&self, settings: &Value, client_id: &str) {
        let issuer = settings["issuer"].as_str().unwrap();
        self.put(Credential {
            id: CredentialId::from_bytes([0xaa; 16]),
            application: APPLICATION,
            digest: client_digest(STRATEGY, issuer, client_id),
            scheme: Scheme::Client,
            expires_at: None,
        });
        let settings = settings.to_string().into_bytes();
        self.put(Strategy { id: STRATEGY, method: StrategyMethod::OpenIdConnect { settings } });
    }

    /// Forgets the log: a gateway that is behind needs a snapshot.
    pub fn prune(&self) {
        self.change(|state| {
            state.pruned = state.revision;
            state.log.clear();
        });
    }

    /// Goes back to an earlier revision, as after a restored backup.
    pub fn roll_back(&self, by: u64) {
        self.change(|state| {
            state.revision -= by;
            state.pruned = state.revision;
            state.log.clear();
            state.snapshots.clear();
        });
    }

    pub fn set_now(&self, now: u64) {
        self.change(|state| state.now = now);
    }

    pub fn revision(&self) -> u64 {
        self.change(|state| state.revision)
    }

    /// Paths that were asked for since the last call.
    pub fn take_requests(&self) -> Vec<String> {
        self.change(|state| core::mem::take(&mut state.requests))
    }

    pub fn take_reports(&self) -> Vec<Value> {
        self.change(|state| core::mem::take(&mut state.reports))
    }

    pub fn bundle(&self) -> Vec<u8> {
        self.change(|state| state.snapshot(&signer(1)).bundle())
    }

    pub fn pepper_json(&self) -> Value {
        json!({"id": "p1", "secret": BASE64.encode(PEPPER)})
    }

    pub fn key_base64(&self) -> String {
        BASE64.encode(signer(1).verifying_key().as_bytes())
    }

    pub fn upstream(&self) -> Upstream {
        let portal = self.clone();
        Upstream::respond(move |request| portal.change(|state| state.answer(request)))
    }
}

fn signer(number: u8) -> SigningKey {
    SigningKey::from_seed([number; 32])
}

/// A key of the application and its record.
pub fn key(number: u32) -> (String, Credential) {
    let mut entropy = [0; 28];
    entropy[..4].copy_from_slice(&number.to_be_bytes());
    let IssuedKey { key, credential } = KeyFormat::default().issue(&entropy);
    let key = key.expose().clone();
    let digest = Pepper::new("p1", &PEPPER).unwrap().digest(key.as_bytes());
    let record = Credential {
        id: credential,
        application: APPLICATION,
        digest,
        scheme: Scheme::HmacSha256,
        expires_at: None,
    };
    (key, record)
}

impl State {
    fn snapshot(&self, key: &SigningKey) -> Snapshot {
        let mut writer =
            SnapshotWriter::new(GATEWAY, Revision(self.revision), UnixMillis(self.now));
        self.records.values().for_each(|record| writer.push(record).unwrap());
        writer.finish(key)
    }

    fn answer(&mut self, request: &UpstreamRequest) -> UpstreamReply {
        let path = request.path();
        self.requests.push(path.clone());
        assert_eq!(request.headers.get("authorization"), Some(&b"Bearer gateway-token"[..]));
        let signer = signer(if self.mood == Mood::Impostor { 2 } else { 1 });
        match self.mood {
            Mood::Silent => return UpstreamReply::never(),
            Mood::Breaking => return UpstreamReply::cut_off(),
            Mood::Away => return UpstreamReply::connect_error(),
            Mood::Status(status) => return UpstreamReply::status(status),
            Mood::Choking(status) if !request.body.is_empty() => {
                return UpstreamReply::status(status);
            }
            _ => {}
        }
        let parameter = |name: &str| -> Option<String> {
            let query = path.split_once('?')?.1;
            query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(Into::into)
        };
        let number = |name| parameter(name).and_then(|text| text.parse::<u64>().ok());
        let (mut body, latency) = if path.starts_with("/gateway/v1/snapshot") {
            match number("page") {
                None => {
                    let snapshot = self.snapshot(&signer);
                    let manifest = snapshot.manifest.clone();
                    self.snapshots.insert(self.revision, snapshot);
                    (manifest, 0)
                }
                Some(page) => {
                    let snapshot = number("revision").and_then(|at| self.snapshots.get(&at));
                    let Some(snapshot) = snapshot else { return UpstreamReply::status(410) };
                    (snapshot.pages[usize::try_from(page).unwrap()].clone(), 0)
                }
            }
        } else {
            if !request.body.is_empty() {
                self.reports.push(serde_json::from_slice(&request.body).unwrap());
            }
            let since = number("since").unwrap();
            if since < self.pruned {
                return UpstreamReply::status(410);
            }
            let changes = self.log.iter().filter(|(at, _)| *at > since);
            let (from, now) = (Revision(since), UnixMillis(self.now));
            let to = Revision(self.revision);
            let changes = changes.map(|(_, bytes)| bytes.as_slice());
            let body = delta::seal(GATEWAY, from, to, now, changes, &signer);
            // With nothing to say the poll is held open.
            (body, if from == to { number("wait").unwrap() * 1_000 } else { 0 })
        };
        match self.mood {
            Mood::Garbling => body[80] ^= 1,
            Mood::Truncating => body.truncate(body.len() - 1),
            _ => {}
        }
        let reply = UpstreamReply::ok(body).after(Duration::from_millis(latency));
        match self.mood {
            Mood::Verbose => reply.header("x-verbose", "x".repeat(9_000)),
            Mood::Doubtful => reply.header(":dispatch_status", "reader failure"),
            Mood::Unsized => reply.until_close(),
            _ => reply,
        }
    }
}
