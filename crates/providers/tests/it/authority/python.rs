//! The Python package `PyJWT`.

use gatekey_providers::{Tools, pyjwt};
use serde_json::json;

use super::Scene;

#[test]
fn pyjwt_accepts_our_tokens() {
    let Some(tools) = Tools::find() else { return };
    let scene = Scene::set(&tools);
    let mut given = Vec::new();
    for (algorithm, profile, wire, kind) in [
        ("RS256", "jwt", "RS256", "JWT"),
        ("RS512", "rfc9068", "RS512", "at+jwt"),
        ("PS256", "jwt", "PS256", "JWT"),
        ("ES256", "rfc9068", "ES256", "at+jwt"),
        ("Ed25519", "rfc9068", "EdDSA", "at+jwt"),
    ] {
        let server = scene.admin.auth_server(&algorithm.to_lowercase(), algorithm, profile);
        let client = scene.machine(&server);
        let text = |name: &str| client[name].as_str().unwrap().to_owned();
        let id = text("client_id");
        let answer = server.token(&id, &text("client_secret"), &[("scope", "read")]);
        assert_eq!(answer.status, 200, "{algorithm}: {}", answer.body);
        given.push(json!({
            "issuer": server.issuer,
            "audience": server.audience,
            "algorithm": wire,
            "type": kind,
            "token": answer.json()["access_token"],
            "client_id": id,
        }));
    }
    let claims = pyjwt(&tools, &json!(given));
    assert_eq!(claims.len(), given.len());
    for (claims, given) in claims.iter().zip(&given) {
        assert_eq!(claims["iss"], given["issuer"]);
        assert_eq!(claims["sub"], given["client_id"]);
        assert_eq!(claims["scope"], "read");
    }
}
