//! What names stand for: ids, peppers and keys, derived from the names alone.

use gatekey_core::digest::Digest;
use gatekey_core::key::KeyFormat;

/// The bytes of the id of something called `name`. `kind` keeps an API and an application of the
/// same name apart.
#[must_use]
pub fn id(kind: &str, name: &str) -> [u8; 16] {
    let mut id = [0; 16];
    let digest = seed(kind, name);
    id.iter_mut().zip(digest).for_each(|(place, byte)| *place = byte);
    // A version 4 UUID in form: never one that spells a key's id.
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut id;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    id
}

/// An id in its hyphenated form.
#[must_use]
pub fn id_text(bytes: [u8; 16]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |range| hex.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

/// Thirty-two bytes that belong to a name: the secret of a pepper, the seed of a signing key.
#[must_use]
pub fn seed(kind: &str, name: &str) -> [u8; 32] {
    *Digest::sha256(format!("gatekey scenarios\n{kind}\n{name}").as_bytes()).as_bytes()
}

/// The key that is issued under a name.
#[must_use]
pub fn key(name: &str, prefix: &str, environment: &str) -> Option<String> {
    let seed = seed("key", name);
    let format = KeyFormat::new(prefix, environment).ok()?;
    let entropy = seed.first_chunk()?;
    Some(format.issue(entropy).key.expose().clone())
}

/// The bytes that hexadecimal digits spell.
#[must_use]
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let text = |pair| core::str::from_utf8(pair).ok();
    pairs.iter().map(|pair| u8::from_str_radix(text(pair)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_the_same_things_today_and_tomorrow() {
        assert_eq!(id_text(id("api", "flights")), "69c5b48e-fe95-4f84-8db6-94b692511ce5");
        assert_ne!(id("api", "flights"), id("application", "flights"));
        assert_ne!(key("alice", "gk", "live"), key("bob", "gk", "live"));
        assert_eq!(key("alice", "gk live", "live"), None);
    }

    #[test]
    fn only_pairs_of_digits_are_bytes() {
        assert_eq!(unhex("00fF"), Some(vec![0, 255]));
        assert_eq!((unhex("0"), unhex("0g"), unhex("é0")), (None, None, None));
    }
}
