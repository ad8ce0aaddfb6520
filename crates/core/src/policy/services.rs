//! Services, what is published behind them, and under which strategies.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::sorted::SortedMap;
use crate::check::{Challenge, Methods, StrategyConfig};
use crate::digest::Digest;
use crate::id::{ApiId, PortalId, RouteId, ServiceId, StrategyId};
use crate::snapshot::record::{self, Route};

/// A strategy, compiled by the method it names.
#[derive(Clone, Debug)]
pub(crate) struct Strategy {
    pub(crate) id: StrategyId,
    pub(crate) config: StrategyConfig,
    /// Stands for the record it was made of.
    record: Digest,
}

/// A publication as the check sees it.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) api: ApiId,
    pub(crate) portal: PortalId,
    /// `None` when the API is open by an admin's word.
    pub(crate) strategy: Option<Strategy>,
    /// Whether consumers pass without a registration.
    pub(crate) consumers_too: bool,
}

/// A service with everything that is published behind it.
#[derive(Debug, Default)]
pub(crate) struct Service {
    pub(crate) publications: Vec<Publication>,
    /// Every header in which a key may come, lower case, each once.
    pub(crate) key_names: Vec<Box<[u8]>>,
    /// What a client may present.
    pub(crate) challenge: Challenge,
    /// A strategy whose issuer is not known yet.
    pub(crate) undiscovered: Option<StrategyId>,
}

impl Service {
    /// The API that is published behind it, if it is one alone.
    pub(crate) fn only_api(&self) -> Option<ApiId> {
        let api = self.publications.first()?.api;
        self.publications.iter().all(|publication| publication.api == api).then_some(api)
    }
}

impl Strategy {
    /// One that refuses.
    fn absent(id: StrategyId) -> Self {
        Self { id, config: StrategyConfig::Absent, record: Digest::from_bytes([0; 32]) }
    }
}

/// Adds names that are not there yet.
fn add<'n>(known: &mut Vec<Box<[u8]>>, names: impl Iterator<Item = &'n Box<[u8]>>) {
    for name in names {
        if !known.contains(name) {
            known.push(name.clone());
        }
    }
}

/// The records as they came, and the tables made of them.
#[derive(Debug, Default)]
pub(crate) struct Services {
    strategies: SortedMap<StrategyId, Strategy>,
    names: SortedMap<ServiceId, String>,
    routes: SortedMap<RouteId, Route>,
    publications: SortedMap<(ApiId, PortalId), record::Publication>,
    linked: SortedMap<ServiceId, Service>,
    by_name: SortedMap<Box<[u8]>, ServiceId>,
    epoch: u64,
}

impl Services {
    #[cold]
    pub(crate) fn put_strategy(&mut self, strategy: &record::Strategy, methods: Methods) {
        let config = methods
            .iter()
            .find_map(|method| method.compile(&strategy.method))
            .unwrap_or(StrategyConfig::Absent);
        let mut bytes = Vec::new();
        strategy.encode(&mut bytes);
        let record = Digest::sha256(&bytes);
        self.strategies.insert(strategy.id, Strategy { id: strategy.id, config, record });
    }

    #[cold]
    pub(crate) fn remove_strategy(&mut self, id: StrategyId) {
        self.strategies.remove(&id);
    }

    #[cold]
    pub(crate) fn put_service(&mut self, service: record::Service) {
        self.names.insert(service.id, service.name);
    }

    #[cold]
    pub(crate) fn remove_service(&mut self, id: ServiceId) {
        self.names.remove(&id);
    }

    #[cold]
    pub(crate) fn put_route(&mut self, route: Route) {
        self.routes.insert(route.id, route);
    }

    #[cold]
    pub(crate) fn remove_route(&mut self, id: RouteId) {
        self.routes.remove(&id);
    }

    #[cold]
    pub(crate) fn put_publication(&mut self, publication: record::Publication) {
        self.publications.insert((publication.api, publication.portal), publication);
    }

    #[cold]
    pub(crate) fn remove_publication(&mut self, api: ApiId, portal: PortalId) {
        self.publications.remove(&(api, portal));
    }

    pub(crate) fn get(&self, id: ServiceId) -> Option<&Service> {
        self.linked.get(&id)
    }

    /// Finds a service by its name or by the text of its id.
    pub(crate) fn named(&self, name: &[u8]) -> Option<&Service> {
        self.by_name.get(name).and_then(|id| self.get(*id))
    }

