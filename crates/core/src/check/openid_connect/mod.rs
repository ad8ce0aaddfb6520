//! OpenID Connect: bearer tokens, introspection, grants at the gateway, sessions and logins.
//!
//! The order of precedence is Kong's: session, bearer, tokens of our own authorization servers,
//! introspection, refresh, password, client credentials, authorization code. The first that finds
//! something of its kind decides.

mod exchange;
mod login;
mod presented;
mod token;

use alloc::string::String;
use alloc::sync::Arc;

use super::admission::admit;
use super::decision::{Caller, Denial, Edits, HeaderEdit, Hidden, Refusal};
use super::method::{Attempt, Method, StrategyConfig, sealed};
use super::{Env, Memory, Pending, Step};
use crate::id::StrategyId;
use crate::oidc::settings::{AuthMethods, Settings};
use crate::oidc::{Answer, CallOut, Need, Proof, Ticket, cookie};
use crate::policy::Policy;
use crate::secret::Secret;
use crate::snapshot::record::{Scheme, StrategyMethod, UNDISCOVERED_METHOD};

/// The method [`OpenIdConnect`] as a value.
pub static OPENID_CONNECT: OpenIdConnect = OpenIdConnect;

/// Proves who calls by what an identity provider says.
#[derive(Clone, Copy, Debug)]
pub struct OpenIdConnect;

impl sealed::Sealed for OpenIdConnect {}

/// A strategy that a request may satisfy.
#[derive(Clone, Copy, Debug)]
struct Candidate<'p> {
    id: StrategyId,
    settings: &'p Arc<Settings>,
}

/// Why a way of proving did not end in a grant.
enum Stop {
    /// An answer is needed first.
    Wait(Pending),
    Refused(Refusal),
}

impl Stop {
    /// Whether a call is to be made: then it must not be dropped, others wait for its answer.
    const fn calls(&self) -> bool {
        matches!(self, Self::Wait(Pending { call: Some(_), .. }))
    }
}

