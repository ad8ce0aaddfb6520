//! Rounds in which every chain serves the same requests.

use anyhow::{Result, ensure};

use super::client::Client;
use super::process::Envoy;
use crate::report::median;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rounds; every chain has its turn in each.
    pub rounds: usize,
    /// Requests per chain and round.
    pub requests: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self { rounds: 15, requests: 5_000 }
    }
}

/// CPU time per request, by chain and round, in microseconds. The first chain is the empty one.
#[derive(Clone, Debug)]
pub struct Rounds(Vec<Vec<f64>>);

impl Rounds {
    /// What a request costs behind the chain at this place.
    #[must_use]
    pub fn total(&self, chain: usize) -> f64 {
        self.0.get(chain).map_or(0.0, |rounds| median(&mut rounds.clone()))
    }

    /// What the chain at this place adds to the empty one of the same round.
    #[must_use]
    pub fn added(&self, chain: usize) -> f64 {
        let (Some(empty), Some(rounds)) = (self.0.first(), self.0.get(chain)) else { return 0.0 };
        median(
            &mut rounds.iter().zip(empty).map(|(with, without)| with - without).collect::<Vec<_>>(),
        )
    }
}

pub(super) fn measure(
    envoy: &Envoy,
    clients: &mut [Client],
    keys: &[&str],
    plan: Plan,
) -> Result<Rounds> {
    let mut measured = vec![Vec::with_capacity(plan.rounds); clients.len()];
    let mut keys = keys.iter().cycle();
    // Nobody's first requests are counted: caches fill, the guest's code is compiled.
    for client in &mut *clients {
        turn(envoy, client, &mut keys, plan.requests)?;
    }
    for round in 0..plan.rounds {
        // Another chain begins each round.
        for place in 0..clients.len() {
            let chain = (round + place) % clients.len();
            let (Some(client), Some(times)) = (clients.get_mut(chain), measured.get_mut(chain))
            else {
                continue;
            };
            times.push(turn(envoy, client, &mut keys, plan.requests)?);
        }
    }
    Ok(Rounds(measured))
}

#[allow(clippy::cast_precision_loss, reason = "nanoseconds of seconds fit")]
fn turn<'k>(
    envoy: &Envoy,
    client: &mut Client,
    keys: &mut impl Iterator<Item = &'k &'k str>,
    requests: usize,
) -> Result<f64> {
    let before = envoy.cpu_time()?;
    for key in keys.take(requests) {
        let status = client.ask(Some(key))?;
        ensure!(status == 200, "a good key was answered {status}");
    }
    let used = envoy.cpu_time()?.saturating_sub(before);
    Ok(used as f64 / 1e3 / requests as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_compared_within_a_round() {
        // The machine slowed down in the second round.
        let rounds = Rounds(vec![vec![10.0, 100.0, 10.0], vec![13.0, 103.0, 14.0]]);
        assert!((rounds.added(1) - 3.0).abs() < 1e-9);
        assert!((rounds.total(1) - 14.0).abs() < 1e-9);
        assert_eq!(rounds.added(2), 0.0);
    }
}
