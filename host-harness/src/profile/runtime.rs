//! Memory, time, randomness.

/// Memory, time, randomness.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Runtime {
    /// Most bytes of linear memory. Source: cpp-host limits.h and v8.cc; no limit but that of Wasm
    /// on ngx, as seen.
    pub max_memory_bytes: usize,
    /// More random bytes than this in one call are refused with INVAL. Source: cpp-host exports.cc,
    /// `wasi_unstable_random_get`.
    pub max_random_bytes: Option<usize>,
    /// `set_effective_context` succeeds without effect: the host itself knows the current request.
    /// Source: ngx.
    pub effective_context_is_ignored: bool,
}
