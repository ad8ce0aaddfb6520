//! Bodies.

/// Bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Bodies {
    /// A body outside its callback is there and empty, so that reading succeeds and writing is
    /// BAD_ARGUMENT; else both are NOT_FOUND. Source: envoy context.cc, `getBuffer`; seen on 1.40.
    pub closed_reads_empty: bool,
    /// Most bytes of a body that a paused filter may hold back; beyond it the client gets 413.
    /// Source: envoy per-connection buffer limit.
    pub buffer_limit: usize,
    /// `on_request_body` is called once, with the whole body. Source: seen on ngx.
    pub request_in_one_call: bool,
}
