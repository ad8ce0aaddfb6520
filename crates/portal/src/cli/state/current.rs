//! Reading the state of a portal through its management API.

use core::convert::Infallible;
use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use ureq::http::{Method, StatusCode};

use super::kind::{Fields, KINDS, Kind, Pages, Place, Reference, pluck, put};
use super::schema::OWN_ISSUER;
use super::{Address, Node, Nodes, text};
use crate::cli::remote::{Refused, Remote};

/// How many are asked for at once.
const PAGE: usize = 1_000;

/// The state of a portal, and what is to be known about it.
#[derive(Debug)]
pub(in crate::cli) struct Current {
    pub(super) nodes: Nodes,
    /// What cannot be told apart, and is left out.
    pub(in crate::cli) twins: Vec<String>,
}

impl Current {
    /// All that there is.
    pub(in crate::cli) const fn nodes(&self) -> &Nodes {
        &self.nodes
    }
}

struct Reader<'r> {
    remote: &'r Remote,
    nodes: Nodes,
    by_id: HashMap<(&'static str, String), Address>,
    /// The own servers, by issuer.
    issuers: HashMap<String, String>,
    /// Clients that the portal has made for applications.
    clients: HashSet<String>,
    twins: Vec<String>,
}

/// Reads all of it.
pub(in crate::cli) fn read(remote: &Remote) -> Result<Current, Refused> {
    let mut reader = Reader {
        remote,
        nodes: Nodes::new(),
        by_id: HashMap::new(),
        issuers: HashMap::new(),
        clients: HashSet::new(),
        twins: Vec::new(),
    };
    for kind in KINDS {
        reader.kind(kind)?;
    }
    let Reader { mut nodes, clients, twins, .. } = reader;
    // They come and go with their applications.
    nodes.retain(|_, node| {
        node.kind.list != "clients" || node.id.as_ref().is_none_or(|id| !clients.contains(id))
    });
    Ok(Current { nodes, twins })
}

