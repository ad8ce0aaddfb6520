use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use super::fields::{Absent, FIELDS, MEANINGS};
use super::*;

/// The least that is accepted, with more in front.
fn with(more: &str) -> String {
    format!(r#"{{{more} "issuer": "https://idp.test/a/", "auth_methods": ["bearer"]}}"#)
}

fn parsed(json: &str) -> Settings {
    Settings::parse(json.as_bytes()).unwrap_or_else(|fault| panic!("{json}: {fault}"))
}

#[track_caller]
fn refused(json: &str, expected: &str) {
    let fault = Settings::parse(json.as_bytes()).expect_err(json);
    let told = fault.to_string();
    assert!(told.starts_with(expected), "{json}: {told}");
}

fn texts(list: &[Box<str>]) -> Vec<&str> {
    list.iter().map(|text| &**text).collect()
}

#[test]
fn the_least_that_is_said_gets_every_default() {
    let settings = parsed(&with(""));
    assert_eq!(&*settings.issuer, "https://idp.test/a/");
    assert_eq!(settings.auth_methods, AuthMethods::BEARER);
    assert_eq!(texts(&settings.credential_claim), ["sub"]);
    assert_eq!(texts(&settings.scopes), ["openid"]);
    assert!(settings.scopes_claim_is_default());
    assert_eq!(texts(&settings.audience_claim), ["aud"]);
    assert_eq!(settings.algorithms, Algorithm::ALL);
    assert_eq!(settings.leeway_seconds, 0);
    assert!(settings.hide_credentials && settings.cache_tokens && settings.cache_introspection);
    assert_eq!(settings.token_headers, vec![Box::from(b"authorization".as_slice())]);
    assert_eq!((&settings.token_cookie, &settings.token_query), (&None, &None));
    assert_eq!(settings.cache_ttl_seconds, 3_600);
    assert_eq!(settings.rediscovery_lifetime_seconds, 30);
    assert_eq!((settings.jwks_max_age_seconds, settings.jwks_stale_seconds), (300, 86_400));
    assert_eq!(settings.timeout_ms, 3_000);
    assert_eq!(&*settings.session_cookie, "__Host-gatekey_session");
    assert_eq!(texts(&settings.logout_methods), ["POST", "DELETE"]);
    let header = AccessTokenHeader { name: "authorization".into(), bearer: true };
    assert_eq!(settings.upstream_access_token_header, Some(header));
    assert_eq!(settings.upstream_of(&settings.issuer_url), "idp.test");
    assert!(settings.needs_keys() && settings.needs_discovery());
}

#[test]
fn what_is_said_is_taken() {
    let settings = parsed(
        r#"{
            "issuer": "https://idp.test",
            "issuers_allowed": ["https://sts.test/", "https://idp.test"],
            "auth_methods": ["authorization_code", "session", "introspection", "refresh_token"],
            "credential_claim": ["client", "id"],
            "scopes_required": ["read write", "admin"],
            "algorithms": ["EdDSA", "Ed25519", "ES256"],
            "access_token_profile": "rfc9068",
            "bearer_token_param_type": ["cookie", "query", "header"],
            "bearer_token_header_names": ["X-Access-Token", "authorization"],
            "bearer_token_cookie_name": "token",
            "client_id": ["gateway"],
            "client_auth": ["none"],
            "redirect_uri": ["https://api.test/app/callback"],
            "session_cookie_path": "/app",
            "session_cookie_domain": "api.test",
            "session_cookie_same_site": "Strict",
            "token_post_args_names": ["resource"],
            "token_post_args_values": ["https://api.test"],
            "upstream": "my-idp",
            "upstream_access_token_header": null,
            "upstream_headers_claims": ["email"],
            "upstream_headers_names": ["X-Email"],
            "introspection_endpoint": "https://tokens.test/introspect",
            "introspection_hint": null,
            "leeway": 60,
            "verify_signature": true,
            "enable_hs_signatures": false
        }"#,
    );
    assert!(settings.is_issuer("https://sts.test/") && settings.is_issuer("https://idp.test"));
    assert!(!settings.is_issuer("https://idp.test/"));
    assert_eq!(
        settings.auth_methods.names().collect::<Vec<_>>(),
        ["session", "introspection", "refresh_token", "authorization_code"]
    );
    assert_eq!(texts(&settings.credential_claim), ["client", "id"]);
    assert_eq!(settings.algorithms, [Algorithm::Ed25519, Algorithm::Es256]);
    assert_eq!(settings.access_token_profile, AccessTokenProfile::Rfc9068);
    assert_eq!(
        settings.token_headers,
        [Box::from(b"x-access-token".as_slice()), Box::from(b"authorization".as_slice())]
    );
    assert_eq!(settings.token_cookie.as_deref(), Some("token"));
    assert_eq!(settings.token_query.as_deref(), Some("access_token"));
    assert_eq!(
        (settings.client_id.as_deref(), settings.client_auth),
        (Some("gateway"), ClientAuth::None)
    );
    assert_eq!(&*settings.session_cookie, "__Secure-gatekey_session");
    assert_eq!(settings.token_post_args, [("resource".into(), "https://api.test".into())]);
    assert_eq!(settings.upstream_access_token_header, None);
    assert_eq!(settings.upstream_headers, [(vec!["email".into()], "x-email".into())]);
    assert_eq!(&*settings.introspection_hint, "");
    assert_eq!(settings.upstream_of(&settings.issuer_url), "my-idp");
    let elsewhere = settings.introspection_endpoint.clone().unwrap();
    assert_eq!(settings.upstream_of(&elsewhere), "tokens.test");
}

