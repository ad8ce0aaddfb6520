//! The ABI's form of a list of headers: a count, the sizes of all names and values, then the
//! bytes, each followed by a NUL.

use gatekey_core::http::Header;

/// Reads the pairs in place; `None` when the bytes are not such a list.
pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<Header<'_>>> {
    let Some((count, rest)) = bytes.split_first_chunk() else {
        // An empty map may be no bytes at all, or a single zero.
        return bytes.iter().all(|byte| *byte == 0).then(Vec::new);
    };
    let count = u32::from_le_bytes(*count) as usize;
    let (sizes, mut data) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut headers = Vec::with_capacity(count);
    let (sizes, _) = sizes.as_chunks::<4>();
    let (sizes, _) = sizes.as_chunks::<2>();
    for [name, value] in sizes {
        let name = cut(&mut data, u32::from_le_bytes(*name))?;
        let value = cut(&mut data, u32::from_le_bytes(*value))?;
        headers.push(Header { name, value });
    }
    Some(headers)
}

fn cut<'d>(data: &mut &'d [u8], size: u32) -> Option<&'d [u8]> {
    let (taken, rest) = data.split_at_checked(size as usize)?;
    let (_nul, rest) = rest.split_first()?;
    *data = rest;
    Some(taken)
}

/// Writes the pairs; sizes beyond 32 bits cannot occur in a guest.
pub(crate) fn encode(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    let total: usize = pairs.iter().map(|(name, value)| name.len() + value.len() + 10).sum();
    let mut bytes = Vec::with_capacity(4 + total);
    bytes.extend_from_slice(&u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_le_bytes());
    for (name, value) in pairs {
        bytes.extend_from_slice(&size(name));
        bytes.extend_from_slice(&size(value));
    }
    for (name, value) in pairs {
        for part in [name, value] {
            bytes.extend_from_slice(part);
            bytes.push(0);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: [(&[u8], &[u8]); 3] = [(b":path", b"/"), (b"a", b""), (b"a", b"\xff\0x")];

    #[test]
    fn what_is_written_reads_back() {
        let bytes = encode(&PAIRS);
        let headers = decode(&bytes).unwrap();
        let read: Vec<_> = headers.iter().map(|header| (header.name, header.value)).collect();
        assert_eq!(read, PAIRS);
        assert_eq!(decode(&encode(&[])).unwrap(), []);
        assert_eq!(decode(&[]).unwrap(), []);
        assert_eq!(decode(&[0]).unwrap(), []);
    }

    #[test]
    fn what_is_cut_short_or_lies_about_its_size_is_refused() {
        let bytes = encode(&PAIRS);
        for end in 1..bytes.len() {
            assert!(decode(&bytes[..end]).is_none(), "{end}");
        }
        assert!(decode(&[255, 255, 255, 255, 0, 0, 0, 0]).is_none());
    }
}
