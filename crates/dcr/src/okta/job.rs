//! The steps of each job.

use gatekey_core::secret::Secret;
use serde_json::Value;

use super::{Okta, body, hint};
use crate::adapter::{Settled, State, Step};
use crate::call::{Body, Call, Method, Reply};
use crate::failure::{Failure, FailureKind};
use crate::job::Job;
use crate::remote::{IssuedSecret, Remote};
use crate::vendor::{At, Managed, TokenRequest, Wanted, Words, encode, id, substituted, text};

const CHECK: Step = "list clients";
const READ_SCOPES: Step = "read the authorization server's scopes";
const READ_POLICIES: Step = "read the authorization server's policies";
const READ_RULES: Step = "read the policy's rules";
const CREATE: Step = "create the client";
const FIND: Step = "look for the client";
const UPDATE: Step = "update the client";
const ROTATE: Step = "replace the client's secret";
const LIST_SECRETS: Step = "list the client's secrets";
const ADD_SECRET: Step = "add a secret to the client";
const READ_SECRET: Step = "read the state of the client's secret";
const DEACTIVATE: Step = "deactivate the client's secret";
const REMOVE_SECRET: Step = "remove the client's secret";
const DELETE: Step = "delete the client";

/// How long to wait before one looks whether a call had its effect.
const SETTLE_SECONDS: u32 = 2;

impl Okta {
    fn clients(&self, method: Method, path: &[&str]) -> Call {
        let path: Vec<_> = ["oauth2", "v1", "clients"].iter().chain(path).copied().collect();
        Call::new(method, self.org.at(&path))
    }

    fn secrets(&self, method: Method, client_id: &str, path: &[&str]) -> Call {
        let base = ["api", "v1", "apps", client_id, "credentials", "secrets"];
        let path: Vec<_> = base.iter().chain(path).copied().collect();
        Call::new(method, self.org.at(&path))
    }

    fn server(&self, step: Step, path: &[&str]) -> Wanted {
        let Some(server) = &self.server else { return Wanted::Done };
        let base = ["api", "v1", "authorizationServers", server];
        let path: Vec<_> = base.iter().chain(path).copied().collect();
        Wanted::Call(step, Call::new(Method::Get, self.org.at(&path)))
    }

    /// A page of clients: one that Okta named, or the first with those whose names begin so.
    fn list(&self, step: Step, page: &str, limit: u32, begins: &str) -> Wanted {
        let mut call = self.clients(Method::Get, &[]);
        if page.is_empty() {
            call.url.push_str(&format!("?limit={limit}"));
            if !begins.is_empty() {
                call.url.push_str(&format!("&q={}", encode(begins)));
            }
        } else if let Some(page) = self.org.pinned(page) {
            call.url = page;
        } else {
            let text = "Okta names a next page elsewhere";
            return Wanted::Failed(Failure::new(step, FailureKind::Unexpected, text));
        }
        Wanted::Call(step, call)
    }

    fn deactivate(&self, client_id: &str, id: &str) -> Wanted {
        let call = self.secrets(Method::Post, client_id, &[id, "lifecycle", "deactivate"]);
        Wanted::Call(DEACTIVATE, call.repeatable())
    }

    fn of_client(&self, client_id: &str, issued: bool, job: &Job, at: &At) -> Wanted {
        let rotate = || {
            let path = [client_id, "lifecycle", "newSecret"];
            // A secret whose answer was lost is replaced by the next.
            Wanted::Call(ROTATE, self.clients(Method::Post, &path).repeatable())
        };
        let list = || Wanted::Call(LIST_SECRETS, self.secrets(Method::Get, client_id, &[]));
        match (job, at.name.as_str()) {
            (Job::Register(_), "adopt") | (Job::RotateSecret(_), "") => rotate(),
            (Job::Register(_) | Job::RotateSecret(_), "secrets")
            | (Job::ListSecrets, "")
            | (Job::AddSecret { .. }, "" | "look") => list(),
            (Job::Update(metadata), "") => {
                let body = Body::json(&body::client(metadata, Some(client_id)));
                Wanted::Call(UPDATE, self.clients(Method::Put, &[client_id]).with(body))
            }
            (Job::AddSecret { .. }, "add") => {
                let body = Body::json(&serde_json::json!({}));
                let call = self.secrets(Method::Post, client_id, &[]).with(body);
                Wanted::Call(ADD_SECRET, call)
            }
            // The value of a secret that was added was lost with the process that read it: nobody
            // will ever know it.
            (Job::AddSecret { .. }, "added") if issued => Wanted::Done,
            (Job::AddSecret { .. }, "added") => self.deactivate(client_id, &at.data),
            (Job::AddSecret { .. }, "delete") => {
                Wanted::Call(REMOVE_SECRET, self.secrets(Method::Delete, client_id, &[&at.data]))
            }
            (Job::RemoveSecret { id }, "") => self.deactivate(client_id, id),
            (Job::RemoveSecret { id }, "check") => {
                Wanted::Call(READ_SECRET, self.secrets(Method::Get, client_id, &[id]))
            }
            (Job::RemoveSecret { id }, "delete") => {
                Wanted::Call(REMOVE_SECRET, self.secrets(Method::Delete, client_id, &[id]))
            }
            _ => Wanted::Done,
        }
    }

