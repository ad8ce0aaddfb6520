//! The naive second implementation: it searches the scenario's own document from one end to the
//! other and shares no decision with the core.
//!
//! It has no indexes, no compiled forms and no state but the document and what it let through.
//!
//! This file is long because what it decides is to be read from the top to the bottom, in one order.

mod json;
mod signature;
mod token;

use core::net::IpAddr;
use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use self::token::{Presented, Settings};
use super::{Subject, fields, tell};
use crate::cast::{hmac, spelled_id};
use crate::document::{
    Application, Credential, KeySource, LimitKind, Name, Policy, Publication, RegistrationStatus,
    Request, Route, Scheme, Step, StrategyMethod, UnknownRoute, WhenStale,
};
use crate::expect::{identity, is_identity};
use crate::names;
use crate::scenario::Scenario;
use crate::transcript::{Asks, Fields, Outcome, Transcript, answer_to, status_of};

/// The longest key that is not of our own format.
const LONGEST_FOREIGN_KEY: usize = 512;

/// The oracle.
#[derive(Clone, Copy, Debug, Default)]
pub struct Oracle;

impl Subject for Oracle {
    fn name(&self) -> &'static str {
        "oracle"
    }

    fn run(&mut self, scenario: &Scenario) -> Transcript {
        let mut world = World {
            scenario,
            policy: scenario.policy.clone(),
            now: scenario.cast.start(),
            issued_at: scenario.cast.start().saturating_sub(scenario.snapshot.issued_seconds_ago),
            let_through: BTreeSet::new(),
            used: Vec::new(),
            client_address: None,
            asks: Asks::default(),
        };
        let mut transcript = Transcript::new();
        for step in &scenario.steps {
            match step {
                Step::Advance(seconds) => world.now += seconds,
                Step::Delta(changes) => {
                    for change in changes {
                        world.policy.change(change);
                        world.forget_the_gone();
                    }
                    world.issued_at = world.issued_at.max(world.now);
                }
                Step::Request(request) => transcript.push(world.answer(request)),
            }
        }
        transcript
    }
}

struct World<'s> {
    scenario: &'s Scenario,
    policy: Policy,
    now: u64,
    issued_at: u64,
    /// The digests of keys that were let through.
    let_through: BTreeSet<[u8; 32]>,
    /// What applications have used up.
    used: Vec<Used>,
    /// Where the client of the present request is.
    client_address: Option<String>,
    /// What the service of the present request asks for.
    asks: Asks,
}

/// What an application has used up of one of its limits.
struct Used {
    application: Name,
    /// The limit's place, kind and window: another one is another limit.
    place: usize,
    kind: LimitKind,
    window: u64,
    /// Of a quota, requests; of a rate, requests times the window, of which each second takes away
    /// as many as the limit has requests.
    level: u64,
    at: u64,
}

/// Why a request is refused: a code, or a scenario that makes no sense.
enum No {
    Code(&'static str),
    Broken(String),
}

impl From<String> for No {
    fn from(why: String) -> Self {
        Self::Broken(why)
    }
}

/// A key that may pass, and the header it came in.
struct Yes {
    identity: Fields,
    key_header: Option<String>,
    /// Headers that only the gateway may set.
    told: Vec<(String, Option<Vec<u8>>)>,
}

impl World<'_> {
    fn answer(&mut self, request: &Request) -> Outcome {
        self.client_address.clone_from(&request.client_address);
        let mut client = match fields(self.scenario, request) {
            Ok(fields) => fields,
            Err(why) => return Outcome::Broken(why),
        };
        match self.decide(request, &client) {
            Ok(yes) => {
                client.retain(|(name, _)| !is_identity(name));
                if self.scenario.gateway.hide_credentials {
                    client.retain(|(name, _)| Some(name) != yes.key_header.as_ref());
                }
                for (name, value) in yes.told {
                    tell(&mut client, &name, value);
                }
                client.sort();
                Outcome::Allowed { identity: yes.identity, client }
            }
            Err(No::Broken(why)) => Outcome::Broken(why),
            Err(No::Code(code)) => match answer_to(code, &self.asks) {
                Some(answer) => Outcome::Denied { code: Some(code.into()), answer },
                None => Outcome::Broken(format!("`{code}` is no code")),
            },
        }
    }

