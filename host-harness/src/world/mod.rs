//! The world around the filters: time, workers, upstreams, and what they share.

mod builder;
pub(crate) mod clock;
pub(crate) mod event;
pub(crate) mod metric;
pub(crate) mod random;
pub(crate) mod shared;
pub(crate) mod upstream;

use core::time::Duration;
use std::sync::Arc;

pub use builder::WorldBuilder;
pub use metric::Metric;

use crate::artifact::Artifact;
use crate::error::{Failure, StartError};
use crate::exchange::{Drive, Worker};
use crate::host::Shared;
use crate::ledger::{Callout, Ledger, Log};
use crate::plugin::Plugin;
use crate::profile::Profile;
use crate::request::Request;
use crate::transcript::Transcript;
use crate::vm::{Budget, Setup, Vm};
use event::Event;
use random::Random;
use upstream::Upstream;

/// One VM on one worker thread of the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(usize);

/// One request in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    worker: usize,
    context: u32,
}

/// A proxy with virtual time: see the [crate's example](crate).
pub struct World {
    profile: Arc<Profile>,
    seed: u64,
    budget: Budget,
    recording: bool,
    shared: Box<Shared>,
    origin: Upstream,
    workers: Vec<Worker>,
    main_threads: Vec<WorkerId>,
    vms_made: u64,
}

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
        let plugin = Arc::new(plugin);
        self.prepare(artifact, &plugin)?;
        self.start_worker(artifact, &plugin)
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
        let plugin = Arc::new(plugin);
        self.prepare(artifact, &plugin)?;
        (0..workers).map(|_| self.start_worker(artifact, &plugin)).collect()
    }

    /// What runs before the workers: the canary, and the VM of the main thread.
    fn prepare(&mut self, artifact: &Artifact, plugin: &Arc<Plugin>) -> Result<(), StartError> {
        if self.profile.start.canary_run {
            let setup = self.setup(plugin, self.workers.len(), 0, true);
            Vm::new(artifact, setup)?.boot(&mut self.shared)?;
        }
        if self.profile.start.main_thread_vm {
            let main = self.start_worker(artifact, plugin)?;
            self.main_threads.push(main);
        }
        Ok(())
    }

    /// The VMs that live on the main thread, one per plugin started, if the profile has them.
    #[must_use]
    pub fn main_threads(&self) -> &[WorkerId] {
        &self.main_threads
    }

    fn start_worker(
        &mut self,
        artifact: &Artifact,
        plugin: &Arc<Plugin>,
    ) -> Result<WorkerId, StartError> {
        let index = self.workers.len();
        let setup = self.setup(plugin, index, 0, false);
        let mut vm = Vm::new(artifact, setup.clone())?;
        vm.boot(&mut self.shared)?;
        self.workers.push(Worker::new(artifact.clone(), setup, vm));
        Ok(WorkerId(index))
    }

    fn setup(
        &mut self,
        plugin: &Arc<Plugin>,
        worker: usize,
        generation: u64,
        canary: bool,
    ) -> Setup {
        self.vms_made += 1;
        Setup {
            profile: Arc::clone(&self.profile),
            plugin: Arc::clone(plugin),
            worker,
            generation,
            canary,
            random: Random::for_vm(self.seed, self.vms_made),
            recording: self.recording,
            budget: self.budget,
        }
    }

    /// Sends a request and waits, in virtual time, until it is over, until nothing more can happen,
    /// or until the request's patience ends.
    pub fn request(&mut self, worker: WorkerId, request: Request) -> Transcript {
        let deadline = self.shared.clock.elapsed().saturating_add(request.patience);
        let stream = self.open(worker, request);
        while !self.is_over(stream) {
            if !self.step(deadline) {
                break;
            }
        }
        self.finish(stream)
    }

    /// Sends a request and returns when its first callbacks have run.
    pub fn open(&mut self, worker: WorkerId, request: Request) -> StreamId {
        let WorkerId(index) = worker;
        let context = self.drive(index).map_or(0, |mut drive| drive.open(request));
        StreamId { worker: index, context }
    }

    /// Whether the client has its answer.
    #[must_use]
    pub fn is_over(&mut self, stream: StreamId) -> bool {
        self.drive(stream.worker).is_none_or(|mut drive| drive.is_over(stream.context))
    }

    /// Ends a stream, as it stands, and tells what became of it.
    pub fn finish(&mut self, stream: StreamId) -> Transcript {
        let transcript = self.drive(stream.worker).and_then(|mut d| d.finish(stream.context));
        transcript.unwrap_or_else(|| Transcript::of_nobody(self.shared.clock.elapsed()))
    }

    /// The client of a stream goes away.
    pub fn abort(&mut self, stream: StreamId) -> Transcript {
        if let Some(mut drive) = self.drive(stream.worker) {
            drive.abort(stream.context);
        }
        self.finish(stream)
    }

    /// Ends a worker without a word to its guest, as when the proxy's thread dies: no timer fires
    /// and no call ends there any more. What it shared stays.
    pub fn stop(&mut self, WorkerId(index): WorkerId) {
        if let Some(worker) = self.workers.get_mut(index) {
            worker.stopped = true;
        }
    }

    /// Lets virtual time pass: timers fire and calls end in their order.
    pub fn advance(&mut self, by: Duration) {
        let until = self.shared.clock.elapsed().saturating_add(by);
        while self.step(until) {}
        self.shared.clock.move_to(until);
    }

    /// Moves the wall clock without letting time pass, forwards or backwards.
    pub fn set_wall_clock_off_by(&mut self, milliseconds: i64) {
        self.shared.clock.skew(milliseconds);
    }

    /// Lets the next thing happen, unless it is later than `until`.
    fn step(&mut self, until: Duration) -> bool {
        let Some((at, event)) = self.shared.events.next_until(until) else { return false };
        self.shared.clock.move_to(at);
        let worker = match &event {
            Event::Tick { worker, .. }
            | Event::CallEnds { worker, .. }
            | Event::QueueReady { worker, .. }
            | Event::UpstreamAnswers { worker, .. } => *worker,
        };
        if let Some(mut drive) = self.drive(worker) {
            drive.happen(event);
        }
        true
    }

    fn drive(&mut self, worker: usize) -> Option<Drive<'_>> {
        let worker = self.workers.get_mut(worker).filter(|worker| !worker.stopped)?;
        Some(Drive { worker, lent: &mut self.shared, origin: &mut self.origin })
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
        self.shared.upstreams.insert(name.to_owned(), upstream);
    }

    /// Replaces the upstream that requests go to.
    pub fn set_origin(&mut self, origin: Upstream) {
        self.origin = origin;
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

    /// A shared-data value, as the VMs of this id see it.
    #[must_use]
    pub fn shared_data(&self, vm_id: &str, key: &[u8]) -> Option<Vec<u8>> {
        self.shared.data.get(vm_id, key).map(|(value, _)| value)
    }

    /// Everything a worker has logged, in order.
    #[must_use]
    pub fn logs(&self, WorkerId(index): WorkerId) -> &[Log] {
        self.workers.get(index).map_or(&[], |worker| worker.vm.logs())
    }

    /// What a worker did for no stream: start-up, ticks, and calls made from them.
    #[must_use]
    pub fn background(&self, WorkerId(index): WorkerId) -> Option<&Ledger> {
        self.workers.get(index).map(|worker| worker.vm.background())
    }

    /// The same, leaving an empty ledger behind.
    pub fn take_background(&mut self, WorkerId(index): WorkerId) -> Ledger {
        let worker = self.workers.get_mut(index);
        worker.map(|worker| core::mem::take(&mut worker.vm.host().background)).unwrap_or_default()
    }

    /// Calls that a worker made for no stream, in order.
    #[must_use]
    pub fn background_callouts(&self, worker: WorkerId) -> &[Callout] {
        self.background(worker).map_or(&[], |ledger| &ledger.callouts)
    }

    /// Bytes of a worker's linear memory.
    #[must_use]
    pub fn memory_bytes(&self, WorkerId(index): WorkerId) -> usize {
        self.workers.get(index).map_or(0, |worker| worker.vm.memory_bytes())
    }

    /// Stream contexts of a worker that are not yet deleted.
    #[must_use]
    pub fn open_streams(&self, WorkerId(index): WorkerId) -> usize {
        self.workers.get(index).map_or(0, |worker| worker.vm.open_streams())
    }

    /// Why a worker's VM is down, if it is.
    #[must_use]
    pub fn failure(&self, WorkerId(index): WorkerId) -> Option<&Failure> {
        self.workers.get(index).and_then(Worker::failure)
    }

    /// How often a worker's VM was made anew after a failure.
    #[must_use]
    pub fn reloads(&self, WorkerId(index): WorkerId) -> u64 {
        self.workers.get(index).map_or(0, |worker| worker.setup.generation)
    }
}

impl core::fmt::Debug for World {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("World")
            .field("profile", &self.profile.name)
            .field("elapsed", &self.elapsed())
            .field("workers", &self.workers.len())
            .finish_non_exhaustive()
    }
}
