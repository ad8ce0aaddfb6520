//! What all VMs of a world share: data under a VM id or in a zone, queues, metrics.

use std::collections::{BTreeMap, VecDeque};

use super::checksum::crc32;
use crate::abi::{Refusal, Status};
use crate::host::Place;
use crate::profile::SharedState;

/// The zone of keys that name none.
const DEFAULT_ZONE: &str = "*";

/// Bytes that a record takes besides its key and value.
const RECORD_OVERHEAD: usize = 64;

/// Key and value store, per VM id or per zone, with compare-and-swap numbers.
#[derive(Debug, Default)]
pub(crate) struct SharedData {
    values: BTreeMap<Slot, Record>,
    zones: BTreeMap<String, Zone>,
    last_cas: u32,
    uses: u64,
}

/// VM id or name of the zone, and key or its checksum.
type Slot = (String, Vec<u8>);

#[derive(Debug)]
struct Record {
    value: Vec<u8>,
    cas: u32,
    last_use: u64,
}

/// A piece of memory that the proxy's configuration declares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zone {
    pub(crate) bytes: usize,
    /// Makes room by dropping what was not used for longest.
    pub(crate) evicts: bool,
}

impl SharedData {
    pub(crate) fn declare(&mut self, name: &str, zone: Zone) {
        self.zones.insert(name.to_owned(), zone);
    }

    /// What was declared.
    pub(crate) fn zones(&self) -> impl Iterator<Item = (&str, &Zone)> {
        self.zones.iter().map(|(name, zone)| (name.as_str(), zone))
    }

    /// A value as a test sees it, without using it.
    pub(crate) fn peek(&self, rules: &SharedState, vm_id: &str, key: &[u8]) -> Option<&[u8]> {
        let slot = self.slot(rules, vm_id, key).ok()?;
        self.values.get(&slot).map(|record| record.value.as_slice())
    }

    pub(crate) fn get(
        &mut self,
        rules: &SharedState,
        vm_id: &str,
        key: &[u8],
    ) -> Result<(Vec<u8>, u32), Refusal> {
        let slot = self.slot(rules, vm_id, key)?;
        self.uses += 1;
        let record = self.values.get_mut(&slot).ok_or(Status::NotFound)?;
        record.last_use = self.uses;
        Ok((record.value.clone(), record.cas))
    }

    /// Writes a value, or deletes it.
    pub(crate) fn set(
        &mut self,
        rules: &SharedState,
        vm_id: &str,
        key: &[u8],
        value: Option<Vec<u8>>,
        cas: u32,
    ) -> Result<(), Refusal> {
        let slot = self.slot(rules, vm_id, key)?;
        let current = self.values.get(&slot).map(|record| record.cas);
        let fits = match current {
            Some(current) => cas == current || (cas == 0 && !rules.zero_cas_means_absent),
            None => cas == 0 || rules.cas_on_missing_key_succeeds,
        };
        if !fits {
            return Err(Status::CasMismatch.into());
        }
        let Some(value) = value else {
            self.values.remove(&slot);
            return Ok(());
        };
        // 0 means something of its own and is therefore never handed out.
        let last = if rules.versions_per_key { current.unwrap_or(0) } else { self.last_cas };
        let cas = last.checked_add(1).unwrap_or(1);
        self.last_cas = cas;
        if rules.zones_are_declared {
            self.make_room(&slot, key.len() + value.len() + RECORD_OVERHEAD)?;
        }
        self.uses += 1;
        self.values.insert(slot, Record { value, cas, last_use: self.uses });
        Ok(())
    }

    fn slot(&self, rules: &SharedState, vm_id: &str, key: &[u8]) -> Result<Slot, Refusal> {
        let space = if rules.zones_are_declared {
            let named = key.split(|byte| *byte == b'/').next().unwrap_or_default();
            let named = core::str::from_utf8(named).ok().filter(|name| name.len() < key.len());
            let zone = named.and_then(|name| self.zones.get_key_value(name));
            let zone = zone.or_else(|| self.zones.get_key_value(DEFAULT_ZONE));
            zone.ok_or(Refusal::Trap("no shared-memory zone for this key"))?.0.as_str()
        } else {
            vm_id
        };
        let key = if rules.keys_match_by_crc32 {
            crc32(key).to_be_bytes().to_vec()
        } else {
            key.to_vec()
        };
        Ok((space.to_owned(), key))
    }

