//! Digests of credentials: what is stored and looked up in a credential's place.

use alloc::boxed::Box;
use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// A SHA-256 or HMAC-SHA-256 value. Compared in constant time.
#[derive(Clone, Copy, Eq, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Takes the 32 bytes of a digest made elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Plain SHA-256, for keys imported from elsewhere by that digest. Only fit for keys with
    /// at least 128 bits of entropy.
    #[must_use]
    pub fn sha256(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A pepper that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PepperError {
    /// The secret has fewer than [`Pepper::MIN_SECRET_BYTES`] bytes.
    ShortSecret,
    /// The id is empty, longer than 32 bytes, or has a character outside `a-z A-Z 0-9 - _`.
    InvalidId,
}

impl fmt::Display for PepperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ShortSecret => "the secret must have at least 32 bytes",
            Self::InvalidId => "the id must have 1 to 32 characters of `a-z A-Z 0-9 - _`",
        })
    }
}

impl core::error::Error for PepperError {}

/// The secret under which keys are digested. It is never stored beside the digests: it lives in
/// the portal's data directory and in the gateway's configuration.
#[derive(Clone)]
pub struct Pepper {
    id: Box<str>,
    keyed: Hmac<Sha256>,
}

impl Pepper {
    /// The least a pepper's secret must have.
    pub const MIN_SECRET_BYTES: usize = 32;

    /// Makes a pepper from its public id and its secret.
    ///
    /// # Errors
    ///
    /// When the secret is short or the id is not one.
    pub fn new(id: &str, secret: &[u8]) -> Result<Self, PepperError> {
        let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if id.is_empty() || id.len() > 32 || !id.bytes().all(named) {
            return Err(PepperError::InvalidId);
        }
        if secret.len() < Self::MIN_SECRET_BYTES {
            return Err(PepperError::ShortSecret);
        }
        let keyed = Hmac::new_from_slice(secret).map_err(|_| PepperError::ShortSecret)?;
        Ok(Self { id: id.into(), keyed })
    }

    /// The pepper's public id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// HMAC-SHA-256 (RFC 2104) of a presented key.
    #[must_use]
    pub fn digest(&self, key: &[u8]) -> Digest {
        let mut mac = self.keyed.clone();
        mac.update(key);
        Digest(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pepper({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn the_digest_is_hmac_sha256() {
        // RFC 4231, test case 6: a key longer than the block.
        let pepper = Pepper::new("p1", &[0xaa; 131]).unwrap();
        assert_eq!(
            pepper.digest(b"Test Using Larger Than Block-Size Key - Hash Key First").to_string(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn bad_peppers_are_refused_and_good_ones_show_only_their_id() {
        assert_eq!(Pepper::new("p1", &[0; 31]).unwrap_err(), PepperError::ShortSecret);
        assert_eq!(Pepper::new("", &[0; 32]).unwrap_err(), PepperError::InvalidId);
        assert_eq!(Pepper::new("p 1", &[0; 32]).unwrap_err(), PepperError::InvalidId);
        assert_eq!(format!("{:?}", Pepper::new("p1", &[7; 32]).unwrap()), "Pepper(p1)");
    }
}
