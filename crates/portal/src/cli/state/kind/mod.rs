//! The kinds of resources that a state consists of: one table, from which reading, writing, the
//! schema, plans and calls all follow. What a resource can have is the body that makes one.

use std::sync::Arc;

use serde_json::{Map, Value};

mod api;
mod application;
mod content;
mod event;
mod gateway;
mod identity;
mod portal;
mod strategy;
mod team;

pub(super) type Fields = Map<String, Value>;
pub(super) type Schema = fn() -> Arc<Value>;

/// Every kind: what is inside of another comes behind it, and so does what refers to another.
pub(super) static KINDS: &[&Kind] = &[
    &identity::SERVERS,
    &identity::SCOPES,
    &identity::CLAIMS,
    &identity::CLIENTS,
    &strategy::PROVIDERS,
    &strategy::STRATEGIES,
    &gateway::GATEWAYS,
    &gateway::SERVICES,
    &gateway::ROUTES,
    &gateway::CONSUMERS,
    &api::APIS,
    &api::VERSIONS,
    &content::DOCUMENTS,
    &api::IMPLEMENTATION,
    &portal::PORTALS,
    &api::PUBLICATIONS,
    &api::PUBLICATION_SETTINGS,
    &portal::DEVELOPER_SETTINGS,
    &content::CUSTOMIZATION,
    &content::INTEGRATIONS,
    &content::PAGES,
    &content::SNIPPETS,
    &portal::DEVELOPERS,
    &team::TEAMS,
    &team::MEMBERS,
    &team::ROLES,
    &application::APPLICATIONS,
    &application::REGISTRATIONS,
    &application::CREDENTIALS,
    &application::LIMITS,
    &application::NETWORKS,
    &event::SENDER,
    &event::TEMPLATES,
    &event::PORTAL_WEBHOOKS,
    &event::WEBHOOKS,
];

/// A kind of resource.
#[derive(Debug)]
pub(super) struct Kind {
    /// The name of its list in a document. No other kind that something is inside of, or refers to,
    /// has it.
    pub(super) list: &'static str,
    /// The kind that it is inside of.
    pub(super) within: Option<&'static str>,
    /// How many there are.
    pub(super) number: Count,
    /// The members that say which one it is, in a document.
    pub(super) identity: &'static [&'static str],
    /// What says so where those are missing.
    pub(super) otherwise: Option<&'static str>,
    /// What one is below of its own kind: its name goes before.
    pub(super) below: Option<&'static str>,
    /// Whether letter case does not count there.
    pub(super) any_case: bool,
    /// The body that makes one.
    pub(super) body: Schema,
    /// Members of the body that a document does not have.
    pub(super) without: &'static [&'static str],
    /// How one is made.
    pub(super) making: Making,
    /// How one is changed.
    pub(super) change: Change,
    /// Objects that are given whole: a member that is missing goes.
    pub(super) whole: &'static [&'static str],
    /// Members for which null says something else than their absence.
    pub(super) nulls: &'static [&'static str],
    /// What refers to others.
    pub(super) references: &'static [Reference],
    /// Where an issuer stands that may be one of the portal's own servers.
    pub(super) issuers: &'static [&'static str],
    /// Where something secret stands, which the portal takes and never shows.
    pub(super) secrets: &'static [&'static str],
    /// Which of those one has, as far as can be told.
    pub(super) held: fn(&Fields) -> Vec<&'static str>,
    /// How they are read.
    pub(super) reading: Reading,
    /// Where the list of them is.
    pub(super) at: &'static str,
    /// Where one is made, if not there.
    pub(super) made_at: Option<&'static str>,
    /// Where one of them is; `{id}` stands for its id.
    pub(super) item: &'static str,
    /// What goes behind that to delete one with what is inside.
    pub(super) deleting: &'static str,
    /// What the portal shows of one, as the body has it.
    pub(super) shown: fn(Fields) -> Fields,
    /// A body as the portal takes it.
    pub(super) sent: fn(Fields) -> Fields,
    /// What it has to be at first, where it cannot be made as it is wanted.
    pub(super) at_first: fn(&mut Fields),
    /// Whether its deletion has to be confirmed.
    pub(super) precious: bool,
}

