//! The format of the API keys we issue.
//!
//! `<prefix>_<environment>_<key id><secret><checksum>`, for example
//! `gk_live_0B5Xz…`: 11 characters of public key id (64 bits), 27 of secret (160 bits) and 6 of
//! CRC-32 (ISO-HDLC) over everything before them, all base62 (`0-9 A-Z a-z`, most significant
//! first). A prefix lets secret scanners find leaked keys; the checksum lets a gateway drop
//! garbage before it hashes; the key id is what logs may show.
//!
//! The key id and the credential's UUID are two spellings of one number: a UUIDv8 (RFC 9562)
//! that holds the 64 bits of the key id and a fixed tag. A gateway learns the credential's id
//! from the key itself and need not store it.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::id::CredentialId;
use crate::secret::Secret;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_CHARS: usize = 11;
const SECRET_CHARS: usize = 27;
const CHECKSUM_CHARS: usize = 6;
const BODY_CHARS: usize = ID_CHARS + SECRET_CHARS + CHECKSUM_CHARS;
const MAX_LABEL_CHARS: usize = 16;
const MAX_KEY_CHARS: usize = 2 * MAX_LABEL_CHARS + 2 + BODY_CHARS;
/// The end of every [`CredentialId`] that spells a key id.
const TAG: [u8; 7] = *b"gatekey";

/// Bytes of entropy that [`KeyFormat::issue`] takes: 8 for the key id, 20 for the secret.
pub const ENTROPY_BYTES: usize = 28;

/// A prefix or an environment that cannot stand in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFormatError;

impl fmt::Display for KeyFormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("prefix and environment must have 1 to 16 characters of `a-z 0-9`")
    }
}

impl core::error::Error for KeyFormatError {}

/// What the operator chooses of the format: the words before the random part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFormat {
    lead: Box<str>,
}

impl KeyFormat {
    /// Makes a format from a prefix and an environment.
    ///
    /// # Errors
    ///
    /// When one of them is empty, longer than 16 characters, or not of `a-z 0-9`.
    pub fn new(prefix: &str, environment: &str) -> Result<Self, KeyFormatError> {
        if !is_label(prefix.as_bytes()) || !is_label(environment.as_bytes()) {
            return Err(KeyFormatError);
        }
        Ok(Self { lead: alloc::format!("{prefix}_{environment}_").into() })
    }

    /// Issues a key. `entropy` must come from a cryptographic source: whoever knows it knows the
    /// key.
    #[must_use]
    pub fn issue(&self, entropy: &[u8; ENTROPY_BYTES]) -> IssuedKey {
        let (id, secret) = entropy.split_at(8);
        let id = id.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let mut key = String::with_capacity(self.lead.len() + BODY_CHARS);
        key.push_str(&self.lead);
        push_base62::<ID_CHARS>(&mut key, &id.to_be_bytes());
        push_base62::<SECRET_CHARS>(&mut key, secret);
        let checksum = crc32(key.as_bytes());
        push_base62::<CHECKSUM_CHARS>(&mut key, &checksum.to_be_bytes());
        IssuedKey { key: Secret::new(key), credential: credential_id(id) }
    }
}

impl Default for KeyFormat {
    fn default() -> Self {
        Self { lead: "gk_live_".into() }
    }
}

/// A new key: shown to its owner once, then only its digest is kept.
#[derive(Debug)]
pub struct IssuedKey {
    /// The whole key.
    pub key: Secret<String>,
    /// The credential's id, which the key spells too.
    pub credential: CredentialId,
}

/// The bytes are not a key of ours: wrong shape, wrong alphabet or wrong checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedKey;

impl fmt::Display for MalformedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a key of the form `<prefix>_<environment>_<id><secret><checksum>`")
    }
}

impl core::error::Error for MalformedKey {}

/// A key as a client presented it, its shape and checksum tested. Nothing is proven yet.
#[derive(Clone, Copy)]
pub struct PresentedKey<'a> {
    bytes: &'a [u8],
    id: u64,
}

impl<'a> PresentedKey<'a> {
    /// Tests the shape and the checksum of what a client presented.
    ///
    /// # Errors
    ///
    /// When it cannot be a key of ours.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, MalformedKey> {
        if bytes.len() > MAX_KEY_CHARS {
            return Err(MalformedKey);
        }
        let (lead, body) = split_end(bytes, BODY_CHARS)?;
        let (before_checksum, checksum) = split_end(bytes, CHECKSUM_CHARS)?;
        let words = lead.strip_suffix(b"_").ok_or(MalformedKey)?;
        let mut words = words.split(|byte| *byte == b'_');
        let (Some(prefix), Some(environment), None) = (words.next(), words.next(), words.next())
        else {
            return Err(MalformedKey);
        };
        if !is_label(prefix) || !is_label(environment) {
            return Err(MalformedKey);
        }
        let id = body.get(..ID_CHARS).ok_or(MalformedKey).and_then(base62_value)?;
        let secret = body.get(ID_CHARS..ID_CHARS + SECRET_CHARS).ok_or(MalformedKey)?;
        if secret.iter().any(|char| digit(*char) == NO_DIGIT) {
            return Err(MalformedKey);
        }
        if base62_value(checksum)? != u64::from(crc32(before_checksum)) {
            return Err(MalformedKey);
        }
        Ok(Self { bytes, id })
    }

    /// The whole key, for digesting.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The credential the key says it is.
    #[must_use]
    pub fn credential(&self) -> CredentialId {
        credential_id(self.id)
    }

    /// The public key id: 11 characters that may stand in a log.
    #[must_use]
    pub fn key_id(&self) -> &'a str {
        let start = self.bytes.len().saturating_sub(BODY_CHARS);
        let id = self.bytes.get(start..start + ID_CHARS).unwrap_or_default();
        core::str::from_utf8(id).unwrap_or_default()
    }
}

