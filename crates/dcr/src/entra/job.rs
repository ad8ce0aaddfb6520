//! The steps of each job.

use serde_json::{Value, json};

use super::{CONSISTENCY_SECONDS, Entra, body, policy};
use crate::adapter::{Settled, State, Step};
use crate::call::{Body, Call, Method, Reply};
use crate::failure::{Failure, FailureKind};
use crate::job::Job;
use crate::pace;
use crate::remote::{IssuedSecret, Remote};
use crate::timestamp;
use crate::vendor::{At, Managed, TokenRequest, Wanted, Words, encode, id, text};

const CHECK: Step = "list applications";
const READ_POLICY: Step = "read the tenant's policy";
const CREATE: Step = "create the application";
const FIND: Step = "look for the application";
const PRINCIPAL: Step = "create the service principal";
const FIND_PRINCIPAL: Step = "look for the service principal";
const ADD_SECRET: Step = "add a secret to the application";
const READ: Step = "read the application";
const REMOVE_SECRET: Step = "remove a secret of the application";
const UPDATE: Step = "update the application";
const DELETE: Step = "delete the application";

/// How long a 404 of a client that was made some time ago may be the directory's delay.
const PATIENCE_SECONDS: u64 = 15;
/// How often, and after how many seconds again, to look for an application before it is believed
/// that it was not made.
const LOOKS: usize = 4;
const LOOK_SECONDS: u32 = 5;
/// What a secret is called that was given no name.
const NAME: &str = "Gatekey";

impl Entra {
    fn graph(&self, method: Method, path: &[&str]) -> Call {
        let path: Vec<_> = ["v1.0"].iter().chain(path).copied().collect();
        Call::new(method, self.cloud.graph.at(&path))
    }

    /// The client's application, by whichever id is known.
    fn application(&self, remote: &Remote, method: Method, path: &[&str]) -> Option<Call> {
        let by_client = remote.client_id.as_ref().map(|id| format!("applications(appId='{id}')"));
        let first = match (&remote.object_id, &by_client) {
            (Some(object_id), _) => vec!["applications", object_id],
            (None, Some(by_client)) => vec![by_client.as_str()],
            (None, None) => return None,
        };
        let path: Vec<_> = first.iter().chain(path).copied().collect();
        Some(self.graph(method, &path))
    }

    /// A page of applications: one that Graph named, or the first with the tag.
    fn list(&self, tag: &str, page: &str) -> Wanted {
        let mut call = self.graph(Method::Get, &["applications"]);
        if page.is_empty() {
            let filter = encode(&body::filter(tag));
            call.url.push_str(&format!("?$filter={filter}&$select=id,appId,tags&$top=100"));
        } else if let Some(page) = self.cloud.graph.pinned(page) {
            call.url = page;
        } else {
            let text = "Graph names a next page elsewhere";
            return Wanted::Failed(Failure::new(FIND, FailureKind::Unexpected, text));
        }
        Wanted::Call(FIND, call)
    }

    fn remove(&self, remote: &Remote, key: &str) -> Option<Wanted> {
        let call = self.application(remote, Method::Post, &["removePassword"])?;
        let body = Body::json(&json!({"keyId": key}));
        Some(Wanted::Call(REMOVE_SECRET, call.with(body).repeatable()))
    }

