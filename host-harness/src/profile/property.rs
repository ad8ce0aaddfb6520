//! Properties.

/// Properties.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Properties {
    /// A property set under several segments cannot be read back. Source: envoy context.cc,
    /// `setProperty` and `findValue`.
    pub nested_set_is_unreadable: bool,
    /// Setting a property outside a stream is NOT_FOUND. Source: envoy context.cc, `setProperty`.
    pub root_cannot_set: bool,
}
