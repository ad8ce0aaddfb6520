//! Absolute URLs.

use alloc::boxed::Box;
use core::fmt;

/// An absolute URL without user and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `https`, or `http` on loopback.
    pub scheme: Box<str>,
    /// Host, and port if there is one.
    pub authority: Box<str>,
    /// Path and query, beginning with a slash.
    pub path_and_query: Box<str>,
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path_and_query)
    }
}