impl fmt::Debug for PresentedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedKey({}..)", self.key_id())
    }
}

/// Whether a credential's id spells the id of a key we issued.
#[must_use]
pub fn is_issued(credential: CredentialId) -> bool {
    let bytes = credential.as_bytes();
    bytes.ends_with(&TAG) && bytes[6] >> 4 == 8 && bytes[8] & 0xf0 == 0x80
}

/// The public key id (11 characters) that the credential's id spells, if it is of a key we issued.
#[must_use]
pub fn key_id(credential: CredentialId) -> Option<String> {
    if !is_issued(credential) {
        return None;
    }
    let [a, b, c, d, e, f, g, h, i, ..] = *credential.as_bytes();
    let id = u64::from_be_bytes([a, b, c, d, e, f, 0, 0])
        | u64::from(g & 0x0f) << 12
        | u64::from(h) << 4
        | u64::from(i & 0x0f);
    let mut text = String::with_capacity(ID_CHARS);
    push_base62::<ID_CHARS>(&mut text, &id.to_be_bytes());
    Some(text)
}

/// UUIDv8: 48 bits of the id, the version, 12 bits, the variant and two zero bits, 4 bits, tag.
fn credential_id(id: u64) -> CredentialId {
    let [a, b, c, d, e, f, g, h] = id.to_be_bytes();
    let [t, u, v, w, x, y, z] = TAG;
    let custom_b = 0x80 | g >> 4;
    let low = g << 4 | h >> 4;
    CredentialId::from_bytes([
        a,
        b,
        c,
        d,
        e,
        f,
        custom_b,
        low,
        0x80 | h & 0x0f,
        t,
        u,
        v,
        w,
        x,
        y,
        z,
    ])
}

fn is_label(bytes: &[u8]) -> bool {
    let lower = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=MAX_LABEL_CHARS).contains(&bytes.len()) && bytes.iter().all(lower)
}

fn split_end(bytes: &[u8], count: usize) -> Result<(&[u8], &[u8]), MalformedKey> {
    bytes.len().checked_sub(count).and_then(|at| bytes.split_at_checked(at)).ok_or(MalformedKey)
}

/// What each byte is worth in base62; [`NO_DIGIT`] for those that are no digit.
const DIGITS: [u8; 256] = digits();
const NO_DIGIT: u8 = u8::MAX;

#[allow(clippy::indexing_slicing, reason = "runs at compile time, where a panic is an error")]
const fn digits() -> [u8; 256] {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        digits[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    digits
}

fn digit(char: u8) -> u8 {
    DIGITS.get(usize::from(char)).copied().unwrap_or(NO_DIGIT)
}

/// The number that base62 characters spell, if it has at most 64 bits.
fn base62_value(chars: &[u8]) -> Result<u64, MalformedKey> {
    const LIMIT: u64 = u64::MAX / 62;
    const LAST: u64 = u64::MAX % 62;
    chars.iter().try_fold(0_u64, |value, char| {
        let digit = u64::from(digit(*char));
        if digit == u64::from(NO_DIGIT) || value > LIMIT || (value == LIMIT && digit > LAST) {
            return Err(MalformedKey);
        }
        Ok(value.wrapping_mul(62).wrapping_add(digit))
    })
}

/// Appends the big-endian number in `bytes` as exactly `N` base62 characters.
fn push_base62<const N: usize>(text: &mut String, bytes: &[u8]) {
    let mut number = [0_u8; 32];
    let digits = number.get_mut(..bytes.len()).unwrap_or_default();
    digits.copy_from_slice(bytes);
    let mut chars = [b'0'; N];
    for char in chars.iter_mut().rev() {
        let mut remainder = 0_u32;
        for digit in digits.iter_mut() {
            let value = remainder << 8 | u32::from(*digit);
            *digit = u8::try_from(value / 62).unwrap_or_default();
            remainder = value % 62;
        }
        *char = ALPHABET.get(remainder as usize).copied().unwrap_or_default();
    }
    text.extend(chars.iter().map(|char| char::from(*char)));
}

const CRC_TABLE: [u32; 256] = crc_table();

#[allow(clippy::indexing_slicing, reason = "runs at compile time, where a panic is an error")]
const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

/// CRC-32 (ISO-HDLC), one table step a byte: a key is some fifty bytes, once per request.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        let step = CRC_TABLE.get(usize::from(crc as u8 ^ byte)).copied().unwrap_or_default();
        step ^ crc >> 8
    })
}

#[cfg(test)]
mod tests;
