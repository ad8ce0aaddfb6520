//! Shared data and queues.

/// Shared data and queues.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
#[non_exhaustive]
pub struct SharedState {
    /// `set_shared_data` with a CAS number succeeds when the key does not exist. Source: cpp-host
    /// shared_data.cc, `set`.
    pub cas_on_missing_key_succeeds: bool,
}
