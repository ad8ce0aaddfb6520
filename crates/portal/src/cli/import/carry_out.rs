//! Making what is wanted through the management API, as far as it is not there.

use std::collections::{BTreeSet, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use gatekey_core::digest::{Digest, Pepper};
use serde_json::{Map, Value, json};
use ureq::http::{Method as Verb, StatusCode};

use super::wanted::{Api, Core, Left, Method, Strategy, Wanted};
use crate::cli::plan::{Action, FieldChange, Step};
use crate::cli::remote::{Refused, Remote};
use crate::clock;

mod application;

/// How many are asked for at once.
const PAGE: usize = 1_000;
/// Members of bodies that are not told.
const SECRET: [&str; 2] = ["digest", "client_secret"];

/// Where things are brought to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    /// The name of the portal.
    pub(super) portal: &'p str,
    /// The name of the gateway.
    pub(super) gateway: &'p str,
    /// What keys are digested with; plainly, if there is none.
    pub(super) pepper: Option<&'p Pepper>,
    /// Nothing is changed.
    pub(super) dry_run: bool,
}

/// What was done, or is to be done.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Each step.
    pub(super) steps: Vec<Step>,
    /// What the portal refused.
    pub(super) refused: Vec<Left>,
}

/// The id of something: none while it is only planned, or where it could not be made.
type Id = Option<String>;

struct Run<'r> {
    remote: &'r Remote,
    place: Place<'r>,
    outcome: Outcome,
    gateway: Id,
    portal: Id,
    services: HashMap<String, Id>,
    strategies: Vec<Id>,
    servers: HashMap<usize, Id>,
    apis: HashMap<String, Id>,
    consumers: HashMap<String, Id>,
    developers: HashMap<String, Id>,
}

/// Makes what is wanted.
pub(super) fn carry_out(
    remote: &Remote,
    place: Place<'_>,
    wanted: &Wanted,
) -> Result<Outcome, Refused> {
    let mut run = Run {
        remote,
        place,
        outcome: Outcome::default(),
        gateway: None,
        portal: None,
        services: HashMap::new(),
        strategies: Vec::new(),
        servers: HashMap::new(),
        apis: HashMap::new(),
        consumers: HashMap::new(),
        developers: HashMap::new(),
    };
    run.gateway = run.named("control plane", place.gateway, "/v2/control-planes")?;
    run.portal = run.named("portal", place.portal, "/v3/portals")?;
    run.core(&wanted.services, "service", "services")?;
    run.core(&wanted.routes, "route", "routes")?;
    for (index, strategy) in wanted.strategies.iter().enumerate() {
        let id = run.strategy(index, strategy)?;
        run.strategies.push(id);
    }
    for api in &wanted.apis {
        run.api(api)?;
    }
    run.consumers(wanted)?;
    run.developers(wanted)?;
    run.applications(wanted)?;
    for api in &wanted.apis {
        run.settings(api)?;
    }
    Ok(run.outcome)
}

/// A name in a query.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn text(value: &Value, member: &str) -> Option<String> {
    value.get(member).and_then(Value::as_str).map(str::to_owned)
}

fn id_of(value: &Value) -> Id {
    text(value, "id")
}

