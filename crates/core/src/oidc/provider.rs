//! What is known about identity providers, and the calls to them that are under way.
//!
//! Every answer ends up in a bounded table here; the checks that waited for it then run again and
//! find it. One fetch of a document is under way at a time; a provider that fails is asked less and
//! less; what was fetched before goes on being used up to a stated age.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use super::breaker::Breaker;
use super::cache::Table;
use super::document::Document;
use super::documents::{Discovery, TokenReply, WELL_KNOWN_PLACES, well_known};
use super::fingerprint::Fingerprints;
use super::keys::KeySet;
use super::settings::Settings;
use super::url::Url;
use super::{Answer, CallOut, Notice, Proof, Ticket, introspection};
use crate::check::{CallOuts, Denial, Env};
use crate::digest::Digest;
use crate::id::StrategyId;
use crate::jose::parse_set;
use crate::secret::Secret;
use crate::sync::Method;
use crate::time::UnixTime;

/// The most notices that are kept for the driver.
const MAX_NOTICES: usize = 32;
/// The least time for which a document counts as fresh, whatever its provider says, in seconds.
const LEAST_FRESH_SECONDS: u64 = 30;
/// How many refused tokens are remembered: they have a table of their own, so that nobody can push
/// out good tokens with bad ones.
const REFUSED_ENTRIES: usize = 256;
/// How many token replies are remembered.
const EXCHANGE_ENTRIES: usize = 1024;

/// Everything learned from identity providers.
#[derive(Debug)]
pub(crate) struct Providers {
    known: Vec<Provider>,
    flights: Vec<Flight>,
    last_ticket: u64,
    pub(crate) tokens: Table<Arc<Proof>>,
    pub(crate) refused: Table<Denial>,
    pub(crate) exchanges: Table<Result<Arc<TokenReply>, Denial>>,
    pub(crate) fingerprints: Fingerprints,
    notices: Vec<Notice>,
    /// The tables of strategies for which `tokens` holds.
    epoch: u64,
    max_flights: usize,
}

/// One issuer as one or more strategies describe it.
#[derive(Debug)]
struct Provider {
    id: Digest,
    discovery: Document<Discovery>,
    /// Which of the places for a discovery document is tried.
    place: usize,
    keys: Document<KeySet>,
    fresh_seconds: u64,
    /// Keys that were configured.
    inline: Option<Arc<KeySet>>,
    breaker: Breaker,
}

/// A call whose answer is awaited.
#[derive(Debug)]
struct Flight {
    ticket: Ticket,
    purpose: Purpose,
    settings: Arc<Settings>,
}

/// What a call is for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    Discovery,
    Keys,
    /// What its issuer says about the token with this digest.
    Introspection {
        strategy: StrategyId,
        digest: Digest,
    },
    /// A token reply, remembered under this digest.
    Tokens {
        strategy: StrategyId,
        digest: Digest,
        /// For how long it is remembered at most, in seconds.
        keep_seconds: u64,
    },
}

/// What a check cannot go on without.
#[derive(Debug)]
pub(crate) enum Need {
    Call(Box<CallOut>, Ticket),
    /// Somebody else's call.
    Wait(Ticket),
    Denied(Denial),
}

impl From<Denial> for Need {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl Providers {
    /// What a worker learns, with room for this many tokens and for this many calls at a time.
    pub(crate) fn new(tokens: usize, max_flights: usize) -> Self {
        Self {
            known: Vec::new(),
            flights: Vec::new(),
            last_ticket: 0,
            tokens: Table::new(tokens),
            refused: Table::new(REFUSED_ENTRIES),
            exchanges: Table::new(EXCHANGE_ENTRIES),
            fingerprints: Fingerprints::default(),
            notices: Vec::new(),
            epoch: 0,
            max_flights,
        }
    }

