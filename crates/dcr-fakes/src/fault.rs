//! What may go wrong with a call.

use core::time::Duration;

use crate::message::{Answer, Asked};

/// A fault.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This answer, and no effect.
    Instead(Answer),
    /// The effect, and then this answer in the place of the right one.
    After(Answer),
    /// The connection is closed without an effect or an answer.
    Drop,
    /// The effect, and then the connection is closed without an answer.
    DropAfter,
    /// The right answer, later.
    Slow(Duration),
}

/// A fault, and which calls have it.
#[derive(Debug)]
struct Rule {
    method: String,
    path: String,
    skip: usize,
    times: usize,
    fault: Fault,
}

/// All that is to go wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Rule>);

impl Faults {
    pub(crate) fn add(&mut self, call: &str, skip: usize, times: usize, fault: Fault) {
        let (method, path) = call.split_once(' ').unwrap_or((call, ""));
        let (method, path) = (method.to_owned(), path.to_owned());
        self.0.push(Rule { method, path, skip, times, fault });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What is to go wrong with this call.
    pub(crate) fn of(&mut self, asked: &Asked) -> Option<Fault> {
        let path = format!("/{}", asked.path.join("/"));
        let rule = self.0.iter_mut().find(|rule| {
            (rule.method == "*" || rule.method == asked.method)
                && path.contains(&rule.path)
                && rule.times > 0
        })?;
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        rule.times -= 1;
        Some(rule.fault.clone())
    }
}
