//! What all VMs of a world share: data under a VM id, queues, metrics.

use std::collections::{BTreeMap, VecDeque};

use crate::abi::Status;
use crate::host::Place;

/// Key and value store, per VM id, with compare-and-swap numbers.
#[derive(Debug, Default)]
pub(crate) struct SharedData {
    values: BTreeMap<(String, Vec<u8>), (Vec<u8>, u32)>,
    last_cas: u32,
}

impl SharedData {
    pub(crate) fn get(&self, vm_id: &str, key: &[u8]) -> Option<(Vec<u8>, u32)> {
        self.values.get(&(vm_id.to_owned(), key.to_vec())).cloned()
    }

    pub(crate) fn set(
        &mut self,
        vm_id: &str,
        key: &[u8],
        value: Vec<u8>,
        cas: u32,
        missing_key_succeeds: bool,
    ) -> Result<(), Status> {
        let slot = (vm_id.to_owned(), key.to_vec());
        match self.values.get(&slot) {
            Some((_, current)) if cas != 0 && cas != *current => return Err(Status::CasMismatch),
            None if cas != 0 && !missing_key_succeeds => return Err(Status::CasMismatch),
            _ => {}
        }
        // 0 means "unconditional" and is therefore never handed out.
        self.last_cas = self.last_cas.checked_add(1).unwrap_or(1);
        self.values.insert(slot, (value, self.last_cas));
        Ok(())
    }
}

#[derive(Debug)]
struct Queue {
    vm_id: String,
    name: Vec<u8>,
    /// The plugin that hears of new items: the last one to register.
    listener: Place,
    items: VecDeque<Vec<u8>>,
}

/// First-in-first-out queues, named per VM id; numbers start at 1.
#[derive(Debug, Default)]
pub(crate) struct SharedQueues {
    queues: Vec<Queue>,
}

impl SharedQueues {
    pub(crate) fn register(&mut self, vm_id: &str, name: &[u8], listener: Place) -> u32 {
        if let Some(id) = self.resolve(vm_id, name) {
            if let Some(queue) = self.queue(id) {
                queue.listener = listener;
            }
            return id;
        }
        self.queues.push(Queue {
            vm_id: vm_id.to_owned(),
            name: name.to_vec(),
            listener,
            items: VecDeque::new(),
        });
        u32::try_from(self.queues.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn resolve(&self, vm_id: &str, name: &[u8]) -> Option<u32> {
        let position = self.queues.iter().position(|q| q.vm_id == vm_id && q.name == name)?;
        u32::try_from(position + 1).ok()
    }

    /// Appends an item; the answer is whom to tell.
    pub(crate) fn enqueue(&mut self, id: u32, item: Vec<u8>) -> Result<Place, Status> {
        let queue = self.queue(id).ok_or(Status::NotFound)?;
        queue.items.push_back(item);
        Ok(queue.listener)
    }

    pub(crate) fn dequeue(&mut self, id: u32) -> Result<Vec<u8>, Status> {
        let queue = self.queue(id).ok_or(Status::NotFound)?;
        queue.items.pop_front().ok_or(Status::Empty)
    }

    fn queue(&mut self, id: u32) -> Option<&mut Queue> {
        let index = usize::try_from(id).ok()?.checked_sub(1)?;
        self.queues.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compare_and_swap() {
        let mut data = SharedData::default();
        assert_eq!(data.set("vm", b"k", vec![1], 9, false), Err(Status::CasMismatch));
        assert_eq!(data.set("vm", b"k", vec![1], 9, true), Ok(()));
        let (value, cas) = data.get("vm", b"k").unwrap();
        assert_eq!((value, cas), (vec![1], 1));
        assert_eq!(data.set("vm", b"k", vec![2], cas + 1, true), Err(Status::CasMismatch));
        assert_eq!(data.set("vm", b"k", vec![2], cas, true), Ok(()));
        assert_eq!(data.set("vm", b"k", vec![3], cas, true), Err(Status::CasMismatch));
        assert_eq!(data.set("vm", b"k", vec![3], 0, true), Ok(()));
        assert_eq!(data.get("other", b"k"), None);
    }

    #[test]
    fn queues_belong_to_a_vm_id_and_tell_the_last_registrant() {
        let mut queues = SharedQueues::default();
        let place = |worker| Place { worker, slot: 0, root: 1 };
        let id = queues.register("vm", b"q", place(0));
        assert_eq!(id, queues.register("vm", b"q", place(3)));
        assert_ne!(id, queues.register("other", b"q", place(0)));
        assert_eq!(queues.enqueue(id, vec![1]), Ok(place(3)));
        assert_eq!(queues.dequeue(id), Ok(vec![1]));
        assert_eq!(queues.dequeue(id), Err(Status::Empty));
        for id in [0, 3, u32::MAX] {
            assert_eq!(queues.dequeue(id), Err(Status::NotFound));
            assert_eq!(queues.enqueue(id, vec![]), Err(Status::NotFound));
        }
    }
}
