//! Carrying a plan out, step by step, through the management API.

use std::collections::HashMap;

use serde_json::Value;
use ureq::http::Method;

use super::compare::Planned;
use super::current::{Current, path, target};
use super::kind::{Change, Fields, Making, pluck, put};
use super::schema::OWN_ISSUER;
use super::secret::Resolved;
use super::wanted::Wanted;
use super::{Address, Nodes};
use crate::cli::plan::{Action, Done};
use crate::cli::remote::Remote;
use crate::entropy;

/// The length of a secret that nobody needs to know.
const UNUSED_SECRET: usize = 40;

struct Worker<'w> {
    remote: &'w Remote,
    wanted: &'w Nodes,
    secrets: &'w Resolved,
    with_secrets: bool,
    ids: HashMap<Address, String>,
    issuers: HashMap<String, String>,
}

/// Carries the steps out, as far as it goes.
pub(in crate::cli) fn carry_out(
    remote: &Remote,
    current: &Current,
    wanted: &Wanted,
    secrets: &Resolved,
    with_secrets: bool,
    plan: &[Planned],
) -> Done {
    let mut worker = Worker {
        remote,
        wanted: &wanted.nodes,
        secrets,
        with_secrets,
        ids: HashMap::new(),
        issuers: HashMap::new(),
    };
    for (address, node) in &current.nodes {
        if let Some(id) = &node.id {
            worker.ids.insert(address.clone(), id.clone());
        }
        if let Some(issuer) = &node.issuer {
            worker.issuers.insert(address.name().to_owned(), issuer.clone());
        }
    }
    for (steps, planned) in plan.iter().enumerate() {
        if let Err(reason) = worker.step(planned) {
            let failure = Some(format!("{}: {reason}", planned.step.title()));
            return Done { steps, failure };
        }
    }
    Done { steps: plan.len(), failure: None }
}

