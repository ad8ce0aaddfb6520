//! The npm packages `oauth4webapi` and `openid-client`.

use gatekey_providers::{Tools, relying_party};
use serde_json::json;

use super::Scene;

/// What has to hold for every library that registers, signs in and manages what it registered.
const WHOLE: &[&str] = &[
    "client credentials",
    "introspection",
    "revocation",
    "userinfo",
    "refresh",
    "registration",
    "registration: without a token it is refused",
    "registered client: read",
    "registered client: changed",
    "registered client: a stranger is refused",
    "registered client: removed",
];

#[track_caller]
fn assert_all_held(held: &[String], expected: &[&str]) {
    for name in expected {
        assert!(held.iter().any(|held| held == name), "`{name}` was not checked: {held:?}");
    }
}

#[test]
fn oauth4webapi_accepts_our_servers() {
    let Some(tools) = Tools::find() else { return };
    let scene = Scene::set(&tools);
    for (algorithm, profile, wire, kind) in [
        ("RS256", "rfc9068", "RS256", "at+jwt"),
        ("ES256", "rfc9068", "ES256", "at+jwt"),
        ("PS256", "jwt", "PS256", "JWT"),
        ("Ed25519", "jwt", "EdDSA", "JWT"),
    ] {
        let server = scene.admin.auth_server(&algorithm.to_lowercase(), algorithm, profile);
        let given = json!({
            "issuer": server.issuer,
            "audience": server.audience,
            "algorithm": wire,
            "type": kind,
            "scope": "read",
            "machine": scene.machine(&server),
            "person": scene.person(&server),
            "registration": scene.initial_access_token(&server),
        });
        let held = relying_party(&tools, "oauth4webapi", &given);
        assert_all_held(&held, WHOLE);
        assert_all_held(
            &held,
            &[
                "discovery: OpenID Connect",
                "discovery: RFC 8414",
                "client credentials: a wrong secret is refused",
                "client credentials: an unknown scope is refused",
                "access token: verified with the published keys",
                "introspection: of nothing",
                "authorization code: signed in",
                "authorization code: exchanged, ID token verified",
                "authorization code: a second use is refused",
                "refresh: a used token ends the grant",
            ],
        );
        if profile == "rfc9068" {
            assert_all_held(&held, &["access token: RFC 9068"]);
        }
    }
    assert!(!scene.portal.log().contains("A-long-way"), "a password is in the log");
}

#[test]
fn openid_client_accepts_our_servers() {
    let Some(tools) = Tools::find() else { return };
    let scene = Scene::set(&tools);
    let server = scene.admin.auth_server("appointments", "RS256", "jwt");
    let mut given = json!({
        "issuer": server.issuer,
        "scope": "read",
        "machine": scene.machine(&server),
        "person": scene.person(&server),
        "registration": scene.initial_access_token(&server),
    });
    let held = relying_party(&tools, "openid-client", &given);
    assert_all_held(&held, WHOLE);
    let more = ["discovery", "discovery: by the path of RFC 8414", "authorization code with PKCE"];
    assert_all_held(&held, &more);
    // Both ways to present an id and a secret, whichever the client was made with.
    given["machine"]["method"] = "client_secret_basic".into();
    given["person"]["method"] = "client_secret_basic".into();
    given["registration"] = scene.initial_access_token(&server).into();
    assert_all_held(&relying_party(&tools, "openid-client", &given), WHOLE);
}
