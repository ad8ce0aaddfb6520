//! What issuing tokens costs: the portal's token endpoint, and npm's `oidc-provider` doing the same
//! in the same run.
//!
//! Both get the same requests (`client_credentials`, id and secret in the form) over the same number
//! of kept connections, in turns, and the kernel says how much CPU time each server used. The portal
//! keeps a row for every token in SQLite; `oidc-provider` keeps nothing of a signed token.

mod api;
mod load;
mod peer;
mod portal;
mod server;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Serialize;

pub use self::load::Plan;
use self::load::{Measured, Target};
use self::peer::Peer;
use self::portal::Portal;
use crate::report::median;

/// What servers sign with.
pub const ALGORITHMS: [&str; 2] = ["RS256", "ES256"];
/// How many clients take turns.
const CLIENTS: usize = 20;

/// Where the parts are.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The command `gatekey`.
    pub gatekey: PathBuf,
    /// The program `node`.
    pub node: PathBuf,
    /// The folder with the script of `oidc-provider`.
    pub oidc_provider: PathBuf,
    /// A folder for databases and logs.
    pub folder: PathBuf,
}

/// What a server does with one algorithm: medians over the rounds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Issued {
    /// Tokens for each second of CPU time that the server used.
    pub per_cpu_second: f64,
    /// Tokens for each second that went by.
    pub per_second: f64,
    /// The time of a request in the middle, in milliseconds.
    pub p50_ms: f64,
    /// The time that one request in a hundred took longer than, in milliseconds.
    pub p99_ms: f64,
}

/// One algorithm, both servers.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Row {
    /// The algorithm.
    pub algorithm: &'static str,
    /// The portal.
    pub gatekey: Issued,
    /// `oidc-provider`.
    pub oidc_provider: Issued,
    /// How much more the portal issues for each second of CPU time: the median of the rounds.
    pub ratio: f64,
}

/// How long an application with a client of its own takes.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Registration {
    /// The time in the middle, in milliseconds.
    pub p50_ms: f64,
    /// The time that one in a hundred took longer than, in milliseconds.
    pub p99_ms: f64,
}

/// Everything that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How many requests were under way at a time.
    pub connections: usize,
    /// Tokens, by algorithm.
    pub tokens: Vec<Row>,
    /// Applications whose client is one of the portal's own authorization server.
    pub registration: Registration,
}

/// Starts both servers and measures.
///
/// # Errors
///
/// When one does not start, or answers wrongly.
pub fn run(parts: &Parts, plan: Plan, algorithms: &[&'static str]) -> Result<Report> {
    let portal = Portal::start(parts, algorithms)?;
    // Without a key for RS256 it would take no client, whatever signs the tokens.
    let peer = Peer::start(parts, &ALGORITHMS)?;
    let mut ours = vec![Vec::new(); algorithms.len()];
    let mut theirs = ours.clone();
    for round in 0..=plan.rounds {
        for (at, algorithm) in algorithms.iter().enumerate() {
            // Who begins changes with each round. Nobody's first round counts.
            let mut turns: [(&dyn Target, &mut Vec<Vec<Measured>>); 2] =
                [(&portal, &mut ours), (&peer, &mut theirs)];
            turns.rotate_left(round % 2);
            for (target, rounds) in turns {
                let measured = load::run(target, algorithm, plan)?;
                if round > 0 {
                    rounds.get_mut(at).context("a place for each algorithm")?.push(measured);
                }
            }
        }
    }
    let tokens = algorithms.iter().zip(ours.iter().zip(&theirs)).map(|(algorithm, pair)| {
        let (ours, theirs) = pair;
        let mut ratios: Vec<f64> = ours
            .iter()
            .zip(theirs)
            .map(|(ours, theirs)| ours.per_cpu_second() / theirs.per_cpu_second())
            .collect();
        let (gatekey, oidc_provider) = (issued(ours), issued(theirs));
        Row { algorithm, gatekey, oidc_provider, ratio: median(&mut ratios) }
    });
    let tokens = tokens.collect();
    let mut times = portal.register(plan.registrations)?;
    let registration = Registration {
        p50_ms: load::quantile(&mut times, 0.5),
        p99_ms: load::quantile(&mut times, 0.99),
    };
    Ok(Report { connections: plan.connections, tokens, registration })
}

fn issued(rounds: &[Measured]) -> Issued {
    let of =
        |value: fn(&Measured) -> f64| median(&mut rounds.iter().map(value).collect::<Vec<_>>());
    Issued {
        per_cpu_second: of(Measured::per_cpu_second),
        per_second: of(Measured::per_second),
        p50_ms: of(|measured| measured.p50_ms),
        p99_ms: of(|measured| measured.p99_ms),
    }
}
