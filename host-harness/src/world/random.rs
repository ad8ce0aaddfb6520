//! Seeded randomness: the same world gives its guests the same bytes.

use std::collections::VecDeque;

/// SplitMix64: small, and good enough for bytes that only have to differ.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// An own stream of bytes for one VM of a world.
    pub(crate) fn for_vm(seed: u64, vm: u64) -> Self {
        let mut random = Self(seed ^ vm.wrapping_mul(0xd1b5_4a32_d192_ed03));
        random.next();
        random
    }

    /// A stream of bytes for the VM that takes the place of this one.
    pub(crate) fn successor(&self) -> Self {
        Self(self.clone().next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(len + 8);
        while out.len() < len {
            out.extend_from_slice(&self.next().to_le_bytes());
        }
        out.truncate(len);
        out
    }
}

/// Process id of a worker on a host whose workers are processes.
pub(crate) fn process_id(worker: usize) -> u32 {
    u32::try_from(worker).unwrap_or(0).saturating_add(1000)
}

/// `random()` of the GNU C library: additive feedback over 31 words.
#[derive(Clone, Debug)]
pub(crate) struct LibcRandom {
    words: VecDeque<u32>,
}

impl LibcRandom {
    /// As nginx seeds it when a worker process starts, this long after 1970.
    pub(crate) fn of_worker(worker: usize, start: core::time::Duration) -> Self {
        let seconds = u32::try_from(start.as_secs() & u64::from(u32::MAX)).unwrap_or(0);
        Self::seeded((process_id(worker) << 16) ^ seconds ^ start.subsec_millis())
    }

    pub(crate) fn seeded(seed: u32) -> Self {
        let mut word = seed.max(1);
        let mut words = VecDeque::with_capacity(32);
        words.push_back(word);
        while words.len() < 31 {
            let signed = i64::from(word.cast_signed());
            let next = (16807 * (signed % 127_773)) - (2836 * (signed / 127_773));
            let next = if next < 0 { next + 2_147_483_647 } else { next };
            word = u32::try_from(next).unwrap_or(0);
            words.push_back(word);
        }
        // The first three words after these are those of 31 places before.
        words.rotate_left(3);
        let mut random = Self { words };
        for _ in 0..310 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u32 {
        let oldest = self.words.pop_front().unwrap_or(0);
        // Three places back, seen from the word that is made now.
        let word = oldest.wrapping_add(self.words.get(27).copied().unwrap_or(0));
        self.words.push_back(word);
        word >> 1
    }

    /// The low byte of each number, as `random_get` of ngx_wasm_module gives them.
    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        let low = |number: u32| {
            let [low, ..] = number.to_le_bytes();
            low
        };
        (0..len).map(|_| low(self.next())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeatable_per_vm_and_different_between_vms() {
        let bytes = Random::for_vm(7, 0).bytes(33);
        assert_eq!(bytes.len(), 33);
        assert_eq!(bytes, Random::for_vm(7, 0).bytes(33));
        assert_ne!(bytes, Random::for_vm(7, 1).bytes(33));
        assert_ne!(bytes, Random::for_vm(8, 0).bytes(33));
        assert_ne!(bytes, Random::for_vm(7, 0).successor().bytes(33));
    }

    #[test]
    fn the_library_function_gives_its_well_known_numbers() {
        let mut random = LibcRandom::seeded(1);
        let numbers: Vec<u32> = (0..4).map(|_| random.next()).collect();
        assert_eq!(numbers, [1_804_289_383, 846_930_886, 1_681_692_777, 1_714_636_915]);
        assert_eq!(LibcRandom::seeded(0).next(), 1_804_289_383);
        assert_eq!(LibcRandom::seeded(42).next(), 71_876_166);
    }
}
