//! Clients that register themselves, and look after their registration.

use std::time::Duration;

use axum::http::StatusCode;
use gatekey_portal::config::Throttle;
use serde_json::{Value, json};

use crate::authorization::{AuthServer, Client, refused};
use crate::support::{Caller, NOBODY, Reply, TestPortal};

/// A token that allows registrations.
async fn allowance(portal: &TestPortal, server: &AuthServer, body: Value) -> String {
    let path = server.managed("/initial-access-tokens");
    let made = portal.admin().post(&path, body).await.expect(StatusCode::CREATED).json();
    made["token"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

fn holder(portal: &TestPortal, token: &str) -> Caller {
    portal.anyone().with("authorization", &format!("Bearer {token}"))
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}")).to_owned()
}

/// The path of a registration.
fn own_path(registered: &Value) -> String {
    text(registered, "registration_client_uri").split_once("8180").unwrap().1.to_owned()
}

#[track_caller]
fn made(reply: Reply) -> Value {
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    assert_eq!(reply.headers["cache-control"], "no-store");
    reply.json()
}

#[tokio::test]
async fn a_client_registers_changes_and_leaves() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({})).await;
    server.scope("read", json!({})).await;
    let token = allowance(&portal, &server, json!({"uses": 2})).await;
    let register = server.path("/register");
    let asked = json!({
        "client_name": "<script>Robot", "grant_types": ["client_credentials"],
        "response_types": [], "scope": "read openid", "client_id": "mine", "client_secret": "mine",
        "logo_uri": "http://169.254.169.254/", "unheard_of": {"of": 1}, "jwks_uri": "http://x/",
    });
    let first = made(holder(&portal, &token).post(&register, asked.clone()).await);
    assert_ne!(first["client_id"], "mine");
    assert_eq!(first["client_secret_expires_at"], 0);
    assert_eq!(first["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!((&first["scope"], &first["client_name"]), (&json!("read"), &json!("<script>Robot")));
    for unknown in ["logo_uri", "unheard_of", "jwks_uri"] {
        assert!(first.get(unknown).is_none(), "{first}");
    }
    let client = Client { id: text(&first, "client_id"), secret: text(&first, "client_secret") };
    server.token(&client, &[("scope", "read")]).await;
    // A name that is taken is no obstacle: clients do not know of each other.
    let second = made(holder(&portal, &token).post(&register, asked.clone()).await);
    assert_ne!(second["client_name"], first["client_name"]);
    // The token was for two.
    refused(&holder(&portal, &token).post(&register, asked.clone()).await, 401, "invalid_token");
    let (path, own) = (own_path(&first), text(&first, "registration_access_token"));
    let seen = holder(&portal, &own).get(&path).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text());
    assert!(seen.json().get("client_secret").is_none());
    assert_eq!(seen.json()["registration_access_token"], own);
    let change = json!({
        "client_id": client.id, "client_secret": client.secret, "client_name": "Robot",
        "grant_types": ["client_credentials"],
    });
    for (member, bad) in [
        ("client_id", json!("other")),
        ("client_id", Value::Null),
        ("client_secret", json!("wrong")),
        ("registration_access_token", json!(own)),
        ("registration_client_uri", json!("x")),
        ("client_secret_expires_at", json!(0)),
        ("client_id_issued_at", json!(0)),
    ] {
        let mut body = change.clone();
        body[member] = bad;
        refused(&holder(&portal, &own).put(&path, body).await, 400, "invalid_request");
    }
    let changed = holder(&portal, &own).put(&path, change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    let changed = changed.json();
    assert_eq!(changed["client_name"], "Robot");
    assert!(changed.get("client_secret").is_none() && changed.get("scope").is_none());
    server.token(&client, &[]).await;
    let newer = text(&changed, "registration_access_token");
    assert_ne!(newer, own);
    refused(&holder(&portal, &own).get(&path).await, 401, "invalid_token");
    // A token that is shown for another client has leaked.
    let (other_path, other) = (own_path(&second), text(&second, "registration_access_token"));
    refused(&holder(&portal, &other).get(&path).await, 401, "invalid_token");
    refused(&holder(&portal, &other).get(&other_path).await, 401, "invalid_token");
    let reply = holder(&portal, &newer).delete(&path).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text());
    refused(&holder(&portal, &newer).get(&path).await, 401, "invalid_token");
    refused(&server.ask(&client, &[]).await, 401, "invalid_client");
}

