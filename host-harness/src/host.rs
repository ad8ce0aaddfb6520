//! What one VM's host functions work on.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wasmtime::{Memory, ResourceLimiter, TypedFunc};

use crate::abi::env::foreign::ForeignFunctions;
use crate::abi::env::grpc::GrpcTable;
use crate::abi::{LogLevel, MapKind, Status};
use crate::connection::{Connection, Pipe};
use crate::fault::Faults;
use crate::headers::Headers;
use crate::ledger::{GrpcCallout, Ledger, Log};
use crate::plugin::Plugin;
use crate::profile::Profile;
use crate::stream::Stream;
use crate::vm::Way;
use crate::world::clock::Clock;
use crate::world::event::Events;
use crate::world::grpc::{GrpcDelivery, GrpcUpstream};
use crate::world::metric::Metrics;
use crate::world::nginx::{HostProperties, ServerName, Variable};
use crate::world::random::{LibcRandom, Random};
use crate::world::shared::{SharedData, SharedQueues};
use crate::world::upstream::{Delivery, Upstream};

/// The half of a world that every VM can reach. It is lent to a VM for the length of a callback.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) data: SharedData,
    pub(crate) queues: SharedQueues,
    pub(crate) metrics: Metrics,
    pub(crate) events: Events,
    pub(crate) upstreams: BTreeMap<String, Upstream>,
    pub(crate) grpc_upstreams: BTreeMap<String, GrpcUpstream>,
    pub(crate) foreign: ForeignFunctions,
    pub(crate) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) log_level: LogLevel,
    pub(crate) faults: Faults,
    /// What each worker logged and did for no stream.
    pub(crate) journals: BTreeMap<usize, Journal>,
    /// How many VMs there have been in this world.
    pub(crate) vms_made: u64,
    /// The environment of the worker processes themselves.
    pub(crate) process_environment: Vec<(String, String)>,
    /// Functions that plugins may import and export; all where there is no list.
    pub(crate) capabilities: Option<BTreeSet<String>>,
    /// Name and port of the server that takes the requests in.
    pub(crate) server: ServerName,
    pub(crate) variables: BTreeMap<String, Variable>,
    /// What `random()` of each worker process will give next.
    pub(crate) libc_random: BTreeMap<usize, LibcRandom>,
}

impl Shared {
    pub(crate) fn allows(&self, function: &str) -> bool {
        self.capabilities.as_ref().is_none_or(|allowed| allowed.contains(function))
    }
}

/// What one worker logged, and did for no stream.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) logs: Vec<Log>,
    pub(crate) background: Ledger,
}

/// One plugin context of a VM.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub(crate) plugin: Arc<Plugin>,
    /// Place of the plugin in its chain.
    pub(crate) filter: usize,
    /// Armed timers by their numbers; one whose period is zero does nothing when it fires.
    pub(crate) timers: BTreeMap<u64, Duration>,
}

impl Root {
    /// Whether a timer that is due runs.
    pub(crate) fn fires(&mut self, timer: u64) -> bool {
        let stopped = self.timers.get(&timer).is_some_and(Duration::is_zero);
        if stopped {
            self.timers.remove(&timer);
        }
        self.timers.contains_key(&timer)
    }
}

/// Where on a worker something is to be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) worker: usize,
    pub(crate) slot: u32,
    pub(crate) root: u32,
}

/// The guest's memory and its allocator, known once it is instantiated.
#[derive(Clone)]
pub(crate) struct GuestMemory {
    pub(crate) memory: Memory,
    pub(crate) allocate: TypedFunc<u32, u32>,
}

/// Refuses memory beyond the profile's limit.
#[derive(Debug)]
pub(crate) struct Limiter {
    pub(crate) max_memory: usize,
    pub(crate) refused: bool,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = desired <= self.max_memory;
        self.refused |= !allowed;
        Ok(allowed)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }
}

const MAX_TABLE_ELEMENTS: usize = 10_000_000;

