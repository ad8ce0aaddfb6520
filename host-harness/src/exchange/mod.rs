//! One worker at work: how streams move through the filter, and what happens when its VM fails.

mod end;
mod half;

use core::time::Duration;

use crate::abi::Direction;
use crate::abi::env::schedule_tick;
use crate::artifact::Artifact;
use crate::error::Failure;
use crate::headers::Headers;
use crate::host::{ROOT_CONTEXT, Shared};
use crate::plugin::FailurePolicy;
use crate::request::Request;
use crate::stream::{Half, Stream, Turn};
use crate::vm::{Setup, Vm};
use crate::world::event::Event;
use crate::world::upstream::{Delivery, Fate, Upstream, UpstreamRequest};
use half::Progress;

/// A VM with what is needed to make it anew.
pub(crate) struct Worker {
    pub(crate) artifact: Artifact,
    pub(crate) setup: Setup,
    pub(crate) vm: Vm,
    failed: Option<(Duration, Failure)>,
    /// The proxy has ended the thread.
    pub(crate) stopped: bool,
}

impl Worker {
    pub(crate) fn new(artifact: Artifact, setup: Setup, vm: Vm) -> Self {
        Self { artifact, setup, vm, failed: None, stopped: false }
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failed.as_ref().map(|(_, failure)| failure)
    }
}

/// A worker while it has the world's shared half in hand.
pub(crate) struct Drive<'a> {
    pub(crate) worker: &'a mut Worker,
    pub(crate) lent: &'a mut Box<Shared>,
    pub(crate) origin: &'a mut Upstream,
}