impl Reader<'_> {
    fn kind(&mut self, kind: &'static Kind) -> Result<(), Refused> {
        let bases: Vec<Address> = match last_place(kind.at) {
            None => vec![Address::default()],
            Some(list) => {
                let of_list =
                    |address: &&Address| address.0.last().is_some_and(|(known, _)| *known == list);
                self.nodes.keys().filter(of_list).cloned().collect()
            }
        };
        for base in bases {
            let Some(at) = path(kind.at, &base, "", &|address| self.id(address)) else { continue };
            for view in self.views(kind, &at)? {
                self.take(kind, &base, view)?;
            }
        }
        Ok(())
    }

    fn id(&self, address: &Address) -> Option<String> {
        self.nodes.get(address).and_then(|node| node.id.clone())
    }

    fn take(&mut self, kind: &'static Kind, base: &Address, view: Value) -> Result<(), Refused> {
        let text = |view: &Value, pointer: &str| {
            view.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
        };
        let Some(id) = text(&view, kind.reading.id)
            .or_else(|| (kind.reading.pages == Pages::None).then(String::new))
        else {
            return Ok(());
        };
        let around = match (kind.within, kind.reading.within) {
            (Some(within), Some(pointer)) => {
                let known =
                    text(&view, pointer).and_then(|id| self.by_id.get(&(within, id)).cloned());
                // It came, or went, while this is read.
                let Some(known) = known else { return Ok(()) };
                known
            }
            _ => base.clone(),
        };
        let view = if kind.reading.each {
            let Some(at) = path(kind.item, &around, &id, &|address| self.id(address)) else {
                return Ok(());
            };
            match self.remote.call(Method::GET, &at, None) {
                Ok(view) => view,
                Err(refused) if refused.status == Some(StatusCode::NOT_FOUND) => return Ok(()),
                Err(refused) => return Err(refused),
            }
        } else {
            view
        };
        let issuer = text(&view, "/issuer").filter(|_| kind.list == "auth_servers");
        if kind.list == "applications" && view.pointer("/dcr_provider/id").is_some() {
            self.clients.extend(text(&view, "/client_id"));
        }
        let Value::Object(view) = view else { return Ok(()) };
        let fields = self.said(kind, &around, (kind.shown)(view));
        let Some(name) = kind.name_of(&fields) else { return Ok(()) };
        let address = around.below(kind.list, name);
        if let Some(issuer) = &issuer {
            self.issuers.insert(issuer.clone(), address.name().to_owned());
        }
        if self.nodes.contains_key(&address) {
            self.twins.push(format!(
                "{} {}: more than one is called so; only the first is looked at",
                kind.list,
                address.names().join(" / ")
            ));
            return Ok(());
        }
        self.by_id.insert((kind.list, id.clone()), address.clone());
        let node = Node { id: Some(id), issuer, ..Node::of(kind, fields) };
        self.nodes.insert(address, node);
        Ok(())
    }

    /// What a document says of it.
    fn said(&self, kind: &Kind, _around: &Address, shown: Fields) -> Fields {
        let mut fields = text::said(kind, shown);
        for reference in kind.references {
            let Some(value) = fields.remove(reference.member) else { continue };
            fields.insert(reference.name.into(), self.names(reference, value));
        }
        for member in kind.issuers {
            let issuer = pluck(&fields, member);
            let own = issuer
                .as_ref()
                .and_then(Value::as_str)
                .and_then(|text| self.issuers.get(text.trim_end_matches('/')));
            if let Some(name) = own {
                put(&mut fields, member, json!({ OWN_ISSUER: name }));
            }
        }
        fields
    }

    fn names(&self, reference: &Reference, value: Value) -> Value {
        let mut name = |id: Value| {
            let known = id.as_str().map(|id| (reference.to, id.to_owned()));
            let known = known.and_then(|known| self.by_id.get(&known));
            Ok::<_, Infallible>(known.map_or(id, |address| address.name().into()))
        };
        let Ok(names) = reference.each(value, &mut name);
        names
    }

    fn views(&self, kind: &Kind, at: &str) -> Result<Vec<Value>, Refused> {
        let data = |answer: &mut Value| match answer.get_mut("data").map(Value::take) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let mut all = Vec::new();
        match kind.reading.pages {
            Pages::None => match self.remote.call(Method::GET, at, None) {
                Ok(view) => all.push(view),
                Err(refused) if refused.status == Some(StatusCode::NOT_FOUND) => {}
                Err(refused) => return Err(refused),
            },
            Pages::Whole => flatten(data(&mut self.remote.call(Method::GET, at, None)?), &mut all),
            Pages::Number => {
                for page in 1.. {
                    let at = format!("{at}?page%5Bsize%5D={PAGE}&page%5Bnumber%5D={page}");
                    let items = data(&mut self.remote.call(Method::GET, &at, None)?);
                    let last = items.len() < PAGE;
                    all.extend(items);
                    if last {
                        break;
                    }
                }
            }
            Pages::Offset => {
                let mut offset = String::new();
                loop {
                    let at = format!("{at}?size={PAGE}{offset}");
                    let mut answer = self.remote.call(Method::GET, &at, None)?;
                    all.extend(data(&mut answer));
                    match answer.get("offset").and_then(Value::as_str) {
                        Some(next) => offset = format!("&offset={next}"),
                        None => break,
                    }
                }
            }
        }
        Ok(all)
    }
}

/// Puts what is below another behind it.
fn flatten(items: Vec<Value>, all: &mut Vec<Value>) {
    for mut item in items {
        let below = item.get_mut("children").map(Value::take);
        all.push(item);
        if let Some(Value::Array(below)) = below {
            flatten(below, all);
        }
    }
}

/// The last list that a place speaks of.
fn last_place(template: &str) -> Option<&str> {
    let (_, rest) = template.rsplit_once('{')?;
    rest.split('}').next()
}

/// Puts ids into a place: of what a resource is inside of, and its own.
pub(super) fn path(
    template: &str,
    around: &Address,
    own: &str,
    id: &dyn Fn(&Address) -> Option<String>,
) -> Option<String> {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (list, after) = after.split_once('}')?;
        path.push_str(before);
        match list {
            "id" => path.push_str(own),
            list => path.push_str(&id(&around.of(list)?)?),
        }
        rest = after;
    }
    path.push_str(rest);
    Some(path)
}

/// The resource that a name refers to, from where it stands.
pub(super) fn target(
    kind: &Kind,
    reference: &Reference,
    name: &str,
    around: &Address,
    fields: &Fields,
) -> Option<Address> {
    let place = match reference.place {
        Place::Top => Address::default(),
        Place::Around(list) => around.of(list)?,
        Place::Of(other) => {
            let other = kind.references.iter().find(|known| known.name == other)?;
            let name = fields.get(other.name)?.as_str()?;
            target(kind, other, name, around, fields)?
        }
    };
    let folded = Kind::named(reference.to).is_some_and(|to| to.any_case);
    let name = if folded { name.to_lowercase() } else { name.to_owned() };
    let list = Kind::named(reference.to)?.list;
    Some(place.below(list, name))
}
