//! How a world is described.

use std::sync::Arc;

use super::World;
use super::clock::{Clock, UnixMillis};
use super::grpc::GrpcUpstream;
use super::nginx::{ServerName, Variable};
use super::shared::Zone;
use super::upstream::{Upstream, UpstreamReply};
use crate::abi::{LogLevel, Status};
use crate::fault::{Census, Fault};
use crate::host::Shared;
use crate::profile::Profile;
use crate::replay::tape::Tape;
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
    taping: bool,
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
            taping: false,
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

    /// Adds an upstream that filters can call by gRPC.
    #[must_use]
    pub fn grpc_upstream(mut self, name: &str, upstream: GrpcUpstream) -> Self {
        self.shared.grpc_upstreams.insert(name.to_owned(), upstream);
        self
    }

    /// Adds a function that filters can call by name, or replaces one that the host has. It gives
    /// what the guest reads, or the status that the guest gets.
    #[must_use]
    pub fn foreign_function(
        mut self,
        name: &str,
        implementation: impl FnMut(&[u8]) -> Result<Vec<u8>, Status> + Send + 'static,
    ) -> Self {
        self.shared.foreign.insert(name, Box::new(implementation));
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

    /// Adds a variable to the environment of the worker processes, which some hosts show to guests.
    #[must_use]
    pub fn process_environment(mut self, name: &str, value: &str) -> Self {
        self.shared.process_environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Names the server that takes requests in, as nginx tells it to filters. The default is
    /// `localhost`, port 80.
    #[must_use]
    pub fn server_name(mut self, name: &str, port: u16) -> Self {
        self.shared.server = ServerName(format!("{name}:{port}"));
        self
    }

    /// Declares an nginx variable that filters can read and change as property `ngx.NAME`, as `set`
    /// does in nginx's configuration.
    #[must_use]
    pub fn variable(self, name: &str, value: &str) -> Self {
        self.declare_variable(name, value, true)
    }

    /// Declares an nginx variable that filters can only read.
    #[must_use]
    pub fn fixed_variable(self, name: &str, value: &str) -> Self {
        self.declare_variable(name, value, false)
    }

    pub(crate) fn declare_variable(
        mut self,
        name: &str,
        value: impl Into<Vec<u8>>,
        changeable: bool,
    ) -> Self {
        let variable = Variable { value: value.into(), changeable, header: None };
        self.shared.variables.insert(name.to_owned(), variable);
        self
    }

    /// Makes an upstream header of a variable that was declared before, as `proxy_set_header` does:
    /// the client's headers of that name are dropped.
    #[must_use]
    pub fn proxy_set_header(mut self, header: &str, variable: &str) -> Self {
        if let Some(variable) = self.shared.variables.get_mut(variable) {
            variable.header = Some(header.to_ascii_lowercase());
        }
        self
    }

    /// Declares shared memory for hosts where keys live in zones; `*` is the default zone. What was
    /// not used for longest makes room for what is new.
    #[must_use]
    pub fn shared_zone(mut self, name: &str, bytes: usize) -> Self {
        self.shared.data.declare(name, Zone { bytes, evicts: true });
        self
    }

    /// The same, but nothing makes room when the zone is full.
    #[must_use]
    pub fn shared_zone_without_eviction(mut self, name: &str, bytes: usize) -> Self {
        self.shared.data.declare(name, Zone { bytes, evicts: false });
        self
    }

    /// Declares a shared queue for hosts where queues must be declared.
    #[must_use]
    pub fn shared_queue(mut self, name: &str, bytes: usize) -> Self {
        self.shared.queues.declare(name, bytes);
        self
    }

    /// Restricts plugins to these functions, imported and exported, as Envoy's
    /// `capability_restriction_config` does. Any other host function does nothing and answers
    /// INTERNAL_FAILURE (76 for WASI), with an error line in the proxy's log; any other callback is
    /// not called.
    #[must_use]
    pub fn capabilities(mut self, functions: &[&str]) -> Self {
        self.shared.capabilities = Some(functions.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    /// Keeps only lines at least this loud, and says so to guests that ask. The default keeps all.
    #[must_use]
    pub fn log_level(mut self, level: LogLevel) -> Self {
        self.shared.log_level = level;
        self
    }

    /// Counts host calls by the callbacks that make them, for [`World::census`].
    #[must_use]
    pub fn census(mut self) -> Self {
        self.shared.faults.census = Some(Census::default());
        self
    }

    /// Lets host calls go wrong, from the start-up on.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.shared.faults.push(fault);
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

    /// Keeps all that is done to the world and what comes of it: see [`World::recording`].
    #[must_use]
    pub fn keep_recording(mut self) -> Self {
        self.taping = true;
        self
    }

    /// The world, with no worker yet.
    #[must_use]
    pub fn build(mut self) -> World {
        let tape = if self.taping {
            let setting = (self.seed, self.budget, self.recording);
            Tape::running(setting, &mut self.shared, &mut self.origin)
        } else {
            Tape::default()
        };
        World {
            tape,
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
