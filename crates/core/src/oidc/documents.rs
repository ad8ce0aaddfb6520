//! What identity providers say: discovery documents, token replies, introspection replies.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use super::url::Url;
use crate::jose::{Claims, NumericDate};
use crate::json::{self, Limits, Value};
use crate::secret::Secret;

/// The longest document that is looked at, in bytes.
const MAX_BYTES: usize = 64 * 1024;
const LIMITS: Limits = Limits { depth: 16, members: 256, nodes: 4_096 };

/// Why a provider's answer cannot be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentFault {
    /// It is not a JSON object, or too large, or has a member twice.
    Malformed,
    /// What must be there is not, or is of another type.
    Missing(&'static str),
    /// It speaks for another issuer (OpenID Connect Discovery 4.3, RFC 8414 3.3).
    OtherIssuer,
}

impl fmt::Display for DocumentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("is not a JSON object of at most 64 KiB"),
            Self::Missing(name) => write!(f, "`{name}` is missing or malformed"),
            Self::OtherIssuer => f.write_str("`issuer` is another than the configured one"),
        }
    }
}

impl core::error::Error for DocumentFault {}

fn read(bytes: &[u8]) -> Result<Claims<'_>, DocumentFault> {
    if bytes.len() > MAX_BYTES {
        return Err(DocumentFault::Malformed);
    }
    let node = json::read(bytes, &LIMITS).map_err(|_| DocumentFault::Malformed)?;
    Claims::of(node).ok_or(DocumentFault::Malformed)
}

/// What a provider says about itself (OpenID Connect Discovery 1.0, RFC 8414).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as in the standard")]
pub struct Discovery {
    pub jwks_uri: Option<Url>,
    pub token_endpoint: Option<Url>,
    pub introspection_endpoint: Option<Url>,
    pub authorization_endpoint: Option<Url>,
    pub end_session_endpoint: Option<Url>,
}

impl Discovery {
    /// Reads a document that has to be of this issuer, byte for byte.
    ///
    /// # Errors
    ///
    /// When it is not, or an endpoint is not an absolute URL that may be called.
    pub fn parse(bytes: &[u8], issuer: &str) -> Result<Self, DocumentFault> {
        let document = read(bytes)?;
        match document.text("issuer") {
            Some(said) if said == issuer => {}
            Some(_) => return Err(DocumentFault::OtherIssuer),
            None => return Err(DocumentFault::Missing("issuer")),
        }
        let place = |name| match document.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => {
                Url::parse(text).map(Some).ok_or(DocumentFault::Missing(name))
            }
            Some(_) => Err(DocumentFault::Missing(name)),
        };
        Ok(Self {
            jwks_uri: place("jwks_uri")?,
            token_endpoint: place("token_endpoint")?,
            introspection_endpoint: place("introspection_endpoint")?,
            authorization_endpoint: place("authorization_endpoint")?,
            end_session_endpoint: place("end_session_endpoint")?,
        })
    }
}

/// A successful reply of a token endpoint (RFC 6749 5.1).
#[derive(Clone, Debug)]
pub struct TokenReply {
    /// The access token.
    pub access_token: Secret<String>,
    /// For how long it is good; zero when it is over already.
    pub expires_in_seconds: Option<u64>,
    /// Gets new tokens.
    pub refresh_token: Option<Secret<String>>,
    /// Says who signed in.
    pub id_token: Option<Secret<String>>,
    /// The scopes that were granted, when they are others than were asked for.
    pub scope: Option<Box<str>>,
}

impl TokenReply {
    /// Reads a reply.
    ///
    /// # Errors
    ///
    /// When it has no access token, or one that is not for `Bearer`.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentFault> {
        let reply = read(bytes)?;
        let missing = DocumentFault::Missing;
        let bearer =
            reply.text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
        if !bearer {
            return Err(missing("token_type"));
        }
        let secret = |name: &'static str| match reply.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) if is_plain(text) => {
                Ok(Some(Secret::new(String::from(&**text))))
            }
            Some(_) => Err(missing(name)),
        };
        let expires_in_seconds = match reply.get("expires_in") {
            None | Some(Value::Null) => None,
            Some(Value::Number(number)) => Some(seconds(number)),
            // Some send it as text.
            Some(Value::Text(text)) if is_number(text) => Some(seconds(text)),
            Some(_) => return Err(missing("expires_in")),
        };
        Ok(Self {
            access_token: secret("access_token")?.ok_or(missing("access_token"))?,
            expires_in_seconds,
            refresh_token: secret("refresh_token")?,
            id_token: secret("id_token")?,
            scope: reply.text("scope").map(Into::into),
        })
    }
}

