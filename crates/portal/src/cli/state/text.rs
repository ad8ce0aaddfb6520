//! The state of a portal as a document: one order, names for ids, references for secrets.

use serde_json::Value;

use super::kind::{Count, Fields, Kind, pluck, put};
use super::write::{Item, write};
use super::{Address, FORMAT, FORMAT_VERSION, Node, Nodes, inside, secret};

/// Writes the document of a portal's state.
pub(in crate::cli) fn document(nodes: &Nodes) -> String {
    let version = Item::Scalar(FORMAT_VERSION.into());
    let mut members = vec![(FORMAT.to_owned(), version)];
    members.extend(lists(nodes, &Address::default(), None));
    write(&Item::Mapping(members))
}

fn lists(nodes: &Nodes, around: &Address, within: Option<&str>) -> Vec<(String, Item)> {
    let lists = Kind::inside(within).filter_map(|kind| {
        // What is always there says nothing when nothing is set.
        let says = |node: &Node| kind.number != Count::Always || !node.fields.is_empty();
        let items = inside(nodes, around, kind.list).filter(|(_, node)| says(node));
        let mut items = items.map(|(address, node)| item(nodes, address, node));
        let items = match kind.number {
            Count::Many => Item::List(items.collect()),
            Count::One | Count::Always => items.next()?,
        };
        let empty = matches!(&items, Item::List(items) if items.is_empty());
        (!empty).then(|| (kind.list.to_owned(), items))
    });
    lists.collect()
}

/// First what says which one it is, then what else it has, then what is inside.
fn item(nodes: &Nodes, address: &Address, node: &Node) -> Item {
    let kind = node.kind;
    let mut fields = node.fields.clone();
    for member in (kind.held)(&fields) {
        if pluck(&fields, member).is_none() {
            put(&mut fields, member, placeholder(kind, address, member));
        }
    }
    let mut members: Vec<(String, Item)> = Vec::new();
    for member in kind.identity.iter().copied().chain(kind.otherwise) {
        if let Some(value) = fields.remove(member) {
            members.push((member.to_owned(), value.into()));
        }
    }
    members.extend(fields.into_iter().map(|(name, value)| (name, Item::from(value))));
    members.extend(lists(nodes, address, Some(kind.list)));
    Item::Mapping(members)
}

fn placeholder(kind: &Kind, address: &Address, member: &str) -> Value {
    let last = member.rsplit('.').next().unwrap_or(member);
    let names = address.names();
    let mut words = vec![kind.list];
    words.extend(names.iter().map(String::as_str));
    words.push(last);
    secret::placeholder(&words)
}

/// What a document says of a resource, of what a portal shows: what is unset is left out, where its
/// absence says the same.
pub(super) fn said(kind: &Kind, shown: Fields) -> Fields {
    let body = (kind.body)();
    let known = body.get("properties").and_then(Value::as_object);
    let known = |member: &str| {
        known.is_some_and(|known| known.contains_key(member)) && !kind.without.contains(&member)
    };
    let unset = |member: &str, value: &Value| match value {
        Value::Null => !kind.has_null(member),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    let mut fields = Fields::new();
    for (member, mut value) in shown {
        without_nulls(&mut value);
        if known(&member) && !unset(&member, &value) {
            fields.insert(member, value);
        }
    }
    if fields.contains_key("name") && kind.otherwise == Some("id") {
        fields.remove("id");
    }
    fields
}

fn without_nulls(value: &mut Value) {
    if let Value::Object(members) = value {
        members.values_mut().for_each(without_nulls);
        members.retain(|_, value| !value.is_null());
    }
}
