//! A scenario's document in the form in which the portal would send it.

use gatekey_core::digest::Digest;
use gatekey_core::id::{
    ApiId, ApplicationId, ConsumerId, CredentialId, DeveloperId, GatewayId, PortalId, Revision,
    RouteId, ServiceId, StrategyId, TeamId,
};
use gatekey_core::lifecycle::limit::{Limit, LimitKind, networks};
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::snapshot::{self, RecordKey, SigningKey, Snapshot, SnapshotWriter, record};
use gatekey_core::time::{UnixMillis, UnixTime};

use crate::cast::{Cast, id_of};
use crate::document::{
    self, Change, KeySource, Policy, Record, RecordName, Scheme, StrategyMethod, WhenStale,
};
use crate::names;
use crate::scenario::Scenario;

/// The revision of a scenario's snapshot.
pub const FIRST_REVISION: Revision = Revision(1);

/// The key that signs whatever a scenario's portal sends.
#[must_use]
pub fn signing_key() -> SigningKey {
    SigningKey::from_seed(names::seed("signing key", "portal"))
}

/// The gateway of a scenario. Scenarios that differ only in what happens share one, so that a
/// host need not start it anew; not so where a gateway's memory of its callers counts.
#[must_use]
pub fn gateway(scenario: &Scenario) -> GatewayId {
    let Scenario { name, policy, gateway, snapshot, .. } = scenario;
    let counts = |known: &document::Application| !known.limits.is_empty();
    let remembers = gateway.staleness.then == WhenStale::DenyNew
        || scenario.everything().applications.iter().any(counts);
    let name = if remembers { name } else { "" };
    let all = serde_json::to_string(&(name, policy, gateway, snapshot)).unwrap_or_default();
    GatewayId::from_bytes(names::id("gateway", &all))
}

/// The signed snapshot a scenario starts from, for a start at this second.
///
/// # Errors
///
/// When the scenario makes no sense.
pub fn bundle(scenario: &Scenario, start: u64) -> Result<Vec<u8>, String> {
    let issued_at = UnixMillis(start.saturating_sub(scenario.snapshot.issued_seconds_ago) * 1000);
    snapshot(scenario, &scenario.policy, start, FIRST_REVISION, issued_at)
        .map(|snapshot| snapshot.bundle())
}

/// The signed snapshot of what a scenario's portal knows at some time.
///
/// # Errors
///
/// When the scenario makes no sense.
pub fn snapshot(
    scenario: &Scenario,
    policy: &Policy,
    start: u64,
    revision: Revision,
    issued_at: UnixMillis,
) -> Result<Snapshot, String> {
    let mut records = policy
        .records()
        .map(|record| translated(&record, &scenario.cast, start))
        .collect::<Result<Vec<_>, _>>()?;
    records.sort_by_key(|record| match record {
        snapshot::Record::Credential(credential) => (record.kind(), Some(credential.digest)),
        _ => (record.kind(), None),
    });
    let mut writer = SnapshotWriter::new(gateway(scenario), revision, issued_at);
    for record in &records {
        writer.push(record).map_err(|error| error.to_string())?;
    }
    Ok(writer.finish(&signing_key()))
}

/// Makes changes in a document and encodes them for a delta.
///
/// # Errors
///
/// When they speak of things that are not there.
pub fn changes(
    policy: &mut Policy,
    cast: &Cast,
    start: u64,
    changes: &[Change],
) -> Result<Vec<Vec<u8>>, String> {
    let mut encoded = Vec::new();
    let mut push = |change: snapshot::Change| {
        let mut bytes = Vec::new();
        change.encode(&mut bytes);
        encoded.push(bytes);
    };
    for change in changes {
        match change {
            Change::Put(record) => {
                if let Record::Credential(new) = record
                    && let Some(old) = known_digest(policy, cast, &new.name)?
                    && old.as_bytes() != &cast.digest(new)?
                {
                    push(snapshot::Change::Delete(RecordKey::Credential { digest: old }));
                }
                push(snapshot::Change::Put(translated(record, cast, start)?));
            }
            Change::Delete(name) => {
                if let Some(key) = key(name, policy, cast)? {
                    push(snapshot::Change::Delete(key));
                }
            }
        }
        policy.change(change);
    }
    Ok(encoded)
}

fn known_digest(policy: &Policy, cast: &Cast, name: &str) -> Result<Option<Digest>, String> {
    let known = policy.credentials.iter().find(|known| known.name == name);
    known.map(|known| cast.digest(known).map(Digest::from_bytes)).transpose()
}

fn key(name: &RecordName, policy: &Policy, cast: &Cast) -> Result<Option<RecordKey>, String> {
    Ok(Some(match name {
        RecordName::Strategy(name) => RecordKey::Strategy { id: strategy(name) },
        RecordName::Service(name) => RecordKey::Service { id: service(name) },
        RecordName::Route(name) => RecordKey::Route { id: route(name) },
        RecordName::Publication { api: a, portal: p } => {
            RecordKey::Publication { api: api(a), portal: portal(p) }
        }
        RecordName::Application(name) => RecordKey::Application { id: application(name) },
        RecordName::Registration { application: owner, api: a } => {
            RecordKey::Registration { application: application(owner), api: api(a) }
        }
        RecordName::Credential(name) => {
            let digest = known_digest(policy, cast, name)?;
            return Ok(digest.map(|digest| RecordKey::Credential { digest }));
        }
    }))
}

