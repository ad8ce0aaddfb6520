//! The built filter in a real Envoy, side by side with the proxy's own filter and an empty one.
//!
//! One Envoy process with one worker serves one listener per filter chain. A client sends the
//! same requests to each in turn, over one kept connection per listener, and reads off the kernel
//! how much CPU time the process used. What is reported is what a chain adds to the empty one in
//! the same round; a busy machine slows every chain of a round alike.

mod chain;
mod client;
mod configuration;
mod process;
mod rounds;
mod traffic;

pub use self::chain::{Chain, Presented, Verified, Verifier};
pub use self::rounds::{Plan, Rounds};

use std::path::PathBuf;

use anyhow::{Result, ensure};

use self::client::Client;
use self::process::Envoy;
pub(crate) use self::process::free_ports;
use self::traffic::Traffic;
use crate::population::Population;
use crate::tokens::Provider;

/// Where the parts are.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The Envoy program.
    pub envoy: PathBuf,
    /// A folder for Envoy's configuration and log.
    pub folder: PathBuf,
}

/// Starts Envoy, makes sure that every chain decides as it should, and measures.
///
/// # Errors
///
/// When Envoy does not start, or a chain answers wrongly.
pub fn run(
    parts: &Parts,
    chains: &[Chain],
    population: &Population,
    provider: &Provider,
    plan: Plan,
) -> Result<Rounds> {
    let traffic = Traffic::new(chains, population, provider)?;
    let ports = free_ports(chains.len())?;
    let listeners: Vec<_> = chains.iter().zip(ports).collect();
    let configuration = configuration::of(&listeners, population, provider)?;
    let envoy = Envoy::start(parts, &configuration)?;
    drop(configuration);
    let mut clients = Vec::with_capacity(listeners.len());
    for (chain, port) in &listeners {
        let mut client = envoy.connect(*port)?;
        verify(chain, &mut client, &traffic)?;
        clients.push(client);
    }
    rounds::measure(&envoy, &mut clients, chains, &traffic, plan)
}

fn verify(chain: &Chain, client: &mut Client, traffic: &Traffic) -> Result<()> {
    let presented = chain.presented();
    let good = traffic.good(presented);
    for line in good.iter().step_by((good.len() / 20).max(1)) {
        let status = client.ask(Some(line))?;
        ensure!(status == 200, "`{}` answers {status} to a good credential", chain.name());
    }
    let refused = if chain.checks() { 401 } else { 200 };
    let bad = traffic.bad(presented);
    for line in bad.iter().map(String::as_str).map(Some).chain([None]) {
        let status = client.ask(line)?;
        ensure!(status == refused, "`{}` answers {status} to a bad credential", chain.name());
    }
    Ok(())
}
