//! From an authorization server of the portal to a call that is let through, and to one that is
//! not any more: Konnect's how-to for automatic registration with Kong Identity, as it is written.

use core::time::Duration;
use std::process::Command;

use gatekey_providers::{Answer, AuthServer, Portal, Tools, World, basic, id_of, post};
use serde_json::{Value, json};

use crate::{assert_refused, await_status};

/// How long a gateway may take to hear of something and fetch what it needs.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn an_application_gets_its_client_calls_and_ends() {
    let Some(tools) = Tools::find() else { return };
    let portal = Portal::start(&tools);
    let admin = portal.admin();

    // Prerequisites.
    let gateway = admin.gateway("quickstart");
    let people = admin.portal("Test Kong Identity DCR");
    let api = admin.api_of("test-kong-identity-dcr", &gateway, "example-service");

    // Create an auth server in Kong Identity.
    let server = AuthServer::of(&admin.create(
        "/v1/auth-servers",
        &json!({
            "name": "Appointments Dev",
            "audience": "http://myhttpbin.dev",
            "description": "Auth server for the Appointment dev environment"
        }),
    ));
    assert_eq!(server.issuer, format!("{}/auth/{}", portal.base(), server.id));

    // Configure the Kong Identity Dynamic Client Registration in Dev Portal.
    let provider = admin.dcr_provider("Kong Identity", "kongIdentity", &server.issuer, &json!({}));
    let strategy = id_of(&admin.create(
        "/v3/application-auth-strategies",
        &json!({
            "name": "Kong Identity",
            "display_name": "Kong Identity",
            "strategy_type": "openid_connect",
            "configs": {
                "openid-connect": {
                    "issuer": server.issuer,
                    "credential_claim": ["sub"],
                    "scopes": ["openid"],
                    "auth_methods": ["client_credentials", "bearer"]
                }
            },
            "dcr_provider_id": provider,
        }),
    ));

    // Apply the Kong Identity DCR auth strategy to an API.
    admin.publish(&api, &people, &strategy);
    let world = World::plan(&tools)
        .following(&portal, &gateway, &[("/anything", "example-service")])
        .start();

    // Validate.
    let developer = portal.developer(&people, "ada");
    let application = developer.create("test-dcr", &strategy, None);
    developer.register(&application.id, &api);
    for path in ["", "/credentials"] {
        let path = format!("/applications/{}{path}", application.id);
        let shown = developer.call("GET", &path, &Value::Null);
        assert!(!shown.body.contains(&application.client_secret), "{path} shows the secret");
    }
    let token = by_curl(&server.issuer, &application.client_id, &application.client_secret);
    await_status(200, PATIENCE, || world.bearer("/anything", &token));
    let answer = world.bearer("/anything", &token);
    assert_eq!(answer.upstream_got("x-application-id"), Some(application.id.clone()));
    assert_eq!(answer.upstream_got("x-application-name").as_deref(), Some("test-dcr"));
    assert_eq!(answer.upstream_got("authorization"), None);

    // The other method: id and secret at the gateway.
    let with = |secret: &str| {
        world.get("/anything", &[("authorization", &basic(&application.client_id, secret))])
    };
    let answer = with(&application.client_secret);
    assert_eq!(answer.status, 200, "{answer:?}\n{}", world.log());
    let handed_on = answer.upstream_got("authorization").unwrap();
    assert!(handed_on.starts_with("Bearer ") && !handed_on.contains(&application.client_secret));
    assert_refused(&with("wrong"), 401, "credentials_refused");
    assert_refused(&world.get("/anything", &[]), 401, "no_credential");

    // The end of the application is the end of its client and of its tokens at the gateway.
    developer.delete(&application.id);
    assert_refused(&world.bearer("/anything", &token), 401, "unknown_client");
    assert_refused(&with(&application.client_secret), 401, "unknown_client");
    let refused = server.token(&application.client_id, &application.client_secret, &[]);
    assert_eq!((refused.status, &refused.json()["error"]), (401, &json!("invalid_client")));
    for (name, log) in [("portal", portal.log()), ("gateway", world.log())] {
        for secret in [&application.client_secret, &token] {
            assert!(!log.contains(secret.as_str()), "a secret is in the log of the {name}:\n{log}");
        }
    }
}

