//! The configuration as it is written down. These types are the reference: the JSON Schema beside
//! each filter is generated from them.

use gatekey_core::check::{self, WhenStale};
use gatekey_core::secret::Secret;
use serde::{Deserialize, Deserializer};

use super::ConfigError;

/// The version of the configuration this build reads.
const VERSION: u32 = 1;

/// Configuration of a Gatekey filter.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Gatekey filter configuration"))]
#[serde(deny_unknown_fields)]
pub struct Raw {
    /// The version of this format.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1)))]
    #[allow(dead_code, reason = "read before the rest, so that other versions are named")]
    pub(super) version: u32,
    /// The host that runs the filter.
    #[serde(default)]
    pub(super) host: HostKind,
    /// The id of this gateway in the portal (Konnect: control plane).
    #[cfg_attr(feature = "schema", schemars(extend("format" = "uuid")))]
    pub(super) gateway_id: String,
    /// The service of every request, by name or id. Without it the route's metadata and then the
    /// routes of the portal decide.
    #[serde(default)]
    pub(super) service: Option<String>,
    /// Whether the service is read from the route's metadata
    /// (`filter_metadata.gatekey.service`). Ignored when `service` is set.
    #[serde(default = "yes")]
    pub(super) service_from_route_metadata: bool,
    /// What happens to requests that belong to no service.
    #[serde(default)]
    pub(super) unknown_route: UnknownRoute,
    /// The secrets under which keys are digested: one, or two while they are exchanged.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 2)))]
    pub(super) peppers: Vec<Pepper>,
    /// The Ed25519 public keys (32 bytes, base64) whose snapshots are believed.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 4)))]
    pub(super) snapshot_keys: Vec<String>,
    /// Where the portal is. Without it the policy is that of `snapshot` for ever.
    #[serde(default)]
    pub(super) sync: Option<Sync>,
    /// A snapshot to start from.
    #[serde(default)]
    pub(super) snapshot: Option<Snapshot>,
    /// What happens when the portal has been silent for too long.
    #[serde(default)]
    pub(super) staleness: Staleness,
    /// Whether the header with the key is removed from requests that pass.
    #[serde(default = "yes")]
    pub(super) hide_credentials: bool,
    /// The realm named in `WWW-Authenticate`.
    #[serde(default)]
    pub(super) realm: Option<String>,
    /// Whether counters are reported to the host.
    #[serde(default = "yes")]
    pub(super) metrics: bool,
    /// Whether every refusal is logged with its reason.
    #[serde(default = "yes")]
    pub(super) log_refusals: bool,
}

impl Raw {
    /// Reads the version first, so that a later format is named instead of misread.
    pub(super) fn parse(json: &[u8]) -> Result<Self, ConfigError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let located = |error: serde_json::Error| {
            let place = format!("line {} column {}", error.line(), error.column());
            let text = error.to_string();
            let rule = text.split(" at line ").next().unwrap_or_default();
            ConfigError::at(place, rule)
        };
        let Versioned { version } = serde_json::from_slice(json).map_err(located)?;
        if version != VERSION {
            let rule = format!("is {version}, this build reads {VERSION}");
            return Err(ConfigError::at("version", rule));
        }
        serde_json::from_slice(json).map_err(located)
    }
}

const fn yes() -> bool {
    true
}

/// The host that runs the filter.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum HostKind {
    /// Envoy 1.33 or later.
    #[default]
    Envoy,
}

/// What happens to requests that belong to no service.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum UnknownRoute {
    /// They are refused.
    #[default]
    Refuse,
    /// They pass without any check.
    Pass,
}

impl From<UnknownRoute> for check::UnknownRoute {
    fn from(raw: UnknownRoute) -> Self {
        match raw {
            UnknownRoute::Refuse => Self::Refuse,
            UnknownRoute::Pass => Self::Pass,
        }
    }
}

/// A secret under which keys are digested.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Pepper {
    /// Its public name.
    pub(super) id: String,
    /// At least 32 bytes, base64.
    #[serde(deserialize_with = "secret")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub(super) secret: Secret<String>,
}

/// Where the portal is and how it is polled.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Sync {
    /// The portal's address, as the host knows it.
    pub(super) upstream: Upstream,
    /// The gateway token.
    #[serde(deserialize_with = "secret")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub(super) token: Secret<String>,
    /// How long the portal may hold a poll open, in seconds.
    #[serde(default = "wait_seconds")]
    #[cfg_attr(feature = "schema", schemars(range(max = 60)))]
    pub(super) wait_seconds: u32,
    /// How long an answer may take beyond that, in milliseconds.
    #[serde(default = "timeout_ms")]
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 60_000)))]
    pub(super) timeout_ms: u32,
}

/// Below the idle limits of common proxies.
const fn wait_seconds() -> u32 {
    25
}

const fn timeout_ms() -> u32 {
    5_000
}

/// An address.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Upstream {
    /// The Envoy cluster. TLS to the portal is the cluster's matter.
    pub(super) envoy_cluster: String,
    /// The host name the portal is asked for.
    pub(super) authority: String,
    /// A path below which the portal is mounted.
    #[serde(default)]
    pub(super) path_prefix: String,
}

/// A snapshot to start from.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Snapshot {
    /// What `gatekey snapshot save` wrote, base64.
    pub(super) inline: String,
}

/// What happens when the portal has been silent for too long.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Staleness {
    /// Seconds after the portal's last word during which all is normal.
    pub(super) max_seconds: u64,
    /// What happens later.
    pub(super) then: Then,
}

impl Default for Staleness {
    fn default() -> Self {
        let default = check::Staleness::default();
        Self { max_seconds: default.max_seconds, then: Then::DenyAll }
    }
}

/// What happens later.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum Then {
    /// Every request is answered with 503.
    DenyAll,
    /// Credentials that this worker let through before go on; others are answered with 503.
    DenyNew,
    /// The last policy goes on deciding.
    ServeKnown,
}

impl From<Staleness> for check::Staleness {
    fn from(raw: Staleness) -> Self {
        let then = match raw.then {
            Then::DenyAll => WhenStale::DenyAll,
            Then::DenyNew => WhenStale::DenyNew,
            Then::ServeKnown => WhenStale::ServeKnown,
        };
        Self { max_seconds: raw.max_seconds, then }
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}
