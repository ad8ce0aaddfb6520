//! A token that the client presents: read here, looked up here, or introspected.

use alloc::sync::Arc;

use super::presented::{self, Token};
use super::{Candidate, Stop, admitted, candidates, edits, further};
use crate::check::Step;
use crate::check::admission::admit;
use crate::check::decision::{Decision, Denial, Edits, Grant, Refusal};
use crate::check::method::{Attempt, StrategyConfig};
use crate::digest::Digest;
use crate::jose::{Claims, Jws, MAX_TOKEN_BYTES, TokenFault};
use crate::oidc::settings::AuthMethods;
use crate::oidc::{Need, Proof, Providers, access_token_digest, introspection, proof};
use crate::snapshot::record::Scheme;

/// For how long a wrong signature is remembered, in seconds.
const REFUSED_SECONDS: u64 = 10;

pub(super) fn check<'p>(attempt: &mut Attempt<'p, '_>) -> Option<Result<Step<'p>, Stop>> {
    match presented::find(attempt) {
        Ok(found) => Some(decide(attempt, &found?)),
        Err(denial) => Some(Err(denial.into())),
    }
}

impl From<TokenFault> for Denial {
    fn from(fault: TokenFault) -> Self {
        match fault {
            TokenFault::Oversized => Self::OversizedToken,
            TokenFault::Malformed => Self::MalformedToken,
            TokenFault::RefusedAlgorithm => Self::RefusedAlgorithm,
        }
    }
}

fn decide<'p>(attempt: &mut Attempt<'p, '_>, token: &Token<'p, '_>) -> Result<Step<'p>, Stop> {
    if token.text.len() > MAX_TOKEN_BYTES {
        return Err(Denial::OversizedToken.into());
    }
    let digest = attempt.memory.providers.fingerprints.of(attempt.env, &token.text);
    for candidate in candidates(attempt, AuthMethods::WITH_TOKEN) {
        if let Some(Ok(proof)) = remembered(attempt, candidate, &digest)
            && let Ok(step) = grant(attempt, candidate, &proof, token)
        {
            return Ok(step);
        }
    }
    if let Some(known) = own_token(attempt, token) {
        return known.map_err(Stop::from);
    }
    first_sight(attempt, token, &digest)
}

/// What is known about a token from before.
fn remembered(
    attempt: &Attempt<'_, '_>,
    candidate: Candidate<'_>,
    digest: &Digest,
) -> Option<Result<Arc<Proof>, Refusal>> {
    let (providers, now) = (&attempt.memory.providers, attempt.env.now);
    if let Some(proof) = providers.tokens.get(digest, candidate.id, now, attempt.answered) {
        let over = proof.expires_at.is_some_and(|end| end <= now);
        let refusal = || candidate.refuse(Denial::ExpiredToken);
        return Some(if over { Err(refusal()) } else { Ok(Arc::clone(proof)) });
    }
    let denial = providers.refused.get(digest, candidate.id, now, attempt.answered)?;
    Some(Err(candidate.refuse(*denial)))
}

impl Candidate<'_> {
    pub(super) fn refuse(&self, denial: Denial) -> Refusal {
        Refusal { strategy: Some(self.id), ..Refusal::unproven(denial) }
    }

    /// What a need means for a request under this strategy.
    pub(super) fn stopped(&self, need: Need) -> Stop {
        match need {
            Need::Denied(denial) => self.refuse(denial).into(),
            need => need.into(),
        }
    }
}

fn grant<'p>(
    attempt: &mut Attempt<'p, '_>,
    candidate: Candidate<'p>,
    proof: &Proof,
    token: &Token<'p, '_>,
) -> Result<Step<'p>, Refusal> {
    if !candidate.takes_from(token.place) {
        return Err(candidate.refuse(Denial::UnknownIssuer));
    }
    let caller = admitted(attempt, candidate, proof)?;
    let mut edits = edits(candidate, proof, token.place);
    super::login::start_session(attempt, candidate, proof, None, &mut edits);
    Ok(Step::Done(Decision::Allow(Grant::to(attempt.policy.revision, caller, edits))))
}

/// An access token of our own authorization servers: known here by its digest.
fn own_token<'p>(
    attempt: &mut Attempt<'p, '_>,
    token: &Token<'p, '_>,
) -> Option<Result<Step<'p>, Refusal>> {
    let policy = attempt.policy;
    let candidate = candidates(attempt, AuthMethods::KONG_OAUTH2)
        .find(|candidate| candidate.takes_from(token.place))?;
    let (entry, credential) = attempt.env.settings.peppers.iter().find_map(|pepper| {
        let digest = access_token_digest(pepper, &token.text);
        let entry = policy.credential(&digest, Scheme::AccessToken)?;
        Some((entry, policy.imported_id(&digest)?))
    })?;
    let accepts = |config: &StrategyConfig| match config {
        StrategyConfig::OpenIdConnect(settings) => {
            settings.auth_methods.intersects(AuthMethods::KONG_OAUTH2).then_some(Ok(()))
        }
        _ => None,
    };
    let hidden = candidate.settings.hide_credentials.then_some(token.place);
    let caller = admit(attempt, entry, credential, accepts);
    Some(caller.map(|caller| {
        let grant = Grant::to(policy.revision, caller, Edits::hiding(hidden));
        Step::Done(Decision::Allow(grant))
    }))
}

