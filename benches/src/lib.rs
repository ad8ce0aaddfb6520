//! What Gatekey costs.
//!
//! Three places are measured: the core as a native library (criterion, `native/`), the built
//! filter in the host harness ([`guest`]: fuel, host calls, memory), and the built filter in a
//! real Envoy beside the proxy's own filter and an empty one ([`envoy`]: CPU time). All of them
//! see the same [`population`] and the same [`request`].

pub mod clients;
pub mod envoy;
#[cfg(feature = "guest")]
pub mod guest;
pub mod native;
pub mod population;
pub mod report;
pub mod request;
pub mod tokens;

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// A folder that the task runner names.
///
/// # Errors
///
/// When it names none.
pub fn folder(variable: &str) -> Result<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .with_context(|| format!("`{variable}` is not set: run `cargo xtask bench`"))
}
