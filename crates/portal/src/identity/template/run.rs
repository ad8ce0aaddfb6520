//! Runs a template.

use std::collections::BTreeMap;

use super::Fault;
use super::context::Context;
use super::output::Output;
use super::parser::{Expression, Node};
use super::value::Value;

/// What one run may cost: bytes that are looked at or made, roughly.
const BUDGET: usize = 256 << 10;

/// One run.
#[derive(Debug)]
pub(super) struct Run<'c> {
    context: &'c Context<'c>,
    left: usize,
}

impl<'c> Run<'c> {
    /// A run that has cost nothing yet.
    pub(super) const fn new(context: &'c Context<'c>) -> Self {
        Self { context, left: BUDGET }
    }

    /// The time, in milliseconds since 1970.
    pub(super) const fn now(&self) -> i64 {
        self.context.now
    }

    /// Pays for work, before it is done.
    pub(super) fn charge(&mut self, work: usize) -> Result<(), Fault> {
        self.left =
            self.left.checked_sub(work).ok_or_else(|| Fault::costly("takes too many steps"))?;
        Ok(())
    }

    /// Writes nodes.
    pub(super) fn nodes(&mut self, nodes: &[Node], output: &mut Output) -> Result<(), Fault> {
        for node in nodes {
            self.charge(1)?;
            match node {
                Node::Text(text) => output.write(text)?,
                Node::Put(expression) => {
                    let value = self.value(expression)?;
                    output.put(value)?;
                }
                Node::If { branches, otherwise } => {
                    let mut chosen = otherwise;
                    for (condition, nodes) in branches {
                        if !self.value(condition)?.is_empty() {
                            chosen = nodes;
                            break;
                        }
                    }
                    self.nodes(chosen, output)?;
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, expression: &Expression) -> Result<Value, Fault> {
        let value = match expression {
            Expression::Literal(value) => value.clone(),
            Expression::Field(field) => (field.value)(self.context),
            Expression::Member(value, name) => self.value(value)?.member(name),
            Expression::Call(function, arguments) => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    values.push(self.value(argument)?);
                }
                (function.call)(self, Arguments::new(values))
                    .map_err(|fault| fault.of(function.name))?
            }
        };
        self.charge(value.measure()?.saturating_add(1))?;
        Ok(value)
    }
}

/// The arguments of a function, in order. What was not given is nothing.
#[derive(Debug)]
pub(super) struct Arguments(std::vec::IntoIter<Value>);

impl Arguments {
    fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The next.
    pub(super) fn next(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Nil)
    }

    /// The next, as text.
    pub(super) fn text(&mut self) -> String {
        self.next().into_text()
    }

    /// The next, as a whole number.
    pub(super) fn int(&mut self) -> i64 {
        self.next().as_int()
    }

    /// The next, as a list.
    pub(super) fn list(&mut self) -> Vec<Value> {
        self.next().into_items()
    }

    /// The next, as a dictionary.
    pub(super) fn dict(&mut self) -> BTreeMap<String, Value> {
        match self.next() {
            Value::Dict(members) => members,
            _ => BTreeMap::new(),
        }
    }

    /// How many are left.
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    /// All that are left.
    pub(super) fn rest(self) -> Vec<Value> {
        self.0.collect()
    }
}