    /// Drops records until this many bytes fit into the slot's zone.
    fn make_room(&mut self, slot: &Slot, bytes: usize) -> Result<(), Refusal> {
        let Some(zone) = self.zones.get(&slot.0).copied() else { return Ok(()) };
        self.values.remove(slot);
        let size = |key: &Slot, record: &Record| key.1.len() + record.value.len() + RECORD_OVERHEAD;
        loop {
            let inside = || self.values.iter().filter(|(key, _)| key.0 == slot.0);
            let used: usize = inside().map(|(key, record)| size(key, record)).sum();
            if used.saturating_add(bytes) <= zone.bytes {
                return Ok(());
            }
            let oldest = inside().min_by_key(|(_, record)| record.last_use);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()).filter(|_| zone.evicts) else {
                return Err(Refusal::Trap("the shared-memory zone is full"));
            };
            self.values.remove(&oldest);
        }
    }
}

#[derive(Debug)]
struct Queue {
    vm_id: String,
    name: Vec<u8>,
    /// The plugin that hears of new items: the last one to register.
    listener: Place,
    items: VecDeque<Vec<u8>>,
    /// Most bytes that may wait.
    room: usize,
}

/// First-in-first-out queues, named per VM id; numbers start at 1.
#[derive(Debug, Default)]
pub(crate) struct SharedQueues {
    queues: Vec<Queue>,
    /// Queues that the proxy's configuration declares, with their size.
    declared: BTreeMap<Vec<u8>, usize>,
}

impl SharedQueues {
    pub(crate) fn declare(&mut self, name: &str, bytes: usize) {
        self.declared.insert(name.into(), bytes);
    }

    /// What was declared, with its size.
    pub(crate) fn declared(&self) -> impl Iterator<Item = (String, usize)> {
        let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        self.declared.iter().map(move |(queue, bytes)| (name(queue), *bytes))
    }

    pub(crate) fn register(
        &mut self,
        rules: &SharedState,
        vm_id: &str,
        name: &[u8],
        listener: Place,
    ) -> Result<u32, Refusal> {
        let (vm_id, room) = if rules.zones_are_declared {
            let room = self.declared.get(name).copied();
            ("", room.ok_or(Refusal::Trap("no such queue is declared"))?)
        } else {
            (vm_id, usize::MAX)
        };
        if let Some(id) = self.resolve(vm_id, name) {
            if let Some(queue) = self.find(id) {
                queue.listener = listener;
            }
            return Ok(id);
        }
        self.queues.push(Queue {
            vm_id: vm_id.to_owned(),
            name: name.to_vec(),
            listener,
            items: VecDeque::new(),
            room,
        });
        Ok(u32::try_from(self.queues.len()).unwrap_or(u32::MAX))
    }

    pub(crate) fn resolve(&self, vm_id: &str, name: &[u8]) -> Option<u32> {
        let position = self.queues.iter().position(|q| q.vm_id == vm_id && q.name == name)?;
        u32::try_from(position + 1).ok()
    }

    /// Appends an item; the answer is whom to tell.
    pub(crate) fn enqueue(
        &mut self,
        rules: &SharedState,
        id: u32,
        item: Vec<u8>,
    ) -> Result<Place, Refusal> {
        let queue = self.queue(rules, id)?;
        let waiting: usize = queue.items.iter().map(Vec::len).sum();
        if waiting.saturating_add(item.len()) > queue.room {
            return Err(Refusal::Trap("the queue is full"));
        }
        queue.items.push_back(item);
        Ok(queue.listener)
    }

    pub(crate) fn dequeue(&mut self, rules: &SharedState, id: u32) -> Result<Vec<u8>, Refusal> {
        let queue = self.queue(rules, id)?;
        Ok(queue.items.pop_front().ok_or(Status::Empty)?)
    }

