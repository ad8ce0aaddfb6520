//! Exchanges: how requests and responses move through the chain of a worker.
//!
//! A message is a row of frames. Each filter has an inbox and an outbox for each direction; what one
//! lets go the next one takes. A filter that was passed over, or that never saw the request, hands
//! frames on as they are.

mod answer;
mod call;
mod end;
mod fail;
mod leg;
mod life;
mod tcp;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::abi::Direction;
use crate::abi::env::schedule_tick;
use crate::error::Failure;
use crate::headers::Headers;
use crate::host::{Place, Shared};
use crate::ledger::Ledger;
use crate::profile::Isolation;
use crate::request::Request;
use crate::stream::{Frame, LocalResponse, Sent, Stream, Turn};
use crate::worker::{Chain, Filter, Worker};
use crate::world::event::Event;
use crate::world::nginx::{HostProperties, received};
use crate::world::upstream::{Fate, Upstream, UpstreamRequest, unreachable_origin};
use leg::Progress;

/// The part of one filter in an exchange.
#[derive(Debug, Default)]
struct Leg {
    /// The VM it runs in: its filter's, or one of its own.
    slot: u32,
    /// Its context, once it has seen something.
    context: Option<u32>,
    /// The guest is passed over.
    skipped: bool,
    /// What it let go and the next has not taken, request and response.
    out: [VecDeque<Frame>; 2],
}

/// One request and its response.
pub(crate) struct Exchange {
    pub(crate) chain: Chain,
    legs: Vec<Leg>,
    turn: Turn,
    /// What the client sent and no filter has taken.
    request: VecDeque<Frame>,
    /// What the upstream sent and no filter has taken.
    response: VecDeque<Frame>,
    has_body: bool,
    /// What the upstream and the client received.
    upstream: Sent,
    client: Sent,
    local: Option<LocalResponse>,
    answered_by: Option<usize>,
    failure: Option<Failure>,
    bypassed: bool,
    /// The proxy refused it because a VM is gone.
    refused: bool,
    aborted: bool,
    closed: bool,
    /// A filter made a call and did not wait for it, on a host that does not survive that.
    fatal: bool,
    properties: Arc<BTreeMap<Vec<u8>, Vec<u8>>>,
    guest_properties: BTreeMap<Vec<u8>, Vec<u8>>,
    host_properties: HostProperties,
    ledger: Ledger,
    opened_at: Duration,
    memory_before: usize,
}

impl Exchange {
    fn is_over(&self) -> bool {
        self.turn == Turn::Over
    }

    /// What the upstream gets may differ from what the last filter saw.
    fn seal_request(&mut self) {
        if let Some(headers) = &mut self.upstream.headers
            && self.host_properties.changes(headers)
        {
            *headers = self.host_properties.as_sent(headers);
        }
    }

    fn leg_of(&self, slot: u32, context: u32) -> Option<usize> {
        self.legs.iter().position(|leg| leg.slot == slot && leg.context == Some(context))
    }
}

