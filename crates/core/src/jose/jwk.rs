//! Public keys.

use alloc::boxed::Box;

use super::Algorithm;

/// The numbers of a public key, big-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// An RSA key.
    Rsa {
        /// The modulus, without leading zeros: 2048 to 4096 bits.
        n: Box<[u8]>,
        /// The exponent, without leading zeros.
        e: Box<[u8]>,
    },
    /// A point on P-256.
    P256 {
        /// The first coordinate.
        x: [u8; 32],
        /// The second coordinate.
        y: [u8; 32],
    },
    /// A point on P-384.
    P384 {
        /// The first coordinate.
        x: [u8; 48],
        /// The second coordinate.
        y: [u8; 48],
    },
    /// A point on P-521.
    P521 {
        /// The first coordinate.
        x: [u8; 66],
        /// The second coordinate.
        y: [u8; 66],
    },
    /// An Ed25519 key.
    Ed25519([u8; 32]),
}

impl PublicKey {
    /// Whether signatures of this algorithm can be made with this kind of key.
    #[must_use]
    pub const fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        match self {
            Self::Rsa { .. } => {
                matches!(algorithm, A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512)
            }
            Self::P256 { .. } => matches!(algorithm, A::Es256),
            Self::P384 { .. } => matches!(algorithm, A::Es384),
            Self::P521 { .. } => matches!(algorithm, A::Es512),
            Self::Ed25519(_) => matches!(algorithm, A::Ed25519),
        }
    }
}

/// A public key of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// Its name.
    pub kid: Option<Box<str>>,
    /// The one algorithm it is for.
    pub algorithm: Option<Algorithm>,
    /// The key.
    pub key: PublicKey,
}