    /// The call for a job with a client that is known.
    fn of_client(&self, job: &Job, state: &State, at: &At) -> Option<Wanted> {
        let remote = &state.remote;
        let of = |method, path: &[&str]| self.application(remote, method, path);
        Some(match (job, at.name.as_str()) {
            (Job::Register(_), "principal") => {
                let body = Body::json(&json!({"appId": remote.client_id}));
                let call = self.graph(Method::Post, &["servicePrincipals"]).with(body);
                // The second is refused with a conflict.
                Wanted::Call(PRINCIPAL, call.repeatable())
            }
            (Job::Register(_), "principal-id") => {
                let mut call = self.graph(Method::Get, &["servicePrincipals"]);
                let filter = format!("appId eq '{}'", remote.client_id.as_deref()?);
                call.url.push_str(&format!("?$select=id&$filter={}", encode(&filter)));
                Wanted::Call(FIND_PRINCIPAL, call)
            }
            (Job::Register(_), "password")
            | (Job::AddSecret { .. } | Job::RotateSecret(_), "" | "password") => {
                let mut password = json!({"displayName": called(job)});
                if let (Some(lifetime), Some(password)) = (self.lifetime, password.as_object_mut())
                {
                    let end = timestamp::format(state.now.saturating_add(lifetime));
                    password.insert("endDateTime".into(), end.into());
                }
                let body = Body::json(&json!({"passwordCredential": password}));
                Wanted::Call(ADD_SECRET, of(Method::Post, &["addPassword"])?.with(body))
            }
            (Job::Register(_) | Job::AddSecret { .. } | Job::RotateSecret(_), "sweep")
            | (Job::ListSecrets, "") => Wanted::Call(READ, of(Method::Get, &[])?),
            (_, "drop") => self.remove(remote, &at.data)?,
            (Job::RotateSecret(_), "retire") | (Job::AddSecret { .. }, "added") => {
                match victim(job, state, at) {
                    Some(key) => self.remove(remote, &key)?,
                    None => Wanted::Done,
                }
            }
            (Job::RemoveSecret { id }, "") => self.remove(remote, id)?,
            (Job::Update(metadata), "") => {
                let body = Body::json(&body::settings(metadata));
                Wanted::Call(UPDATE, of(Method::Patch, &[])?.with(body))
            }
            (Job::Unregister, "") => Wanted::Call(DELETE, of(Method::Delete, &[])?),
            _ => Wanted::Done,
        })
    }

    /// Takes in a secret that was made.
    fn take_secret(job: &Job, state: &mut State, answer: &Value) -> Settled {
        let (Some(secret), Some(value)) = (body::secret(answer), text(answer, "secretText")) else {
            let text = "Graph answers without a secret";
            return Settled::Failed(Failure::new(ADD_SECRET, FailureKind::Unexpected, text));
        };
        state.issued = Some(IssuedSecret {
            id: Some(secret.id.clone()),
            secret: gatekey_core::secret::Secret::new(value.to_owned()),
            expires_at: secret.expires_at,
        });
        state.stage = match job {
            Job::RotateSecret(_) => format!("retire:{}", secret.id),
            Job::AddSecret { .. } => format!("added:{}", secret.id),
            _ => "done".into(),
        };
        state.remote.client_secret_expires_at = secret.expires_at;
        state.remote.secrets.push(secret);
        Settled::Continue
    }

    fn take_page(&self, job: &Job, state: &mut State, at: &At, answer: &Value) -> Settled {
        let found = body::applications(answer);
        let more = text(answer, "@odata.nextLink").map(str::to_owned);
        match job {
            Job::Find { tag } => {
                let ours = found.into_iter().filter(|(had, _)| tag.is_empty() || had == tag);
                state.found.clients.extend(ours);
                state.found.complete = more.is_none();
                state.found.next_page = more;
            }
            Job::Register(metadata) => {
                let tag = &metadata.origin.tag;
                match found.into_iter().find(|(had, _)| had == tag) {
                    Some((_, remote)) => {
                        state.remote = remote;
                        state.stage = "principal".into();
                    }
                    None if at.number() + 1 < LOOKS => {
                        state.stage = format!("look:{}", at.number() + 1);
                        let reason = "Entra ID does not show the application".to_owned();
                        return Settled::Retry { after_seconds: LOOK_SECONDS, reason };
                    }
                    // It had no effect, so it is made again.
                    None => state.stage.clear(),
                }
            }
            _ => state.stage = "policy".into(),
        }
        Settled::Continue
    }

    fn take_application(job: &Job, state: &mut State, answer: &Value) {
        let secrets = body::secrets(answer);
        if *job == Job::ListSecrets {
            state.remote.secrets.clone_from(&secrets);
            state.found.secrets = secrets;
            state.stage = "done".into();
            return;
        }
        // A secret of the name we gave, that we never heard of, is one whose answer was lost.
        let name = called(job);
        let lost = secrets.iter().find(|secret| {
            secret.display_name.as_deref() == Some(name)
                && state.remote.secrets.iter().all(|known| known.id != secret.id)
        });
        state.stage = match lost {
            Some(secret) => format!("drop:{}", secret.id),
            None => "password".into(),
        };
    }

