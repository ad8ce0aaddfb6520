//! Where the items of a list are, by their ids.
//!
//! A table with open addressing that only grows or is emptied whole: all that is needed of a hash
//! table here, at a tenth of one's size in a guest module.

use alloc::vec;
use alloc::vec::Vec;

/// No item is here.
const NOWHERE: u32 = u32::MAX;
const SMALLEST: usize = 16;

#[derive(Debug, Default)]
pub(crate) struct Places {
    /// A power of two of them, at most three quarters taken.
    table: Vec<u32>,
    taken: usize,
}

impl Places {
    /// A table that holds this many items without growing.
    pub(crate) fn with_room(items: usize) -> Self {
        let size = if items == 0 { 0 } else { size_for(items) };
        Self { table: vec![NOWHERE; size], taken: 0 }
    }

    /// The place of the item that `is_it` recognises among those with the id's hash.
    pub(crate) fn find(&self, id: &[u8; 16], is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let last = self.table.len().checked_sub(1)?;
        let start = hash(id) & last;
        for step in 0..=last {
            let place = *self.table.get((start + step) & last)?;
            if place == NOWHERE {
                return None;
            }
            if is_it(place) {
                return Some(place);
            }
        }
        None
    }

    /// Adds an item that is not there yet; `id_of` tells the ids of all of them.
    pub(crate) fn insert<'i>(
        &mut self,
        id: &[u8; 16],
        place: u32,
        id_of: impl Fn(u32) -> Option<&'i [u8; 16]>,
    ) {
        if self.taken >= self.table.len() / 4 * 3 {
            let size = size_for(self.taken + 1);
            let old = core::mem::replace(&mut self.table, vec![NOWHERE; size]);
            for place in old {
                if let Some(id) = Some(place).filter(|place| *place != NOWHERE).and_then(&id_of) {
                    put(&mut self.table, id, place);
                }
            }
        }
        put(&mut self.table, id, place);
        self.taken += 1;
    }

    /// Forgets every item, and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.table.fill(NOWHERE);
        self.taken = 0;
    }
}

/// Takes the first free place from the id's own on.
fn put(table: &mut [u32], id: &[u8; 16], place: u32) {
    let last = table.len().wrapping_sub(1);
    let start = hash(id);
    for step in 0..table.len() {
        if let Some(free) = table.get_mut((start + step) & last).filter(|held| **held == NOWHERE) {
            *free = place;
            return;
        }
    }
}

/// The smallest table of which so many items take three quarters at most.
fn size_for(items: usize) -> usize {
    (items.saturating_add(items / 3) + 1).next_power_of_two().max(SMALLEST)
}

/// The portal draws ids at random and no client chooses one: mixing them once is enough.
fn hash(id: &[u8; 16]) -> usize {
    let end = id.last_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    // Half of it, so that sums stay in range.
    (end.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> [u8; 16] {
        let mut id = [0x80; 16];
        id[9..13].copy_from_slice(&number.to_be_bytes());
        id
    }

    #[test]
    fn every_item_is_found_and_no_other() {
        for room in [0, 1, 100] {
            let mut ids = Vec::new();
            let mut places = Places::with_room(room);
            for number in 0..1_000 {
                assert_eq!(places.find(&id(number), |at| ids[at as usize] == id(number)), None);
                ids.push(id(number));
                places.insert(&id(number), number, |at| ids.get(at as usize));
            }
            for number in 0..1_000 {
                let found = places.find(&id(number), |at| ids[at as usize] == id(number));
                assert_eq!(found, Some(number));
            }
            assert_eq!(places.find(&id(1_000), |at| ids[at as usize] == id(1_000)), None);
            assert!(places.taken * 4 <= places.table.len() * 3);
            places.clear();
            assert_eq!(places.find(&id(1), |at| ids[at as usize] == id(1)), None);
        }
    }

    #[test]
    fn what_is_expected_makes_nothing_grow() {
        for room in [1, 12, 13, 100, 1_024] {
            let mut places = Places::with_room(room);
            let size = places.table.len();
            let ids: Vec<_> = (0..1_024).map(id).collect();
            for number in 0..room {
                let number = u32::try_from(number).unwrap();
                places.insert(&id(number), number, |at| ids.get(at as usize));
            }
            assert_eq!(places.table.len(), size, "{room}");
        }
    }
}
