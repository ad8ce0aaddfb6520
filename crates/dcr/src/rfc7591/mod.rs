//! Any server of RFC 7591 and RFC 7592: Keycloak, PingFederate, PingAM, oidc-provider, Glewlwyd,
//! and the portal's own.
//!
//! A client is managed with the registration access token that came with it, and servers replace
//! that token when they like: some with every update, Keycloak with every use, reads included. So
//! clients are not read, what an answer replaces is kept before anything else, and a token that
//! may have been replaced by an answer that never came is known as doubtful: its refusal does not
//! count as proof that the client is gone.

mod calls;
mod config;
mod discovery;
mod metadata;
mod registration;
mod removal;

use gatekey_core::secret::Secret;
use serde_json::{Map, Value};
use url::Url;

use crate::adapter::{Adapter, Next, Settled, State, Step};
use crate::call::{Outcome, Reply};
use crate::capability::{Capabilities, Read, Rotate};
use crate::failure::{Failure, FailureKind};
use crate::job::Job;
use crate::oauth_error::OauthError;
use crate::pace;
use crate::provider::{Fault, Provider};

pub use self::config::{Config, Reading, RotateBy, SecretBy};

const DISCOVER: Step = "read the discovery document";
const PROBE: Step = "try the registration endpoint";
const REGISTER: Step = "register the client";
const UPDATE: Step = "update the client";
const READ: Step = "read the client";
const DELETE: Step = "delete the client";
const CONFIRM: Step = "confirm that the client is gone";

/// The job is done.
const DONE: &str = "done";
/// The first place of a discovery document held none.
const ELSEWHERE: &str = "discover elsewhere";
/// The server refused `software_id`.
const UNTAGGED: &str = "without software_id";
/// The server says that the client is not there.
const DENIED: &str = "denied";
/// It said so, and showed the client all the same.
const CONTRADICTED: &str = "contradicted";

/// The member of a session that names the endpoint.
const ENDPOINT: &str = "registration_endpoint";

/// A registration endpoint.
#[derive(Debug)]
pub struct Rfc7591 {
    issuer: Url,
    config: Config,
    initial_access_token: Option<Secret<String>>,
}

impl Rfc7591 {
    /// The endpoint of a provider's configuration: [`Config`], and the secret
    /// `initial_access_token`.
    ///
    /// # Errors
    ///
    /// When the configuration does not have that form, or a URL in it is none.
    pub fn new(provider: &Provider) -> Result<Self, Fault> {
        let fault = |field: &str, rule: String| Fault { field: field.into(), rule };
        let url = |field: &str, text: &str| {
            let url = Url::parse(text).ok();
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            url.ok_or_else(|| fault(field, "is not an http or https URL".into()))
        };
        let config: Config = serde_json::from_value(Value::Object(provider.config.clone()))
            .map_err(|error| fault("dcr_config", error.to_string()))?;
        if let Some(endpoint) = &config.registration_endpoint {
            url("dcr_config.registration_endpoint", endpoint)?;
        }
        let issuer = url("issuer", &provider.issuer)?;
        let token = provider.secret("initial_access_token").filter(|token| !token.is_empty());
        let initial_access_token = token.map(|token| Secret::new(token.to_owned()));
        Ok(Self { issuer, config, initial_access_token })
    }

    /// Where clients are registered, once it is known.
    fn endpoint<'a>(&'a self, state: &'a State) -> Option<&'a str> {
        let configured = self.config.registration_endpoint.as_deref();
        configured.or_else(|| state.session.endpoints.get(ENDPOINT).map(String::as_str))
    }

    /// Where a management URI may point to.
    fn trusted(&self, state: &State) -> Vec<Url> {
        let endpoint = self.endpoint(state).and_then(|endpoint| Url::parse(endpoint).ok());
        endpoint.into_iter().chain([self.issuer.clone()]).collect()
    }

    /// Keeps what a success says of the client; the secret apart.
    fn take_in(&self, state: &mut State, body: &Value) -> Result<(), String> {
        let trusted = self.trusted(state);
        registration::take_in(&mut state.remote, body, &trusted, state.now)
    }

