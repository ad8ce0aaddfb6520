//! Header and trailer maps.

use crate::abi::Status;

/// What `get` answers for a header that is there several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum RepeatedHeader {
    /// The first value only.
    First,
    /// All values, with commas between them.
    Joined,
}

/// What becomes of a serialised map that is malformed or over the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum MalformedMap {
    /// The host goes on as if the map had no pairs.
    Empty,
    /// The call is refused with this status.
    Refused(Status),
}

/// Header and trailer maps.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
#[non_exhaustive]
pub struct HeaderMaps {
    /// `host` is another name of `:authority`. Source: envoy header maps.
    pub host_means_authority: bool,
    /// What `get` answers for a repeated header. Source: envoy context.cc, `getHeaderMapValue`,
    /// with a to-do that calls it a possible security issue.
    pub repeated: RepeatedHeader,
    /// Reading all pairs of a map outside its window gives success and no pairs instead of
    /// BAD_ARGUMENT. Source: envoy context.cc, `getHeaderMapPairs`.
    pub closed_map_reads_empty: bool,
    /// Most pairs in a map that the guest hands over. Source: cpp-host limits.h.
    pub max_pairs: usize,
    /// Most bytes in such a map. Source: cpp-host limits.h.
    pub max_bytes: usize,
    /// What becomes of a map beyond those limits: a `set` with 1025 pairs wipes the headers on
    /// Envoy. Source: cpp-host pairs_util.cc.
    pub malformed: MalformedMap,
}
