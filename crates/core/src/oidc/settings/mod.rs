//! The settings of an OpenID Connect strategy: the JSON object that Konnect calls
//! `configs."openid-connect"`, read strictly.
//!
//! Names and defaults are Kong's where Kong has the setting. What a strategy says travels to every
//! gateway that serves it, so no secret can be in it.

mod choice;
mod fields;
mod kind;
mod parse;
mod reference;
mod refused;
mod rules;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use self::choice::{AccessTokenHeader, AccessTokenProfile, AuthMethods, ClientAuth, SameSite};
pub use self::parse::MAX_SETTINGS_BYTES;
pub use self::reference::reference;
use super::url::Url;
use crate::digest::Digest;
use crate::jose::{Algorithm, Jwk};

/// Why settings are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFault {
    /// The setting, like `leeway` or `scopes[2]`; empty for the object as a whole.
    pub field: String,
    /// The rule that it breaks.
    pub rule: String,
}

impl fmt::Display for SettingsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => f.write_str(&self.rule),
            field => write!(f, "{field}: {}", self.rule),
        }
    }
}

impl core::error::Error for SettingsFault {}

/// The settings of an OpenID Connect strategy, with what follows from them.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    /// Stands for the provider as these settings describe it: what one strategy learned of it holds
    /// for every other with the same.
    pub(crate) provider: Digest,
    /// The issuer, exactly as in `iss`.
    pub issuer: Box<str>,
    /// The issuer as a URL.
    pub issuer_url: Url,
    /// The issuers that tokens may name; empty: only [`Self::issuer`].
    pub issuers_allowed: Vec<Box<str>>,
    /// The ways to prove who calls.
    pub auth_methods: AuthMethods,
    /// The path to the claim that holds the client id.
    pub credential_claim: Vec<Box<str>>,
    /// The scopes that are asked for.
    pub scopes: Vec<Box<str>>,
    /// Alternatives of scopes, separated by blanks, that a token must have; empty: none.
    pub scopes_required: Vec<Box<str>>,
    /// The path to the claim that holds the scopes.
    pub scopes_claim: Vec<Box<str>>,
    /// The audience that is asked for.
    pub audience: Vec<Box<str>>,
    /// Alternatives of audiences, separated by blanks, that a token must have; empty: any.
    pub audience_required: Vec<Box<str>>,
    /// The path to the claim that holds the audience.
    pub audience_claim: Vec<Box<str>>,
    /// How far clocks may differ.
    pub leeway_seconds: u32,
    /// The signature algorithms that are taken.
    pub algorithms: Vec<Algorithm>,
    /// What a signed token has to look like.
    pub access_token_profile: AccessTokenProfile,
    /// Whether the upstream gets to see what the client presented.
    pub hide_credentials: bool,

    /// Headers in which a token may come, lower case.
    pub token_headers: Vec<Box<[u8]>>,
    /// The cookie in which a token may come.
    pub token_cookie: Option<Box<str>>,
    /// The parameter of the query in which a token may come.
    pub token_query: Option<Box<str>>,

    /// The gateway's own client id.
    pub client_id: Option<Box<str>>,
    /// How the gateway proves itself to the provider.
    pub client_auth: ClientAuth,
    /// The provider's keys, when they are not fetched.
    pub jwks: Option<Vec<Jwk>>,
    /// Where the keys are, instead of where discovery says.
    pub jwks_endpoint: Option<Url>,
    /// The token endpoint, instead of the discovered one.
    pub token_endpoint: Option<Url>,
    /// The introspection endpoint, instead of the discovered one.
    pub introspection_endpoint: Option<Url>,
    /// The authorization endpoint, instead of the discovered one.
    pub authorization_endpoint: Option<Url>,
    /// The logout endpoint, instead of the discovered one.
    pub end_session_endpoint: Option<Url>,
    /// More parameters of the token request.
    pub token_post_args: Vec<(Box<str>, Box<str>)>,
    /// More parameters of the authorization request.
    pub authorization_query_args: Vec<(Box<str>, Box<str>)>,
    /// More parameters of the introspection request.
    pub introspection_post_args: Vec<(Box<str>, Box<str>)>,
    /// The `token_type_hint` of introspection; empty for none.
    pub introspection_hint: Box<str>,
    /// Whether signed tokens are introspected too.
    pub introspect_jwt_tokens: bool,
    /// Whether introspection replies are remembered.
    pub cache_introspection: bool,
    /// Whether token replies are remembered.
    pub cache_tokens: bool,
    /// For how long at most replies are remembered.
    pub cache_ttl_seconds: u32,
    /// For how long it is remembered that a token is not active.
    pub cache_ttl_neg_seconds: u32,
    /// The least time between two attempts to fetch a document.
    pub rediscovery_lifetime_seconds: u32,
    /// The age at which documents are fetched anew.
    pub jwks_max_age_seconds: u32,
    /// For how much longer documents are used when they cannot be fetched anew.
    pub jwks_stale_seconds: u64,
    /// How long a call may take, in milliseconds.
    pub timeout_ms: u32,
    /// Where calls to the issuer's host go; `None`: to the host's own name.
    pub(crate) upstream: Option<Box<str>>,

    /// Where the provider sends the browser back to.
    pub redirect_uri: Option<Url>,
    /// Where the browser goes after it signed in, instead of where it wanted to go.
    pub login_redirect_uri: Option<Box<str>>,
    /// A path with this end signs out.
    pub logout_uri_suffix: Option<Box<str>>,
    /// The methods with which one signs out.
    pub logout_methods: Vec<Box<str>>,
    /// A query with this parameter signs out.
    pub logout_query_arg: Option<Box<str>>,
    /// Where the browser goes after it signed out.
    pub logout_redirect_uri: Option<Box<str>>,
    /// Whether a refused session ends.
    pub unauthorized_destroy_session: bool,
    /// The cookie's name, as configured.
    pub session_cookie_name: Box<str>,
    /// The cookie's name, with the prefix that its attributes allow (RFC 6265bis 4.1.3).
    pub session_cookie: Box<str>,
    /// The cookie's path.
    pub session_cookie_path: Box<str>,
    /// The cookie's domain.
    pub session_cookie_domain: Option<Box<str>>,
    /// The cookie's same-site rule.
    pub session_cookie_same_site: SameSite,
    /// Whether the cookie is only sent over TLS.
    pub session_cookie_secure: bool,
    /// Whether scripts are kept from the cookie.
    pub session_cookie_http_only: bool,
    /// How long a session lasts that is not renewed; 0 is no limit.
    pub session_rolling_timeout_seconds: u64,
    /// How long a session may be idle; 0 is no limit.
    pub session_idling_timeout_seconds: u64,
    /// How long a session lasts at most; 0 is no limit.
    pub session_absolute_timeout_seconds: u64,

    /// How an access token that the gateway obtained is handed to the upstream.
    pub upstream_access_token_header: Option<AccessTokenHeader>,
    /// Claims, by their paths, and the headers in which the upstream is told of them.
    pub upstream_headers: Vec<(Vec<Box<str>>, Box<str>)>,
}

