//! Keys that must not be used.

use super::support;
use gatekey_core::crypto::{Crypto as _, UnusableKey};
use gatekey_core::jose::PublicKey;
use gatekey_jwt::JWT;

fn refused(key: &PublicKey) -> bool {
    JWT.key(key).err() == Some(UnusableKey)
}

fn rsa(n: &[u8], e: &[u8]) -> PublicKey {
    PublicKey::Rsa { n: n.into(), e: e.into() }
}

/// An odd number of so many bits, with the highest and the lowest of them set.
fn modulus(bits: usize) -> Vec<u8> {
    let mut n = vec![0x5a; bits.div_ceil(8)];
    let top = (bits - 1) % 8;
    n[0] = 1 << top;
    *n.last_mut().unwrap() |= 1;
    n
}

#[test]
fn rsa_keys_are_2048_to_4096_bits() {
    for (bits, usable) in
        [(1024, false), (2047, false), (2048, true), (2049, true), (4096, true), (4097, false)]
    {
        assert_eq!(refused(&rsa(&modulus(bits), &[1, 0, 1])), !usable, "{bits}");
    }
}

#[test]
fn the_exponent_is_65537() {
    let n = modulus(2048);
    for e in [&[][..], &[0], &[1], &[3], &[17], &[1, 0, 0], &[0, 1, 0, 1], &[1, 0, 1, 1]] {
        assert!(refused(&rsa(&n, e)), "{e:?}");
    }
}

#[test]
fn the_modulus_is_odd_and_without_leading_zeros() {
    let mut even = modulus(2048);
    *even.last_mut().unwrap() &= 0xfe;
    let padded = [&[0], modulus(2048).as_slice()].concat();
    for n in [even, padded, Vec::new(), vec![0; 256]] {
        assert!(refused(&rsa(&n, &[1, 0, 1])), "{n:?}");
    }
}

#[test]
fn a_modulus_with_the_fingerprint_of_roca_is_refused() {
    // 65537 to the 128th: 2049 bits, odd, and a power of 65537 whatever it is divided by.
    let mut n = vec![1_u8];
    for _ in 0..128 {
        // Times 65536, plus itself.
        let mut sum = [n.as_slice(), &[0, 0]].concat();
        let mut carry = 0;
        for (at, byte) in sum.iter_mut().rev().enumerate() {
            let own = n.iter().rev().nth(at).copied().unwrap_or(0);
            let total = u16::from(*byte) + u16::from(own) + carry;
            (*byte, carry) = (total as u8, total >> 8);
        }
        assert_eq!(carry, 0);
        n = sum;
    }
    assert_eq!(n.len(), 257);
    assert!(refused(&rsa(&n, &[1, 0, 1])));
    *n.last_mut().unwrap() ^= 2;
    assert!(!refused(&rsa(&n, &[1, 0, 1])), "its neighbour");
}

#[test]
fn points_are_on_their_curve() {
    assert!(refused(&PublicKey::P256 { x: [0; 32], y: [0; 32] }));
    assert!(refused(&PublicKey::P256 { x: [1; 32], y: [1; 32] }));
    assert!(refused(&PublicKey::P256 { x: [0xff; 32], y: [0xff; 32] }));
    assert!(refused(&PublicKey::P384 { x: [0; 48], y: [0; 48] }));
    assert!(refused(&PublicKey::P384 { x: [1; 48], y: [1; 48] }));
    assert!(refused(&PublicKey::P521 { x: [0; 66], y: [0; 66] }));
    assert!(refused(&PublicKey::P521 { x: [0xff; 66], y: [0xff; 66] }));
    let x = support::number("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
    let mut y: [u8; 32] = support::number("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    assert!(!refused(&PublicKey::P256 { x, y }));
    y[31] ^= 1;
    assert!(refused(&PublicKey::P256 { x, y }));
}

#[test]
fn ed25519_keys_are_canonical_and_of_large_order() {
    let one = |first: u8, last: u8| {
        let mut bytes = [0; 32];
        (bytes[0], bytes[31]) = (first, last);
        bytes
    };
    // The points of order 1, 2 and 4, then y = p and y = p + 1, which are 0 and 1 spelt longer.
    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    let (mut p, mut p_and_one) = (minus_one, minus_one);
    (p[0], p_and_one[0]) = (0xed, 0xee);
    for bytes in [one(1, 0), one(0, 0), one(0, 0x80), one(1, 0x80), minus_one, p, p_and_one] {
        assert!(refused(&PublicKey::Ed25519(bytes)), "{bytes:x?}");
    }
    // One of order 8.
    let eight = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ];
    assert!(refused(&PublicKey::Ed25519(eight)));
    // No point at all.
    assert!(refused(&PublicKey::Ed25519(one(2, 0))));
}