fn index(direction: Direction) -> usize {
    match direction {
        Direction::Request => 0,
        Direction::Response => 1,
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
        self.reload_what_is_due();
        let Request { headers, chunks, trailers, properties, patience: _ } = request;
        let id = self.worker.next_exchange;
        self.worker.next_exchange += 1;
        let chain = Arc::clone(&self.worker.chain);
        let memory_before = self.worker.memory_bytes();
        let legs = chain.iter().map(|filter| Leg { slot: filter.slot, ..Leg::default() }).collect();
        let profile = &self.worker.blueprint.profile;
        let headers = received(headers, &profile.headers, &self.lent.server);
        let host_properties = HostProperties {
            variables: self.lent.variables.clone(),
            opened_at: self.lent.clock.elapsed(),
            body: if profile.bodies.readable_in_log { chunks.concat() } else { Vec::new() },
            ..HostProperties::default()
        };
        let mut exchange = Exchange {
            legs,
            chain,
            turn: Turn::Request,
            has_body: !chunks.is_empty(),
            request: Frame::message(headers, chunks, trailers),
            response: VecDeque::new(),
            upstream: Sent::default(),
            client: Sent::default(),
            local: None,
            answered_by: None,
            failure: None,
            bypassed: false,
            refused: false,
            aborted: false,
            closed: false,
            fatal: false,
            properties: Arc::new(properties),
            guest_properties: BTreeMap::new(),
            host_properties,
            ledger: Ledger::default(),
            opened_at: self.lent.clock.elapsed(),
            memory_before,
        };
        self.isolate(&mut exchange);
        self.run(&mut exchange, id);
        self.worker.exchanges.insert(id, exchange);
        self.settle();
        id
    }

    /// Gives an exchange instances of its own, where the host does.
    fn isolate(&mut self, exchange: &mut Exchange) {
        let isolation = self.worker.blueprint.profile.failures.isolation;
        if isolation == Isolation::Shared {
            return;
        }
        let chain = Arc::clone(&exchange.chain);
        let mut made: Vec<(u32, u32)> = Vec::new();
        for (place, filter) in chain.iter().enumerate() {
            let known = made.iter().find(|(shared, _)| *shared == filter.slot);
            let slot = match known.filter(|_| isolation == Isolation::Stream) {
                Some((_, slot)) => Ok(*slot),
                None => {
                    let same = |(at, other): &(usize, &Filter)| {
                        *at == place
                            || (isolation == Isolation::Stream && other.slot == filter.slot)
                    };
                    let filters: Vec<_> = chain.iter().enumerate().filter(same).collect();
                    self.worker.private_slot(self.lent, &filters)
                }
            };
            match (slot, exchange.legs.get_mut(place)) {
                (Ok(slot), Some(leg)) => {
                    made.push((filter.slot, slot));
                    leg.slot = slot;
                }
                (Err(error), _) => {
                    let message = error.to_string();
                    self.refuse(exchange, Failure::at_start(message));
                }
                (Ok(_), None) => {}
            }
        }
    }

    pub(crate) fn is_over(&mut self, id: u32) -> bool {
        self.worker.exchanges.get(&id).is_none_or(Exchange::is_over)
    }

    /// The client goes away: nothing more is sent either way.
    pub(crate) fn abort(&mut self, id: u32) {
        let Some(mut exchange) = self.worker.exchanges.remove(&id) else { return };
        if !exchange.is_over() {
            exchange.aborted = true;
            self.close(&mut exchange);
        }
        self.worker.exchanges.insert(id, exchange);
    }

    /// Something that was scheduled happens.
    pub(crate) fn happen(&mut self, event: Event) {
        match event {
            Event::UpstreamAnswers { exchange: id, .. } => {
                self.with(id, |drive, exchange| {
                    if exchange.turn == Turn::AwaitingUpstream {
                        exchange.turn = Turn::Response;
                        drive.run(exchange, id);
                    }
                });
            }
            Event::Tick { place, timer } => self.tick(place, timer),
            Event::QueueReady { place, queue } => {
                if self.is_usable(place.slot)
                    && let Some(vm) = self.worker.vm(place.slot)
                {
                    let end = vm.on_queue_ready(self.lent, place.root, queue);
                    self.checked(place.slot, end);
                }
            }
            Event::GrpcArrives { place, generation, token, orphan_of, delivery } => {
                self.grpc_arrives(place, generation, (token, orphan_of), delivery);
            }
            Event::CallEnds { place, generation, token, delivery } => {
                self.call_ends(place, generation, token, delivery);
            }
        }
        self.settle();
    }

    /// Works on an exchange that is taken out of the map meanwhile.
    fn with(&mut self, id: u32, work: impl FnOnce(&mut Self, &mut Exchange)) {
        if let Some(mut exchange) = self.worker.exchanges.remove(&id) {
            work(self, &mut exchange);
            self.worker.exchanges.insert(id, exchange);
        }
    }

    fn tick(&mut self, place: Place, timer: u64) {
        let runs = |drive: &mut Self| {
            let host = drive.worker.host(place.slot);
            host.and_then(|host| host.roots.get_mut(&place.root))
                .is_some_and(|root| root.fires(timer))
        };
        if !runs(self) || !self.is_usable(place.slot) || !runs(self) {
            return;
        }
        if let Some(vm) = self.worker.vm(place.slot) {
            let end = vm.on_tick(self.lent, place.root);
            self.checked(place.slot, end);
        }
        if let Some(host) = self.worker.host(place.slot) {
            core::mem::swap(&mut host.shared, self.lent);
            schedule_tick(host, place, timer);
            core::mem::swap(&mut host.shared, self.lent);
        }
    }

    /// Whether a VM can be called now; one that was spoiled is made fresh first.
    fn is_usable(&mut self, slot: u32) -> bool {
        let Some(found) = self.worker.slots.get(&slot) else { return false };
        if found.spoiled.is_some() {
            return self.worker.revive(self.lent, slot, false).is_ok();
        }
        found.failed.is_none()
    }

    fn checked(&mut self, slot: u32, end: Result<(), Failure>) {
        if let Err(failure) = end {
            self.fail_slot(slot, &failure);
        }
    }

    /// Moves every exchange that a guest or a failure moved, until none is left.
    fn settle(&mut self) {
        loop {
            for slot in self.worker.slots.values_mut() {
                let host = slot.vm.host();
                for context in core::mem::take(&mut host.woken) {
                    let exchange = host.streams.get(&context).map(|stream| stream.exchange);
                    self.worker.stirred.extend(exchange);
                }
            }
            let Some(id) = self.worker.stirred.pop() else { break };
            self.with(id, |drive, exchange| drive.run(exchange, id));
        }
        self.settle_connections();
        self.worker.delete_released(self.lent);
    }

    fn stream(&mut self, exchange: &Exchange, leg: usize) -> Option<&mut Stream> {
        let leg = exchange.legs.get(leg)?;
        self.worker.host(leg.slot)?.streams.get_mut(&leg.context?)
    }

    /// Lends the exchange's books to a filter, or takes them back.
    fn swap(&mut self, exchange: &mut Exchange, leg: usize) {
        let mut ledger = core::mem::take(&mut exchange.ledger);
        let mut properties = core::mem::take(&mut exchange.guest_properties);
        let mut kept = core::mem::take(&mut exchange.host_properties);
        if let Some(stream) = self.stream(exchange, leg) {
            core::mem::swap(&mut stream.ledger, &mut ledger);
            core::mem::swap(&mut stream.guest_properties, &mut properties);
            core::mem::swap(&mut stream.host_properties, &mut kept);
        }
        exchange.ledger = ledger;
        exchange.guest_properties = properties;
        exchange.host_properties = kept;
    }

    /// Moves an exchange as far as it goes by itself.
    fn run(&mut self, exchange: &mut Exchange, id: u32) {
        while !exchange.is_over() {
            if let Some(leg) = self.interrupted(exchange) {
                self.interrupt(exchange, id, leg);
                continue;
            }
            let direction = match exchange.turn {
                Turn::Request => Direction::Request,
                Turn::Response => Direction::Response,
                Turn::AwaitingUpstream | Turn::Over => return,
            };
            if !self.pass(exchange, id, direction) {
                return;
            }
        }
    }

    /// Lets every filter work on what has come to it; false when nothing moved.
    fn pass(&mut self, exchange: &mut Exchange, id: u32, direction: Direction) -> bool {
        let count = exchange.legs.len();
        let mut moved = false;
        for step in 0..count {
            let leg = match direction {
                Direction::Request => step,
                Direction::Response => count - 1 - step,
            };
            let incoming = self.incoming(exchange, leg, step, direction);
            moved |= !incoming.is_empty();
            match self.take_in(exchange, id, leg, direction, incoming) {
                Ok(Progress::Still) => {}
                Ok(Progress::Moved) => moved = true,
                Ok(Progress::Interrupted) => return true,
                Err(failure) => {
                    self.fail(exchange, leg, &failure);
                    return true;
                }
            }
        }
        let last = match direction {
            Direction::Request => count.checked_sub(1),
            Direction::Response => (count > 0).then_some(0),
        };
        let out = match last.and_then(|last| exchange.legs.get_mut(last)) {
            Some(leg) => leg.out.get_mut(index(direction)).map(core::mem::take),
            None => Some(core::mem::take(match direction {
                Direction::Request => &mut exchange.request,
                Direction::Response => &mut exchange.response,
            })),
        };
        let sent = match direction {
            Direction::Request => &mut exchange.upstream,
            Direction::Response => &mut exchange.client,
        };
        for frame in out.unwrap_or_default() {
            moved = true;
            sent.take(frame);
        }
        if sent.ended {
            match direction {
                Direction::Request => self.ask_origin(exchange, id),
                Direction::Response => self.close(exchange),
            }
            moved = true;
        }
        moved
    }

    /// What a filter is to take now.
    fn incoming(
        &mut self,
        exchange: &mut Exchange,
        leg: usize,
        step: usize,
        direction: Direction,
    ) -> VecDeque<Frame> {
        let source = match (step, direction) {
            (0, Direction::Request) => Some(&mut exchange.request),
            (0, Direction::Response) => Some(&mut exchange.response),
            (_, Direction::Request) => {
                let before = exchange.legs.get_mut(leg.wrapping_sub(1));
                before.and_then(|leg| leg.out.get_mut(0))
            }
            (_, Direction::Response) => {
                let before = exchange.legs.get_mut(leg + 1);
                before.and_then(|leg| leg.out.get_mut(1))
            }
        };
        source.map(core::mem::take).unwrap_or_default()
    }

    /// Hands the request to the upstream, whose answer may be there at once.
    fn ask_origin(&mut self, exchange: &mut Exchange, id: u32) {
        exchange.seal_request();
        let Sent { headers, body, trailers, .. } = &exchange.upstream;
        let reply = self.origin.reply_to(&UpstreamRequest {
            upstream: "origin".to_owned(),
            headers: headers.clone().unwrap_or_default(),
            body: body.clone(),
            trailers: trailers.clone(),
        });
        exchange.turn = Turn::AwaitingUpstream;
        for leg in 0..exchange.legs.len() {
            if let Some(stream) = self.stream(exchange, leg) {
                stream.going_up = false;
            }
        }
        exchange.response = match reply.fate {
            Fate::Answer => {
                let mut headers = reply.headers;
                exchange.host_properties.complete_response(&mut headers);
                Frame::message(headers, reply.chunks, reply.trailers)
            }
            Fate::Reset | Fate::CutOff | Fate::ConnectError | Fate::NotStarted => {
                let calls = &self.worker.blueprint.profile.calls;
                let (headers, body) = unreachable_origin(&reply.fate, calls);
                Frame::message(headers, body, Headers::new())
            }
            Fate::Never => return,
        };
        if reply.latency.is_zero() {
            exchange.turn = Turn::Response;
        } else {
            let at = self.lent.clock.elapsed().saturating_add(reply.latency);
            let event = Event::UpstreamAnswers { worker: self.worker.index, exchange: id };
            self.lent.events.schedule(at, event);
        }
    }

    /// Nothing more moves in this exchange.
    fn close(&mut self, exchange: &mut Exchange) {
        exchange.turn = Turn::Over;
        for leg in 0..exchange.legs.len() {
            if let Some(stream) = self.stream(exchange, leg) {
                stream.over = true;
            }
        }
    }
}
