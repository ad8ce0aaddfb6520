//! The padding of PSS signatures (RFC 8017 9.1), with the parameters of RFC 7518 3.5: one hash
//! throughout, and a salt as long as it.

use sha2::Digest;

/// EMSA-PSS-VERIFY (RFC 8017 9.1.2). `padded` is as long as the modulus, which has
/// `bits`.
pub(crate) fn matches<D: Digest>(padded: &[u8], bits: usize, hash: &[u8]) -> bool {
    // The encoding has a bit less than the modulus: these top bits are zero.
    let unused = (padded.len() * 8 + 1).saturating_sub(bits);
    let (padded, unused) = match (unused, padded) {
        (8, [0, rest @ ..]) => (rest, 0),
        (8, _) => return false,
        (unused, padded) => (padded, unused),
    };
    let Some((0xbc, padded)) = padded.split_last() else { return false };
    let Some(masked) = padded.len().checked_sub(hash.len()) else { return false };
    let Some((masked, seed)) = padded.split_at_checked(masked) else { return false };
    let used = 0xff_u8 >> unused;
    if masked.first().is_none_or(|first| first & !used != 0) {
        return false;
    }
    let mut block: Vec<u8> =
        masked.iter().zip(mgf1::<D>(seed)).map(|(byte, mask)| byte ^ mask).collect();
    if let Some(first) = block.first_mut() {
        *first &= used;
    }
    let Some(zeros) = block.len().checked_sub(hash.len() + 1) else { return false };
    let Some((zeros, [1, salt @ ..])) = block.split_at_checked(zeros) else { return false };
    let expected = D::new().chain_update([0; 8]).chain_update(hash).chain_update(salt).finalize();
    zeros.iter().all(|byte| *byte == 0) && expected.as_slice() == seed
}

/// The mask that grows from a seed (RFC 8017 B.2.1).
fn mgf1<D: Digest>(seed: &[u8]) -> impl Iterator<Item = u8> {
    (0_u32..).flat_map(move |counter| {
        D::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize().to_vec()
    })
}

#[cfg(test)]
mod tests {
    use sha2::{Sha256, Sha512};

    use super::*;

    /// EMSA-PSS-ENCODE (RFC 8017 9.1.1), with any salt and a hash of its own for the mask. Padded
    /// to the length of the modulus.
    fn encode<D: Digest, M: Digest>(bits: usize, hash: &[u8], salt: &[u8]) -> Vec<u8> {
        let length = (bits - 1).div_ceil(8);
        let digest = D::new().chain_update([0; 8]).chain_update(hash).chain_update(salt).finalize();
        let mut block = vec![0; length - digest.len() - 1 - salt.len() - 1];
        block.push(1);
        block.extend(salt);
        for (byte, mask) in block.iter_mut().zip(mgf1::<M>(&digest)) {
            *byte ^= mask;
        }
        block[0] &= 0xff >> (8 * length - (bits - 1));
        let mut padded = vec![0; bits.div_ceil(8) - length];
        padded.extend(block);
        padded.extend(digest);
        padded.push(0xbc);
        padded
    }

    #[test]
    fn every_length_of_modulus_is_understood() {
        let hash = Sha512::digest(b"message");
        for bits in 2048..=2064 {
            let padded = encode::<Sha512, Sha512>(bits, &hash, &[7; 64]);
            assert!(matches::<Sha512>(&padded, bits, &hash), "{bits}");
            assert!(!matches::<Sha512>(&padded, bits, &Sha512::digest(b"another")), "{bits}");
        }
    }

    #[test]
    fn the_salt_is_as_long_as_the_hash() {
        let hash = Sha256::digest(b"message");
        for length in [0, 1, 20, 31, 32, 33, 48, 64, 222] {
            let padded = encode::<Sha256, Sha256>(2048, &hash, &vec![7; length]);
            assert_eq!(matches::<Sha256>(&padded, 2048, &hash), length == 32, "{length}");
        }
    }

    #[test]
    fn the_mask_is_of_the_same_hash() {
        let hash = Sha256::digest(b"message");
        let padded = encode::<Sha256, Sha512>(2048, &hash, &[7; 32]);
        assert!(!matches::<Sha256>(&padded, 2048, &hash));
    }

    #[test]
    fn no_bit_can_be_altered() {
        let hash = Sha256::digest(b"message");
        for bits in [2048, 2049, 2050] {
            let padded = encode::<Sha256, Sha256>(bits, &hash, &[7; 32]);
            for at in 0..padded.len() * 8 {
                let mut altered = padded.clone();
                altered[at / 8] ^= 1 << (at % 8);
                assert!(!matches::<Sha256>(&altered, bits, &hash), "bit {at} of {bits}");
            }
        }
    }

    #[test]
    fn what_is_too_short_is_refused() {
        let hash = Sha256::digest(b"message");
        for length in 0..80 {
            assert!(!matches::<Sha256>(&vec![0; length], length * 8, &hash), "{length}");
            assert!(!matches::<Sha256>(&vec![0xbc; length], length * 8, &hash), "{length}");
        }
    }
}
