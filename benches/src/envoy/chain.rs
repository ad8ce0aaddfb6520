//! What may stand between the client and the route.

use std::path::PathBuf;

use crate::tokens::Signature;

/// A chain of filters under measurement.
#[derive(Clone, Debug)]
pub enum Chain {
    /// No filter but the router.
    Empty,
    /// The same, for requests with tokens: they are longer.
    EmptyWithToken,
    /// A filter that does nothing, under this name.
    Noop(&'static str, PathBuf),
    /// Envoy's own `api_key_auth`, with all keys in the clear.
    ApiKeyAuth,
    /// Gatekey's filter, under this name, with the snapshot in its configuration.
    KeyAuth(String, PathBuf),
    /// Envoy's own `jwt_authn`.
    JwtAuthn(Signature, Verified),
    /// Gatekey's filter with a strategy for tokens, under this name.
    Tokens(String, PathBuf, Signature, Verified, Verifier),
}

/// Who verifies signatures for Gatekey's filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verifier {
    /// The host.
    Host,
    /// The filter itself.
    Guest,
}

/// How often a token is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Once: it is remembered.
    Once,
    /// Each time.
    EachTime,
}

/// What a chain is asked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presented {
    /// An API key.
    Key,
    /// One of a few tokens.
    FewTokens(Signature),
    /// One of more tokens than anybody remembers.
    ManyTokens(Signature),
}

impl Chain {
    /// The name in reports.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Empty => "empty_chain",
            Self::EmptyWithToken => "empty_chain_with_token",
            Self::Noop(name, _) => name,
            Self::ApiKeyAuth => "api_key_auth",
            Self::KeyAuth(name, _) | Self::Tokens(name, ..) => name,
            Self::JwtAuthn(Signature::Rs256, Verified::EachTime) => "jwt_authn",
            Self::JwtAuthn(Signature::Rs256, Verified::Once) => "jwt_authn_cached",
            Self::JwtAuthn(Signature::Es256, Verified::EachTime) => "jwt_authn_es256",
            Self::JwtAuthn(Signature::Es256, Verified::Once) => "jwt_authn_es256_cached",
            Self::JwtAuthn(Signature::Ed25519, Verified::EachTime) => "jwt_authn_ed25519",
            Self::JwtAuthn(Signature::Ed25519, Verified::Once) => "jwt_authn_ed25519_cached",
        }
    }

    /// What it is asked with.
    #[must_use]
    pub const fn presented(&self) -> Presented {
        match self {
            Self::Empty | Self::Noop(..) | Self::ApiKeyAuth | Self::KeyAuth(..) => Presented::Key,
            Self::EmptyWithToken => Presented::FewTokens(Signature::Rs256),
            Self::JwtAuthn(signature, Verified::Once)
            | Self::Tokens(_, _, signature, Verified::Once, _) => Presented::FewTokens(*signature),
            Self::JwtAuthn(signature, Verified::EachTime)
            | Self::Tokens(_, _, signature, Verified::EachTime, _) => {
                Presented::ManyTokens(*signature)
            }
        }
    }

    /// Whether this is the chain without a filter that another one is compared with.
    #[must_use]
    pub const fn is_baseline_of(&self, other: &Self) -> bool {
        match self {
            Self::Empty => matches!(other.presented(), Presented::Key),
            Self::EmptyWithToken => !matches!(other.presented(), Presented::Key),
            _ => false,
        }
    }

    /// Whether it refuses requests without a good key.
    #[must_use]
    pub const fn checks(&self) -> bool {
        !matches!(self, Self::Empty | Self::EmptyWithToken | Self::Noop(..))
    }
}