    /// What the directory may not see yet is waited for, up to a deadline.
    fn not_yet(
        job: &Job,
        state: &State,
        step: Step,
        reply: &Reply,
        words: &Words,
    ) -> Option<Settled> {
        let unseen = match reply.status {
            404 => words.is(&["Request_ResourceNotFound"]),
            400 => {
                words.is(&["NoBackingApplicationObject"])
                    || words.message.contains("does not reference a valid application object")
            }
            _ => false,
        };
        let patience = match (job, step) {
            (Job::Register(_), _) => u64::from(CONSISTENCY_SECONDS),
            _ => PATIENCE_SECONDS,
        };
        let waited = state.now.saturating_sub(state.since);
        let reason = "Entra ID does not see the application yet";
        match job {
            _ if !unseen => return None,
            Job::Register(_) if waited >= patience => {
                let text = format!("{reason}, after {waited} seconds");
                return Some(Settled::Failed(Failure::new(step, FailureKind::Unavailable, text)));
            }
            _ if waited >= patience => return None,
            _ => {}
        }
        let asked = (job == &Job::Unregister).then_some(5);
        Some(pace::again(state.attempts, reply.retry_after_seconds.or(asked), reason))
    }
}

/// What the secrets of a job are called.
fn called(job: &Job) -> &str {
    match job {
        Job::AddSecret { display_name: Some(name) } if !name.is_empty() => name,
        _ => NAME,
    }
}

/// Which secret goes, after another was added whose id is the stage's. That one itself, when its
/// value was lost with the process that read it: nobody will ever know it.
fn victim(job: &Job, state: &State, at: &At) -> Option<String> {
    let known = |id: &str| state.remote.secrets.iter().any(|secret| secret.id == id);
    if state.issued.is_none() {
        return known(&at.data).then(|| at.data.clone());
    }
    let mut old = state.remote.secrets.iter().filter(|secret| secret.id != at.data);
    match job {
        Job::RotateSecret(_) => old.next().map(|secret| secret.id.clone()),
        _ => None,
    }
}

impl Managed for Entra {
    const NAME: &'static str = "Entra ID";

