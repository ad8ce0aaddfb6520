//! A made-up portal: as many applications and credentials as a measurement wants, and always the
//! same ones.

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gatekey_core::digest::{Digest, Pepper};
use gatekey_core::id::{
    ApiId, ApplicationId, CredentialId, DeveloperId, GatewayId, PortalId, Revision, ServiceId,
    StrategyId,
};
use gatekey_core::key::KeyFormat;
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::snapshot::record::{
    Application, Credential, Owner, Publication, Record, Registration, Scheme, Service, Strategy,
    StrategyMethod,
};
use gatekey_core::snapshot::{Change, Snapshot, SnapshotWriter, delta};
use gatekey_core::snapshot::{RecordKey, SigningKey};
use gatekey_core::time::UnixMillis;
use serde_json::{Value, json};

/// The header that carries the key.
pub const KEY_HEADER: &str = "apikey";
/// The service that every request belongs to.
pub const SERVICE: &str = "flights";
/// The revision of the snapshot.
pub const REVISION: Revision = Revision(1);

const GATEWAY: GatewayId = GatewayId::from_bytes(*b"gatekey gateway.");
pub(crate) const API: ApiId = ApiId::from_bytes(*b"gatekey api.....");
pub(crate) const PORTAL: PortalId = PortalId::from_bytes(*b"gatekey portal..");
pub(crate) const STRATEGY: StrategyId = StrategyId::from_bytes(*b"gatekey strategy");
pub(crate) const SERVICE_ID: ServiceId = ServiceId::from_bytes(*b"gatekey service.");
const PEPPER: [u8; 32] = [0x5a; 32];

/// Applications, their registrations for one API, and their keys.
#[derive(Debug)]
pub struct Population {
    applications: usize,
    keys: Vec<Key>,
    issued_at: UnixMillis,
    signing_key: SigningKey,
}

#[derive(Debug)]
struct Key {
    text: String,
    credential: CredentialId,
    digest: Digest,
}

impl Population {
    /// So many credentials, ten to an application, as of `issued_at`.
    ///
    /// # Errors
    ///
    /// When a key cannot be made, which would be a mistake here.
    pub fn new(credentials: usize, issued_at: UnixMillis) -> Result<Self> {
        Self::shared(credentials, (credentials / 10).max(1), issued_at)
    }

    /// So many credentials, shared out among so many applications.
    ///
    /// # Errors
    ///
    /// As [`Population::new`].
    pub fn shared(credentials: usize, applications: usize, issued_at: UnixMillis) -> Result<Self> {
        ensure!(applications > 0, "a credential needs an application");
        let pepper = pepper()?;
        let format = KeyFormat::default();
        let keys = (0..credentials).map(|number| {
            let issued = format.issue(&entropy("key", number));
            let text = issued.key.expose().clone();
            let digest = pepper.digest(text.as_bytes());
            Key { text, credential: issued.credential, digest }
        });
        let signing_key = SigningKey::from_seed([7; 32]);
        Ok(Self { applications, keys: keys.collect(), issued_at, signing_key })
    }

    /// How many credentials there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no credential.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The gateway that the snapshot is for.
    #[must_use]
    pub const fn gateway(&self) -> GatewayId {
        GATEWAY
    }

    /// When the snapshot is said to be of.
    #[must_use]
    pub const fn issued_at(&self) -> UnixMillis {
        self.issued_at
    }

    /// The key that signs the snapshot.
    #[must_use]
    pub const fn signing_key(&self) -> &SigningKey {
        &self.signing_key
    }

