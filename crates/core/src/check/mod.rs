//! The decision about a request.
//!
//! [`Policy::check`] finds the service of the request, then asks the authentication methods in
//! their order of precedence; the first that finds a credential of its kind decides. A check ends
//! in a [`Decision`], or in an opaque [`Pending`]: the driver makes the call it names, hands the
//! answer to [`Policy::settle`] and goes on with [`Policy::resume`]. Key authentication never
//! waits.
//!
//! Everything that is not proven is refused. A [`Grant`] can only be made in here.

mod admission;
mod decision;
mod identity;
mod key_auth;
mod limit;
mod memory;
mod method;
mod openid_connect;
mod words;

pub use self::decision::{
    Caller, Challenge, Decision, Denial, Edits, Grant, HeaderEdit, Hidden, Redirect, Refusal,
    refusals_reference,
};
pub use self::identity::{IDENTITY_HEADERS, is_identity_header};
pub use self::key_auth::{KEY_AUTH, KeyAuth};
pub use self::limit::{Exceeded, Host, NoHost};
pub use self::memory::{Memory, Usage, UsageClass};
#[doc(hidden)]
pub use self::method::Attempt;
pub use self::method::{Method, Methods, StrategyConfig};
pub use self::openid_connect::{OPENID_CONNECT, OpenIdConnect};
pub use self::words::Words;
use crate::crypto::{Crypto, Entropy, NoCrypto, NoEntropy};
use crate::digest::Pepper;
use crate::http::{Header, Request};
use crate::id::StrategyId;
use crate::oidc::{Answer, CallOut, ProviderClient, SessionKeys, Ticket};
use crate::policy::{Policy, Routed, Service};
use crate::secret::Secret;
use crate::time::{UnixMillis, UnixTime};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// What the operator of a gateway decides, apart from the policy.
#[derive(Debug, Default)]
pub struct Settings {
    /// The peppers under which keys are digested: usually one, two while they are exchanged.
    pub peppers: Vec<Pepper>,
    /// The service of every request, by name or id; `None` asks the host and then the routes.
    pub service: Option<Box<str>>,
    /// What happens to a request that belongs to no service.
    pub unknown_route: UnknownRoute,
    /// What happens when the portal has been silent for too long.
    pub staleness: Staleness,
    /// Whether requests may wait for an identity provider.
    pub call_outs: CallOuts,
    /// The gateway's own clients at identity providers.
    pub clients: Vec<ProviderClient>,
    /// Under what sessions and sign-ins are sealed; `None` means that there are none.
    pub session: Option<SessionKeys>,
}

/// Whether requests may wait for an identity provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallOuts {
    /// They do not: keys come by [`Policy::upkeep`] alone, and what would need a call is refused.
    #[default]
    Never,
    /// Each request makes its own calls. Keys come by [`Policy::upkeep`] alone.
    Each,
    /// A call is made once, and any number of requests wait for it.
    Shared,
}

/// What happens to a request that belongs to no service of the policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownRoute {
    /// It is refused.
    #[default]
    Refuse,
    /// It passes **without any check**, stripped of identity headers. A request that could
    /// belong to a service (an ambiguous path, contradicting routes) is refused all the same.
    Pass,
}

/// How long a policy is good for after the portal last confirmed it, and what comes then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staleness {
    /// Seconds after [`Policy::issued_at`] during which all is normal.
    pub max_seconds: u64,
    /// What happens later.
    pub then: WhenStale,
}

impl Default for Staleness {
    /// A day, then nothing passes.
    fn default() -> Self {
        Self { max_seconds: 86_400, then: WhenStale::DenyAll }
    }
}

/// What a gateway does with a policy that is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenStale {
    /// Every request is answered with 503.
    DenyAll,
    /// Credentials that this gateway let through before go on; others are answered with 503.
    DenyNew,
    /// The policy goes on deciding: a revocation made meanwhile is not known here.
    ServeKnown,
}

/// What the driver states about the moment of a check.
#[derive(Clone, Copy, Debug)]
pub struct Env<'e> {
    /// The time now. A clock that is behind [`Policy::issued_at`] counts as standing there.
    pub now: UnixTime,
    /// The gateway's settings.
    pub settings: &'e Settings,
    /// The service of this request as the host knows it, by name or id.
    pub service: Option<&'e [u8]>,
    /// The same moment, more exactly: limits count by it.
    pub moment: UnixMillis,
    /// Who knows where the client is, and keeps what workers count together.
    pub host: &'e dyn Host,
    /// Who verifies signatures and seals cookies.
    pub crypto: &'e dyn Crypto,
    /// Where bytes come from that differ from any before.
    pub entropy: &'e dyn Entropy,
}

