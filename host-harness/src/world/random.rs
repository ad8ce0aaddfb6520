//! Seeded randomness: the same world gives its guests the same bytes.

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
}
