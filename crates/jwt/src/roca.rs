//! The fingerprint of keys whose factors can be found (ROCA, CVE-2017-15361).
//!
//! The primes of the flawed generator are powers of 65537 modulo the product of the small primes,
//! and so is their product. A modulus that is such a power for every small prime is one of them;
//! of other moduli one in a hundred million looks alike.

const GENERATOR: u32 = 65537;

const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether a modulus has the fingerprint.
pub(crate) fn has_fingerprint(n: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power(remainder(n, *prime), *prime))
}

fn remainder(n: &[u8], prime: u32) -> u32 {
    n.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime)
}

/// Whether some power of the generator is `rest`, modulo `prime`.
fn is_power(rest: u32, prime: u32) -> bool {
    let mut power = 1;
    (1..prime).any(|_| {
        power = power * GENERATOR % prime;
        power == rest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_the_generator_are_found() {
        // 65537 is 10 modulo 37, whose powers are 10, 26 and 1.
        let found: Vec<u32> = (0..37).filter(|rest| is_power(*rest, 37)).collect();
        assert_eq!(found, [1, 10, 26]);
    }

    #[test]
    fn one_has_the_fingerprint_and_its_multiples_by_other_numbers_have_not() {
        assert!(has_fingerprint(&[1]));
        assert!(has_fingerprint(&[1, 0, 1]));
        assert!(!has_fingerprint(&[2]));
        assert!(!has_fingerprint(&[0]));
    }
}
