//! The steps of each job.

use serde_json::{Value, json};

use super::{Auth0, body};
use crate::adapter::{Settled, State, Step};
use crate::call::{Body, Call, Method, Reply};
use crate::failure::{Failure, FailureKind};
use crate::job::{Job, Metadata};
use crate::remote::{IssuedSecret, Remote};
use crate::vendor::{At, Managed, TokenRequest, Wanted, Words, id, substituted, text, texts};

const CHECK: Step = "list clients";
const READ_API: Step = "read the API's scopes";
const CREATE: Step = "create the client";
const FIND: Step = "look for the client";
const ROTATE: Step = "replace the client's secret";
const GRANT: Step = "grant the client access to the API";
const UPDATE: Step = "update the client";
const READ_GRANTS: Step = "read the client's grants";
const CHANGE_GRANT: Step = "change the client's grant";
const DROP_GRANT: Step = "remove the client's grant";
const DELETE: Step = "delete the client";

/// The clients of one page.
const PAGE: usize = 100;
/// How long to wait before one looks whether a call had its effect.
const SETTLE_SECONDS: u32 = 2;

/// What the administrator's client has to be allowed.
const PERMISSIONS: [&str; 9] = [
    "create:clients",
    "read:clients",
    "update:clients",
    "delete:clients",
    "update:client_keys",
    "create:client_grants",
    "read:client_grants",
    "update:client_grants",
    "delete:client_grants",
];
/// What it has to be allowed where developers choose scopes.
const READ_APIS: &str = "read:resource_servers";

impl Auth0 {
    fn call(&self, method: Method, path: &[&str]) -> Call {
        let path: Vec<_> = ["api", "v2"].iter().chain(path).copied().collect();
        Call::new(method, self.base.at(&path))
    }

    fn list(&self, step: Step, page: usize) -> Wanted {
        let mut call = self.call(Method::Get, &["clients"]);
        call.url.push_str(&format!(
            "?fields=client_id%2Cclient_metadata&include_fields=true&is_global=false\
             &per_page={PAGE}&page={page}"
        ));
        Wanted::Call(step, call)
    }

    fn grants(&self, client_id: &str) -> Wanted {
        let mut call = self.call(Method::Get, &["client-grants"]);
        call.url.push_str("?per_page=100&client_id=");
        call.url.push_str(&crate::vendor::encode(client_id));
        Wanted::Call(READ_GRANTS, call)
    }

    fn rotate(&self, client_id: &str) -> Wanted {
        // A secret whose answer was lost is replaced by the next.
        let call = self.call(Method::Post, &["clients", client_id, "rotate-secret"]).repeatable();
        Wanted::Call(ROTATE, call)
    }

    /// The grant for one audience. A grant that is there already is a conflict, and no harm.
    fn grant(&self, client_id: &str, metadata: &Metadata, index: usize) -> Wanted {
        let Some(audience) = metadata.audiences.get(index) else { return Wanted::Done };
        let grant = json!({
            "client_id": client_id, "audience": audience, "scope": body::scopes(metadata),
        });
        let call = self.call(Method::Post, &["client-grants"]).with(Body::json(&grant));
        Wanted::Call(GRANT, call.repeatable())
    }

    fn read_api(&self, metadata: &Metadata, index: usize) -> Option<Wanted> {
        if !self.developer_managed_scopes || body::scopes(metadata).is_empty() {
            return None;
        }
        let audience = metadata.audiences.get(index)?;
        Some(Wanted::Call(READ_API, self.call(Method::Get, &["resource-servers", audience])))
    }

    fn register(&self, metadata: &Metadata, state: &State, at: &At) -> Wanted {
        let client_id = state.remote.client_id.as_deref().unwrap_or_default();
        match at.name.as_str() {
            "" | "api" => self.read_api(metadata, at.number()).unwrap_or_else(|| {
                let body = Body::json(&body::client(metadata));
                Wanted::Call(CREATE, self.call(Method::Post, &["clients"]).with(body))
            }),
            "look" => self.list(FIND, at.number()),
            "adopt" => self.rotate(client_id),
            "grant" => self.grant(client_id, metadata, at.number()),
            _ => Wanted::Done,
        }
    }

    fn update(&self, client_id: &str, metadata: &Metadata, at: &At) -> Wanted {
        match at.name.as_str() {
            "" => {
                let body = Body::json(&body::settings(metadata));
                let call = self.call(Method::Patch, &["clients", client_id]).with(body);
                Wanted::Call(UPDATE, call)
            }
            "grants" => self.grants(client_id),
            "grant" => self.grant(client_id, metadata, at.number()),
            "change" => {
                let grant = at.data.split_once(' ').map_or("", |(_, grant)| grant);
                let body = Body::json(&json!({"scope": body::scopes(metadata)}));
                let call = self.call(Method::Patch, &["client-grants", grant]).with(body);
                Wanted::Call(CHANGE_GRANT, call)
            }
            _ => Wanted::Done,
        }
    }