pub(crate) struct Host {
    pub(crate) profile: Arc<Profile>,
    /// The plugin of the running callback.
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) shared: Box<Shared>,
    pub(crate) limiter: Limiter,
    pub(crate) guest: Option<GuestMemory>,
    pub(crate) random: Random,
    /// Index of the worker; the canary has that of the worker it goes before.
    pub(crate) worker: usize,
    /// Number of this VM on its worker.
    pub(crate) slot: u32,
    pub(crate) canary: bool,
    /// Counts the VMs in this slot, so that events of a replaced one are recognised.
    pub(crate) generation: u64,
    pub(crate) roots: BTreeMap<u32, Root>,
    pub(crate) streams: BTreeMap<u32, Stream>,
    pub(crate) connections: BTreeMap<u32, Connection>,
    pub(crate) next_context: u32,
    /// The export that is running.
    pub(crate) callback: &'static str,
    /// A request was answered: the callback that is running ends in PAUSE, whatever it returns.
    pub(crate) stops_iteration: bool,
    /// The context of the running callback.
    pub(crate) current: u32,
    /// The context the guest chose to act for, during one callback.
    pub(crate) effective: Option<u32>,
    /// The stream on whose account things are booked.
    pub(crate) account: u32,
    /// What a canary did: it is gone with it.
    pub(crate) scratch: Ledger,
    /// What was logged during start-up, for the error it may end in.
    pub(crate) start_logs: Vec<Log>,
    pub(crate) recording: bool,
    pub(crate) restricted: bool,
    pub(crate) starting: bool,
    pub(crate) configuring: bool,
    pub(crate) delivery: Option<Delivery>,
    pub(crate) grpc: GrpcTable,
    /// What a foreign function hands to the callback that is running.
    pub(crate) foreign_arguments: Option<Vec<u8>>,
    /// Plugin contexts that asked for time before their end, and whether they have let go since.
    pub(crate) leaving: BTreeMap<u32, bool>,
    /// Outstanding calls and the context that each was made for.
    pub(crate) calls: BTreeMap<u32, u32>,
    pub(crate) next_token: u32,
    pub(crate) timers_made: u64,
    /// Streams that a host call moved: resumed, answered or closed.
    pub(crate) woken: Vec<u32>,
    pub(crate) call_count: u64,
    pub(crate) bytes_copied: u64,
}

impl Host {
    /// The context that host functions act for.
    pub(crate) fn acting(&self) -> u32 {
        self.effective.unwrap_or(self.current)
    }

    pub(crate) fn stream(&mut self) -> Option<&mut Stream> {
        let context = self.acting();
        self.streams.get_mut(&context)
    }

    /// A callback begins.
    pub(crate) fn enter(&mut self, callback: &'static str, context: u32, account: u32) {
        self.callback = callback;
        self.current = context;
        self.effective = None;
        self.account = account;
        if let Some(root) = self.roots.get(&self.root_of(context)) {
            self.plugin = Arc::clone(&root.plugin);
        }
        // Some hosts know by themselves for which request a call was made.
        if account != context && self.profile.runtime.effective_context_is_ignored {
            self.effective = Some(account);
        }
    }

    /// Lets the guest act for another context than that of its callback.
    pub(crate) fn act_for(&mut self, context: u32) {
        self.effective = Some(context);
        let root = self.root_of(context);
        if let Some(root) = self.roots.get(&root) {
            self.plugin = Arc::clone(&root.plugin);
        }
    }

    /// The plugin context that a context belongs to.
    pub(crate) fn root_of(&self, context: u32) -> u32 {
        let connection = || self.connections.get(&context).map(|connection| connection.root);
        let stream = self.streams.get(&context).map(|stream| stream.root);
        stream.or_else(connection).unwrap_or(context)
    }

    /// The plugin context that acts.
    pub(crate) fn acting_root(&self) -> u32 {
        self.root_of(self.acting())
    }

    /// Where what the running callback starts will be delivered.
    pub(crate) fn place(&self) -> Place {
        Place { worker: self.worker, slot: self.slot, root: self.acting_root() }
    }

    pub(crate) fn ledger(&mut self) -> &mut Ledger {
        match self.streams.get_mut(&self.account) {
            Some(stream) => &mut stream.ledger,
            None if self.canary => &mut self.scratch,
            None => match self.connections.get_mut(&self.account) {
                Some(connection) => &mut connection.ledger,
                None => &mut self.shared.journals.entry(self.worker).or_default().background,
            },
        }
    }

    pub(crate) fn has_context(&self, context: u32) -> bool {
        context == 0
            || self.roots.contains_key(&context)
            || self.streams.contains_key(&context)
            || self.connections.contains_key(&context)
    }