    fn decide(&mut self, request: &Request, headers: &Fields) -> Result<Yes, No> {
        let anybody = || Yes { identity: Fields::new(), key_header: None, told: Vec::new() };
        let gateway = &self.scenario.gateway;
        if self.scenario.snapshot.missing {
            return Err(No::Code("no_policy"));
        }
        let stale = self.now.saturating_sub(self.issued_at) > gateway.staleness.max_seconds;
        if stale && gateway.staleness.then == WhenStale::DenyAll {
            return Err(No::Code("stale_policy"));
        }
        let Some(service) = self.service(request, headers)? else { return Ok(anybody()) };
        let publications = self.policy.publications.iter();
        let mut offers: Vec<_> =
            publications.filter(|known| known.service == service).cloned().collect();
        if offers.is_empty() {
            return Err(No::Code("unpublished"));
        }
        if offers.iter().all(|offer| offer.strategy.is_none()) {
            return Ok(anybody());
        }
        offers.sort_by_key(|offer| {
            (names::id("api", &offer.api), names::id("portal", &offer.portal))
        });
        let key_headers: Vec<String> =
            offers.iter().flat_map(|offer| self.key_headers(offer.strategy.as_ref())).collect();
        let mut strategies: Vec<(Name, Settings)> = Vec::new();
        for offer in &offers {
            if let Some(name) = &offer.strategy
                && strategies.iter().all(|(known, _)| known != name)
                && let Some(settings) = self.token_settings(name)?
            {
                strategies.push((name.clone(), settings));
            }
        }
        self.asks = Asks {
            limit: None,
            key: !key_headers.is_empty(),
            bearer: !strategies.is_empty(),
            scope: None,
            realm: self.scenario.gateway.realm.clone(),
        };
        if key_headers.is_empty() && strategies.is_empty() {
            return Err(No::Code("method_absent"));
        }
        let settings: Vec<_> = strategies.iter().map(|(_, settings)| settings).collect();
        let presented = token::find(&settings, headers);
        let keys: Vec<_> = headers.iter().filter(|(name, _)| key_headers.contains(name)).collect();
        let (header, key) = match keys.as_slice() {
            [(first, _), (second, _), ..] if first == second => {
                return Err(No::Code("duplicate_credential"));
            }
            [_, _, ..] => return Err(No::Code("ambiguous_credential")),
            [(_, key)] if !key.is_empty() && presented != Ok(None) => {
                return Err(No::Code("ambiguous_token"));
            }
            [(header, key)] if !key.is_empty() => (header, key),
            _ => match presented.map_err(No::Code)? {
                Some(presented) => {
                    return self.by_token(&offers, &strategies, &presented, stale);
                }
                None => return Err(No::Code("no_credential")),
            },
        };
        let credential = self.credential(key)?.clone();
        let (header, key) = (header.clone(), key.clone());
        let accepts: Vec<Option<Result<(), &str>>> = offers
            .iter()
            .map(|offer| {
                let names = self.key_headers(offer.strategy.as_ref());
                let right = if names.contains(&header) { Ok(()) } else { Err("wrong_header") };
                (!names.is_empty()).then_some(right)
            })
            .collect();
        let identity = self.admitted(&offers, &credential, &key, stale, &accepts)?;
        Ok(Yes { identity, key_header: Some(header), told: Vec::new() })
    }