    fn discovered(&self, state: &mut State, reply: &Reply) -> Settled {
        if !reply.succeeded() {
            if state.stage != ELSEWHERE && discovery::documents(&self.issuer).len() > 1 {
                state.stage = ELSEWHERE.into();
                return Settled::Continue;
            }
            let told = format!("no discovery document: {}", OauthError::told(reply));
            return failed(DISCOVER, FailureKind::Refused, told);
        }
        match discovery::registration_endpoint(&self.issuer, &reply.json()) {
            Ok(endpoint) => {
                state.session.endpoints.insert(ENDPOINT.into(), endpoint);
                if state.stage == ELSEWHERE {
                    state.stage.clear();
                }
                Settled::Continue
            }
            Err(why) => failed(DISCOVER, FailureKind::Refused, why),
        }
    }

    fn probed(&self, state: &mut State, reply: &Reply) -> Settled {
        let told = OauthError::told(reply);
        let fail = |kind| failed(PROBE, kind, told.clone());
        let warnings = &mut state.found.warnings;
        match reply.status {
            401 | 403 => return fail(FailureKind::Unauthorized),
            404 | 405 | 410 => return fail(FailureKind::Refused),
            400..=499 if OauthError::read(reply).is_some() => {}
            400..=500 => warnings.push(format!("{told} to invalid client metadata")),
            501..=599 => return fail(FailureKind::Unavailable),
            200..=299 => {
                // A server that registers anything. What it made is removed next.
                let _ = self.take_in(state, &reply.json());
                if state.remote.registration_client_uri.is_some() {
                    return Settled::Continue;
                }
                let client_id = state.remote.client_id.clone().unwrap_or_default();
                state.found.warnings.push(format!(
                    "the server registers invalid metadata, and gives no way to remove the client \
                     {client_id} that it made of it"
                ));
            }
            _ => return fail(FailureKind::Unexpected),
        }
        state.stage = DONE.into();
        Settled::Continue
    }

    fn registered(&self, state: &mut State, reply: &Reply, sent: &Map<String, Value>) -> Settled {
        let body = reply.json();
        let taken = self.take_in(state, &body);
        let issued = registration::issued(state, &body);
        let odd = match taken {
            _ if state.remote.client_id.is_none() => Some("the answer names no client_id".into()),
            _ if !issued => Some("the answer holds no client_secret".into()),
            Ok(()) => None,
            Err(why) => Some(why),
        };
        if let Some(why) = odd {
            return failed(REGISTER, FailureKind::Unexpected, why);
        }
        state.stage = DONE.into();
        state.found.warnings.extend(metadata::surprises(sent, &body));
        if !removal::is_managed(&state.remote) {
            state.found.warnings.push(
                "the server gives no way to manage the client: it can be changed and removed at \
                 the server only"
                    .into(),
            );
        }
        Settled::Continue
    }

    fn updated(&self, job: &Job, state: &mut State, reply: &Reply) -> Settled {
        let body = reply.json();
        let taken = self.take_in(state, &body);
        let issued = registration::issued(state, &body);
        if let Err(why) = taken {
            return failed(UPDATE, FailureKind::Unexpected, why);
        }
        if matches!(job, Job::RotateSecret(_)) && !issued {
            return failed(
                UPDATE,
                FailureKind::Unsupported,
                "the server keeps the secret of a client that is updated: `rotate` of the \
                 provider's configuration has to be another",
            );
        }
        state.stage = DONE.into();
        Settled::Continue
    }

    fn read(&self, state: &mut State, reply: &Reply) -> Settled {
        let body = reply.json();
        if let Err(why) = self.take_in(state, &body) {
            return failed(READ, FailureKind::Unexpected, why);
        }
        let scopes = body.get("scope").and_then(Value::as_str).unwrap_or_default();
        state.found.scopes = scopes.split_whitespace().map(str::to_owned).collect();
        state.stage = DONE.into();
        Settled::Continue
    }

