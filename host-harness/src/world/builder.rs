//! How a world is described.

use std::sync::Arc;

use super::World;
use super::clock::{Clock, UnixMillis};
use super::upstream::{Upstream, UpstreamReply};
use crate::abi::LogLevel;
use crate::host::Shared;
use crate::profile::Profile;
use crate::request::property_path;
use crate::vm::{Budget, epochs};
use crate::worker::Blueprint;

/// Enough for loading a million records, and a few seconds of an endless loop.
const DEFAULT_FUEL: u64 = 20_000_000_000;

/// A world in the making.
#[derive(Debug)]
pub struct WorldBuilder {
    profile: Profile,
    seed: u64,
    budget: Budget,
    recording: bool,
    shared: Shared,
    origin: Upstream,
}

impl WorldBuilder {
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            seed: 0,
            budget: Budget::Fuel(DEFAULT_FUEL),
            recording: true,
            shared: Shared {
                clock: Clock::starting_at(UnixMillis::default()),
                ..Shared::default()
            },
            origin: Upstream::always(UpstreamReply::status(200)),
        }
    }

    /// Seeds what guests get from `random_get`.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the wall clock at the beginning.
    #[must_use]
    pub fn clock(mut self, start: UnixMillis) -> Self {
        self.shared.clock = Clock::starting_at(start);
        self
    }

    /// Adds an upstream that filters can call by name.
    #[must_use]
    pub fn upstream(mut self, name: &str, upstream: Upstream) -> Self {
        self.shared.upstreams.insert(name.to_owned(), upstream);
        self
    }

    /// Sets the upstream that requests go to. The default answers 200 with no body.
    #[must_use]
    pub fn origin(mut self, origin: Upstream) -> Self {
        self.origin = origin;
        self
    }

    /// Sets a property that every context can read.
    #[must_use]
    pub fn property(mut self, path: &[&str], value: impl Into<Vec<u8>>) -> Self {
        self.shared.properties.insert(property_path(path), value.into());
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.shared.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Keeps only lines at least this loud, and says so to guests that ask. The default keeps all.
    #[must_use]
    pub fn log_level(mut self, level: LogLevel) -> Self {
        self.shared.log_level = level;
        self
    }

    /// Counts fuel (the default), or runs the code without counters, for timing. Without fuel a
    /// callback is stopped after ten seconds on the real clock.
    #[must_use]
    pub fn fuel(mut self, metered: bool) -> Self {
        self.budget = if metered { Budget::Fuel(DEFAULT_FUEL) } else { Budget::Epochs(epochs(10)) };
        self
    }

    /// Counts fuel, and stops a callback that uses more than this.
    #[must_use]
    pub fn fuel_limit(mut self, limit: u64) -> Self {
        self.budget = Budget::Fuel(limit);
        self
    }

    /// Does not count fuel, and stops a callback after this many seconds on the real clock.
    #[must_use]
    pub fn time_limit_seconds(mut self, seconds: u64) -> Self {
        self.budget = Budget::Epochs(epochs(seconds.max(1)));
        self
    }

    /// Keeps every host call in order (the default), or only counts them, for timing.
    #[must_use]
    pub fn record(mut self, recording: bool) -> Self {
        self.recording = recording;
        self
    }

    /// The world, with no worker yet.
    #[must_use]
    pub fn build(self) -> World {
        World {
            blueprint: Blueprint {
                profile: Arc::new(self.profile),
                seed: self.seed,
                recording: self.recording,
                budget: self.budget,
            },
            shared: Box::new(self.shared),
            origin: self.origin,
            workers: Vec::new(),
            main_threads: Vec::new(),
        }
    }
}
