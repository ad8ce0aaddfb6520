//! Every setting, in one table: its name, what it may be, its default, what it means, and where it
//! goes.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Settings;
use super::choice::{AccessTokenHeader, AccessTokenProfile, AuthMethods, ClientAuth, SameSite};
use super::kind::{Given, Kind, Text};
use crate::jose::Algorithm;
use Kind::{Flag, Keys, List, Number, One, Only, Single};
use Text::{
    Any, Cookie, Domain, Header, Host, Issuer, Of, Path, Place, TokenHeader, Url, Word, Words,
};

/// A setting.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) default: Absent,
    pub(super) set: fn(&mut Settings, &Given<'_>),
}

/// What it means that a setting is not there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Absent {
    /// It has to be.
    Refused,
    /// There is none; `null` says the same.
    None,
    /// It is this, as JSON.
    Is(&'static str),
    /// It is this, as JSON; `null` says that there is none.
    IsUnlessNull(&'static str),
}

macro_rules! fields {
    ($($origin:ident $name:literal $kind:expr, $absent:expr, $meaning:literal, $set:expr;)*) => {
        pub(super) const FIELDS: &[Field] = &[
            $(Field { name: $name, kind: $kind, default: $absent, set: $set },)*
        ];

        /// For each of [`FIELDS`], whether Kong has it, and what it means. Apart, so that a gateway
        /// need not carry the words.
        pub(super) const MEANINGS: &[(bool, &str)] = &[$((fields!(@ $origin), $meaning),)*];
    };
    (@ kong) => { true };
    (@ ours) => { false };
}

const REQUIRED: Absent = Absent::Refused;
const NONE: Absent = Absent::None;
const TRUE: Absent = Absent::Is("true");
const FALSE: Absent = Absent::Is("false");

const fn is(json: &'static str) -> Absent {
    Absent::Is(json)
}

/// A list of claims, outermost first.
const CLAIM_PATH: Kind = List(1, 10, Any(128));
/// A day, in seconds.
const DAY: u32 = 86_400;
const YEAR: u32 = 365 * DAY;
const ALGORITHMS: &[&str] = &[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
    "EdDSA",
];

fields! {
    kong "issuer" One(Issuer), REQUIRED,
        "The identity provider. Tokens must name it, and its discovery document is looked for below it.",
        |s, g| s.issuer = g.own_text().unwrap_or_default();
    kong "auth_methods" List(1, 10, Of(&AuthMethods::NAMES)), REQUIRED,
        "The ways to prove who calls. They are tried in this order, however they are listed. `password` makes every client handle its users' passwords: RFC 9700 says never to use it.",
        |s, g| s.auth_methods = g.list().iter().filter_map(|name| AuthMethods::named(name))
            .fold(AuthMethods::none(), AuthMethods::and);
    kong "credential_claim" CLAIM_PATH, is(r#"["sub"]"#),
        "The path to the claim that holds the client id under which the application is known.",
        |s, g| s.credential_claim = g.own_list();
    kong "issuers_allowed" List(1, 10, Word(512)), NONE,
        "The issuers that tokens may name instead of `issuer`.",
        |s, g| s.issuers_allowed = g.own_list();
    kong "scopes" List(0, 50, Word(128)), is(r#"["openid"]"#),
        "The scopes that the gateway asks for.",
        |s, g| s.scopes = g.own_list();
    kong "scopes_required" List(1, 50, Words(512)), NONE,
        "The scopes that a token must have: all words of one item.",
        |s, g| s.scopes_required = g.own_list();
    kong "scopes_claim" CLAIM_PATH, is(r#"["scope"]"#),
        "The path to the claim that holds the scopes. When it is the default and not there, `scp` is looked at.",
        |s, g| s.scopes_claim = g.own_list();
    kong "audience" List(1, 10, Word(256)), NONE,
        "The audience that the gateway asks for.",
        |s, g| s.audience = g.own_list();
    kong "audience_required" List(1, 50, Words(512)), NONE,
        "The audience that a token must have: all words of one item.",
        |s, g| s.audience_required = g.own_list();
    kong "audience_claim" CLAIM_PATH, is(r#"["aud"]"#),
        "The path to the claim that holds the audience.",
        |s, g| s.audience_claim = g.own_list();
    kong "leeway" Number(0, 60), is("0"),
        "How many seconds clocks may differ.",
        |s, g| s.leeway_seconds = g.number();
    ours "algorithms" List(1, 11, Of(ALGORITHMS)),
        is(r#"["RS256","RS384","RS512","PS256","PS384","PS512","ES256","ES384","ES512","Ed25519"]"#),
        "The signature algorithms that are taken.",
        |s, g| {
            for name in g.list() {
                let named = Algorithm::from_name(name.as_bytes());
                s.algorithms.extend(named.filter(|algorithm| !s.algorithms.contains(algorithm)));
            }
        };
    ours "access_token_profile" One(Of(&["any", "rfc9068"])), is(r#""any""#),
        "What a signed token has to look like: anything that is not plainly another kind of token, or exactly as RFC 9068 says.",
        |s, g| s.access_token_profile = match g.text() {
            Some("rfc9068") => AccessTokenProfile::Rfc9068,
            _ => AccessTokenProfile::Any,
        };
    kong "hide_credentials" Flag, TRUE,
        "Whether what the client presented is taken off the request.",
        |s, g| s.hide_credentials = g.flag();

    kong "bearer_token_param_type" List(1, 3, Of(&["header", "query", "cookie"])), is(r#"["header"]"#),
        "Where a token may come. The body is never read.",
        |s, g| {
            let on = |place| g.list().contains(&place);
            if on("header") {
                s.token_headers.push(b"authorization".as_slice().into());
            }
            if on("query") {
                s.token_query = Some("access_token".into());
            }
            if on("cookie") {
                s.token_cookie = Some(Box::default());
            }
        };
    ours "bearer_token_header_names" List(1, 5, Header), NONE,
        "The headers in which a token may come; `authorization` when none are named. In `authorization` the token stands after `Bearer`.",
        |s, g| {
            if !s.token_headers.is_empty() {
                s.token_headers = g.lower_case();
            }
        };
    ours "bearer_token_query_name" One(Word(64)), NONE,
        "The parameter of the query in which a token may come; `access_token` when none is named.",
        |s, g| rename(&mut s.token_query, g);
    kong "bearer_token_cookie_name" One(Cookie), NONE,
        "The cookie in which a token may come.",
        |s, g| rename(&mut s.token_cookie, g);
    kong "client_credentials_param_type" List(1, 1, Of(&["header"])), is(r#"["header"]"#),
        "Where a client's id and secret may come: as `Authorization: Basic` alone.",
        |_, _| ();
    kong "password_param_type" List(1, 1, Of(&["header"])), is(r#"["header"]"#),
        "Where a user's name and password may come: as `Authorization: Basic` alone.",
        |_, _| ();

    kong "client_id" Single(Any(256)), NONE,
        "The gateway's own client at the provider. Its secret stands in the gateway's configuration.",
        |s, g| s.client_id = g.own_text();
    kong "client_auth" Single(Of(&ClientAuth::NAMES)), is(r#""client_secret_basic""#),
        "How the gateway, or a client through it, proves itself at the token and introspection endpoints.",
        |s, g| s.client_auth = g.text().and_then(ClientAuth::named).unwrap_or_default();
    ours "jwks" Keys, NONE,
        "The provider's public keys. None are fetched then.",
        |_, _| ();
    ours "jwks_endpoint" One(Url), NONE,
        "Where the provider's keys are, instead of where its discovery document says.",
        |s, g| s.jwks_endpoint = g.url();
    kong "token_endpoint" One(Url), NONE,
        "The token endpoint, instead of the discovered one.",
        |s, g| s.token_endpoint = g.url();
    kong "introspection_endpoint" One(Url), NONE,
        "The introspection endpoint, instead of the discovered one.",
        |s, g| s.introspection_endpoint = g.url();
    kong "authorization_endpoint" One(Url), NONE,
        "The authorization endpoint, instead of the discovered one.",
        |s, g| s.authorization_endpoint = g.url();
    kong "end_session_endpoint" One(Url), NONE,
        "The logout endpoint, instead of the discovered one.",
        |s, g| s.end_session_endpoint = g.url();
    kong "token_post_args_names" List(1, 20, Word(64)), NONE,
        "Names of more parameters of the token request.",
        |s, g| s.token_post_args = names(g);
    kong "token_post_args_values" List(1, 20, Any(512)), NONE,
        "Their values, in the same order.",
        |s, g| values(&mut s.token_post_args, g);
    kong "authorization_query_args_names" List(1, 20, Word(64)), NONE,
        "Names of more parameters of the authorization request.",
        |s, g| s.authorization_query_args = names(g);
    kong "authorization_query_args_values" List(1, 20, Any(512)), NONE,
        "Their values, in the same order.",
        |s, g| values(&mut s.authorization_query_args, g);
    kong "introspection_post_args_names" List(1, 20, Word(64)), NONE,
        "Names of more parameters of the introspection request.",
        |s, g| s.introspection_post_args = names(g);
    kong "introspection_post_args_values" List(1, 20, Any(512)), NONE,
        "Their values, in the same order.",
        |s, g| values(&mut s.introspection_post_args, g);
    kong "introspection_hint" One(Word(64)), Absent::IsUnlessNull(r#""access_token""#),
        "The `token_type_hint` of introspection; null for none.",
        |s, g| s.introspection_hint = g.own_text().unwrap_or_default();
    kong "introspect_jwt_tokens" Flag, FALSE,
        "Whether signed tokens are introspected too.",
        |s, g| s.introspect_jwt_tokens = g.flag();
    kong "cache_introspection" Flag, TRUE,
        "Whether introspection replies are remembered.",
        |s, g| s.cache_introspection = g.flag();
    kong "cache_tokens" Flag, TRUE,
        "Whether token replies are remembered.",
        |s, g| s.cache_tokens = g.flag();
    kong "cache_ttl" Number(0, DAY), is("3600"),
        "For how many seconds at most replies are remembered; never longer than the token lives.",
        |s, g| s.cache_ttl_seconds = g.number();
    kong "cache_ttl_neg" Number(0, 300), is("10"),
        "For how many seconds it is remembered that a token is not active.",
        |s, g| s.cache_ttl_neg_seconds = g.number();
    kong "rediscovery_lifetime" Number(1, 3_600), is("30"),
        "The least number of seconds between two attempts to fetch a document.",
        |s, g| s.rediscovery_lifetime_seconds = g.number();
    ours "jwks_max_age" Number(30, DAY), is("300"),
        "The age in seconds at which keys and discovery document are fetched anew.",
        |s, g| s.jwks_max_age_seconds = g.number();
    ours "jwks_stale_seconds" Number(0, 7 * DAY), is("86400"),
        "For how many seconds more they are used while the provider does not answer.",
        |s, g| s.jwks_stale_seconds = g.number().into();
    kong "timeout" Number(100, 60_000), is("3000"),
        "How many milliseconds a call to the provider may take.",
        |s, g| s.timeout_ms = g.number();
    ours "upstream" One(Host), NONE,
        "Where calls to the issuer's host go: a name of `upstreams` in the gateway's configuration. The host itself when none is named.",
        |s, g| s.upstream = g.own_text();

    kong "redirect_uri" Single(Url), NONE,
        "Where the provider sends the browser back to: a URL of the service that is registered at the provider.",
        |s, g| s.redirect_uri = g.url();
    kong "login_redirect_uri" Single(Place), NONE,
        "Where the browser goes after it signed in, instead of where it wanted to go.",
        |s, g| s.login_redirect_uri = g.own_text();
    kong "logout_uri_suffix" One(Path), NONE,
        "A path with this end signs out.",
        |s, g| s.logout_uri_suffix = g.own_text();
    kong "logout_methods" List(1, 3, Of(&["GET", "POST", "DELETE"])), is(r#"["POST","DELETE"]"#),
        "The methods with which one signs out.",
        |s, g| s.logout_methods = g.own_list();
    kong "logout_query_arg" One(Word(64)), NONE,
        "A query with this parameter signs out.",
        |s, g| s.logout_query_arg = g.own_text();
    kong "logout_redirect_uri" Single(Place), NONE,
        "Where the browser goes after it signed out.",
        |s, g| s.logout_redirect_uri = g.own_text();
    kong "unauthorized_destroy_session" Flag, TRUE,
        "Whether a session that is refused ends.",
        |s, g| s.unauthorized_destroy_session = g.flag();
    kong "session_cookie_name" One(Cookie), is(r#""gatekey_session""#),
        "The name of the session's cookie. It is prefixed with `__Host-` or `__Secure-` when the other settings allow it.",
        |s, g| s.session_cookie_name = g.own_text().unwrap_or_default();
    kong "session_cookie_path" One(Path), is(r#""/""#),
        "Its path.",
        |s, g| s.session_cookie_path = g.own_text().unwrap_or_default();
    kong "session_cookie_domain" One(Domain), NONE,
        "Its domain; the host alone when none is named.",
        |s, g| s.session_cookie_domain = g.own_text();
    kong "session_cookie_same_site" One(Of(&SameSite::NAMES)), is(r#""Lax""#),
        "Whether it comes with requests that other sites cause.",
        |s, g| s.session_cookie_same_site = g.text().and_then(SameSite::named).unwrap_or_default();
    kong "session_cookie_secure" Flag, TRUE,
        "Whether it comes over TLS alone.",
        |s, g| s.session_cookie_secure = g.flag();
    kong "session_cookie_http_only" Flag, TRUE,
        "Whether it is kept from scripts.",
        |s, g| s.session_cookie_http_only = g.flag();
    kong "session_rolling_timeout" Number(0, YEAR), is("3600"),
        "How many seconds a session lasts that is not renewed; 0 is no limit.",
        |s, g| s.session_rolling_timeout_seconds = g.number().into();
    kong "session_idling_timeout" Number(0, YEAR), is("900"),
        "How many seconds a session may be idle; 0 is no limit.",
        |s, g| s.session_idling_timeout_seconds = g.number().into();
    kong "session_absolute_timeout" Number(0, YEAR), is("86400"),
        "How many seconds a session lasts at most; 0 is no limit.",
        |s, g| s.session_absolute_timeout_seconds = g.number().into();

    kong "upstream_access_token_header" One(TokenHeader),
        Absent::IsUnlessNull(r#""authorization:bearer""#),
        "The header in which the upstream gets a token that the gateway obtained, with `:bearer` after `Bearer`; null for none.",
        |s, g| s.upstream_access_token_header = g.text().map(|text| {
            let (name, scheme) = text.split_once(':').unwrap_or((text, ""));
            AccessTokenHeader { name: name.to_ascii_lowercase().into(), bearer: !scheme.is_empty() }
        });
    kong "upstream_headers_claims" List(1, 20, Any(128)), NONE,
        "Claims that the upstream is told in headers.",
        |s, g| s.upstream_headers = g.list().iter()
            .map(|claim| (Vec::from([Box::from(*claim)]), Box::default())).collect();
    kong "upstream_headers_names" List(1, 20, Header), NONE,
        "The headers, in the same order. What a client sends in them is taken off.",
        |s, g| {
            for ((_, header), name) in s.upstream_headers.iter_mut().zip(g.list()) {
                *header = name.to_ascii_lowercase().into();
            }
        };

    kong "verify_signature" Only(true), TRUE, "Signatures are always verified.", |_, _| ();
    kong "verify_claims" Only(true), TRUE, "Claims are always checked.", |_, _| ();
    kong "verify_nonce" Only(true), TRUE, "The nonce of an ID token is always checked.", |_, _| ();
    kong "introspection_check_active" Only(true), TRUE,
        "`active` is always looked at.", |_, _| ();
    kong "require_proof_key_for_code_exchange" Only(true), TRUE,
        "PKCE (RFC 7636) is always used.", |_, _| ();
    kong "ssl_verify" Only(true), TRUE,
        "The host makes the calls and verifies certificates.", |_, _| ();
    kong "enable_hs_signatures" Only(false), FALSE,
        "Signatures with a shared secret are never taken.", |_, _| ();
}

fn names(given: &Given<'_>) -> Vec<(Box<str>, Box<str>)> {
    given.list().iter().map(|name| (Box::from(*name), Box::default())).collect()
}

fn values(pairs: &mut [(Box<str>, Box<str>)], given: &Given<'_>) {
    for ((_, known), value) in pairs.iter_mut().zip(given.list()) {
        *known = Box::from(*value);
    }
}

/// Another name for a place that is listed.
fn rename(place: &mut Option<Box<str>>, given: &Given<'_>) {
    if let (Some(known), Some(name)) = (place, given.text()) {
        *known = name.into();
    }
}
