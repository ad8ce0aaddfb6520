//! Services, what is published behind them, and under which strategies.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::sorted::SortedMap;
use crate::check::{Challenge, Methods, StrategyConfig};
use crate::id::{ApiId, PortalId, RouteId, ServiceId, StrategyId};
use crate::snapshot::record::{self, Route};

/// A strategy, compiled by the method it names.
#[derive(Clone, Debug)]
pub(crate) struct Strategy {
    pub(crate) id: StrategyId,
    pub(crate) config: StrategyConfig,
}

/// A publication as the check sees it.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) api: ApiId,
    pub(crate) portal: PortalId,
    /// `None` when the API is open by an admin's word.
    pub(crate) strategy: Option<Strategy>,
}

/// A service with everything that is published behind it.
#[derive(Debug, Default)]
pub(crate) struct Service {
    pub(crate) publications: Vec<Publication>,
    /// Every header in which a key may come, lower case, each once.
    pub(crate) key_names: Vec<Box<[u8]>>,
    /// What a client may present.
    pub(crate) challenge: Challenge,
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
}

impl Services {
    pub(crate) fn put_strategy(&mut self, strategy: &record::Strategy, methods: Methods) {
        let config = methods
            .iter()
            .find_map(|method| method.compile(&strategy.method))
            .unwrap_or(StrategyConfig::Absent);
        self.strategies.insert(strategy.id, Strategy { id: strategy.id, config });
    }

    pub(crate) fn remove_strategy(&mut self, id: StrategyId) {
        self.strategies.remove(&id);
    }

    pub(crate) fn put_service(&mut self, service: record::Service) {
        self.names.insert(service.id, service.name);
    }

    pub(crate) fn remove_service(&mut self, id: ServiceId) {
        self.names.remove(&id);
    }

    pub(crate) fn put_route(&mut self, route: Route) {
        self.routes.insert(route.id, route);
    }

    pub(crate) fn remove_route(&mut self, id: RouteId) {
        self.routes.remove(&id);
    }

    pub(crate) fn put_publication(&mut self, publication: record::Publication) {
        self.publications.insert((publication.api, publication.portal), publication);
    }

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

    /// Makes the tables of services anew. A publication whose strategy is not there refuses.
    pub(crate) fn link(&mut self) {
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
                let absent = Strategy { id, config: StrategyConfig::Absent };
                self.strategies.get(&id).cloned().unwrap_or(absent)
            });
            if let Some(Strategy { config: StrategyConfig::KeyAuth(names), .. }) = &strategy {
                service.challenge.key = true;
                for name in names.iter() {
                    if !service.key_names.contains(name) {
                        service.key_names.push(name.clone());
                    }
                }
            }
            let (api, portal) = (publication.api, publication.portal);
            service.publications.push(Publication { api, portal, strategy });
        }
    }
}
