//! The filter, and its configuration for a scenario.

use std::env;
use std::path::PathBuf;

use gatekey_scenarios::{Host, Scenario, export};
use serde_json::Value;

/// What a test needs from outside; without it the test is left out, but never on CI.
pub(crate) fn needed(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable).map(PathBuf::from);
    if value.is_none() {
        assert!(env::var_os("CI").is_none(), "`{variable}` is not set");
        println!("left out: `{variable}` is not set, `cargo xtask test` sets it");
    }
    value
}

/// The folder of the modules.
pub(crate) fn filters() -> Option<PathBuf> {
    needed("GATEKEY_FILTERS_DIR")
}

/// The configuration of the filter on a host, for a scenario that starts at this second.
pub(crate) fn of(scenario: &Scenario, host: Host, start: u64, follow: bool) -> Value {
    export::configuration::of(scenario, host, start, follow).unwrap()
}