    fn token(&self) -> Option<TokenRequest<'_>> {
        Some(TokenRequest {
            provider: Self::NAME,
            endpoint: self.cloud.login.at(&[&self.cloud.tenant, "oauth2", "v2.0", "token"]),
            client_id: &self.client_id,
            client_secret: &self.client_secret,
            extra: ("scope", &self.scope),
        })
    }

    fn token_taken(&self, job: &Job, state: &mut State, _: Option<&[String]>) -> Settled {
        if *job == Job::Verify {
            state.stage = "check".into();
        }
        Settled::Continue
    }

    fn wanted(&self, job: &Job, state: &State, at: &At) -> Wanted {
        match (job, at.name.as_str()) {
            (_, "done") | (Job::Notify(..), _) => Wanted::Done,
            (Job::Verify, "") => Wanted::Token,
            (Job::Verify, "check") => {
                let mut call = self.graph(Method::Get, &["applications"]);
                call.url.push_str("?$select=id&$top=1");
                Wanted::Call(CHECK, call)
            }
            (Job::Verify, _) => {
                let path = ["policies", "defaultAppManagementPolicy"];
                Wanted::Call(READ_POLICY, self.graph(Method::Get, &path))
            }
            (Job::Register(metadata), "") => {
                let body = Body::json(&body::application(metadata));
                let call = self.graph(Method::Post, &["applications"]).with(body);
                Wanted::Call(CREATE, call)
            }
            (Job::Register(metadata), "look") => self.list(&metadata.origin.tag, ""),
            (Job::Find { .. }, _) if state.found.complete => Wanted::Done,
            (Job::Find { tag }, _) => {
                self.list(tag, state.found.next_page.as_deref().unwrap_or_default())
            }
            (Job::GrantedScopes, _) => Wanted::unsupported(Self::NAME, job),
            (Job::Unregister, _) if state.remote.is_empty() => Wanted::Done,
            _ => {
                self.of_client(job, state, at).unwrap_or_else(|| Wanted::unknown_client(Self::NAME))
            }
        }
    }

    fn take(&self, job: &Job, state: &mut State, at: &At, step: Step, reply: &Reply) -> Settled {
        let words = Words::of(reply);
        if !reply.succeeded() {
            if let Some(settled) = Self::not_yet(job, state, step, reply, &words) {
                return settled;
            }
            let secret = Some(self.client_secret.expose().as_str());
            let told = || words.tell(Self::NAME, reply.status, state, secret);
            let refused =
                |text: String| Settled::Failed(Failure::new(step, FailureKind::Refused, text));
            match step {
                DELETE if reply.status == 404 => {}
                REMOVE_SECRET
                    if reply.status == 404 || words.message.contains("No password credential") => {}
                PRINCIPAL
                    if reply.status == 409
                        || words.is(&["Request_MultipleObjectsWithSameKeyValue"]) =>
                {
                    state.stage = "principal-id".into();
                    return Settled::Continue;
                }
                READ_POLICY => {
                    state.stage = "done".into();
                    return Settled::Continue;
                }
                ADD_SECRET if policy::refused(&words) => {
                    return refused(format!("{}; {}", told(), policy::advice(&words)));
                }
                CHECK if reply.status == 403 => {
                    let text = "the initial client needs the application permission \
                                Application.ReadWrite.OwnedBy, with an administrator's consent";
                    return refused(format!("{}; {text}", told()));
                }
                _ => return words.refuse(Self::NAME, step, reply, state, secret),
            }
        }
        let answer = reply.json();
        match step {
            CHECK | FIND => return self.take_page(job, state, at, &answer),
            ADD_SECRET => return Self::take_secret(job, state, &answer),
            CREATE => {
                let (client, object) = (id(&answer, "appId"), id(&answer, "id"));
                let whole = client.is_some() && object.is_some();
                state.remote.client_id = client;
                state.remote.object_id = object;
                if !whole {
                    let text = "Graph answers without the application's ids";
                    return Settled::Failed(Failure::new(step, FailureKind::Unexpected, text));
                }
                state.stage = "principal".into();
            }
            PRINCIPAL => {
                state.remote.service_principal_id = id(&answer, "id");
                state.stage = "password".into();
            }
            FIND_PRINCIPAL => {
                let first = answer.pointer("/value/0").and_then(|found| id(found, "id"));
                state.remote.service_principal_id = first;
                state.stage = "password".into();
            }
            READ => Self::take_application(job, state, &answer),
            REMOVE_SECRET => {
                let key = match (job, at.name.as_str()) {
                    (_, "drop") => Some(at.data.clone()),
                    (Job::RemoveSecret { id }, _) => Some(id.clone()),
                    _ => victim(job, state, at),
                };
                state.remote.secrets.retain(|secret| Some(&secret.id) != key.as_ref());
                state.stage = match (job, at.name.as_str()) {
                    (_, "drop") => "sweep".into(),
                    (Job::RotateSecret(_), _) if state.issued.is_some() => {
                        format!("retire:{}", at.data)
                    }
                    _ => "done".into(),
                };
            }
            READ_POLICY => {
                state.found.warnings.extend(policy::hints(&answer, self.lifetime));
                state.stage = "done".into();
            }
            DELETE => {
                state.remote = Remote::default();
                state.stage = "done".into();
            }
            _ => state.stage = "done".into(),
        }
        Settled::Continue
    }

    fn unknown(&self, state: &mut State, _: &At, step: Step, why: &str) -> Settled {
        match step {
            CREATE => state.stage = "look:0".into(),
            ADD_SECRET => state.stage = "sweep".into(),
            _ => return Settled::Failed(Failure::new(step, FailureKind::Uncertain, why)),
        }
        Settled::Retry { after_seconds: LOOK_SECONDS, reason: why.to_owned() }
    }
}
