//! What a gateway holds: the compiled, indexed form of a snapshot.
//!
//! A policy starts empty and refuses everything. Records are put into it and taken out of it one
//! by one ([`Policy::apply`]); nothing is rebuilt but the small tables of services.

mod applications;
mod credentials;
mod routes;
mod services;
mod sorted;

use core::fmt;

use self::applications::Applications;
pub(crate) use self::applications::{Application, Consumer, Facts};
pub(crate) use self::credentials::Entry;
use self::credentials::{CredentialIndex, CredentialLoader};
pub(crate) use self::routes::Routed;
pub(crate) use self::services::Service;
use self::services::Services;
use crate::check::{Methods, StrategyConfig};
use crate::digest::Digest;
use crate::http::Request;
use crate::id::{ApplicationId, CredentialId, GatewayId, Revision, ServiceId, StrategyId};
use crate::snapshot::record::{Record, RecordKey, Scheme};
use crate::snapshot::{Change, Manifest};
use crate::time::UnixMillis;

/// A gateway's policy as of one revision.
///
/// It is `Send` and `Sync`; deciding needs only `&self`.
pub struct Policy {
    pub(crate) gateway: GatewayId,
    pub(crate) revision: Revision,
    pub(crate) issued_at: UnixMillis,
    pub(crate) methods: Methods,
    services: Services,
    applications: Applications,
    credentials: CredentialIndex,
}

impl Policy {
    /// A policy that knows nothing and refuses everything, as a portal would have stated it at
    /// `issued_at`.
    #[must_use]
    pub fn empty(
        gateway: GatewayId,
        revision: Revision,
        issued_at: UnixMillis,
        methods: Methods,
    ) -> Self {
        Self {
            gateway,
            revision,
            issued_at,
            methods,
            services: Services::default(),
            applications: Applications::default(),
            credentials: CredentialIndex::with_expected(0),
        }
    }

    /// The state of the portal this policy shows.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// When the portal last said that this is its state.
    #[must_use]
    pub const fn issued_at(&self) -> UnixMillis {
        self.issued_at
    }

    /// How many credentials are known.
    #[must_use]
    pub const fn credentials(&self) -> usize {
        self.credentials.len()
    }

    /// Applies changes in order. This is the library's way in; gateways apply signed deltas
    /// through [`crate::sync::Replica`].
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change>) {
        let mut relink = false;
        for change in changes {
            relink |= match change {
                Change::Put(record) => self.put(record),
                Change::Delete(key) => self.delete(&key),
            };
        }
        if relink {
            self.services.link();
        }
    }

    /// Puts a record; true when the tables of services have to be linked again.
    fn put(&mut self, record: Record) -> bool {
        match record {
            Record::Strategy(strategy) => self.services.put_strategy(&strategy, self.methods),
            Record::Service(service) => self.services.put_service(service),
            Record::Route(route) => self.services.put_route(route),
            Record::Publication(publication) => self.services.put_publication(publication),
            Record::Application(application) => {
                self.applications.put(application);
                return false;
            }
            Record::Registration(registration) => {
                self.applications.register(&registration);
                return false;
            }
            Record::Credential(credential) => {
                let slot = self.applications.slot(credential.application);
                self.credentials.put(&credential, slot);
                return false;
            }
        }
        true
    }

    fn delete(&mut self, key: &RecordKey) -> bool {
        match *key {
            RecordKey::Strategy { id } => self.services.remove_strategy(id),
            RecordKey::Service { id } => self.services.remove_service(id),
            RecordKey::Route { id } => self.services.remove_route(id),
            RecordKey::Publication { api, portal } => {
                self.services.remove_publication(api, portal);
            }
            RecordKey::Application { id } => {
                self.applications.remove(id);
                return false;
            }
            RecordKey::Registration { application, api } => {
                self.applications.unregister(application, api);
                return false;
            }
            RecordKey::Credential { digest } => {
                self.credentials.remove(&digest);
                return false;
            }
        }
        true
    }

    pub(crate) fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.get(id)
    }

    pub(crate) fn service_named(&self, name: &[u8]) -> Option<&Service> {
        self.services.named(name)
    }

    pub(crate) fn strategy(&self, id: StrategyId) -> Option<&StrategyConfig> {
        self.services.strategy(id)
    }

    pub(crate) fn strategies(&self) -> impl Iterator<Item = &StrategyConfig> {
        self.services.strategies()
    }

    pub(crate) fn route(&self, request: &Request<'_>) -> Routed {
        routes::resolve(self.services.routes(), request)
    }

    pub(crate) fn application_at(&self, slot: u32) -> Option<&Application> {
        self.applications.get(slot)
    }

    /// Whether the application is known here and active.
    #[must_use]
    pub fn is_active(&self, id: ApplicationId) -> bool {
        let facts = self.applications.find(id).and_then(|known| known.facts.as_ref());
        facts.is_some_and(|facts| facts.active)
    }

    pub(crate) fn credential(&self, digest: &Digest, scheme: Scheme) -> Option<&Entry> {
        self.credentials.find(digest, scheme)
    }

    /// Differs from the epoch of every policy whose strategies, services or publications are
    /// others: what was concluded under another epoch must be concluded again. Credentials,
    /// applications and registrations have no part in it.
    pub(crate) const fn strategies_epoch(&self) -> u64 {
        self.services.epoch()
    }

    pub(crate) fn imported_id(&self, digest: &Digest) -> Option<CredentialId> {
        self.credentials.imported_id(digest)
    }

    pub(crate) const fn has_imported_keys(&self) -> bool {
        self.credentials.has_imported()
    }

    pub(crate) const fn has_sha256_keys(&self) -> bool {
        self.credentials.has_sha256()
    }

    /// Carries over what `older` learned by serving.
    pub(crate) fn remember(&self, older: &Self) {
        self.credentials.remember_uses(&older.credentials);
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("gateway", &self.gateway)
            .field("revision", &self.revision)
            .field("credentials", &self.credentials.len())
            .finish_non_exhaustive()
    }
}

/// Builds a policy from the records of a snapshot, which come in the order of their kinds.
#[derive(Debug)]
pub(crate) struct PolicyLoader {
    policy: Policy,
    credentials: CredentialLoader,
    last: (u8, Option<Digest>),
}

impl PolicyLoader {
    pub(crate) fn new(manifest: &Manifest, methods: Methods) -> Self {
        let mut policy =
            Policy::empty(manifest.gateway, manifest.revision, manifest.issued_at, methods);
        policy.applications = Applications::with_expected(manifest.applications);
        // The index is sized by what the pages can hold at most, whatever the manifest says.
        let bytes: u64 = manifest.pages.iter().map(|page| u64::from(page.length)).sum();
        let possible = u32::try_from(bytes / 64).unwrap_or(u32::MAX);
        let credentials = CredentialLoader::new(manifest.credentials.min(possible));
        Self { policy, credentials, last: (0, None) }
    }

    /// Adds the next record; false when it is out of order.
    pub(crate) fn push(&mut self, record: Record) -> bool {
        let digest = match &record {
            Record::Credential(credential) => Some(credential.digest),
            _ => None,
        };
        let place = (record.kind(), digest);
        if place < self.last || (digest.is_some() && place == self.last) {
            return false;
        }
        self.last = place;
        if let Record::Credential(credential) = record {
            let slot = self.policy.applications.slot(credential.application);
            self.credentials.push(&credential, slot);
        } else {
            self.policy.put(record);
        }
        true
    }

    pub(crate) fn finish(self) -> Policy {
        let mut policy = self.policy;
        policy.credentials = self.credentials.finish();
        policy.services.link();
        policy
    }
}
