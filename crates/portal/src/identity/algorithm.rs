//! What authorization servers sign with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// A signature algorithm. ES256 and Ed25519 are extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum Algorithm {
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "RS384")]
    Rs384,
    #[serde(rename = "RS512")]
    Rs512,
    #[serde(rename = "PS256")]
    Ps256,
    #[serde(rename = "PS384")]
    Ps384,
    #[serde(rename = "PS512")]
    Ps512,
    #[serde(rename = "ES256")]
    Es256,
    Ed25519,
}

impl Algorithm {
    const ALL: [Self; 8] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Ed25519,
    ];

    /// The name it is stored and shown under.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The name in the header of a token. For Ed25519 it is the older one, which more libraries
    /// know (RFC 8037, not RFC 9864).
    pub(crate) const fn jws_name(self) -> &'static str {
        match self {
            Self::Ed25519 => "EdDSA",
            other => other.as_str(),
        }
    }

    /// The algorithm of a stored name.
    pub(crate) fn of(name: &str) -> Result<Self, Problem> {
        let found = Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name);
        found.ok_or_else(|| Problem::internal(format!("`{name}` is no signature algorithm")))
    }

    /// Whether its keys are RSA keys, which take long to make.
    pub(crate) const fn is_rsa(self) -> bool {
        !matches!(self, Self::Es256 | Self::Ed25519)
    }
}
