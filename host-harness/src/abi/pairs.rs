//! Serialised header maps: a count, the lengths, then every key and value with a NUL behind it.

use crate::headers::Headers;

/// Why bytes are not a list of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    Truncated,
    TooManyPairs,
    TooLong,
}

pub(crate) fn encode(headers: &Headers) -> Vec<u8> {
    write(&headers.iter().collect::<Vec<_>>())
}

/// The same with the names as their sender wrote them.
pub(crate) fn encode_as_spelled(headers: &Headers) -> Vec<u8> {
    write(&headers.iter_as_spelled().collect::<Vec<_>>())
}

/// The first `most` pairs of a map that has more, as nginx cuts it: the length is reckoned from the
/// first `most` headers and as many pseudo-headers as fit behind them, at least one, but what is
/// written are all pseudo-headers and then as many headers as fit. The two lengths differ, so that
/// the map may end in the middle of a pair.
pub(crate) fn encode_cut(headers: &Headers, most: usize, as_spelled: bool) -> Vec<u8> {
    let mut all: Vec<(&[u8], &[u8])> =
        if as_spelled { headers.iter_as_spelled().collect() } else { headers.iter().collect() };
    let is_pseudo = |name: &[u8]| name.first() == Some(&b':');
    let (pseudo, real): (Vec<_>, Vec<_>) = all.iter().partition(|(name, _)| is_pseudo(name));
    let real: Vec<_> = real.into_iter().take(most).collect();
    let room = most.saturating_sub(real.len()).saturating_add(1);
    let reckoned = real.iter().chain(pseudo.iter().take(room));
    let len = 4 + reckoned.map(|(name, value)| 10 + name.len() + value.len()).sum::<usize>();
    all.truncate(most);
    let mut out = write(&all);
    out.resize(len, 0);
    out
}

fn write(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let len = pairs.iter().map(|(name, value)| 10 + name.len() + value.len()).sum::<usize>();
    let mut out = Vec::with_capacity(4 + len);
    out.extend_from_slice(&wire_len(pairs.len()));
    for (name, value) in pairs {
        out.extend_from_slice(&wire_len(name.len()));
        out.extend_from_slice(&wire_len(value.len()));
    }
    for (name, value) in pairs {
        for part in [*name, *value] {
            out.extend_from_slice(part);
            out.push(0);
        }
    }
    out
}

pub(crate) fn encoded_len(headers: &Headers) -> usize {
    4 + headers.iter().map(|(name, value)| 8 + name.len() + value.len() + 2).sum::<usize>()
}

pub(crate) fn decode(
    bytes: &[u8],
    max_pairs: usize,
    max_bytes: usize,
) -> Result<Headers, Malformed> {
    if bytes.len() > max_bytes {
        return Err(Malformed::TooLong);
    }
    if bytes.is_empty() || bytes == [0] {
        return Ok(Headers::new());
    }
    let (count, rest) = take_u32(bytes).ok_or(Malformed::Truncated)?;
    if count > max_pairs {
        return Err(Malformed::TooManyPairs);
    }
    let (mut lengths, mut data) = rest.split_at_checked(count * 8).ok_or(Malformed::Truncated)?;
    let mut headers = Headers::new();
    for _ in 0..count {
        let (name_len, after) = take_u32(lengths).ok_or(Malformed::Truncated)?;
        let (value_len, after) = take_u32(after).ok_or(Malformed::Truncated)?;
        lengths = after;
        let name = take_field(&mut data, name_len).ok_or(Malformed::Truncated)?;
        let value = take_field(&mut data, value_len).ok_or(Malformed::Truncated)?;
        headers.add(name, value);
    }
    Ok(headers)
}

fn take_u32(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*head)).ok()?, rest))
}

fn take_field<'a>(data: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (field, rest) = data.split_at_checked(len)?;
    let (_nul, rest) = rest.split_first()?;
    *data = rest;
    Some(field)
}

fn wire_len(len: usize) -> [u8; 4] {
    // A map that long cannot exist: the guest's whole memory is 32-bit.
    u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_keeps_order_duplicates_and_odd_bytes() {
        let mut headers = Headers::new();
        headers.add(b"a", b"1");
        headers.add(b"a", b"\x00\xff");
        headers.add(b"", b"");
        let bytes = encode(&headers);
        assert_eq!(bytes.len(), encoded_len(&headers));
        assert_eq!(decode(&bytes, 10, 1000), Ok(headers));
    }

    #[test]
    fn no_pairs_have_three_spellings() {
        for bytes in [&b""[..], &[0], &[0, 0, 0, 0]] {
            assert_eq!(decode(bytes, 10, 1000), Ok(Headers::new()));
        }
        assert!(encode(&Headers::new()).is_empty());
    }

    #[test]
    fn every_cut_is_refused() {
        let mut headers = Headers::new();
        headers.add(b"name", b"value");
        let bytes = encode(&headers);
        for cut in 1..bytes.len() {
            assert_eq!(decode(&bytes[..cut], 10, 1000), Err(Malformed::Truncated), "{cut}");
        }
    }

    #[test]
    fn a_cut_map_can_end_in_the_middle_of_a_pair() {
        let of = |real: usize| {
            let mut headers: Headers =
                [(":path", "/"), (":authority", "a-long-one")].into_iter().collect();
            for _ in 0..real {
                headers.add("x", "1");
            }
            encode_cut(&headers, 4, false)
        };
        // Three headers and two pseudo-headers: both lengths count one too few of something short.
        assert_eq!(decode(&of(4), 10, 1000), Err(Malformed::Truncated));
        assert_eq!(of(4).get(..4), Some(&[4, 0, 0, 0][..]));
        assert!(decode(&of(3), 10, 1000).is_ok());
    }

    #[test]
    fn limits_are_kept() {
        let mut headers = Headers::new();
        headers.add(b"a", b"1");
        headers.add(b"b", b"2");
        let bytes = encode(&headers);
        assert_eq!(decode(&bytes, 1, 1000), Err(Malformed::TooManyPairs));
        assert_eq!(decode(&bytes, 2, bytes.len() - 1), Err(Malformed::TooLong));
        assert_eq!(decode(&u32::MAX.to_le_bytes(), usize::MAX, 8), Err(Malformed::Truncated));
    }
}
