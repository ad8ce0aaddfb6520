//! The world around the filters: time, workers, upstreams, and what they share.

mod builder;
pub(crate) mod checksum;
pub(crate) mod clock;
pub(crate) mod event;
pub(crate) mod grpc;
mod life;
pub(crate) mod metric;
pub(crate) mod nginx;
pub(crate) mod random;
pub(crate) mod shared;
mod tcp;
pub(crate) mod upstream;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use builder::WorldBuilder;
pub use metric::Metric;
pub use tcp::ConnectionId;

use crate::artifact::Artifact;
use crate::error::{Failure, StartError};
use crate::exchange::Drive;
use crate::fault::{Census, Fault};
use crate::host::{Root, Shared};
use crate::ledger::{Callout, Ledger, Log};
use crate::plugin::Plugin;
use crate::profile::Profile;
use crate::replay::Recording;
use crate::replay::tape::Tape;
use crate::request::Request;
use crate::transcript::Transcript;
use crate::vm::Vm;
use crate::worker::{Blueprint, Worker};
use upstream::Upstream;

/// One VM on one worker thread of the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(usize);

/// One request in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    worker: usize,
    exchange: u32,
}

/// A proxy with virtual time: see the [crate's example](crate).
pub struct World {
    blueprint: Blueprint,
    shared: Box<Shared>,
    origin: Upstream,
    workers: Vec<Worker>,
    main_threads: Vec<WorkerId>,
    tape: Tape,
}

/// The filters of a chain with their modules, in order.
type Modules = [(Artifact, Arc<Plugin>)];

impl World {
    /// Starts describing a world in which this profile's host runs.
    #[must_use]
    pub fn builder(profile: Profile) -> WorldBuilder {
        WorldBuilder::new(profile)
    }

    /// Loads a plugin on one worker, after a canary run if the profile has one.
    ///
    /// # Errors
    /// When the module cannot be instantiated, a start-up callback fails, or the guest refuses its
    /// configuration.
    pub fn start(&mut self, artifact: &Artifact, plugin: Plugin) -> Result<WorkerId, StartError> {
        let workers = self.start_many(artifact, plugin, 1)?;
        // One worker was asked for; without an error there is one.
        Ok(workers.first().copied().unwrap_or(WorkerId(usize::MAX)))
    }

    /// Loads a plugin on several workers, after one canary run if the profile has one. Workers that
    /// started before one fails stay, as they do on a real proxy.
    ///
    /// # Errors
    /// As [`World::start`].
    pub fn start_many(
        &mut self,
        artifact: &Artifact,
        plugin: Plugin,
        workers: usize,
    ) -> Result<Vec<WorkerId>, StartError> {
        self.start_chain(&[(artifact.clone(), plugin)], workers)
    }

    /// Loads a chain of filters on several workers. Requests pass them in this order, responses the
    /// other way round. Which of them share a VM is the profile's matter
    /// ([`StartUp::vm_sharing`](crate::StartUp)).
    ///
    /// # Errors
    /// As [`World::start`].
    pub fn start_chain(
        &mut self,
        chain: &[(Artifact, Plugin)],
        workers: usize,
    ) -> Result<Vec<WorkerId>, StartError> {
        let modules = modules(chain);
        let started = self
            .prepare(&modules)
            .and_then(|()| (0..workers).map(|_| self.start_worker(&modules)).collect());
        self.tape.started(chain, workers, started.as_ref().map(Vec::as_slice));
        started
    }

    /// Replaces the chain of every worker. Requests in flight end in the old one, whose plugin
    /// contexts are ended with the last of them.
    ///
    /// # Errors
    /// As [`World::start`]; then the old chain stays on every worker that has not taken the new one.
    pub fn reconfigure(&mut self, chain: &[(Artifact, Plugin)]) -> Result<(), StartError> {
        let replaced = self.replace_chain(&modules(chain));
        self.tape.reconfigured(chain, replaced.as_ref());
        replaced
    }

    fn replace_chain(&mut self, chain: &Modules) -> Result<(), StartError> {
        if self.blueprint.profile.start.canary_run {
            self.run_canary(chain)?;
        }
        for worker in self.workers.iter_mut().filter(|worker| !worker.stopped) {
            let new = worker.start_chain(&mut self.shared, chain)?;
            let old = core::mem::replace(&mut worker.chain, new);
            worker.retire(&mut self.shared, &old);
        }
        Ok(())
    }

    /// What runs before the workers: the canary, and the VM of the main thread.
    fn prepare(&mut self, chain: &Modules) -> Result<(), StartError> {
        if self.blueprint.profile.start.canary_run {
            self.run_canary(chain)?;
        }
        if self.blueprint.profile.start.main_thread_vm {
            let main = self.start_worker(chain)?;
            self.main_threads.push(main);
        }
        Ok(())
    }