/// How many there are of a kind, in what it is inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// Any number.
    Many,
    /// One, or none.
    One,
    /// One, always: it cannot be made or deleted.
    Always,
}

/// How one is made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Making {
    /// With POST to the list.
    Post,
    /// With PUT to where it is to be; this member of the body is its id.
    Put(&'static str),
    /// With PATCH, likewise.
    Patch(&'static str),
}

/// How one is changed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// With what differs. The body says what may differ.
    Patch(Schema),
    /// With all of it.
    Put,
    /// Not at all: another takes its place.
    Never,
}

/// A member that names another resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    /// Its name in bodies; there it is an id, or a list of ids.
    pub(super) member: &'static str,
    /// Its name in documents.
    pub(super) name: &'static str,
    /// The kind that it names.
    pub(super) to: &'static str,
    /// Where that is.
    pub(super) place: Place,
    /// Whether it is a list.
    pub(super) many: bool,
    /// The member of each item of a list that refers, where the items are objects.
    pub(super) inner: Option<&'static str>,
    /// Whether null says something else than its absence.
    pub(super) null_says: bool,
}

/// Where the resource is that a member names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In no other.
    Top,
    /// In the resource of this kind that one is in.
    Around(&'static str),
    /// In the resource that this other reference names.
    Of(&'static str),
}

/// How the resources of a kind are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// How a list is continued.
    pub(super) pages: Pages,
    /// Whether the list does not show all of one.
    pub(super) each: bool,
    /// Where one shows its id.
    pub(super) id: &'static str,
    /// Where one shows the id of what it is inside of, where the list's place does not say so.
    pub(super) within: Option<&'static str>,
}

/// How a list is continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    /// With the number of the next page.
    Number,
    /// With what the answer says is next.
    Offset,
    /// There is no more than comes at once; what has `children` is before them.
    Whole,
    /// It is no list, but the one resource.
    None,
}

impl Reference {
    pub(super) const fn to(member: &'static str, name: &'static str, to: &'static str) -> Self {
        Self { member, name, to, place: Place::Top, many: false, inner: None, null_says: false }
    }
}

fn nothing() -> Arc<Value> {
    Arc::new(serde_json::json!({ "type": "object", "additionalProperties": false }))
}

fn no_secrets(_: &Fields) -> Vec<&'static str> {
    Vec::new()
}

const fn same(fields: Fields) -> Fields {
    fields
}

const fn as_wanted(_: &mut Fields) {}

impl Kind {
    /// What most kinds have in common.
    pub(super) const USUAL: Self = Self {
        list: "",
        within: None,
        number: Count::Many,
        identity: &["name"],
        otherwise: None,
        below: None,
        any_case: false,
        body: nothing,
        without: &[],
        making: Making::Post,
        change: Change::Never,
        whole: &[],
        nulls: &[],
        references: &[],
        issuers: &[],
        secrets: &[],
        held: no_secrets,
        reading: Reading { pages: Pages::Number, each: false, id: "/id", within: None },
        at: "",
        made_at: None,
        item: "",
        deleting: "",
        shown: same,
        sent: same,
        at_first: as_wanted,
        precious: false,
    };