impl Worker<'_> {
    fn step(&mut self, planned: &Planned) -> Result<(), String> {
        match planned.step.action {
            Action::Create => self.create(planned),
            Action::Update => self.update(planned, &planned.body),
            Action::Replace => {
                self.delete(planned)?;
                self.create(planned)
            }
            Action::Delete => self.delete(planned),
        }
    }

    fn create(&mut self, planned: &Planned) -> Result<(), String> {
        let kind = planned.kind;
        let mut first = planned.body.clone();
        (kind.at_first)(&mut first);
        let mut body = self.resolved(planned, &first)?;
        body.retain(|member, value| !value.is_null() || kind.has_null(member));
        self.put_secrets(planned, &mut body)?;
        for member in kind.secrets {
            let needed = (kind.body)()
                .get("required")
                .and_then(Value::as_array)
                .is_some_and(|required| required.iter().any(|name| name == member));
            if needed && !body.contains_key(*member) {
                let made = entropy::word(UNUSED_SECRET).map_err(|_| "no random bytes")?;
                body.insert((*member).to_owned(), made.into());
            }
        }
        let around = planned.address.around();
        let (made, id) = match kind.making {
            Making::Post => {
                let at = kind.made_at.unwrap_or(kind.at);
                let made = self.call(Method::POST, at, &around, "", Some((kind.sent)(body)))?;
                let id = made.pointer(kind.reading.id).and_then(Value::as_str);
                // What cannot change is not spoken of again.
                let id = match (id, kind.change) {
                    (Some(id), _) => id.to_owned(),
                    (None, Change::Never) => String::new(),
                    (None, _) => return Err("the portal did not tell an id".into()),
                };
                (made, id)
            }
            Making::Put(member) | Making::Patch(member) => {
                let id = body.remove(member).and_then(|id| id.as_str().map(str::to_owned));
                let id = id.ok_or_else(|| format!("`{member}` is missing"))?;
                let body = (kind.sent)(body);
                let patches = matches!(kind.making, Making::Patch(_));
                let method = if patches { Method::PATCH } else { Method::PUT };
                (self.call(method, kind.item, &around, &id, Some(body))?, id)
            }
        };
        self.ids.insert(planned.address.clone(), id);
        if kind.list == "auth_servers"
            && let Some(issuer) = made.get("issuer").and_then(Value::as_str)
        {
            self.issuers.insert(planned.address.name().to_owned(), issuer.to_owned());
        }
        let rest: Fields = planned
            .body
            .iter()
            .filter(|(member, value)| first.get(*member) != Some(*value))
            .map(|(member, value)| (member.clone(), value.clone()))
            .collect();
        if rest.is_empty() { Ok(()) } else { self.update(planned, &rest) }
    }

    fn update(&self, planned: &Planned, fields: &Fields) -> Result<(), String> {
        let kind = planned.kind;
        let mut body = self.resolved(planned, fields)?;
        if self.with_secrets && planned.step.action == Action::Update {
            self.put_secrets(planned, &mut body)?;
        }
        let method = match kind.change {
            Change::Patch(_) => Method::PATCH,
            _ => Method::PUT,
        };
        let id = self.ids.get(&planned.address).map(String::as_str).unwrap_or_default();
        let around = planned.address.around();
        self.call(method, kind.item, &around, id, Some((kind.sent)(body))).map(|_| ())
    }

    fn delete(&mut self, planned: &Planned) -> Result<(), String> {
        let id = self.ids.remove(&planned.address).unwrap_or_default();
        let template = format!("{}{}", planned.kind.item, planned.kind.deleting);
        self.call(Method::DELETE, &template, &planned.address.around(), &id, None).map(|_| ())
    }

    fn call(
        &self,
        method: Method,
        template: &str,
        around: &Address,
        own: &str,
        body: Option<Fields>,
    ) -> Result<Value, String> {
        let path = path(template, around, own, &|address| self.ids.get(address).cloned());
        let path = path.ok_or("what it is inside of is not there")?;
        let body = body.map(Value::Object);
        self.remote.call(method, &path, body.as_ref()).map_err(|refused| refused.to_string())
    }

    /// A body with ids for names.
    fn resolved(&self, planned: &Planned, fields: &Fields) -> Result<Fields, String> {
        let kind = planned.kind;
        let around = planned.address.around();
        let mut body = fields.clone();
        // A name may say where another one is, and not be sent itself.
        let mut all = self.wanted.get(&planned.address).map(|node| node.fields.clone());
        let all = all.get_or_insert_with(Fields::new);
        all.extend(fields.clone());
        for reference in kind.references {
            let Some(value) = body.remove(reference.name) else { continue };
            let mut id = |name: Value| -> Result<Value, String> {
                let Some(name) = name.as_str() else { return Ok(Value::Null) };
                let found = target(kind, reference, name, &around, all);
                let id = found.and_then(|found| self.ids.get(&found).cloned());
                id.map(Value::from).ok_or_else(|| format!("`{name}` of `{}` is gone", reference.to))
            };
            let ids = reference.each(value, &mut id)?;
            body.insert(reference.member.into(), ids);
        }
        for member in kind.issuers {
            let name = pluck(&body, member);
            let name = name.as_ref().and_then(|issuer| issuer.get(OWN_ISSUER)?.as_str());
            let Some(name) = name else { continue };
            let issuer = self.issuers.get(name).cloned();
            put(&mut body, member, issuer.ok_or_else(|| format!("`{name}` is gone"))?.into());
        }
        Ok(body)
    }

    fn put_secrets(&self, planned: &Planned, body: &mut Fields) -> Result<(), String> {
        let Some(node) = self.wanted.get(&planned.address) else { return Ok(()) };
        for wanted in &node.secrets {
            let secret = self.secrets.get(wanted).ok_or("a secret is missing")?;
            put(body, wanted.member, secret.expose().as_str().into());
        }
        Ok(())
    }
}