    fn unregister(&self, remote: &Remote, at: &At) -> Wanted {
        let Some(client_id) = remote.client_id.as_deref() else { return Wanted::Done };
        match at.name.as_str() {
            "" => self.grants(client_id),
            "drop" => {
                let grant = at.data.split(' ').next().unwrap_or_default();
                Wanted::Call(DROP_GRANT, self.call(Method::Delete, &["client-grants", grant]))
            }
            "client" => Wanted::Call(DELETE, self.call(Method::Delete, &["clients", client_id])),
            _ => Wanted::Done,
        }
    }

    /// Refuses scopes that the API does not have, before anything is made.
    fn check_scopes(
        &self,
        metadata: &Metadata,
        state: &mut State,
        at: &At,
        api: &Value,
    ) -> Settled {
        let known: Vec<_> = api
            .get("scopes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|scope| text(scope, "value"))
            .collect();
        let mut asked = body::scopes(metadata).into_iter();
        if let Some(scope) = asked.find(|scope| !known.contains(scope)) {
            let text = format!("the API at Auth0 has no scope `{scope}`");
            return Settled::Failed(Failure::new(READ_API, FailureKind::Refused, text));
        }
        state.stage = format!("api:{}", at.number() + 1);
        Settled::Continue
    }

    /// Takes in one page of clients. Some, when it was not the last.
    fn take_page(state: &mut State, tag: &str, page: usize, clients: &Value) -> Option<usize> {
        let clients = items(clients, "clients");
        let ours = clients.iter().filter_map(body::tagged);
        state.found.clients.extend(ours.filter(|(found, _)| tag.is_empty() || found == tag));
        // A page may be shorter than asked for; an empty one is behind the last.
        (!clients.is_empty()).then_some(page + 1)
    }

    fn take_grants(&self, job: &Job, state: &mut State, at: &At, grants: &Value) {
        let grants = items(grants, "client_grants");
        match job {
            Job::Unregister => {
                let ids: Vec<_> = grants.iter().filter_map(|grant| id(grant, "id")).collect();
                state.stage = if ids.is_empty() {
                    "client".into()
                } else {
                    format!("drop:{}", ids.join(" "))
                };
            }
            Job::Update(metadata) => {
                let index = at.number();
                let Some(audience) = metadata.audiences.get(index) else {
                    state.stage = "done".into();
                    return;
                };
                let known =
                    grants.iter().find(|grant| text(grant, "audience") == Some(audience.as_str()));
                let wanted = body::scopes(metadata);
                state.stage = match known.map(|grant| (grant, texts(grant, "scope"))) {
                    None => format!("grant:{index}"),
                    Some((grant, had))
                        if self.developer_managed_scopes
                            && had.as_ref().is_none_or(|had| had.iter().ne(&wanted)) =>
                    {
                        format!("change:{index} {}", id(grant, "id").unwrap_or_default())
                    }
                    Some(_) => format!("grants:{}", index + 1),
                };
            }
            _ => {
                let scopes = grants.iter().filter_map(|grant| texts(grant, "scope")).flatten();
                state.found.scopes.extend(scopes);
                state.found.scopes.sort();
                state.found.scopes.dedup();
                state.stage = "done".into();
            }
        }
    }

    fn take_client(&self, job: &Job, state: &mut State, step: Step, answer: &Value) -> Settled {
        let odd = |what: &str| {
            Settled::Failed(Failure::new(step, FailureKind::Unexpected, format!("Auth0 {what}")))
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
        let secret = gatekey_core::secret::Secret::new(secret.to_owned());
        state.issued = Some(IssuedSecret { id: None, secret, expires_at: None });
        state.stage = match job {
            Job::Register(metadata) => {
                state.found.warnings.extend(substituted(metadata, answer));
                "grant:0".into()
            }
            _ => "done".into(),
        };
        Settled::Continue
    }
}

/// The entries of a list, which Auth0 wraps into an object where it also tells totals.
fn items<'l>(list: &'l Value, member: &str) -> &'l [Value] {
    let items = list.as_array().or_else(|| list.get(member)?.as_array());
    items.map(Vec::as_slice).unwrap_or_default()
}

impl Managed for Auth0 {
    const NAME: &'static str = "Auth0";

