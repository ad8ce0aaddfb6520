//! What single change would allow a refused request. Each is tried before it is told.

use std::collections::BTreeMap;

use gatekey_core::check::{Denial, Refusal};
use gatekey_core::digest::Digest;
use gatekey_core::id::{ApiId, ApplicationId, RouteId, ServiceId, StrategyId};
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::oidc::settings::Settings;
use gatekey_core::snapshot::record::{
    Application, Credential, Publication, Registration, Route, Scheme, Service, Strategy,
    StrategyMethod, UNDISCOVERED_METHOD,
};
use gatekey_core::snapshot::{Change, Record, RecordKey};

use super::Bench;
use super::request::Asked;

/// The most remedies that are told.
const MOST: usize = 5;

/// The records of a snapshot, by kind.
#[derive(Debug, Default)]
pub(super) struct Facts<'r> {
    strategies: BTreeMap<StrategyId, &'r Strategy>,
    services: Vec<&'r Service>,
    publications: Vec<&'r Publication>,
    applications: BTreeMap<ApplicationId, &'r Application>,
    registrations: BTreeMap<(ApplicationId, ApiId), &'r Registration>,
    credentials: Vec<&'r Credential>,
}

impl<'r> Facts<'r> {
    pub(super) fn of(records: &'r [Record]) -> Self {
        let mut facts = Self::default();
        for record in records {
            match record {
                Record::Strategy(strategy) => {
                    facts.strategies.insert(strategy.id, strategy);
                }
                Record::Service(service) => facts.services.push(service),
                Record::Route(_) => {}
                Record::Publication(publication) => facts.publications.push(publication),
                Record::Application(application) => {
                    facts.applications.insert(application.id, application);
                }
                Record::Registration(registration) => {
                    let pair = (registration.application, registration.api);
                    facts.registrations.insert(pair, registration);
                }
                Record::Credential(credential) => facts.credentials.push(credential),
            }
        }
        facts
    }

    pub(super) fn application(&self, id: ApplicationId) -> Option<&'r Application> {
        self.applications.get(&id).copied()
    }

    /// What identity provider a strategy believes, if it is of that kind: its issuer, or what is
    /// wrong with its settings.
    pub(super) fn provider(&self, id: StrategyId) -> Option<String> {
        let strategy = self.strategies.get(&id)?;
        match &strategy.method {
            StrategyMethod::OpenIdConnect { settings } => Some(match Settings::parse(settings) {
                Ok(settings) => format!("OpenID Connect with {}", settings.issuer),
                Err(fault) => format!("OpenID Connect, refused: {fault}"),
            }),
            StrategyMethod::Other { name, settings } if name == UNDISCOVERED_METHOD => {
                let issuer = String::from_utf8_lossy(settings);
                Some(format!("OpenID Connect with {issuer}, not discovered yet"))
            }
            StrategyMethod::Other { .. } | StrategyMethod::KeyAuth { .. } => None,
        }
    }

    /// The headers in which an application may present its key.
    fn key_names(&self, application: &Application) -> &'r [String] {
        match self.strategies.get(&application.strategy).map(|strategy| &strategy.method) {
            Some(StrategyMethod::KeyAuth { key_names }) => key_names,
            _ => &[],
        }
    }

    /// The headers of a request that hold keys that are known, and whose keys they are.
    fn presented(&self, asked: &Asked, bench: &Bench) -> Vec<(usize, &'r Credential)> {
        let mut found = Vec::new();
        for (at, field) in asked.fields().iter().enumerate() {
            let value = field.value.expose().as_bytes();
            let peppers = bench.settings.peppers.iter();
            let digests = peppers
                .map(|pepper| (pepper.digest(value), Scheme::HmacSha256))
                .chain([(Digest::sha256(value), Scheme::Sha256)]);
            for (digest, scheme) in digests {
                // Credentials come in the order of their digests.
                let place = self.credentials.binary_search_by(|known| known.digest.cmp(&digest));
                let known = place.ok().and_then(|place| self.credentials.get(place));
                if let Some(known) = known.filter(|known| known.scheme == scheme) {
                    found.push((at, *known));
                }
            }
        }
        found
    }
}