    /// What every credential has to pass once it is known whose it is. `accepts` says of each
    /// offer whether its strategy takes the credential as it came; `None` when it never does.
    fn admitted(
        &mut self,
        offers: &[Publication],
        credential: &Credential,
        key: &[u8],
        stale: bool,
        accepts: &[Option<Result<(), &'static str>>],
    ) -> Result<Fields, No> {
        if credential.expires_in_seconds.is_some_and(|seconds| self.at(seconds) <= self.now) {
            return Err(No::Code("expired_credential"));
        }
        let application = self.application(credential)?.clone();
        let mut verdict = Err("not_registered");
        for (offer, accepts) in offers.iter().zip(accepts) {
            if offer.portal != application.portal
                || offer.strategy.as_ref() != Some(&application.strategy)
            {
                continue;
            }
            verdict = match accepts {
                None => continue,
                Some(Err(code)) => Err(*code),
                Some(Ok(())) => match self.registration(&application, &offer.api) {
                    Err("not_registered")
                        if offer.consumers_too && application.consumer.is_some() =>
                    {
                        Ok(&offer.api)
                    }
                    registration => registration.map(|()| &offer.api),
                },
            };
            if verdict.is_ok() {
                break;
            }
        }
        let api = verdict.map_err(No::Code)?.clone();
        let digest = self.scenario.cast.digest(credential)?;
        if stale
            && self.scenario.gateway.staleness.then == WhenStale::DenyNew
            && !self.let_through.contains(&digest)
        {
            return Err(No::Code("stale_policy"));
        }
        self.place(&application).map_err(No::Code)?;
        self.let_through.insert(digest);
        self.count(&application, &api).map_err(No::Code)?;
        let mut registrations = self.policy.registrations.iter();
        let registration =
            registrations.find(|known| known.application == application.name && known.api == api);
        Ok(identity(&application, registration, &api, Self::credential_id(credential, key)))
    }

    /// Whether the client is where the application may call from.
    fn place(&self, application: &Application) -> Result<(), &'static str> {
        if application.networks.is_empty() {
            return Ok(());
        }
        let address = self.client_address.as_ref().and_then(|text| text.parse::<IpAddr>().ok());
        let address = address.ok_or("address_unknown")?.to_canonical();
        let inside = application.networks.iter().any(|network| {
            let (first, length) = network.split_once('/').unwrap_or((network, "128"));
            let bits = |address: IpAddr| -> Vec<bool> {
                let octets = match address {
                    IpAddr::V4(address) => address.octets().to_vec(),
                    IpAddr::V6(address) => address.octets().to_vec(),
                };
                octets
                    .iter()
                    .flat_map(|byte| (0..8).map(move |at| byte >> (7 - at) & 1 == 1))
                    .collect()
            };
            let (Ok(first), Ok(length)) = (first.parse::<IpAddr>(), length.parse::<usize>()) else {
                return false;
            };
            first.is_ipv4() == address.is_ipv4()
                && bits(first).iter().zip(bits(address)).take(length).all(|(a, b)| *a == b)
        });
        if inside { Ok(()) } else { Err("address_refused") }
    }

    /// Counts a request that nothing else refuses, or says which limit is used up.
    fn count(&mut self, application: &Application, api: &str) -> Result<(), &'static str> {
        let mut counted = Vec::new();
        let mut refused: Option<(u64, String, &'static str)> = None;
        for (place, limit) in application.limits.iter().enumerate() {
            if !limit.apis.is_empty() && !limit.apis.iter().any(|known| known == api) {
                continue;
            }
            let (requests, window) = (u64::from(limit.requests), u64::from(limit.window_seconds));
            let known = self.used.iter().find(|used| {
                used.application == application.name
                    && (used.place, used.kind, used.window) == (place, limit.kind, window)
            });
            let (level, at) = known.map_or((0, 0), |used| (used.level, used.at));
            let (level, price, room, wait) = match limit.kind {
                LimitKind::Quota => {
                    let same = at / window == self.now / window;
                    (if same { level } else { 0 }, 1, requests, window - self.now % window)
                }
                LimitKind::Rate => {
                    let room = requests * window;
                    let level = level.saturating_sub((self.now - at) * requests).min(room);
                    (level, window, room, (level + window).saturating_sub(room).div_ceil(requests))
                }
            };
            if level + price > room {
                let (kind, code) = match limit.kind {
                    LimitKind::Rate => ("rate", "rate_limited"),
                    LimitKind::Quota => ("quota", "quota_exhausted"),
                };
                let told = format!("\"{kind}-{}\";q={requests};w={window}", place + 1);
                if refused.as_ref().is_none_or(|(longest, ..)| *longest < wait) {
                    refused = Some((wait, told, code));
                }
            }
            let (application, kind) = (application.name.clone(), limit.kind);
            let (level, at) = (level + price, self.now);
            counted.push(Used { application, place, kind, window, level, at });
        }
        if let Some((_, told, code)) = refused {
            self.asks.limit = Some(told);
            return Err(code);
        }
        let limits = application.limits.len();
        self.used.retain(|used| {
            used.application != application.name
                || used.place < limits && counted.iter().all(|new| new.place != used.place)
        });
        self.used.append(&mut counted);
        Ok(())
    }