impl<'e> Env<'e> {
    /// A moment at which nothing but API keys can be checked.
    #[must_use]
    pub const fn new(now: UnixTime, settings: &'e Settings) -> Self {
        let moment = UnixMillis(now.0.saturating_mul(1_000));
        let (crypto, entropy): (&dyn Crypto, &dyn Entropy) = (&NoCrypto, &NoEntropy);
        Self { now, settings, service: None, moment, host: &NoHost, crypto, entropy }
    }
}

/// Where a check got to.
#[derive(Debug)]
#[must_use]
pub enum Step<'p> {
    /// It is decided.
    Done(Decision<'p>),
    /// The answer to a call is needed first.
    Wait(Pending),
}

/// A check that waits for the answer to a call. Drop it and the request stays undecided: that is,
/// refused.
#[derive(Debug)]
#[must_use]
pub struct Pending {
    /// The call to be made now; `None` when another request's call is awaited.
    pub call: Option<Box<CallOut>>,
    /// The call that is awaited: [`Policy::settle`] takes it with the answer.
    pub ticket: Ticket,
    /// How many answers this check has had.
    round: u8,
}

/// The most answers that one request waits for: a discovery document, a key set, an
/// introspection or a token, and a key set again.
const MAX_ROUNDS: u8 = 4;