/// What would allow the request, in words.
pub(super) fn remedies(
    facts: &Facts<'_>,
    refusal: &Refusal,
    asked: &Asked,
    bench: &mut Bench,
) -> Vec<String> {
    let mut told = Vec::new();
    match refusal.denial {
        Denial::StalePolicy => {
            let limit = core::mem::replace(&mut bench.settings.staleness.max_seconds, u64::MAX);
            if bench.check(asked).is_ok() {
                told.push("fetch a newer snapshot that says the same".into());
            }
            bench.settings.staleness.max_seconds = limit;
        }
        Denial::IssuerUndiscovered => {
            if let Some(id) = refusal.strategy {
                let path = format!("/v2/application-auth-strategies/{id}");
                told.push(format!(
                    "see why with `GET {path}/discovery`, then `POST {path}/verify`"
                ));
            }
        }
        Denial::AddressUnknown if bench.client.0.is_none() => {
            told.push("say where the client is, with `--client-address`".into());
        }
        Denial::UnknownService => other_services(facts, asked, bench, &mut told),
        Denial::UnknownRoute => routes(facts, asked, bench, &mut told),
        Denial::NoCredential
        | Denial::WrongHeader
        | Denial::DuplicateCredential
        | Denial::AmbiguousCredential => headers(facts, asked, bench, &mut told),
        _ => {}
    }
    for (change, undo, says) in changes(facts, refusal, asked, bench) {
        if bench.would_allow(asked, change, undo) {
            told.push(says);
        }
    }
    told.truncate(MOST);
    told
}

fn other_services(facts: &Facts<'_>, asked: &Asked, bench: &mut Bench, told: &mut Vec<String>) {
    let configured = bench.settings.service.take();
    for service in &facts.services {
        bench.settings.service = Some(service.name.as_str().into());
        if bench.check(asked).is_ok() {
            told.push(format!("name the service `{}` instead", service.name));
        }
    }
    bench.settings.service = None;
    if bench.check(asked).is_ok() {
        told.push("name no service: the routes find the right one".into());
    }
    bench.settings.service = configured;
}

fn routes(facts: &Facts<'_>, asked: &Asked, bench: &mut Bench, told: &mut Vec<String>) {
    let path = asked.path.split('?').next().unwrap_or_default();
    for service in &facts.services {
        let id = RouteId::from_bytes([0xff; 16]);
        let route = Route {
            id,
            service: service.id,
            hosts: Vec::new(),
            paths: vec![path.to_owned()],
            methods: Vec::new(),
            headers: Vec::new(),
        };
        let undo = Change::Delete(RecordKey::Route { id });
        if bench.would_allow(asked, Change::Put(route.into()), undo) {
            told.push(format!(
                "give the service `{}` a route that matches the path `{path}`",
                service.name
            ));
        }
    }
}

fn headers(facts: &Facts<'_>, asked: &Asked, bench: &Bench, told: &mut Vec<String>) {
    for (at, credential) in facts.presented(asked, bench) {
        let Some(application) = facts.application(credential.application) else { continue };
        let names = facts.key_names(application);
        let Some(field) = asked.fields().get(at) else { continue };
        for name in names.iter().filter(|name| !name.eq_ignore_ascii_case(&field.name)) {
            if bench.check(&asked.renamed(at, name)).is_ok() {
                told.push(format!("send the key in the header `{name}`"));
            }
        }
        let all: Vec<_> = facts
            .strategies
            .values()
            .filter_map(|strategy| match &strategy.method {
                StrategyMethod::KeyAuth { key_names } => Some(key_names),
                StrategyMethod::OpenIdConnect { .. } | StrategyMethod::Other { .. } => None,
            })
            .flatten()
            .map(String::as_str)
            .collect();
        if bench.check(&asked.with_only(at, &all)).is_ok() {
            told.push(format!("send only the key of credential {}", credential.id));
        }
    }
}

