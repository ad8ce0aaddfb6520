//! Rules that concern several settings, and what follows from all of them.

use alloc::string::String;
use alloc::vec::Vec;

use super::parse::fault;
use super::{AuthMethods, SameSite, Settings, SettingsFault};
use crate::digest::Digest;
use crate::jose::{Algorithm, Jwk, JwkFault, PublicKey, set_of_node};
use crate::json::{Node, Object, Value};
use crate::oidc::url::Url;

type Rule = Result<(), SettingsFault>;

pub(super) fn conclude(settings: &mut Settings, members: &Object<'_>) -> Rule {
    let given =
        |name: &str| members.node(name).is_some_and(|node| !matches!(node.value, Value::Null));
    settings.issuer_url = match Url::parse(&settings.issuer) {
        Some(url) => url,
        None => return fault("issuer", "must be a URL"),
    };
    token_places(settings, &given)?;
    pairs(settings, members)?;
    methods(settings)?;
    cookie(settings)?;
    keys(settings, members)?;
    settings.provider = provider(settings);
    Ok(())
}

fn token_places(settings: &Settings, given: &impl Fn(&str) -> bool) -> Rule {
    for (name, is_on) in [
        ("bearer_token_header_names", !settings.token_headers.is_empty()),
        ("bearer_token_query_name", settings.token_query.is_some()),
        ("bearer_token_cookie_name", settings.token_cookie.is_some()),
    ] {
        if given(name) && !is_on {
            return fault(name, "has no effect: `bearer_token_param_type` does not list its place");
        }
    }
    let mut seen: Vec<&[u8]> = Vec::new();
    for name in &settings.token_headers {
        if seen.contains(&&**name) {
            return fault("bearer_token_header_names", "must name each header once");
        }
        seen.push(name);
    }
    match &settings.token_cookie {
        Some(name) if name.is_empty() => fault(
            "bearer_token_cookie_name",
            "is required when `bearer_token_param_type` has `cookie`",
        ),
        Some(name) if *name == settings.session_cookie_name => {
            fault("bearer_token_cookie_name", "must differ from `session_cookie_name`")
        }
        _ => Ok(()),
    }
}

/// Parameters that a request has anyway, or must not have.
const TOKEN_PARAMETERS: &[&str] = &[
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "password",
    "redirect_uri",
    "refresh_token",
    "scope",
    "username",
];
const AUTHORIZATION_PARAMETERS: &[&str] = &[
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];
const INTROSPECTION_PARAMETERS: &[&str] = &[
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "token",
    "token_type_hint",
];

fn pairs(settings: &Settings, members: &Object<'_>) -> Rule {
    let count = |name: &str| match members.node(name).map(|node| &node.value) {
        Some(Value::List(items)) => items.len(),
        _ => 0,
    };
    for (names, values) in [
        ("token_post_args_names", "token_post_args_values"),
        ("authorization_query_args_names", "authorization_query_args_values"),
        ("introspection_post_args_names", "introspection_post_args_values"),
        ("upstream_headers_claims", "upstream_headers_names"),
    ] {
        if count(names) != count(values) {
            return fault(values, &["must have as many items as `", names, "`"].concat());
        }
    }
    for (field, pairs, taken) in [
        ("token_post_args_names", &settings.token_post_args, TOKEN_PARAMETERS),
        (
            "authorization_query_args_names",
            &settings.authorization_query_args,
            AUTHORIZATION_PARAMETERS,
        ),
        (
            "introspection_post_args_names",
            &settings.introspection_post_args,
            INTROSPECTION_PARAMETERS,
        ),
    ] {
        if pairs.iter().any(|(name, _)| taken.contains(&&**name)) {
            return fault(field, "must not name a parameter that the gateway itself sets");
        }
    }
    let headers = &settings.upstream_headers;
    for (at, (_, name)) in headers.iter().enumerate() {
        let token = settings.upstream_access_token_header.as_ref();
        if headers.iter().take(at).any(|(_, known)| known == name)
            || token.is_some_and(|token| token.name == *name)
        {
            return fault(
                "upstream_headers_names",
                "must name each header once, and not the one of `upstream_access_token_header`",
            );
        }
    }
    Ok(())
}

