//! Calls to identity providers, as values.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::digest::Digest;
use crate::secret::Secret;
use crate::sync::Method;
use crate::time::UnixTime;

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
    /// When what is held of the document was fetched: of what others have fetched, only what is
    /// newer counts.
    pub newer_than: UnixTime,
}

/// An identity provider's whole answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'r> {
    /// Its status.
    pub status: u16,
    /// For how many seconds it says that the answer is fresh (`Cache-Control: max-age`).
    pub max_age_seconds: Option<u64>,
    /// The body.
    pub body: &'r [u8],
}

/// Something that an operator wants to hear of: for the log and a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A provider did not answer, or not with a success.
    ProviderFailed,
    /// A provider's answer was refused.
    ProviderInvalid,
    /// A provider is left alone for a while: it failed too often in a row.
    CircuitOpened,
    /// It answers again.
    CircuitClosed,
    /// Other keys than before are in use.
    KeysChanged,
}

impl Notice {
    /// A stable name for logs and metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ProviderFailed => "provider_failed",
            Self::ProviderInvalid => "provider_answer_refused",
            Self::CircuitOpened => "provider_circuit_opened",
            Self::CircuitClosed => "provider_circuit_closed",
            Self::KeysChanged => "provider_keys_changed",
        }
    }
}
