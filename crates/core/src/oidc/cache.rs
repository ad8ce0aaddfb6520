//! What was found out about tokens, by digest. Bounded: a full set forgets what ends first.

use alloc::vec::Vec;

use super::Ticket;
use crate::digest::Digest;
use crate::id::StrategyId;
use crate::time::UnixTime;

/// How many entries share a place.
const WAYS: usize = 4;

/// Remembers one value for each (digest, strategy) until a point in time.
#[derive(Debug)]
pub(crate) struct Table<V> {
    /// Empty until something is remembered: a gateway without tokens pays nothing.
    sets: Vec<[Option<Entry<V>>; WAYS]>,
    capacity: usize,
}

#[derive(Debug)]
struct Entry<V> {
    digest: Digest,
    strategy: StrategyId,
    until: UnixTime,
    /// The call that found it out: the requests that waited for it may use it in any case.
    ticket: Option<Ticket>,
    value: V,
}

impl<V> Table<V> {
    /// A table for this many entries; with none it still serves the requests that waited.
    pub(crate) const fn new(capacity: usize) -> Self {
        Self { sets: Vec::new(), capacity }
    }

    fn place(&self, digest: &Digest) -> Option<usize> {
        let hash = digest.as_bytes().last_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        usize::try_from(hash.checked_rem(self.sets.len() as u64)?).ok()
    }

    /// What is known, while it holds or when `answered` is the call that told it.
    pub(crate) fn get(
        &self,
        digest: &Digest,
        strategy: StrategyId,
        now: UnixTime,
        answered: Option<Ticket>,
    ) -> Option<&V> {
        let set = self.sets.get(self.place(digest)?)?;
        let mut entries = set.iter().flatten();
        let found = entries.find(|known| known.strategy == strategy && known.digest == *digest)?;
        let told = answered.is_some() && found.ticket == answered;
        (told || now < found.until).then_some(&found.value)
    }

    /// Remembers a value in the place of what was known, of what is over, or of what ends first.
    pub(crate) fn put(
        &mut self,
        digest: Digest,
        strategy: StrategyId,
        until: UnixTime,
        ticket: Option<Ticket>,
        value: V,
    ) {
        if self.sets.is_empty() {
            let sets = (self.capacity / WAYS).max(1);
            self.sets.resize_with(sets, || core::array::from_fn(|_| None));
        }
        let Some(place) = self.place(&digest) else { return };
        let Some(set) = self.sets.get_mut(place) else { return };
        let rank = |slot: &Option<Entry<V>>| match slot {
            Some(known) if known.strategy == strategy && known.digest == digest => (0, 0),
            None => (1, 0),
            Some(known) => (2, known.until.0),
        };
        if let Some(slot) = set.iter_mut().min_by_key(|slot| rank(slot)) {
            *slot = Some(Entry { digest, strategy, until, ticket, value });
        }
    }

    pub(crate) fn remove(&mut self, digest: &Digest, strategy: StrategyId) {
        let Some(set) = self.place(digest).and_then(|place| self.sets.get_mut(place)) else {
            return;
        };
        let is_it = |known: &Entry<V>| known.strategy == strategy && known.digest == *digest;
        for slot in set.iter_mut().filter(|slot| slot.as_ref().is_some_and(is_it)) {
            *slot = None;
        }
    }

    /// Forgets every value that is not to be kept.
    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        for slot in self.sets.iter_mut().flatten() {
            if slot.as_ref().is_some_and(|known| !keep(&known.value)) {
                *slot = None;
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        self.sets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRATEGY: StrategyId = StrategyId::from_bytes([1; 16]);

    fn digest(at: u8) -> Digest {
        Digest::sha256(&[at])
    }

    #[test]
    fn what_is_over_is_forgotten_and_what_ends_first_makes_room() {
        let mut table = Table::new(4);
        for at in 0..5_u8 {
            table.put(digest(at), STRATEGY, UnixTime(100 + u64::from(at)), None, at);
        }
        let get = |at, now| table.get(&digest(at), STRATEGY, UnixTime(now), None).copied();
        assert_eq!(get(0, 1), None);
        assert_eq!(get(1, 1), Some(1));
        assert_eq!(get(4, 103), Some(4));
        assert_eq!(get(4, 104), None);
        assert_eq!(table.get(&digest(1), StrategyId::from_bytes([2; 16]), UnixTime(1), None), None);
    }

    #[test]
    fn what_is_not_to_be_kept_is_forgotten() {
        let mut table = Table::new(8);
        for at in 0..6_u8 {
            table.put(digest(at), STRATEGY, UnixTime(100), None, at);
        }
        table.retain(|value| *value != 3);
        let get = |at| table.get(&digest(at), STRATEGY, UnixTime(1), None).copied();
        assert_eq!((get(2), get(3), get(4)), (Some(2), None, Some(4)));
    }

    #[test]
    fn whoever_waited_for_an_answer_may_use_it_once_more() {
        let mut table = Table::new(0);
        table.put(digest(1), STRATEGY, UnixTime(0), Some(Ticket(7)), ());
        assert!(table.get(&digest(1), STRATEGY, UnixTime(9), Some(Ticket(7))).is_some());
        assert!(table.get(&digest(1), STRATEGY, UnixTime(9), Some(Ticket(8))).is_none());
        assert!(table.get(&digest(1), STRATEGY, UnixTime(9), None).is_none());
    }
}