fn methods(settings: &Settings) -> Rule {
    let on = |methods| settings.auth_methods.intersects(methods);
    let need =
        |field, name: &str| fault(field, &["is required for the method `", name, "`"].concat());
    for (method, name) in [
        (AuthMethods::INTROSPECTION, "introspection"),
        (AuthMethods::PASSWORD, "password"),
        (AuthMethods::REFRESH_TOKEN, "refresh_token"),
        (AuthMethods::AUTHORIZATION_CODE, "authorization_code"),
    ] {
        if on(method) && settings.client_id.is_none() {
            return need("client_id", name);
        }
    }
    for (method, name) in [
        (AuthMethods::REFRESH_TOKEN, "refresh_token"),
        (AuthMethods::AUTHORIZATION_CODE, "authorization_code"),
    ] {
        if on(method) && !on(AuthMethods::SESSION) {
            let rule = ["must have `session` beside `", name, "`: what is obtained is kept in it"];
            return fault("auth_methods", &rule.concat());
        }
    }
    if on(AuthMethods::AUTHORIZATION_CODE) {
        let Some(redirect) = &settings.redirect_uri else {
            return need("redirect_uri", "authorization_code");
        };
        if !settings.scopes.iter().any(|scope| &**scope == "openid") {
            return fault("scopes", "must have `openid` for the method `authorization_code`");
        }
        callback(settings, redirect)?;
    }
    if settings.introspect_jwt_tokens && !on(AuthMethods::INTROSPECTION) {
        return fault("introspect_jwt_tokens", "needs the method `introspection`");
    }
    Ok(())
}

/// The cookie of a login has to reach the place to which the provider sends the browser back.
fn callback(settings: &Settings, redirect: &Url) -> Rule {
    let path = &*settings.session_cookie_path;
    let below = redirect
        .path()
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || path.ends_with('/'));
    if !below {
        return fault("redirect_uri", "must lie below `session_cookie_path`");
    }
    let Some(domain) = &settings.session_cookie_domain else { return Ok(()) };
    let authority = &redirect.authority;
    let host = if authority.starts_with('[') {
        authority
    } else {
        authority.split(':').next().unwrap_or_default()
    };
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let inside = host.strip_suffix(domain);
    if inside.is_some_and(|rest| rest.is_empty() || rest.ends_with('.')) {
        Ok(())
    } else {
        fault("redirect_uri", "must have a host in `session_cookie_domain`")
    }
}

fn cookie(settings: &mut Settings) -> Rule {
    if settings.session_cookie_same_site == SameSite::None && !settings.session_cookie_secure {
        return fault(
            "session_cookie_secure",
            "must be true when `session_cookie_same_site` is None",
        );
    }
    let prefix = match (settings.session_cookie_secure, &settings.session_cookie_domain) {
        (true, None) if &*settings.session_cookie_path == "/" => "__Host-",
        (true, _) => "__Secure-",
        (false, _) => "",
    };
    settings.session_cookie = [prefix, &settings.session_cookie_name].concat().into();
    Ok(())
}

fn keys(settings: &mut Settings, members: &Object<'_>) -> Rule {
    let Some(node @ Node { value: Value::Object(_), .. }) = members.node("jwks") else {
        return Ok(());
    };
    if settings.jwks_endpoint.is_some() {
        return fault("jwks_endpoint", "must not be there when `jwks` holds the keys");
    }
    match set_of_node(node) {
        Ok(keys) if keys.is_empty() => fault("jwks", "must have a key that can be used"),
        Ok(keys) => {
            settings.jwks = Some(keys);
            Ok(())
        }
        Err(JwkFault::Malformed) => fault("jwks", "must be a JWK Set with at most 64 keys"),
        Err(JwkFault::Secret) => fault("jwks", "must not hold private or symmetric keys"),
    }
}

/// What decides where a provider's documents come from and for how long they hold.
fn provider(settings: &Settings) -> Digest {
    let mut bytes: Vec<u8> = Vec::new();
    let mut add = |text: &[u8]| {
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text);
    };
    add(settings.issuer.as_bytes());
    let endpoint = |url: &Option<Url>| {
        url.as_ref().map_or_else(String::new, |url| {
            [&*url.scheme, "://", &url.authority, &url.path_and_query].concat()
        })
    };
    add(endpoint(&settings.jwks_endpoint).as_bytes());
    add(settings.upstream.as_deref().unwrap_or_default().as_bytes());
    add(&settings.jwks_max_age_seconds.to_le_bytes());
    add(&settings.jwks_stale_seconds.to_le_bytes());
    add(&settings.rediscovery_lifetime_seconds.to_le_bytes());
    add(&settings.timeout_ms.to_le_bytes());
    for Jwk { kid, algorithm, key } in settings.jwks.iter().flatten() {
        add(kid.as_deref().unwrap_or_default().as_bytes());
        add(algorithm.map_or("", Algorithm::name).as_bytes());
        let [first, second]: [&[u8]; 2] = match key {
            PublicKey::Rsa { n, e } => [n, e],
            PublicKey::P256 { x, y } => [x, y],
            PublicKey::P384 { x, y } => [x, y],
            PublicKey::P521 { x, y } => [x, y],
            PublicKey::Ed25519(key) => [key, b""],
        };
        add(first);
        add(second);
    }
    Digest::sha256(&bytes)
}
