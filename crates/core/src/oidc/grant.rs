//! Requests to a token endpoint (RFC 6749, RFC 7636): the body and who asks.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::login::CodeExchange;
use super::query;
use super::settings::{ClientAuth, Settings};
use crate::secret::Secret;

/// The gateway's own client at a provider.
#[derive(Clone, Debug)]
pub struct ProviderClient {
    /// The issuer that it is known to.
    pub issuer: Box<str>,
    /// Its id.
    pub id: Box<str>,
    /// Its secret; empty for a public client.
    pub secret: Secret<String>,
    /// How it proves itself.
    pub auth: ClientAuth,
}

/// A request to a token endpoint, without its address.
#[derive(Clone)]
pub(crate) struct GrantRequest {
    /// The value of `Authorization`.
    pub(crate) authorization: Option<Secret<String>>,
    /// The body, `application/x-www-form-urlencoded`.
    pub(crate) body: Secret<Vec<u8>>,
}

impl fmt::Debug for GrantRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantRequest").finish_non_exhaustive()
    }
}

/// Exchanges a code for tokens (RFC 6749 4.1.3, RFC 7636 4.5).
pub(crate) fn authorization_code(
    settings: &Settings,
    client: &ProviderClient,
    exchange: &CodeExchange,
) -> GrantRequest {
    let redirect_uri = settings.redirect_uri.as_ref().map(|url| url.to_string());
    request(
        settings,
        client,
        &[
            ("grant_type", "authorization_code"),
            ("code", exchange.code.expose()),
            ("redirect_uri", redirect_uri.as_deref().unwrap_or_default()),
            ("code_verifier", exchange.verifier.expose()),
        ],
    )
}

/// Exchanges a refresh token for new tokens (RFC 6749 6). The scopes stay as they are.
pub(crate) fn refresh_token(
    settings: &Settings,
    client: &ProviderClient,
    token: &Secret<String>,
) -> GrantRequest {
    let parameters = [("grant_type", "refresh_token"), ("refresh_token", token.expose())];
    request(settings, client, &parameters)
}

/// Gets a token for a client that presented its id and secret (RFC 6749 4.4).
pub(crate) fn client_credentials(settings: &Settings, client: &ProviderClient) -> GrantRequest {
    request(
        settings,
        client,
        &[
            ("grant_type", "client_credentials"),
            ("scope", &settings.scopes.join(" ")),
            ("audience", &settings.audience.join(" ")),
        ],
    )
}

/// Gets a token for a user who presented name and password (RFC 6749 4.3).
pub(crate) fn password(
    settings: &Settings,
    client: &ProviderClient,
    name: &str,
    password: &Secret<String>,
) -> GrantRequest {
    request(
        settings,
        client,
        &[
            ("grant_type", "password"),
            ("username", name),
            ("password", password.expose()),
            ("scope", &settings.scopes.join(" ")),
            ("audience", &settings.audience.join(" ")),
        ],
    )
}

/// Asks what a token is good for (RFC 7662 2.1).
pub(crate) fn introspection(
    settings: &Settings,
    client: &ProviderClient,
    token: &str,
) -> GrantRequest {
    let mut body = Zeroizing::new(String::with_capacity(1024));
    query::push(&mut body, "token", token);
    if !settings.introspection_hint.is_empty() {
        query::push(&mut body, "token_type_hint", &settings.introspection_hint);
    }
    let authorization = authenticate(client, &mut body);
    for (name, value) in &settings.introspection_post_args {
        query::push(&mut body, name, value);
    }
    GrantRequest { authorization, body: Secret::new(body.as_bytes().to_vec()) }
}

/// The gateway's own client for a strategy: of its issuer, and with its id if it names one.
pub(crate) fn client_of<'c>(
    settings: &Settings,
    clients: &'c [ProviderClient],
) -> Option<&'c ProviderClient> {
    let named =
        |client: &ProviderClient| settings.client_id.as_deref().is_none_or(|id| *id == *client.id);
    clients.iter().find(|client| client.issuer == settings.issuer && named(client))
}

/// Asks with these parameters, then with those of the settings that are none of them.
fn request(
    settings: &Settings,
    client: &ProviderClient,
    parameters: &[(&str, &str)],
) -> GrantRequest {
    let mut body = Zeroizing::new(String::with_capacity(1024));
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        query::push(&mut body, name, value);
    }
    let authorization = authenticate(client, &mut body);
    let taken = |name: &str| {
        parameters.iter().any(|(taken, _)| *taken == name)
            || matches!(name, "client_id" | "client_secret" | "client_assertion")
    };
    for (name, value) in settings.token_post_args.iter().filter(|(name, _)| !taken(name)) {
        query::push(&mut body, name, value);
    }
    GrantRequest { authorization, body: Secret::new(body.as_bytes().to_vec()) }
}

/// Says who asks, as the provider wants it: in the header that is returned, or in the body.
pub(crate) fn authenticate(client: &ProviderClient, body: &mut String) -> Option<Secret<String>> {
    match client.auth {
        ClientAuth::SecretBasic => return Some(basic(&client.id, client.secret.expose())),
        ClientAuth::SecretPost => {
            query::push(body, "client_id", &client.id);
            query::push(body, "client_secret", client.secret.expose());
        }
        ClientAuth::None => query::push(body, "client_id", &client.id),
    }
    None
}

/// The `Basic` credentials of a client: both parts are form-encoded first (RFC 6749 2.3.1).
fn basic(id: &str, secret: &str) -> Secret<String> {
    let mut pair = Zeroizing::new(String::with_capacity(256));
    query::encode(&mut pair, id);
    pair.push(':');
    query::encode(&mut pair, secret);
    let mut header = String::from("Basic ");
    STANDARD.encode_string(pair.as_bytes(), &mut header);
    Secret::new(header)
}
