//! Which call comes next.

use serde_json::{Map, Value};

use super::{
    CONFIRM, DELETE, DENIED, DISCOVER, DONE, ELSEWHERE, PROBE, READ, REGISTER, Reading, Rfc7591,
    RotateBy, UNTAGGED, UPDATE, discovery, metadata,
};
use crate::adapter::{Next, State, Step};
use crate::call::{Body, Call, Method};
use crate::failure::{Failure, FailureKind};
use crate::job::Job;
use crate::remote::Remote;

pub(super) fn next(adapter: &Rfc7591, job: &Job, state: &State) -> Next {
    if state.stage == DONE {
        return Next::Done;
    }
    let rotate = adapter.config.rotate;
    match job {
        Job::Verify if state.remote.registration_client_uri.is_some() => removal(state),
        Job::Verify => at_endpoint(adapter, state, PROBE, &metadata::invalid()),
        Job::Register(_) => {
            let body = sent(adapter, job, state);
            at_endpoint(adapter, state, REGISTER, &Value::Object(body))
        }
        Job::RotateSecret(_) if rotate == RotateBy::Update => update(adapter, job, state),
        Job::Update(_) => update(adapter, job, state),
        Job::GrantedScopes if adapter.config.read == Reading::Safe => {
            managed(&state.remote, READ, Method::Get, None)
        }
        Job::Unregister => removal(state),
        // By `Reregister` it is another client, and so another registration.
        Job::RotateSecret(_)
        | Job::AddSecret { .. }
        | Job::ListSecrets
        | Job::RemoveSecret { .. }
        | Job::Find { .. }
        | Job::GrantedScopes
        | Job::Notify(..) => unsupported(job),
    }
}

/// The metadata that the job sends.
pub(super) fn sent(adapter: &Rfc7591, job: &Job, state: &State) -> Map<String, Value> {
    match job {
        Job::Register(wanted) | Job::Update(wanted) | Job::RotateSecret(wanted) => {
            metadata::of(&adapter.config, wanted, state.stage != UNTAGGED)
        }
        _ => Map::new(),
    }
}

/// An update replaces: it carries all metadata, and none of the members that are the server's. The
/// secret is not known here, and may be left out. It may replace the token and the secret, so it is
/// not made twice without knowing.
fn update(adapter: &Rfc7591, job: &Job, state: &State) -> Next {
    let mut body = sent(adapter, job, state);
    let client_id = state.remote.client_id.as_deref().unwrap_or_default();
    body.insert("client_id".into(), client_id.into());
    managed(&state.remote, UPDATE, Method::Put, Some(Value::Object(body)))
}

fn removal(state: &State) -> Next {
    if state.remote.is_empty() {
        return Next::Done;
    }
    if state.stage == DENIED {
        return managed(&state.remote, CONFIRM, Method::Get, None);
    }
    managed(&state.remote, DELETE, Method::Delete, None)
}

/// A call of RFC 7592.
fn managed(remote: &Remote, step: Step, method: Method, body: Option<Value>) -> Next {
    let (Some(uri), Some(token)) =
        (&remote.registration_client_uri, &remote.registration_access_token)
    else {
        let client_id = remote.client_id.as_deref().unwrap_or("without an id");
        return Next::Failed(Failure::new(
            step,
            FailureKind::Unsupported,
            format!(
                "the server gave no registration_client_uri and registration_access_token for \
                 the client {client_id}: it has to be done at the server"
            ),
        ));
    };
    let mut call = Call::new(method, uri.as_str()).bearer(token);
    call.repeatable = method != Method::Put;
    Next::Call(
        step,
        match body {
            Some(body) => call.with(Body::json(&body)),
            None => call,
        },
    )
}

/// A call of RFC 7591, once it is known where to.
fn at_endpoint(adapter: &Rfc7591, state: &State, step: Step, body: &Value) -> Next {
    let Some(endpoint) = adapter.endpoint(state) else {
        let documents = discovery::documents(&adapter.issuer);
        let which = usize::from(state.stage == ELSEWHERE);
        return match documents.into_iter().nth(which) {
            Some(document) => Next::Call(DISCOVER, Call::new(Method::Get, document)),
            None => Next::Failed(Failure::new(
                DISCOVER,
                FailureKind::Refused,
                "the issuer has no discovery document",
            )),
        };
    };
    let call = Call::new(Method::Post, endpoint).with(Body::json(body));
    Next::Call(
        step,
        match &adapter.initial_access_token {
            Some(token) => call.bearer(token),
            None => call,
        },
    )
}

fn unsupported(job: &Job) -> Next {
    Next::Failed(Failure::new(
        job.name(),
        FailureKind::Unsupported,
        "the provider is configured without it, or RFC 7592 has no call for it",
    ))
}
