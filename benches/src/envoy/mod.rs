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

pub use self::chain::Chain;
pub use self::rounds::{Plan, Rounds};

use std::path::PathBuf;

use anyhow::{Result, ensure};

use self::client::Client;
use self::process::{Envoy, free_ports};
use crate::population::{Population, malformed_key, unknown_key};

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
pub fn run(parts: &Parts, chains: &[Chain], population: &Population, plan: Plan) -> Result<Rounds> {
    let ports = free_ports(chains.len())?;
    let listeners: Vec<_> = chains.iter().zip(ports).collect();
    let configuration = configuration::of(&listeners, population)?;
    let envoy = Envoy::start(parts, &configuration)?;
    drop(configuration);
    let mut clients = Vec::with_capacity(listeners.len());
    for (chain, port) in &listeners {
        let mut client = envoy.connect(*port)?;
        verify(chain, &mut client, population)?;
        clients.push(client);
    }
    let keys: Vec<_> = population.keys().collect();
    rounds::measure(&envoy, &mut clients, &keys, plan)
}

fn verify(chain: &Chain, client: &mut Client, population: &Population) -> Result<()> {
    for key in population.sample(20) {
        let status = client.ask(Some(key))?;
        ensure!(status == 200, "`{}` answers {status} to a good key", chain.name());
    }
    let refused = if chain.checks() { 401 } else { 200 };
    for key in [None, Some(unknown_key()), Some(malformed_key())] {
        let status = client.ask(key.as_deref())?;
        ensure!(status == refused, "`{}` answers {status} to a bad key", chain.name());
    }
    Ok(())
}
