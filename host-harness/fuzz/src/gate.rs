//! The gateway under test: a policy with one application, its key, and the compiled filter.

use core::time::Duration;
use std::env;
use std::path::PathBuf;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gatekey_core::digest::Pepper;
use gatekey_core::id::{
    ApiId, ApplicationId, DeveloperId, GatewayId, PortalId, Revision, RouteId, ServiceId,
    StrategyId,
};
use gatekey_core::key::KeyFormat;
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::snapshot::record::{
    Application, Credential, Owner, Publication, Record, Registration, Route, Scheme, Service,
    Strategy, StrategyMethod,
};
use gatekey_core::snapshot::{SigningKey, Snapshot, SnapshotWriter};
use gatekey_core::time::{UnixMillis, UnixTime};
use gatekey_host_harness::{Artifact, Plugin, Profile, StartError, Upstream, WorkerId, World};
use serde_json::{Value, json};

use crate::coverage;

/// The header that carries the key.
pub const KEY_HEADER: &str = "apikey";
/// The upstream in which the portal is found.
pub const PORTAL: &str = "portal";
/// When every world begins.
pub const START: UnixMillis = UnixMillis(1_900_000_000_000);
/// The gateway.
pub const GATEWAY: GatewayId = GatewayId::from_bytes(*b"gatekey gateway.");

const API: ApiId = ApiId::from_bytes(*b"gatekey api.....");
const PORTAL_ID: PortalId = PortalId::from_bytes(*b"gatekey portal..");
const STRATEGY: StrategyId = StrategyId::from_bytes(*b"gatekey strategy");
const SERVICE: ServiceId = ServiceId::from_bytes(*b"gatekey service.");
const ROUTE: RouteId = RouteId::from_bytes(*b"gatekey route...");
const APPLICATION: ApplicationId = ApplicationId::from_bytes(*b"gatekey app.....");
const IDLE: ApplicationId = ApplicationId::from_bytes(*b"gatekey idle....");
const DEVELOPER: DeveloperId = DeveloperId::from_bytes(*b"gatekey dev.....");
const PEPPER: [u8; 32] = [0x5a; 32];

/// The key that is let through, and what it stands for.
#[derive(Debug)]
pub struct Key {
    /// As a client sends it.
    pub text: String,
    credential: Credential,
}

impl Key {
    fn issue(entropy: u8, application: ApplicationId) -> Result<Self, String> {
        let issued = KeyFormat::default().issue(&[entropy; _]);
        let text = issued.key.expose().clone();
        let pepper = Pepper::new("p1", &PEPPER).map_err(|error| error.to_string())?;
        let credential = Credential {
            id: issued.credential,
            application,
            digest: pepper.digest(text.as_bytes()),
            scheme: Scheme::HmacSha256,
            expires_at: None,
        };
        Ok(Self { text, credential })
    }
}

/// The keys that clients may hold.
#[derive(Debug)]
pub struct Keys {
    /// The one good key.
    pub good: Key,
    /// One whose life is over.
    pub expired: Key,
    /// One whose application's registration is pending.
    pub pending: Key,
    /// One that the portal does not know.
    pub stranger: Key,
}

/// The keys that clients may hold.
pub static KEYS: LazyLock<Result<Keys, String>> = LazyLock::new(|| {
    let mut expired = Key::issue(10, APPLICATION)?;
    expired.credential.expires_at = Some(UnixTime(START.0 / 1000 - 1));
    Ok(Keys {
        good: Key::issue(9, APPLICATION)?,
        expired,
        pending: Key::issue(11, IDLE)?,
        stranger: Key::issue(12, APPLICATION)?,
    })
});

/// The signed policy: one route of one host, one application with one good key.
pub static SNAPSHOT: LazyLock<Result<Snapshot, String>> = LazyLock::new(|| {
    let method = StrategyMethod::KeyAuth { key_names: vec![KEY_HEADER.to_owned()] };
    let mut records: Vec<Record> = vec![
        Strategy { id: STRATEGY, method }.into(),
        Service { id: SERVICE, name: "flights".to_owned() }.into(),
        Route {
            id: ROUTE,
            service: SERVICE,
            hosts: vec!["a.test".to_owned()],
            paths: vec!["/a".to_owned()],
            methods: Vec::new(),
            headers: Vec::new(),
        }
        .into(),
        Publication::new(API, PORTAL_ID, SERVICE, Some(STRATEGY)).into(),
    ];
    for (id, name) in [(APPLICATION, "trips"), (IDLE, "idle")] {
        let owner = Owner::Developer(DEVELOPER);
        records.push(Application::new(id, PORTAL_ID, STRATEGY, owner, name).into());
    }
    let registrations =
        [(APPLICATION, RegistrationStatus::Approved), (IDLE, RegistrationStatus::Pending)];
    for (application, status) in registrations {
        records.push(Registration::new(application, API, status).into());
    }
    let Keys { good, expired, pending, .. } = keys()?;
    let mut credentials = [good, expired, pending].map(|key| key.credential.clone());
    credentials.sort_unstable_by_key(|credential| credential.digest);
    records.extend(credentials.map(Record::from));
    let mut writer = SnapshotWriter::new(GATEWAY, Revision(1), START);
    for record in &records {
        writer.push(record).map_err(|error| error.to_string())?;
    }
    Ok(writer.finish(&signing_key()))
});

