//! Clients that present their id and secret, or a user's name and password, to the gateway, which
//! exchanges them for a token (RFC 6749 4.3, 4.4).

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::presented::{AUTHORIZATION, credentials, header};
use super::{Candidate, Stop, admitted, candidates, edits, further, hand_over, token};
use crate::check::Step;
use crate::check::decision::{Decision, Denial, Grant, Hidden};
use crate::check::method::Attempt;
use crate::digest::Digest;
use crate::jose::{Claims, Jws};
use crate::oidc::documents::TokenReply;
use crate::oidc::form::BasicCredentials;
use crate::oidc::grant::GrantRequest;
use crate::oidc::settings::AuthMethods;
use crate::oidc::{Proof, ProviderClient, Purpose, call_to, client_digest, form, grant, proof};
use crate::snapshot::record::Scheme;
use crate::sync::Method;

/// The longest id and secret, together.
const MAX_BASIC_BYTES: usize = 2_048;

/// Which grant exchanges the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    ClientCredentials,
    Password,
}

pub(super) fn check<'p>(attempt: &mut Attempt<'p, '_>) -> Option<Result<Step<'p>, Stop>> {
    let value = header(attempt.request, AUTHORIZATION)?;
    let encoded = credentials(value, b"basic")?;
    candidates(attempt, AuthMethods::WITH_BASIC).next()?;
    let basic = form::basic_credentials(encoded)
        .ok()
        .filter(|basic| !basic.id.is_empty() && encoded.len() <= MAX_BASIC_BYTES);
    let Some(basic) = basic else { return Some(Err(Denial::MalformedToken.into())) };
    Some(decide(attempt, &basic))
}

fn decide<'p>(attempt: &mut Attempt<'p, '_>, basic: &BasicCredentials) -> Result<Step<'p>, Stop> {
    let mut refused = None;
    let as_client = basic.as_client();
    for candidate in candidates(attempt, AuthMethods::WITH_BASIC) {
        let Candidate { id, settings } = candidate;
        let client = client_digest(id, &settings.issuer, &as_client.id);
        let known = attempt.policy.credential(&client, Scheme::Client).is_some();
        let on = |methods| settings.auth_methods.intersects(methods);
        // A client that is known here is one; any other name can only be a user's.
        let (kind, basic) = if known && on(AuthMethods::CLIENT_CREDENTIALS) {
            (Kind::ClientCredentials, &as_client)
        } else if on(AuthMethods::PASSWORD) {
            (Kind::Password, basic)
        } else {
            refused = Some(further(refused, candidate.refuse(Denial::UnknownClient)));
            continue;
        };
        let proven = exchange(attempt, candidate, kind, basic)
            .and_then(|reply| prove(attempt, candidate, kind, &client, basic, &reply));
        let granted = match proven {
            Ok((proof, reply)) => admitted(attempt, candidate, &proof).map(|caller| {
                let mut edits = edits(candidate, &proof, Hidden::Header(AUTHORIZATION));
                hand_over(&mut edits, settings, reply.access_token.expose());
                super::login::start_session(attempt, candidate, &proof, Some(&reply), &mut edits);
                Grant::to(attempt.policy.revision, caller, edits)
            }),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(wait) => return Err(wait),
        };
        match granted {
            Ok(grant) => return Ok(Step::Done(Decision::Allow(grant))),
            Err(refusal) => refused = Some(further(refused, refusal)),
        }
    }
    Err(refused.unwrap_or_else(|| Denial::UnknownClient.into()).into())
}

/// The token reply for these credentials.
fn exchange(
    attempt: &mut Attempt<'_, '_>,
    candidate: Candidate<'_>,
    kind: Kind,
    basic: &BasicCredentials,
) -> Result<Arc<TokenReply>, Stop> {
    let (settings, env) = (candidate.settings, attempt.env);
    let key = place(attempt, candidate, kind, basic)?;
    let keep_seconds =
        if settings.cache_tokens { u64::from(settings.cache_ttl_seconds) } else { 0 };
    token_reply(attempt, candidate, key, keep_seconds, &|| match kind {
        Kind::ClientCredentials => {
            let client = ProviderClient {
                issuer: settings.issuer.clone(),
                id: basic.id.as_str().into(),
                secret: basic.secret.clone(),
                auth: settings.client_auth,
            };
            Ok(grant::client_credentials(settings, &client))
        }
        Kind::Password => {
            let client = grant::client_of(settings, &env.settings.clients);
            let client = client.ok_or_else(|| candidate.refuse(Denial::MethodAbsent))?;
            Ok(grant::password(settings, client, &basic.id, &basic.secret))
        }
    })
}

