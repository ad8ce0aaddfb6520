//! Requests at a fixed concurrency, and what they cost the server.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::connection::Connection;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rounds that count.
    pub rounds: usize,
    /// Requests for each server, algorithm and round.
    pub requests: usize,
    /// How long a server may take for them; what is not sent by then is not sent.
    pub limit: Duration,
    /// Connections, each with one request under way.
    pub connections: usize,
    /// Applications that are registered.
    pub registrations: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            rounds: 5,
            requests: 10_000,
            limit: Duration::from_secs(15),
            connections: 64,
            registrations: 300,
        }
    }
}

/// A server that issues tokens.
pub(super) trait Target: Sync {
    fn port(&self) -> u16;
    /// CPU time that the server has used so far, in seconds.
    fn cpu_seconds(&self) -> Result<f64>;
    /// Requests for tokens that are signed so, each as it goes over the wire.
    fn requests(&self, algorithm: &str) -> &[Vec<u8>];
}

/// One round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    requests: f64,
    cpu_seconds: f64,
    seconds: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

impl Measured {
    pub(super) fn per_cpu_second(&self) -> f64 {
        self.requests / self.cpu_seconds
    }

    pub(super) fn per_second(&self) -> f64 {
        self.requests / self.seconds
    }
}

#[allow(clippy::cast_precision_loss, reason = "they are some thousands")]
pub(super) fn run(target: &dyn Target, algorithm: &str, plan: Plan) -> Result<Measured> {
    let requests = target.requests(algorithm);
    ensure!(!requests.is_empty(), "no requests for {algorithm}");
    let connections = (0..plan.connections)
        .map(|_| Connection::connect(target.port()))
        .collect::<Result<Vec<_>>>()?;
    let next = AtomicUsize::new(0);
    let before = target.cpu_seconds()?;
    let started = Instant::now();
    let mut times = std::thread::scope(|scope| -> Result<Vec<f64>> {
        let begin = |mut connection: Connection| {
            let next = &next;
            scope.spawn(move || -> Result<Vec<f64>> {
                let mut times = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= plan.requests || started.elapsed() > plan.limit {
                        return Ok(times);
                    }
                    let request = requests.get(number % requests.len()).context("a request")?;
                    let begun = Instant::now();
                    let answer = connection.exchange(request)?;
                    times.push(begun.elapsed().as_secs_f64() * 1_000.0);
                    ensure!(answer.status == 200, "answered {}: {}", answer.status, answer.head);
                }
            })
        };
        let running: Vec<_> = connections.into_iter().map(begin).collect();
        let mut times = Vec::with_capacity(plan.requests);
        for thread in running {
            times.extend(thread.join().map_err(|_| anyhow!("a connection's thread panicked"))??);
        }
        Ok(times)
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let cpu_seconds = target.cpu_seconds()? - before;
    ensure!(cpu_seconds > 0.0, "too few requests to measure their CPU time");
    let (p50_ms, p99_ms) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
    Ok(Measured { requests: times.len() as f64, cpu_seconds, seconds, p50_ms, p99_ms })
}

/// The value that this part of all values does not exceed; zero when there is none.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
pub(super) fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let place = (values.len() as f64 * part) as usize;
    values.get(place.min(values.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_values() {
        let mut values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(quantile(&mut values, 0.5), 51.0);
        assert_eq!(quantile(&mut values, 0.99), 100.0);
        assert_eq!(quantile(&mut [], 0.5), 0.0);
        assert_eq!(quantile(&mut [7.0], 0.99), 7.0);
    }
}
