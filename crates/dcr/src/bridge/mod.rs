//! A bridge that speaks Konnect's contract: we are its client.
//!
//! Any 2xx is success. Everything else fails the job, with what the bridge said; a call is made
//! again only where a second one does no harm. The contract cannot read or find a client: when the
//! answer to a registration is lost, nobody can tell whether there is one.

mod answer;
mod body;

use gatekey_core::secret::Secret;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::adapter::{Adapter, Next, Settled, State, Step};
use crate::call::{Body, Call, Method, Outcome, Reply};
use crate::capability::{Capabilities, Rotate};
use crate::failure::{Failure, FailureKind};
use crate::job::Job;
use crate::member::{secret, text, time};
use crate::oauth_error::OauthError;
use crate::pace;
use crate::provider::{Fault, Provider};
use crate::remote::{IssuedSecret, Remote, RemoteSecret};

use self::answer::{listed_secret, says_gone};
use self::body::{EventHook, NewApplication};

const REACH: Step = "reach the bridge";
const CREATE: Step = "create the client";
const DELETE: Step = "delete the client";
const NEW_SECRET: Step = "renew the client's secret";
const LIST_SECRETS: Step = "list the client's secrets";
const ADD_SECRET: Step = "add a secret to the client";
const REMOVE_SECRET: Step = "remove a secret of the client";
const TELL: Step = "tell the bridge what happened";

/// The stage of a job that is done.
const DONE: &str = "done";

/// A client that no bridge has: its removal tries the bridge and the key, and changes nothing.
const NOBODY: &str = "gatekey-verify-no-such-client";

/// A bridge.
#[derive(Debug)]
pub struct Bridge {
    base: Url,
    api_key: Secret<String>,
    event_hooks: bool,
    refresh_secret: bool,
    multiple_credentials: bool,
}

