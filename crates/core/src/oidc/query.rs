//! Queries and forms, `application/x-www-form-urlencoded`: written, and read strictly.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::url::Url;

/// The query cannot be read, or has a parameter twice that may come once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadQuery;

/// The longest query that is read.
const MAX_QUERY_BYTES: usize = 16 * 1024;

/// The URL, ready to have parameters added.
pub(crate) fn to_url(url: &Url) -> String {
    let mut text = url.to_string();
    text.push(if text.contains('?') { '&' } else { '?' });
    text
}

/// Adds a parameter. Everything but letters, digits and `-._` is percent-encoded, so that the
/// same spelling holds in a query, in a form and in the parts of `Basic` (RFC 6749 2.3.1).
pub(crate) fn push(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() && !out.ends_with(['?', '&']) {
        out.push('&');
    }
    encode(out, name);
    out.push('=');
    encode(out, value);
}

/// Percent-encodes `text`.
pub(crate) fn encode(out: &mut String, text: &str) {
    const HEX: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or('0');
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(digit(byte >> 4));
            out.push(digit(byte & 15));
        }
    }
}

/// The path and the query of a request target.
pub(crate) fn split_target(target: &[u8]) -> (&[u8], &[u8]) {
    match target.iter().position(|byte| *byte == b'?') {
        None => (target, &[]),
        Some(at) => {
            let (path, query) = target.split_at_checked(at).unwrap_or((target, &[]));
            (path, query.get(1..).unwrap_or_default())
        }
    }
}

/// Whether a query has a parameter of this name, in any spelling.
pub(crate) fn has(query: &[u8], name: &str) -> bool {
    pairs(query).any(|(found, _)| decode(found).is_ok_and(|found| found == name.as_bytes()))
}

/// The values of the parameters `names`, each of which may come once. Others are not looked at.
///
/// # Errors
///
/// When one comes twice, or the query is longer than what is read, or an escape is not one, or a
/// value that was asked for is not UTF-8.
pub(crate) fn take<const N: usize>(
    query: &[u8],
    names: [&str; N],
) -> Result<[Option<String>; N], BadQuery> {
    if query.len() > MAX_QUERY_BYTES {
        return Err(BadQuery);
    }
    let mut values = [const { None }; N];
    for (name, value) in pairs(query) {
        let (name, value) = (decode(name)?, decode(value)?);
        let wanted =
            names.iter().zip(values.iter_mut()).find(|(wanted, _)| wanted.as_bytes() == name);
        if let Some((_, place)) = wanted {
            let value = String::from_utf8(value).map_err(|_| BadQuery)?;
            if place.replace(value).is_some() {
                return Err(BadQuery);
            }
        }
    }
    Ok(values)
}

/// The value of a parameter that may come once.
///
/// # Errors
///
/// As [`take`].
pub(crate) fn value_of(target: &[u8], name: &str) -> Result<Option<String>, BadQuery> {
    let (_, query) = split_target(target);
    take(query, [name]).map(|[value]| value)
}

/// A request target without a parameter, every copy of it; the others stay byte for byte.
#[must_use]
pub fn without(target: &[u8], name: &str) -> Vec<u8> {
    let (path, query) = split_target(target);
    let named = |pair: &&[u8]| {
        let found = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        decode(found).is_ok_and(|found| found == name.as_bytes())
    };
    let kept: Vec<&[u8]> = query.split(|byte| *byte == b'&').filter(|pair| !named(pair)).collect();
    let mut rest = path.to_vec();
    if kept.iter().any(|pair| !pair.is_empty()) {
        rest.push(b'?');
        rest.extend_from_slice(&kept.join(&b'&'));
    }
    rest
}

fn pairs(query: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    query.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=');
        at.and_then(|at| pair.split_at_checked(at))
            .map_or((pair, &[][..]), |(name, value)| (name, value.get(1..).unwrap_or_default()))
    })
}

fn decode(text: &[u8]) -> Result<Vec<u8>, BadQuery> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = rest.next().and_then(|byte| digit(*byte)).ok_or(BadQuery)?;
                let low = rest.next().and_then(|byte| digit(*byte)).ok_or(BadQuery)?;
                high << 4 | low
            }
            0x21..=0x7e => *byte,
            _ => return Err(BadQuery),
        });
    }
    Ok(out)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