    pub(crate) fn routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.values()
    }

    pub(crate) fn strategy(&self, id: StrategyId) -> Option<&StrategyConfig> {
        self.strategies.get(&id).map(|strategy| &strategy.config)
    }

    pub(crate) fn strategies(&self) -> impl Iterator<Item = &StrategyConfig> {
        self.strategies.values().map(|strategy| &strategy.config)
    }

    /// Stands for strategies, services and publications as they are: two tables that differ in
    /// one of them have different epochs, whatever way they came to be.
    pub(crate) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// A digest of the records, in the order of their keys.
    ///
    /// A counter would do as long as nothing but deltas came; a snapshot that is loaded anew
    /// knows nothing of the count of the one before.
    fn fingerprint(&self) -> u64 {
        let mut bytes = Vec::new();
        for strategy in self.strategies.values() {
            bytes.extend_from_slice(strategy.record.as_bytes());
        }
        for (id, name) in self.names.iter() {
            bytes.push(b's');
            record::Service { id: *id, name: name.clone() }.encode(&mut bytes);
        }
        for publication in self.publications.values() {
            bytes.push(b'p');
            publication.encode(&mut bytes);
        }
        let digest = Digest::sha256(&bytes);
        digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    /// Makes the tables of services anew. A publication whose strategy is not there refuses.
    #[cold]
    pub(crate) fn link(&mut self) {
        self.epoch = self.fingerprint();
        self.linked.clear();
        self.by_name.clear();
        let mut ambiguous = Vec::new();
        for (id, name) in self.names.iter() {
            self.linked.insert(*id, Service::default());
            if self.by_name.insert(name.as_bytes().into(), *id) {
                ambiguous.push(name.as_bytes());
            }
        }
        for name in ambiguous {
            self.by_name.remove(name);
        }
        for id in self.names.keys() {
            self.by_name.insert(id.hyphenated().as_slice().into(), *id);
        }
        for publication in self.publications.values() {
            let Some(service) = self.linked.get_mut(&publication.service) else { continue };
            let strategy = publication.strategy.map(|id| {
                self.strategies.get(&id).cloned().unwrap_or_else(|| Strategy::absent(id))
            });
            match strategy.as_ref().map(|strategy| &strategy.config) {
                Some(StrategyConfig::KeyAuth(names)) => {
                    service.challenge.key = true;
                    add(&mut service.key_names, names.iter());
                }
                Some(StrategyConfig::OpenIdConnect(_)) => service.challenge.bearer = true,
                Some(StrategyConfig::Undiscovered) => {
                    service.challenge.bearer = true;
                    service.undiscovered = publication.strategy;
                }
                Some(StrategyConfig::Absent) | None => {}
            }
            let (api, portal) = (publication.api, publication.portal);
            let consumers_too = publication.consumers_too;
            service.publications.push(Publication { api, portal, strategy, consumers_too });
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::check::{Decision, Denial, Env, Memory, Settings, Step};
    use crate::http::{Header, Request};
    use crate::id::{ApplicationId, CredentialId, DeveloperId, GatewayId, Revision};
    use crate::policy::Policy;
    use crate::snapshot::Change;
    use crate::snapshot::record::{Record, RecordKey, StrategyMethod};
    use crate::time::UnixMillis;

    const STRATEGY: StrategyId = StrategyId::from_bytes([1; 16]);
    const SERVICE: ServiceId = ServiceId::from_bytes([2; 16]);
    const API: ApiId = ApiId::from_bytes([3; 16]);
    const PORTAL: PortalId = PortalId::from_bytes([4; 16]);

    fn strategy(leeway: &str) -> Record {
        let settings = alloc::format!(
            r#"{{"issuer": "https://idp.test", "auth_methods": ["bearer"], "leeway": {leeway}}}"#
        );
        let method = StrategyMethod::OpenIdConnect { settings: settings.into_bytes() };
        record::Strategy { id: STRATEGY, method }.into()
    }

    fn publication(strategy: Option<StrategyId>) -> record::Publication {
        record::Publication::new(API, PORTAL, SERVICE, strategy)
    }

    fn records() -> Vec<Record> {
        vec![
            strategy("1"),
            record::Service { id: SERVICE, name: "flights".into() }.into(),
            publication(None).into(),
        ]
    }

    fn policy(records: Vec<Record>) -> Policy {
        let (gateway, now) = (GatewayId::from_bytes([9; 16]), UnixMillis(0));
        let mut policy = Policy::empty(gateway, Revision(1), now, crate::METHODS);
        policy.apply(records.into_iter().map(Change::Put));
        policy
    }

    #[test]
    fn the_epoch_says_what_the_tables_hold_and_not_how_they_came_to_hold_it() {
        let mut changed = policy(records());
        let before = changed.strategies_epoch();
        let mut seen = vec![before, policy(Vec::new()).strategies_epoch()];
        for change in [
            Change::Put(strategy("2")),
            Change::Put(publication(Some(STRATEGY)).into()),
            Change::Put(record::Publication { consumers_too: true, ..publication(None) }.into()),
            Change::Put(record::Service { id: SERVICE, name: "hotels".into() }.into()),
            Change::Delete(RecordKey::Strategy { id: STRATEGY }),
            Change::Delete(RecordKey::Publication { api: API, portal: PORTAL }),
        ] {
            changed.apply([change]);
            let epoch = changed.strategies_epoch();
            assert!(!seen.contains(&epoch));
            seen.push(epoch);
        }
        changed.apply(records().into_iter().map(Change::Put));
        assert_eq!(changed.strategies_epoch(), before);
        let mut reversed = records();
        reversed.reverse();
        assert_eq!(policy(reversed).strategies_epoch(), before, "a snapshot that is loaded anew");
    }

    #[test]
    fn a_strategy_whose_issuer_is_not_known_yet_refuses_and_says_so() {
        let undiscovered = |id, name: &str| {
            let (name, settings) = (name.into(), b"https://idp.test".into());
            Record::from(record::Strategy { id, method: StrategyMethod::Other { name, settings } })
        };
        let publication = |api, strategy| {
            Record::from(record::Publication { api, ..publication(Some(strategy)) })
        };
        let service = || record::Service { id: SERVICE, name: "flights".into() }.into();
        let waiting = || undiscovered(STRATEGY, record::UNDISCOVERED_METHOD);
        let other = StrategyId::from_bytes([8; 16]);
        let settings = Settings { service: Some("flights".into()), ..Settings::default() };
        let denied = |records: Vec<Record>, headers: &[Header<'_>]| {
            let policy = policy(records);
            let env = Env::new(UnixMillis(0).seconds(), &settings);
            let request = Request { method: b"GET", authority: b"", path: b"/", headers };
            match policy.check(&mut Memory::default(), &env, &request) {
                Step::Done(Decision::Deny(refusal)) => {
                    assert!(refusal.challenge.bearer);
                    (refusal.denial, refusal.strategy)
                }
                other => panic!("{other:?}"),
            }
        };
        let token = [Header { name: b"authorization", value: b"Bearer a.b.c" }];
        let alone = || vec![service(), waiting(), publication(API, STRATEGY)];
        for headers in [&[][..], &token] {
            let (denial, strategy) = denied(alone(), headers);
            assert_eq!((denial, strategy), (Denial::IssuerUndiscovered, Some(STRATEGY)));
        }
        let beside = |method| {
            let mut records = alone();
            records.push(record::Strategy { id: other, method }.into());
            records.push(publication(ApiId::from_bytes([9; 16]), other));
            records
        };
        // Beside API keys a request without a token lacks a credential, nothing else.
        let keys = || StrategyMethod::KeyAuth { key_names: vec!["apikey".into()] };
        assert_eq!(denied(beside(keys()), &[]), (Denial::NoCredential, None));
        assert_eq!(denied(beside(keys()), &token).0, Denial::IssuerUndiscovered);
        // Beside a known issuer only a token of an unknown one may be one of this one's.
        let known = || {
            let settings = br#"{"issuer": "https://other.test", "auth_methods": ["bearer"]}"#;
            StrategyMethod::OpenIdConnect { settings: settings.into() }
        };
        assert_eq!(denied(beside(known()), &token).0, Denial::MalformedToken);
        // {"alg":"RS256"} . {"iss":"https://idp.test"}
        let foreign = b"Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkcC50ZXN0In0.AA";
        let foreign = [Header { name: b"authorization", value: foreign }];
        assert_eq!(denied(beside(known()), &foreign).0, Denial::IssuerUndiscovered);
        let absent = vec![service(), undiscovered(STRATEGY, "x"), publication(API, STRATEGY)];
        let policy = policy(absent);
        assert_eq!(policy.service_named(b"flights").unwrap().undiscovered, None);
    }

    #[test]
    fn applications_and_credentials_have_no_part_in_the_epoch() {
        let mut policy = policy(records());
        let before = policy.strategies_epoch();
        let id = ApplicationId::from_bytes([5; 16]);
        let owner = record::Owner::Developer(DeveloperId::from_bytes([6; 16]));
        let application = record::Application::new(id, PORTAL, STRATEGY, owner, "Trips");
        let credential = record::Credential {
            id: CredentialId::from_bytes([7; 16]),
            application: application.id,
            digest: crate::oidc::client_digest(STRATEGY, "https://idp.test", "trips"),
            scheme: record::Scheme::Client,
            expires_at: None,
        };
        policy.apply([application.into(), credential.into()].map(Change::Put));
        assert_eq!(policy.strategies_epoch(), before);
    }
}