    /// Takes in the list of secrets. It holds their values; only ours is looked at.
    fn take_secrets(&self, job: &Job, state: &mut State, at: &At, list: &Value) {
        let listed = body::secrets(list);
        if at.name == "look" {
            let new = listed
                .iter()
                .find(|(secret, _)| state.remote.secrets.iter().all(|known| known.id != secret.id));
            if let Some((secret, Some(value))) = new {
                state.issued = Some(issued(Some(secret.id.clone()), value));
                state.stage = format!("added:{}", secret.id);
            }
        } else if let Some(issued) = &mut state.issued {
            let ours = |value: &Option<&str>| *value == Some(issued.secret.expose().as_str());
            let ours = listed.iter().find(|(_, value)| ours(value));
            issued.id = ours.map(|(secret, _)| secret.id.clone());
        }
        state.remote.secrets = listed.into_iter().map(|(secret, _)| secret).collect();
        match job {
            Job::AddSecret { .. } if state.issued.is_some() => {}
            Job::AddSecret { .. } => state.stage = "add".into(),
            _ => state.stage = "done".into(),
        }
        if *job == Job::ListSecrets {
            state.found.secrets.clone_from(&state.remote.secrets);
        }
    }

    fn take_page(&self, job: &Job, state: &mut State, reply: &Reply) -> Settled {
        let answer = reply.json();
        let ours: Vec<_> =
            answer.as_array().into_iter().flatten().filter_map(body::tagged).collect();
        match job {
            Job::Register(metadata) => {
                let found = ours.into_iter().find(|(tag, _)| *tag == metadata.origin.tag);
                state.stage = match (found, &reply.next_page) {
                    (Some((_, remote)), _) => {
                        state.remote = remote;
                        "adopt".into()
                    }
                    (None, Some(page)) => format!("look:{page}"),
                    // It had no effect, so it is made again.
                    (None, None) => String::new(),
                };
            }
            Job::Find { tag } => {
                let ours = ours.into_iter().filter(|(found, _)| tag.is_empty() || found == tag);
                state.found.clients.extend(ours);
                state.found.next_page.clone_from(&reply.next_page);
                state.found.complete = reply.next_page.is_none();
            }
            _ => self.checked(state),
        }
        Settled::Continue
    }

    fn checked(&self, state: &mut State) {
        match &self.server {
            Some(_) => state.stage = "scopes".into(),
            None => {
                state.found.warnings.push(hint::ORG_SERVER.to_owned());
                state.stage = "done".into();
            }
        }
    }

    fn take_client(&self, job: &Job, state: &mut State, step: Step, answer: &Value) -> Settled {
        let odd = |what: &str| {
            Settled::Failed(Failure::new(step, FailureKind::Unexpected, format!("Okta {what}")))
        };
        if step == CREATE {
            let Some(client_id) = id(answer, "client_id") else {
                return odd("answers without a client id");
            };
            state.remote.client_id = Some(client_id);
        }
        let Some(secret) = text(answer, "client_secret") else {
            return odd("answers without a secret");
        };
        let expires_at = answer.get("client_secret_expires_at").and_then(Value::as_u64);
        let expires_at = expires_at.filter(|time| *time > 0);
        state.remote.client_secret_expires_at = expires_at;
        state.issued = Some(IssuedSecret { expires_at, ..issued(None, secret) });
        if let Job::Register(metadata) = job {
            state.found.warnings.extend(substituted(metadata, answer));
            state.found.warnings.extend(hint::of_client(metadata));
        }
        state.stage = "secrets".into();
        Settled::Continue
    }
}

fn issued(id: Option<String>, value: &str) -> IssuedSecret {
    IssuedSecret { id, secret: Secret::new(value.to_owned()), expires_at: None }
}

impl Managed for Okta {
    const NAME: &'static str = "Okta";