type Candidate = (Change, Change, String);

/// Changes of the policy that may help, each with what takes it back.
fn changes(facts: &Facts<'_>, refusal: &Refusal, asked: &Asked, bench: &Bench) -> Vec<Candidate> {
    let mut found = Vec::new();
    let presented = facts.presented(asked, bench);
    if refusal.denial == Denial::ExpiredCredential {
        for (_, credential) in &presented {
            let lasting = Credential { expires_at: None, ..(*credential).clone() };
            let says = format!("give the credential {} a longer life", credential.id);
            found.push((put(lasting), put((*credential).clone()), says));
        }
    }
    let owner = presented.first().map(|(_, credential)| credential.application);
    let Some(application) = refusal.application.or(owner).and_then(|id| facts.application(id))
    else {
        return found;
    };
    if !application.active {
        let active = Application { active: true, ..application.clone() };
        let says = format!("activate the application {:?}", application.name);
        found.push((put(active), put(application.clone()), says));
    }
    if let Some(address) = bench.client.0
        && refusal.denial == Denial::AddressRefused
        && let Ok(network) = address.to_string().parse()
    {
        let mut wider = application.clone();
        wider.networks.push(network);
        let says = format!(
            "add {network} to the networks of the application {:?}: it has {}",
            application.name,
            application.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        );
        found.push((put(wider), put(application.clone()), says));
    }
    for publication in &facts.publications {
        register(facts, application, publication, &mut found);
        publish(application, publication, &mut found);
    }
    unpublished(facts, application, &mut found);
    found
}

fn register(
    facts: &Facts<'_>,
    application: &Application,
    publication: &Publication,
    found: &mut Vec<Candidate>,
) {
    let pair = (application.id, publication.api);
    let approved = Registration::new(pair.0, pair.1, RegistrationStatus::Approved);
    let known = facts.registrations.get(&pair).copied();
    let verb = match known.map(|registration| registration.status) {
        None => "register and approve",
        Some(RegistrationStatus::Approved) => return,
        Some(_) => "approve the registration of",
    };
    let says =
        format!("{verb} the application {:?} for the API {}", application.name, publication.api);
    let undo = match known {
        Some(known) => put(known.clone()),
        None => Change::Delete(RecordKey::Registration { application: pair.0, api: pair.1 }),
    };
    found.push((put(approved), undo, says));
}

/// The publication under the application's own strategy.
fn publish(application: &Application, publication: &Publication, found: &mut Vec<Candidate>) {
    if publication.strategy == Some(application.strategy) {
        return;
    }
    let other = Publication { strategy: Some(application.strategy), ..publication.clone() };
    let says = format!(
        "publish the API {} with the strategy {} of the application {:?}",
        publication.api, application.strategy, application.name
    );
    found.push((put(other), put(publication.clone()), says));
}

/// The APIs that the application may call, behind services where nothing is published.
fn unpublished(facts: &Facts<'_>, application: &Application, found: &mut Vec<Candidate>) {
    let bare = |service: ServiceId| facts.publications.iter().all(|p| p.service != service);
    let registered = facts.registrations.values().filter(|registration| {
        registration.application == application.id
            && registration.status == RegistrationStatus::Approved
    });
    for registration in registered {
        let elsewhere = facts.publications.iter().any(|p| p.api == registration.api);
        for service in facts.services.iter().filter(|service| !elsewhere && bare(service.id)) {
            let publication = Publication::new(
                registration.api,
                application.portal,
                service.id,
                Some(application.strategy),
            );
            let key = RecordKey::Publication { api: registration.api, portal: application.portal };
            let says = format!(
                "publish the API {} with the service `{}` behind it",
                registration.api, service.name
            );
            found.push((put(publication), Change::Delete(key), says));
        }
    }
}

fn put(record: impl Into<Record>) -> Change {
    Change::Put(record.into())
}