fn seconds(number: &str) -> u64 {
    u64::try_from(NumericDate::read(number).seconds()).unwrap_or(0)
}

fn is_number(text: &str) -> bool {
    (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it can stand in a header or a form as it is (RFC 6749 A.12).
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What an issuer says about one of its tokens (RFC 7662 2.2).
#[derive(Debug)]
pub struct Introspection<'j> {
    /// Whether the token is good. Nothing but the boolean `true` says so.
    pub active: bool,
    /// The rest.
    pub claims: Claims<'j>,
}

impl<'j> Introspection<'j> {
    /// Reads a reply.
    ///
    /// # Errors
    ///
    /// When it does not say whether the token is active.
    pub fn parse(bytes: &'j [u8]) -> Result<Self, DocumentFault> {
        let claims = read(bytes)?;
        match claims.get("active") {
            Some(Value::Flag(active)) => Ok(Self { active: *active, claims }),
            _ => Err(DocumentFault::Missing("active")),
        }
    }
}

/// The places where an issuer's document may be: OpenID Connect appends, RFC 8414 inserts.
pub(crate) const WELL_KNOWN_PLACES: usize = 2;

/// One of the places of an issuer's discovery document.
pub(crate) fn well_known(issuer: &Url, place: usize) -> Url {
    let path = issuer.path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let path = match place {
        0 => [path, "/.well-known/openid-configuration"].concat(),
        _ => ["/.well-known/oauth-authorization-server", path].concat(),
    };
    Url { path_and_query: path.into(), ..issuer.clone() }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_document_speaks_for_its_issuer_only() {
        let document = br#"{"issuer":"https://idp.test/a","jwks_uri":"https://idp.test/a/jwks"}"#;
        let read = Discovery::parse(document, "https://idp.test/a").unwrap();
        assert_eq!(read.jwks_uri, Url::parse("https://idp.test/a/jwks"));
        for other in ["https://idp.test/a/", "https://IDP.test/a", "https://idp.test"] {
            assert_eq!(Discovery::parse(document, other), Err(DocumentFault::OtherIssuer));
        }
        let lying = br#"{"issuer":"https://idp.test","jwks_uri":"http://idp.test/jwks"}"#;
        let fault = Discovery::parse(lying, "https://idp.test").unwrap_err();
        assert_eq!(fault, DocumentFault::Missing("jwks_uri"));
    }

    #[test]
    fn a_document_is_looked_for_in_both_places() {
        let issuer = Url::parse("https://idp.test/tenant/").unwrap();
        let places: Vec<String> = (0..WELL_KNOWN_PLACES)
            .map(|place| well_known(&issuer, place).path_and_query().into())
            .collect();
        assert_eq!(
            places,
            [
                "/tenant/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server/tenant"
            ]
        );
    }

    #[test]
    fn only_the_boolean_true_is_active() {
        for (reply, active) in [
            (&br#"{"active":true}"#[..], Some(true)),
            (br#"{"active":false,"exp":1.5}"#, Some(false)),
            (br#"{"active":"true"}"#, None),
            (br#"{"active":1}"#, None),
            (br#"{"active":true,"active":false}"#, None),
            (br#"{}"#, None),
            (br#"[]"#, None),
            (b"", None),
        ] {
            assert_eq!(Introspection::parse(reply).ok().map(|read| read.active), active);
        }
    }

    #[test]
    fn a_token_reply_is_read_as_servers_send_it() {
        let reply = br#"{"access_token":"a.b","token_type":"bearer","expires_in":"60"}"#;
        assert_eq!(TokenReply::parse(reply).unwrap().expires_in_seconds, Some(60));
        let over = br#"{"access_token":"a","token_type":"Bearer","expires_in":-5}"#;
        assert_eq!(TokenReply::parse(over).unwrap().expires_in_seconds, Some(0));
        for bad in [
            &br#"{"access_token":"a"}"#[..],
            br#"{"access_token":"a","token_type":"DPoP"}"#,
            br#"{"token_type":"Bearer"}"#,
            br#"{"access_token":"a b","token_type":"Bearer"}"#,
            br#"{"access_token":1,"token_type":"Bearer"}"#,
            br#"{"access_token":"a","token_type":"Bearer","expires_in":[]}"#,
        ] {
            assert!(TokenReply::parse(bad).is_err());
        }
    }
}
