//! What bodies say about clients.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::input::Given;
use crate::problem::Invalid;
use crate::usecase::label::LabelEdit;

/// What a client may ask for tokens with. `authorization_code` and `refresh_token` are extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum GrantType {
    Implicit,
    ClientCredentials,
    AuthorizationCode,
    RefreshToken,
}

/// What a client may ask the authorization endpoint for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum ResponseType {
    None,
    Token,
    Code,
    IdToken,
}

/// How a client proves who it is. `client_secret_basic` is an extension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum AuthMethod {
    #[default]
    ClientSecretPost,
    None,
    ClientSecretBasic,
}

impl AuthMethod {
    /// The name it is stored under.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretPost => "client_secret_post",
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
        }
    }
}

/// A client to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientBody {
    #[schemars(length(min = 1, max = 255))]
    pub(super) name: String,
    /// `authorization_code` and `refresh_token` are extensions.
    #[schemars(length(max = 4))]
    pub(super) grant_types: Vec<GrantType>,
    #[schemars(length(max = 4))]
    pub(super) response_types: Vec<ResponseType>,
    /// Absolute https URIs without a fragment. Extension: http to this machine itself.
    #[serde(default)]
    #[schemars(length(max = 50), inner(length(min = 1, max = 2048)))]
    pub(super) redirect_uris: Given<Vec<String>>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 2048))]
    pub(super) login_uri: Given<Option<String>>,
    /// Seconds; 300 if absent.
    #[serde(default)]
    #[schemars(range(min = 60, max = 2_592_000))]
    pub(super) access_token_duration: Given<i32>,
    /// Seconds; 300 if absent.
    #[serde(default)]
    #[schemars(range(min = 60, max = 2_592_000))]
    pub(super) id_token_duration: Given<i32>,
    #[serde(default)]
    pub(super) allow_all_scopes: Given<bool>,
    /// Ids of scopes.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub(super) allow_scopes: Given<Vec<Uuid>>,
    #[serde(default)]
    pub(super) labels: Given<Option<LabelEdit>>,
    /// `client_secret_post` if absent. `client_secret_basic` is an extension.
    #[serde(default)]
    pub(super) token_endpoint_auth_method: Given<AuthMethod>,
}

/// A client to make with a chosen id and secret, or to put in another's place.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replacement {
    #[schemars(length(min = 1, max = 255))]
    pub(super) name: String,
    /// The only secret that the client has from then on.
    #[schemars(length(min = 1, max = 256))]
    pub(super) client_secret: String,
    /// `authorization_code` and `refresh_token` are extensions.
    #[schemars(length(max = 4))]
    pub(super) grant_types: Vec<GrantType>,
    #[schemars(length(max = 4))]
    pub(super) response_types: Vec<ResponseType>,
    /// Absolute https URIs without a fragment. Extension: http to this machine itself.
    #[serde(default)]
    #[schemars(length(max = 50), inner(length(min = 1, max = 2048)))]
    pub(super) redirect_uris: Given<Vec<String>>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 2048))]
    pub(super) login_uri: Given<Option<String>>,
    /// Seconds; 300 if absent.
    #[serde(default)]
    #[schemars(range(min = 60, max = 2_592_000))]
    pub(super) access_token_duration: Given<i32>,
    /// Seconds; 300 if absent.
    #[serde(default)]
    #[schemars(range(min = 60, max = 2_592_000))]
    pub(super) id_token_duration: Given<i32>,
    #[serde(default)]
    pub(super) allow_all_scopes: Given<bool>,
    /// Ids of scopes.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub(super) allow_scopes: Given<Vec<Uuid>>,
    #[serde(default)]
    pub(super) labels: Given<Option<LabelEdit>>,
    /// `client_secret_post` if absent. `client_secret_basic` is an extension.
    #[serde(default)]
    pub(super) token_endpoint_auth_method: Given<AuthMethod>,
}