    /// Each plugin of a chain starts in a VM that is thrown away.
    fn run_canary(&mut self, chain: &Modules) -> Result<(), StartError> {
        for (filter, (artifact, plugin)) in chain.iter().enumerate() {
            let setup = self.blueprint.setup(&mut self.shared, self.workers.len(), 0, true);
            let mut vm = Vm::new(artifact, setup)?;
            vm.initialize(&mut self.shared)?;
            let root = Root { plugin: Arc::clone(plugin), filter, timers: BTreeMap::new() };
            let context = vm.number();
            vm.start_root(&mut self.shared, context, root, true)?;
        }
        Ok(())
    }

    /// The VMs that live on the main thread, one per chain started, if the profile has them.
    #[must_use]
    pub fn main_threads(&self) -> &[WorkerId] {
        &self.main_threads
    }

    fn start_worker(&mut self, chain: &Modules) -> Result<WorkerId, StartError> {
        let index = self.workers.len();
        let mut worker = Worker::new(index, self.blueprint.clone());
        worker.chain = worker.start_chain(&mut self.shared, chain)?;
        self.workers.push(worker);
        Ok(WorkerId(index))
    }

    /// Sends a request and waits, in virtual time, until it is over, until nothing more can happen,
    /// or until the request's patience ends.
    pub fn request(&mut self, worker: WorkerId, request: Request) -> Transcript {
        let deadline = self.shared.clock.elapsed().saturating_add(request.patience);
        let stream = self.open(worker, request);
        self.wait(stream, deadline);
        self.finish(stream)
    }

    /// Lets things happen until the client has its answer, but nothing later than this time since
    /// the world began.
    pub(crate) fn wait(&mut self, stream: StreamId, until: Duration) {
        self.tape.wait(stream, until);
        while !self.is_over(stream) && self.step(until) {}
    }

    /// Sends a request and returns when its first callbacks have run.
    pub fn open(&mut self, worker: WorkerId, request: Request) -> StreamId {
        self.tape.request(worker, &request);
        let WorkerId(index) = worker;
        let drive = self.drive(index).filter(|drive| !drive.worker.leaving);
        let exchange = drive.map_or(0, |mut drive| drive.open(request));
        let stream = StreamId { worker: index, exchange };
        self.tape.stream(stream);
        stream
    }

    /// Whether the client has its answer.
    #[must_use]
    pub fn is_over(&mut self, stream: StreamId) -> bool {
        self.drive(stream.worker).is_none_or(|mut drive| drive.is_over(stream.exchange))
    }

    /// Ends a stream, as it stands, and tells what became of it.
    pub fn finish(&mut self, stream: StreamId) -> Transcript {
        let transcript = self.drive(stream.worker).and_then(|mut d| d.finish(stream.exchange));
        let transcript =
            transcript.unwrap_or_else(|| Transcript::of_nobody(self.shared.clock.elapsed()));
        self.tape.finished(stream, &transcript);
        transcript
    }

    /// The client of a stream goes away.
    pub fn abort(&mut self, stream: StreamId) -> Transcript {
        self.tape.abort(stream);
        if let Some(mut drive) = self.drive(stream.worker) {
            drive.abort(stream.exchange);
        }
        self.finish(stream)
    }

    /// Ends a worker without a word to its guest, as when the proxy's thread dies: no timer fires
    /// and no call ends there any more. What it shared stays.
    pub fn stop(&mut self, WorkerId(index): WorkerId) {
        self.tape.stop(WorkerId(index));
        if let Some(worker) = self.workers.get_mut(index) {
            worker.stopped = true;
        }
    }

    /// Lets virtual time pass: timers fire and calls end in their order.
    pub fn advance(&mut self, by: Duration) {
        self.tape.advance(by);
        let until = self.shared.clock.elapsed().saturating_add(by);
        while self.step(until) {}
        self.shared.clock.move_to(until);
    }

    /// Moves the wall clock without letting time pass, forwards or backwards.
    pub fn set_wall_clock_off_by(&mut self, milliseconds: i64) {
        self.tape.skew(milliseconds);
        self.shared.clock.skew(milliseconds);
    }

    /// How often each callback made each host call, in all VMs; nothing unless the world
    /// [counts](WorldBuilder::census).
    #[must_use]
    pub fn census(&self) -> Census {
        self.shared.faults.census.clone().unwrap_or_default()
    }

    /// How many faults were injected.
    #[must_use]
    pub fn faults_injected(&self) -> u64 {
        self.shared.faults.injected
    }

    /// Replaces the faults; calls are counted anew.
    pub fn set_faults(&mut self, faults: Vec<Fault>) {
        self.tape.unrecorded("faults");
        self.shared.faults.set(faults);
    }

    /// Lets the next thing happen, unless it is later than `until`.
    fn step(&mut self, until: Duration) -> bool {
        // A guest that starts something new in each event would hold the moment for ever.
        if self.shared.events.are_endless() {
            return false;
        }
        let Some((at, event)) = self.shared.events.next_until(until) else { return false };
        self.shared.clock.move_to(at);
        let worker = event.worker();
        if let Some(mut drive) = self.drive(worker) {
            drive.happen(event);
        }
        true
    }

