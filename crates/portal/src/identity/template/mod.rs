//! Values of claims as templates: text with `${ ... }` in it, in a part of Go's template language
//! with functions of sprig.
//!
//! The language is read and run here, in a few hundred lines: what it may cost is bounded (the
//! length of a template, the nesting, the size of each value, the steps of a run), every function
//! that does not exist is refused when the claim is stored, and nothing reaches the environment,
//! files or the network.
//!
//! Text that says nothing dynamic is JSON if it can be read as JSON. A template that is nothing
//! but one action has the value of that action, with its type. What is put inside JSON is written
//! as JSON: the name of a client cannot add members to a claim.

use core::fmt;

use serde_json::Value as Json;

mod context;
mod function;
mod lexer;
mod output;
mod parser;
mod run;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use self::context::Context;
use self::output::Output;
use self::parser::Node;
use self::run::Run;

/// The longest template, in bytes.
const LONGEST: usize = 32 << 10;

/// What is wrong with a template, as the end of a sentence about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    reason: String,
    /// Whether it would cost too much, whatever it is about.
    costly: bool,
}

impl Fault {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), costly: false }
    }

    fn costly(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), costly: true }
    }

    /// The same fault, of a function.
    fn of(self, function: &str) -> Self {
        Self { reason: format!("{} in `{function}`", self.reason), ..self }
    }

    /// Whether it would cost too much; another fault may be that of a value, and not be there
    /// with another client.
    pub(crate) const fn is_costly(&self) -> bool {
        self.costly
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// A template that can be rendered.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    nodes: Vec<Node>,
}

impl Template {
    /// Reads a template.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        if text.len() > LONGEST {
            return Err(Fault::new("is too long"));
        }
        Ok(Self { nodes: parser::parse(lexer::pieces(text)?)? })
    }

    /// What the template comes to.
    pub(crate) fn render(&self, context: &Context<'_>) -> Result<Json, Fault> {
        let mut output = Output::of_json();
        let mut run = Run::new(context);
        run.nodes(&self.nodes, &mut output)?;
        if let Some(value) = output.into_value() {
            return Ok(value);
        }
        // It is no JSON: all of it is text. Instants and random parts may differ from the first
        // time; nobody has seen that.
        let mut output = Output::of_text();
        let mut run = Run::new(context);
        run.nodes(&self.nodes, &mut output)?;
        Ok(Json::String(output.into_text()))
    }
}
