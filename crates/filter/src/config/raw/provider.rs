//! What a gateway brings to identity providers and to sessions.

use gatekey_core::oidc;
use gatekey_core::secret::Secret;
#[cfg(any(test, feature = "schema"))]
use serde::{Deserialize, Deserializer};

use super::{Fault, Fields, Node, Read, word};

/// The gateway's own client at an identity provider.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::config) struct Provider {
    /// The issuer, exactly as the strategies have it.
    pub(in crate::config) issuer: String,
    /// The client id.
    pub(in crate::config) client_id: String,
    /// The client's secret.
    #[cfg_attr(any(test, feature = "schema"), serde(default, deserialize_with = "secret"))]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(in crate::config) client_secret: Option<Secret<String>>,
    /// How the client proves itself: by `client_secret_basic` unless it is said.
    #[cfg_attr(any(test, feature = "schema"), serde(default))]
    pub(in crate::config) client_auth: ClientAuth,
}

impl Read for Provider {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        let mut fields = Fields::of(node, name)?;
        let provider = Self {
            issuer: fields.required("issuer")?,
            client_id: fields.required("client_id")?,
            client_secret: fields.or("client_secret", None)?,
            client_auth: fields.or("client_auth", ClientAuth::default())?,
        };
        fields.end().map(|()| provider)
    }
}

/// How a client proves itself at a token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::config) enum ClientAuth {
    /// By its secret in the header `authorization`.
    #[default]
    ClientSecretBasic,
    /// By its secret in the body.
    ClientSecretPost,
    /// It has no secret.
    None,
}

impl Read for ClientAuth {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        Ok(match word(node, name, &["client_secret_basic", "client_secret_post", "none"])? {
            0 => Self::ClientSecretBasic,
            1 => Self::ClientSecretPost,
            _ => Self::None,
        })
    }
}

impl From<ClientAuth> for oidc::settings::ClientAuth {
    fn from(raw: ClientAuth) -> Self {
        match raw {
            ClientAuth::ClientSecretBasic => Self::SecretBasic,
            ClientAuth::ClientSecretPost => Self::SecretPost,
            ClientAuth::None => Self::None,
        }
    }
}

/// Under what sessions and sign-ins are sealed.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "schema"), derive(Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::config) struct Session {
    /// At least 32 bytes, base64. The same for every gateway that shares sessions.
    #[cfg_attr(any(test, feature = "schema"), serde(deserialize_with = "super::secret"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub(in crate::config) secret: Secret<String>,
    /// The secret before this one, while secrets are exchanged: what it sealed still opens.
    #[cfg_attr(any(test, feature = "schema"), serde(default, deserialize_with = "secret"))]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(in crate::config) previous_secret: Option<Secret<String>>,
}

impl Read for Session {
    fn read(node: Node<'_>, name: &str) -> Result<Self, Fault> {
        let mut fields = Fields::of(node, name)?;
        let session = Self {
            secret: fields.required("secret")?,
            previous_secret: fields.or("previous_secret", None)?,
        };
        fields.end().map(|()| session)
    }
}

#[cfg(any(test, feature = "schema"))]
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|secret| secret.map(Secret::new))
}
