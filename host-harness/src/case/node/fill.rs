//! Tables: what a row says takes the place of `{{name}}`.

use std::collections::BTreeSet;

use super::{Node, Value};
use crate::case::error::CaseError;

/// One row of a table, and which of its parameters were used.
pub(crate) struct Row<'r> {
    parameters: Vec<(&'r str, String, &'r Node)>,
    used: BTreeSet<&'r str>,
}

impl<'r> Row<'r> {
    /// The parameters of a row; what names the row is none of them.
    pub(crate) fn of(row: &'r Node) -> Self {
        let Value::Object(members) = &row.value else {
            return Self { parameters: Vec::new(), used: BTreeSet::new() };
        };
        let parameters = members.iter().filter(|(key, _)| key.name != "row");
        let parameters = parameters
            .map(|(key, node)| (key.name.as_str(), format!("{{{{{}}}}}", key.name), node))
            .collect();
        Self { parameters, used: BTreeSet::new() }
    }

    /// Replaces each `{{parameter}}` in a tree, in the names of members too. Text that is nothing
    /// but a parameter becomes the row's value, whatever kind it has.
    pub(crate) fn fill(&mut self, node: &mut Node) -> Result<(), CaseError> {
        match &mut node.value {
            Value::Text(text) => {
                if let Some((name, _, value)) =
                    self.parameters.iter().find(|(_, place, _)| place == text)
                {
                    self.used.insert(name);
                    node.value = value.value.clone();
                } else {
                    let filled =
                        self.text(text).map_err(|why| CaseError::at(&node.position, why))?;
                    *text = filled;
                }
            }
            Value::List(items) => items.iter_mut().try_for_each(|item| self.fill(item))?,
            Value::Object(members) => {
                for (key, item) in members {
                    key.name =
                        self.text(&key.name).map_err(|why| CaseError::at(&key.position, why))?;
                    self.fill(item)?;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<String, String> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let mut filled = text.to_owned();
        for (name, place, value) in &self.parameters {
            if !filled.contains(place.as_str()) {
                continue;
            }
            let argument = match &value.value {
                Value::Text(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Bool(value) => value.to_string(),
                Value::Null | Value::List(_) | Value::Object(_) => {
                    return Err(format!(
                        "`{place}` is {}, which cannot stand in text",
                        value.kind()
                    ));
                }
            };
            self.used.insert(name);
            filled = filled.replace(place.as_str(), &argument);
        }
        Ok(filled)
    }

    /// A parameter that was never used.
    pub(crate) fn unused(&self) -> Option<(&'r str, &'r Node)> {
        let unused = self.parameters.iter().find(|(name, _, _)| !self.used.contains(name));
        unused.map(|(name, _, node)| (*name, *node))
    }
}

impl Node {
    /// Nothing is left to be filled in: a placeholder without a parameter is a typing error.
    pub(crate) fn without_placeholders(&self) -> Result<(), CaseError> {
        match &self.value {
            Value::Text(text) => match placeholder(text) {
                Some(name) => {
                    let rule = format!("no parameter is called `{name}`");
                    Err(CaseError::at(&self.position, rule))
                }
                None => Ok(()),
            },
            Value::List(items) => items.iter().try_for_each(Self::without_placeholders),
            Value::Object(members) => {
                members.iter().try_for_each(|(_, node)| node.without_placeholders())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }
}

/// The first `{{name}}` in a text.
fn placeholder(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let (name, _) = after.split_once("}}")?;
        let word = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-' | '.' | ' ');
        if !name.is_empty() && name.chars().all(word) {
            return Some(name);
        }
        rest = after;
    }
    None
}
