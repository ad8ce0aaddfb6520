//! Browsers: sessions, signing in, coming back, signing out.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::exchange::token_reply;
use super::{Candidate, Stop, admitted, candidates, edits, hand_over, token};
use crate::check::Step;
use crate::check::decision::{Decision, Denial, Edits, Grant, Hidden, Refusal};
use crate::check::method::Attempt;
use crate::digest::Digest;
use crate::jose::{Claims, Jws};
use crate::oidc::documents::TokenReply;
use crate::oidc::id_token::{Expected, IdToken, check_id_token};
use crate::oidc::login::{self, CodeExchange, Returned};
use crate::oidc::sealed::{Jar, Presented, Sealer};
use crate::oidc::session::{Freshness, Identity, Session, Tokens};
use crate::oidc::settings::AuthMethods;
use crate::oidc::{Proof, client_digest, grant, logout, proof};

/// For how long the answer to a code or a refresh token is at hand, in seconds: for the requests of
/// one browser that come at the same time.
const KEEP_SECONDS: u64 = 30;

/// Runs `f` with the cookie of a strategy; `None` when the gateway has no secret for cookies.
fn with_jar<T>(
    attempt: &mut Attempt<'_, '_>,
    candidate: Candidate<'_>,
    f: impl FnOnce(&Jar<'_>, &mut Sealer<'_>) -> T,
) -> Option<T> {
    let env = attempt.env;
    let keys = env.settings.session.as_ref()?;
    let Candidate { id: strategy, settings } = candidate;
    let jar = Jar { settings, strategy, request: attempt.request };
    let drbg = &mut attempt.memory.drbg;
    let mut sealer = Sealer { keys, crypto: env.crypto, entropy: env.entropy, drbg, now: env.now };
    Some(f(&jar, &mut sealer))
}

fn open(attempt: &mut Attempt<'_, '_>, candidate: Candidate<'_>) -> Result<Presented, Denial> {
    with_jar(attempt, candidate, |jar, sealer| jar.open(sealer)).unwrap_or(Ok(Presented::Nothing))
}

/// Signs out, and takes browsers that come back from the provider.
pub(super) fn answer<'p>(attempt: &mut Attempt<'p, '_>) -> Option<Result<Step<'p>, Stop>> {
    attempt.env.settings.session.as_ref()?;
    for candidate in candidates(attempt, AuthMethods::WITH_COOKIE) {
        if logout::requested(candidate.settings, attempt.request) {
            return Some(sign_out(attempt, candidate));
        }
    }
    // Strategies may share a redirect URI: the one whose cookie the browser has takes it.
    let mut first = None;
    for candidate in candidates(attempt, AuthMethods::AUTHORIZATION_CODE) {
        if login::is_callback(candidate.settings, attempt.request) {
            let presented = open(attempt, candidate);
            if matches!(presented, Ok(Presented::Login(_) | Presented::Session { .. })) {
                return Some(come_back(attempt, candidate));
            }
            first = first.or(Some(candidate));
        }
    }
    first.map(|candidate| come_back(attempt, candidate))
}

fn sign_out<'p>(attempt: &mut Attempt<'p, '_>, candidate: Candidate<'p>) -> Result<Step<'p>, Stop> {
    let session = match open(attempt, candidate) {
        Ok(Presented::Session { session, .. }) => Some(session),
        _ => None,
    };
    let settings = candidate.settings;
    let (providers, env) = (&mut attempt.memory.providers, attempt.env);
    // Signing out here does not wait for the provider.
    let endpoint = settings.end_session_endpoint.clone().or_else(|| {
        let discovery = providers.discovery(settings, env).ok()?;
        discovery.end_session_endpoint.clone()
    });
    let redirect = logout::redirect(settings, session.as_ref(), endpoint.as_ref());
    Ok(Step::Done(Decision::Redirect(redirect)))
}

/// A refusal after which the browser's cookie is of no use.
fn ended(candidate: Candidate<'_>, denial: Denial) -> Refusal {
    let ends_session = candidate.settings.unauthorized_destroy_session;
    Refusal { ends_session, ..candidate.refuse(denial) }
}

