//! What will happen when: events in order of time, and of their making where the time is the same.

use core::time::Duration;
use std::collections::BTreeMap;

use super::grpc::GrpcDelivery;
use super::upstream::Delivery;
use crate::host::Place;

#[derive(Debug)]
pub(crate) enum Event {
    /// A plugin's timer, unless it was set anew since.
    Tick { place: Place, timer: u64 },
    /// A call of a VM ends.
    CallEnds { place: Place, generation: u64, token: u32, delivery: Delivery },
    /// Something arrives for a gRPC call of a VM.
    GrpcArrives {
        place: Place,
        generation: u64,
        token: u32,
        /// The call never started; this is the context that tried.
        orphan_of: Option<u32>,
        delivery: GrpcDelivery,
    },
    /// A queue that a plugin listens to has an item.
    QueueReady { place: Place, queue: u32 },
    /// The upstream answers a request that the chain let through.
    UpstreamAnswers { worker: usize, exchange: u32 },
}

impl Event {
    pub(crate) fn worker(&self) -> usize {
        match self {
            Self::Tick { place, .. }
            | Self::CallEnds { place, .. }
            | Self::GrpcArrives { place, .. }
            | Self::QueueReady { place, .. } => place.worker,
            Self::UpstreamAnswers { worker, .. } => *worker,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Events {
    queue: BTreeMap<(Duration, u64), Event>,
    made: u64,
    /// How many events there were at the moment of the last one.
    at_once: (Duration, u64),
}

/// More events than this at one moment are one guest's endless conversation with itself.
const MAX_AT_ONCE: u64 = 100_000;

impl Events {
    pub(crate) fn schedule(&mut self, at: Duration, event: Event) {
        self.made += 1;
        self.queue.insert((at, self.made), event);
    }

    /// The next event not later than `until`.
    pub(crate) fn next_until(&mut self, until: Duration) -> Option<(Duration, Event)> {
        let entry = self.queue.first_entry()?;
        let (at, _) = *entry.key();
        if at > until {
            return None;
        }
        self.at_once = if at == self.at_once.0 { (at, self.at_once.1 + 1) } else { (at, 1) };
        Some((at, entry.remove()))
    }

    /// Whether the next event belongs to a moment that never ends. What is left of it then never
    /// happens.
    pub(crate) fn are_endless(&self) -> bool {
        let (moment, events) = self.at_once;
        events >= MAX_AT_ONCE && self.next_at() == Some(moment)
    }

    pub(crate) fn next_at(&self) -> Option<Duration> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_does_not_last_for_ever() {
        let mut events = Events::default();
        let moment = Duration::from_millis(1);
        let mut happened = 0;
        events.schedule(moment, Event::UpstreamAnswers { worker: 0, exchange: 0 });
        while !events.are_endless() && events.next_until(moment).is_some() {
            happened += 1;
            events.schedule(moment, Event::UpstreamAnswers { worker: 0, exchange: 0 });
        }
        assert_eq!(happened, MAX_AT_ONCE);
    }
}
