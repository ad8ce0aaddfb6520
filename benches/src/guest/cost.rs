//! What one request costs in the guest.

use anyhow::Result;
use gatekey_host_harness::{Artifact, Transcript};
use serde::Serialize;

use super::gateway::{Gateway, Metering};
use crate::population::Population;
use crate::report::median;
use crate::request::Case;

/// How many different keys are presented; each of them three times before it is measured.
const KEYS: usize = 500;
const WARM_UP: usize = 3;

/// What a request of one kind costs. Medians over many keys.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Cost {
    /// Instructions of the guest, as wasmtime counts them.
    pub fuel: u64,
    /// Calls from the guest into the host.
    pub host_calls: u64,
    /// Calls from the host into the guest.
    pub callbacks: usize,
    /// Bytes copied between the two.
    pub bytes_copied: u64,
}

/// Measures every case against a gateway that holds the population.
///
/// # Errors
///
/// When the filter does not load it, or answers a request wrongly.
pub fn costs(filter: &Artifact, population: &Population) -> Result<Vec<(Case, Cost)>> {
    let (mut gateway, _) = Gateway::following(filter, population, Metering::Fuel)?;
    let keys = population.sample(KEYS);
    Case::ALL.into_iter().map(|case| Ok((case, cost(&mut gateway, case, &keys)?))).collect()
}

fn cost(gateway: &mut Gateway, case: Case, keys: &[&str]) -> Result<Cost> {
    for _ in 0..WARM_UP {
        for key in keys {
            gateway.expect(case, key)?;
        }
    }
    let transcripts: Vec<Transcript> =
        keys.iter().map(|key| gateway.expect(case, key)).collect::<Result<_>>()?;
    Ok(Cost::over(&transcripts))
}

impl Cost {
    pub(super) fn over(transcripts: &[Transcript]) -> Self {
        let over = |of: fn(&Transcript) -> u64| {
            median(&mut transcripts.iter().map(of).collect::<Vec<_>>())
        };
        Self {
            fuel: over(|transcript| transcript.fuel),
            host_calls: over(Transcript::host_call_count),
            callbacks: transcripts.first().map_or(0, |transcript| transcript.callbacks.len()),
            bytes_copied: over(|transcript| transcript.bytes_copied),
        }
    }
}
