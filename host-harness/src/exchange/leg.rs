//! One filter at work on one direction of an exchange.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Drive, Exchange, index};
use crate::abi::Direction;
use crate::error::Failure;
use crate::plugin::FailurePolicy;
use crate::stream::{Frame, Half, LocalResponse, Stream};
use crate::vm::Action;

/// How far a filter came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Still,
    Moved,
    /// The exchange was answered or closed.
    Interrupted,
}

impl Drive<'_> {
    /// Gives a filter what has come for it and lets it work.
    pub(super) fn take_in(
        &mut self,
        exchange: &mut Exchange,
        id: u32,
        leg: usize,
        direction: Direction,
        incoming: VecDeque<Frame>,
    ) -> Result<Progress, Failure> {
        if !incoming.is_empty() && direction == Direction::Request {
            self.attend(exchange, id, leg)?;
        }
        if exchange.is_over() {
            return Ok(Progress::Interrupted);
        }
        let Some(part) = exchange.legs.get_mut(leg) else { return Ok(Progress::Still) };
        if part.skipped || part.context.is_none() {
            if let Some(out) = part.out.get_mut(index(direction)) {
                out.extend(incoming);
            }
            return Ok(Progress::Still);
        }
        if let Some(stream) = self.stream(exchange, leg) {
            stream.half(direction).inbox.extend(incoming);
        }
        let progress = self.pump(exchange, leg, direction)?;
        let sent =
            self.stream(exchange, leg).map(|s| core::mem::take(&mut s.half(direction).outbox));
        if let (Some(sent), Some(part)) = (sent, exchange.legs.get_mut(leg))
            && let Some(out) = part.out.get_mut(index(direction))
        {
            out.extend(sent);
        }
        Ok(progress)
    }

    /// Makes the context of a filter, when the request comes to it.
    fn attend(&mut self, exchange: &mut Exchange, id: u32, leg: usize) -> Result<(), Failure> {
        let chain = Arc::clone(&exchange.chain);
        let (Some(part), Some(filter)) = (exchange.legs.get(leg), chain.get(leg)) else {
            return Ok(());
        };
        if part.context.is_some() || part.skipped {
            return Ok(());
        }
        let slot = part.slot;
        if !self.is_usable(slot) {
            let failed = self.worker.slots.get(&slot);
            let failure = failed.and_then(|slot| {
                slot.failed.clone().map(|(_, failure)| failure).or_else(|| slot.spoiled.clone())
            });
            let failure = failure.unwrap_or_else(|| Failure::at_start("its VM is gone".to_owned()));
            if filter.plugin.failure_policy == FailurePolicy::Open {
                exchange.failure = Some(failure);
                exchange.bypassed = true;
                if let Some(part) = exchange.legs.get_mut(leg) {
                    part.skipped = true;
                }
            } else {
                self.refuse(exchange, failure);
            }
            return Ok(());
        }
        let Some(found) = self.worker.slots.get_mut(&slot) else { return Ok(()) };
        let generation = found.generation();
        let context = found.vm.number();
        let mut stream = Stream::new(id, filter.root, generation);
        stream.properties = Arc::clone(&exchange.properties);
        found.vm.host().streams.insert(context, stream);
        if let Some(part) = exchange.legs.get_mut(leg) {
            part.context = Some(context);
        }
        self.create(exchange, leg, slot, context, filter.root)
    }

    fn create(
        &mut self,
        exchange: &mut Exchange,
        leg: usize,
        slot: u32,
        context: u32,
        root: u32,
    ) -> Result<(), Failure> {
        self.swap(exchange, leg);
        let end = match self.worker.vm(slot) {
            Some(vm) => vm.create_context(self.lent, context, root),
            None => Ok(()),
        };
        self.swap(exchange, leg);
        end
    }

    /// Where an instance was replaced under an exchange, the fresh one gets a context too.
    pub(super) fn refresh(&mut self, exchange: &mut Exchange, leg: usize) -> Result<(), Failure> {
        let Some(part) = exchange.legs.get(leg) else { return Ok(()) };
        let (slot, Some(context)) = (part.slot, part.context) else { return Ok(()) };
        if self.worker.slots.get(&slot).is_some_and(|slot| slot.spoiled.is_some())
            && let Err(error) = self.worker.revive(self.lent, slot, false)
        {
            return Err(Failure::at_start(error.to_string()));
        }
        let Some(found) = self.worker.slots.get_mut(&slot) else { return Ok(()) };
        let generation = found.generation();
        let stale = found.vm.host().streams.get_mut(&context);
        let Some(stream) = stale.filter(|stream| stream.generation != generation) else {
            return Ok(());
        };
        stream.generation = generation;
        let root = stream.root;
        self.create(exchange, leg, slot, context, root)
    }

    /// Sends on what was released, or runs the callback of the next frame: one at a time, so that
    /// what a filter let go is on its way before it sees more.
    fn pump(
        &mut self,
        exchange: &mut Exchange,
        leg: usize,
        direction: Direction,
    ) -> Result<Progress, Failure> {
        let one_call = direction == Direction::Request
            && self.worker.blueprint.profile.bodies.request_in_one_call;
        let Some(stream) = self.stream(exchange, leg) else { return Ok(Progress::Still) };
        stream.released = false;
        let half = stream.half(direction);
        if half.release() {
            return Ok(Progress::Moved);
        }
        let frame = if half.blocked { None } else { half.inbox.pop_front() };
        let interrupted = match frame {
            None => return Ok(Progress::Still),
            Some(Frame::Headers(headers, last)) => {
                half.headers = headers;
                half.held_headers = Some(last);
                half.windows.headers = true;
                self.on_headers(exchange, leg, direction, last)?
            }
            Some(Frame::Data(data, last)) => {
                half.body.extend(data);
                half.held_body = Some(last);
                let end = last || matches!(half.inbox.front(), Some(Frame::Trailers(_)));
                if one_call && !end {
                    half.held = true;
                    return Ok(Progress::Moved);
                }
                self.on_body(exchange, leg, direction, if one_call { end } else { last })?
            }
            Some(Frame::Trailers(trailers)) => {
                half.trailers = trailers;
                half.held_trailers = true;
                self.on_trailers(exchange, leg, direction)?
            }
        };
        if interrupted {
            return Ok(Progress::Interrupted);
        }
        if let Some(stream) = self.stream(exchange, leg) {
            stream.half(direction).release();
        }
        Ok(Progress::Moved)
    }

    fn on_headers(
        &mut self,
        exchange: &mut Exchange,
        leg: usize,
        direction: Direction,
        last: bool,
    ) -> Result<bool, Failure> {
        let rules = &self.worker.blueprint.profile.streams;
        let last = last && rules.headers_know_the_end;
        let can_pause = direction == Direction::Request || rules.response_headers_can_pause;
        let crashes = self.worker.blueprint.profile.failures.continue_after_call_crashes;
        let chain = Arc::clone(&exchange.chain);
        let stop_iteration = rules.stop_iteration_option
            && chain.get(leg).is_some_and(|f| f.plugin.allow_on_headers_stop_iteration);
        let profile = Arc::clone(&self.worker.blueprint.profile);
        let stream = self.stream(exchange, leg);
        let count = stream.map_or(0, |s| s.half(direction).headers.announced(&profile));
        let action = self.call(exchange, leg, direction, |vm, lent, context| {
            vm.on_headers(lent, direction, context, (count, last))
        })?;
        let Some(half) = self.after(exchange, leg, direction, action) else { return Ok(true) };
        let pause = action == Action::Pause && !half.resumed && can_pause;
        if pause && stop_iteration {
            half.headers_wait = true;
        } else {
            half.blocked = pause;
        }
        if !pause
            && crashes
            && direction == Direction::Request
            && self.stream(exchange, leg).is_some_and(|stream| stream.called)
        {
            exchange.fatal = true;
        }
        Ok(false)
    }

    fn on_body(
        &mut self,
        exchange: &mut Exchange,
        leg: usize,
        direction: Direction,
        last: bool,
    ) -> Result<bool, Failure> {
        let limit = self.worker.blueprint.profile.bodies.buffer_limit;
        let Some(stream) = self.stream(exchange, leg) else { return Ok(true) };
        let half = stream.half(direction);
        half.windows.body = true;
        let size = half.body.len();
        let action = self.call(exchange, leg, direction, |vm, lent, context| {
            vm.on_body(lent, direction, context, (size, last))
        })?;
        let Some(half) = self.after(exchange, leg, direction, action) else { return Ok(true) };
        half.held = action == Action::Pause && !half.resumed;
        if !half.held {
            half.headers_wait = false;
        } else if half.body.len() > limit {
            self.refuse_size(exchange, leg, direction);
            return Ok(true);
        }
        Ok(false)
    }

    fn on_trailers(
        &mut self,
        exchange: &mut Exchange,
        leg: usize,
        direction: Direction,
    ) -> Result<bool, Failure> {
        let rules = &self.worker.blueprint.profile.streams;
        let called = match direction {
            Direction::Request => rules.request_trailers,
            Direction::Response => rules.response_trailers,
        };
        let Some(stream) = self.stream(exchange, leg) else { return Ok(true) };
        let half = stream.half(direction);
        if !called {
            return Ok(false);
        }
        half.windows.trailers = true;
        let count = half.trailers.len();
        let action = self.call(exchange, leg, direction, |vm, lent, context| {
            vm.on_trailers(lent, direction, context, count)
        })?;
        let Some(half) = self.after(exchange, leg, direction, action) else { return Ok(true) };
        half.blocked = action == Action::Pause && !half.resumed;
        if !half.blocked {
            half.held = false;
            half.headers_wait = false;
        }
        Ok(false)
    }

    /// Calls the guest for a filter of an exchange.
    pub(super) fn call<T>(
        &mut self,
        exchange: &mut Exchange,
        leg: usize,
        direction: Direction,
        callback: impl FnOnce(
            &mut crate::vm::Vm,
            &mut Box<crate::host::Shared>,
            u32,
        ) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.refresh(exchange, leg)?;
        let gone = || Failure::at_start("its VM is gone".to_owned());
        let part = exchange.legs.get(leg).ok_or_else(gone)?;
        let (slot, context) = (part.slot, part.context.ok_or_else(gone)?);
        if let Some(stream) = self.stream(exchange, leg) {
            stream.half(direction).resumed = false;
        }
        self.swap(exchange, leg);
        let end = match self.worker.vm(slot) {
            Some(vm) => callback(vm, self.lent, context),
            None => Err(gone()),
        };
        self.swap(exchange, leg);
        end
    }

    /// What a callback left behind: the half to go on with, unless the exchange was answered or
    /// closed.
    fn after(
        &mut self,
        exchange: &Exchange,
        leg: usize,
        direction: Direction,
        action: Action,
    ) -> Option<&mut Half> {
        let replaces = self.worker.blueprint.profile.streams.local_response_replaces_action;
        let stream = self.stream(exchange, leg)?;
        if stream.closed_by_guest {
            return None;
        }
        if stream.local.is_some() && !stream.local_taken {
            stream.released |=
                !replaces && action == Action::Continue && direction == Direction::Request;
            return None;
        }
        Some(stream.half(direction))
    }

    /// A paused filter holds back more than the proxy may buffer.
    fn refuse_size(&mut self, exchange: &Exchange, leg: usize, direction: Direction) {
        let (status, details) = match direction {
            Direction::Request => (413, "request_payload_too_large"),
            Direction::Response => (500, "response_payload_too_large"),
        };
        if let Some(stream) = self.stream(exchange, leg) {
            stream.local_taken = false;
            stream.local = Some(LocalResponse {
                status,
                headers: crate::Headers::new(),
                body: Vec::new(),
                details: details.to_owned(),
                grpc_status: None,
            });
        }
    }
}