fn come_back<'p>(
    attempt: &mut Attempt<'p, '_>,
    candidate: Candidate<'p>,
) -> Result<Step<'p>, Stop> {
    let failed = || Stop::Refused(ended(candidate, Denial::LoginFailed));
    let presented = open(attempt, candidate).map_err(|denial| candidate.refuse(denial))?;
    let returned = with_jar(attempt, candidate, |jar, _| login::callback(jar, &presented));
    let exchange = match returned.unwrap_or(Err(Denial::LoginFailed)) {
        Ok(Returned::Exchange(exchange)) => exchange,
        Ok(Returned::SignedIn(redirect)) => return Ok(Step::Done(Decision::Redirect(redirect))),
        // It may be of an older tab, or a link that somebody planted: the cookie stays, and with it
        // the sign-in that is under way.
        Err(denial) => return Err(candidate.refuse(denial).into()),
    };
    let settings = candidate.settings;
    // A code is good once: what is needed to read the answer has to be there first.
    let (providers, env) = (&mut attempt.memory.providers, attempt.env);
    let keys = providers.keys(settings, env).map_err(|need| candidate.stopped(need))?;
    let client = grant::client_of(settings, &env.settings.clients);
    let client = client.ok_or_else(|| candidate.refuse(Denial::MethodAbsent))?;
    let request = grant::authorization_code(settings, client, &exchange);
    let secret = exchange.code.expose().as_bytes();
    let key = Digest::sha256(&[&b"gatekey-code-v1\0"[..], secret].concat());
    let reply = token_reply(attempt, candidate, key, KEEP_SECONDS, &|| Ok(request.clone()));
    let reply = reply.map_err(|stop| match stop {
        Stop::Refused(refusal) if refusal.denial == Denial::CredentialsRefused => failed(),
        stop => stop,
    })?;
    let id_token = reply.id_token.as_ref().ok_or_else(failed)?;
    let jws = Jws::parse(id_token.expose().as_bytes()).map_err(|_| failed())?;
    let claims = Claims::parse(&jws.payload).map_err(|_| failed())?;
    if !settings.algorithms.contains(&jws.algorithm) {
        return Err(failed());
    }
    match keys.verify(&jws) {
        Ok(()) => {}
        Err(Denial::UnknownKey) => {
            let need = attempt.memory.providers.newer_keys(settings, attempt.env);
            return Err(candidate.stopped(need));
        }
        Err(_) => return Err(failed()),
    }
    let subject = check_identity(attempt, candidate, &jws, &claims, &exchange, &reply)
        .map_err(|_| failed())?;
    let proof = prove(attempt, candidate, &reply)?;
    let session = begun(attempt, candidate, &proof, Some(&reply), &subject);
    let finished = with_jar(attempt, candidate, |jar, sealer| {
        login::finish(jar, sealer, &session, &exchange.return_to)
    });
    match finished {
        Some(Ok((redirect, _))) => {
            attempt.memory.providers.exchanges.remove(&key, candidate.id);
            Ok(Step::Done(Decision::Redirect(redirect)))
        }
        _ => Err(failed()),
    }
}

fn check_identity(
    attempt: &Attempt<'_, '_>,
    candidate: Candidate<'_>,
    jws: &Jws<'_>,
    claims: &Claims<'_>,
    exchange: &CodeExchange,
    reply: &TokenReply,
) -> Result<String, Denial> {
    let settings = candidate.settings;
    let audiences: Vec<&str> = claims.audiences().map_err(Denial::from)?;
    let token = IdToken {
        algorithm: jws.algorithm,
        issuer: claims.iss(),
        audiences: &audiences,
        authorized_party: claims.text("azp"),
        subject: claims.text("sub"),
        expires_at: claims.exp().map_err(Denial::from)?.map(|date| date.seconds()),
        not_before: claims.nbf().map_err(Denial::from)?.map(|date| date.seconds()),
        issued_at: claims.iat().map_err(Denial::from)?.map(|date| date.seconds()),
        nonce: claims.text("nonce"),
        at_hash: claims.text("at_hash"),
    };
    let expected = Expected {
        issuer: &settings.issuer,
        client_id: settings.client_id.as_deref().unwrap_or_default(),
        nonce: Some(exchange.nonce.expose()),
        access_token: reply.access_token.expose(),
        leeway_seconds: settings.leeway_seconds,
        now: attempt.env.now,
    };
    check_id_token(&token, &expected).map(Into::into)
}

