//! Removing a client, and being sure that it is gone.
//!
//! A server that does not know a client refuses its token, like one to which the token is too old.
//! So a refusal is confirmed by a read: a server that shows the client gives away its newest token
//! with it. That a read replaces things does no harm to a client that is to go.

use super::{CONFIRM, CONTRADICTED, DELETE, DENIED, DONE, Rfc7591, failed, registration};
use crate::adapter::{Settled, State};
use crate::call::Reply;
use crate::failure::FailureKind;
use crate::job::Job;
use crate::oauth_error::OauthError;
use crate::pace;
use crate::remote::Remote;

/// Whether the server can be asked about the client.
pub(super) const fn is_managed(remote: &Remote) -> bool {
    remote.registration_client_uri.is_some() && remote.registration_access_token.is_some()
}

/// Whether the registration that was replaced is to be removed first. One that cannot be managed
/// does not keep the other from being removed.
fn starts_with_replaced(remote: &Remote) -> bool {
    remote.replaced.as_ref().is_some_and(|old| is_managed(old) || !is_managed(remote))
}

/// The registration that is to be removed next.
pub(super) fn target(remote: &Remote) -> &Remote {
    match remote.replaced.as_deref() {
        Some(old) if starts_with_replaced(remote) => old,
        _ => remote,
    }
}

/// The same, to be changed.
pub(super) fn target_mut(remote: &mut Remote) -> &mut Remote {
    if starts_with_replaced(remote) {
        return remote.replaced.get_or_insert_default();
    }
    remote
}

/// Forgets the registration that was removed.
fn forget(remote: &mut Remote) {
    if starts_with_replaced(remote) {
        remote.replaced = remote.replaced.take().and_then(|old| old.replaced);
    } else {
        *remote = Remote { replaced: remote.replaced.take(), ..Remote::default() };
    }
}

/// Undoes a replacement that is of no use: what was made of it is removed with the client.
pub(super) fn keep_the_old(remote: &mut Remote) {
    let Some(mut old) = remote.replaced.take() else {
        return;
    };
    let mut new = core::mem::take(remote);
    if new.client_id.is_some() {
        new.replaced = old.replaced.take();
        old.replaced = Some(Box::new(new));
    }
    *remote = *old;
}

/// Takes in the answer to a removal.
pub(super) fn deleted(job: &Job, state: &mut State, reply: &Reply) -> Settled {
    if reply.succeeded() {
        return gone(job, state);
    }
    let told = OauthError::told(reply);
    if denies(reply) {
        if state.stage == CONTRADICTED {
            let told = format!("{told}, and yet the server shows the client");
            return give_up(job, state, failed(DELETE, FailureKind::Unexpected, told));
        }
        state.stage = DENIED.into();
        return Settled::Continue;
    }
    let kind = match reply.status {
        429 | 500 | 502..=599 => {
            return pace::again(state.attempts, reply.retry_after_seconds, told);
        }
        405 | 501 => FailureKind::Unsupported,
        400..=499 => FailureKind::Refused,
        _ => FailureKind::Unexpected,
    };
    give_up(job, state, failed(DELETE, kind, told))
}

/// Takes in the answer to the read that confirms.
pub(super) fn confirmed(adapter: &Rfc7591, job: &Job, state: &mut State, reply: &Reply) -> Settled {
    let told = OauthError::told(reply);
    if reply.succeeded() {
        let (trusted, now) = (adapter.trusted(state), state.now);
        let _ = registration::take_in(target_mut(&mut state.remote), &reply.json(), &trusted, now);
        state.stage = CONTRADICTED.into();
        return Settled::Continue;
    }
    match reply.status {
        429 | 500 | 502..=599 => pace::again(state.attempts, reply.retry_after_seconds, told),
        404 | 410 => gone(job, state),
        _ if target_mut(&mut state.remote).registration_access_token_doubtful => {
            let told = format!(
                "{told}. The client may still be there: the answer to an earlier call was lost, \
                 and may have held another registration access token"
            );
            give_up(job, state, failed(CONFIRM, FailureKind::Uncertain, told))
        }
        _ => gone(job, state),
    }
}

/// The server says that it has no such client, or takes the token no more. Canaille answers 400.
fn denies(reply: &Reply) -> bool {
    match reply.status {
        401 | 404 | 410 => true,
        400 => OauthError::read(reply).is_some_and(|error| error.code == "access_denied"),
        _ => false,
    }
}

/// The registration is gone. Where there is another, that is next; a rotation keeps it.
fn gone(job: &Job, state: &mut State) -> Settled {
    forget(&mut state.remote);
    let enough = matches!(job, Job::RotateSecret(_) | Job::Verify);
    state.stage = if enough || state.remote.is_empty() { DONE } else { "" }.into();
    Settled::Continue
}

/// A rotation has its new secret, which must reach the developer: the old registration stays, and
/// is removed with the client.
fn give_up(job: &Job, state: &mut State, failure: Settled) -> Settled {
    let (Job::RotateSecret(_), Settled::Failed(failure)) = (job, &failure) else {
        return failure;
    };
    let old = state.remote.replaced.as_ref().and_then(|old| old.client_id.clone());
    let old = old.unwrap_or_default();
    state.found.warnings.push(format!("the old client {old} is still there: {failure}"));
    state.stage = DONE.into();
    Settled::Continue
}