    /// The kind of a list.
    pub(super) fn named(list: &str) -> Option<&'static Self> {
        KINDS.iter().copied().find(|kind| kind.list == list)
    }

    /// The kinds inside of one, or of none.
    pub(super) fn inside(within: Option<&str>) -> impl Iterator<Item = &'static Self> {
        KINDS.iter().copied().filter(move |kind| kind.within == within)
    }

    /// Its place in the table.
    pub(super) fn order(&self) -> usize {
        KINDS.iter().position(|kind| self.is(kind)).unwrap_or(KINDS.len())
    }

    /// Whether it is the same kind.
    pub(super) fn is(&self, other: &Self) -> bool {
        (self.list, self.within) == (other.list, other.within)
    }

    /// Whether null says something else for a member of the body than its absence.
    pub(super) fn has_null(&self, member: &str) -> bool {
        let refers = self.references.iter().any(|r| r.member == member && r.null_says);
        refers || self.nulls.contains(&member)
    }

    /// What one is called, by the members that say which one it is.
    pub(super) fn name_of(&self, fields: &Fields) -> Option<String> {
        if self.number != Count::Many {
            return Some(String::new());
        }
        let part = |member: &str| match fields.get(member) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        };
        let first = self.identity.first().and_then(|member| part(member));
        let mut name = first.or_else(|| self.otherwise.and_then(part))?;
        for member in self.identity.iter().skip(1) {
            match part(member) {
                Some(more) if !more.is_empty() => {
                    name.push('@');
                    name.push_str(&more);
                }
                _ => {}
            }
        }
        if let Some(above) = self.below.and_then(part) {
            name = format!("{above}/{name}");
        }
        Some(if self.any_case { name.to_lowercase() } else { name })
    }

    /// Whether a member says which one it is.
    pub(super) fn identifies(&self, member: &str) -> bool {
        self.identity.contains(&member) || self.otherwise == Some(member)
    }
}

impl Reference {
    /// Does something with every name, or id, of a member.
    pub(super) fn each<E>(
        &self,
        value: Value,
        change: &mut impl FnMut(Value) -> Result<Value, E>,
    ) -> Result<Value, E> {
        let Value::Array(items) = value else { return change(value) };
        let Some(inner) = self.inner else {
            let mut items = items.into_iter().map(change).collect::<Result<Vec<_>, E>>()?;
            items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            return Ok(items.into());
        };
        let listed = Self { inner: None, ..*self };
        let items = items.into_iter().map(|mut item| {
            if let Some(place) = item.get_mut(inner) {
                *place = listed.each(place.take(), change)?;
            }
            Ok(item)
        });
        items.collect::<Result<Vec<_>, E>>().map(Value::Array)
    }
}

/// Takes a member of an object inside of an object.
pub(super) fn pluck(fields: &Fields, pointer: &str) -> Option<Value> {
    let (first, rest) = match pointer.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (pointer, None),
    };
    let value = fields.get(first)?;
    match rest {
        None => Some(value.clone()),
        Some(rest) => pluck(value.as_object()?, rest),
    }
}

/// Puts a value into an object inside of an object, which is made where it is missing.
pub(super) fn put(fields: &mut Fields, pointer: &str, value: Value) {
    let Some((first, rest)) = pointer.split_once('.') else {
        fields.insert(pointer.to_owned(), value);
        return;
    };
    let inner = fields.entry(first).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

/// Takes a value out of an object inside of an object.
pub(super) fn take(fields: &mut Fields, pointer: &str) -> Option<Value> {
    match pointer.split_once('.') {
        None => fields.remove(pointer),
        Some((first, rest)) => take(fields.get_mut(first)?.as_object_mut()?, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kind_needs_comes_before_it() {
        for (at, kind) in KINDS.iter().enumerate() {
            assert_eq!(kind.order(), at, "{} stands twice", kind.list);
            if let Some(around) = kind.within {
                assert!(Kind::named(around).unwrap().order() < at, "{}", kind.list);
            }
            for reference in kind.references {
                assert!(Kind::named(reference.to).unwrap().order() <= at, "{}", kind.list);
            }
        }
    }

    #[test]
    fn every_member_that_a_kind_speaks_of_is_one() {
        for kind in KINDS {
            let schema = (kind.body)();
            let known = |member: &str| schema["properties"].get(member).is_some();
            let first = |path: &'static str| path.split('.').next().unwrap_or(path);
            for member in kind.without.iter().chain(kind.whole).chain(kind.issuers) {
                assert!(known(first(member)), "{}: {member}", kind.list);
            }
            let changed = match kind.change {
                Change::Patch(schema) => schema(),
                _ => (kind.body)(),
            };
            for member in kind.secrets {
                let either =
                    known(first(member)) || changed["properties"].get(first(member)).is_some();
                assert!(either, "{}: {member}", kind.list);
            }
        }
    }
}
