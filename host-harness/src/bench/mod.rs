//! What a filter costs: to compile, to load, to start, and for each request.
//!
//! Fuel, host calls, bytes and memory are deterministic and are compared exactly or by a percentage.
//! Times are medians with their median absolute deviation, taken without metering and without
//! recording; they mean something on one machine and in a release build only.

mod cases;
mod compare;
mod machine;
mod measure;
mod statistics;

pub use cases::measure_cases;
pub use compare::{Comparison, Row, ThresholdError, Thresholds};
pub use machine::Machine;
pub use measure::{BenchError, Load, Plan, measure};
pub use statistics::Spread;

use std::collections::BTreeMap;

/// The version of the result's format.
pub const VERSION: u32 = 1;

/// The engine that runs the guests.
pub const ENGINE: &str = "wasmtime 48";

/// One measurement of one module.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Version of the format.
    pub version: u32,
    /// Where it was measured.
    pub machine: Machine,
    /// The engine.
    pub engine: String,
    /// `release` or `debug`: how the harness itself was built.
    pub build: String,
    /// SHA-256 of the module, in hexadecimal.
    pub module_sha256: String,
    /// The host.
    pub profile: String,
    /// What was sent, in words.
    pub load: String,
    /// Deterministic figures: `fuel.…`, `calls.…`, `bytes.…`, `memory.…`, `size.…`.
    pub exact: BTreeMap<String, u64>,
    /// Wall-clock times.
    pub times: BTreeMap<String, Spread>,
    /// Warm requests per second on one core.
    pub requests_per_second: u64,
}

impl core::fmt::Display for Measurement {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Machine { cpu, cores, os, arch } = &self.machine;
        writeln!(f, "{cpu}, {cores} cores, {os} {arch}; {}, {} build", self.engine, self.build)?;
        writeln!(f, "profile {}, {}", self.profile, self.load)?;
        for (name, spread) in &self.times {
            writeln!(f, "  {name:<24} {spread}")?;
        }
        for (name, value) in &self.exact {
            writeln!(f, "  {name:<24} {value:>12}")?;
        }
        writeln!(f, "  {:<24} {:>12}", "requests per second", self.requests_per_second)
    }
}

/// How this build of the harness was made.
#[must_use]
pub fn build_kind() -> &'static str {
    if cfg!(debug_assertions) { "debug" } else { "release" }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_engine_is_the_one_in_the_manifest() {
        let manifest = include_str!("../../../Cargo.toml");
        let version = super::ENGINE.rsplit(' ').next().unwrap();
        assert!(manifest.contains(&format!("wasmtime = {{ version = \"{version}\"")), "{version}");
    }
}
