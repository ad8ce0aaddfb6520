//! Values of shared data that carry their own key.

use crate::host::{self, HostError};

/// How often a write is tried that another worker comes before.
const ATTEMPTS: usize = 3;

/// What a write finds in its place, or else does not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Whatever there is.
    Anything,
    /// The value that was read with this number.
    Number(u32),
}

/// A value that was stored under the key it names.
#[derive(Debug)]
pub(super) struct Record {
    bytes: Vec<u8>,
    start: usize,
    pub(super) cas: u32,
}

impl Record {
    pub(super) fn value(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

/// Reads a record; one that names another key is none.
pub(super) fn read(key: &str) -> Option<Record> {
    let shared = host::shared_data(key).ok()?;
    let start = opened(&shared.value, key)?;
    Some(Record { bytes: shared.value, start, cas: shared.cas })
}

/// Writes a record. For some hosts the number 0 does not mean anything but nothing: there what is
/// written over has to be read first.
pub(super) fn write(key: &str, value: &[u8], expected: Expected, zero_means_absent: bool) -> bool {
    let bytes = sealed(key, value);
    for _ in 0..ATTEMPTS {
        let cas = match expected {
            Expected::Number(cas) => cas,
            Expected::Anything if zero_means_absent => {
                host::shared_data(key).map_or(0, |shared| shared.cas)
            }
            Expected::Anything => 0,
        };
        match host::set_shared_data(key, &bytes, cas) {
            Err(HostError::CAS_MISMATCH) if expected == Expected::Anything => {}
            result => return result.is_ok(),
        }
    }
    false
}

fn sealed(key: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + key.len() + value.len());
    bytes.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend_from_slice(key.as_bytes());
    bytes.extend_from_slice(value);
    bytes
}

fn opened(bytes: &[u8], key: &str) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (stored, _) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    (stored == key.as_bytes()).then_some(2 + key.len())
}

/// Takes numbers off the front of a value.
pub(super) struct Fields<'v>(pub(super) &'v [u8]);

impl Fields<'_> {
    pub(super) fn u64(&mut self) -> Option<u64> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_only_under_its_own_key() {
        let bytes = sealed("a/b", b"value");
        assert_eq!(bytes.get(opened(&bytes, "a/b").unwrap()..), Some(&b"value"[..]));
        for other in ["a/c", "a", "a/b/", ""] {
            assert_eq!(opened(&bytes, other), None, "{other}");
        }
        for end in 0..5 {
            assert_eq!(opened(&bytes[..end], "a/b"), None);
        }
    }
}