impl From<Denial> for Stop {
    fn from(denial: Denial) -> Self {
        Self::Refused(denial.into())
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Need> for Stop {
    fn from(need: Need) -> Self {
        let pending = |call, ticket| Self::Wait(Pending { call, ticket, round: 0 });
        match need {
            Need::Call(call, ticket) => pending(Some(call), ticket),
            Need::Wait(ticket) => pending(None, ticket),
            Need::Denied(denial) => denial.into(),
        }
    }
}

impl Method for OpenIdConnect {
    fn compile(&self, method: &StrategyMethod) -> Option<StrategyConfig> {
        match method {
            StrategyMethod::OpenIdConnect { settings } => {
                let settings = Settings::parse(settings).ok()?;
                Some(StrategyConfig::OpenIdConnect(Arc::new(settings)))
            }
            StrategyMethod::Other { name, .. } if name == UNDISCOVERED_METHOD => {
                Some(StrategyConfig::Undiscovered)
            }
            _ => None,
        }
    }

    fn check<'p>(&self, attempt: &mut Attempt<'p, '_>) -> Option<Result<Step<'p>, Refusal>> {
        candidates(attempt, AuthMethods::ALL).next()?;
        attempt.memory.providers.enter(attempt.policy.strategies_epoch());
        let found = login::answer(attempt)
            .or_else(|| login::session(attempt))
            .or_else(|| token::check(attempt))
            .or_else(|| exchange::check(attempt))
            .or_else(|| login::begin(attempt))?;
        Some(match found {
            Ok(step) => Ok(step),
            Err(Stop::Wait(pending)) => Ok(Step::Wait(pending)),
            Err(Stop::Refused(refusal)) => Err(refusal),
        })
    }

    fn finds_token(&self, attempt: &Attempt<'_, '_>) -> bool {
        !matches!(presented::find(attempt), Ok(None))
    }

    fn upkeep(
        &self,
        policy: &Policy,
        memory: &mut Memory,
        env: &Env<'_>,
    ) -> Option<(CallOut, Ticket)> {
        let strategies = || {
            policy.strategies().filter_map(|config| match config {
                StrategyConfig::OpenIdConnect(settings) => Some(settings),
                _ => None,
            })
        };
        memory.providers.retain(|id| strategies().any(|settings| settings.provider == *id));
        strategies().find_map(|settings| memory.providers.upkeep(env, settings))
    }

    fn settle(
        &self,
        memory: &mut Memory,
        env: &Env<'_>,
        ticket: Ticket,
        answer: Option<&Answer<'_>>,
    ) {
        memory.providers.settle(env, ticket, answer);
    }

    fn ending_cookie(&self, config: &StrategyConfig) -> Option<Secret<String>> {
        match config {
            StrategyConfig::OpenIdConnect(settings) => cookie::deletion(settings),
            _ => None,
        }
    }
}

/// The strategies of the service that have one of these methods switched on, each once.
fn candidates<'p>(
    attempt: &Attempt<'p, '_>,
    methods: AuthMethods,
) -> impl Iterator<Item = Candidate<'p>> + use<'p> {
    let publications = &attempt.service.publications;
    publications.iter().enumerate().filter_map(move |(at, publication)| {
        let strategy = publication.strategy.as_ref()?;
        let StrategyConfig::OpenIdConnect(settings) = &strategy.config else { return None };
        let mut earlier = publications.iter().take(at).filter_map(|known| known.strategy.as_ref());
        let repeated = earlier.any(|known| known.id == strategy.id);
        let wanted = settings.auth_methods.intersects(methods) && !repeated;
        wanted.then_some(Candidate { id: strategy.id, settings })
    })
}

/// Of two refusals the one that got further.
fn further(first: Option<Refusal>, second: Refusal) -> Refusal {
    let rank = |refusal: &Refusal| match refusal.denial.status() {
        403 => 3,
        503 => 2,
        _ => 1,
    };
    match first {
        Some(first) if rank(&first) >= rank(&second) => first,
        _ => second,
    }
}

/// Whether the application of a proven client may call here.
fn admitted<'p>(
    attempt: &mut Attempt<'p, '_>,
    candidate: Candidate<'p>,
    proof: &Proof,
) -> Result<Caller<'p>, Refusal> {
    let refused = |denial| Refusal { strategy: Some(candidate.id), ..Refusal::unproven(denial) };
    if !proof.in_scope {
        return Err(refused(Denial::InsufficientScope));
    }
    let policy = attempt.policy;
    let known = policy.credential(&proof.client, Scheme::Client);
    let (Some(entry), Some(credential)) = (known, policy.imported_id(&proof.client)) else {
        return Err(refused(Denial::UnknownClient));
    };
    let accepts = |config: &StrategyConfig| match config {
        StrategyConfig::OpenIdConnect(_) => Some(Ok(())),
        _ => None,
    };
    let caller = admit(attempt, entry, credential, accepts)
        .map_err(|refusal| Refusal { strategy: Some(candidate.id), ..refusal })?;
    if caller.strategy == candidate.id { Ok(caller) } else { Err(refused(Denial::NotRegistered)) }
}

/// What changes about a request with a token from this place.
fn edits<'p>(candidate: Candidate<'p>, proof: &Proof, place: Hidden<'p>) -> Edits<'p> {
    let hidden = candidate.settings.hide_credentials.then_some(place);
    let headers = candidate.settings.upstream_headers.iter().map(|(_, name)| {
        let told = proof.headers.iter().find(|(known, _)| known == name);
        // What the token does not say the client must not say either.
        HeaderEdit { name: name.clone(), value: told.map(|(_, value)| value.clone()) }
    });
    Edits { headers: headers.collect(), ..Edits::hiding(hidden) }
}

/// Sets the header that hands an access token to the upstream, if the strategy wants that.
fn hand_over(edits: &mut Edits<'_>, settings: &Settings, access_token: &str) {
    let Some(header) = &settings.upstream_access_token_header else { return };
    let scheme: &[u8] = if header.bearer { b"Bearer " } else { b"" };
    let value = [scheme, access_token.as_bytes()].concat();
    let (name, value) = (header.name.clone(), Some(Secret::new(value)));
    edits.headers.push(HeaderEdit { name, value });
}