/// The portal's key.
#[must_use]
pub fn signing_key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

/// The one good key.
///
/// # Errors
///
/// When it cannot be made, which would be a mistake here.
pub fn key() -> Result<&'static Key, String> {
    keys().map(|keys| &keys.good)
}

/// All keys.
///
/// # Errors
///
/// When they cannot be made, which would be a mistake here.
pub fn keys() -> Result<&'static Keys, String> {
    KEYS.as_ref().map_err(Clone::clone)
}

/// The signed policy.
///
/// # Errors
///
/// When it cannot be made, which would be a mistake here.
pub fn snapshot() -> Result<&'static Snapshot, String> {
    SNAPSHOT.as_ref().map_err(Clone::clone)
}

/// Where the policy comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// These bytes in the configuration.
    Inline(&'a [u8]),
    /// The portal.
    Portal,
}

/// A configuration of the filter.
#[must_use]
pub fn configuration(source: Source<'_>) -> Value {
    let mut configuration = json!({
        "version": 1,
        "gateway_id": GATEWAY.to_string(),
        "peppers": [{"id": "p1", "secret": BASE64.encode(PEPPER)}],
        "snapshot_keys": [BASE64.encode(signing_key().verifying_key().as_bytes())],
    });
    let (name, value) = match source {
        Source::Inline(bytes) => ("snapshot", json!({"inline": BASE64.encode(bytes)})),
        Source::Portal => (
            "sync",
            json!({
                "upstream": {"envoy_cluster": PORTAL, "authority": "portal.test"},
                "token": "gateway-token",
                "wait_seconds": 0,
                "timeout_ms": 1000,
            }),
        ),
    };
    if let Some(fields) = configuration.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    configuration
}

/// The filter as a plugin.
#[must_use]
pub fn plugin(configuration: impl Into<Vec<u8>>) -> Plugin {
    Plugin::new("key-auth", configuration)
}

/// A host without a canary: it would only do everything twice.
#[must_use]
pub fn host() -> Profile {
    let mut profile = Profile::envoy();
    profile.start.canary_run = false;
    profile
}

/// The compiled filter for keys: see [`module`].
///
/// # Errors
///
/// When it was not built.
pub fn filter() -> Result<&'static Artifact, String> {
    static FILTER: LazyLock<Result<Artifact, String>> = LazyLock::new(|| module("key_auth"));
    FILTER.as_ref().map_err(Clone::clone)
}

/// A compiled filter: of the folder `GATEKEY_FILTERS_DIR`, else the one that
/// `cargo xtask build-filters` fills.
///
/// # Errors
///
/// When it was not built.
pub fn module(name: &str) -> Result<Artifact, String> {
    let name = format!("gatekey_{name}.wasm");
    let path = match env::var_os("GATEKEY_FILTERS_DIR") {
        Some(folder) => PathBuf::from(folder).join(name),
        None => {
            let here = env::current_exe().map_err(|error| error.to_string())?;
            let folders = here.ancestors().map(|folder| folder.join("filters").join(&name));
            folders.into_iter().find(|path| path.is_file()).unwrap_or_else(|| name.into())
        }
    };
    Artifact::from_file(&path)
        .map_err(|error| format!("{error} (`cargo xtask build-filters` makes it)"))
}

/// The filter a second after its start, beside this portal; nothing when it refused its
/// configuration.
///
/// # Errors
///
/// When it neither started nor refused.
pub fn started(
    portal: Upstream,
    configuration: impl Into<Vec<u8>>,
) -> Result<Option<(World, WorkerId)>, String> {
    let mut world =
        World::builder(host()).clock(crate::request::host_time()).upstream(PORTAL, portal).build();
    let worker = match world.start(filter()?, plugin(configuration)) {
        Ok(worker) => worker,
        Err(StartError::ConfigurationRefused { logs }) => {
            coverage::logs(&logs);
            return Ok(None);
        }
        Err(error) => return Err(format!("the filter did not refuse: {error}")),
    };
    world.advance(Duration::from_secs(1));
    if let Some(background) = world.background(worker) {
        coverage::ledger(background);
    }
    Ok(Some((world, worker)))
}
