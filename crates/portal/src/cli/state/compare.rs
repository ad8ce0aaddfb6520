//! The plan: what leads from what there is to what is wanted.

use core::convert::Infallible;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::current::{Current, target};
use super::kind::{Change, Count, Fields, KINDS, Kind, pluck};
use super::schema::OWN_ISSUER;
use super::wanted::Wanted;
use super::{Address, Node, Nodes};
use crate::cli::plan::{Action, FieldChange, Step};
use crate::clock;

/// How a plan is made.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::cli) struct Options {
    /// Whether what is in no document goes, from the lists that the documents have.
    pub(in crate::cli) prune: bool,
    /// Whether secrets of what there is are written again.
    pub(in crate::cli) secrets: bool,
}

/// A step, and what is sent for it.
#[derive(Debug)]
pub(in crate::cli) struct Planned {
    /// As it is told.
    pub(in crate::cli) step: Step,
    pub(super) address: Address,
    pub(super) kind: &'static Kind,
    /// What is sent, as a document says it.
    pub(super) body: Fields,
    /// How many applications and developers go.
    pub(in crate::cli) precious: usize,
}

struct Planner<'s> {
    wanted: &'s Wanted,
    current: &'s Nodes,
    options: Options,
    planned: Vec<Planned>,
    faults: Vec<String>,
}

/// Makes a plan, or says what cannot be done.
pub(in crate::cli) fn plan(
    wanted: &Wanted,
    current: &Current,
    options: Options,
) -> Result<Vec<Planned>, Vec<String>> {
    let mut by_kind: BTreeMap<usize, Vec<(&Address, &Node)>> = BTreeMap::new();
    for (address, node) in &wanted.nodes {
        by_kind.entry(node.kind.order()).or_default().push((address, node));
    }
    let mut planner = Planner {
        wanted,
        current: &current.nodes,
        options,
        planned: Vec::new(),
        faults: Vec::new(),
    };
    for (address, node) in by_kind.into_values().flatten() {
        planner.references(address, node);
        planner.wants(address, node);
    }
    if options.prune {
        planner.prune();
    }
    if planner.faults.is_empty() { Ok(planner.planned) } else { Err(planner.faults) }
}