    /// The keys, in an order that neither the index nor a cache can guess.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.text.as_str())
    }

    /// Some keys, spread over the whole population.
    #[must_use]
    pub fn sample(&self, count: usize) -> Vec<&str> {
        self.keys().step_by((self.len() / count.max(1)).max(1)).take(count).collect()
    }

    /// The whole state, signed.
    ///
    /// # Errors
    ///
    /// When the records are not a snapshot, which would be a mistake here.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let mut writer = SnapshotWriter::new(GATEWAY, REVISION, self.issued_at);
        let key_names = vec![KEY_HEADER.to_owned()];
        let method = StrategyMethod::KeyAuth { key_names };
        writer.push(&Strategy { id: STRATEGY, method }.into())?;
        writer.push(&Service { id: SERVICE_ID, name: SERVICE.to_owned() }.into())?;
        let strategy = Some(STRATEGY);
        let publication = Publication::new(API, PORTAL, SERVICE_ID, strategy);
        writer.push(&publication.into())?;
        for number in 0..self.applications {
            writer.push(&application(number))?;
        }
        for number in 0..self.applications {
            let (application, status) = (application_id(number), RegistrationStatus::Approved);
            writer.push(&Registration::new(application, API, status).into())?;
        }
        let mut order: Vec<_> = self.keys.iter().enumerate().collect();
        order.sort_unstable_by_key(|(_, key)| key.digest);
        for (number, key) in order {
            writer.push(&self.credential(number, key))?;
        }
        Ok(writer.finish(&self.signing_key))
    }

    fn credential(&self, number: usize, key: &Key) -> Record {
        let credential = Credential {
            id: key.credential,
            application: application_id(number % self.applications),
            digest: key.digest,
            scheme: Scheme::HmacSha256,
            expires_at: None,
        };
        credential.into()
    }

    /// A delta from a revision to the next that takes one credential away.
    #[must_use]
    pub fn revocation(&self, number: usize, from: Revision) -> Vec<u8> {
        let key = |key: &Key| RecordKey::Credential { digest: key.digest };
        let change = self.keys.get(number).map(key).map(Change::Delete);
        self.delta(from, change.as_ref())
    }

    /// A delta from a revision to the next that gives the credential back.
    #[must_use]
    pub fn restoration(&self, number: usize, from: Revision) -> Vec<u8> {
        let record = |key| self.credential(number, key);
        let change = self.keys.get(number).map(record).map(Change::Put);
        self.delta(from, change.as_ref())
    }

    fn delta(&self, from: Revision, change: Option<&Change>) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(change) = change {
            change.encode(&mut bytes);
        }
        let changes = change.iter().map(|_| bytes.as_slice());
        let to = Revision(from.0 + 1);
        delta::seal(GATEWAY, from, to, self.issued_at, changes, &self.signing_key)
    }

    /// The filter's configuration, without a policy.
    fn configuration(&self) -> Value {
        json!({
            "version": 1,
            "host": "envoy",
            "gateway_id": GATEWAY.to_string(),
            "service": SERVICE,
            "peppers": [{"id": "p1", "secret": BASE64.encode(PEPPER)}],
            "snapshot_keys": [BASE64.encode(self.signing_key.verifying_key().as_bytes())],
            "log_refusals": false,
        })
    }

    /// The filter's configuration with the whole snapshot in it.
    #[must_use]
    pub fn inline_configuration(&self, snapshot: &Snapshot) -> Value {
        let mut configuration = self.configuration();
        if let Some(fields) = configuration.as_object_mut() {
            let inline = BASE64.encode(snapshot.bundle());
            fields.insert("snapshot".to_owned(), json!({ "inline": inline }));
        }
        configuration
    }

    /// The filter's configuration with a portal to follow.
    #[must_use]
    pub fn sync_configuration(&self, cluster: &str) -> Value {
        let mut configuration = self.configuration();
        if let Some(fields) = configuration.as_object_mut() {
            let upstream = json!({"envoy_cluster": cluster, "authority": "portal.test"});
            fields.insert("sync".to_owned(), json!({"upstream": upstream, "token": "token"}));
        }
        configuration
    }
}

/// The pepper under which the keys are digested.
///
/// # Errors
///
/// When it is none, which would be a mistake here.
pub fn pepper() -> Result<Pepper> {
    Ok(Pepper::new("p1", &PEPPER)?)
}

/// A well-formed key that nobody has.
#[must_use]
pub fn unknown_key() -> String {
    KeyFormat::default().issue(&entropy("unknown", 0)).key.expose().clone()
}

/// Something like a key whose checksum is wrong.
#[must_use]
pub fn malformed_key() -> String {
    let mut key = unknown_key();
    let last = if key.pop() == Some('0') { '1' } else { '0' };
    key.push(last);
    key
}

pub(crate) fn application(number: usize) -> Record {
    let owner = Owner::Developer(DeveloperId::from_bytes(entropy("developer", number / 5)));
    let name = format!("Application {number}");
    Application::new(application_id(number), PORTAL, STRATEGY, owner, name).into()
}

pub(crate) fn application_id(number: usize) -> ApplicationId {
    ApplicationId::from_bytes(entropy("application", number))
}

/// Bytes that look random and are always the same.
pub(crate) fn entropy<const N: usize>(label: &str, number: usize) -> [u8; N] {
    let digest = Digest::sha256(format!("{label} {number}").as_bytes());
    digest.as_bytes().first_chunk().copied().unwrap_or([0; N])
}
