//! Opaque tokens, which only their issuer understands.

use core::time::Duration;

use gatekey_providers::{Canaille, OidcProvider, Registration, Service, Tools, World, jwks};
use serde_json::json;

use crate::{assert_refused, await_status, provider};

const CACHE_SECONDS: u64 = 3;

fn service(issuer: &str) -> Service {
    let settings = json!({
        "issuer": issuer,
        "auth_methods": ["introspection"],
        "client_id": "gateway",
        "credential_claim": ["client_id"],
        "cache_ttl": CACHE_SECONDS,
    });
    Service::new("api", settings).client("app", Registration::Approved)
}

/// A good token passes and is asked about once; one that was taken back passes no longer than it
/// is remembered; one that nobody issued never passes.
fn tokens(world: &World, token: &str, count: impl Fn() -> u64, revoke: impl FnOnce()) {
    for _ in 0..5 {
        let answer = world.bearer("/api/", token);
        assert_eq!(answer.status, 200, "{answer:?}\n{}", world.log());
        assert_eq!(answer.upstream_got("x-application-name").as_deref(), Some("app"));
        assert_eq!(answer.upstream_got("authorization"), None);
    }
    assert_eq!(count(), 1);
    revoke();
    let limit = Duration::from_secs(CACHE_SECONDS + 2);
    await_status(401, limit, || world.bearer("/api/", token));
    assert_refused(&world.bearer("/api/", token), 401, "inactive_token");
    let before = count();
    for _ in 0..5 {
        let answer = world.bearer("/api/", "never-issued-by-anybody");
        assert_refused(&answer, 401, "inactive_token");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    }
    assert_eq!(count(), before + 1);
    assert!(!world.log().contains(token), "a token is in the log");
    assert!(!world.log().contains("secret-of-"), "a secret is in the log");
}

#[test]
fn of_oidc_provider() {
    let Some(tools) = Tools::find() else { return };
    let provider = provider(&tools);
    let world = World::plan(&tools)
        .provider(&provider.authority())
        .service(service(&provider.issuer()))
        .start();
    let token = provider.token("app", "opaque", "read", 600);
    let revoke = || provider.revoke("app", &token);
    tokens(&world, &token, || provider.count("/token/introspection"), revoke);
    let token = provider.token("stranger", "opaque", "read", 600);
    assert_refused(&world.bearer("/api/", &token), 401, "unknown_client");
}

/// Its times are no whole numbers, its audience is a list, and its tokens have no subject.
#[test]
fn of_canaille() {
    let Some(tools) = Tools::find() else { return };
    let provider = Canaille::start(&tools, &jwks(&tools, "one", &["RS256"]));
    let world = World::plan(&tools)
        .provider(&provider.authority())
        .service(service(&provider.issuer()))
        .start();
    let token = provider.token("app");
    let revoke = || provider.revoke("app", &token);
    tokens(&world, &token, || provider.count("/oauth/introspect"), revoke);
}

#[test]
fn both_kinds_of_tokens_and_two_issuers_at_once() {
    let Some(tools) = Tools::find() else { return };
    let (first, second) = (provider(&tools), provider(&tools));
    let settings = |issuer: &str| {
        json!({
            "issuer": issuer,
            "auth_methods": ["bearer", "introspection"],
            "client_id": "gateway",
            "credential_claim": ["client_id"],
            "rediscovery_lifetime": 1,
        })
    };
    let of = |name: &str, provider: &OidcProvider| {
        Service::new(name, settings(&provider.issuer())).client("app", Registration::Approved)
    };
    let world = World::plan(&tools)
        .provider(&first.authority())
        .provider(&second.authority())
        .service(of("first", &first))
        .service(of("second", &second))
        .start();
    for format in ["RS256", "opaque"] {
        let token = first.token("app", format, "read", 600);
        assert_eq!(world.bearer("/first", &token).status, 200, "{format}\n{}", world.log());
        let answer = world.bearer("/second", &token);
        assert_eq!(answer.status, 401, "{format}: {answer:?}");
    }
    assert_eq!(first.count("/token/introspection"), 1);

    // What one says about its tokens is no matter of the other's keys.
    let opaque = first.token("app", "opaque", "read", 600);
    assert_eq!(world.bearer("/first", &opaque).status, 200);
    let signed = second.token("app", "RS256", "read", 600);
    assert_eq!(world.bearer("/second", &signed).status, 200);
    second.set_keys(&jwks(&tools, "two", &["RS256", "ES256"]));
    std::thread::sleep(Duration::from_millis(1_100));
    let signed = second.token("app", "ES256", "read", 600);
    assert_eq!(world.bearer("/second", &signed).status, 200, "{}", world.log());
    assert!(world.log().contains("provider_keys_changed"), "{}", world.log());
    assert_eq!(world.bearer("/first", &opaque).status, 200);
    assert_eq!(first.count("/token/introspection"), 2);
}

/// Discovery that speaks of another issuer than was asked is not believed.
#[test]
fn a_provider_that_calls_itself_another_is_not_believed() {
    let Some(tools) = Tools::find() else { return };
    let provider = provider(&tools);
    let keys = jwks(&tools, "one", &["RS256"]);
    let impostor = OidcProvider::impostor(&tools, &provider, &keys);
    let world = World::plan(&tools)
        .provider(&impostor.authority())
        .service(service(&format!("http://{}", impostor.authority())))
        .start();
    let token = impostor.token("app", "opaque", "read", 600);
    let answer = world.bearer("/api/", &token);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_ne!(answer.header("retry-after"), "");
    assert!(world.log().contains("provider_answer_refused"), "{}", world.log());
    assert_eq!(impostor.count("/token/introspection"), 0);
}
