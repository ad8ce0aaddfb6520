//! What many credentials cost the guest: memory, and the time to load them.

use core::time::Duration;

use anyhow::{Result, ensure};
use gatekey_host_harness::Artifact;

use super::gateway::{Gateway, Metering, Taken};
use crate::population::Population;
use crate::request::Case;

/// The same number of applications for few and for many credentials: the difference is the
/// credentials' alone.
const APPLICATIONS: usize = 100;

/// How a worker came by its policy, and what that took.
#[derive(Clone, Copy, Debug)]
pub struct Loading {
    /// The most memory the guest ever had.
    pub memory: usize,
    /// By the clock, without fuel being counted.
    pub time: Duration,
}

/// Memory and time with few and with many credentials.
#[derive(Clone, Copy, Debug)]
pub struct Volume {
    few: (usize, Loading),
    many: (usize, Loading),
}

impl Volume {
    /// Loading the many.
    #[must_use]
    pub const fn loading(&self) -> Loading {
        self.many.1
    }

    /// What each credential beyond the few added to the most memory there was.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people to read")]
    pub fn bytes_per_credential(&self) -> f64 {
        let bytes = self.many.1.memory.saturating_sub(self.few.1.memory);
        bytes as f64 / self.many.0.saturating_sub(self.few.0).max(1) as f64
    }
}

/// Loads the snapshot page by page from a portal, then hears of one revocation.
///
/// # Errors
///
/// When the filter refuses any of it, or decides wrongly with it.
pub fn page_by_page(filter: &Artifact, few: usize, many: usize) -> Result<(Volume, Taken)> {
    let (_, small) = followed(filter, few, APPLICATIONS)?;
    let (mut gateway, large) = followed(filter, many, APPLICATIONS)?;
    let population = population(many, APPLICATIONS)?;
    let revoked = population.sample(1).concat();
    gateway.expect(Case::Allow, &revoked)?;
    let taken = gateway.hear_of_revocation();
    let refused = gateway.send(&[revoked]).status();
    ensure!(refused == Some(401), "a revoked key was answered {refused:?}");
    Ok((Volume { few: (few, small), many: (many, large) }, taken))
}

/// Fuel for the callback in which one revocation arrives and is applied.
///
/// # Errors
///
/// When the filter refuses the snapshot.
pub fn revocation_fuel(filter: &Artifact, population: &Population) -> Result<u64> {
    let (mut gateway, _) = Gateway::following(filter, population, Metering::Fuel)?;
    Ok(gateway.hear_of_revocation().fuel)
}

fn followed(
    filter: &Artifact,
    credentials: usize,
    applications: usize,
) -> Result<(Gateway, Loading)> {
    let population = population(credentials, applications)?;
    let (mut gateway, time) = Gateway::following(filter, &population, Metering::Clock)?;
    for key in population.sample(100) {
        gateway.expect(Case::Allow, key)?;
    }
    let memory = gateway.memory();
    Ok((gateway, Loading { memory, time }))
}

/// Loads the snapshot out of the filter's configuration.
///
/// # Errors
///
/// When the filter refuses it.
pub fn inline(filter: &Artifact, few: usize, many: usize) -> Result<Volume> {
    let load = |credentials| -> Result<_> {
        let population = population(credentials, APPLICATIONS)?;
        let (mut gateway, time) = Gateway::inline(filter, &population, Metering::Clock)?;
        for key in population.sample(100) {
            gateway.expect(Case::Allow, key)?;
        }
        Ok((credentials, Loading { memory: gateway.memory(), time }))
    };
    Ok(Volume { few: load(few)?, many: load(many)? })
}

/// Bytes of guest memory for each application with its one registration.
///
/// # Errors
///
/// When the filter refuses the snapshot.
#[allow(clippy::cast_precision_loss, reason = "a ratio for people to read")]
pub fn applications_memory(filter: &Artifact, credentials: usize, many: usize) -> Result<f64> {
    let (_, few) = followed(filter, credentials, APPLICATIONS)?;
    let (_, loading) = followed(filter, credentials, many)?;
    let bytes = loading.memory.saturating_sub(few.memory);
    Ok(bytes as f64 / many.saturating_sub(APPLICATIONS).max(1) as f64)
}

fn population(credentials: usize, applications: usize) -> Result<Population> {
    Population::shared(credentials, applications, Gateway::NOW)
}
