//! API keys in a request header.

use alloc::sync::Arc;

use super::Step;
use super::decision::{Caller, Decision, Denial, Grant, Refusal};
use super::method::{Attempt, Method, StrategyConfig, sealed};
use crate::digest::Digest;
use crate::id::{ApiId, CredentialId};
use crate::key::PresentedKey;
use crate::lifecycle::registration::RegistrationStatus;
use crate::policy::{Application, Entry, Facts};
use crate::snapshot::record::{Scheme, StrategyMethod};

/// The longest key of a foreign format that is looked up.
const MAX_IMPORTED_BYTES: usize = 512;

/// The method [`KeyAuth`] as a value.
pub static KEY_AUTH: KeyAuth = KeyAuth;

/// Finds an API key in one of the headers that the service's strategies name.
///
/// A key is refused when its header comes twice or when two of the headers are there. What is
/// looked up is a digest; a key that is not known costs as much as one that is.
#[derive(Clone, Copy, Debug)]
pub struct KeyAuth;

impl sealed::Sealed for KeyAuth {}

impl Method for KeyAuth {
    fn compile(&self, method: &StrategyMethod) -> Option<StrategyConfig> {
        let StrategyMethod::KeyAuth { key_names } = method else { return None };
        let names: Arc<[_]> =
            key_names.iter().map(|name| name.to_ascii_lowercase().into_bytes().into()).collect();
        (!names.is_empty()).then_some(StrategyConfig::KeyAuth(names))
    }

    fn check<'p>(&self, attempt: &mut Attempt<'p, '_>) -> Option<Step<'p>> {
        let decision = match find_key(attempt) {
            Ok(None) => return None,
            Ok(Some(found)) => decide(attempt, found),
            Err(denial) => Err(Refusal::unproven(denial)),
        };
        Some(Step::Done(decision.map_or_else(Decision::Deny, Decision::Allow)))
    }
}

/// A key as presented, and the header it came in.
#[derive(Clone, Copy)]
struct Found<'p, 'r> {
    header: &'p [u8],
    key: &'r [u8],
}

/// The one key of a request. An empty value is no key, as in Kong, but it counts as a second one.
fn find_key<'p, 'r>(attempt: &Attempt<'p, 'r>) -> Result<Option<Found<'p, 'r>>, Denial> {
    let mut found: Option<Found<'p, 'r>> = None;
    let names = attempt.service.key_names.as_slice();
    for header in attempt.request.headers {
        let Some(name) = names.iter().find(|name| header.name.eq_ignore_ascii_case(name)) else {
            continue;
        };
        match found {
            None => found = Some(Found { header: name, key: header.value }),
            Some(first) if first.header == &**name => return Err(Denial::DuplicateCredential),
            Some(_) => return Err(Denial::AmbiguousCredential),
        }
    }
    Ok(found.filter(|found| !found.key.is_empty()))
}

fn decide<'p>(attempt: &mut Attempt<'p, '_>, found: Found<'p, '_>) -> Result<Grant<'p>, Refusal> {
    let policy = attempt.policy;
    let (entry, credential) = look_up(attempt, found.key)?;
    let mut refusal =
        Refusal { credential: Some(credential), ..Refusal::unproven(Denial::UnknownCredential) };
    let because = |refusal: Refusal, denial| Err(Refusal { denial, ..refusal });
    if entry.is_expired(attempt.env.now) {
        return because(refusal, Denial::ExpiredCredential);
    }
    let Some(application) = policy.application_at(entry.slot()) else {
        return because(refusal, Denial::UnknownApplication);
    };
    refusal.application = Some(application.id);
    let Some(facts) = &application.facts else {
        return because(refusal, Denial::UnknownApplication);
    };
    if !facts.active {
        return because(refusal, Denial::ApplicationSuspended);
    }
    let api = match registered(attempt, found.header, application, facts) {
        Ok(api) => api,
        Err((api, denial)) => return because(Refusal { api, ..refusal }, denial),
    };
    if attempt.familiar_only && !entry.is_familiar() {
        return because(Refusal { api: Some(api), ..refusal }, Denial::StalePolicy);
    }
    if entry.touch(attempt.env.now) {
        attempt.memory.note_use(credential, attempt.env.now);
    }
    let caller = Caller {
        application: application.id,
        application_name: &facts.header_name,
        developer: facts.developer,
        api,
        credential,
        strategy: facts.strategy,
        credential_header: found.header,
    };
    Ok(Grant::to(policy.revision, caller))
}

/// Finds the credential that a presented key is.
fn look_up<'p>(
    attempt: &Attempt<'p, '_>,
    key: &[u8],
) -> Result<(&'p Entry, CredentialId), Refusal> {
    let policy = attempt.policy;
    let issued = PresentedKey::parse(key).ok();
    if issued.is_none() && (key.len() > MAX_IMPORTED_BYTES || !policy.has_imported_keys()) {
        return Err(Refusal::unproven(Denial::MalformedCredential));
    }
    let claimed = issued.map(|issued| issued.credential());
    let peppered = attempt.env.settings.peppers.iter().map(|p| (p.digest(key), Scheme::HmacSha256));
    let plain = policy.has_sha256_keys().then(|| (Digest::sha256(key), Scheme::Sha256));
    for (digest, scheme) in peppered.chain(plain) {
        let Some(entry) = policy.credential(&digest, scheme) else { continue };
        if let Some(credential) = policy.imported_id(&digest).or(claimed) {
            return Ok((entry, credential));
        }
    }
    Err(Refusal { credential: claimed, ..Refusal::unproven(Denial::UnknownCredential) })
}

/// The API that the application may call here, or the best reason why it may not.
fn registered(
    attempt: &Attempt<'_, '_>,
    header: &[u8],
    application: &Application,
    facts: &Facts,
) -> Result<ApiId, (Option<ApiId>, Denial)> {
    let mut refused = (None, Denial::NotRegistered);
    for publication in &attempt.service.publications {
        let Some(strategy) = &publication.strategy else { continue };
        if strategy.id != facts.strategy || publication.portal != facts.portal {
            continue;
        }
        let StrategyConfig::KeyAuth(names) = &strategy.config else { continue };
        if !names.iter().any(|name| **name == *header) {
            refused = (Some(publication.api), Denial::WrongHeader);
            continue;
        }
        let denial = match application.registration(publication.api) {
            Some(RegistrationStatus::Approved) => return Ok(publication.api),
            None => Denial::NotRegistered,
            Some(RegistrationStatus::Pending) => Denial::RegistrationPending,
            Some(RegistrationStatus::Rejected) => Denial::RegistrationRejected,
            Some(RegistrationStatus::Revoked) => Denial::RegistrationRevoked,
        };
        refused = (Some(publication.api), denial);
    }
    Err(refused)
}