/// Whose access token it is: it says so itself, or it is the gateway's own client.
fn prove(
    attempt: &mut Attempt<'_, '_>,
    candidate: Candidate<'_>,
    reply: &TokenReply,
) -> Result<Arc<Proof>, Stop> {
    let settings = candidate.settings;
    let text = reply.access_token.expose().as_bytes();
    let Ok(jws) = Jws::parse(text) else {
        let own = settings.client_id.as_deref().unwrap_or_default();
        let proof = proof::of_opaque(settings, candidate.id, own, reply.scope.as_deref());
        return proof.map(Arc::new).map_err(|denial| ended(candidate, denial).into());
    };
    let claims = Claims::parse(&jws.payload).map_err(Denial::from)?;
    if !claims.iss().is_some_and(|issuer| settings.is_issuer(issuer)) {
        return Err(ended(candidate, Denial::UnknownIssuer).into());
    }
    let digest = attempt.memory.providers.fingerprints.of(attempt.env, text);
    token::read(attempt, candidate, &jws, &claims, &digest)
}

/// A session of whoever was proven.
fn begun(
    attempt: &Attempt<'_, '_>,
    candidate: Candidate<'_>,
    proof: &Proof,
    reply: Option<&TokenReply>,
    subject: &str,
) -> Session {
    let now = attempt.env.now;
    let identity = Identity {
        issuer: candidate.settings.issuer.clone(),
        client_id: proof.client_id.clone(),
        subject: subject.into(),
        scopes: proof.scopes.clone(),
    };
    let ends = reply.and_then(|reply| reply.expires_in_seconds);
    let ends = ends.map(|seconds| now.plus_seconds(seconds)).or(proof.expires_at);
    let refreshes = candidate.settings.auth_methods.intersects(AuthMethods::REFRESH_TOKEN);
    let hands_over = candidate.settings.upstream_access_token_header.is_some();
    let tokens = Tokens {
        expires_at: ends,
        refresh: reply.filter(|_| refreshes).and_then(|reply| reply.refresh_token.clone()),
        access: reply.filter(|_| hands_over).map(|reply| reply.access_token.clone()),
        id: reply.and_then(|reply| reply.id_token.clone()),
    };
    Session::begin(identity, tokens, now)
}

/// Lets a browser go on without what it has just presented.
pub(super) fn start_session(
    attempt: &mut Attempt<'_, '_>,
    candidate: Candidate<'_>,
    proof: &Proof,
    reply: Option<&TokenReply>,
    edits: &mut Edits<'_>,
) {
    if !candidate.settings.auth_methods.intersects(AuthMethods::SESSION) {
        return;
    }
    let session = begun(attempt, candidate, proof, reply, "");
    let sealed = with_jar(attempt, candidate, |jar, sealer| session.seal(jar, sealer));
    if let Some(Ok(sealed)) = sealed {
        edits.set_cookie = Some(sealed.set_cookie);
    }
}

/// Goes on with a session that the browser has.
pub(super) fn session<'p>(attempt: &mut Attempt<'p, '_>) -> Option<Result<Step<'p>, Stop>> {
    attempt.env.settings.session.as_ref()?;
    for candidate in candidates(attempt, AuthMethods::WITH_COOKIE) {
        match open(attempt, candidate) {
            Err(denial) => return Some(Err(candidate.refuse(denial).into())),
            Ok(Presented::Session { session, reissue }) => {
                if !candidate.settings.is_issuer(&session.identity.issuer) {
                    continue;
                }
                match go_on(attempt, candidate, session, reissue) {
                    Ok(Some(step)) => return Some(Ok(step)),
                    Ok(None) => {}
                    Err(stop) => return Some(Err(stop)),
                }
            }
            Ok(_) => {}
        }
    }
    None
}

