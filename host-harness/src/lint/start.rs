//! Running a module's start-up, for those who ask: the one check that executes code.

use super::finding::{Finding, kinds};
use crate::artifact::Artifact;
use crate::error::StartError;
use crate::plugin::Plugin;
use crate::profile::Profile;
use crate::world::World;

/// Starts the module with this configuration, and stops it after so many seconds.
pub(super) fn start(
    bytes: &[u8],
    profile: Profile,
    configuration: &[u8],
    seconds: u64,
) -> Vec<Finding> {
    let artifact = match Artifact::compile(bytes) {
        Ok(artifact) => artifact,
        Err(error) => {
            let message = error.to_string();
            return vec![Finding::error(kinds::START_FAILED, "module", message)];
        }
    };
    let mut world = World::builder(profile).time_limit_seconds(seconds).record(false).build();
    let finding = match world.start(&artifact, Plugin::new("lint", configuration)) {
        Ok(_) => return Vec::new(),
        Err(StartError::Failed { failure, .. }) => {
            Finding::error(kinds::START_FAILED, failure.callback, failure.to_string())
        }
        // With an empty configuration that is what a careful filter does.
        Err(
            error @ (StartError::ConfigurationRefused { .. } | StartError::VmStartRefused { .. }),
        ) => {
            let new = if configuration.is_empty() { Finding::info } else { Finding::error };
            new(kinds::START_REFUSED, "proxy_on_configure", error.to_string())
        }
        Err(error) => Finding::error(kinds::START_FAILED, "module", error.to_string()),
    };
    vec![finding]
}