    fn token(&self) -> Option<TokenRequest<'_>> {
        None
    }

    fn configured(&self, call: Call) -> Call {
        call.header("authorization", format!("SSWS {}", self.token.expose()))
    }

    fn wanted(&self, job: &Job, state: &State, at: &At) -> Wanted {
        let page = state.found.next_page.as_deref().unwrap_or_default();
        match (job, state.remote.client_id.as_deref()) {
            (_, _) if at.name == "done" => Wanted::Done,
            (Job::Verify, _) => match at.name.as_str() {
                "" => self.list(CHECK, "", 1, ""),
                "scopes" => self.server(READ_SCOPES, &["scopes"]),
                "policies" => self.server(READ_POLICIES, &["policies"]),
                _ => self.server(READ_RULES, &["policies", &at.data, "rules"]),
            },
            (Job::Find { .. }, _) if state.found.complete => Wanted::Done,
            (Job::Find { .. }, _) => self.list(FIND, page, 200, ""),
            (Job::Register(metadata), _) if at.name.is_empty() => {
                let body = Body::json(&body::client(metadata, None));
                Wanted::Call(CREATE, self.clients(Method::Post, &[]).with(body))
            }
            (Job::Register(metadata), _) if at.name == "look" => {
                self.list(FIND, &at.data, 200, &body::name(metadata))
            }
            (Job::Unregister, None) | (Job::Notify(..), _) => Wanted::Done,
            (Job::Unregister, Some(client_id)) => {
                Wanted::Call(DELETE, self.clients(Method::Delete, &[client_id]))
            }
            (Job::GrantedScopes, _) => Wanted::unsupported(Self::NAME, job),
            (_, Some(client_id)) => self.of_client(client_id, state.issued.is_some(), job, at),
            (_, None) => Wanted::unknown_client(Self::NAME),
        }
    }

    fn take(&self, job: &Job, state: &mut State, at: &At, step: Step, reply: &Reply) -> Settled {
        let gone = matches!(reply.status, 404 | 410);
        let done = |state: &mut State| {
            state.stage = "done".into();
            Settled::Continue
        };
        if !reply.succeeded() {
            match step {
                DELETE | REMOVE_SECRET if gone => {}
                // The secret is gone, or its client.
                DEACTIVATE | READ_SECRET if gone => return done(state),
                // It is inactive already, or the only one.
                DEACTIVATE if reply.status == 400 => {
                    state.stage = "check".into();
                    return Settled::Continue;
                }
                // Registered it is; that its secret has no id only means that it cannot be removed
                // alone.
                LIST_SECRETS if !matches!(job, Job::ListSecrets | Job::AddSecret { .. }) => {
                    return done(state);
                }
                // Hints are for administrators whose token may read so much.
                READ_SCOPES => {
                    state.stage = "policies".into();
                    return Settled::Continue;
                }
                READ_POLICIES | READ_RULES => return done(state),
                _ => {
                    let secret = Some(self.token.expose().as_str());
                    return Words::of(reply).refuse(Self::NAME, step, reply, state, secret);
                }
            }
        }
        let answer = reply.json();
        match step {
            CREATE | ROTATE => return self.take_client(job, state, step, &answer),
            CHECK | FIND => return self.take_page(job, state, reply),
            LIST_SECRETS => self.take_secrets(job, state, at, &answer),
            ADD_SECRET => {
                let Some((secret, Some(value))) = body::secret(&answer) else {
                    let text = "Okta answers without a secret";
                    let failure = Failure::new(step, FailureKind::Unexpected, text);
                    return Settled::Failed(failure);
                };
                state.issued = Some(issued(Some(secret.id.clone()), value));
                state.stage = format!("added:{}", secret.id);
                state.remote.secrets.push(secret);
            }
            DEACTIVATE => state.stage = format!("delete:{}", at.data),
            READ_SECRET if text(&answer, "status") == Some("INACTIVE") => {
                state.stage = "delete".into();
            }
            READ_SECRET => {
                let text = "Okta does not deactivate the client's only active secret";
                return Settled::Failed(Failure::new(DEACTIVATE, FailureKind::Refused, text));
            }
            REMOVE_SECRET => {
                let removed = if let Job::RemoveSecret { id } = job { id } else { &at.data };
                state.remote.secrets.retain(|secret| secret.id != *removed);
                state.stage = "done".into();
            }
            DELETE => {
                state.remote = Remote::default();
                state.stage = "done".into();
            }
            UPDATE => {
                if let Job::Update(metadata) = job {
                    state.found.warnings.extend(substituted(metadata, &answer));
                }
                state.stage = "done".into();
            }
            READ_SCOPES => {
                state.found.warnings.extend(hint::of_scopes(&answer));
                state.stage = "policies".into();
            }
            READ_POLICIES => match hint::of_policies(&answer) {
                Ok(policy) => state.stage = format!("rules:{policy}"),
                Err(warning) => {
                    state.found.warnings.push(warning);
                    state.stage = "done".into();
                }
            },
            READ_RULES => {
                state.found.warnings.extend(hint::of_rules(&answer));
                state.stage = "done".into();
            }
            _ => state.stage = "done".into(),
        }
        Settled::Continue
    }

    fn unknown(&self, state: &mut State, _: &At, step: Step, why: &str) -> Settled {
        match step {
            CREATE | ADD_SECRET => state.stage = "look".into(),
            _ => return Settled::Failed(Failure::new(step, FailureKind::Uncertain, why)),
        }
        Settled::Retry { after_seconds: SETTLE_SECONDS, reason: why.to_owned() }
    }
}
