//! What may stand between the client and the route.

use std::path::PathBuf;

/// A chain of filters under measurement.
#[derive(Clone, Debug)]
pub enum Chain {
    /// No filter but the router.
    Empty,
    /// A filter that does nothing, under this name.
    Noop(&'static str, PathBuf),
    /// Envoy's own `api_key_auth`, with all keys in the clear.
    ApiKeyAuth,
    /// Gatekey's filter, under this name, with the snapshot in its configuration.
    KeyAuth(String, PathBuf),
}

impl Chain {
    /// The name in reports.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Empty => "empty_chain",
            Self::Noop(name, _) => name,
            Self::ApiKeyAuth => "api_key_auth",
            Self::KeyAuth(name, _) => name,
        }
    }

    /// Whether it refuses requests without a good key.
    #[must_use]
    pub const fn checks(&self) -> bool {
        matches!(self, Self::ApiKeyAuth | Self::KeyAuth(..))
    }
}