    /// The settings of a strategy that takes tokens.
    fn token_settings(&self, strategy: &Name) -> Result<Option<Settings>, No> {
        let known = self.policy.strategies.iter().find(|known| known.name == *strategy);
        let Some(StrategyMethod::OpenIdConnect(method)) = known.map(|known| &known.method) else {
            return Ok(None);
        };
        let settings = Settings(method.whole()?);
        if !settings.is_bearer() {
            return Err(No::Broken("the oracle knows bearer tokens only".into()));
        }
        Ok(Some(settings).filter(Settings::is_usable))
    }

    fn by_token(
        &mut self,
        offers: &[Publication],
        strategies: &[(Name, Settings)],
        presented: &Presented,
        stale: bool,
    ) -> Result<Yes, No> {
        if !presented.token.contains(&b'.') {
            let long = presented.token.len() > token::LONGEST_TOKEN;
            return Err(No::Code(if long { "oversized_token" } else { "malformed_token" }));
        }
        let parts = token::parts(&presented.token).map_err(No::Code)?;
        let takes = |settings: &Settings| settings.headers().contains(&presented.header);
        let judges: Vec<_> = strategies.iter().filter(|(_, settings)| takes(settings)).collect();
        // Where nobody else can be meant, a token without an issuer is held against the keys.
        if let ([(_, only)], Err(_) | Ok(None)) = (judges.as_slice(), parts.issuer()) {
            parts.signature(only).map_err(No::Code)?;
        }
        parts.issuer().map_err(No::Code)?.ok_or(No::Code("unknown_issuer"))?;
        let mut refused = None;
        for (strategy, settings) in judges {
            if !parts.is_for(settings) {
                continue;
            }
            match self.by_strategy(offers, strategy, settings, presented, &parts, stale) {
                Err(No::Code(code)) => {
                    if refused.is_none_or(|known| rank(known) < rank(code)) {
                        refused = Some(code);
                    }
                }
                other => return other,
            }
        }
        Err(No::Code(refused.unwrap_or("unknown_issuer")))
    }

    fn by_strategy(
        &mut self,
        offers: &[Publication],
        strategy: &Name,
        settings: &Settings,
        presented: &Presented,
        parts: &token::Parts,
        stale: bool,
    ) -> Result<Yes, No> {
        parts.signature(settings).map_err(No::Code)?;
        let proven = parts.proven(settings, self.now.max(self.issued_at)).map_err(No::Code)?;
        if !proven.in_scope {
            self.asks.scope = settings.first_scope();
            return Err(No::Code("insufficient_scope"));
        }
        let is_client = |known: &&Credential| match &known.key {
            KeySource::Client { strategy: its, issuer, id } => {
                its == strategy && *issuer == settings.issuer() && *id == proven.client
            }
            _ => false,
        };
        let credential = self.policy.credentials.iter().find(is_client);
        let credential = credential.ok_or(No::Code("unknown_client"))?.clone();
        let header = settings.hides().then(|| presented.header.clone());
        let its = |offer: &Publication| offer.strategy.as_ref() == Some(strategy);
        let accepts: Vec<_> = offers.iter().map(|offer| its(offer).then_some(Ok(()))).collect();
        let identity = self.admitted(offers, &credential, &[], stale, &accepts)?;
        Ok(Yes { identity, key_header: header, told: parts.told(settings) })
    }

    /// The second that lies so many seconds after the start, or before it.
    fn at(&self, seconds: i64) -> u64 {
        self.scenario.cast.start().saturating_add_signed(seconds)
    }

    /// The id: the key's own where it spells one, else that of the import.
    fn credential_id(credential: &Credential, key: &[u8]) -> [u8; 16] {
        let issued = matches!(credential.key, KeySource::Issue(_) | KeySource::IssueAs { .. });
        let spelled = core::str::from_utf8(key).ok().filter(|_| issued).and_then(spelled_id);
        spelled.unwrap_or_else(|| names::id("credential", &credential.name))
    }