    fn token(&self) -> Option<TokenRequest<'_>> {
        Some(TokenRequest {
            provider: Self::NAME,
            endpoint: self.base.at(&["oauth", "token"]),
            client_id: &self.client_id,
            client_secret: &self.client_secret,
            extra: ("audience", &self.audience),
        })
    }

    fn token_taken(&self, job: &Job, state: &mut State, scopes: Option<&[String]>) -> Settled {
        if *job != Job::Verify {
            return Settled::Continue;
        }
        state.stage = "check".into();
        let Some(scopes) = scopes else { return Settled::Continue };
        let chosen = self.developer_managed_scopes.then_some(READ_APIS);
        let mut needed = PERMISSIONS.into_iter().chain(chosen);
        let lacks = |permission: &&str| !scopes.iter().any(|scope| scope == permission);
        let missing: Vec<_> = needed.by_ref().filter(lacks).collect();
        if missing.is_empty() {
            return Settled::Continue;
        }
        let text =
            format!("the initial client at Auth0 lacks the permissions {}", missing.join(", "));
        Settled::Failed(Failure::new(CHECK, FailureKind::Refused, text))
    }

    fn wanted(&self, job: &Job, state: &State, at: &At) -> Wanted {
        let client_id = || state.remote.client_id.as_deref();
        match job {
            Job::Verify if at.name.is_empty() => Wanted::Token,
            Job::Verify if at.name == "check" => self.list(CHECK, 0),
            Job::Register(metadata) => self.register(metadata, state, at),
            Job::Unregister => self.unregister(&state.remote, at),
            Job::Find { .. } if state.found.complete => Wanted::Done,
            Job::Find { .. } => {
                let page = state.found.next_page.as_deref().unwrap_or_default();
                self.list(FIND, page.parse().unwrap_or_default())
            }
            Job::Update(metadata) => match client_id() {
                Some(client_id) => self.update(client_id, metadata, at),
                None => Wanted::unknown_client(Self::NAME),
            },
            Job::RotateSecret(_) | Job::GrantedScopes => match client_id() {
                _ if at.name == "done" => Wanted::Done,
                None => Wanted::unknown_client(Self::NAME),
                Some(client_id) if *job == Job::GrantedScopes => self.grants(client_id),
                Some(client_id) => self.rotate(client_id),
            },
            Job::Verify | Job::Notify(..) => Wanted::Done,
            Job::AddSecret { .. } | Job::ListSecrets | Job::RemoveSecret { .. } => {
                Wanted::unsupported(Self::NAME, job)
            }
        }
    }

    fn take(&self, job: &Job, state: &mut State, at: &At, step: Step, reply: &Reply) -> Settled {
        let words = Words::of(reply);
        let gone = matches!(reply.status, 404 | 410);
        let passed = match step {
            DELETE | DROP_GRANT => gone,
            // The client has the grant already.
            GRANT => reply.status == 409,
            READ_GRANTS => gone && *job == Job::Unregister,
            _ => false,
        };
        if !reply.succeeded() && !passed {
            let secret = Some(self.client_secret.expose().as_str());
            return words.refuse(Self::NAME, step, reply, state, secret);
        }
        let answer = reply.json();
        match (step, job) {
            (READ_API, Job::Register(metadata)) => {
                return self.check_scopes(metadata, state, at, &answer);
            }
            (CREATE | ROTATE, _) => return self.take_client(job, state, step, &answer),
            (FIND, Job::Register(metadata)) => {
                let tag = &metadata.origin.tag;
                let more = Self::take_page(state, tag, at.number(), &answer);
                state.stage = match (state.found.clients.pop(), more) {
                    (Some((_, remote)), _) => {
                        state.remote = remote;
                        "adopt".into()
                    }
                    (None, Some(page)) => format!("look:{page}"),
                    // It had no effect, so it is made again.
                    (None, None) => String::new(),
                };
            }
            (FIND, Job::Find { tag }) => {
                let page = state.found.next_page.as_deref().unwrap_or_default();
                let page = page.parse().unwrap_or_default();
                let more = Self::take_page(state, tag, page, &answer);
                state.found.complete = more.is_none();
                state.found.next_page = more.map(|page| page.to_string());
            }
            (GRANT, _) => {
                if state.remote.grant_id.is_none() {
                    state.remote.grant_id = id(&answer, "id");
                }
                let after = at.number() + 1;
                state.stage = match job {
                    Job::Update(_) => format!("grants:{after}"),
                    _ => format!("grant:{after}"),
                };
            }
            (UPDATE, Job::Update(metadata)) => {
                state.found.warnings.extend(substituted(metadata, &answer));
                state.stage = "grants:0".into();
                if metadata.audiences.is_empty() {
                    state.stage = "done".into();
                }
            }
            (CHANGE_GRANT, _) => {
                let index = at.data.split(' ').next().and_then(|index| index.parse().ok());
                state.stage = format!("grants:{}", index.unwrap_or(0_usize) + 1);
            }
            (READ_GRANTS, _) => self.take_grants(job, state, at, &answer),
            (DROP_GRANT, _) => {
                state.stage = match at.data.split_once(' ') {
                    Some((_, rest)) => format!("drop:{rest}"),
                    None => "client".into(),
                };
            }
            (DELETE, _) => {
                state.remote = Remote::default();
                state.stage = "done".into();
            }
            _ => state.stage = "done".into(),
        }
        Settled::Continue
    }

    fn unknown(&self, state: &mut State, _: &At, step: Step, why: &str) -> Settled {
        if step != CREATE {
            return Settled::Failed(Failure::new(step, FailureKind::Uncertain, why));
        }
        state.stage = "look:0".into();
        Settled::Retry { after_seconds: SETTLE_SECONDS, reason: why.to_owned() }
    }
}
