//! As much of Protocol Buffers as two host functions of Envoy need: the fields of a message.

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Eight or four bytes as they are.
    Fixed,
}

/// The fields in order, or nothing if the bytes are no message.
pub(crate) fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Value<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let number = tag >> 3;
        if number == 0 {
            return None;
        }
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut bytes)?),
            1 => take(&mut bytes, 8).map(|_| Value::Fixed)?,
            2 => {
                let len = varint(&mut bytes)?;
                Value::Bytes(take(&mut bytes, usize::try_from(len).ok()?)?)
            }
            5 => take(&mut bytes, 4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        fields.push((number, value));
    }
    Some(fields)
}

/// The last bytes under this number, as readers of the format take it.
pub(crate) fn bytes_of<'a>(fields: &[(u64, Value<'a>)], number: u64) -> Option<&'a [u8]> {
    fields.iter().rev().find_map(|(field, value)| match value {
        Value::Bytes(bytes) if *field == number => Some(*bytes),
        _ => None,
    })
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(head)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_every_kind() {
        let message = b"\x08\x96\x01\x12\x02hi\x19abcdefgh\x25abcd";
        let found = fields(message).unwrap();
        assert_eq!(found.len(), 4);
        assert_eq!(found[0], (1, Value::Varint(150)));
        assert_eq!(bytes_of(&found, 2), Some(&b"hi"[..]));
        assert_eq!(bytes_of(&found, 3), None);
        assert_eq!(fields(b""), Some(Vec::new()));
    }

    #[test]
    fn names_and_broken_messages_are_none() {
        for bytes in [&b"grpc-cluster"[..], b"\x0a\x05hi", b"\x00\x00", b"\x08", b"\x0b", b"\x0aa"]
        {
            assert_eq!(fields(bytes), None, "{bytes:?}");
        }
        assert_eq!(fields(&[0xff; 11]), None);
    }

    #[test]
    fn a_name_can_be_a_message_by_accident() {
        assert_eq!(fields(b"accounts1"), Some(vec![(12, Value::Fixed)]));
    }
}
