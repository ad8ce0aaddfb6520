//! What one stream, or the background of one worker, did and cost.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::abi::{LogLevel, Status};
use crate::fault::Injected;
use crate::headers::Headers;
use crate::world::grpc::GrpcKind;
use crate::world::upstream::CallResult;

/// One line that the guest logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Virtual time since the world began.
    pub at: Duration,
    /// Context that was in charge.
    pub context: u32,
    /// How loud.
    pub level: LogLevel,
    /// The bytes as logged.
    pub bytes: Vec<u8>,
}

impl Log {
    /// The line as text.
    #[must_use]
    pub fn message(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.level.as_str(), self.message())
    }
}

/// One call of the guest into the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCall {
    /// Function as imported.
    pub name: &'static str,
    /// What it was about: a header name, a property path, an upstream. Never a value.
    pub subject: Vec<u8>,
    /// What the host answered: a [`Status`] or, for WASI, an errno.
    pub status: u32,
}

/// One call of the host into the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Function as exported.
    pub name: &'static str,
    /// Place of the plugin in its chain.
    pub filter: usize,
    /// Context it was made for.
    pub context: u32,
    /// What it cost in fuel; 0 when the world does not meter.
    pub fuel: u64,
    /// How many host calls it made.
    pub host_calls: u64,
    /// How many bytes were copied between host and guest.
    pub bytes_copied: u64,
}

/// One HTTP call that the guest made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callout {
    /// Virtual time since the world began.
    pub at: Duration,
    /// Number that the guest got.
    pub token: u32,
    /// Upstream as named by the guest.
    pub upstream: String,
    /// Headers, pseudo-headers included.
    pub headers: Headers,
    /// Body.
    pub body: Vec<u8>,
    /// Trailers.
    pub trailers: Headers,
    /// Time the guest allowed; `None` is unlimited.
    pub timeout: Option<Duration>,
    /// What will come of it.
    pub result: CallResult,
}

/// One gRPC call or stream that the guest made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcCallout {
    /// Virtual time since the world began.
    pub at: Duration,
    /// Number that the guest got.
    pub token: u32,
    /// Whether it is a call or a stream.
    pub kind: GrpcKind,
    /// Upstream that was meant.
    pub upstream: String,
    /// Full name of the service.
    pub service: String,
    /// Name of the method.
    pub method: String,
    /// Initial metadata.
    pub metadata: Headers,
    /// What the guest sent, in order.
    pub messages: Vec<Vec<u8>>,
    /// Time the guest allowed; `None` is unlimited.
    pub timeout: Option<Duration>,
    /// The guest has closed its half.
    pub closed: bool,
    /// The guest has given it up.
    pub cancelled: bool,
    /// How it ended, as far as the guest was told.
    pub status: Option<u32>,
}

/// Everything that was done on one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Calls into the guest, in order.
    pub callbacks: Vec<Callback>,
    /// Calls into the host, in order. Empty when the world does not record.
    pub host_calls: Vec<HostCall>,
    /// How often each host function was called; kept even without recording.
    pub host_call_counts: BTreeMap<&'static str, u64>,
    /// Faults that were injected, in order.
    pub faults: Vec<Injected>,
    /// Lines logged, in order.
    pub logs: Vec<Log>,
    /// HTTP calls made, in order.
    pub callouts: Vec<Callout>,
    /// gRPC calls and streams made, in order.
    pub grpc_callouts: Vec<GrpcCallout>,
    /// Fuel used; 0 when the world does not meter.
    pub fuel: u64,
    /// Bytes copied between host and guest.
    pub bytes_copied: u64,
}

impl Ledger {
    /// How many host calls were made.
    #[must_use]
    pub fn host_call_count(&self) -> u64 {
        self.host_call_counts.values().sum()
    }

    /// Fuel used in callbacks of this name.
    #[must_use]
    pub fn fuel_of(&self, callback: &str) -> u64 {
        self.callbacks.iter().filter(|entry| entry.name == callback).map(|entry| entry.fuel).sum()
    }
}

impl HostCall {
    /// Whether the host answered with this status.
    #[must_use]
    pub fn answered(&self, status: Status) -> bool {
        self.status == status as u32
    }
}
