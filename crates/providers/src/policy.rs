//! A gateway's policy: services, each with a strategy of its own, and who is registered there.

use std::time::{SystemTime, UNIX_EPOCH};

use gatekey_core::id::{
    ApiId, ApplicationId, CredentialId, DeveloperId, GatewayId, PortalId, Revision, ServiceId,
    StrategyId,
};
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::snapshot::{Record, SigningKey, SnapshotWriter, record};
use gatekey_core::time::UnixMillis;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// How an application stands with the API of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// It may call.
    Approved,
    /// There is an application, and it is not registered.
    None,
}

/// A service, published with a strategy of its own.
#[derive(Clone, Debug)]
pub struct Service {
    pub(crate) name: String,
    settings: Value,
    clients: Vec<(String, Registration)>,
}

impl Service {
    /// A service whose strategy is OpenID Connect with these settings; the issuer is among them.
    #[must_use]
    pub fn new(name: &str, settings: Value) -> Self {
        Self { name: name.to_owned(), settings, clients: Vec::new() }
    }

    /// Adds an application with this client id.
    #[must_use]
    pub fn client(mut self, client_id: &str, registration: Registration) -> Self {
        self.clients.push((client_id.to_owned(), registration));
        self
    }
}

/// An id, or a seed, that belongs to a name.
fn named(kind: &str, name: &str) -> [u8; 32] {
    Sha256::digest(format!("{kind}:{name}")).into()
}

fn id(kind: &str, name: &str) -> [u8; 16] {
    let digest = named(kind, name);
    core::array::from_fn(|at| digest[at])
}

pub(crate) fn signing_key() -> SigningKey {
    SigningKey::from_seed(named("signing key", "portal"))
}

pub(crate) fn gateway() -> GatewayId {
    GatewayId::from_bytes(id("gateway", "gateway"))
}

/// The id of the application that has this client id at a service.
pub(crate) fn application(service: &str, client_id: &str) -> ApplicationId {
    ApplicationId::from_bytes(id("application", &format!("{service}/{client_id}")))
}

/// The signed snapshot that holds these services.
pub(crate) fn bundle(services: &[Service]) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    let issued_at = UnixMillis(u64::try_from(now.as_millis()).expect("a plausible clock"));
    let portal = PortalId::from_bytes(id("portal", "portal"));
    let owner = record::Owner::Developer(DeveloperId::from_bytes(id("developer", "ada")));
    let mut records: Vec<Record> = Vec::new();
    for known in services {
        let name = &known.name;
        let strategy = StrategyId::from_bytes(id("strategy", name));
        let service = ServiceId::from_bytes(id("service", name));
        let api = ApiId::from_bytes(id("api", name));
        let issuer = known.settings["issuer"].as_str().expect("an issuer");
        let settings = known.settings.to_string().into_bytes();
        let method = record::StrategyMethod::OpenIdConnect { settings };
        records.push(record::Strategy { id: strategy, method }.into());
        records.push(record::Service { id: service, name: name.clone() }.into());
        records.push(record::Publication::new(api, portal, service, Some(strategy)).into());
        for (client_id, registration) in &known.clients {
            let application = application(name, client_id);
            records.push(
                record::Application::new(application, portal, strategy, owner, client_id).into(),
            );
            if *registration == Registration::Approved {
                let status = RegistrationStatus::Approved;
                records.push(record::Registration::new(application, api, status).into());
            }
            records.push(
                record::Credential {
                    id: CredentialId::from_bytes(id("credential", &format!("{name}/{client_id}"))),
                    application,
                    digest: gatekey_core::oidc::client_digest(strategy, issuer, client_id),
                    scheme: record::Scheme::Client,
                    expires_at: None,
                }
                .into(),
            );
        }
    }
    records.sort_by_key(|record| match record {
        Record::Credential(credential) => (record.kind(), Some(credential.digest)),
        _ => (record.kind(), None),
    });
    let mut writer = SnapshotWriter::new(gateway(), Revision(1), issued_at);
    for record in &records {
        writer.push(record).expect("a record in its place");
    }
    writer.finish(&signing_key()).bundle()
}
