//! The steps of each job.

use gatekey_core::secret::Secret;

use super::{Curity, body};
use crate::adapter::{Next, Settled, State, Step};
use crate::call::{Body, Call, Method, Outcome, Reply};
use crate::failure::{Failure, FailureKind};
use crate::job::Job;
use crate::pace;
use crate::remote::Remote;
use crate::vendor::{
    Judged, Token, TokenRequest, Words, admin_token, id, judge, substituted, text,
};

const NAME: &str = "Curity";

const DISCOVER: Step = "read the server's metadata";
const INITIAL: Step = "get a token for one registration";
const MANAGING: Step = "get a token for managing clients";
const CREATE: Step = "create the client";
const UPDATE: Step = "update the client";
const ROTATE: Step = "replace the client's secret";
const DELETE: Step = "delete the client";

const TOKEN_ENDPOINT: &str = "token_endpoint";
const REGISTRATION_ENDPOINT: &str = "registration_endpoint";

/// The registration access token was refused: another token takes its place.
const MANAGED: &str = "managed";
/// A removal was sent, and no answer came.
const AGAIN: &str = "again";
/// Both.
const MANAGED_AGAIN: &str = "managed again";
/// A token was refused once already.
const SECOND: &str = "second";
/// Verifying: whether clients can be managed without their own tokens.
const FALLBACK: &str = "fallback";
const DONE: &str = "done";