    /// The service, `None` where requests that belong to none may pass.
    fn service(&self, request: &Request, headers: &Fields) -> Result<Option<String>, No> {
        let gateway = &self.scenario.gateway;
        if let Some(stated) = gateway.service.as_ref().or(request.route_metadata_service.as_ref()) {
            let stated = self.scenario.cast.text(stated)?;
            let services = &self.policy.services;
            let by_id = services
                .iter()
                .find(|service| names::id_text(names::id("service", &service.name)) == stated);
            if let Some(service) = by_id {
                return Ok(Some(service.name.clone()));
            }
            let shown_name = |service: &crate::document::Service| {
                service.shown_as.clone().unwrap_or_else(|| service.name.clone())
            };
            let mut named = services.iter().filter(|service| shown_name(service) == stated);
            return match (named.next(), named.next()) {
                (Some(only), None) => Ok(Some(only.name.clone())),
                _ => Err(No::Code("unknown_service")),
            };
        }
        let path = self.scenario.cast.text(&request.path)?;
        let Some(path) = plain_path(path.as_bytes()) else {
            return Err(No::Code("unknown_route"));
        };
        let mut matching: Vec<_> = self
            .policy
            .routes
            .iter()
            .filter_map(|route| Some((fit(route, request, &path, headers)?, route)))
            .collect();
        matching.sort_by_key(|(fit, _)| core::cmp::Reverse(*fit));
        let Some((best, route)) = matching.first() else {
            return match gateway.unknown_route {
                UnknownRoute::Pass => Ok(None),
                UnknownRoute::Refuse => Err(No::Code("unknown_route")),
            };
        };
        let contested =
            matching.iter().any(|(fit, other)| fit == best && other.service != route.service);
        let there = self.policy.services.iter().any(|service| service.name == route.service);
        if contested || !there {
            return Err(No::Code("unknown_route"));
        }
        Ok(Some(route.service.clone()))
    }

    fn key_headers(&self, strategy: Option<&String>) -> Vec<String> {
        let known = self.policy.strategies.iter().find(|known| Some(&known.name) == strategy);
        match known.map(|known| &known.method) {
            Some(StrategyMethod::KeyAuth(names)) => {
                names.iter().map(|name| name.to_ascii_lowercase()).collect()
            }
            Some(StrategyMethod::OpenIdConnect(_) | StrategyMethod::Other(_)) | None => Vec::new(),
        }
    }

    fn credential(&self, key: &[u8]) -> Result<&Credential, No> {
        let credentials = &self.policy.credentials;
        let imported =
            |known: &&Credential| matches!(known.key, KeySource::Raw(_) | KeySource::Digest(_));
        let foreign = key.len() <= LONGEST_FOREIGN_KEY && credentials.iter().any(|c| imported(&c));
        if !is_well_formed(key) && !foreign {
            return Err(No::Code("malformed_credential"));
        }
        let with = |scheme, digest: [u8; 32]| {
            credentials.iter().find(|known| {
                known.scheme == scheme && self.scenario.cast.digest(known) == Ok(digest)
            })
        };
        for pepper in &self.scenario.gateway.peppers {
            if let Some(known) = with(Scheme::HmacSha256, hmac(pepper, key)?) {
                return Ok(known);
            }
        }
        let plain = with(Scheme::Sha256, Sha256::digest(key).into());
        plain.ok_or(No::Code("unknown_credential"))
    }

    fn application(&self, credential: &Credential) -> Result<&Application, No> {
        let mut applications = self.policy.applications.iter();
        match applications.find(|known| known.name == credential.application) {
            None => Err(No::Code("unknown_application")),
            Some(application) if application.suspended => Err(No::Code("application_suspended")),
            Some(application) => Ok(application),
        }
    }

    fn registration(&self, application: &Application, api: &str) -> Result<(), &'static str> {
        let mut registrations = self.policy.registrations.iter();
        let registration =
            registrations.find(|known| known.application == application.name && known.api == api);
        match registration.map(|registration| registration.status) {
            None => Err("not_registered"),
            Some(RegistrationStatus::Pending) => Err("registration_pending"),
            Some(RegistrationStatus::Approved) => Ok(()),
            Some(RegistrationStatus::Rejected) => Err("registration_rejected"),
            Some(RegistrationStatus::Revoked) => Err("registration_revoked"),
        }
    }

    /// A key that was deleted and comes back is a new one.
    fn forget_the_gone(&mut self) {
        let cast = &self.scenario.cast;
        let known: BTreeSet<_> =
            self.policy.credentials.iter().filter_map(|c| cast.digest(c).ok()).collect();
        self.let_through.retain(|digest| known.contains(digest));
    }
}

/// How far a request got that is refused so.
fn rank(code: &str) -> u8 {
    match status_of(code) {
        Some(403) => 3,
        Some(503) => 2,
        _ => 1,
    }
}