impl Bridge {
    /// The bridge of a provider's configuration: `dcr_base_url`, `api_key`, `disable_event_hooks`,
    /// `disable_refresh_secret`, `allow_multiple_credentials`.
    ///
    /// # Errors
    ///
    /// When the URL or the key is missing, or the URL is not one to which paths can be added.
    pub fn new(provider: &Provider) -> Result<Self, Fault> {
        let fault = |member: &str, rule: &str| Fault {
            field: format!("dcr_config.{member}"),
            rule: rule.into(),
        };
        let url = provider.text("dcr_base_url").ok_or_else(|| fault("dcr_base_url", "required"))?;
        let base = Url::parse(url).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.query().is_none()
                && url.fragment().is_none()
        });
        let rule = "is not an http or https URL without query and fragment";
        let base = base.ok_or_else(|| fault("dcr_base_url", rule))?;
        let api_key = provider.secret("api_key").ok_or_else(|| fault("api_key", "required"))?;
        Ok(Self {
            base,
            api_key: Secret::new(api_key.to_owned()),
            event_hooks: !provider.flag("disable_event_hooks"),
            refresh_secret: !provider.flag("disable_refresh_secret"),
            multiple_credentials: provider.flag("allow_multiple_credentials"),
        })
    }

    /// A call; none when a part of the path is `.` or `..`, which no URL can hold.
    fn call(&self, method: Method, path: &[&str]) -> Option<Call> {
        if path.iter().any(|part| matches!(*part, "." | ".." | "")) {
            return None;
        }
        let mut url = self.base.clone();
        {
            let mut parts = url.path_segments_mut().ok()?;
            parts.pop_if_empty();
            if path.is_empty() {
                parts.push("");
            }
            parts.extend(path);
        }
        Some(Call::new(method, url).header("x-api-key", self.api_key.expose().as_str()))
    }

    /// What is to be called for the job, unless it needs no call.
    fn wanted(&self, job: &Job, remote: &Remote) -> Option<(Step, Option<Call>)> {
        let client = || remote.client_id.as_deref().unwrap_or_default();
        Some(match job {
            Job::Verify => (REACH, self.call(Method::Delete, &[NOBODY])),
            Job::Register(metadata) => {
                let body = json(&NewApplication::of(metadata));
                (CREATE, self.call(Method::Post, &[]).map(|call| call.with(body)))
            }
            Job::Unregister if remote.client_id.is_none() => return None,
            Job::Unregister => (DELETE, self.call(Method::Delete, &[client()])),
            Job::RotateSecret(_) if self.refresh_secret => {
                // A secret that was lost on the way is replaced by the next one.
                let call = self.call(Method::Post, &[client(), "new-secret"]);
                (NEW_SECRET, call.map(Call::repeatable))
            }
            Job::Notify(..) if !self.event_hooks => return None,
            Job::Notify(metadata, event) => {
                let body = json(&EventHook::of(client(), metadata, event));
                let call = self.call(Method::Post, &[client(), "event-hook"]);
                (TELL, call.map(|call| call.with(body).repeatable()))
            }
            Job::ListSecrets if self.multiple_credentials => {
                (LIST_SECRETS, self.call(Method::Get, &[client(), "secrets"]))
            }
            Job::AddSecret { .. } if self.multiple_credentials => {
                (ADD_SECRET, self.call(Method::Post, &[client(), "secrets"]))
            }
            Job::RemoveSecret { id } if self.multiple_credentials => {
                (REMOVE_SECRET, self.call(Method::Delete, &[client(), "secrets", id]))
            }
            Job::RotateSecret(_)
            | Job::Update(_)
            | Job::AddSecret { .. }
            | Job::ListSecrets
            | Job::RemoveSecret { .. }
            | Job::Find { .. }
            | Job::GrantedScopes => return Some((job.name(), None)),
        })
    }

    /// Takes in a success.
    fn take(job: &Job, state: &mut State, step: Step, reply: &Reply) -> Settled {
        let body = reply.json();
        let odd = |what: &str| {
            Settled::Failed(Failure::new(step, FailureKind::Unexpected, what.to_owned()))
        };
        match job {
            Job::Register(_) => {
                let Some(client_id) = text(&body, "client_id") else {
                    return odd("the answer names no client_id");
                };
                state.remote.client_id = Some(client_id);
                state.remote.client_secret_expires_at = time(&body, "client_secret_expires_at");
                let Some(secret) = secret(&body, "client_secret") else {
                    return odd("the answer holds no client_secret");
                };
                let expires_at = state.remote.client_secret_expires_at;
                state.issued = Some(IssuedSecret { id: None, secret, expires_at });
            }
            Job::RotateSecret(_) => {
                if text(&body, "client_id").is_some_and(|id| state.remote.client_id != Some(id)) {
                    return odd("the answer is about another client");
                }
                let Some(secret) = secret(&body, "client_secret") else {
                    return odd("the answer holds no client_secret");
                };
                let expires_at = time(&body, "client_secret_expires_at");
                state.remote.client_secret_expires_at = expires_at;
                state.issued = Some(IssuedSecret { id: None, secret, expires_at });
            }
            Job::AddSecret { .. } => {
                let (Some(id), Some(secret)) =
                    (text(&body, "secret_id"), secret(&body, "client_secret"))
                else {
                    return odd("the answer holds no secret_id and client_secret");
                };
                let (created_at, expires_at) =
                    (time(&body, "created_at"), time(&body, "expires_at"));
                state.remote.secrets.push(RemoteSecret {
                    id: id.clone(),
                    display_name: None,
                    created_at,
                    expires_at,
                });
                state.issued = Some(IssuedSecret { id: Some(id), secret, expires_at });
            }
            Job::ListSecrets => {
                let items = body.get("secrets").unwrap_or(&body);
                let Some(items) = items.as_array() else {
                    return odd("the answer is no list of secrets");
                };
                state.found.secrets = items.iter().filter_map(listed_secret).collect();
                state.remote.secrets.clone_from(&state.found.secrets);
            }
            _ => removed(job, state),
        }
        state.stage = DONE.into();
        Settled::Continue
    }

    /// Takes in a refusal.
    fn refuse(&self, job: &Job, state: &mut State, step: Step, reply: &Reply) -> Settled {
        let told = OauthError::told(reply).replace(self.api_key.expose().as_str(), "(the API key)");
        let fail = |kind| Settled::Failed(Failure::new(step, kind, told.clone()));
        match (job, reply.status) {
            (_, 401 | 403) => fail(FailureKind::Unauthorized),
            (Job::Verify, 400..=499) => {
                if OauthError::read(reply).is_none() {
                    let odd = format!("{told}, without the contract's error: is the URL right?");
                    state.found.warnings.push(odd);
                }
                state.stage = DONE.into();
                Settled::Continue
            }
            (Job::Verify, 500) => {
                state
                    .found
                    .warnings
                    .push(format!("{told} to the removal of a client it never had"));
                state.stage = DONE.into();
                Settled::Continue
            }
            (Job::Verify, 501..=599) => fail(FailureKind::Unavailable),
            (Job::Unregister | Job::RemoveSecret { .. }, 400..=499) if gone(job, state, reply) => {
                removed(job, state);
                state.stage = DONE.into();
                Settled::Continue
            }
            (_, 429) => pace::again(state.attempts, reply.retry_after_seconds, told),
            (Job::Register(_), 400..=499) => fail(FailureKind::Refused),
            (_, 404 | 410) => fail(FailureKind::Gone),
            (_, 400..=499) => fail(FailureKind::Refused),
            (Job::Register(_) | Job::AddSecret { .. }, 503) => {
                pace::again(state.attempts, reply.retry_after_seconds, told)
            }
            // In the words of the contract the bridge says that it failed. Anyone else's error,
            // like a proxy's, leaves open what the bridge did.
            (Job::Register(_) | Job::AddSecret { .. }, 500..=599) => {
                let failed = OauthError::read(reply).is_some();
                fail(if failed { FailureKind::Unavailable } else { FailureKind::Uncertain })
            }
            (_, 500..=599) => pace::again(state.attempts, reply.retry_after_seconds, told),
            _ => fail(FailureKind::Unexpected),
        }
    }
}