impl Planner<'_> {
    fn fault(&mut self, node: &Node, address: &Address, reason: &str) {
        let origin = node.origin.as_ref().map(|origin| format!("{origin}: ")).unwrap_or_default();
        let name = address.names().join(" / ");
        self.faults.push(format!("{origin}{} `{name}`: {reason}", node.kind.list));
    }

    fn knows(&self, address: &Address) -> bool {
        self.wanted.nodes.contains_key(address) || self.current.contains_key(address)
    }

    /// Refuses names of nothing.
    fn references(&mut self, address: &Address, node: &Node) {
        let around = address.around();
        for reference in node.kind.references {
            let mut named = Vec::new();
            let mut note = |name: Value| {
                named.extend(name.as_str().map(str::to_owned));
                Ok::<_, Infallible>(name)
            };
            let value = node.fields.get(reference.name).cloned().unwrap_or_default();
            let Ok(_) = reference.each(value, &mut note);
            for name in named {
                let found = target(node.kind, reference, &name, &around, &node.fields);
                if !found.is_some_and(|found| self.knows(&found)) {
                    let reason =
                        format!("`{}`: there is no `{name}` in `{}`", reference.name, reference.to);
                    self.fault(node, address, &reason);
                }
            }
        }
        for member in node.kind.issuers {
            let own = pluck(&node.fields, member).and_then(|issuer| {
                issuer.get(OWN_ISSUER).and_then(Value::as_str).map(str::to_owned)
            });
            let Some(name) = own else { continue };
            if !self.knows(&Address::default().below("auth_servers", name.as_str())) {
                let reason = format!("`{member}`: there is no `{name}` in `auth_servers`");
                self.fault(node, address, &reason);
            }
        }
    }

    fn wants(&mut self, address: &Address, node: &Node) {
        let Some(actual) = self.current.get(address) else {
            return match node.kind.number {
                Count::Always => self.update(address, node, None),
                _ => self.create(address, node),
            };
        };
        self.update(address, node, Some(actual));
    }

    fn create(&mut self, address: &Address, node: &Node) {
        let body = (node.kind.body)();
        let required = body.get("required").and_then(Value::as_array);
        let missing: Vec<&str> = required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|member| !has(node, member))
            .collect();
        if !missing.is_empty() {
            let reason = format!("it is to be made, and lacks `{}`", missing.join("`, `"));
            self.fault(node, address, &reason);
        }
        let mut fields: Vec<_> = node
            .fields
            .iter()
            .filter(|(member, value)| !node.kind.identifies(member) && !value.is_null())
            .map(|(member, value)| FieldChange {
                field: member.clone(),
                before: None,
                after: Some(value.clone()),
            })
            .collect();
        fields.extend(secret_changes(node));
        self.add(Action::Create, address, node.kind, fields, node.fields.clone());
    }

    fn update(&mut self, address: &Address, node: &Node, actual: Option<&Node>) {
        let nothing = Fields::new();
        let kind = node.kind;
        let before = actual.map_or(&nothing, |actual| &actual.fields);
        let mut fields = Vec::new();
        let mut body = Fields::new();
        for (member, value) in &node.fields {
            // Letter case does not make another one of it.
            if kind.identifies(member) {
                continue;
            }
            let whole = kind.whole.contains(&member.as_str());
            let length = fields.len();
            differences(before.get(member), value, whole, member, &mut fields);
            if fields.len() == length {
                continue;
            }
            body.insert(member.clone(), after(before.get(member), value, whole));
            if let Change::Patch(schema) = kind.change
                && !can_change(kind, &schema(), member)
            {
                let reason = format!(
                    "`{member}` is {} there and cannot be changed: take it out of the document, or \
                     delete what is there",
                    before.get(member).unwrap_or(&Value::Null)
                );
                self.fault(node, address, &reason);
            }
        }
        if self.options.secrets && matches!(kind.change, Change::Patch(_)) {
            fields.extend(secret_changes(node));
        }
        if fields.is_empty() {
            return;
        }
        let action = match kind.change {
            Change::Patch(_) => Action::Update,
            Change::Put | Change::Never => {
                let mut all = before.clone();
                all.extend(body);
                for (member, value) in &node.fields {
                    all.entry(member.clone()).or_insert_with(|| value.clone());
                }
                body = all;
                if matches!(kind.change, Change::Put) { Action::Update } else { Action::Replace }
            }
        };
        self.add(action, address, kind, fields, body);
    }

    /// What is in no document, from the innermost.
    fn prune(&mut self) {
        let mut gone: Vec<Address> = Vec::new();
        for kind in KINDS.iter().rev() {
            for (address, node) in self.current.iter().rev().filter(|(_, node)| node.kind.is(kind))
            {
                let listed = self.wanted.lists.contains(&(address.around(), kind.list));
                let unwanted = listed
                    && kind.number != Count::Always
                    && !self.wanted.nodes.contains_key(address);
                if unwanted && node.id.is_some() {
                    gone.push(address.clone());
                }
            }
        }
        for address in &gone {
            // What is around it takes it along.
            if gone.iter().any(|other| address.is_in(other)) {
                continue;
            }
            let Some(node) = self.current.get(address) else { continue };
            let along = self.current.iter().filter(|(other, _)| other.is_in(address));
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            let mut precious = usize::from(node.kind.precious);
            let along = along.filter(|(_, inner)| inner.kind.number != Count::Always);
            for (_, inner) in along {
                *counts.entry(inner.kind.list).or_default() += 1;
                precious += usize::from(inner.kind.precious);
            }
            let counts: Vec<_> =
                counts.into_iter().map(|(list, count)| format!("{count} {list}")).collect();
            let note = (!counts.is_empty()).then(|| format!("with {}", counts.join(", ")));
            self.planned.push(Planned {
                step: Step {
                    action: Action::Delete,
                    kind: node.kind.list,
                    name: address.names(),
                    fields: Vec::new(),
                    note,
                },
                address: address.clone(),
                kind: node.kind,
                body: Fields::new(),
                precious,
            });
        }
    }

    fn add(
        &mut self,
        action: Action,
        address: &Address,
        kind: &'static Kind,
        fields: Vec<FieldChange>,
        body: Fields,
    ) {
        let step = Step { action, kind: kind.list, name: address.names(), fields, note: None };
        self.planned.push(Planned { step, address: address.clone(), kind, body, precious: 0 });
    }
}

