//! What an administrator says of a registration endpoint.

use serde::{Deserialize, Serialize};

/// `dcr_config` of a provider of kind `rfc7591`: the members that may be shown. Beside them stands
/// one secret, `initial_access_token`: the bearer token with which clients are registered. Without
/// it the endpoint has to be open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The registration endpoint, an absolute URL. Without it the issuer's discovery document
    /// names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    /// How a client gets another secret.
    pub rotate: RotateBy,
    /// What reading a client does at this server.
    pub read: Reading,
    /// How clients send their secret to the token endpoint.
    pub token_endpoint_auth_method: SecretBy,
    /// A redirect URI for clients that have none, where the server wants one of every client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_redirect_uri: Option<String>,
}

/// How a client gets another secret: RFC 7592 has no call for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotateBy {
    /// The server issues another one with every update (Glewlwyd, Curity). With a server that
    /// keeps the secret the rotation fails, and says so.
    #[default]
    Update,
    /// The client is registered again, and the old registration removed. Its id is another then.
    Reregister,
    /// Not at all.
    None,
}

/// What reading a client does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Clients are not read.
    #[default]
    None,
    /// A read changes nothing.
    Safe,
    /// A read replaces the registration access token (Keycloak) or the client's secret: it is done
    /// only with a client that is about to be removed.
    Rotating,
}

/// How a secret is sent to the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretBy {
    /// In the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// In the form.
    ClientSecretPost,
}

impl SecretBy {
    /// The name in client metadata.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_may_be_left_out() {
        let config: Config = serde_json::from_value(json!({})).unwrap();
        assert_eq!(config, Config::default());
        let shown = serde_json::to_value(&config).unwrap();
        assert_eq!(
            shown,
            json!({
                "rotate": "update",
                "read": "none",
                "token_endpoint_auth_method": "client_secret_basic"
            })
        );
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for odd in [json!({"rotate": "sometimes"}), json!({"initial_access_token": "x"})] {
            assert!(serde_json::from_value::<Config>(odd).is_err());
        }
    }
}