/// Whether what the job is to remove is not there.
fn gone(job: &Job, state: &State, reply: &Reply) -> bool {
    let id = match job {
        Job::RemoveSecret { id } => Some(id),
        _ => state.remote.client_id.as_ref(),
    };
    id.is_some_and(|id| says_gone(reply, id))
}

/// What is not there any more after a job.
fn removed(job: &Job, state: &mut State) {
    match job {
        Job::Unregister => state.remote = Remote::default(),
        Job::RemoveSecret { id } => state.remote.secrets.retain(|secret| secret.id != *id),
        _ => {}
    }
}

fn json(value: &impl Serialize) -> Body {
    Body::json(&serde_json::to_value(value).unwrap_or(Value::Null))
}

impl Adapter for Bridge {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            secrets: if self.multiple_credentials { u32::MAX } else { 1 },
            rotate: if self.refresh_secret { Rotate::Call } else { Rotate::Never },
            // A change is an event.
            update: false,
            events: self.event_hooks,
            ..Capabilities::PLAIN
        }
    }

    fn next(&self, job: &Job, state: &State) -> Next {
        if state.stage == DONE {
            return Next::Done;
        }
        match self.wanted(job, &state.remote) {
            None => Next::Done,
            Some((step, Some(call))) => Next::Call(step, call),
            Some((step, None)) if step == job.name() => Next::Failed(Failure::new(
                step,
                FailureKind::Unsupported,
                "the bridge is configured without it, or the contract has no call for it",
            )),
            Some((step, None)) => Next::Failed(Failure::new(
                step,
                FailureKind::Unexpected,
                "the client has no id, or one that no URL can hold",
            )),
        }
    }

    fn settle(&self, job: &Job, state: &mut State, step: Step, outcome: &Outcome) -> Settled {
        let fail = |kind, why: &str| Settled::Failed(Failure::new(step, kind, why));
        match (outcome, job) {
            (Outcome::Replied(reply), _) if reply.succeeded() => {
                Self::take(job, state, step, reply)
            }
            (Outcome::Replied(reply), _) => self.refuse(job, state, step, reply),
            (Outcome::NotSent(why) | Outcome::Lost(why), Job::Verify) => {
                fail(FailureKind::Unavailable, why)
            }
            (Outcome::Lost(why), Job::Register(_) | Job::AddSecret { .. }) => {
                fail(FailureKind::Uncertain, why)
            }
            (Outcome::NotSent(why) | Outcome::Lost(why), _) => {
                pace::again(state.attempts, None, why.as_str())
            }
        }
    }
}

#[cfg(test)]
mod tests;
