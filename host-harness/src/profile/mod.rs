//! Host profiles: what one proxy does differently from another, as data.
//!
//! A [`Profile`] is a set of named switches, grouped by what they are about. Start from a preset and
//! flip single switches to see how a filter takes a quirk:
//!
//! ```
//! use gatekey_host_harness::Profile;
//!
//! let mut profile = Profile::envoy();
//! profile.start.canary_run = false;
//! assert_ne!(profile, Profile::envoy());
//! assert_eq!(Profile::named("ngx-0.6"), Some(Profile::ngx_0_6()));
//! ```
//!
//! Each switch names its source: `spec` (proxy-wasm/spec, abi-versions/v0.2.1), `cpp-host`
//! (proxy-wasm/proxy-wasm-cpp-host, `src/`), `envoy` (`source/extensions/common/wasm/`), `ngx`
//! (Kong/ngx_wasm_module); *seen* means seen on a running host.

/// A group of switches: documents name every one of them, and nothing else.
macro_rules! switches {
    ($group:item) => {
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(
            feature = "cli",
            derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
            serde(deny_unknown_fields)
        )]
        #[non_exhaustive]
        $group
    };
}

/// The positions of one switch.
macro_rules! choice {
    ($choice:item) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(
            feature = "cli",
            derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
            serde(rename_all = "snake_case")
        )]
        $choice
    };
}

mod body;
mod call;
mod failure;
mod grpc;
mod headers;
mod interface;
mod metric;
mod preset;
mod property;
mod runtime;
mod shared;
mod start;
mod stream;

pub use body::Bodies;
pub use call::{Calls, Forbidden};
pub use failure::{Failures, Isolation};
pub use grpc::{GrpcCalls, GrpcNumbers};
pub use headers::{HeaderMaps, LateEdit, MalformedMap, RepeatedHeader};
pub use interface::Interface;
pub use metric::MetricRules;
pub use property::Properties;
pub use runtime::Runtime;
pub use shared::SharedState;
pub use start::{StartUp, VmSharing};
pub use stream::{GrpcAnswer, Streams};

/// The switches of one host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Profile {
    /// What transcripts call this host.
    pub name: String,
    /// How VMs and plugins start.
    pub start: StartUp,
    /// What happens when a guest fails.
    pub failures: Failures,
    /// How requests move through filters.
    pub streams: Streams,
    /// Header and trailer maps.
    pub headers: HeaderMaps,
    /// Bodies.
    pub bodies: Bodies,
    /// Calls to other services.
    pub calls: Calls,
    /// gRPC calls.
    pub grpc: GrpcCalls,
    /// Which functions there are at all.
    pub interface: Interface,
    /// Shared data and queues.
    pub shared: SharedState,
    /// Metrics.
    pub metrics: MetricRules,
    /// Properties.
    pub properties: Properties,
    /// Memory, time, randomness.
    pub runtime: Runtime,
}

/// Durations in documents are whole milliseconds.
#[cfg(feature = "cli")]
mod millis {
    use core::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
        u64::deserialize(d).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_its_name() {
        for name in Profile::NAMES {
            assert_eq!(Profile::named(name).unwrap().name, name);
        }
        assert_eq!(Profile::named("apache"), None);
    }

    #[cfg(feature = "cli")]
    #[test]
    fn a_profile_survives_being_written_and_read() {
        for name in Profile::NAMES {
            let profile = Profile::named(name).unwrap();
            let text = serde_json::to_string(&profile).unwrap();
            assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), profile);
        }
    }
}