    fn drive(&mut self, worker: usize) -> Option<Drive<'_>> {
        let worker = self.workers.get_mut(worker).filter(|worker| !worker.stopped)?;
        Some(Drive { worker, lent: &mut self.shared, origin: &mut self.origin })
    }

    /// All that was done so far and what came of it, if the world was built with
    /// [`keep_recording`](WorldBuilder::keep_recording).
    #[must_use]
    pub fn recording(&self) -> Option<Recording> {
        self.tape.recording(self, &self.blueprint.profile)
    }

    /// Virtual time since the world began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.shared.clock.elapsed()
    }

    /// Wall-clock time as guests read it.
    #[must_use]
    pub fn wall_clock(&self) -> Duration {
        self.shared.clock.wall()
    }

    /// When the next timer fires or call ends, since the world began.
    #[must_use]
    pub fn next_event_at(&self) -> Option<Duration> {
        self.shared.events.next_at()
    }

    /// Replaces or adds an upstream for call-outs.
    pub fn set_upstream(&mut self, name: &str, upstream: Upstream) {
        let upstream = self.tape.upstream(name, upstream);
        self.shared.upstreams.insert(name.to_owned(), upstream);
    }

    /// Replaces the upstream that requests go to.
    pub fn set_origin(&mut self, origin: Upstream) {
        self.origin = self.tape.origin(origin);
    }

    /// All metrics, in the order of their definition.
    #[must_use]
    pub fn metrics(&self) -> &[Metric] {
        self.shared.metrics.all()
    }

    /// Value of a metric by its full name.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<u64> {
        self.metrics().iter().find(|metric| metric.name == name).map(|metric| metric.value)
    }

    /// A shared-data value, as the VMs of this id see it; where data lives in zones, all see it.
    #[must_use]
    pub fn shared_data(&self, vm_id: &str, key: &[u8]) -> Option<Vec<u8>> {
        self.shared.data.peek(&self.blueprint.profile.shared, vm_id, key).map(<[u8]>::to_vec)
    }

    #[cfg(test)]
    pub(crate) fn store_for_tests(
        &mut self,
        WorkerId(index): WorkerId,
    ) -> &mut wasmtime::Store<crate::host::Host> {
        let worker = self.workers.get_mut(index).expect("a worker");
        worker.slots.values_mut().next().expect("a started VM").vm.store()
    }

    /// Everything a worker has logged, in order.
    #[must_use]
    pub fn logs(&self, WorkerId(index): WorkerId) -> &[Log] {
        self.shared.journals.get(&index).map_or(&[], |journal| &journal.logs)
    }

    /// What a worker did for no stream: start-up, ticks, and calls made from them.
    #[must_use]
    pub fn background(&self, WorkerId(index): WorkerId) -> Option<&Ledger> {
        self.shared.journals.get(&index).map(|journal| &journal.background)
    }

    /// The same, leaving an empty ledger behind.
    pub fn take_background(&mut self, WorkerId(index): WorkerId) -> Ledger {
        let journal = self.shared.journals.get_mut(&index);
        let taken = journal.map(|journal| core::mem::take(&mut journal.background));
        let taken = taken.unwrap_or_default();
        self.tape.background(WorkerId(index), &taken);
        taken
    }

    /// Calls that a worker made for no stream, in order.
    #[must_use]
    pub fn background_callouts(&self, worker: WorkerId) -> &[Callout] {
        self.background(worker).map_or(&[], |ledger| &ledger.callouts)
    }

    /// Bytes of a worker's linear memory.
    #[must_use]
    pub fn memory_bytes(&self, WorkerId(index): WorkerId) -> usize {
        self.workers.get(index).map_or(0, |worker| worker.memory_bytes())
    }

    /// Stream contexts of a worker that are not yet deleted.
    #[must_use]
    pub fn open_streams(&self, WorkerId(index): WorkerId) -> usize {
        self.workers.get(index).map_or(0, Worker::open_streams)
    }

    /// Why a worker's VM is down, if it is.
    #[must_use]
    pub fn failure(&self, WorkerId(index): WorkerId) -> Option<&Failure> {
        self.workers.get(index).and_then(Worker::failure)
    }

    /// How often a worker's VM was made anew after a failure.
    #[must_use]
    pub fn reloads(&self, WorkerId(index): WorkerId) -> u64 {
        self.workers.get(index).map_or(0, |worker| worker.reloads)
    }
}

fn modules(chain: &[(Artifact, Plugin)]) -> Vec<(Artifact, Arc<Plugin>)> {
    chain.iter().map(|(artifact, plugin)| (artifact.clone(), Arc::new(plugin.clone()))).collect()
}

impl core::fmt::Debug for World {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("World")
            .field("profile", &self.blueprint.profile.name)
            .field("elapsed", &self.elapsed())
            .field("workers", &self.workers.len())
            .finish_non_exhaustive()
    }
}
