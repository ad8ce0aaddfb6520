//! The messages of Envoy's `verify_signature`, in the encoding of Protocol Buffers.

/// What Envoy says with a `result` of false about a signature that is wrong. Anything else is about
/// something else.
const WRONG: &[u8] = b"Failed to verify digest. Error code: 0";

/// Wire types.
const VARINT: u8 = 0;
const LENGTH_DELIMITED: u8 = 2;

/// `VerifySignatureArguments`.
pub(super) fn arguments(hash: &str, public_key: &[u8], signature: &[u8], text: &[u8]) -> Vec<u8> {
    let fields = [hash.as_bytes(), public_key, signature, text];
    let length = fields.iter().map(|field| field.len().saturating_add(6)).sum();
    let mut message = Vec::with_capacity(length);
    for (number, field) in (1_u8..).zip(fields) {
        message.push((number << 3) | LENGTH_DELIMITED);
        push_varint(&mut message, field.len());
        message.extend_from_slice(field);
    }
    message
}

fn push_varint(message: &mut Vec<u8>, mut number: usize) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return message.push(low & 0x7f);
        }
        message.push(low | 0x80);
    }
}

/// What `VerifySignatureResult` says about the signature; `None` when it says nothing about it.
pub(super) fn verdict(message: &[u8]) -> Option<bool> {
    let (mut result, mut error) = (false, &[][..]);
    let mut rest = message;
    while let Some((tag, after)) = rest.split_first() {
        let (number, after) = varint(after)?;
        rest = match (tag >> 3, tag & 7) {
            (1, VARINT) => {
                result = number != 0;
                after
            }
            (2, LENGTH_DELIMITED) => {
                let (field, after) = after.split_at_checked(usize::try_from(number).ok()?)?;
                error = field;
                after
            }
            _ => return None,
        };
    }
    match (result, error) {
        (true, []) => Some(true),
        (false, WRONG) => Some(false),
        _ => None,
    }
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            return Some((number, bytes.get(at + 1..)?));
        }
    }
    None
}
