//! What a setting chooses from.

/// A set of ways to prove who calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthMethods(u16);

impl AuthMethods {
    /// A sealed cookie.
    pub const SESSION: Self = Self(1);
    /// A signed access token.
    pub const BEARER: Self = Self(1 << 1);
    /// An access token of our own authorization servers.
    pub const KONG_OAUTH2: Self = Self(1 << 2);
    /// A token that its issuer is asked about (RFC 7662).
    pub const INTROSPECTION: Self = Self(1 << 3);
    /// A session that is over, and the refresh token in it.
    pub const REFRESH_TOKEN: Self = Self(1 << 4);
    /// A user's name and password (RFC 6749 4.3).
    pub const PASSWORD: Self = Self(1 << 5);
    /// A client's id and secret (RFC 6749 4.4).
    pub const CLIENT_CREDENTIALS: Self = Self(1 << 6);
    /// A browser that is sent to the provider (RFC 6749 4.1).
    pub const AUTHORIZATION_CODE: Self = Self(1 << 7);
    /// Everything.
    pub const ALL: Self = Self((1 << 8) - 1);
    /// What comes as a token.
    pub const WITH_TOKEN: Self = Self::BEARER.and(Self::KONG_OAUTH2).and(Self::INTROSPECTION);
    /// What comes as `Authorization: Basic`.
    pub const WITH_BASIC: Self = Self::PASSWORD.and(Self::CLIENT_CREDENTIALS);

    /// What a browser's cookie serves.
    pub const WITH_COOKIE: Self = Self::SESSION.and(Self::AUTHORIZATION_CODE);

    /// The names of the methods, in the order in which they are tried.
    pub const NAMES: [&str; 8] = [
        "session",
        "bearer",
        "kong_oauth2",
        "introspection",
        "refresh_token",
        "password",
        "client_credentials",
        "authorization_code",
    ];

    /// Nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(0)
    }

    /// The method with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let at = Self::NAMES.iter().position(|known| *known == name)?;
        1_u16.checked_shl(u32::try_from(at).ok()?).map(Self)
    }

    /// What is in one of the two.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether something is in both.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The names of what is in it, in the order in which they are tried.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let on = move |at: &usize| u32::try_from(*at).is_ok_and(|at| self.0 >> at & 1 == 1);
        Self::NAMES.iter().enumerate().filter(move |(at, _)| on(at)).map(|(_, name)| *name)
    }
}

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

impl ClientAuth {
    /// The registered names, in the order of the variants.
    pub const NAMES: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

    /// The way with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "client_secret_basic" => Some(Self::SecretBasic),
            "client_secret_post" => Some(Self::SecretPost),
            "none" => Some(Self::None),
            _ => None,
        }
    }
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
    /// The names of the attribute's values.
    pub const NAMES: [&str; 3] = ["Strict", "Lax", "None"];

    /// The name of the attribute's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }

    /// The value with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Strict, Self::Lax, Self::None].into_iter().find(|value| value.as_str() == name)
    }
}

/// What a signed token has to look like to be taken for an access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessTokenProfile {
    /// Anything that is not plainly something else.
    #[default]
    Any,
    /// As RFC 9068 says.
    Rfc9068,
}

/// How an access token is handed to the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessTokenHeader {
    /// The header, lower case.
    pub name: alloc::boxed::Box<str>,
    /// Whether `Bearer` stands before the token.
    pub bearer: bool,
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn methods_are_listed_in_the_order_in_which_they_are_tried() {
        let all: Vec<_> = AuthMethods::ALL.names().collect();
        assert_eq!(all, AuthMethods::NAMES);
        let mut together = AuthMethods::none();
        for name in AuthMethods::NAMES.iter().rev() {
            let method = AuthMethods::named(name).unwrap();
            assert_eq!(method.names().collect::<Vec<_>>(), [*name]);
            assert!(!together.intersects(method));
            together = together.and(method);
        }
        assert_eq!(together, AuthMethods::ALL);
        assert_eq!(AuthMethods::named("userinfo"), None);
        assert_eq!(AuthMethods::named("authorization_code"), Some(AuthMethods::AUTHORIZATION_CODE));
        let basic: Vec<_> = AuthMethods::WITH_BASIC.names().collect();
        assert_eq!(basic, ["password", "client_credentials"]);
    }

    #[test]
    fn every_name_has_its_value() {
        assert!(ClientAuth::NAMES.iter().all(|name| ClientAuth::named(name).is_some()));
        assert!(SameSite::NAMES.iter().all(|name| SameSite::named(name).is_some()));
    }
}
