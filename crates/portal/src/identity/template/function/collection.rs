//! Functions about lists and dictionaries.

use std::collections::BTreeMap;

use super::{Fault, Function, Run, Value, count, functions};
use crate::identity::template::run::Arguments;

pub(super) const FUNCTIONS: &[Function] = functions! {
    "list" 0..=usize::MAX => |_, given| Ok(Value::List(given.rest()));
    "tuple" 0..=usize::MAX => |_, given| Ok(Value::List(given.rest()));
    "dict" 0..=usize::MAX => |_, given| dict(given);
    "get" 2..=2 => |_, mut given| {
        let (from, name) = (given.next(), given.text());
        Ok(from.member(&name))
    };
    "hasKey" 2..=2 => |_, mut given| {
        let (from, name) = (given.dict(), given.text());
        Ok(Value::Flag(from.contains_key(&name)))
    };
    "keys" 1..=1 => |_, mut given| {
        Ok(Value::List(given.dict().into_keys().map(Value::Text).collect()))
    };
    "values" 1..=1 => |_, mut given| Ok(Value::List(given.dict().into_values().collect()));
    "pick" 1..=usize::MAX => |run, given| chosen(run, given, true);
    "omit" 1..=usize::MAX => |run, given| chosen(run, given, false);
    "merge" 1..=usize::MAX => |_, mut given| {
        let mut merged = given.dict();
        while given.left() > 0 {
            for (name, value) in given.dict() {
                merged.entry(name).or_insert(value);
            }
        }
        Ok(Value::Dict(merged))
    };
    "index" 2..=2 => |_, mut given| match (given.next(), given.next()) {
        (Value::List(items), at) => usize::try_from(at.as_int())
            .ok()
            .and_then(|at| items.into_iter().nth(at))
            .ok_or_else(|| Fault::new("names an item that is not there")),
        (from, name) => Ok(from.member(&name.into_text())),
    };
    "len" 1..=1 => |_, mut given| {
        let length = match given.next() {
            Value::List(items) => items.len(),
            Value::Dict(members) => members.len(),
            other => other.into_text().len(),
        };
        Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
    };
    "first" 1..=1 => |_, mut given| Ok(given.list().into_iter().next().unwrap_or(Value::Nil));
    "last" 1..=1 => |_, mut given| Ok(given.list().pop().unwrap_or(Value::Nil));
    "rest" 1..=1 => |_, mut given| Ok(given.list().into_iter().skip(1).collect());
    "initial" 1..=1 => |_, mut given| {
        let mut items = given.list();
        items.pop();
        Ok(Value::List(items))
    };
    "reverse" 1..=1 => |_, mut given| Ok(given.list().into_iter().rev().collect());
    "append" 2..=2 => |_, mut given| {
        let mut items = given.list();
        items.push(given.next());
        Ok(Value::List(items))
    };
    "prepend" 2..=2 => |_, mut given| {
        let items = given.list();
        Ok(core::iter::once(given.next()).chain(items).collect())
    };
    "concat" 1..=usize::MAX => |_, given| {
        Ok(given.rest().into_iter().flat_map(Value::into_items).collect())
    };
    "slice" 1..=3 => |_, mut given| {
        let items = given.list();
        let start = given.int();
        let end = if given.left() > 0 { given.int() } else { i64::MAX };
        let length = count(end.saturating_sub(start.max(0)));
        Ok(items.into_iter().skip(count(start)).take(length).collect())
    };
    "has" 2..=2 => |_, mut given| {
        let (item, items) = (given.next(), given.list());
        Ok(Value::Flag(items.iter().any(|other| item.same(other))))
    };
    "without" 1..=usize::MAX => |run, mut given| {
        let items = given.list();
        let out = given.rest();
        run.charge(items.len().saturating_mul(out.len()))?;
        let stays = |item: &Value| !out.iter().any(|other| item.same(other));
        Ok(items.into_iter().filter(stays).collect())
    };
    "uniq" 1..=1 => |run, mut given| {
        let items = given.list();
        run.charge(items.len().saturating_mul(items.len()))?;
        let mut seen: Vec<Value> = Vec::new();
        for item in items {
            if !seen.iter().any(|other| item.same(other)) {
                seen.push(item);
            }
        }
        Ok(Value::List(seen))
    };
    "compact" 1..=1 => |_, mut given| {
        Ok(given.list().into_iter().filter(|item| !item.is_empty()).collect())
    };
    "sortAlpha" 1..=1 => |_, mut given| {
        let mut texts: Vec<_> = given.list().into_iter().map(Value::into_text).collect();
        texts.sort();
        Ok(texts.into_iter().map(Value::Text).collect())
    };
    "toStrings" 1..=1 => |_, mut given| {
        Ok(given.list().into_iter().map(Value::into_text).map(Value::Text).collect())
    };
    "join" 2..=2 => |run, mut given| {
        let (between, items) = (given.text(), given.list());
        run.charge(items.len().saturating_mul(between.len()))?;
        let texts: Vec<_> = items.into_iter().map(Value::into_text).collect();
        Ok(Value::Text(texts.join(&between)))
    };
    "splitList" 2..=2 => |run, mut given| {
        let (at, text) = (given.text(), given.text());
        Ok(Value::List(parts(run, &at, &text)?))
    };
    "split" 2..=2 => |run, mut given| {
        let (at, text) = (given.text(), given.text());
        let parts = parts(run, &at, &text)?.into_iter().enumerate();
        Ok(Value::Dict(parts.map(|(index, part)| (format!("_{index}"), part)).collect()))
    };
};

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

fn dict(mut given: Arguments) -> Result<Value, Fault> {
    let mut members = BTreeMap::new();
    while given.left() > 0 {
        let name = given.text();
        members.insert(name, given.next());
    }
    Ok(Value::Dict(members))
}

/// The members whose names are given, or those whose names are not.
fn chosen(run: &mut Run<'_>, mut given: Arguments, wanted: bool) -> Result<Value, Fault> {
    let mut members = given.dict();
    let names: Vec<_> = given.rest().into_iter().map(Value::into_text).collect();
    run.charge(members.len().saturating_mul(names.len()))?;
    members.retain(|name, _| names.contains(name) == wanted);
    Ok(Value::Dict(members))
}

fn parts(run: &mut Run<'_>, at: &str, text: &str) -> Result<Vec<Value>, Fault> {
    if at.is_empty() {
        run.charge(text.len().saturating_mul(16))?;
        return Ok(text.chars().map(|character| Value::Text(character.to_string())).collect());
    }
    run.charge(text.matches(at).count().saturating_mul(16))?;
    Ok(text.split(at).map(Value::text).collect())
}