impl Policy {
    /// Decides about a request. Neither allocates nor fails on the way to a grant for a key.
    pub fn check<'p>(
        &'p self,
        memory: &mut Memory,
        env: &Env<'_>,
        request: &Request<'_>,
    ) -> Step<'p> {
        self.step(memory, env, request, None)
    }

    /// Goes on with a check after its call was settled, under the policy of *now*: what changed
    /// meanwhile counts.
    #[allow(clippy::needless_pass_by_value, reason = "a check is resumed once")]
    pub fn resume<'p>(
        &'p self,
        memory: &mut Memory,
        env: &Env<'_>,
        request: &Request<'_>,
        pending: Pending,
    ) -> Step<'p> {
        self.step(memory, env, request, Some((pending.ticket, pending.round)))
    }

    /// Says which document of an identity provider to fetch next, if any: call it with every tick
    /// until it says `None`, and hand the answers to [`Policy::settle`].
    pub fn upkeep(&self, memory: &mut Memory, env: &Env<'_>) -> Option<(CallOut, Ticket)> {
        let env = &Env { now: env.now.max(self.issued_at.seconds()), ..*env };
        self.methods.iter().find_map(|method| method.upkeep(self, memory, env))
    }

    /// Takes the answer to a call of a check or of [`Self::upkeep`]: `None` when none came. The
    /// checks that wait for it can then be resumed.
    pub fn settle(
        &self,
        memory: &mut Memory,
        env: &Env<'_>,
        ticket: Ticket,
        answer: Option<&Answer<'_>>,
    ) {
        self.methods.iter().for_each(|method| method.settle(memory, env, ticket, answer));
    }

    /// The scopes that a strategy requires, as a challenge names them (RFC 6750 3).
    #[must_use]
    pub fn required_scope(&self, strategy: StrategyId) -> Option<&str> {
        match self.strategy(strategy)? {
            StrategyConfig::OpenIdConnect(settings) => {
                settings.scopes_required.first().map(|scope| &**scope)
            }
            _ => None,
        }
    }

    /// The `Set-Cookie` that ends a session under a strategy.
    #[must_use]
    pub fn ending_cookie(&self, strategy: StrategyId) -> Option<Secret<String>> {
        let config = self.strategy(strategy)?;
        self.methods.iter().find_map(|method| method.ending_cookie(config))
    }

    fn step<'p>(
        &'p self,
        memory: &mut Memory,
        env: &Env<'_>,
        request: &Request<'_>,
        resumed: Option<(Ticket, u8)>,
    ) -> Step<'p> {
        let mut step = self
            .attempt(memory, env, request, resumed.map(|(ticket, _)| ticket))
            .unwrap_or_else(|refusal| Step::Done(Decision::Deny(refusal)));
        if let Step::Done(Decision::Allow(grant)) = &step
            && let Some(caller) = &grant.caller
            && !caller.limits.is_empty()
            && let Err(refusal) = limit::count(memory, env, caller)
        {
            step = Step::Done(Decision::Deny(refusal));
        }
        let round = resumed.map_or(0, |(_, round)| round.saturating_add(1));
        match &mut step {
            Step::Done(decision) => memory.note(decision),
            Step::Wait(pending) if round < MAX_ROUNDS => pending.round = round,
            Step::Wait(pending) => {
                self.settle(memory, env, pending.ticket, None);
                let refusal = Refusal::unproven(Denial::ProviderInvalid);
                return Step::Done(Decision::Deny(refusal));
            }
        }
        step
    }

    fn attempt<'p>(
        &'p self,
        memory: &mut Memory,
        env: &Env<'_>,
        request: &Request<'_>,
        answered: Option<Ticket>,
    ) -> Result<Step<'p>, Refusal> {
        // It is at least as late as the portal's last word says: a clock that is set back must not
        // bring expired credentials back.
        let env = &Env { now: env.now.max(self.issued_at.seconds()), ..*env };
        let age = env.now.seconds_since(self.issued_at.seconds());
        let stale = age > env.settings.staleness.max_seconds;
        let familiar_only = match env.settings.staleness.then {
            WhenStale::DenyAll if stale => return Err(Denial::StalePolicy.into()),
            WhenStale::DenyNew => stale,
            WhenStale::DenyAll | WhenStale::ServeKnown => false,
        };
        let Some(service) = self.service_of(env, request)? else {
            return Ok(Step::Done(Decision::Allow(Grant::unchecked(self.revision))));
        };
        if service.publications.is_empty() {
            return Err(Denial::Unpublished.into());
        }
        if service.publications.iter().all(|publication| publication.strategy.is_none()) {
            return Ok(Step::Done(Decision::Allow(Grant::unchecked(self.revision))));
        }
        let mut attempt =
            Attempt { policy: self, service, env, request, memory, familiar_only, answered };
        for method in self.methods {
            if let Some(step) = method.check(&mut attempt) {
                return step.map_err(|refusal| {
                    let refusal = refusal.at(service);
                    match service.undiscovered {
                        Some(id) if refusal.denial == Denial::UnknownIssuer => waits(refusal, id),
                        _ => refusal,
                    }
                });
            }
        }
        let usable = |config: &StrategyConfig| {
            !matches!(config, StrategyConfig::Absent | StrategyConfig::Undiscovered)
        };
        let mut strategies =
            service.publications.iter().filter_map(|publication| publication.strategy.as_ref());
        let denial = if strategies.any(|strategy| usable(&strategy.config)) {
            Denial::NoCredential
        } else {
            Denial::MethodAbsent
        };
        let refusal = Refusal::unproven(denial).at(service);
        let is_token = |field: &Header<'_>| field.name.eq_ignore_ascii_case(b"authorization");
        Err(match service.undiscovered {
            Some(id) if denial == Denial::MethodAbsent || request.headers.iter().any(is_token) => {
                waits(refusal, id)
            }
            _ => refusal,
        })
    }

    /// The service of a request: as configured, as the host says, or as the routes say. `None`
    /// when there is none and such requests pass.
    fn service_of(&self, env: &Env<'_>, request: &Request<'_>) -> Result<Option<&Service>, Denial> {
        let named = env.settings.service.as_deref().map(str::as_bytes).or(env.service);
        if let Some(name) = named {
            // A name that is stated and not known is a mistake, never a reason to pass.
            return self.service_named(name).map(Some).ok_or(Denial::UnknownService);
        }
        match self.route(request) {
            Routed::To(id) => self.service(id).map(Some).ok_or(Denial::UnknownRoute),
            Routed::Nowhere if env.settings.unknown_route == UnknownRoute::Pass => Ok(None),
            Routed::Nowhere | Routed::Unclear => Err(Denial::UnknownRoute),
        }
    }
}

impl Refusal {
    /// What is known of it by the service alone: what may be presented there, and which API is meant
    /// where there is but one.
    fn at(self, service: &Service) -> Self {
        let api = self.api.or_else(|| service.only_api());
        Self { challenge: service.challenge, api, ..self }
    }
}

/// The refusal of a credential that nothing took, while a strategy waits for its issuer: whether it
/// is one of that issuer's cannot be known yet.
const fn waits(refusal: Refusal, strategy: StrategyId) -> Refusal {
    Refusal { denial: Denial::IssuerUndiscovered, strategy: Some(strategy), ..refusal }
}
