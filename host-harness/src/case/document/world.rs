//! The world of a case, and the chain of filters in it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::content::Content;
use super::upstream::Behaviour;
use crate::case::node::FilePath;
use crate::{FailurePolicy, LogLevel, Profile};

/// The world that a case starts in.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "World")]
pub(crate) struct WorldPlan {
    /// Seed of what guests get from `random_get`.
    pub(crate) seed: Option<u64>,
    /// Wall clock at the start, in milliseconds since 1970.
    pub(crate) clock: Option<u64>,
    /// How many worker threads the proxy has. The default is 1.
    pub(crate) workers: Option<usize>,
    /// Whether one more VM lives on the main thread, as on Envoy.
    pub(crate) main_thread: Option<bool>,
    /// The level that the proxy logs at.
    pub(crate) log_level: Option<Level>,
    /// Most fuel that one callback may use.
    pub(crate) fuel_limit: Option<u64>,
    /// Switches of the profile that are set otherwise, nested as `gatekey-harness profiles NAME`
    /// shows them.
    pub(crate) profile: Option<BTreeMap<String, serde_json::Value>>,
    /// Properties that every context can read.
    pub(crate) properties: Vec<Property>,
    /// Environment variables.
    pub(crate) environment: BTreeMap<String, String>,
    /// The environment of the worker processes, which some hosts show to filters.
    pub(crate) process_environment: BTreeMap<String, String>,
    /// The server that takes requests in, as nginx names it to filters.
    pub(crate) server: Option<Server>,
    /// nginx variables that filters can read and change as property `ngx.NAME`.
    pub(crate) variables: BTreeMap<String, Variable>,
    /// Sizes in bytes of the shared-memory zones, on hosts that need them declared; `*` is the
    /// default zone.
    pub(crate) shared_zones: BTreeMap<String, usize>,
    /// Sizes in bytes of the shared queues, on hosts that need them declared.
    pub(crate) shared_queues: BTreeMap<String, usize>,
    /// The only functions that plugins may import and export, as Envoy restricts them.
    pub(crate) capabilities: Option<Vec<String>>,
    /// Who answers calls, by name.
    pub(crate) upstreams: BTreeMap<String, Behaviour>,
    /// Who answers the requests that are let through. The default answers 200 with no body.
    pub(crate) origin: Option<Behaviour>,
}

impl WorldPlan {
    /// A profile with the switches of this world.
    pub(crate) fn profile_over(&self, profile: &Profile) -> Result<Profile, String> {
        let Some(switches) = &self.profile else { return Ok(profile.clone()) };
        let mut value = serde_json::to_value(profile).map_err(|error| error.to_string())?;
        for (group, switches) in switches {
            let known = value.as_object_mut().and_then(|groups| groups.get_mut(group));
            let known = known.filter(|_| group != "name");
            let known = known.ok_or_else(|| format!("a profile has no group `{group}`"))?;
            match (known.as_object_mut(), switches.as_object()) {
                (Some(known), Some(switches)) => {
                    known
                        .extend(switches.iter().map(|(name, value)| (name.clone(), value.clone())));
                }
                _ => *known = switches.clone(),
            }
        }
        serde_json::from_value(value).map_err(|error| error.to_string())
    }
}

/// A server of the proxy.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    /// Its configured name.
    pub(crate) name: String,
    /// The port it listens on.
    pub(crate) port: u16,
}

/// An nginx variable.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Variable {
    /// What each request begins with.
    pub(crate) value: String,
    /// Filters can only read it.
    pub(crate) fixed: bool,
    /// The upstream header that `proxy_set_header` makes of it.
    pub(crate) header: Option<String>,
}

/// A property and its bytes, as the host gives them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Property {
    /// Segments of its path.
    pub(crate) path: Vec<String>,
    /// Its bytes.
    pub(crate) value: Content,
}

/// A level of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// 0
    Trace,
    /// 1
    Debug,
    /// 2
    Info,
    /// 3
    Warn,
    /// 4
    Error,
    /// 5
    Critical,
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
            Level::Critical => Self::Critical,
        }
    }
}

/// One filter of the chain.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Filter")]
pub(crate) struct Link {
    /// Name of the plugin. The default is `filter`, or `filter-2` and so on further down.
    pub(crate) name: Option<String>,
    /// Root id. The default is the name.
    pub(crate) root_id: Option<String>,
    /// VM id. The default is the name.
    pub(crate) vm_id: Option<String>,
    /// What `on_vm_start` reads.
    pub(crate) vm_configuration: Content,
    /// What `on_configure` reads.
    pub(crate) configuration: Content,
    /// What becomes of requests when the VM has failed.
    pub(crate) failure_policy: Policy,
    /// Another module than the one under test; the path is relative to the case file.
    #[schemars(with = "Option<String>")]
    pub(crate) filter: Option<FilePath>,
}

/// What becomes of requests when the VM has failed.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FailurePolicy")]
pub(crate) enum Policy {
    /// They are refused.
    #[default]
    Closed,
    /// They go through unfiltered.
    Open,
    /// They are refused until the back-off has passed, then there is a fresh VM.
    Reload,
}

impl From<Policy> for FailurePolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Closed => Self::Closed,
            Policy::Open => Self::Open,
            Policy::Reload => Self::Reload,
        }
    }
}
