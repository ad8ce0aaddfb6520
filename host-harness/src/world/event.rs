//! What will happen when: events in order of time, and of their making where the time is the same.

use core::time::Duration;
use std::collections::BTreeMap;

use super::upstream::Delivery;

#[derive(Debug)]
pub(crate) enum Event {
    /// A worker's timer, unless it was set anew since.
    Tick { worker: usize, generation: u64 },
    /// A call of a worker ends.
    CallEnds { worker: usize, generation: u64, token: u32, delivery: Delivery },
    /// A queue that a worker listens to has an item.
    QueueReady { worker: usize, queue: u32 },
    /// The upstream answers a request that the filter let through.
    UpstreamAnswers { worker: usize, context: u32 },
}

#[derive(Debug, Default)]
pub(crate) struct Events {
    queue: BTreeMap<(Duration, u64), Event>,
    made: u64,
}

impl Events {
    pub(crate) fn schedule(&mut self, at: Duration, event: Event) {
        self.made += 1;
        self.queue.insert((at, self.made), event);
    }

    /// The next event not later than `until`.
    pub(crate) fn next_until(&mut self, until: Duration) -> Option<(Duration, Event)> {
        let entry = self.queue.first_entry()?;
        let (at, _) = *entry.key();
        (at <= until).then(|| (at, entry.remove()))
    }

    pub(crate) fn next_at(&self) -> Option<Duration> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }
}
