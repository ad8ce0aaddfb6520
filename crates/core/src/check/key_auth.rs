//! API keys in a request header.

use alloc::sync::Arc;

use super::Step;
use super::admission::admit;
use super::decision::{Decision, Denial, Edits, Grant, Hidden, Refusal};
use super::method::{Attempt, Method, StrategyConfig, sealed};
use crate::digest::Digest;
use crate::id::CredentialId;
use crate::key::PresentedKey;
use crate::policy::Entry;
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

    fn check<'p>(&self, attempt: &mut Attempt<'p, '_>) -> Option<Result<Step<'p>, Refusal>> {
        let found = match find_key(attempt) {
            Ok(found) => found?,
            Err(denial) => return Some(Err(denial.into())),
        };
        // Two credentials could be of two applications.
        if attempt.policy.methods.iter().any(|method| method.finds_token(attempt)) {
            return Some(Err(Denial::AmbiguousToken.into()));
        }
        Some(decide(attempt, found).map(|grant| Step::Done(Decision::Allow(grant))))
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
    let (entry, credential) = look_up(attempt, found.key)?;
    let accepts = |config: &StrategyConfig| match config {
        StrategyConfig::KeyAuth(names) if names.iter().any(|name| **name == *found.header) => {
            Some(Ok(()))
        }
        StrategyConfig::KeyAuth(_) => Some(Err(Denial::WrongHeader)),
        _ => None,
    };
    let caller = admit(attempt, entry, credential, accepts)?;
    let edits = Edits::hiding(Some(Hidden::Header(found.header)));
    Ok(Grant::to(attempt.policy.revision, caller, edits))
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