/// What to change of a client.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    pub(super) name: Given<String>,
    /// The only secret that the client has from then on.
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    pub(super) client_secret: Given<String>,
    /// `authorization_code` and `refresh_token` are extensions.
    #[serde(default)]
    #[schemars(length(max = 4))]
    pub(super) grant_types: Given<Vec<GrantType>>,
    #[serde(default)]
    #[schemars(length(max = 4))]
    pub(super) response_types: Given<Vec<ResponseType>>,
    /// Absolute https URIs without a fragment. Extension: http to this machine itself.
    #[serde(default)]
    #[schemars(length(max = 50), inner(length(min = 1, max = 2048)))]
    pub(super) redirect_uris: Given<Vec<String>>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 2048))]
    pub(super) login_uri: Given<Option<String>>,
    #[serde(default)]
    #[schemars(range(min = 60, max = 2_592_000))]
    pub(super) access_token_duration: Given<i32>,
    #[serde(default)]
    #[schemars(range(min = 60, max = 2_592_000))]
    pub(super) id_token_duration: Given<i32>,
    #[serde(default)]
    pub(super) allow_all_scopes: Given<bool>,
    /// Ids of scopes.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub(super) allow_scopes: Given<Vec<Uuid>>,
    /// `client_secret_basic` is an extension.
    #[serde(default)]
    pub(super) token_endpoint_auth_method: Given<AuthMethod>,
    #[serde(default)]
    pub(super) labels: Given<Option<LabelEdit>>,
}

/// What is wrong with a redirect URI, if anything is.
pub(crate) fn redirect_uri_fault(text: &str) -> Option<&'static str> {
    let Ok(uri) = reqwest::Url::parse(text) else { return Some("must be an absolute URI") };
    let local = matches!(uri.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if text.contains('#') {
        Some("must not have a fragment")
    } else if uri.host_str().is_none() || text.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        Some("must be an absolute URI with a host")
    } else if !uri.username().is_empty() || uri.password().is_some() {
        Some("must not name a user")
    } else if uri.scheme() != "https" && !(uri.scheme() == "http" && local) {
        Some("must be secure: https, or http to this machine itself")
    } else {
        None
    }
}

/// The faults of lists and URIs that the schema does not see.
pub(super) fn faults(
    redirect_uris: Option<&[String]>,
    login_uri: Option<&str>,
    grant_types: Option<&[GrantType]>,
    response_types: Option<&[ResponseType]>,
) -> Vec<Invalid> {
    let mut faults = Vec::new();
    for (index, uri) in redirect_uris.into_iter().flatten().enumerate() {
        let fault = redirect_uri_fault(uri);
        let field = format!("redirect_uris.{index}");
        faults.extend(fault.map(|reason| Invalid::body(field, "invalid", reason)));
    }
    if let Some(reason) = login_uri.and_then(redirect_uri_fault) {
        faults.push(Invalid::body("login_uri", "invalid", reason));
    }
    twice("grant_types", grant_types.unwrap_or_default(), &mut faults);
    twice("response_types", response_types.unwrap_or_default(), &mut faults);
    faults
}

/// Items that stand twice in a list.
pub(super) fn twice<T: PartialEq>(name: &str, items: &[T], faults: &mut Vec<Invalid>) {
    for (index, item) in items.iter().enumerate() {
        if items.iter().take(index).any(|other| other == item) {
            let field = format!("{name}.{index}");
            faults.push(Invalid::body(field, "invalid", "must not stand twice"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uris_are_secure_absolute_and_without_fragment() {
        for good in [
            "https://client.example/callback?x=1",
            "http://localhost:3000/callback",
            "http://127.0.0.1/callback",
            "http://[::1]:1/callback",
        ] {
            assert_eq!(redirect_uri_fault(good), None, "{good}");
        }
        for bad in [
            "http://client.example/callback",
            "http://localhost.example/callback",
            "https://client.example/#here",
            "https://client.example/#",
            "/callback",
            "app:/callback",
            "javascript:alert(1)",
            "https://user@client.example/",
            "https://client.example/ b",
            "https:///x y",
            "",
        ] {
            assert!(redirect_uri_fault(bad).is_some(), "{bad}");
        }
    }
}