    pub(crate) fn readable_map(&self, kind: MapKind) -> Result<&Headers, Status> {
        let map = match kind {
            MapKind::CallResponseHeaders => {
                self.delivery.as_ref().and_then(|delivery| delivery.headers.as_ref())
            }
            MapKind::CallResponseTrailers => {
                let delivered = self.delivery.as_ref().filter(|call| call.headers.is_some());
                // Where a closed map reads empty, one that never came is no map either.
                let absent = self.profile.headers.closed_map_reads_empty;
                let trailers = delivered.map(|delivery| &delivery.trailers);
                trailers.filter(|trailers| !(absent && trailers.is_empty()))
            }
            MapKind::GrpcInitialMetadata => match &self.grpc.delivery {
                Some(GrpcDelivery::InitialMetadata(map)) => Some(map),
                _ => None,
            },
            MapKind::GrpcTrailingMetadata => match &self.grpc.delivery {
                Some(GrpcDelivery::TrailingMetadata(map)) => Some(map),
                _ => None,
            },
            MapKind::ResponseHeaders if self.is_before_response() => {
                self.host_properties().map(|kept| &kept.early_response)
            }
            _ => self.streams.get(&self.acting()).and_then(|stream| {
                stream.readable_map(kind, self.profile.headers.request_maps_stay_open)
            }),
        };
        map.ok_or(Status::BadArgument)
    }

    /// The map, if the guest may change it now.
    pub(crate) fn writable_map(&mut self, kind: MapKind) -> Result<&mut Headers, Status> {
        if kind == MapKind::ResponseHeaders && self.is_before_response() {
            let kept = self.host_properties_mut();
            return kept.map(|kept| &mut kept.early_response).ok_or(Status::BadArgument);
        }
        self.stream().ok_or(Status::BadArgument)?.writable_map(kind)
    }

    /// Whether response headers are those of a response that is yet to come.
    fn is_before_response(&self) -> bool {
        self.profile.headers.response_headers_in_request_phase
            && self.streams.get(&self.acting()).is_some_and(|stream| stream.going_up)
    }

    /// What the host keeps of the request that the guest acts for.
    pub(crate) fn host_properties(&self) -> Option<&HostProperties> {
        self.streams.get(&self.acting()).map(|stream| &stream.host_properties)
    }

    pub(crate) fn host_properties_mut(&mut self) -> Option<&mut HostProperties> {
        self.stream().map(|stream| &mut stream.host_properties)
    }

    /// Wall-clock time as this host tells it.
    pub(crate) fn wall_nanos(&self) -> u64 {
        self.coarse(self.shared.clock.wall_nanos())
    }

    pub(crate) fn monotonic_nanos(&self) -> u64 {
        self.coarse(self.shared.clock.monotonic_nanos())
    }

    fn coarse(&self, nanos: u64) -> u64 {
        let step = 1_000_000;
        if self.profile.runtime.clock_in_milliseconds { nanos / step * step } else { nanos }
    }

    /// Random bytes as this host makes them.
    pub(crate) fn random_bytes(&mut self, len: usize) -> Vec<u8> {
        if !self.profile.runtime.random_is_predictable {
            return self.random.bytes(len);
        }
        let (worker, start) = (self.worker, self.shared.clock.start());
        let libc = self.shared.libc_random.entry(worker);
        libc.or_insert_with(|| LibcRandom::of_worker(worker, start)).bytes(len)
    }

    /// One way of a connection that still moves.
    pub(crate) fn pipe(&mut self, context: u32, way: Way) -> Option<&mut Pipe> {
        let connection = self.connections.get_mut(&context);
        let connection = connection.filter(|connection| !connection.over)?;
        let [down, up] = &mut connection.pipes;
        Some(if way == Way::Downstream { down } else { up })
    }

    /// The record of a gRPC call, where its owner's books are at hand.
    pub(crate) fn grpc_callout(&mut self, owner: u32, token: u32) -> Option<&mut GrpcCallout> {
        let ledger = match self.streams.get_mut(&owner) {
            Some(stream) => &mut stream.ledger,
            None => &mut self.shared.journals.get_mut(&self.worker)?.background,
        };
        ledger.grpc_callouts.iter_mut().rev().find(|callout| callout.token == token)
    }

    pub(crate) fn wake(&mut self, context: u32) {
        if !self.woken.contains(&context) {
            self.woken.push(context);
        }
    }
}
