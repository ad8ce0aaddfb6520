//! Encryption at rest: AES-256-GCM under keys that are not in the database.
//!
//! A sealed value says under which key it is sealed, and is bound to its place: what was sealed for
//! one row does not open in another.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatekey_core::digest::Digest;
use gatekey_core::secret::Secret;

use crate::problem::Problem;

/// The length of a key.
pub(crate) const KEY_BYTES: usize = 32;
/// The first byte of every sealed value: the layout.
const LAYOUT: u8 = 1;

/// Where a value is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'p> {
    /// The table, and perhaps the column.
    pub(crate) table: &'p str,
    /// The row.
    pub(crate) row: &'p str,
}

impl Place<'_> {
    fn bound(self) -> Vec<u8> {
        let mut bound = Vec::with_capacity(self.table.len() + self.row.len() + 4);
        bound.extend_from_slice(&u32::try_from(self.table.len()).unwrap_or(u32::MAX).to_be_bytes());
        bound.extend_from_slice(self.table.as_bytes());
        bound.extend_from_slice(self.row.as_bytes());
        bound
    }
}

/// The keys. New values are sealed under the first, old ones open under any.
pub(crate) struct Vault {
    keys: Vec<(String, RandomizedNonceKey)>,
    /// A digest of each, in the same order.
    fingerprints: Vec<Digest>,
}

impl core::fmt::Debug for Vault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// Reads keys: one per line, `id:base64` of 32 bytes.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut keys: Vec<(String, RandomizedNonceKey)> = Vec::new();
        let mut fingerprints = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (id, key) = line.split_once(':').ok_or("each line must be `id:base64`")?;
            if id.is_empty() || id.len() > 64 || keys.iter().any(|(known, _)| known == id) {
                return Err("each id must have 1 to 64 characters and stand once".into());
            }
            let key = STANDARD.decode(key).map(Secret::new);
            let key = key.ok().filter(|key| key.expose().len() == KEY_BYTES);
            let key = key.ok_or("each key must be 32 bytes in base64")?;
            let named = [b"gatekey encryption key ".as_slice(), key.expose()].concat();
            fingerprints.push(Digest::sha256(Secret::new(named).expose()));
            let key = RandomizedNonceKey::new(&AES_256_GCM, key.expose());
            keys.push((id.to_owned(), key.map_err(|_| "a key cannot be used")?));
        }
        if keys.is_empty() {
            return Err("there must be a line".into());
        }
        Ok(Self { keys, fingerprints })
    }

    /// The keys' ids, each with a digest that tells it from others.
    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.keys.iter().map(|(id, _)| id.as_str()).zip(&self.fingerprints)
    }

    /// Seals a value for its place.
    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Problem> {
        let (id, key) = self.keys.first().ok_or_else(|| Problem::internal("there is no key"))?;
        let mut text = plain.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(place.bound()), &mut text)
            .map_err(|_| Problem::internal("cannot seal"))?;
        let mut sealed = Vec::with_capacity(2 + id.len() + NONCE_LEN + text.len());
        sealed.push(LAYOUT);
        sealed.push(u8::try_from(id.len()).unwrap_or_default());
        sealed.extend_from_slice(id.as_bytes());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Opens a value of its place.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Problem> {
        let broken = || {
            let Place { table, row } = place;
            let cause = format!("what is sealed in `{table}`, `{row}`, cannot be opened");
            Problem::internal(format!("{cause}: is its encryption key there?"))
        };
        let (key, nonce, text) = self.parts(sealed).ok_or_else(broken)?;
        let mut text = text.to_vec();
        let aad = Aad::from(place.bound());
        let length = key.open_in_place(nonce, aad, &mut text).map_err(|_| broken())?.len();
        text.truncate(length);
        Ok(Secret::new(text))
    }

    fn parts<'s>(&self, sealed: &'s [u8]) -> Option<(&RandomizedNonceKey, Nonce, &'s [u8])> {
        let (&[layout, id_length], rest) = sealed.split_first_chunk()?;
        if layout != LAYOUT {
            return None;
        }
        let (id, rest) = rest.split_at_checked(usize::from(id_length))?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
        let (_, key) = self.keys.iter().find(|(known, _)| known.as_bytes() == id)?;
        Some((key, Nonce::assume_unique_for_key(*nonce), text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place { table: "t", row: "1" };

    fn key(id: &str, byte: u8) -> String {
        format!("{id}:{}\n", STANDARD.encode([byte; KEY_BYTES]))
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let vault = Vault::read(&key("k1", 1)).unwrap();
        let sealed = vault.seal(HERE, b"secret").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_ne!(sealed, vault.seal(HERE, b"secret").unwrap());
        assert_eq!(vault.open(HERE, &sealed).unwrap().expose(), b"secret");
        for elsewhere in [Place { table: "t", row: "2" }, Place { table: "t1", row: "" }] {
            assert!(vault.open(elsewhere, &sealed).is_err());
        }
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(vault.open(HERE, &altered).is_err(), "{at}");
            assert!(vault.open(HERE, &sealed[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let old = Vault::read(&key("k1", 1)).unwrap();
        let both = Vault::read(&(key("k2", 2) + &key("k1", 1))).unwrap();
        let new = Vault::read(&key("k2", 2)).unwrap();
        let sealed = old.seal(HERE, b"a").unwrap();
        assert_eq!(both.open(HERE, &sealed).unwrap().expose(), b"a");
        assert!(new.open(HERE, &sealed).is_err());
        assert_eq!(new.open(HERE, &both.seal(HERE, b"b").unwrap()).unwrap().expose(), b"b");
    }

    #[test]
    fn broken_keys_are_refused() {
        let twice = key("k1", 1) + &key("k1", 2);
        for text in ["", "k1", "k1:c2hvcnQ=", ":AAAA", "k1:!", twice.as_str()] {
            assert!(Vault::read(text).is_err(), "{text}");
        }
    }
}
