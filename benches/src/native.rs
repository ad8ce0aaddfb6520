//! The core as a library: a policy that holds a population, and requests to it.

use anyhow::{Context as _, Result};
use gatekey_core::check::{Decision, Env, Memory, Settings, Step};
use gatekey_core::http::{Header, Request};
use gatekey_core::policy::Policy;
use gatekey_core::sync::Replica;
use gatekey_core::time::UnixMillis;

use crate::population::{KEY_HEADER, Population, SERVICE, pepper};
use crate::request::{AUTHORITY, Case, HEADERS, PATH};

/// When the measurement takes place.
pub const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

/// A gateway without a proxy.
#[derive(Debug)]
pub struct Library {
    replica: Replica,
    settings: Settings,
    memory: Memory,
}

impl Library {
    /// A gateway that holds the population.
    ///
    /// # Errors
    ///
    /// When its snapshot is refused.
    pub fn holding(population: &Population) -> Result<Self> {
        let mut replica = replica(population);
        replica.load_bundle(&population.snapshot()?.bundle())?;
        let settings = Settings {
            peppers: vec![pepper()?],
            service: Some(SERVICE.into()),
            ..Settings::default()
        };
        Ok(Self { replica, settings, memory: Memory::default() })
    }

    /// Decides about a request; whether it may pass.
    ///
    /// # Errors
    ///
    /// When there is no policy.
    pub fn allows(&mut self, headers: &[Header<'_>]) -> Result<bool> {
        let policy: &Policy = self.replica.policy().context("there is no policy")?;
        let request = Request {
            method: b"GET",
            authority: AUTHORITY.as_bytes(),
            path: PATH.as_bytes(),
            headers,
        };
        let env = Env::new(NOW.seconds(), &self.settings);
        let step = policy.check(&mut self.memory, &env, &request);
        Ok(matches!(step, Step::Done(Decision::Allow(_))))
    }

    /// The copy of the policy, to change it.
    pub const fn replica_mut(&mut self) -> &mut Replica {
        &mut self.replica
    }
}

/// A replica that would believe the population's snapshot.
#[must_use]
pub fn replica(population: &Population) -> Replica {
    let key = population.signing_key().verifying_key();
    Replica::new(population.gateway(), vec![key], gatekey_core::METHODS)
}

/// The ordinary request with these keys, as a filter sees it.
#[must_use]
pub fn headers<'k>(presented: &'k [String]) -> Vec<Header<'k>> {
    let pseudo = [(":authority", AUTHORITY), (":path", PATH), (":method", "GET")];
    let ordinary = pseudo.iter().chain(&HEADERS).copied();
    let keys = presented.iter().map(|key| (KEY_HEADER, key.as_str()));
    let header = |(name, value): (&'k str, &'k str)| Header {
        name: name.as_bytes(),
        value: value.as_bytes(),
    };
    ordinary.chain(keys).map(header).collect()
}

/// Requests of one case, for many different keys.
#[must_use]
pub fn presented(case: Case, population: &Population, count: usize) -> Vec<Vec<String>> {
    population.sample(count).into_iter().map(|key| case.presented(key)).collect()
}
