//! Counters, gathered in memory and handed to the host with each tick: a request pays nothing.

use crate::host;

/// Counts by name; names are few and fixed.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Vec<Counter>);

#[derive(Debug)]
struct Counter {
    name: &'static str,
    /// The host's number for it, once the host was told of it.
    id: Option<u32>,
    pending: i64,
}

impl Metrics {
    pub(crate) fn count(&mut self, name: &'static str) {
        match self.0.iter_mut().find(|counter| counter.name == name) {
            Some(counter) => counter.pending = counter.pending.saturating_add(1),
            None => self.0.push(Counter { name, id: None, pending: 1 }),
        }
    }

    /// Hands the counts over. A host that refuses a counter loses its counts, nothing else.
    pub(crate) fn flush(&mut self) {
        for counter in self.0.iter_mut().filter(|counter| counter.pending != 0) {
            if counter.id.is_none() {
                counter.id = host::define_counter(&format!("gatekey.{}", counter.name)).ok();
            }
            if let Some(id) = counter.id {
                let _ = host::increment(id, counter.pending);
            }
            counter.pending = 0;
        }
    }
}