    /// Drops what was found out under other strategies.
    pub(crate) fn enter(&mut self, epoch: u64) {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.tokens.clear();
            self.refused.clear();
        }
    }

    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        mem::take(&mut self.notices)
    }

    fn note(&mut self, notice: Notice) {
        if self.notices.len() < MAX_NOTICES {
            self.notices.push(notice);
        }
    }

    fn provider(&mut self, settings: &Settings) -> usize {
        let is_it = |provider: &Provider| provider.id == settings.provider;
        if let Some(at) = self.known.iter().position(is_it) {
            return at;
        }
        self.known.push(Provider {
            id: settings.provider,
            discovery: Document::default(),
            place: 0,
            keys: Document::default(),
            fresh_seconds: u64::from(settings.jwks_max_age_seconds),
            inline: None,
            breaker: Breaker::default(),
        });
        self.known.len() - 1
    }

    fn at(&mut self, settings: &Settings) -> Option<&mut Provider> {
        let at = self.provider(settings);
        self.known.get_mut(at)
    }

    /// The keys to verify a token with.
    pub(crate) fn keys(
        &mut self,
        settings: &Arc<Settings>,
        env: &Env<'_>,
    ) -> Result<Arc<KeySet>, Need> {
        if let Some(keys) = self.keys_at_hand(settings, env) {
            return Ok(keys);
        }
        let place = self.jwks_place(settings, env)?;
        Err(self.fetch(settings, env, Purpose::Keys, &place))
    }

    /// The keys to verify a token with, if they are here.
    pub(crate) fn keys_at_hand(
        &mut self,
        settings: &Arc<Settings>,
        env: &Env<'_>,
    ) -> Option<Arc<KeySet>> {
        let provider = self.at(settings)?;
        if let Some(jwks) = &settings.jwks {
            let keys =
                provider.inline.get_or_insert_with(|| Arc::new(KeySet::new(jwks, env.crypto)));
            return Some(Arc::clone(keys));
        }
        provider.keys.value(env.now, settings.oldest_seconds()).map(Arc::clone)
    }

    /// Has the keys fetched anew because a token names one that is not among them.
    pub(crate) fn newer_keys(&mut self, settings: &Arc<Settings>, env: &Env<'_>) -> Need {
        if settings.jwks.is_some() {
            return Need::Denied(Denial::UnknownKey);
        }
        let place = match self.jwks_place(settings, env) {
            Ok(place) => place,
            Err(need) => return need,
        };
        match self.fetch(settings, env, Purpose::Keys, &place) {
            // They were fetched a moment ago, and it was not among them.
            Need::Denied(_) => Need::Denied(Denial::UnknownKey),
            need => need,
        }
    }

    fn jwks_place(&mut self, settings: &Arc<Settings>, env: &Env<'_>) -> Result<Url, Need> {
        match &settings.jwks_endpoint {
            Some(place) => Ok(place.clone()),
            None => {
                let discovery = self.discovery(settings, env)?;
                discovery.jwks_uri.clone().ok_or(Need::Denied(Denial::KeysUnavailable))
            }
        }
    }

    /// What the provider says about itself.
    pub(crate) fn discovery(
        &mut self,
        settings: &Arc<Settings>,
        env: &Env<'_>,
    ) -> Result<Arc<Discovery>, Need> {
        let provider = self.at(settings).ok_or(Denial::KeysUnavailable)?;
        if let Some(discovery) = provider.discovery.value(env.now, settings.oldest_seconds()) {
            return Ok(Arc::clone(discovery));
        }
        let place = provider.discovery_place(settings);
        Err(self.fetch(settings, env, Purpose::Discovery, &place))
    }

    /// An endpoint: as configured, or as discovered.
    pub(crate) fn endpoint(
        &mut self,
        settings: &Arc<Settings>,
        env: &Env<'_>,
        configured: Option<&Url>,
        discovered: impl FnOnce(&Discovery) -> Option<&Url>,
    ) -> Result<Url, Need> {
        if let Some(url) = configured {
            return Ok(url.clone());
        }
        let discovery = self.discovery(settings, env)?;
        discovered(&discovery).cloned().ok_or(Need::Denied(Denial::ProviderInvalid))
    }

    /// Fetches a document for a request, or says what it waits for.
    fn fetch(
        &mut self,
        settings: &Arc<Settings>,
        env: &Env<'_>,
        purpose: Purpose,
        place: &Url,
    ) -> Need {
        let pause = u64::from(settings.rediscovery_lifetime_seconds);
        let shared = env.settings.call_outs == CallOuts::Shared;
        let Some(provider) = self.at(settings) else {
            return Need::Denied(Denial::KeysUnavailable);
        };
        let (under_way, may_fetch) = match purpose {
            Purpose::Discovery => {
                provider.discovery.want();
                (provider.discovery.under_way(), provider.discovery.may_fetch(env.now, pause))
            }
            _ => {
                provider.keys.want();
                (provider.keys.under_way(), provider.keys.may_fetch(env.now, pause))
            }
        };
        match under_way {
            Some(ticket) if shared => Need::Wait(ticket),
            None if shared && may_fetch => match self.begin_document(settings, env, purpose, place)
            {
                Some((call, ticket)) => Need::Call(Box::new(call), ticket),
                None => Need::Denied(Denial::KeysUnavailable),
            },
            // Elsewhere documents come by the clock alone.
            _ => Need::Denied(Denial::KeysUnavailable),
        }
    }

    fn begin_document(
        &mut self,
        settings: &Arc<Settings>,
        env: &Env<'_>,
        purpose: Purpose,
        place: &Url,
    ) -> Option<(CallOut, Ticket)> {
        let mut call = call_to(settings, place);
        call.document =
            Some(Digest::sha256([&*call.upstream, "\n", &call.path].concat().as_bytes()));
        let is_discovery = matches!(purpose, Purpose::Discovery);
        let ticket = self.take_off(settings, purpose)?;
        let provider = self.at(settings)?;
        call.newer_than = if is_discovery {
            provider.discovery.begin(ticket, env.now);
            provider.discovery.fetched_at()
        } else {
            provider.keys.begin(ticket, env.now);
            provider.keys.fetched_at()
        };
        Some((call, ticket))
    }

    fn take_off(&mut self, settings: &Arc<Settings>, purpose: Purpose) -> Option<Ticket> {
        if self.flights.len() >= self.max_flights {
            return None;
        }
        self.last_ticket = self.last_ticket.wrapping_add(1);
        let ticket = Ticket(self.last_ticket);
        self.flights.push(Flight { ticket, purpose, settings: Arc::clone(settings) });
        Some(ticket)
    }

    /// Asks a provider something about one request, or waits for who already asks.
    pub(crate) fn ask(
        &mut self,
        settings: &Arc<Settings>,
        env: &Env<'_>,
        purpose: Purpose,
        call: CallOut,
    ) -> Need {
        if env.settings.call_outs == CallOuts::Never {
            return Need::Denied(Denial::MethodAbsent);
        }
        let same = |flight: &&Flight| flight.purpose.is_same(&purpose);
        if let (CallOuts::Shared, Some(flight)) =
            (env.settings.call_outs, self.flights.iter().find(same))
        {
            return Need::Wait(flight.ticket);
        }
        if !self.at(settings).is_some_and(|provider| provider.breaker.admits(env.now)) {
            return Need::Denied(Denial::ProviderUnavailable);
        }
        match self.take_off(settings, purpose) {
            Some(ticket) => Need::Call(Box::new(call), ticket),
            None => Need::Denied(Denial::TooManyWaiting),
        }
    }

    /// The next document that is due, for whoever keeps things up.
    pub(crate) fn upkeep(
        &mut self,
        env: &Env<'_>,
        settings: &Arc<Settings>,
    ) -> Option<(CallOut, Ticket)> {
        let pause = u64::from(settings.rediscovery_lifetime_seconds);
        let provider = self.at(settings)?;
        let fresh = provider.fresh_seconds;
        if settings.needs_discovery()
            && provider.discovery.is_due(env.now, fresh)
            && provider.discovery.may_fetch(env.now, pause)
        {
            let place = provider.discovery_place(settings);
            return self.begin_document(settings, env, Purpose::Discovery, &place);
        }
        let due = settings.needs_keys()
            && provider.keys.is_due(env.now, fresh)
            && provider.keys.may_fetch(env.now, pause);
        if !due {
            return None;
        }
        let known = provider.discovery.value(env.now, u64::MAX);
        let place = match &settings.jwks_endpoint {
            Some(place) => place.clone(),
            None => known?.jwks_uri.clone()?,
        };
        self.begin_document(settings, env, Purpose::Keys, &place)
    }

    /// Drops what is known of providers that no strategy names any more.
    pub(crate) fn retain(&mut self, named: impl Fn(&Digest) -> bool) {
        self.known.retain(|provider| named(&provider.id));
    }

    /// Takes the answer to a call; `None` when there is none.
    pub(crate) fn settle(&mut self, env: &Env<'_>, ticket: Ticket, answer: Option<&Answer<'_>>) {
        let Some(at) = self.flights.iter().position(|flight| flight.ticket == ticket) else {
            return;
        };
        let Flight { purpose, settings, .. } = self.flights.swap_remove(at);
        let outcome = match &purpose {
            Purpose::Discovery => self.settle_discovery(env, &settings, answer),
            Purpose::Keys => self.settle_keys(env, &settings, answer),
            Purpose::Introspection { strategy, digest } => {
                self.settle_introspection(env, &settings, *strategy, digest, ticket, answer)
            }
            Purpose::Tokens { strategy, digest, keep_seconds } => {
                self.settle_tokens(env, *strategy, digest, *keep_seconds, ticket, answer)
            }
        };
        let Some(provider) = self.at(&settings) else { return };
        match outcome {
            Ok(()) => {
                if provider.breaker.succeed() {
                    self.note(Notice::CircuitClosed);
                }
            }
            Err(notice) => {
                let opened = provider.breaker.fail(env.now);
                self.note(notice);
                if opened {
                    self.note(Notice::CircuitOpened);
                }
            }
        }
    }

    fn settle_discovery(
        &mut self,
        env: &Env<'_>,
        settings: &Settings,
        answer: Option<&Answer<'_>>,
    ) -> Result<(), Notice> {
        let Some(provider) = self.at(settings) else { return Ok(()) };
        let found = match answer {
            Some(Answer { status: 200, body, .. }) => Discovery::parse(body, &settings.issuer)
                .map(|discovery| (discovery, *body))
                .map_err(|_| Notice::ProviderInvalid),
            _ => Err(Notice::ProviderFailed),
        };
        match found {
            Ok((discovery, body)) => {
                provider.discovery.accept(body, discovery, env.now);
                Ok(())
            }
            Err(notice) => {
                // There may be a document at the other place.
                provider.place = provider.place.wrapping_add(1);
                let asked = answer.is_some_and(|answer| answer.status == 404);
                if asked && provider.place % WELL_KNOWN_PLACES != 0 {
                    provider.discovery.retry_at_once();
                    return Ok(());
                }
                provider.discovery.fail();
                Err(notice)
            }
        }
    }

    fn settle_keys(
        &mut self,
        env: &Env<'_>,
        settings: &Settings,
        answer: Option<&Answer<'_>>,
    ) -> Result<(), Notice> {
        let found = match answer {
            Some(answer @ Answer { status: 200, body, .. }) => parse_set(body)
                .map(|jwks| (KeySet::new(&jwks, env.crypto), *answer))
                .map_err(|_| Notice::ProviderInvalid),
            _ => Err(Notice::ProviderFailed),
        };
        let most = u64::from(settings.jwks_max_age_seconds).max(LEAST_FRESH_SECONDS);
        let Some(provider) = self.at(settings) else { return Ok(()) };
        match found {
            Ok((keys, answer)) if !keys.is_empty() => {
                let said = answer.max_age_seconds.unwrap_or(most);
                provider.fresh_seconds = said.clamp(LEAST_FRESH_SECONDS, most);
                // Nothing was verified with keys that were not there.
                let first = provider.keys.is_empty();
                if provider.keys.accept(answer.body, keys, env.now) && !first {
                    // What others said about theirs still holds.
                    self.tokens.retain(|proof| proof.provider != settings.provider);
                    self.refused.clear();
                    self.note(Notice::KeysChanged);
                }
                Ok(())
            }
            Ok(_) => {
                provider.keys.fail();
                Err(Notice::ProviderInvalid)
            }
            Err(notice) => {
                provider.keys.fail();
                Err(notice)
            }
        }
    }

    fn settle_introspection(
        &mut self,
        env: &Env<'_>,
        settings: &Settings,
        strategy: StrategyId,
        digest: &Digest,
        ticket: Ticket,
        answer: Option<&Answer<'_>>,
    ) -> Result<(), Notice> {
        let verdict = introspection::verdict(answer, settings, strategy, env.now);
        let ticket = Some(ticket);
        match verdict {
            Ok(proof) => {
                let until = if settings.cache_introspection {
                    let most = env.now.plus_seconds(u64::from(settings.cache_ttl_seconds));
                    proof.expires_at.map_or(most, |end| most.min(end))
                } else {
                    UnixTime(0)
                };
                self.tokens.put(*digest, strategy, until, ticket, Arc::new(proof));
                Ok(())
            }
            Err(denial) => {
                let about_provider = denial.status() == 503;
                let until = if about_provider || !settings.cache_introspection {
                    UnixTime(0)
                } else {
                    env.now.plus_seconds(u64::from(settings.cache_ttl_neg_seconds))
                };
                self.refused.put(*digest, strategy, until, ticket, denial);
                match denial {
                    Denial::ProviderInvalid => Err(Notice::ProviderInvalid),
                    _ if about_provider => Err(Notice::ProviderFailed),
                    _ => Ok(()),
                }
            }
        }
    }

    fn settle_tokens(
        &mut self,
        env: &Env<'_>,
        strategy: StrategyId,
        digest: &Digest,
        keep_seconds: u64,
        ticket: Ticket,
        answer: Option<&Answer<'_>>,
    ) -> Result<(), Notice> {
        let (verdict, keep, outcome) = match answer {
            Some(Answer { status: 200, body, .. }) => match TokenReply::parse(body) {
                Ok(reply) => {
                    let keep = reply.expires_in_seconds.unwrap_or(keep_seconds).min(keep_seconds);
                    (Ok(Arc::new(reply)), keep, Ok(()))
                }
                Err(_) => (Err(Denial::ProviderInvalid), 0, Err(Notice::ProviderInvalid)),
            },
            // RFC 6749 5.2; some servers say 403.
            Some(Answer { status: 400 | 401 | 403, .. }) => {
                (Err(Denial::CredentialsRefused), keep_seconds.min(10), Ok(()))
            }
            _ => (Err(Denial::ProviderUnavailable), 0, Err(Notice::ProviderFailed)),
        };
        let until = if keep == 0 { UnixTime(0) } else { env.now.plus_seconds(keep) };
        self.exchanges.put(*digest, strategy, until, Some(ticket), verdict);
        outcome
    }
}

impl Purpose {
    /// Whether the answer to one call serves the other.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Introspection { strategy: a, digest: x },
                Self::Introspection { strategy: b, digest: y },
            )
            | (
                Self::Tokens { strategy: a, digest: x, .. },
                Self::Tokens { strategy: b, digest: y, .. },
            ) => a == b && x == y,
            _ => false,
        }
    }
}

impl Provider {
    fn discovery_place(&self, settings: &Settings) -> Url {
        well_known(&settings.issuer_url, self.place % WELL_KNOWN_PLACES)
    }
}

/// A call to an endpoint, by the logical name under which the gateway's configuration has it.
pub(crate) fn call_to(settings: &Settings, place: &Url) -> CallOut {
    CallOut {
        upstream: settings.upstream_of(place).into(),
        method: Method::Get,
        path: String::from(place.path_and_query()),
        authorization: None,
        body: Secret::new(Vec::new()),
        timeout_ms: settings.timeout_ms,
        document: None,
        newer_than: UnixTime(0),
    }
}