    fn queue(&mut self, rules: &SharedState, id: u32) -> Result<&mut Queue, Refusal> {
        let unknown = if rules.bad_queue_traps {
            Refusal::Trap("no such queue")
        } else {
            Status::NotFound.into()
        };
        self.find(id).ok_or(unknown)
    }

    fn find(&mut self, id: u32) -> Option<&mut Queue> {
        let index = usize::try_from(id).ok()?.checked_sub(1)?;
        self.queues.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    fn rules(change: impl FnOnce(&mut SharedState)) -> SharedState {
        let mut rules = Profile::spec().shared;
        change(&mut rules);
        rules
    }

    #[test]
    fn compare_and_swap() {
        let strict = rules(|_| {});
        let lenient = rules(|rules| rules.cas_on_missing_key_succeeds = true);
        let mismatch = Err(Status::CasMismatch.into());
        let mut data = SharedData::default();
        let mut set = |rules, value, cas| data.set(rules, "vm", b"k", Some(vec![value]), cas);
        assert_eq!(set(&strict, 1, 9), mismatch);
        assert_eq!(set(&lenient, 1, 9), Ok(()));
        assert_eq!(set(&lenient, 2, 2), mismatch);
        assert_eq!(set(&lenient, 2, 1), Ok(()));
        assert_eq!(set(&lenient, 3, 1), mismatch);
        assert_eq!(set(&lenient, 3, 0), Ok(()));
        assert_eq!(data.get(&strict, "vm", b"k"), Ok((vec![3], 3)));
        assert_eq!(data.get(&strict, "other", b"k"), Err(Status::NotFound.into()));
        assert_eq!(data.peek(&strict, "other", b"k"), None);
    }

    #[test]
    fn zones_are_named_by_the_key_and_the_oldest_makes_room() {
        let rules = rules(|rules| rules.zones_are_declared = true);
        let mut data = SharedData::default();
        let none = Err(Refusal::Trap("no shared-memory zone for this key"));
        assert_eq!(data.get(&rules, "vm", b"z/k"), none);
        data.declare("z", Zone { bytes: 400, evicts: true });
        assert_eq!(data.get(&rules, "vm", b"z"), none);
        for key in [b"z/a", b"z/b"] {
            assert_eq!(data.set(&rules, "vm", key, Some(vec![0; 100]), 0), Ok(()));
        }
        assert!(data.get(&rules, "other vm", b"z/a").is_ok());
        assert_eq!(data.set(&rules, "vm", b"z/c", Some(vec![0; 100]), 0), Ok(()));
        assert!(data.peek(&rules, "vm", b"z/a").is_some());
        assert!(data.peek(&rules, "vm", b"z/b").is_none());
        let full = Err(Refusal::Trap("the shared-memory zone is full"));
        assert_eq!(data.set(&rules, "vm", b"z/d", Some(vec![0; 500]), 0), full);
        assert!(data.peek(&rules, "vm", b"z/a").is_none());
    }

    #[test]
    fn queues_belong_to_a_vm_id_and_tell_the_last_registrant() {
        let rules = rules(|_| {});
        let mut queues = SharedQueues::default();
        let place = |worker| Place { worker, slot: 0, root: 1 };
        let id = queues.register(&rules, "vm", b"q", place(0)).unwrap();
        assert_eq!(Ok(id), queues.register(&rules, "vm", b"q", place(3)));
        assert_ne!(Ok(id), queues.register(&rules, "other", b"q", place(0)));
        assert_eq!(queues.enqueue(&rules, id, vec![1]), Ok(place(3)));
        assert_eq!(queues.dequeue(&rules, id), Ok(vec![1]));
        assert_eq!(queues.dequeue(&rules, id), Err(Status::Empty.into()));
        for id in [0, 3, u32::MAX] {
            assert_eq!(queues.dequeue(&rules, id), Err(Status::NotFound.into()));
            assert_eq!(queues.enqueue(&rules, id, vec![]), Err(Status::NotFound.into()));
        }
    }
}