/// `None` when the session is over: then it is as if there were none.
fn go_on<'p>(
    attempt: &mut Attempt<'p, '_>,
    candidate: Candidate<'p>,
    session: Session,
    reissue: bool,
) -> Result<Option<Step<'p>>, Stop> {
    let now = attempt.env.now;
    let (session, reissue) = match session.freshness(now) {
        Freshness::Fresh => (session, reissue),
        Freshness::Ended => return Ok(None),
        Freshness::Refresh => match refresh(attempt, candidate, &session) {
            Ok(refreshed) => (refreshed, true),
            // Another request refreshes it, or it cannot be done now: it lasts a little longer. The
            // browser is not given the old refresh token again, which may come after the new one.
            Err(stop) if session.is_current(now) && !stop.calls() => (session, false),
            Err(Stop::Refused(refusal)) if refusal.denial.status() != 503 => return Ok(None),
            Err(stop) => return Err(stop),
        },
    };
    let settings = candidate.settings;
    let scopes: Vec<&str> = session.identity.scopes.split(' ').collect();
    let required = &settings.scopes_required;
    let proof = Proof {
        provider: settings.provider,
        client: client_digest(candidate.id, &settings.issuer, &session.identity.client_id),
        client_id: session.identity.client_id.clone(),
        expires_at: session.tokens.expires_at,
        in_scope: required.is_empty() || proof::satisfies(required, &scopes),
        scopes: session.identity.scopes.clone(),
        headers: Vec::new(),
    };
    let caller = admitted(attempt, candidate, &proof)?;
    let mut edits = edits(candidate, &proof, Hidden::Cookie(&settings.session_cookie));
    if let Some(access) = &session.tokens.access {
        hand_over(&mut edits, settings, access.expose());
    }
    if reissue {
        let sealed = with_jar(attempt, candidate, |jar, sealer| session.seal(jar, sealer));
        edits.set_cookie = sealed.and_then(Result::ok).map(|sealed| sealed.set_cookie);
    }
    let grant = Grant::to(attempt.policy.revision, caller, edits);
    Ok(Some(Step::Done(Decision::Allow(grant))))
}

fn refresh(
    attempt: &mut Attempt<'_, '_>,
    candidate: Candidate<'_>,
    session: &Session,
) -> Result<Session, Stop> {
    let settings = candidate.settings;
    let clients = &attempt.env.settings.clients;
    let missing = || Stop::from(candidate.refuse(Denial::CredentialsRefused));
    let old = session.tokens.refresh.as_ref().ok_or_else(missing)?;
    let client = grant::client_of(settings, clients).ok_or_else(missing)?;
    let request = grant::refresh_token(settings, client, old);
    let key = Digest::sha256(&[&b"gatekey-refresh-v1\0"[..], old.expose().as_bytes()].concat());
    let reply = token_reply(attempt, candidate, key, KEEP_SECONDS, &|| Ok(request.clone()))?;
    let proof = prove(attempt, candidate, &reply)?;
    if *proof.client_id != *session.identity.client_id {
        return Err(candidate.refuse(Denial::UnknownClient).into());
    }
    let fresh = begun(attempt, candidate, &proof, Some(&reply), &session.identity.subject);
    Ok(session.refreshed(fresh.identity, fresh.tokens))
}

/// Sends a browser to the provider; anything else is told that nobody is signed in.
pub(super) fn begin<'p>(attempt: &mut Attempt<'p, '_>) -> Option<Result<Step<'p>, Stop>> {
    let candidate = candidates(attempt, AuthMethods::AUTHORIZATION_CODE).next()?;
    if !login::is_navigation(attempt.request) || attempt.env.settings.session.is_none() {
        return Some(Err(candidate.refuse(Denial::LoginRequired).into()));
    }
    let (settings, env) = (candidate.settings, attempt.env);
    let configured = settings.authorization_endpoint.as_ref();
    let endpoint = attempt
        .memory
        .providers
        .endpoint(settings, env, configured, |discovery| discovery.authorization_endpoint.as_ref());
    let endpoint = match endpoint {
        Ok(endpoint) => endpoint,
        Err(need) => return Some(Err(candidate.stopped(need))),
    };
    let redirect = with_jar(attempt, candidate, |jar, sealer| login::begin(jar, sealer, &endpoint));
    Some(match redirect.unwrap_or(Err(Denial::LoginRequired)) {
        Ok(redirect) => Ok(Step::Done(Decision::Redirect(redirect))),
        Err(denial) => Err(candidate.refuse(denial).into()),
    })
}
