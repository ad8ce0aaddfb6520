//! The keys that callers may send. Several, so that the one in Konnect can be replaced: accept the
//! new one here, enter it there, then drop the old one here.

use gatekey_core::digest::Digest;

/// Digests of the keys.
#[derive(Debug)]
pub(crate) struct Keys(Vec<Digest>);

impl Keys {
    /// Reads keys that are separated by commas or white space.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let keys: Vec<&str> = text
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|key| !key.is_empty())
            .collect();
        if keys.is_empty() {
            return Err("holds no key".into());
        }
        for key in &keys {
            let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !plain || !(12..=256).contains(&key.len()) {
                return Err("a key has 12 to 256 letters, digits and underscores".into());
            }
        }
        Ok(Self(keys.into_iter().map(|key| Digest::sha256(key.as_bytes())).collect()))
    }

    /// Whether a key is one of them, in a time that tells neither which nor how much of it fits.
    pub(crate) fn accept(&self, key: &[u8]) -> bool {
        let digest = Digest::sha256(key);
        self.0.iter().fold(false, |found, known| found | (*known == digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_accepted_and_nothing_else() {
        let keys = Keys::read("abcdefghijkl, ABCDEFGHIJKL_1\nzzzzzzzzzzzz").unwrap();
        for key in ["abcdefghijkl", "ABCDEFGHIJKL_1", "zzzzzzzzzzzz"] {
            assert!(keys.accept(key.as_bytes()));
        }
        for key in ["", "abcdefghijk", "abcdefghijklm", "abcdefghijkl, "] {
            assert!(!keys.accept(key.as_bytes()), "{key}");
        }
    }

    #[test]
    fn a_weak_key_is_refused() {
        for text in ["", " , ", "short", "has-hyphens-inside", &"x".repeat(257)] {
            assert!(Keys::read(text).is_err(), "{text}");
        }
    }
}
