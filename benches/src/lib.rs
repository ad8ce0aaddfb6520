//! What Gatekey costs.
//!
//! Five places are measured: the core as a native library (criterion, `native/`), the built
//! filter in the host harness ([`guest`]: fuel, host calls, memory), the built filter in a
//! real Envoy beside the proxy's own filter and an empty one ([`envoy`]: CPU time), the
//! portal's token endpoint beside another's ([`identity`]: CPU time), and the portal with much in
//! it ([`portal`]). The first three see the same [`population`] and the same [`request`].

pub mod clients;
mod connection;
pub mod envoy;
#[cfg(feature = "guest")]
pub mod guest;
pub mod identity;
pub mod native;
pub mod population;
pub mod portal;
pub mod report;
pub mod request;
pub mod tokens;

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// A folder, or a program, that the task runner names.
///
/// # Errors
///
/// When it names none.
pub fn folder(variable: &str) -> Result<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .with_context(|| format!("`{variable}` is not set: run `cargo xtask bench`"))
}
