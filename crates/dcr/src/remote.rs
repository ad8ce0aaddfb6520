//! What is known of a client at its provider.

use std::collections::BTreeMap;

use gatekey_core::secret::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A client at its provider, as far as it is known. It is kept, sealed: it may hold a registration
/// token. Client secrets are never in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Remote {
    /// The client id, as tokens name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The id of the object, where it is another than the client id (Entra).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// The id of the service principal (Entra).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_principal_id: Option<String>,
    /// The id of the client's grant (Auth0).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// Where the client is managed (RFC 7592).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_client_uri: Option<String>,
    /// The token for that (RFC 7592). The newest that any answer held.
    #[serde(skip_serializing_if = "Option::is_none", with = "opened")]
    pub registration_access_token: Option<Secret<String>>,
    /// When that token ends, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_access_token_expires_at: Option<u64>,
    /// The answer to a call that may have replaced that token was lost: when it is refused, that
    /// does not say that the client is gone.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub registration_access_token_doubtful: bool,
    /// The SHA-256 of the client's secret, by which an answer's secret is known to be another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_digest: Option<String>,
    /// When the client's secret ends, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<u64>,
    /// The ids of the client's secrets, where they have ids. Never a secret.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<RemoteSecret>,
}

impl Remote {
    /// Whether anything was made at the provider, as far as is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.client_id.is_none()
            && self.object_id.is_none()
            && self.registration_client_uri.is_none()
    }
}

/// A secret of a client, without its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteSecret {
    /// Its id at the provider.
    pub id: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// When it was made, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<u64>,
    /// When it ends, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
}

/// A secret that the provider just issued.
#[derive(Clone, Debug)]
pub struct IssuedSecret {
    /// Its id at the provider, where it has one.
    pub id: Option<String>,
    /// The secret.
    pub secret: Secret<String>,
    /// When it ends, in seconds since 1970.
    pub expires_at: Option<u64>,
}

/// What is good for more than one job with a provider. In memory only.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The token of the administrator's client, and when it ends, in seconds since 1970.
    pub admin_token: Option<(Secret<String>, u64)>,
    /// Endpoints that the discovery document named, by its members' names.
    pub endpoints: BTreeMap<String, String>,
}

/// What a job found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Clients, each as far as it can be managed, and its tag.
    pub clients: Vec<(String, Remote)>,
    /// The secrets of a client.
    pub secrets: Vec<RemoteSecret>,
    /// The scopes of a client.
    pub scopes: Vec<String>,
    /// What works, but not as one would want: for the administrator.
    pub warnings: Vec<String>,
    /// Where a list of clients goes on, while it is read page by page.
    pub next_page: Option<String>,
    /// Whether the list was read to its end.
    pub complete: bool,
}

/// Writes a secret in clear: what holds it is sealed as a whole.
mod opened {
    use super::{Deserialize, Deserializer, Secret, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        secret: &Option<Secret<String>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(Secret::expose).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Secret<String>>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(Secret::new))
    }
}
