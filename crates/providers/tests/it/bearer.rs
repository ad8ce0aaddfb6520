//! Signed access tokens.

use core::time::Duration;

use gatekey_providers::{OidcProvider, Registration, Service, Tools, World, jwks};
use serde_json::{Value, json};

use crate::{assert_refused, provider};

fn service(issuer: &str) -> Service {
    let settings = json!({
        "issuer": issuer,
        "auth_methods": ["bearer"],
        "scopes_required": ["read"],
    });
    Service::new("api", settings)
        .client("app", Registration::Approved)
        .client("unregistered", Registration::None)
}

fn world(tools: &Tools, provider: &OidcProvider) -> World {
    let plan = World::plan(tools).provider(&provider.authority());
    plan.service(service(&provider.issuer())).start()
}

#[test]
fn tokens_pass_whatever_signs_them() {
    let Some(tools) = Tools::find() else { return };
    let provider = provider(&tools);
    let world = world(&tools, &provider);
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let token = provider.token("app", algorithm, "read write", 600);
        for _ in 0..3 {
            let authorization = format!("bearer {token}");
            let headers = [("authorization", authorization.as_str()), ("x-consumer-id", "root")];
            let answer = world.get("/api/items?page=2", &headers);
            assert_eq!(answer.status, 200, "{algorithm}: {answer:?}\n{}", world.log());
            assert_eq!(answer.upstream_got("x-application-name").as_deref(), Some("app"));
            assert_ne!(answer.upstream_got("x-consumer-id").as_deref(), Some("root"));
            assert_eq!(answer.upstream_got("authorization"), None);
            assert_eq!(answer.json()["path"], "/api/items?page=2");
        }
    }
    // One look at the provider was enough; Envoy's worker and its main thread, where the filter runs
    // too, may have begun at the same moment.
    for path in ["/.well-known/openid-configuration", "/jwks"] {
        assert!((1..=2).contains(&provider.count(path)), "{path}: {}", provider.count(path));
    }
    assert_eq!(world.upstream_count(), 9);
}

#[test]
fn what_is_wrong_is_refused() {
    let Some(tools) = Tools::find() else { return };
    let provider = provider(&tools);
    let world = world(&tools, &provider);
    let challenge = |token: &str, status: u16, code: &str| {
        let answer = world.bearer("/api/", token);
        assert_refused(&answer, status, code);
        answer.header("www-authenticate").to_owned()
    };
    let short = provider.token("app", "RS256", "read", 1);

    let nothing = world.get("/api/", &[]);
    assert_refused(&nothing, 401, "no_credential");
    let asked = nothing.header("www-authenticate");
    assert!(asked.starts_with("Bearer") && !asked.contains("error="), "{asked}");

    let invalid = "error=\"invalid_token\"";
    for garbage in ["a.b.c", "....", "eyJhbGciOiJub25lIn0.e30.", &"x".repeat(9_000)] {
        let answer = world.bearer("/api/", garbage);
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(answer.header("www-authenticate").contains(invalid), "{answer:?}");
    }

    let good = provider.token("app", "RS256", "read", 600);
    let (unsigned, signature) = good.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
    let altered = format!("{unsigned}.{flipped}{}", &signature[1..]);
    assert!(challenge(&altered, 401, "bad_signature").contains(invalid));

    // Keys of the same names, and of others, that are not the issuer's.
    for (prefix, code) in [("one", "bad_signature"), ("two", "unknown_key")] {
        let keys = jwks(&tools, prefix, &["RS256", "ES256", "EdDSA"]);
        let impostor = OidcProvider::impostor(&tools, &provider, &keys);
        for algorithm in ["RS256", "ES256", "EdDSA"] {
            let forged = impostor.token("app", algorithm, "read", 600);
            assert!(challenge(&forged, 401, code).contains(invalid), "{algorithm}");
        }
    }

    let poor = provider.token("app", "ES256", "write", 600);
    let asked = challenge(&poor, 403, "insufficient_scope");
    assert!(asked.contains("error=\"insufficient_scope\""), "{asked}");
    assert!(asked.contains("scope=\"read\""), "{asked}");

    let token = provider.token("unregistered", "RS256", "read", 600);
    assert_refused(&world.bearer("/api/", &token), 403, "not_registered");
    let token = provider.token("stranger", "RS256", "read", 600);
    assert_refused(&world.bearer("/api/", &token), 401, "unknown_client");

    // Two tokens are one too many, even if both are good. Envoy joins the two.
    let field = format!("Bearer {good}");
    let twice = world.get("/api/", &[("authorization", &field), ("authorization", &field)]);
    assert_refused(&twice, 400, "ambiguous_token");

    std::thread::sleep(Duration::from_millis(2_100));
    assert!(challenge(&short, 401, "expired_token").contains(invalid));
    assert_eq!(world.upstream_count(), 0);
    assert_eq!(world.bearer("/api/", &good).status, 200);
    let log = world.log();
    for secret in [&good, &altered, &poor, &short] {
        assert!(!log.contains(secret.as_str()), "a token is in the log:\n{log}");
    }
}

#[test]
fn requirements_are_held_and_claims_are_handed_on() {
    let Some(tools) = Tools::find() else { return };
    let provider = provider(&tools);
    let settings = |more: Value| {
        let mut settings = json!({"issuer": provider.issuer(), "auth_methods": ["bearer"]});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        settings
    };
    let of = |name: &str, more: Value| {
        Service::new(name, settings(more)).client("app", Registration::Approved)
    };
    let world = World::plan(&tools)
        .provider(&provider.authority())
        .service(of("audience", json!({"audience_required": ["urn:gatekey:ES256:600"]})))
        .service(of("either", json!({"scopes_required": ["admin", "read write"]})))
        .service(of("profile", json!({"access_token_profile": "rfc9068"})))
        .service(of("kept", json!({"hide_credentials": false})))
        .service(of("narrow", json!({"algorithms": ["ES256"]})))
        .start();
    let rs256 = provider.token("app", "RS256", "read write", 600);
    let es256 = provider.token("app", "ES256", "read", 600);
    assert_refused(&world.bearer("/audience", &rs256), 401, "wrong_audience");
    assert_eq!(world.bearer("/audience", &es256).status, 200);
    assert_eq!(world.bearer("/either", &rs256).status, 200);
    assert_refused(&world.bearer("/either", &es256), 403, "insufficient_scope");
    assert_eq!(world.bearer("/profile", &rs256).status, 200);
    let kept = world.bearer("/kept", &rs256);
    assert_eq!(kept.upstream_got("authorization"), Some(format!("Bearer {rs256}")));
    assert_refused(&world.bearer("/narrow", &rs256), 401, "refused_algorithm");
    assert_eq!(world.bearer("/narrow", &es256).status, 200);
}
