//! The functions of templates: those of Kong's list (sprig's) that claims have a use for.
//!
//! A function takes arguments of any kind and makes the best of them, as sprig does; what it may
//! make is bounded by the run.

use super::Fault;
use super::run::{Arguments, Run};
use super::value::Value;

mod collection;
mod encoding;
mod logic;
mod number;
mod text;
mod time;

/// A function.
pub(super) struct Function {
    /// Its name.
    pub(super) name: &'static str,
    /// The fewest arguments.
    pub(super) least: usize,
    /// The most arguments.
    pub(super) most: usize,
    /// What it does.
    pub(super) call: fn(&mut Run<'_>, Arguments) -> Result<Value, Fault>,
}

impl core::fmt::Debug for Function {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name)
    }
}

/// Functions: name, number of arguments, what they do.
macro_rules! functions {
    ($($name:literal $least:literal..=$most:expr => |$run:pat_param, $arguments:pat_param| $body:expr;)*) => {
        &[$($crate::identity::template::function::Function {
            name: $name,
            least: $least,
            most: $most,
            call: |$run, $arguments| $body,
        }),*]
    };
}
use functions;

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name == name)
}

/// Every function.
pub(super) fn all() -> impl Iterator<Item = &'static Function> {
    let groups = [
        text::FUNCTIONS,
        number::FUNCTIONS,
        logic::FUNCTIONS,
        collection::FUNCTIONS,
        encoding::FUNCTIONS,
        time::FUNCTIONS,
    ];
    groups.into_iter().flatten()
}

/// A number of characters or items: what is below nothing is nothing.
fn count(number: i64) -> usize {
    usize::try_from(number.max(0)).unwrap_or(usize::MAX)
}