/// Whether a required member of the body is there, or comes from elsewhere.
fn has(node: &Node, member: &str) -> bool {
    let reference = node.kind.references.iter().find(|reference| reference.member == member);
    let name = reference.map_or(member, |reference| reference.name);
    let secret = node.kind.secrets.contains(&member);
    let made = secret && !(node.kind.held)(&node.fields).contains(&member);
    node.fields.contains_key(name)
        || made
        || node.secrets.iter().any(|wanted| wanted.member == member)
}

fn secret_changes(node: &Node) -> impl Iterator<Item = FieldChange> {
    node.secrets.iter().map(|wanted| FieldChange {
        field: wanted.member.to_owned(),
        before: None,
        after: None,
    })
}

fn can_change(kind: &Kind, schema: &Value, member: &str) -> bool {
    let reference = kind.references.iter().find(|reference| reference.name == member);
    let member = reference.map_or(member, |reference| reference.member);
    schema.get("properties").is_some_and(|known| known.get(member).is_some())
}

/// What differs of a member: of an object, what differs inside. What is not wanted there is left
/// alone, unless the object is given whole.
fn differences(
    before: Option<&Value>,
    wanted: &Value,
    whole: bool,
    field: &str,
    found: &mut Vec<FieldChange>,
) {
    let nothing = Map::new();
    let members = match before {
        Some(Value::Object(members)) => Some(members),
        None | Some(Value::Null) => Some(&nothing),
        _ => None,
    };
    if let (Value::Object(wanted), Some(before)) = (wanted, members) {
        for (name, value) in wanted {
            differences(before.get(name), value, whole, &format!("{field}.{name}"), found);
        }
        for (name, value) in before.iter().filter(|(name, _)| whole && !wanted.contains_key(*name))
        {
            found.push(FieldChange {
                field: format!("{field}.{name}"),
                before: Some(value.clone()),
                after: None,
            });
        }
        return;
    }
    if !same(before.unwrap_or(&Value::Null), wanted) {
        found.push(FieldChange {
            field: field.to_owned(),
            before: before.cloned(),
            after: Some(wanted.clone()),
        });
    }
}

/// Whether two values say the same: a number is what it counts, however it is written.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        // A list of nothing, and no list.
        (Value::Null, Value::Array(items)) | (Value::Array(items), Value::Null) => items.is_empty(),
        (Value::String(a), Value::String(b)) if a != b => same_second(a, b),
        (a, b) => a == b,
    }
}

/// Whether two texts are one moment, to the second.
fn same_second(a: &str, b: &str) -> bool {
    let second = |text: &str| clock::parse(text).map(|millis| millis.div_euclid(1_000));
    second(a).is_some_and(|a| Some(a) == second(b))
}

/// What is sent for a member: all of an object, and null for what goes.
fn after(before: Option<&Value>, wanted: &Value, whole: bool) -> Value {
    let (Some(Value::Object(before)), Value::Object(wanted)) = (before, wanted) else {
        return wanted.clone();
    };
    let mut merged = Map::new();
    for (name, value) in before {
        match wanted.get(name) {
            Some(wanted) => {
                merged.insert(name.clone(), after(Some(value), wanted, whole));
            }
            None if whole => {
                merged.insert(name.clone(), Value::Null);
            }
            None => {
                merged.insert(name.clone(), value.clone());
            }
        }
    }
    for (name, value) in wanted {
        merged.entry(name.clone()).or_insert_with(|| value.clone());
    }
    merged.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "tests write values in place")]
    fn diff(before: Value, wanted: Value, whole: bool) -> Vec<String> {
        let mut found = Vec::new();
        differences(Some(&before), &wanted, whole, "m", &mut found);
        found.into_iter().map(|change| change.field).collect()
    }

    #[test]
    fn members_that_are_not_wanted_are_left_alone() {
        let before = json!({"a": 1, "b": {"c": [1, 2]}, "d": null});
        assert!(diff(before.clone(), json!({"a": 1.0, "b": {}, "e": null}), false).is_empty());
        assert_eq!(diff(before.clone(), json!({"b": {"c": [2, 1]}}), false), ["m.b.c"]);
        assert_eq!(diff(json!({"a": "1", "b": "2"}), json!({"a": "1"}), true), ["m.b"]);
        let sent = after(Some(&before), &json!({"b": {"c": []}}), false);
        assert_eq!(sent, json!({"a": 1, "b": {"c": []}, "d": null}));
        let sent = after(Some(&json!({"a": "1", "b": "2"})), &json!({"a": "3"}), true);
        assert_eq!(sent, json!({"a": "3", "b": null}));
    }
}
