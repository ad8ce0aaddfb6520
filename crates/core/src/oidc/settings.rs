//! The settings of a strategy, as far as sessions and logins look at them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::url::Url;

/// How a client proves itself to its provider (OpenID Connect Core 9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// `client_secret_basic`.
    #[default]
    SecretBasic,
    /// `client_secret_post`.
    SecretPost,
    /// `none`: a public client.
    None,
}

/// When a browser sends a cookie on requests that other sites cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// When the user follows a link.
    #[default]
    Lax,
    /// Always.
    None,
}

impl SameSite {
    /// The name of the attribute's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// The settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The issuer.
    pub issuer: Box<str>,
    /// The gateway's own client id.
    pub client_id: Option<Box<str>>,
    /// The scopes asked for.
    pub scopes: Vec<Box<str>>,
    /// The audience asked for.
    pub audience: Vec<Box<str>>,
    /// How far clocks may differ.
    pub leeway_seconds: u32,
    /// More parameters of the authorization request.
    pub authorization_query_args: Vec<(Box<str>, Box<str>)>,
    /// More parameters of the token request.
    pub token_post_args: Vec<(Box<str>, Box<str>)>,
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
    /// The cookie's name, without prefix.
    pub session_cookie_name: Box<str>,
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
    /// How long a session lasts that is not renewed, in seconds; 0 is no limit.
    pub session_rolling_timeout_seconds: u64,
    /// How long a session may be idle, in seconds; 0 is no limit.
    pub session_idling_timeout_seconds: u64,
    /// How long a session lasts at most, in seconds; 0 is no limit.
    pub session_absolute_timeout_seconds: u64,
}
