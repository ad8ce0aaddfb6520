//! What every credential has to pass once it is known whose it is.

use super::decision::{Caller, Denial, Refusal};
use super::limit;
use super::method::{Attempt, StrategyConfig};
use crate::id::{ApiId, CredentialId};
use crate::lifecycle::registration::RegistrationStatus;
use crate::policy::{Application, Entry, Facts};

/// Whether the holder of a credential may call what is asked for, and who that is.
///
/// `accepts` says whether a strategy takes the credential as it was presented: `None` when the
/// strategy is of another method, an error when the place or the kind is wrong.
pub(crate) fn admit<'p>(
    attempt: &mut Attempt<'p, '_>,
    entry: &Entry,
    credential: CredentialId,
    accepts: impl Fn(&StrategyConfig) -> Option<Result<(), Denial>>,
) -> Result<Caller<'p>, Refusal> {
    let mut refusal =
        Refusal { credential: Some(credential), ..Refusal::unproven(Denial::UnknownApplication) };
    let because = |refusal: Refusal, denial| Err(Refusal { denial, ..refusal });
    let application = attempt.policy.application_at(entry.slot());
    refusal.application = application.map(|application| application.id);
    if entry.is_expired(attempt.env.now) {
        return because(refusal, Denial::ExpiredCredential);
    }
    let Some(application) = application else { return Err(refusal) };
    let Some(facts) = &application.facts else { return Err(refusal) };
    if !facts.active {
        return because(refusal, Denial::ApplicationSuspended);
    }
    let api = match registered(attempt, application, facts, accepts) {
        Ok(api) => api,
        Err((api, denial)) => return because(Refusal { api, ..refusal }, denial),
    };
    if attempt.familiar_only && !entry.is_familiar() {
        return because(Refusal { api: Some(api), ..refusal }, Denial::StalePolicy);
    }
    let extras = application.extras();
    if let Some(extras) = extras
        && let Err(denial) = limit::admit(attempt.env, &extras.networks)
    {
        return because(Refusal { api: Some(api), ..refusal }, denial);
    }
    if entry.touch(attempt.env.now) {
        attempt.memory.note_use(credential, attempt.env.now);
    }
    Ok(Caller {
        application: application.id,
        application_name: &facts.header_name,
        owner: facts.owner,
        api,
        credential,
        strategy: facts.strategy,
        consumer: extras.and_then(|extras| extras.consumer(api)),
        limits: extras.map_or(&[], |extras| &extras.limits),
    })
}

/// The API that the application may call here, or the best reason why it may not.
fn registered(
    attempt: &Attempt<'_, '_>,
    application: &Application,
    facts: &Facts,
    accepts: impl Fn(&StrategyConfig) -> Option<Result<(), Denial>>,
) -> Result<ApiId, (Option<ApiId>, Denial)> {
    let mut refused = (None, Denial::NotRegistered);
    for publication in &attempt.service.publications {
        let Some(strategy) = &publication.strategy else { continue };
        if strategy.id != facts.strategy || publication.portal != facts.portal {
            continue;
        }
        let denial = match accepts(&strategy.config) {
            None => continue,
            Some(Err(denial)) => denial,
            Some(Ok(())) => match application.registration(publication.api) {
                Some(RegistrationStatus::Approved) => return Ok(publication.api),
                None if publication.consumers_too && application.is_consumer() => {
                    return Ok(publication.api);
                }
                None => Denial::NotRegistered,
                Some(RegistrationStatus::Pending) => Denial::RegistrationPending,
                Some(RegistrationStatus::Rejected) => Denial::RegistrationRejected,
                Some(RegistrationStatus::Revoked) => Denial::RegistrationRevoked,
            },
        };
        refused = (Some(publication.api), denial);
    }
    Err(refused)
}