/// A token by the command that the how-to has, up to its `jq`.
fn by_curl(issuer: &str, client_id: &str, client_secret: &str) -> String {
    const COMMAND: &str = r#"curl -s -H "Content-Type: application/x-www-form-urlencoded" \
   -d "grant_type=client_credentials" \
   -d "client_id=$CLIENT_ID" \
   -d "client_secret=$CLIENT_SECRET" \
   -d "scope=openid" \
   "$ISSUER_URL/oauth/token""#;
    let output = Command::new("sh")
        .args(["-c", COMMAND])
        .env("ISSUER_URL", issuer)
        .env("CLIENT_ID", client_id)
        .env("CLIENT_SECRET", client_secret)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let answer: Value =
        serde_json::from_str(&printed).unwrap_or_else(|_| panic!("curl printed {printed:?}"));
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A gateway that asks about every token refuses one that was taken back.
#[test]
fn a_revoked_token_is_refused_where_tokens_are_introspected() {
    let Some(tools) = Tools::find() else { return };
    let portal = Portal::start(&tools);
    let admin = portal.admin();
    let gateway = admin.gateway("edge");
    let people = admin.portal("people");
    let api = admin.api(&gateway, "checked");
    let server = admin.auth_server("appointments", "ES256", "rfc9068");
    let own = admin.auth_client(
        &server,
        &json!({
            "name": "The gateway",
            "grant_types": ["client_credentials"],
            "response_types": ["token"],
        }),
    );
    let own_id = id_of(&own);
    let provider = admin.dcr_provider("own", "kongIdentity", &server.issuer, &json!({}));
    let settings = json!({
        "issuer": server.issuer,
        "credential_claim": ["client_id"],
        "scopes": ["read"],
        "auth_methods": ["introspection"],
        "introspect_jwt_tokens": true,
        "client_id": own_id,
        "cache_ttl": 2,
    });
    let strategy = admin.strategy("introspected", &settings, Some(&provider));
    admin.publish(&api, &people, &strategy);
    let world = World::plan(&tools)
        .following(&portal, &gateway, &[("/checked", "checked")])
        .own_client(&server.issuer, &own_id, own["client_secret"].as_str().unwrap())
        .start();
    let developer = portal.developer(&people, "ada");
    let application = developer.create("revoked", &strategy, None);
    developer.register(&application.id, &api);

    let issued = || -> String {
        let (id, secret) = (&application.client_id, &application.client_secret);
        let answer = server.token(id, secret, &[("scope", "read")]);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["access_token"].as_str().unwrap().to_owned()
    };
    let by_its_owner = |token: &str| -> Answer {
        let url = format!("{}/oauth/revoke", server.issuer);
        let (id, secret) = (&application.client_id, &application.client_secret);
        post(&url, &[("authorization", &basic(id, secret))], &[("token", token)])
    };
    let by_the_administrator = || -> Answer {
        let clients = format!("/v1/auth-servers/{}/clients", server.id);
        let path = format!("{clients}/{}/tokens", application.client_id);
        admin.call("DELETE", &path, &Value::Null)
    };
    for owner in [true, false] {
        let token = issued();
        await_status(200, PATIENCE, || world.bearer("/checked", &token));
        let answer = if owner { by_its_owner(&token) } else { by_the_administrator() };
        assert!(matches!(answer.status, 200 | 204), "{answer:?}");
        await_status(401, PATIENCE, || world.bearer("/checked", &token));
        assert_refused(&world.bearer("/checked", &token), 401, "inactive_token");
        // Another one of the same client is as good as before.
        assert_eq!(world.bearer("/checked", &issued()).status, 200, "{}", world.log());
    }
}