/// How well a route fits, the greater the better: host, path, headers, method.
fn fit(
    route: &Route,
    request: &Request,
    path: &[u8],
    headers: &Fields,
) -> Option<(u8, usize, usize, u8)> {
    let host = bare_host(&request.authority);
    let by_host = match route.hosts.as_slice() {
        [] => 0,
        hosts => hosts.iter().filter_map(|pattern| host_fit(&bare_host(pattern), &host)).max()?,
    };
    let by_path = match route.paths.as_slice() {
        [] => 0,
        paths => {
            let fitting = paths
                .iter()
                .filter(|prefix| prefix.starts_with('/') && path.starts_with(prefix.as_bytes()));
            fitting.map(String::len).max()?
        }
    };
    let by_method = match route.methods.as_slice() {
        [] => 0,
        methods if methods.contains(&request.method) => 1,
        _ => return None,
    };
    for (name, values) in &route.headers {
        let sent: Vec<_> =
            headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).collect();
        let [(_, value)] = sent.as_slice() else { return None };
        if !values.iter().any(|wanted| wanted.as_bytes().eq_ignore_ascii_case(value)) {
            return None;
        }
    }
    Some((by_host, by_path, route.headers.len(), by_method))
}

fn host_fit(pattern: &str, host: &str) -> Option<u8> {
    if pattern == host {
        return Some(3);
    }
    let longer = |part: &str| host.len() > part.len();
    if let Some(end) = pattern.strip_prefix('*') {
        return (longer(end) && host.ends_with(end)).then_some(2);
    }
    let start = pattern.strip_suffix('*')?;
    (longer(start) && host.starts_with(start)).then_some(1)
}

/// The host in lower case, without port and final dot.
fn bare_host(authority: &str) -> String {
    let lower = authority.to_ascii_lowercase();
    let host = match lower.rsplit_once(':') {
        Some((host, _)) if !lower.ends_with(']') => host,
        _ => &lower,
    };
    host.strip_suffix('.').unwrap_or(host).to_owned()
}

/// The decoded path, unless two servers could read it differently.
fn plain_path(target: &[u8]) -> Option<Vec<u8>> {
    let raw = target.split(|byte| *byte == b'?').next()?;
    let mut path = Vec::new();
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        let (byte, width) = match byte {
            b'%' => {
                let byte = names::unhex(core::str::from_utf8(raw.get(at + 1..at + 3)?).ok()?)?;
                let byte = *byte.first()?;
                if b"/\\%?#;".contains(&byte) {
                    return None;
                }
                (byte, 3)
            }
            byte => (*byte, 1),
        };
        if byte.is_ascii_control() || byte == b'\\' || byte == b'#' {
            return None;
        }
        path.push(byte);
        at += width;
    }
    let segments: Vec<_> = path.strip_prefix(b"/")?.split(|byte| *byte == b'/').collect();
    let last = segments.len() - 1;
    for (number, segment) in segments.iter().enumerate() {
        let bare = segment.split(|byte| *byte == b';').next()?;
        let hollow = bare.is_empty() && (number < last || !segment.is_empty());
        if bare == b"." || bare == b".." || hollow {
            return None;
        }
    }
    Some(path)
}

/// Whether bytes have the form of a key of ours and the checksum that belongs to them.
fn is_well_formed(key: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(key) else { return false };
    let words: Vec<_> = text.split('_').collect();
    let [prefix, environment, body] = words.as_slice() else { return false };
    let label = |word: &str| {
        (1..=16).contains(&word.len())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if !label(prefix) || !label(environment) || body.len() != 44 || spelled_id(text).is_none() {
        return false;
    }
    let Some((before, checksum)) = text.split_at_checked(text.len() - 6) else { return false };
    body.chars().all(|c| c.is_ascii_alphanumeric()) && base62(crc32(before.as_bytes())) == checksum
}

/// A number as six base62 characters.
fn base62(mut number: u32) -> String {
    let mut chars = Vec::new();
    for _ in 0..6 {
        let digit = u8::try_from(number % 62).unwrap_or_default();
        chars.push(char::from(match digit {
            0..=9 => b'0' + digit,
            10..=35 => b'A' + digit - 10,
            _ => b'a' + digit - 36,
        }));
        number /= 62;
    }
    chars.iter().rev().collect()
}

/// CRC-32 (ISO-HDLC), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}