/// A token reply: at hand under `key`, or asked for by what `request` makes.
pub(super) fn token_reply(
    attempt: &mut Attempt<'_, '_>,
    candidate: Candidate<'_>,
    key: Digest,
    keep_seconds: u64,
    request: &dyn Fn() -> Result<GrantRequest, Stop>,
) -> Result<Arc<TokenReply>, Stop> {
    let (Candidate { id, settings }, env) = (candidate, attempt.env);
    let providers = &mut attempt.memory.providers;
    match providers.exchanges.get(&key, id, env.now, attempt.answered) {
        Some(Ok(reply)) => return Ok(Arc::clone(reply)),
        Some(Err(denial)) => return Err(candidate.refuse(*denial).into()),
        None => {}
    }
    let endpoint = providers
        .endpoint(settings, env, settings.token_endpoint.as_ref(), |discovery| {
            discovery.token_endpoint.as_ref()
        })
        .map_err(|need| candidate.stopped(need))?;
    let request = request()?;
    let mut call = call_to(settings, &endpoint);
    call.method = Method::Post;
    (call.authorization, call.body) = (request.authorization, request.body);
    let purpose = Purpose::Tokens { strategy: id, digest: key, keep_seconds };
    Err(candidate.stopped(providers.ask(settings, env, purpose, call)))
}

/// Under what a reply is remembered: a keyed digest, from which nobody finds the secret again.
fn place(
    attempt: &Attempt<'_, '_>,
    candidate: Candidate<'_>,
    kind: Kind,
    basic: &BasicCredentials,
) -> Result<Digest, Stop> {
    let pepper = attempt.env.settings.peppers.first();
    let pepper = pepper.ok_or_else(|| candidate.refuse(Denial::MethodAbsent))?;
    let length = u32::try_from(basic.id.len()).unwrap_or(u32::MAX).to_le_bytes();
    let parts: [&[u8]; 6] = [
        b"gatekey-exchange-v1\0",
        if kind == Kind::Password { b"p" } else { b"c" },
        candidate.id.as_bytes(),
        &length,
        basic.id.as_bytes(),
        basic.secret.expose().as_bytes(),
    ];
    let mut joined: Vec<u8> = parts.concat();
    let digest = pepper.digest(&joined);
    zeroize::Zeroize::zeroize(&mut joined);
    Ok(digest)
}

/// Whose token was handed out. A signed one is read like any other; of an opaque one it is known
/// who asked for it.
fn prove(
    attempt: &mut Attempt<'_, '_>,
    candidate: Candidate<'_>,
    kind: Kind,
    client: &Digest,
    basic: &BasicCredentials,
    reply: &Arc<TokenReply>,
) -> Result<(Arc<Proof>, Arc<TokenReply>), Stop> {
    let (settings, text) = (candidate.settings, reply.access_token.expose().as_bytes());
    let digest = attempt.memory.providers.fingerprints.of(attempt.env, text);
    let now = attempt.env.now;
    let known = attempt.memory.providers.tokens.get(&digest, candidate.id, now, None);
    let proof = if let Some(proof) = known {
        Arc::clone(proof)
    } else if let Ok(jws) = Jws::parse(text) {
        let claims = Claims::parse(&jws.payload).map_err(Denial::from)?;
        if !claims.iss().is_some_and(|issuer| settings.is_issuer(issuer)) {
            return Err(candidate.refuse(Denial::UnknownIssuer).into());
        }
        token::read(attempt, candidate, &jws, &claims, &digest)?
    } else {
        let id = match kind {
            Kind::ClientCredentials => &*basic.id,
            Kind::Password => {
                let own = grant::client_of(settings, &attempt.env.settings.clients);
                &*own.ok_or_else(|| candidate.refuse(Denial::MethodAbsent))?.id
            }
        };
        let proof = proof::of_opaque(settings, candidate.id, id, reply.scope.as_deref());
        Arc::new(proof.map_err(|denial| candidate.refuse(denial))?)
    };
    if kind == Kind::ClientCredentials && proof.client != *client {
        return Err(candidate.refuse(Denial::UnknownClient).into());
    }
    Ok((proof, Arc::clone(reply)))
}