impl Drive<'_> {
    /// Takes in a request and runs its first callbacks.
    pub(crate) fn open(&mut self, request: Request) -> u32 {
        self.reload_if_due();
        let Request { headers, chunks, trailers, properties, patience: _ } = request;
        let now = self.lent.clock.elapsed();
        let memory_before = self.worker.vm.memory_bytes();
        let generation = self.worker.setup.generation;
        let host = self.worker.vm.host();
        let context = host.next_context;
        host.next_context += 1;
        let mut stream = Stream::new(Half::new(headers, chunks, trailers), now, generation);
        stream.properties = properties;
        stream.memory_before = memory_before;
        host.streams.insert(context, stream);
        if self.worker.failed.is_some() {
            self.apply_failure(context);
        } else {
            match self.worker.vm.create_context(self.lent, context, ROOT_CONTEXT) {
                Ok(()) => self.run(context),
                Err(failure) => self.fail(failure),
            }
        }
        self.settle();
        context
    }

    pub(crate) fn is_over(&mut self, context: u32) -> bool {
        self.stream(context).is_none_or(|stream| stream.turn == Turn::Over)
    }

    /// The client goes away: nothing more is sent either way.
    pub(crate) fn abort(&mut self, context: u32) {
        if let Some(stream) = self.stream(context).filter(|stream| stream.turn != Turn::Over) {
            stream.aborted = true;
            stream.turn = Turn::Over;
        }
    }

    /// Something that was scheduled happens.
    pub(crate) fn happen(&mut self, event: Event) {
        match event {
            Event::UpstreamAnswers { context, .. } => {
                if let Some(stream) = self.stream(context)
                    && stream.turn == Turn::AwaitingUpstream
                {
                    stream.turn = Turn::Response;
                    self.run(context);
                }
            }
            _ if self.worker.failed.is_some() => {}
            Event::Tick { generation, .. } => self.tick(generation),
            Event::QueueReady { queue, .. } => {
                let end = self.worker.vm.on_queue_ready(self.lent, queue);
                self.checked(end);
            }
            Event::CallEnds { generation, token, delivery, .. } => {
                if self.worker.setup.generation == generation {
                    self.call_ends(token, delivery);
                }
            }
        }
        self.settle();
    }

    fn tick(&mut self, generation: u64) {
        if self.worker.vm.host().tick_generation != generation {
            return;
        }
        let end = self.worker.vm.on_tick(self.lent);
        self.checked(end);
        let host = self.worker.vm.host();
        if host.tick_generation == generation {
            core::mem::swap(&mut host.shared, self.lent);
            schedule_tick(host);
            core::mem::swap(&mut host.shared, self.lent);
        }
    }

    fn call_ends(&mut self, token: u32, delivery: Delivery) {
        let Some(owner) = self.worker.vm.host().calls.remove(&token) else { return };
        let end = self.worker.vm.on_http_call_response(self.lent, token, owner, delivery);
        self.checked(end);
    }

    fn checked(&mut self, end: Result<(), Failure>) {
        if let Err(failure) = end {
            self.fail(failure);
        }
    }

    /// Moves every stream that the guest moved, until none is left.
    fn settle(&mut self) {
        while let Some(context) = self.worker.vm.host().woken.pop() {
            self.run(context);
        }
    }

    fn stream(&mut self, context: u32) -> Option<&mut Stream> {
        self.worker.vm.host().streams.get_mut(&context)
    }

    /// Moves a stream as far as it goes by itself.
    fn run(&mut self, context: u32) {
        loop {
            let profile = self.worker.setup.profile.clone();
            let Some(stream) = self.stream(context) else { return };
            if stream.turn == Turn::Over {
                return;
            }
            if stream.closed_by_guest {
                stream.turn = Turn::Over;
                return;
            }
            if stream.local.is_some() && !stream.local_taken {
                stream.answer_locally(&profile);
                continue;
            }
            let direction = match stream.turn {
                Turn::Request => Direction::Request,
                Turn::Response => Direction::Response,
                Turn::AwaitingUpstream | Turn::Over => return,
            };
            match self.pump(context, direction) {
                Ok(Progress::Waiting) => return,
                Ok(Progress::Interrupted) => {}
                Ok(Progress::Done) if direction == Direction::Request => self.ask_origin(context),
                Ok(Progress::Done) => {
                    if let Some(stream) = self.stream(context) {
                        stream.turn = Turn::Over;
                    }
                }
                Err(failure) => self.fail(failure),
            }
        }
    }

    /// Hands the request to the upstream, whose answer may be there at once.
    fn ask_origin(&mut self, context: u32) {
        let worker = self.worker.setup.worker;
        let Some(stream) = self.worker.vm.host().streams.get_mut(&context) else { return };
        let sent = &stream.request.sent;
        let reply = self.origin.reply_to(&UpstreamRequest {
            upstream: "origin".to_owned(),
            headers: sent.headers.clone().unwrap_or_default(),
            body: sent.body.clone(),
            trailers: sent.trailers.clone(),
        });
        let response = match reply.fate {
            Fate::Answer => Some(Half::new(reply.headers, reply.chunks, reply.trailers)),
            Fate::Reset | Fate::CutOff | Fate::ConnectError | Fate::NotStarted => {
                let headers: Headers = [(":status", "503")].into_iter().collect();
                Some(Half::new(headers, Vec::new(), Headers::new()))
            }
            Fate::Never => None,
        };
        stream.turn = Turn::AwaitingUpstream;
        let Some(response) = response else { return };
        stream.response = response;
        if reply.latency.is_zero() {
            stream.turn = Turn::Response;
        } else {
            let at = self.lent.clock.elapsed().saturating_add(reply.latency);
            self.lent.events.schedule(at, Event::UpstreamAnswers { worker, context });
        }
    }

    /// The VM is lost: every stream in it takes what the policy says.
    fn fail(&mut self, failure: Failure) {
        if self.worker.failed.is_none() {
            self.worker.failed = Some((self.lent.clock.elapsed(), failure));
        }
        let host = self.worker.vm.host();
        host.calls.clear();
        host.woken.clear();
        let contexts: Vec<u32> = host.streams.keys().copied().collect();
        for context in contexts {
            self.apply_failure(context);
        }
    }

    fn apply_failure(&mut self, context: u32) {
        let Some((_, failure)) = self.worker.failed.clone() else { return };
        let profile = self.worker.setup.profile.clone();
        let open = self.worker.setup.plugin.failure_policy == FailurePolicy::Open;
        let Some(stream) = self.stream(context).filter(|stream| stream.turn != Turn::Over) else {
            return;
        };
        stream.failure = Some(failure);
        if !open {
            stream.refuse_after_failure(&profile);
            return;
        }
        stream.bypassed = true;
        if stream.turn == Turn::Request {
            stream.request.flush_all();
        }
        self.run(context);
    }

    /// Under the reload policy, a VM that has been down long enough is made anew.
    fn reload_if_due(&mut self) {
        let Some((since, _)) = &self.worker.failed else { return };
        let Worker { setup, artifact, .. } = &*self.worker;
        let due = since.saturating_add(setup.profile.failures.reload_backoff)
            <= self.lent.clock.elapsed();
        if setup.plugin.failure_policy != FailurePolicy::Reload || !due {
            return;
        }
        let setup = Setup {
            generation: setup.generation + 1,
            random: setup.random.successor(),
            ..setup.clone()
        };
        let started = Vm::new(artifact, setup.clone()).and_then(|mut vm| {
            vm.boot(self.lent)?;
            Ok(vm)
        });
        self.worker.setup = setup;
        match started {
            Ok(mut vm) => {
                vm.inherit(self.worker.vm.host());
                self.worker.vm = vm;
                self.worker.failed = None;
            }
            Err(_) => {
                // Still down, and the back-off begins again.
                if let Some((since, _)) = &mut self.worker.failed {
                    *since = self.lent.clock.elapsed();
                }
            }
        }
    }
}
