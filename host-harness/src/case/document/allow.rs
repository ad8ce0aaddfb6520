//! What the automatic checks let pass, and what a request may cost.

use schemars::JsonSchema;
use serde::Deserialize;

use super::expect::LogLine;

/// What the automatic checks let pass.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Allow {
    /// Lines at `warn` and above that may be logged.
    pub(crate) logs: Vec<LogLine>,
    /// Host functions that may answer with an error, as `proxy_get_property` or, for one status
    /// only, `proxy_get_property:10`.
    pub(crate) host_errors: Vec<String>,
    /// Requests may stay undecided.
    pub(crate) paused: bool,
    /// Requests may be answered twice, or answered and let through.
    pub(crate) second_verdict: bool,
    /// The VM may fail.
    pub(crate) failure: bool,
    /// Replies to calls may stay unread.
    pub(crate) unread_replies: bool,
    /// Contexts of streams may stay behind.
    pub(crate) open_contexts: bool,
    /// Memory may grow from one repetition of a request to the next.
    pub(crate) memory_growth: bool,
    /// Upstreams that may be told secrets; requests that are let through go to `origin`.
    pub(crate) secrets_to: Vec<String>,
}

impl Allow {
    /// Adds what another one allows.
    pub(crate) fn extend(&mut self, other: Self) {
        let Self {
            logs,
            host_errors,
            paused,
            second_verdict,
            failure,
            unread_replies,
            open_contexts,
            memory_growth,
            secrets_to,
        } = other;
        self.logs.extend(logs);
        self.host_errors.extend(host_errors);
        self.paused |= paused;
        self.second_verdict |= second_verdict;
        self.failure |= failure;
        self.unread_replies |= unread_replies;
        self.open_contexts |= open_contexts;
        self.memory_growth |= memory_growth;
        self.secrets_to.extend(secrets_to);
    }
}

/// What one request may cost at most.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Budget {
    /// Calls into the host.
    pub(crate) host_calls: Option<u64>,
    /// Fuel.
    pub(crate) fuel: Option<u64>,
    /// Bytes of linear memory.
    pub(crate) memory_bytes: Option<usize>,
}

impl Budget {
    /// This one, and where it says nothing the other.
    pub(crate) fn over(self, other: Self) -> Self {
        Self {
            host_calls: self.host_calls.or(other.host_calls),
            fuel: self.fuel.or(other.fuel),
            memory_bytes: self.memory_bytes.or(other.memory_bytes),
        }
    }
}