impl Run<'_> {
    /// All of a list.
    fn list(&self, path: &str) -> Result<Vec<Value>, Refused> {
        let mut all = Vec::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        for number in 1.. {
            let page = format!("{path}{joint}page%5Bsize%5D={PAGE}&page%5Bnumber%5D={number}");
            let answer = self.remote.call(Verb::GET, &page, None)?;
            let items = answer.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
            let last = items.len() < PAGE;
            all.extend(items);
            if last {
                break;
            }
        }
        Ok(all)
    }

    /// All of a list of a gateway, which pages in its own way.
    fn entities(&self, path: &str) -> Result<Vec<Value>, Refused> {
        let mut all = Vec::new();
        let mut offset = String::new();
        loop {
            let page = format!("{path}?size={PAGE}{offset}");
            let answer = self.remote.call(Verb::GET, &page, None)?;
            let items = answer.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
            all.extend(items);
            match text(&answer, "offset") {
                Some(next) => offset = format!("&offset={}", encoded(&next)),
                None => return Ok(all),
            }
        }
    }

    /// What is there, if it is.
    fn get(&self, path: &str) -> Result<Option<Value>, Refused> {
        match self.remote.call(Verb::GET, path, None) {
            Ok(value) => Ok(Some(value)),
            Err(refused) if refused.status == Some(StatusCode::NOT_FOUND) => Ok(None),
            Err(refused) => Err(refused),
        }
    }

    fn refuse(&mut self, kind: &str, name: &str, reason: &str) {
        let (kind, name, reason) = (kind.to_owned(), name.to_owned(), reason.to_owned());
        self.outcome.refused.push(Left { kind, name, reason });
    }

    /// Takes a step: tells it, and does it unless nothing is to be changed. What the portal refuses
    /// is told at the end; without a portal there is nothing to go on with.
    fn step(
        &mut self,
        action: Action,
        kind: &'static str,
        name: &[&str],
        call: Option<(Verb, String)>,
        body: &Value,
    ) -> Result<Option<Value>, Refused> {
        let fields = body.as_object().into_iter().flatten().map(|(field, value)| FieldChange {
            field: field.clone(),
            before: None,
            after: (!SECRET.contains(&field.as_str())).then(|| value.clone()),
        });
        let step = Step {
            action,
            kind,
            name: name.iter().map(|part| (*part).to_owned()).collect(),
            fields: fields.collect(),
            note: None,
        };
        let Some((verb, path)) = call.filter(|_| !self.place.dry_run) else {
            if self.place.dry_run {
                self.outcome.steps.push(step);
            }
            return Ok(None);
        };
        match self.remote.call(verb, &path, Some(body)) {
            Ok(answer) => {
                self.outcome.steps.push(step);
                Ok(Some(answer))
            }
            Err(refused) => {
                let fatal = refused.status.is_none_or(|status| {
                    status == StatusCode::UNAUTHORIZED || status.is_server_error()
                });
                if fatal {
                    return Err(refused);
                }
                self.refuse(kind, &name.join(" / "), &refused.reason);
                Ok(None)
            }
        }
    }

    fn named(&mut self, kind: &'static str, name: &str, path: &str) -> Result<Id, Refused> {
        let query = format!("{path}?filter%5Bname%5D%5Beq%5D={}", encoded(name));
        if let Some(found) = self.list(&query)?.first() {
            return Ok(id_of(found));
        }
        let call = Some((Verb::POST, path.to_owned()));
        let made = self.step(Action::Create, kind, &[name], call, &json!({ "name": name }))?;
        Ok(made.as_ref().and_then(id_of))
    }

    /// Services and routes.
    fn core(&mut self, wanted: &[Core], kind: &'static str, list: &str) -> Result<(), Refused> {
        let base = self
            .gateway
            .as_ref()
            .map(|gateway| format!("/v2/control-planes/{gateway}/core-entities/{list}"));
        let there = base.as_ref().map_or_else(|| Ok(Vec::new()), |base| self.entities(base))?;
        let mut known: HashMap<String, Id> = HashMap::new();
        for entity in &there {
            for member in ["id", "name"] {
                if let Some(name) = text(entity, member) {
                    known.insert(name, id_of(entity));
                }
            }
        }
        for core in wanted {
            let own_id = core.body.get("id").and_then(Value::as_str);
            let found = known.get(&core.name).or_else(|| known.get(own_id?)).cloned();
            let id = match found {
                Some(id) => id,
                None => self.make_core(core, kind, base.as_deref())?,
            };
            if core.service.is_none() {
                self.services.insert(core.name.clone(), id);
            }
        }
        Ok(())
    }

    fn make_core(
        &mut self,
        core: &Core,
        kind: &'static str,
        base: Option<&str>,
    ) -> Result<Id, Refused> {
        let mut body = core.body.clone();
        let mut reachable = base.is_some();
        if let Some(service) = &core.service {
            match self.services.get(service).cloned().flatten() {
                Some(id) => {
                    body.insert("service".into(), json!({ "id": id }));
                }
                None => reachable = false,
            }
        }
        let call = base.filter(|_| reachable).map(|base| (Verb::POST, base.to_owned()));
        let name = core.service.iter().map(String::as_str).chain([core.name.as_str()]);
        let name: Vec<_> = name.collect();
        let made = self.step(Action::Create, kind, &name, call, &Value::Object(body))?;
        Ok(made.as_ref().and_then(id_of))
    }

    fn strategy(&mut self, index: usize, wanted: &Strategy) -> Result<Id, Refused> {
        const PATH: &str = "/v2/application-auth-strategies";
        let issuer = match &wanted.method {
            Method::OwnTokens { scopes } => self.server(index, &wanted.name, scopes)?,
            Method::Keys(_) | Method::Tokens(_) => None,
        };
        let name = wanted.name.as_str();
        let query = format!("{PATH}?filter%5Bname%5D%5Beq%5D={}", encoded(name));
        if let Some(found) = self.list(&query)?.first() {
            let id = id_of(found);
            if let (Method::Keys(headers), Some(id)) = (&wanted.method, &id) {
                self.headers(name, id, headers, found)?;
            }
            return Ok(id);
        }
        let (kind, configs) = match &wanted.method {
            Method::Keys(headers) => ("key_auth", json!({"key-auth": {"key_names": headers}})),
            Method::Tokens(config) => ("openid_connect", json!({ "openid-connect": config })),
            Method::OwnTokens { scopes } => {
                let config = json!({
                    "issuer": issuer,
                    "credential_claim": ["sub"],
                    "scopes": scopes,
                    "auth_methods": ["bearer", "client_credentials"],
                });
                ("openid_connect", json!({ "openid-connect": config }))
            }
        };
        let body = json!({
            "name": name,
            "display_name": wanted.display_name,
            "strategy_type": kind,
            "configs": configs,
        });
        let reachable = issuer.is_some() || !matches!(wanted.method, Method::OwnTokens { .. });
        let call = reachable.then(|| (Verb::POST, PATH.to_owned()));
        let made = self.step(Action::Create, "auth strategy", &[name], call, &body)?;
        Ok(made.as_ref().and_then(id_of))
    }

    /// A strategy that is there takes the headers that it does not read yet.
    fn headers(
        &mut self,
        name: &str,
        id: &str,
        wanted: &[String],
        found: &Value,
    ) -> Result<(), Refused> {
        let names = found.pointer("/configs/key-auth/key_names").and_then(Value::as_array);
        let mut names: Vec<String> =
            names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let count = names.len();
        for header in wanted {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(header)) {
                names.push(header.clone());
            }
        }
        if names.len() > count {
            let body = json!({"configs": {"key-auth": {"key_names": names}}});
            let call = Some((Verb::PATCH, format!("/v2/application-auth-strategies/{id}")));
            self.step(Action::Update, "auth strategy", &[name], call, &body)?;
        }
        Ok(())
    }

    /// The portal's own authorization server, and its issuer.
    fn server(&mut self, index: usize, name: &str, scopes: &[String]) -> Result<Id, Refused> {
        const PATH: &str = "/v1/auth-servers";
        let there = self.list(PATH)?;
        let found = there.into_iter().find(|server| text(server, "name").as_deref() == Some(name));
        let server = match found {
            Some(found) => Some(found),
            None => {
                let body = json!({ "name": name, "audience": name });
                let call = Some((Verb::POST, PATH.to_owned()));
                self.step(Action::Create, "authorization server", &[name], call, &body)?
            }
        };
        let id = server.as_ref().and_then(id_of);
        let path = id.as_ref().map(|id| format!("{PATH}/{id}/scopes"));
        let there = path.as_ref().map_or_else(|| Ok(Vec::new()), |path| self.list(path))?;
        let there: BTreeSet<_> = there.iter().filter_map(|scope| text(scope, "name")).collect();
        for scope in scopes.iter().filter(|scope| !there.contains(*scope)) {
            let call = path.clone().map(|path| (Verb::POST, path));
            self.step(Action::Create, "scope", &[name, scope], call, &json!({ "name": scope }))?;
        }
        self.servers.insert(index, id);
        Ok(server.as_ref().and_then(|server| text(server, "issuer")))
    }

    fn api(&mut self, wanted: &Api) -> Result<(), Refused> {
        let name = wanted.service.as_str();
        let query = format!("/v3/apis?filter%5Bname%5D%5Beq%5D={}", encoded(name));
        let there = self.list(&query)?;
        let found = there.iter().find(|api| text(api, "version").is_none());
        let id = match found {
            Some(found) => id_of(found),
            None => {
                let call = Some((Verb::POST, "/v3/apis".to_owned()));
                let made =
                    self.step(Action::Create, "api", &[name], call, &json!({"name": name}))?;
                made.as_ref().and_then(id_of)
            }
        };
        let service = self.services.get(name).cloned().flatten();
        let linked = match &id {
            Some(id) => {
                let query = format!("/v3/api-implementations?filter%5Bapi_id%5D={id}");
                self.list(&query)?.into_iter().next()
            }
            None => None,
        };
        match linked.as_ref().and_then(|linked| linked.pointer("/service/id")?.as_str()) {
            None => {
                let body = json!({"service": {"control_plane_id": self.gateway, "id": service}});
                let call = id
                    .as_ref()
                    .filter(|_| service.is_some())
                    .map(|id| (Verb::POST, format!("/v3/apis/{id}/implementations")));
                self.step(Action::Create, "implementation", &[name], call, &body)?;
            }
            Some(linked) if Some(linked) != service.as_deref() => {
                self.refuse("implementation", name, "an API of that name has another service");
            }
            Some(_) => {}
        }
        self.publication(wanted, id.as_deref())?;
        self.apis.insert(name.to_owned(), id);
        Ok(())
    }

    fn publication(&mut self, wanted: &Api, id: Option<&str>) -> Result<(), Refused> {
        let name = wanted.service.as_str();
        let path = id
            .zip(self.portal.as_deref())
            .map(|(id, portal)| format!("/v3/apis/{id}/publications/{portal}"));
        let strategy = self.strategies.get(wanted.strategy).cloned().flatten();
        let body = json!({
            "auth_strategy_ids": [strategy],
            "auto_approve_registrations": wanted.auto_approve,
        });
        let there = path.as_ref().map_or(Ok(None), |path| self.get(path))?;
        let action = match &there {
            None => Action::Create,
            Some(there) => {
                let same = body.as_object().into_iter().flatten();
                if same.into_iter().all(|(member, value)| there.get(member) == Some(value)) {
                    return Ok(());
                }
                Action::Update
            }
        };
        let call = path.filter(|_| strategy.is_some()).map(|path| (Verb::PUT, path));
        self.step(action, "publication", &[name], call, &body)?;
        Ok(())
    }

    fn settings_path(&self, service: &str) -> Option<String> {
        let api = self.apis.get(service)?.as_deref()?;
        let portal = self.portal.as_deref()?;
        Some(format!("/v3/apis/{api}/publications/{portal}/settings"))
    }

    /// What a publication says beyond its strategy; last, because what takes no registrations takes
    /// none of ours either.
    fn settings(&mut self, wanted: &Api) -> Result<(), Refused> {
        let path = self.settings_path(&wanted.service);
        let there = path.as_ref().map_or(Ok(None), |path| self.get(path))?;
        let differs: Map<_, _> = wanted
            .settings
            .iter()
            .filter(|(member, value)| {
                let value = Some(*value);
                match &there {
                    Some(there) => there.get(member.as_str()) != value,
                    None => value != fresh(member).as_ref(),
                }
            })
            .map(|(member, value)| (member.clone(), value.clone()))
            .collect();
        if differs.is_empty() {
            return Ok(());
        }
        let call = path.filter(|_| there.is_some()).map(|path| (Verb::PATCH, path));
        let name = [wanted.service.as_str()];
        self.step(Action::Update, "publication settings", &name, call, &Value::Object(differs))?;
        Ok(())
    }

    fn consumers(&mut self, wanted: &Wanted) -> Result<(), Refused> {
        if wanted.consumers.is_empty() {
            return Ok(());
        }
        let base = self
            .gateway
            .as_ref()
            .map(|gateway| format!("/v2/control-planes/{gateway}/core-entities/consumers"));
        let there = match &base {
            None => Vec::new(),
            Some(base) => match self.entities(base) {
                Ok(there) => there,
                Err(refused) if refused.status == Some(StatusCode::NOT_FOUND) => {
                    self.refuse("consumers", "all", "the portal keeps no consumers");
                    return Ok(());
                }
                Err(refused) => return Err(refused),
            },
        };
        let mut known: HashMap<String, Id> = HashMap::new();
        for consumer in &there {
            for member in ["custom_id", "username"] {
                if let Some(name) = text(consumer, member) {
                    known.insert(name, id_of(consumer));
                }
            }
        }
        for consumer in &wanted.consumers {
            let id = match known.get(&consumer.name) {
                Some(id) => id.clone(),
                None => {
                    let call = base.clone().map(|base| (Verb::POST, base));
                    let body = Value::Object(consumer.body.clone());
                    let name = [consumer.name.as_str()];
                    let made = self.step(Action::Create, "consumer", &name, call, &body)?;
                    made.as_ref().and_then(id_of)
                }
            };
            self.consumers.insert(consumer.name.clone(), id);
        }
        Ok(())
    }

    fn developers(&mut self, wanted: &Wanted) -> Result<(), Refused> {
        if wanted.developers.is_empty() {
            return Ok(());
        }
        if let Some(portal) = &self.portal {
            for developer in self.list(&format!("/v3/portals/{portal}/developers"))? {
                if let Some(email) = text(&developer, "email") {
                    self.developers.insert(email.to_lowercase(), id_of(&developer));
                }
            }
        }
        for developer in &wanted.developers {
            self.developer(&developer.email, &developer.full_name, developer.status)?;
        }
        Ok(())
    }

    fn developer(&mut self, email: &str, full_name: &str, status: &str) -> Result<Id, Refused> {
        if let Some(known) = self.developers.get(&email.to_lowercase()) {
            return Ok(known.clone());
        }
        let body = json!({ "email": email, "full_name": full_name, "status": status });
        let call = self
            .portal
            .as_ref()
            .map(|portal| (Verb::POST, format!("/v3/portals/{portal}/developers")));
        let made = self.step(Action::Create, "developer", &[email], call, &body)?;
        let id = made.as_ref().and_then(id_of);
        self.developers.insert(email.to_lowercase(), id.clone());
        Ok(id)
    }
}

/// What a publication says of itself before anybody said anything.
fn fresh(setting: &str) -> Option<Value> {
    Some(match setting {
        "show_issuer" | "enable_proxy_with_consumer_credential" | "auto_approve" => false.into(),
        "application_registration_enabled" => true.into(),
        "tags" => json!([]),
        _ => Value::Null,
    })
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
