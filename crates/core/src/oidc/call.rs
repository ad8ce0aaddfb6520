//! Calls to identity providers, as values.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::digest::Digest;
use crate::secret::Secret;
use crate::sync::Method;

/// Names a call while its answer is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(crate) u64);

/// A request to an identity provider that the driver makes.
#[derive(Debug)]
pub struct CallOut {
    /// The logical name of where it goes, lower case. The driver maps it to an address and
    /// refuses names it does not know.
    pub upstream: Box<str>,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The value of `Authorization`.
    pub authorization: Option<Secret<String>>,
    /// The body, `application/x-www-form-urlencoded` when not empty.
    pub body: Secret<Vec<u8>>,
    /// How long the driver may wait, in milliseconds.
    pub timeout_ms: u32,
    /// Names what is fetched when it is the same for every worker: a driver may look among what
    /// others have fetched first, and share what it gets.
    pub document: Option<Digest>,
}