#[test]
fn what_breaks_a_rule_is_told_by_name_and_rule() {
    refused("", ": must be JSON".trim_start_matches(": "));
    refused("[]", "must be an object");
    refused("{}", "issuer: is required");
    refused(r#"{"issuer": "https://idp.test"}"#, "auth_methods: is required");
    refused(&with(r#""leeway": 1, "leeway": 2,"#), "must be JSON: byte 14: duplicate");
    for (more, expected) in [
        (r#""colour": 1,"#, "colour: is not a setting"),
        (r#""client_secret": "x","#, "client_secret: is a secret: it belongs into the gateway's"),
        (r#""consumer_claims": [],"#, "consumer_claims: is a setting of Kong's that is not impl"),
        (r#""downstream_id_token_header": "x","#, "downstream_id_token_header: is a setting of Ko"),
        (r#""leeway": 61,"#, "leeway: must be a whole number from 0 to 60"),
        (r#""leeway": -1,"#, "leeway: must be a whole number from 0 to 60"),
        (r#""leeway": 1.0,"#, "leeway: must be a whole number from 0 to 60"),
        (r#""leeway": 99999999999999999999,"#, "leeway: must be a whole number"),
        (r#""leeway": "1","#, "leeway: must be a whole number"),
        (r#""leeway": null,"#, "leeway: must be a whole number"),
        (r#""scopes": "openid","#, "scopes: must be a list of at most 50, each"),
        (r#""scopes": ["a", "b c"],"#, "scopes[1]: must be a string without blanks"),
        (r#""scopes": ["a", 1],"#, "scopes[1]: must be a string without blanks"),
        (r#""credential_claim": [],"#, "credential_claim: must be a list of 1 to 10"),
        (r#""credential_claim": "sub","#, "credential_claim: must be a list"),
        (r#""scopes_required": ["a  b"],"#, "scopes_required[0]: must be words"),
        (r#""hide_credentials": 1,"#, "hide_credentials: must be true or false"),
        (r#""verify_signature": false,"#, "verify_signature: must be true: nothing else"),
        (r#""enable_hs_signatures": true,"#, "enable_hs_signatures: must be false: nothing else"),
        (r#""algorithms": ["HS256"],"#, "algorithms[0]: must be one of `RS256`"),
        (r#""algorithms": ["none"],"#, "algorithms[0]: must be one of `RS256`"),
        (r#""algorithms": ["RS256", "RS256"],"#, "algorithms[1]: is there twice"),
        (r#""bearer_token_param_type": ["body"],"#, "bearer_token_param_type[0]: must be one of"),
        (r#""bearer_token_param_type": ["cookie"],"#, "bearer_token_cookie_name: is required when"),
        (
            r#""bearer_token_param_type": ["query"], "bearer_token_header_names": ["x-token"],"#,
            "bearer_token_header_names: has no effect",
        ),
        (r#""bearer_token_cookie_name": "token","#, "bearer_token_cookie_name: has no effect"),
        (r#""bearer_token_query_name": "token","#, "bearer_token_query_name: has no effect"),
        (
            r#""bearer_token_header_names": ["x-token", "X-Token"],"#,
            "bearer_token_header_names: must name each header once",
        ),
        (r#""bearer_token_header_names": ["host"],"#, "bearer_token_header_names[0]: must be"),
        (r#""bearer_token_header_names": ["a b"],"#, "bearer_token_header_names[0]: must be"),
        (
            r#""bearer_token_header_names": ["X_Consumer_ID"],"#,
            "bearer_token_header_names[0]: must be",
        ),
        (r#""client_id": ["a", "b"],"#, "client_id: must be a string of 1 to 256 bytes, alone or"),
        (r#""client_id": [1],"#, "client_id[0]: must be a string of 1 to 256 bytes"),
        (r#""token_endpoint": "http://idp.test","#, "token_endpoint: must be an absolute https"),
        (r#""token_endpoint": "https://u@idp.test","#, "token_endpoint: must be an absolute https"),
        (r#""timeout": 99,"#, "timeout: must be a whole number from 100 to 60000"),
        (r#""upstream": "My IdP","#, "upstream: must be a lower-case host name"),
        (r#""token_post_args_names": ["a"],"#, "token_post_args_values: must have as many items"),
        (
            r#""token_post_args_names": ["scope"], "token_post_args_values": ["x"],"#,
            "token_post_args_names: must not name a parameter",
        ),
        (r#""upstream_headers_claims": ["a"],"#, "upstream_headers_names: must have as many"),
        (
            r#""upstream_headers_claims": ["a"], "upstream_headers_names": ["Authorization"],"#,
            "upstream_headers_names: must name each header once, and not the one",
        ),
        (
            r#""upstream_headers_claims": ["a"], "upstream_headers_names": ["X-Consumer-Id"],"#,
            "upstream_headers_names[0]: must be the name of a header",
        ),
        (r#""introspect_jwt_tokens": true,"#, "introspect_jwt_tokens: needs the method"),
        (r#""session_cookie_name": "__Host-x","#, "session_cookie_name: must be the name"),
        (r#""session_cookie_name": "a=b","#, "session_cookie_name: must be the name"),
        (r#""session_cookie_path": "/;x","#, "session_cookie_path: must be a path"),
        (
            r#""session_cookie_domain": "idp.test:1","#,
            "session_cookie_domain: must be a lower-case host name",
        ),
        (
            r#""session_cookie_same_site": "None", "session_cookie_secure": false,"#,
            "session_cookie_secure: must be true when",
        ),
        (r#""session_cookie_same_site": "lax","#, "session_cookie_same_site: must be one of"),
        (r#""login_redirect_uri": "//evil.test","#, "login_redirect_uri: must be an absolute"),
        (r#""jwks": [],"#, "jwks: must be a JWK Set object"),
        (
            r#""jwks": {"keys": []}, "jwks_endpoint": "https://idp.test/k","#,
            "jwks_endpoint: must not be there when `jwks`",
        ),
        (r#""jwks": {"keys": []},"#, "jwks: must have a key that can be used"),
        (r#""jwks": {"keys": {}},"#, "jwks: must be a JWK Set with at most 64 keys"),
        (
            r#""jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]},"#,
            "jwks: must not hold private or symmetric keys",
        ),
    ] {
        refused(&with(more), expected);
    }
}

#[test]
fn issuers_are_absolute_urls_without_extras() {
    let long = ["https://idp.test/", &"a".repeat(240)].concat();
    for issuer in [
        "",
        "idp.test",
        "http://idp.test",
        "https://idp.test?tenant=a",
        "https://idp.test#a",
        "https://a@idp.test",
        "https://idp.test/.well-known/openid-configuration",
        "https://idp.test/.well-known/openid-configuration/",
        &long,
    ] {
        let json = format!(r#"{{"issuer": "{issuer}", "auth_methods": ["bearer"]}}"#);
        refused(&json, "issuer: must be the issuer exactly as in `iss`");
    }
    parsed(r#"{"issuer": "http://127.0.0.1:9000/x", "auth_methods": ["bearer"]}"#);
}

#[test]
fn methods_need_what_they_work_with() {
    let methods = |methods: &str, more: &str| {
        format!(r#"{{"issuer": "https://idp.test", "auth_methods": [{methods}]{more}}}"#)
    };
    refused(&methods("", ""), "auth_methods: must be a list of 1 to 10");
    refused(&methods(r#""userinfo""#, ""), "auth_methods[0]: must be one of `session`");
    refused(&methods(r#""bearer", "bearer""#, ""), "auth_methods[1]: is there twice");
    for method in ["introspection", "password", "refresh_token", "authorization_code"] {
        let expected = format!("client_id: is required for the method `{method}`");
        refused(&methods(&format!(r#""session", "{method}""#), ""), &expected);
    }
    let client = r#", "client_id": "gateway""#;
    for method in ["refresh_token", "authorization_code"] {
        refused(&methods(&format!(r#""{method}""#), client), "auth_methods: must have `session`");
    }
    let code = |more: &str| methods(r#""session", "authorization_code""#, &[client, more].concat());
    refused(&code(""), "redirect_uri: is required for the method `authorization_code`");
    let back = r#", "redirect_uri": "https://api.test/back""#;
    refused(&code(&[back, r#", "scopes": []"#].concat()), "scopes: must have `openid`");
    let refused_path = [back, r#", "session_cookie_path": "/ba""#].concat();
    refused(&code(&refused_path), "redirect_uri: must lie below `session_cookie_path`");
    let other_host = [back, r#", "session_cookie_domain": "i.test""#].concat();
    refused(&code(&other_host), "redirect_uri: must have a host in `session_cookie_domain`");
    parsed(&code(back));
    parsed(&code(&[back, r#", "session_cookie_domain": "test""#].concat()));
    for alone in ["bearer", "kong_oauth2", "client_credentials", "session"] {
        parsed(&methods(&format!(r#""{alone}""#), ""));
    }
    assert!(!parsed(&methods(r#""kong_oauth2""#, "")).needs_keys());
}

#[test]
fn the_provider_is_the_same_as_long_as_its_description_is() {
    let provider = |more: &str| parsed(&with(more)).provider;
    let plain = provider("");
    assert_eq!(plain, provider(r#""leeway": 3, "scopes": [],"#));
    assert_ne!(plain, provider(r#""upstream": "x","#));
    assert_ne!(plain, provider(r#""jwks_endpoint": "https://idp.test/keys","#));
    assert_ne!(plain, provider(r#""jwks_max_age": 60,"#));
    let key = |kid| {
        provider(&format!(
            r#""jwks": {{"keys": [{{"kty": "OKP", "crv": "Ed25519", "kid": "{kid}",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}},"#
        ))
    };
    assert_eq!(key("a"), key("a"));
    assert!(key("a") != plain && key("a") != key("b"));
}

#[test]
fn every_default_fits_its_own_rule() {
    assert_eq!(FIELDS.len(), MEANINGS.len());
    for (at, field) in FIELDS.iter().enumerate() {
        assert!(FIELDS.iter().skip(at + 1).all(|other| other.name != field.name), "{}", field.name);
        let (Absent::Is(json) | Absent::IsUnlessNull(json)) = field.default else { continue };
        let same = format!(r#""{}": {json},"#, field.name);
        let same = format!("{:?}", parsed(&with(&same)));
        assert_eq!(same, format!("{:?}", parsed(&with(""))), "{}", field.name);
    }
}

#[test]
fn an_oversized_document_is_refused_unread() {
    let blanks = " ".repeat(MAX_SETTINGS_BYTES);
    refused(&[&with(""), blanks.as_str()].concat(), "must have at most 131072 bytes");
}

#[test]
fn the_page_about_the_settings_is_up_to_date() {
    let page = include_str!("../../../../../docs/openid-connect-settings.md");
    assert!(page == reference(), "run `cargo xtask generate` and commit what it writes");
    for line in page.lines().filter(|line| line.starts_with('|')) {
        assert_eq!(line.matches('|').count(), 6, "{line}");
    }
}

#[test]
fn keys_that_are_configured_are_not_fetched() {
    let fetched = parsed(r#"{"issuer": "https://idp.test", "auth_methods": ["bearer"]}"#);
    assert!(fetched.needs_keys() && fetched.needs_discovery());
    let point = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let given = parsed(&format!(
        r#"{{"issuer": "https://idp.test", "auth_methods": ["bearer"],
        "jwks": {{"keys": [{{"kty": "OKP", "crv": "Ed25519", "x": "{point}"}}]}}}}"#
    ));
    assert!(!given.needs_keys() && !given.needs_discovery());
}