#[tokio::test]
async fn no_registration_and_no_change_of_one_goes_beyond_what_was_allowed() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({})).await;
    for name in ["read", "write"] {
        server.scope(name, json!({})).await;
    }
    let policy = json!({
        "grant_types": ["client_credentials"], "scopes": ["read"],
        "redirect_uri_patterns": ["https://a\\.test/.*"],
    });
    let token = allowance(&portal, &server, json!({"uses": null, "policy": policy})).await;
    let register = server.path("/register");
    let made_plain = made(holder(&portal, &token).post(&register, json!({})).await);
    assert_eq!(made_plain["grant_types"], json!(["client_credentials"]));
    assert_eq!(made_plain["scope"], "read");
    let (path, own) = (own_path(&made_plain), text(&made_plain, "registration_access_token"));
    for (body, error) in [
        (json!({"grant_types": ["authorization_code"]}), "invalid_client_metadata"),
        (json!({"grant_types": ["client_credentials", "implicit"]}), "invalid_client_metadata"),
        (json!({"grant_types": []}), "invalid_client_metadata"),
        (json!({"grant_types": "client_credentials"}), "invalid_client_metadata"),
        (json!({"scope": "read write"}), "invalid_client_metadata"),
        (json!({"scope": "nope"}), "invalid_client_metadata"),
        (json!({"scope": ["read"]}), "invalid_client_metadata"),
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), "invalid_client_metadata"),
        (json!({"token_endpoint_auth_method": "none"}), "invalid_client_metadata"),
        (json!({"response_types": ["token"]}), "invalid_client_metadata"),
        (json!({"response_types": ["code"]}), "invalid_client_metadata"),
        (json!({"client_name": "x".repeat(201)}), "invalid_client_metadata"),
        (json!({"client_name": "a\nb"}), "invalid_client_metadata"),
        (json!({"jwks": {}, "jwks_uri": "https://a.test"}), "invalid_client_metadata"),
        (json!([]), "invalid_client_metadata"),
        (json!({"redirect_uris": ["https://b.test/"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["http://a.test/"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["https://a.test/#x"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["https://a.test/*"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["javascript:alert(1)"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": [1]}), "invalid_redirect_uri"),
    ] {
        let reply = holder(&portal, &token).post(&register, body.clone()).await;
        refused(&reply, 400, error);
        if let Some(mut change) = body.as_object().cloned() {
            change.insert("client_id".into(), made_plain["client_id"].clone());
            let reply = holder(&portal, &own).put(&path, Value::Object(change)).await;
            refused(&reply, 400, error);
        }
    }
    let body = json!({"redirect_uris": ["https://a.test/cb"], "scope": "read"});
    made(holder(&portal, &token).post(&register, body).await);
}

#[tokio::test]
async fn only_whoever_has_a_token_registers() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({})).await;
    let other = AuthServer::new(&portal, json!({})).await;
    let register = server.path("/register");
    let body = json!({"grant_types": ["client_credentials"]});
    let foreign = allowance(&portal, &other, json!({})).await;
    let expired = allowance(&portal, &server, json!({"expires_in": 60})).await;
    portal.server.advance_clock(Duration::from_secs(61));
    let callers = [
        portal.anyone(),
        holder(&portal, "x"),
        holder(&portal, &foreign),
        holder(&portal, &expired),
        portal.admin(),
    ];
    for caller in callers {
        let reply = caller.post(&register, body.clone()).await;
        refused(&reply, 401, "invalid_token");
        assert!(reply.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    }
    // A registration that fails does not use the token up.
    let token = allowance(&portal, &server, json!({})).await;
    let bad = json!({"grant_types": ["password"]});
    refused(&holder(&portal, &token).post(&register, bad).await, 400, "invalid_client_metadata");
    made(holder(&portal, &token).post(&register, body).await);
}

#[tokio::test]
async fn a_client_that_gets_a_secret_later_learns_it() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({})).await;
    let token = allowance(&portal, &server, json!({})).await;
    let body = json!({
        "redirect_uris": ["https://a.test/cb"], "token_endpoint_auth_method": "none",
    });
    let public = made(holder(&portal, &token).post(&server.path("/register"), body).await);
    assert_eq!(public["grant_types"], json!(["authorization_code"]));
    assert_eq!(public["response_types"], json!(["code"]));
    assert!(public.get("client_secret").is_none());
    let own = text(&public, "registration_access_token");
    let body = json!({
        "client_id": public["client_id"], "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
    });
    let changed = holder(&portal, &own).put(&own_path(&public), body).await.json();
    let client = Client { id: text(&public, "client_id"), secret: text(&changed, "client_secret") };
    server.token(&client, &[]).await;
}

#[tokio::test]
async fn registering_is_slowed_down() {
    let throttle = Throttle { client_registrations: 2, ..Throttle::default() };
    let portal = TestPortal::start_with(throttle).await;
    let server = AuthServer::new(&portal, json!({})).await;
    for status in [401, 401, 429] {
        let reply = portal.anyone().post(&server.path("/register"), json!({})).await;
        assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    }
}

#[tokio::test]
async fn developers_sign_in_to_clients_that_were_allowed_for_their_portal() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({})).await;
    let id = portal.new_portal(json!({})).await;
    let path = server.managed("/initial-access-tokens");
    let nowhere = json!({"policy": {"portal_id": NOBODY}});
    let blamed = portal.admin().post(&path, nowhere).await.blamed();
    assert_eq!(blamed, [("policy.portal_id".to_owned(), "invalid".to_owned())]);
    let body = json!({"redirect_uris": ["https://a.test/cb"]});
    for (policy, leads_to) in [
        (json!({"portal_id": id}), format!("/portals/{id}/authorize/{}?", server.id)),
        (json!({}), "https://a.test/cb?error=unauthorized_client".to_owned()),
    ] {
        let token = allowance(&portal, &server, json!({"policy": policy})).await;
        let client =
            made(holder(&portal, &token).post(&server.path("/register"), body.clone()).await);
        let request = format!(
            "/oauth/authorize?response_type=code&client_id={}&redirect_uri=https://a.test/cb&\
             code_challenge={}&code_challenge_method=S256",
            text(&client, "client_id"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        );
        let reply = portal.anyone().get(&server.path(&request)).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        let location = reply.headers["location"].to_str().unwrap();
        assert!(location.contains(&leads_to), "{location}");
    }
}
