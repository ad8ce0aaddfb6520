//! RSA signatures, written down from RFC 8017 with every step in reach: a test may want one of
//! them done wrongly. Not in constant time.

use num_bigint::BigUint;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::names;

const EXPONENT: u32 = 65_537;

/// An RSA key pair.
#[derive(Clone, Debug)]
pub(super) struct KeyPair {
    pub(super) n: BigUint,
    d: BigUint,
}

/// The hash function of an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }

    /// The start of the `DigestInfo` (RFC 8017 9.2, note 1).
    const fn prefix(self) -> [u8; 19] {
        let (name, length) = match self {
            Self::Sha256 => (1, 32),
            Self::Sha384 => (2, 48),
            Self::Sha512 => (3, 64),
        };
        let whole = 17 + length;
        [
            0x30, whole, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            name, 0x05, 0x00, 0x04, length,
        ]
    }
}

impl KeyPair {
    /// Makes a pair of two primes in hexadecimal digits.
    pub(super) fn of(p: &str, q: &str) -> Option<Self> {
        let prime = |digits: &str| BigUint::parse_bytes(digits.as_bytes(), 16);
        let (p, q) = (prime(p)?, prime(q)?);
        let one = BigUint::from(1_u32);
        let d = BigUint::from(EXPONENT).modinv(&((&p - &one) * (&q - &one)))?;
        Some(Self { n: p * q, d })
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017 8.2).
    pub(super) fn sign_pkcs1(&self, hash: Hash, message: &[u8]) -> Option<Vec<u8>> {
        let digest = [&hash.prefix()[..], &hash.of(message)].concat();
        let padding = self.bytes().checked_sub(digest.len() + 3)?;
        let encoded = [&[0, 1][..], &vec![0xff; padding], &[0], &digest].concat();
        Some(self.apply(&encoded))
    }

    /// RSASSA-PSS (RFC 8017 8.1) with a salt as long as the hash, derived from the message.
    pub(super) fn sign_pss(&self, hash: Hash, message: &[u8]) -> Option<Vec<u8>> {
        let digest = hash.of(message);
        let salt = salt(&digest);
        let h = hash.of(&[&[0; 8][..], &digest, &salt].concat());
        let length = self.bytes().checked_sub(h.len() + 1)?;
        let zeros = length.checked_sub(salt.len() + 1)?;
        let mut db = [&vec![0; zeros][..], &[1], &salt].concat();
        for (byte, mask) in db.iter_mut().zip(mask(hash, &h, length)) {
            *byte ^= mask;
        }
        // The modulus has a whole number of bytes: one bit less is to be filled.
        if let Some(first) = db.first_mut() {
            *first &= 0x7f;
        }
        Some(self.apply(&[&db[..], &h, &[0xbc]].concat()))
    }

    fn bytes(&self) -> usize {
        usize::try_from(self.n.bits().div_ceil(8)).unwrap_or_default()
    }

    fn apply(&self, encoded: &[u8]) -> Vec<u8> {
        let signature = BigUint::from_bytes_be(encoded).modpow(&self.d, &self.n).to_bytes_be();
        let zeros = self.bytes().saturating_sub(signature.len());
        [vec![0; zeros], signature].concat()
    }
}

fn salt(digest: &[u8]) -> Vec<u8> {
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let whole = [names::seed("salt", &hex), names::seed("more salt", &hex)].concat();
    whole.into_iter().take(digest.len()).collect()
}

/// MGF1 (RFC 8017 B.2.1).
fn mask(hash: Hash, seed: &[u8], length: usize) -> Vec<u8> {
    let blocks = (0_u32..).map(|counter| hash.of(&[seed, &counter.to_be_bytes()].concat()));
    blocks.flatten().take(length).collect()
}
