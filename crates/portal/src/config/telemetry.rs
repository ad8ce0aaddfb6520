//! Where traces go.

use serde::Deserialize;

use super::ConfigError;

/// A collector of OpenTelemetry, reached by OTLP over HTTP.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// The collector's base URL: spans go to `/v1/traces` below it.
    pub otlp_endpoint: String,
    /// What the portal calls itself.
    #[serde(default = "service_name")]
    pub service_name: String,
    /// Which share of the traces that begin here is sent, 0 to 1. Of those that callers began, what
    /// they say.
    #[serde(default = "every")]
    pub sample_ratio: f64,
}

impl Telemetry {
    /// A collector that is sent every trace.
    #[must_use]
    pub fn new(otlp_endpoint: &str) -> Self {
        let otlp_endpoint = otlp_endpoint.to_owned();
        Self { otlp_endpoint, service_name: service_name(), sample_ratio: every() }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !["http://", "https://"].iter().any(|scheme| self.otlp_endpoint.starts_with(scheme)) {
            let fault = "`telemetry.otlp_endpoint`: must be an http or https URL";
            return Err(ConfigError(fault.into()));
        }
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            return Err(ConfigError("`telemetry.sample_ratio`: must be 0 to 1".into()));
        }
        Ok(())
    }
}

fn service_name() -> String {
    "gatekey".to_owned()
}

const fn every() -> f64 {
    1.0
}
