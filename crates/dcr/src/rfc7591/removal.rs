//! Removing a client, and being sure that it is gone.
//!
//! A server that does not know a client refuses its token, like one to which the token is too old.
//! So a refusal is confirmed by a read: a server that shows the client gives away its newest token
//! with it. That a read replaces things does no harm to a client that is to go.

use super::{CONFIRM, CONTRADICTED, DELETE, DENIED, DONE, Rfc7591, failed, registration};
use crate::adapter::{Settled, State};
use crate::call::Reply;
use crate::failure::FailureKind;
use crate::oauth_error::OauthError;
use crate::pace;
use crate::remote::Remote;

/// Whether the server can be asked about the client.
pub(super) const fn is_managed(remote: &Remote) -> bool {
    remote.registration_client_uri.is_some() && remote.registration_access_token.is_some()
}

/// Takes in the answer to a removal.
pub(super) fn deleted(state: &mut State, reply: &Reply) -> Settled {
    if reply.succeeded() {
        return gone(state);
    }
    let told = OauthError::told(reply);
    if denies(reply) {
        if state.stage == CONTRADICTED {
            let told = format!("{told}, and yet the server shows the client");
            return failed(DELETE, FailureKind::Unexpected, told);
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
    failed(DELETE, kind, told)
}

/// Takes in the answer to the read that confirms.
pub(super) fn confirmed(adapter: &Rfc7591, state: &mut State, reply: &Reply) -> Settled {
    let told = OauthError::told(reply);
    if reply.succeeded() {
        let (trusted, now) = (adapter.trusted(state), state.now);
        let _ = registration::take_in(&mut state.remote, &reply.json(), &trusted, now);
        state.stage = CONTRADICTED.into();
        return Settled::Continue;
    }
    match reply.status {
        429 | 500 | 502..=599 => pace::again(state.attempts, reply.retry_after_seconds, told),
        404 | 410 => gone(state),
        _ if state.remote.registration_access_token_doubtful => {
            let told = format!(
                "{told}. The client may still be there: the answer to an earlier call was lost, \
                 and may have held another registration access token"
            );
            failed(CONFIRM, FailureKind::Uncertain, told)
        }
        _ => gone(state),
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

/// The client is gone.
fn gone(state: &mut State) -> Settled {
    state.remote = Remote::default();
    state.stage = DONE.into();
    Settled::Continue
}