impl Curity {
    fn token(&self, state: &State, scope: &'static str) -> TokenRequest<'_> {
        let endpoint = state.session.endpoints.get(TOKEN_ENDPOINT).cloned().unwrap_or_default();
        TokenRequest {
            provider: NAME,
            endpoint,
            client_id: &self.client_id,
            client_secret: &self.client_secret,
            extra: ("scope", scope),
        }
    }

    /// What comes next.
    pub(super) fn wanted(&self, job: &Job, state: &State) -> Next {
        let stage = state.stage.as_str();
        match job {
            _ if stage == DONE => return Next::Done,
            Job::Notify(..) => return Next::Done,
            Job::Unregister if state.remote.client_id.is_none() => return Next::Done,
            Job::AddSecret { .. }
            | Job::ListSecrets
            | Job::RemoveSecret { .. }
            | Job::Find { .. }
            | Job::GrantedScopes => {
                let text = format!("{NAME} has no {} for a client", job.name().replace('_', " "));
                return Next::Failed(Failure::new("begin", FailureKind::Unsupported, text));
            }
            _ => {}
        }
        // Verifying asks for it even when it is known.
        let known = state.session.endpoints.contains_key(REGISTRATION_ENDPOINT);
        if !known || (*job == Job::Verify && stage.is_empty()) {
            return Next::Call(DISCOVER, Call::new(Method::Get, self.metadata.clone()));
        }
        match job {
            Job::Verify if stage == FALLBACK => {
                Next::Call(MANAGING, self.token(state, "dcrm").call())
            }
            Job::Verify => Next::Call(INITIAL, self.token(state, "dcr").call()),
            Job::Register(metadata) => match &state.once {
                None => Next::Call(INITIAL, self.token(state, "dcr").call()),
                Some(token) => {
                    let endpoint = state.session.endpoints.get(REGISTRATION_ENDPOINT);
                    let endpoint = endpoint.cloned().unwrap_or_default();
                    let body = Body::json(&body::client(metadata, None));
                    Next::Call(CREATE, Call::new(Method::Post, endpoint).with(body).bearer(token))
                }
            },
            _ => self.of_client(job, state),
        }
    }

    fn of_client(&self, job: &Job, state: &State) -> Next {
        let gone = |text: &str| {
            let text = format!("{text} at {NAME} is known");
            Next::Failed(Failure::new("begin", FailureKind::Gone, text))
        };
        let Some(client_id) = state.remote.client_id.as_deref() else { return gone("no client") };
        let Some(url) = self.address(state, client_id) else { return gone("no such client") };
        let Some(token) = authority(state) else {
            return Next::Call(MANAGING, self.token(state, "dcrm").call());
        };
        let (step, call) = match job {
            Job::Update(metadata) => {
                let body = Body::json(&body::client(metadata, Some(client_id)));
                (UPDATE, Call::new(Method::Put, url).with(body))
            }
            // Reading replaces the secret, and changes nothing else. The last answer holds.
            Job::RotateSecret(_) => (ROTATE, Call::new(Method::Get, url)),
            _ => {
                // It could be repeated, but then one has to know that it was sent before.
                let call = Call::new(Method::Delete, url);
                (DELETE, Call { repeatable: false, ..call })
            }
        };
        Next::Call(step, call.bearer(token))
    }

    /// Where a client is managed: where its answers said, or below the registration endpoint.
    fn address(&self, state: &State, client_id: &str) -> Option<String> {
        let said = state.remote.registration_client_uri.as_deref();
        said.and_then(|uri| self.origin.pinned(uri)).or_else(|| {
            let endpoint = state.session.endpoints.get(REGISTRATION_ENDPOINT)?;
            Some(format!("{}/{}", endpoint.trim_end_matches('/'), crate::vendor::encode(client_id)))
        })
    }

    /// Takes in what came of a call.
    pub(super) fn take(
        &self,
        job: &Job,
        state: &mut State,
        step: Step,
        outcome: &Outcome,
    ) -> Settled {
        match step {
            INITIAL => return self.take_initial(job, state, outcome),
            MANAGING => return self.take_managing(job, state, outcome),
            _ => {}
        }
        if step == CREATE && !matches!(outcome, Outcome::NotSent(_)) {
            // Whatever came of it, the token may be used up.
            state.once = None;
        }
        let repeatable = !matches!(step, CREATE | DELETE);
        let reply = match judge(NAME, repeatable, state.attempts, outcome) {
            Judged::Answer(reply) => reply,
            Judged::Later(settled) => return settled,
            Judged::Unknown(why) if step == DELETE => {
                let managed = matches!(state.stage.as_str(), MANAGED | MANAGED_AGAIN);
                state.stage = if managed { MANAGED_AGAIN } else { AGAIN }.into();
                return pace::again(state.attempts, None, why);
            }
            Judged::Unknown(why) => {
                let text = format!("{why}; {NAME} cannot be asked whether there is a client now");
                return Settled::Failed(Failure::new(step, FailureKind::Uncertain, text));
            }
        };
        if step == DISCOVER {
            return self.take_metadata(job, state, reply);
        }
        if !reply.succeeded() {
            return self.refused(state, step, reply);
        }
        let answer = reply.json();
        if step == CREATE {
            state.remote.client_id = id(&answer, "client_id");
        }
        body::take(state, &self.origin, &answer);
        match (step, job) {
            (DELETE, _) => state.remote = Remote::default(),
            (CREATE, _) if state.remote.client_id.is_none() => {
                let text = format!("{NAME} answers without a client id");
                return Settled::Failed(Failure::new(step, FailureKind::Unexpected, text));
            }
            (CREATE | ROTATE, _) if state.issued.is_none() => {
                let text = format!("{NAME} answers without a secret");
                return Settled::Failed(Failure::new(step, FailureKind::Unexpected, text));
            }
            (_, Job::Register(metadata) | Job::Update(metadata)) => {
                state.found.warnings.extend(substituted(metadata, &answer));
            }
            _ => {}
        }
        state.stage = DONE.into();
        Settled::Continue
    }

    fn take_metadata(&self, job: &Job, state: &mut State, reply: &Reply) -> Settled {
        let failed =
            |kind: FailureKind, text: String| Settled::Failed(Failure::new(DISCOVER, kind, text));
        if !reply.succeeded() {
            let secret = Some(self.client_secret.expose().as_str());
            let told = Words::of(reply).tell(NAME, reply.status, state, secret);
            return failed(FailureKind::Unexpected, told);
        }
        let document = reply.json();
        for member in [TOKEN_ENDPOINT, REGISTRATION_ENDPOINT] {
            let Some(url) = text(&document, member) else {
                let text = format!("{NAME}'s metadata names no {member}: is registration enabled?");
                return failed(FailureKind::Refused, text);
            };
            let Some(url) = self.origin.pinned(url) else {
                let text = format!("{NAME}'s metadata names a {member} at another origin");
                return failed(FailureKind::Unexpected, text);
            };
            state.session.endpoints.insert(member.to_owned(), url);
        }
        if *job == Job::Verify {
            state.stage = "token".into();
        }
        Settled::Continue
    }

    /// The token for one registration. It is never kept for another.
    fn take_initial(&self, job: &Job, state: &mut State, outcome: &Outcome) -> Settled {
        let Token { token, scopes, .. } = match self.token(state, "dcr").read(state, outcome) {
            Ok(token) => token,
            Err(settled) => return named(INITIAL, settled),
        };
        if scopes.is_some_and(|scopes| !scopes.iter().any(|scope| scope == "dcr")) {
            let text = format!("{NAME} gives the initial client no token with the scope `dcr`");
            return Settled::Failed(Failure::new(INITIAL, FailureKind::Refused, text));
        }
        match job {
            Job::Verify => state.stage = FALLBACK.into(),
            _ => state.once = Some(token),
        }
        Settled::Continue
    }

    fn take_managing(&self, job: &Job, state: &mut State, outcome: &Outcome) -> Settled {
        match (self.token(state, "dcrm").read(state, outcome), job) {
            (Ok(token), _) => {
                state.session.admin_token = Some((token.token, token.end));
                if *job == Job::Verify {
                    state.stage = DONE.into();
                }
                Settled::Continue
            }
            (Err(Settled::Failed(_)), Job::Verify) => {
                state.found.warnings.push(
                    "the initial client may not have the scope `dcrm`: a client whose registration \
                     access token is lost cannot be managed any more"
                        .to_owned(),
                );
                state.stage = DONE.into();
                Settled::Continue
            }
            // Its own token died with it.
            (Err(Settled::Failed(_)), Job::Unregister) if state.stage == MANAGED_AGAIN => {
                state.remote = Remote::default();
                state.stage = DONE.into();
                Settled::Continue
            }
            (Err(settled), _) => named(MANAGING, settled),
        }
    }

    fn refused(&self, state: &mut State, step: Step, reply: &Reply) -> Settled {
        let words = Words::of(reply);
        let secret = Some(self.client_secret.expose().as_str());
        match (step, reply.status, state.stage.as_str()) {
            (DELETE, 404 | 410, _) => {
                state.remote = Remote::default();
                state.stage = DONE.into();
                Settled::Continue
            }
            // A used token, or one that ended meanwhile: another is got, once.
            (CREATE, 401, "") => {
                state.stage = SECOND.into();
                Settled::Continue
            }
            (UPDATE | ROTATE | DELETE, 401, "" | AGAIN) if by_own_token(state) => {
                let again = state.stage == AGAIN;
                state.stage = if again { MANAGED_AGAIN } else { MANAGED }.into();
                Settled::Continue
            }
            (_, 401, _) if step != CREATE => {
                state.session.admin_token = None;
                words.refuse(NAME, step, reply, state, secret)
            }
            _ => words.refuse(NAME, step, reply, state, secret),
        }
    }
}

/// Whether the client's own token is used.
fn by_own_token(state: &State) -> bool {
    let end = state.remote.registration_access_token_expires_at;
    state.remote.registration_access_token.is_some()
        && end.is_none_or(|end| state.now < end)
        && !matches!(state.stage.as_str(), MANAGED | MANAGED_AGAIN)
}

/// The token that manages the client.
fn authority(state: &State) -> Option<&Secret<String>> {
    if by_own_token(state) {
        state.remote.registration_access_token.as_ref()
    } else {
        admin_token(state)
    }
}

/// The same, of another step.
fn named(step: Step, settled: Settled) -> Settled {
    match settled {
        Settled::Failed(failure) => Settled::Failed(Failure { step, ..failure }),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::vendor::Base;

    #[test]
    fn a_management_address_elsewhere_is_as_good_as_none() {
        let origin = Base::parse("issuer", "https://idp.test").unwrap();
        let mut state = State { now: 100, ..State::default() };
        let answer = json!({"registration_client_uri": "https://evil.test/c1",
            "registration_access_token": "t", "registration_access_token_expires_in": 50});
        body::take(&mut state, &origin, &answer);
        assert_eq!(state.remote.registration_client_uri, None);
        assert_eq!(state.remote.registration_access_token_expires_at, Some(150));
        let here = json!({"registration_client_uri": "https://idp.test/c1"});
        body::take(&mut state, &origin, &here);
        assert_eq!(state.remote.registration_client_uri.as_deref(), Some("https://idp.test/c1"));
        // What an answer does not hold stays as it was.
        assert!(state.remote.registration_access_token.is_some() && state.issued.is_none());
        assert!(by_own_token(&state));
        state.now = 150;
        assert!(!by_own_token(&state));
    }
}
