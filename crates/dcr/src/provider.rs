//! A provider's configuration, and the adapter it makes.

use core::fmt;

use serde_json::{Map, Value};

use crate::adapter::Adapter;
use crate::auth0::Auth0;
use crate::bridge::Bridge;
use crate::curity::Curity;
use crate::entra::Entra;
use crate::okta::Okta;
use crate::rfc7591::Rfc7591;

/// The kinds of providers, as Konnect names them; [`Kind::Rfc7591`] is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Auth0's Management API.
    Auth0,
    /// Microsoft Entra ID, through Microsoft Graph.
    AzureAd,
    /// Curity's dynamic client registration.
    Curity,
    /// Okta's dynamic client registration.
    Okta,
    /// An authorization server of the portal itself: no adapter is needed.
    KongIdentity,
    /// A bridge that speaks Konnect's contract.
    Http,
    /// Any server of RFC 7591 and RFC 7592.
    Rfc7591,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Auth0,
        Self::AzureAd,
        Self::Curity,
        Self::Okta,
        Self::KongIdentity,
        Self::Http,
        Self::Rfc7591,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth0 => "auth0",
            Self::AzureAd => "azureAd",
            Self::Curity => "curity",
            Self::Okta => "okta",
            Self::KongIdentity => "kongIdentity",
            Self::Http => "http",
            Self::Rfc7591 => "rfc7591",
        }
    }

    /// The name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Auth0 => "Auth0",
            Self::AzureAd => "Entra ID",
            Self::Curity => "Curity",
            Self::Okta => "Okta",
            Self::KongIdentity => "the portal's authorization server",
            Self::Http => "the DCR bridge",
            Self::Rfc7591 => "the registration endpoint",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A provider as it is configured.
#[derive(Clone)]
pub struct Provider {
    /// Its kind.
    pub kind: Kind,
    /// The issuer, as the administrator entered it.
    pub issuer: String,
    /// The members of `dcr_config` that may be shown.
    pub config: Map<String, Value>,
    /// The members of `dcr_config` that may not.
    pub secrets: Map<String, Value>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("kind", &self.kind)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// A configuration from which no adapter can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The member, like `dcr_config.dcr_base_url`.
    pub field: String,
    /// The rule that it breaks.
    pub rule: String,
}

impl Provider {
    /// The adapter for the provider; none for [`Kind::KongIdentity`].
    ///
    /// # Errors
    ///
    /// When the configuration is not one of its kind.
    pub fn adapter(&self) -> Result<Option<Box<dyn Adapter>>, Fault> {
        match self.kind {
            Kind::KongIdentity => Ok(None),
            Kind::Auth0 => Ok(Some(Box::new(Auth0::new(self)?))),
            Kind::Okta => Ok(Some(Box::new(Okta::new(self)?))),
            Kind::Http => Ok(Some(Box::new(Bridge::new(self)?))),
            Kind::Rfc7591 => Ok(Some(Box::new(Rfc7591::new(self)?))),
            Kind::AzureAd => Ok(Some(Box::new(Entra::new(self)?))),
            Kind::Curity => Ok(Some(Box::new(Curity::new(self)?))),
        }
    }

    /// A public member that is a text.
    #[must_use]
    pub fn text(&self, member: &str) -> Option<&str> {
        self.config.get(member).and_then(Value::as_str)
    }

    /// A secret member.
    #[must_use]
    pub fn secret(&self, member: &str) -> Option<&str> {
        self.secrets.get(member).and_then(Value::as_str)
    }

    /// A public member that is true or false; false when it is missing.
    #[must_use]
    pub fn flag(&self, member: &str) -> bool {
        self.config.get(member).and_then(Value::as_bool).unwrap_or_default()
    }
}