/// A token that is not simply known: it was not seen before, or not let through.
fn first_sight<'p>(
    attempt: &mut Attempt<'p, '_>,
    token: &Token<'p, '_>,
    digest: &Digest,
) -> Result<Step<'p>, Stop> {
    let takes = |candidate: &Candidate<'_>| candidate.takes_from(token.place);
    let mut refused = None;
    let signed = token.text.contains(&b'.');
    if signed && candidates(attempt, AuthMethods::BEARER).any(|candidate| takes(&candidate)) {
        let jws = Jws::parse(&token.text).map_err(Denial::from)?;
        let claims = Claims::parse(&jws.payload)
            .map_err(|fault| unattributed(attempt, token, &jws).unwrap_or_else(|| fault.into()))?;
        let issuer = claims.iss();
        if issuer.is_none()
            && let Some(denial) = unattributed(attempt, token, &jws)
        {
            return Err(denial.into());
        }
        for candidate in candidates(attempt, AuthMethods::BEARER).filter(takes) {
            if !issuer.is_some_and(|issuer| candidate.settings.is_issuer(issuer)) {
                continue;
            }
            let proof = match remembered(attempt, candidate, digest) {
                Some(known) => known.map_err(Stop::from),
                None => read(attempt, candidate, &jws, &claims, digest),
            };
            if let Some(step) = concluded(attempt, candidate, proof, token, &mut refused)? {
                return Ok(step);
            }
        }
    }
    for candidate in candidates(attempt, AuthMethods::INTROSPECTION).filter(takes) {
        if signed && !candidate.settings.introspect_jwt_tokens {
            continue;
        }
        let proof = match remembered(attempt, candidate, digest) {
            Some(known) => known.map_err(Stop::from),
            None => Err(introspect(attempt, candidate, token, digest)),
        };
        if let Some(step) = concluded(attempt, candidate, proof, token, &mut refused)? {
            return Ok(step);
        }
    }
    let unknown = if signed { Denial::UnknownIssuer } else { Denial::MalformedToken };
    Err(refused.unwrap_or_else(|| unknown.into()).into())
}

/// What is wrong with the signature of a token that does not say who issued it. Where one issuer
/// alone can be meant its keys tell, if they are here: whoever made a token with a good signature
/// and bad claims is somebody else than whoever made the signature up.
fn unattributed(
    attempt: &mut Attempt<'_, '_>,
    token: &Token<'_, '_>,
    jws: &Jws<'_>,
) -> Option<Denial> {
    let mut judges = candidates(attempt, AuthMethods::BEARER)
        .filter(|candidate| candidate.takes_from(token.place));
    let only = judges.next().filter(|_| judges.next().is_none())?;
    if !only.settings.algorithms.contains(&jws.algorithm) {
        return Some(Denial::RefusedAlgorithm);
    }
    let keys = attempt.memory.providers.keys_at_hand(only.settings, attempt.env)?;
    keys.verify(jws).err()
}

/// Goes on from what a strategy makes of a token: it passes, it has to wait, or the next strategy is
/// tried.
fn concluded<'p>(
    attempt: &mut Attempt<'p, '_>,
    candidate: Candidate<'p>,
    proof: Result<Arc<Proof>, Stop>,
    token: &Token<'p, '_>,
    refused: &mut Option<Refusal>,
) -> Result<Option<Step<'p>>, Stop> {
    let granted = match proof {
        Ok(proof) => grant(attempt, candidate, &proof, token),
        Err(Stop::Refused(refusal)) => Err(refusal),
        Err(wait) => return Err(wait),
    };
    match granted {
        Ok(step) => Ok(Some(step)),
        Err(refusal) => {
            *refused = Some(further(refused.take(), refusal));
            Ok(None)
        }
    }
}

fn introspect(
    attempt: &mut Attempt<'_, '_>,
    candidate: Candidate<'_>,
    token: &Token<'_, '_>,
    digest: &Digest,
) -> Stop {
    let Ok(text) = core::str::from_utf8(&token.text) else {
        return candidate.refuse(Denial::MalformedToken).into();
    };
    let (Candidate { id, settings }, env) = (candidate, attempt.env);
    let need = introspection::ask(&mut attempt.memory.providers, settings, id, env, text, digest);
    candidate.stopped(need)
}

/// Verifies a signed token for one strategy and remembers what that shows.
pub(super) fn read(
    attempt: &mut Attempt<'_, '_>,
    candidate: Candidate<'_>,
    jws: &Jws<'_>,
    claims: &Claims<'_>,
    digest: &Digest,
) -> Result<Arc<Proof>, Stop> {
    let Candidate { id, settings } = candidate;
    let refuse = |denial| Stop::from(candidate.refuse(denial));
    if !settings.algorithms.contains(&jws.algorithm) {
        return Err(refuse(Denial::RefusedAlgorithm));
    }
    let (env, providers) = (attempt.env, &mut attempt.memory.providers);
    let keys = providers.keys(settings, env).map_err(|need| candidate.stopped(need))?;
    let remember = |providers: &mut Providers, denial| {
        // Of what is too early, the time may come at any moment.
        let seconds = if denial == Denial::PrematureToken { 1 } else { REFUSED_SECONDS };
        providers.refused.put(*digest, id, env.now.plus_seconds(seconds), None, denial);
    };
    match keys.verify(jws) {
        Ok(()) => {}
        Err(Denial::UnknownKey) => {
            return Err(candidate.stopped(providers.newer_keys(settings, env)));
        }
        Err(denial) => {
            remember(providers, denial);
            return Err(refuse(denial));
        }
    }
    let proven = proof::check_kind(jws, claims, settings)
        .and_then(|()| proof::prove(claims, settings, id, env.now));
    match proven {
        Ok(proof) => {
            let proof = Arc::new(proof);
            let until = proof.expires_at.unwrap_or(env.now);
            providers.tokens.put(*digest, id, until, None, Arc::clone(&proof));
            Ok(proof)
        }
        Err(denial) => {
            remember(providers, denial);
            Err(refuse(denial))
        }
    }
}
