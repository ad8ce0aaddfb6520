//! Metrics.

/// Metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
#[non_exhaustive]
pub struct MetricRules {
    /// What is put before the name of each metric. Source: envoy stats handler.
    pub prefix: String,
    /// Incrementing a counter by zero or less is BAD_ARGUMENT. Source: envoy context.cc,
    /// `incrementMetric`.
    pub counters_only_rise: bool,
}
