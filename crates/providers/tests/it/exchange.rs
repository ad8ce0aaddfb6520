//! Ids and secrets that the gateway exchanges for tokens.

use gatekey_providers::{Canaille, Registration, Service, Tools, World, basic, jwks};
use serde_json::json;

use crate::{assert_refused, provider};

#[test]
fn an_id_and_a_secret_become_a_token() {
    let Some(tools) = Tools::find() else { return };
    let provider = provider(&tools);
    let settings = |token: &str| {
        json!({
            "issuer": provider.issuer(),
            "auth_methods": ["client_credentials"],
            "scopes": ["read"],
            "token_post_args_names": ["resource"],
            "token_post_args_values": [format!("urn:gatekey:{token}:600")],
        })
    };
    let of = |name: &str, token: &str| {
        Service::new(name, settings(token))
            .client("app", Registration::Approved)
            .client("unregistered", Registration::None)
    };
    let world = World::plan(&tools)
        .provider(&provider.authority())
        .service(of("signed", "RS256"))
        .service(of("opaque", "opaque"))
        .start();
    let ask = |path: &str, id: &str, secret: &str| {
        world.get(path, &[("authorization", &basic(id, secret))])
    };
    let mut calls = 0;
    for path in ["/signed", "/opaque"] {
        // Nobody is asked about a client that no application has.
        assert_refused(&ask(path, "stranger", "secret-of-stranger"), 401, "unknown_client");
        assert_refused(&ask(path, "nobody", "x"), 401, "unknown_client");
        assert_eq!(provider.count("/token"), calls);

        let mut tokens = Vec::new();
        for _ in 0..3 {
            let answer = ask(path, "app", "secret-of-app");
            assert_eq!(answer.status, 200, "{path}: {answer:?}\n{}", world.log());
            assert_eq!(answer.upstream_got("x-application-name").as_deref(), Some("app"));
            tokens.push(answer.upstream_got("authorization").unwrap());
        }
        calls += 1;
        assert_eq!(provider.count("/token"), calls, "the token is remembered");
        assert!(tokens[0].starts_with("Bearer ") && tokens.iter().all(|t| *t == tokens[0]));

        // What is remembered is remembered for that secret only.
        let wrong = ask(path, "app", "wrong");
        assert_refused(&wrong, 401, "credentials_refused");
        calls += 1;
        assert_eq!(provider.count("/token"), calls);
        assert_ne!(wrong.header("www-authenticate"), "");
        assert_eq!(ask(path, "app", "secret-of-app").status, 200);
        assert_eq!(provider.count("/token"), calls);

        assert_refused(&ask(path, "unregistered", "secret-of-unregistered"), 403, "not_registered");
        calls = provider.count("/token");
    }
    assert!(!world.log().contains("secret-of-"), "a secret is in the log:\n{}", world.log());
}

#[test]
fn passwords_are_exchanged_only_where_that_is_switched_on() {
    let Some(tools) = Tools::find() else { return };
    let provider = Canaille::start(&tools, &jwks(&tools, "one", &["RS256"]));
    let of = |name: &str, methods: serde_json::Value| {
        let settings = json!({
            "issuer": provider.issuer(),
            "auth_methods": methods,
            "client_id": "gateway",
        });
        Service::new(name, settings).client("ada", Registration::Approved)
    };
    let world = World::plan(&tools)
        .provider(&provider.authority())
        .service(of("on", json!(["password"])))
        .service(of("off", json!(["bearer", "introspection", "client_credentials"])))
        .start();
    let ask = |path: &str, name: &str, password: &str| {
        world.get(path, &[("authorization", &basic(name, password))])
    };
    let off = ask("/off", "ada", "lovelace");
    assert_eq!(off.status, 401, "{off:?}");
    let on = ask("/on", "ada", "lovelace");
    assert_eq!(on.status, 200, "{on:?}\n{}", world.log());
    assert!(on.upstream_got("authorization").unwrap().starts_with("Bearer "));
    assert_refused(&ask("/on", "ada", "wrong"), 401, "credentials_refused");
    assert!(!world.log().contains("lovelace"), "a password is in the log");
}