fn translated(record: &Record, cast: &Cast, start: u64) -> Result<snapshot::Record, String> {
    Ok(match record {
        Record::Strategy(known) => record::Strategy {
            id: strategy(&known.name),
            method: match &known.method {
                StrategyMethod::KeyAuth(names) => {
                    record::StrategyMethod::KeyAuth { key_names: names.clone() }
                }
                StrategyMethod::OpenIdConnect(known) => record::StrategyMethod::OpenIdConnect {
                    settings: serde_json::to_vec(&known.whole()?).map_err(|e| e.to_string())?,
                },
                StrategyMethod::Other(name) => {
                    record::StrategyMethod::Other { name: name.clone(), settings: vec![1, 2, 3] }
                }
            },
        }
        .into(),
        Record::Service(known) => record::Service {
            id: service(&known.name),
            name: known.shown_as.clone().unwrap_or_else(|| known.name.clone()),
        }
        .into(),
        Record::Route(known) => record::Route {
            id: route(&known.name),
            service: service(&known.service),
            hosts: known.hosts.clone(),
            paths: known.paths.clone(),
            methods: known.methods.clone(),
            headers: known.headers.clone(),
        }
        .into(),
        Record::Publication(known) => record::Publication {
            api: api(&known.api),
            portal: portal(&known.portal),
            service: service(&known.service),
            strategy: known.strategy.as_deref().map(strategy),
            consumers_too: known.consumers_too,
        }
        .into(),
        Record::Application(known) => record::Application {
            id: application(&known.name),
            portal: portal(&known.portal),
            strategy: strategy(&known.strategy),
            owner: owner(known),
            name: known.shown_name().into(),
            active: !known.suspended,
            limits: known.limits.iter().map(limit).collect::<Result<_, _>>()?,
            networks: networks(&known.networks).map_err(|error| error.to_string())?,
            consumer: known.consumer.as_ref().map(consumer),
        }
        .into(),
        Record::Registration(known) => record::Registration {
            application: application(&known.application),
            api: api(&known.api),
            status: match known.status {
                document::RegistrationStatus::Pending => RegistrationStatus::Pending,
                document::RegistrationStatus::Approved => RegistrationStatus::Approved,
                document::RegistrationStatus::Rejected => RegistrationStatus::Rejected,
                document::RegistrationStatus::Revoked => RegistrationStatus::Revoked,
            },
            consumer: known.consumer.as_ref().map(consumer),
        }
        .into(),
        Record::Credential(known) => record::Credential {
            id: CredentialId::from_bytes(id_of(known)?),
            application: application(&known.application),
            digest: Digest::from_bytes(cast.digest(known)?),
            scheme: match known.scheme {
                _ if matches!(known.key, KeySource::Client { .. }) => record::Scheme::Client,
                Scheme::HmacSha256 => record::Scheme::HmacSha256,
                Scheme::Sha256 => record::Scheme::Sha256,
            },
            expires_at: known
                .expires_in_seconds
                .map(|seconds| UnixTime(start.saturating_add_signed(seconds))),
        }
        .into(),
    })
}

/// Under what a client of an issuer is found.
pub(crate) fn client_digest(strategy_name: &str, issuer: &str, id: &str) -> Digest {
    gatekey_core::oidc::client_digest(strategy(strategy_name), issuer, id)
}

fn owner(known: &document::Application) -> record::Owner {
    match &known.team {
        Some(team) => record::Owner::Team(TeamId::from_bytes(names::id("team", team))),
        None => {
            let id = names::id("developer", &known.developer);
            record::Owner::Developer(DeveloperId::from_bytes(id))
        }
    }
}

fn limit(known: &document::Limit) -> Result<Limit, String> {
    let kind = match known.kind {
        document::LimitKind::Rate => LimitKind::Rate,
        document::LimitKind::Quota => LimitKind::Quota,
    };
    let apis: Vec<_> = known.apis.iter().map(|name| api(name)).collect();
    let apis = Some(apis).filter(|apis| !apis.is_empty());
    Limit::new(kind, known.requests, known.window_seconds, apis).map_err(|error| error.to_string())
}

fn consumer(known: &document::Consumer) -> record::Consumer {
    let document::Consumer { name, username, custom_id } = known;
    let id = ConsumerId::from_bytes(names::id("consumer", name));
    record::Consumer { id, username: username.clone(), custom_id: custom_id.clone() }
}

fn strategy(name: &str) -> StrategyId {
    StrategyId::from_bytes(names::id("strategy", name))
}

fn service(name: &str) -> ServiceId {
    ServiceId::from_bytes(names::id("service", name))
}

fn route(name: &str) -> RouteId {
    RouteId::from_bytes(names::id("route", name))
}

fn api(name: &str) -> ApiId {
    ApiId::from_bytes(names::id("api", name))
}

fn portal(name: &str) -> PortalId {
    PortalId::from_bytes(names::id("portal", name))
}

fn application(name: &str) -> ApplicationId {
    ApplicationId::from_bytes(names::id("application", name))
}
