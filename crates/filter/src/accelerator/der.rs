//! Keys and signatures in DER (X.690), as the host wants them.

use gatekey_core::jose::PublicKey;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// `rsaEncryption` without parameters (RFC 8017 A.1).
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// `id-ecPublicKey` on `secp256r1` (RFC 5480 2.1.1).
const P256: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// `id-ecPublicKey` on `secp384r1`.
const P384: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";

/// The order of P-256's group (SP 800-186 3.2.1.3).
pub(super) const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// The order of P-384's group (SP 800-186 3.2.1.4).
pub(super) const P384_ORDER: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];

/// A key as `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7); `None` for kinds that the host lacks.
pub(super) fn public_key_info(key: &PublicKey) -> Option<Vec<u8>> {
    let (algorithm, bits) = match key {
        PublicKey::Rsa { n, e } => (RSA, tagged(SEQUENCE, &[&integer(n)?, &integer(e)?])?),
        PublicKey::P256 { x, y } => (P256, [&[4], x.as_slice(), y].concat()),
        PublicKey::P384 { x, y } => (P384, [&[4], x.as_slice(), y].concat()),
        PublicKey::P521 { .. } | PublicKey::Ed25519(_) => return None,
    };
    let algorithm = tagged(SEQUENCE, &[algorithm])?;
    tagged(SEQUENCE, &[&algorithm, &tagged(BIT_STRING, &[&[0], &bits])?])
}

/// `r || s` as `ECDSA-Sig-Value` (RFC 3279 2.2.3); `None` when it has another length or a number
/// is not between 0 and the order, which no signature has.
pub(super) fn signature<const N: usize>(raw: &[u8], order: &[u8; N]) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at_checked(N)?;
    let fits = |number: &[u8]| {
        number.len() == N && number < order.as_slice() && number.iter().any(|byte| *byte != 0)
    };
    if !fits(r) || !fits(s) {
        return None;
    }
    tagged(SEQUENCE, &[&integer(r)?, &integer(s)?])
}

/// A number that is not negative, big-endian.
fn integer(number: &[u8]) -> Option<Vec<u8>> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = number.get(zeros..).unwrap_or_default();
    // Without this zero it would be negative, or nothing at all.
    let zero: &[u8] = if number.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    tagged(INTEGER, &[zero, number])
}

/// A value of one kind; `None` beyond 64 KiB, which no key comes near.
fn tagged(tag: u8, parts: &[&[u8]]) -> Option<Vec<u8>> {
    let length = u16::try_from(parts.iter().map(|part| part.len()).sum::<usize>()).ok()?;
    let [high, low] = length.to_be_bytes();
    let head: &[u8] = match length {
        0..0x80 => &[tag, low],
        0x80..0x100 => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    let mut value = Vec::with_capacity(head.len().saturating_add(usize::from(length)));
    value.extend_from_slice(head);
    for part in parts {
        value.extend_from_slice(part);
    }
    Some(value)
}
