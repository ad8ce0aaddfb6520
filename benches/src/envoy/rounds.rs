//! Rounds in which every chain serves the same requests.

use anyhow::{Context as _, Result, ensure};

use super::chain::Chain;
use super::client::Client;
use super::process::Envoy;
use super::traffic::Traffic;
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

/// CPU time per request, by chain and round, in microseconds.
#[derive(Clone, Debug)]
pub struct Rounds {
    times: Vec<Vec<f64>>,
    /// The place of the chain that each one is compared with.
    baselines: Vec<usize>,
}

impl Rounds {
    /// What a request costs behind the chain at this place.
    #[must_use]
    pub fn total(&self, chain: usize) -> f64 {
        self.times.get(chain).map_or(0.0, |rounds| median(&mut rounds.clone()))
    }

    /// What the chain at this place adds to its empty one of the same round.
    #[must_use]
    pub fn added(&self, chain: usize) -> f64 {
        let empty = self.baselines.get(chain).and_then(|baseline| self.times.get(*baseline));
        let (Some(empty), Some(rounds)) = (empty, self.times.get(chain)) else { return 0.0 };
        median(
            &mut rounds.iter().zip(empty).map(|(with, without)| with - without).collect::<Vec<_>>(),
        )
    }
}

pub(super) fn measure(
    envoy: &Envoy,
    clients: &mut [Client],
    chains: &[Chain],
    traffic: &Traffic,
    plan: Plan,
) -> Result<Rounds> {
    let mut measured = vec![Vec::with_capacity(plan.rounds); clients.len()];
    let lines = |chain: &Chain| traffic.good(chain.presented()).iter().cycle();
    let mut lines: Vec<_> = chains.iter().map(lines).collect();
    // Nobody's first requests are counted: caches fill, the guest's code is compiled.
    for (client, lines) in clients.iter_mut().zip(&mut lines) {
        turn(envoy, client, lines, plan.requests)?;
    }
    for round in 0..plan.rounds {
        // Another chain begins each round.
        for place in 0..clients.len() {
            let chain = (round + place) % clients.len();
            let (Some(client), Some(lines), Some(times)) =
                (clients.get_mut(chain), lines.get_mut(chain), measured.get_mut(chain))
            else {
                continue;
            };
            times.push(turn(envoy, client, lines, plan.requests)?);
        }
    }
    let baseline = |chain: &Chain| {
        chains
            .iter()
            .position(|other| other.is_baseline_of(chain))
            .context("no chain to compare with")
    };
    let baselines = chains.iter().map(baseline).collect::<Result<_>>()?;
    Ok(Rounds { times: measured, baselines })
}

#[allow(clippy::cast_precision_loss, reason = "nanoseconds of seconds fit")]
fn turn<'l>(
    envoy: &Envoy,
    client: &mut Client,
    lines: &mut impl Iterator<Item = &'l String>,
    requests: usize,
) -> Result<f64> {
    let before = envoy.cpu_time()?;
    for line in lines.take(requests) {
        let status = client.ask(Some(line))?;
        ensure!(status == 200, "a good credential was answered {status}");
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
        let times = vec![vec![10.0, 100.0, 10.0], vec![13.0, 103.0, 14.0]];
        let rounds = Rounds { times, baselines: vec![0, 0] };
        assert!((rounds.added(1) - 3.0).abs() < 1e-9);
        assert!((rounds.total(1) - 14.0).abs() < 1e-9);
        assert_eq!(rounds.added(2), 0.0);
    }
}