    /// Takes in a refusal of a registration or of a change.
    fn refused(&self, state: &mut State, step: Step, reply: &Reply) -> Settled {
        let told = OauthError::told(reply);
        let said = |words: &str| {
            OauthError::read(reply)
                .is_some_and(|error| error.code == words || error.description.contains(words))
        };
        let registers = step == REGISTER;
        let kind = match reply.status {
            400 if said("software_id") && state.stage != UNTAGGED => {
                state.stage = UNTAGGED.into();
                return Settled::Continue;
            }
            429 => return pace::again(state.attempts, reply.retry_after_seconds, told),
            503 if registers => {
                return pace::again(state.attempts, reply.retry_after_seconds, told);
            }
            501 => FailureKind::Unsupported,
            500..=599 if registers => FailureKind::Uncertain,
            500..=599 => {
                state.remote.registration_access_token_doubtful |= step == UPDATE;
                return pace::again(state.attempts, reply.retry_after_seconds, told);
            }
            401 | 403 if registers => FailureKind::Unauthorized,
            404 | 405 | 410 if registers => {
                // Discovery may know better by now.
                state.session.endpoints.remove(ENDPOINT);
                FailureKind::Refused
            }
            // Canaille answers 400 where others answer 401.
            401 | 400 if reply.status == 401 || said("access_denied") => {
                state.remote.registration_access_token_doubtful = true;
                let told = format!(
                    "{told}. The client was removed at the server, or its registration access \
                     token replaced by a call whose answer was lost"
                );
                return failed(step, FailureKind::Unauthorized, told);
            }
            404 | 410 => FailureKind::Gone,
            405 => FailureKind::Unsupported,
            400..=499 => FailureKind::Refused,
            _ => FailureKind::Unexpected,
        };
        failed(step, kind, told)
    }

    /// Takes in that no answer came.
    fn unanswered(&self, job: &Job, state: &mut State, step: Step, outcome: &Outcome) -> Settled {
        let (why, lost) = match outcome {
            Outcome::NotSent(why) => (why, false),
            Outcome::Lost(why) => (why, true),
            Outcome::Replied(_) => return Settled::Continue,
        };
        let reads = matches!(step, READ | CONFIRM) && self.config.read != Reading::Safe;
        if lost && (step == UPDATE || reads) {
            state.remote.registration_access_token_doubtful = true;
        }
        match (job, step) {
            (Job::Verify, _) => failed(step, FailureKind::Unavailable, why.as_str()),
            (_, REGISTER) if lost => failed(step, FailureKind::Uncertain, why.as_str()),
            _ => pace::again(state.attempts, None, why.as_str()),
        }
    }
}

fn failed(step: Step, kind: FailureKind, why: impl Into<String>) -> Settled {
    Settled::Failed(Failure::new(step, kind, why))
}

impl Adapter for Rfc7591 {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            read: match self.config.read {
                Reading::None => Read::Never,
                Reading::Safe => Read::Safe,
                Reading::Rotating => Read::Rotating,
            },
            rotate: match self.config.rotate {
                RotateBy::Update => Rotate::Update,
                RotateBy::Reregister => Rotate::Reregister,
                RotateBy::None => Rotate::Never,
            },
            update_rotates: self.config.rotate == RotateBy::Update,
            granted_scopes: self.config.read == Reading::Safe,
            ..Capabilities::PLAIN
        }
    }

    fn next(&self, job: &Job, state: &State) -> Next {
        calls::next(self, job, state)
    }

    fn settle(&self, job: &Job, state: &mut State, step: Step, outcome: &Outcome) -> Settled {
        let Outcome::Replied(reply) = outcome else {
            return self.unanswered(job, state, step, outcome);
        };
        match step {
            DISCOVER if reply.status >= 500 && *job != Job::Verify => {
                let told = OauthError::told(reply);
                pace::again(state.attempts, reply.retry_after_seconds, told)
            }
            DISCOVER => self.discovered(state, reply),
            PROBE => self.probed(state, reply),
            DELETE => removal::deleted(state, reply),
            CONFIRM => removal::confirmed(self, state, reply),
            _ if !reply.succeeded() => self.refused(state, step, reply),
            REGISTER => {
                let sent = calls::sent(self, job, state);
                self.registered(state, reply, &sent)
            }
            UPDATE => self.updated(job, state, reply),
            _ => self.read(state, reply),
        }
    }
}