impl Settings {
    /// Whether tokens may name this issuer.
    #[must_use]
    pub fn is_issuer(&self, issuer: &str) -> bool {
        match &*self.issuers_allowed {
            [] => *self.issuer == *issuer,
            allowed => allowed.iter().any(|known| **known == *issuer),
        }
    }

    /// The logical name of where calls to this place go.
    #[must_use]
    pub fn upstream_of<'s>(&'s self, place: &'s Url) -> &'s str {
        match &self.upstream {
            Some(upstream) if place.authority == self.issuer_url.authority => upstream,
            _ => &place.authority,
        }
    }

    /// Whether scopes are looked for where they usually are.
    #[must_use]
    pub fn scopes_claim_is_default(&self) -> bool {
        matches!(&*self.scopes_claim, [only] if &**only == "scope")
    }

    /// Whether a method is switched on for which the provider's keys have to be fetched.
    #[must_use]
    pub const fn needs_keys(&self) -> bool {
        let readers = AuthMethods::BEARER
            .and(AuthMethods::WITH_BASIC)
            .and(AuthMethods::REFRESH_TOKEN)
            .and(AuthMethods::AUTHORIZATION_CODE);
        self.jwks.is_none() && self.auth_methods.intersects(readers)
    }

    /// How old a provider's documents may get before nothing is decided by them.
    pub(crate) fn oldest_seconds(&self) -> u64 {
        u64::from(self.jwks_max_age_seconds).saturating_add(self.jwks_stale_seconds)
    }

    /// Whether something is needed that only the discovery document says.
    #[must_use]
    pub fn needs_discovery(&self) -> bool {
        let on = |methods| self.auth_methods.intersects(methods);
        let askers = AuthMethods::WITH_BASIC
            .and(AuthMethods::REFRESH_TOKEN)
            .and(AuthMethods::AUTHORIZATION_CODE);
        (self.needs_keys() && self.jwks_endpoint.is_none())
            || (on(AuthMethods::INTROSPECTION) && self.introspection_endpoint.is_none())
            || (on(AuthMethods::AUTHORIZATION_CODE) && self.authorization_endpoint.is_none())
            || (on(askers) && self.token_endpoint.is_none())
    }
}
