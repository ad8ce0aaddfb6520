//! Why a case file cannot be used.

use core::error::Error;
use core::fmt;
use std::path::Path;

use super::node::Position;

/// A case file that cannot be used: where, and which rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError {
    place: String,
    member: String,
    rule: String,
}

impl CaseError {
    pub(crate) fn at(position: &Position, rule: impl Into<String>) -> Self {
        Self { place: position.to_string(), member: String::new(), rule: rule.into() }
    }

    pub(crate) fn in_file(path: &Path, rule: impl Into<String>) -> Self {
        Self { place: path.display().to_string(), member: String::new(), rule: rule.into() }
    }

    /// Names the member that it is about, for example `cases[0].steps[2].request`.
    pub(crate) fn about(mut self, member: impl Into<String>) -> Self {
        self.member = member.into();
        self
    }

    /// Names what the member lies in.
    pub(crate) fn inside(mut self, outer: &str) -> Self {
        self.member = join(outer, &self.member);
        self
    }

    /// File, or file, line and column.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Path of the member that it is about; empty when it is about the whole file.
    #[must_use]
    pub fn member(&self) -> &str {
        &self.member
    }

    /// The rule that is broken.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

/// The path of a member of something that lies in another.
pub(crate) fn join(outer: &str, inner: &str) -> String {
    match (outer, inner) {
        ("", path) | (path, "") => path.to_owned(),
        (outer, inner) if inner.starts_with('[') => format!("{outer}{inner}"),
        (outer, inner) => format!("{outer}.{inner}"),
    }
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, member, rule } = self;
        if member.is_empty() {
            write!(f, "{place}: {rule}")
        } else {
            write!(f, "{place}: `{member}`: {rule}")
        }
    }
}

impl Error for CaseError {}
