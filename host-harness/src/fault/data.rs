//! Data as a broken host hands it over.

use super::FaultKind;
use crate::abi::pairs;
use crate::headers::Headers;
use crate::world::random::Random;

/// How much is added to data that is too long.
const EXCESS: usize = 1 << 20;
/// No noise is shorter.
const LEAST_NOISE: usize = 16;
/// Never the beginning of a character.
const NO_CHARACTER: [u8; 2] = [0xff, 0xfe];

impl FaultKind {
    /// The data that a call hands over, as this fault leaves it; nothing when it leaves it alone.
    pub(crate) fn spoil(self, data: &[u8], is_map: bool) -> Option<Vec<u8>> {
        Some(match self {
            Self::EmptyData => Vec::new(),
            Self::ShortData => data.get(..data.len() / 2).unwrap_or_default().to_vec(),
            Self::OversizedData => {
                let mut long = data.to_vec();
                long.resize(data.len() + EXCESS, b'A');
                long
            }
            Self::GarbageData => {
                Random::for_vm(data.len() as u64, 0).bytes(data.len().max(LEAST_NOISE))
            }
            Self::NotUtf8 => match pairs::decode(data, usize::MAX, usize::MAX) {
                Ok(map) if is_map => pairs::encode(&unreadable(&map)),
                _ => [&NO_CHARACTER, data].concat(),
            },
            _ => return None,
        })
    }
}

/// The map with no value that is text.
fn unreadable(map: &Headers) -> Headers {
    map.iter().map(|(name, value)| (name, [&NO_CHARACTER, value].concat())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_spoils_in_its_way() {
        let spoil = |kind: FaultKind, data: &[u8]| kind.spoil(data, false).unwrap();
        assert!(spoil(FaultKind::EmptyData, b"data").is_empty());
        assert_eq!(spoil(FaultKind::ShortData, b"data"), b"da");
        assert_eq!(spoil(FaultKind::OversizedData, b"data").len(), 4 + EXCESS);
        assert_eq!(spoil(FaultKind::GarbageData, b"").len(), LEAST_NOISE);
        assert_eq!(spoil(FaultKind::GarbageData, b"ab"), spoil(FaultKind::GarbageData, b"cd"));
        assert!(core::str::from_utf8(&spoil(FaultKind::NotUtf8, b"data")).is_err());
        assert_eq!(FaultKind::Trap.spoil(b"data", false), None);
    }

    #[test]
    fn a_map_stays_a_map_when_its_values_are_no_text() {
        let map: Headers = [("a", "1"), ("b", "")].into_iter().collect();
        let spoiled = FaultKind::NotUtf8.spoil(&pairs::encode(&map), true).unwrap();
        let read = pairs::decode(&spoiled, 10, 100).unwrap();
        assert_eq!(read.get("a"), Some(&b"\xff\xfe1"[..]));
        assert_eq!(read.get("b"), Some(&b"\xff\xfe"[..]));
    }
}
