//! Tokens of authorization servers for clients that act for themselves: who gets which, what they
//! say, and how they end.

use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_portal::config::Throttle;
use gatekey_portal::server::Server;
use serde_json::{Value, json};

use crate::authorization::{AuthServer, BASE, Client, post_form, read, refused};
use crate::support::{NOBODY, TestPortal};

/// Whether a published key signed it.
async fn is_signed(portal: &TestPortal, server: &AuthServer, token: &str) -> bool {
    let keys = portal.anyone().get(&server.path("/.well-known/jwks")).await.json();
    let (header, _) = read(token);
    let mut keys = keys["keys"].as_array().unwrap().iter();
    let key = keys.find(|key| key["kid"] == header["kid"]).unwrap();
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let point = [vec![4], part("x"), part("y")].concat();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key.verify(input.as_bytes(), &signature).is_ok()
}

#[tokio::test]
async fn a_client_gets_a_token_that_says_who_it_is() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({"access_token_profile": "rfc9068"})).await;
    let read_scope = server.scope("read", json!({})).await;
    let client = server.client(json!({"allow_scopes": [read_scope]})).await;
    let reply = server.ask(&client, &[("scope", "read"), ("resource", "https://api.test")]).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    assert_eq!(reply.headers["cache-control"], "no-store");
    let answer = reply.json();
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 300);
    assert_eq!(answer["scope"], "read");
    assert!(answer.get("refresh_token").is_none() && answer.get("id_token").is_none());
    let token = answer["access_token"].as_str().unwrap();
    let (header, claims) = read(token);
    assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("ES256")));
    assert_eq!(claims["iss"], server.issuer());
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(client.id), &json!(client.id)));
    assert_eq!((&claims["aud"], &claims["scope"]), (&json!("https://api.test"), &json!("read")));
    let number = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(number("exp") - number("iat"), 300);
    assert!(is_signed(&portal, &server, token).await);
    // The row is there by the time the token is, and its id is the token's.
    let path = server.managed(&format!("/clients/{}/tokens", client.id));
    let listed = portal.admin().get(&path).await.expect(StatusCode::OK).json();
    assert_eq!(listed["data"][0]["id"], claims["jti"]);
    assert_eq!(listed["data"][0]["granted_scope_names"], json!(["read"]));
    // Basic is as good, and `openid` takes no definition.
    let form = [("grant_type", "client_credentials"), ("scope", "openid")];
    let reply = server.post_as(&client, "/oauth/token", &form).await;
    assert_eq!(reply.json()["scope"], "openid", "{}", reply.text());
}

#[tokio::test]
async fn what_is_not_asked_rightly_is_refused_in_the_words_of_the_standard() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({})).await;
    let client = server.client(json!({})).await;
    let public = server.client(json!({"token_endpoint_auth_method": "none"})).await;
    let (id, secret) = (client.id.as_str(), client.secret.as_str());
    let mine = [("client_id", id), ("client_secret", secret)];
    let cc = ("grant_type", "client_credentials");
    let with = |more: &[(&'static str, &'static str)]| [&mine[..], more].concat();
    for (form, status, error) in [
        (with(&[]), 400, "invalid_request"),
        (with(&[cc, cc]), 400, "invalid_request"),
        (with(&[cc, ("x", "1"), ("x", "2")]), 400, "invalid_request"),
        (with(&[("grant_type", "")]), 400, "invalid_request"),
        (with(&[("grant_type", "password")]), 400, "unsupported_grant_type"),
        (with(&[("grant_type", "implicit")]), 400, "unsupported_grant_type"),
        (with(&[("grant_type", "authorization_code")]), 400, "unauthorized_client"),
        (with(&[("grant_type", "refresh_token")]), 400, "unauthorized_client"),
        (with(&[cc, ("scope", "nope")]), 400, "invalid_scope"),
        (with(&[cc, ("resource", "https://other.test")]), 400, "invalid_target"),
        (with(&[cc, ("resource", "a"), ("resource", "b")]), 400, "invalid_target"),
        (vec![cc, ("client_id", id), ("client_secret", "wrong")], 401, "invalid_client"),
        (vec![cc, ("client_id", id)], 401, "invalid_client"),
        (vec![cc, ("client_id", "nobody"), ("client_secret", secret)], 401, "invalid_client"),
        (vec![cc, ("client_id", &public.id)], 400, "unauthorized_client"),
        (vec![cc, ("client_id", &public.id), ("client_secret", "x")], 401, "invalid_client"),
        (vec![cc], 401, "invalid_client"),
    ] {
        let reply = server.post("/oauth/token", &form).await;
        refused(&reply, status, error);
        assert!(!reply.headers.contains_key("www-authenticate"), "{form:?}");
    }
    let wrong = Client { secret: "wrong".into(), ..client.clone() };
    let reply = server.post_as(&wrong, "/oauth/token", &[cc]).await;
    refused(&reply, 401, "invalid_client");
    assert_eq!(reply.headers["www-authenticate"], "Basic");
    let reply = server.post_as(&client, "/oauth/token", &with(&[cc])).await;
    refused(&reply, 400, "invalid_request");
    let json =
        json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret});
    refused(
        &portal.anyone().post(&server.path("/oauth/token"), json).await,
        400,
        "invalid_request",
    );
    let elsewhere = format!("/auth/{NOBODY}/oauth/token");
    let reply = post_form(&portal.anyone(), &elsewhere, &with(&[cc])).await;
    reply.expect(StatusCode::NOT_FOUND);
    let other = AuthServer::new(&portal, json!({})).await;
    refused(&other.ask(&client, &[]).await, 401, "invalid_client");
}

#[tokio::test]
async fn every_change_counts_from_the_next_request_on_at_every_process() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let server = AuthServer::new(&portal, json!({})).await;
    let scope = server.scope("read", json!({"default": true})).await;
    let client = server.client(json!({"allow_scopes": [scope]})).await;
    let other = Server::open(portal.config.clone()).await.unwrap();
    let routers = [other.router(), portal.server.router()];
    let claims = async |at: usize| {
        let reply = server.ask_at(&routers[at], &client).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        read(reply.json()["access_token"].as_str().unwrap()).1
    };
    let both = async |path: &str, body: Value| {
        // Both remember the client before it changes.
        for at in [0, 1] {
            claims(at).await;
        }
        admin.patch(path, body).await.expect(StatusCode::OK);
    };
    both(&server.managed(""), json!({"audience": "https://new.test"})).await;
    for at in [0, 1] {
        assert_eq!(claims(at).await["aud"], "https://new.test");
    }
    let path = server.managed(&format!("/clients/{}", client.id));
    both(&path, json!({"access_token_duration": 60})).await;
    for at in [0, 1] {
        let claims = claims(at).await;
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    }
    both(&server.managed(&format!("/scopes/{scope}")), json!({"enabled": false})).await;
    for at in [0, 1] {
        assert_eq!(claims(at).await.get("scope"), None);
    }
    let secrets = server.managed(&format!("/clients/{}/secrets", client.id));
    let second = admin.post(&secrets, json!({})).await.expect(StatusCode::CREATED).json();
    let second_secret = second["secret"].as_str().unwrap().to_owned();
    let second_client = Client { id: client.id.clone(), secret: second_secret };
    for router in &routers {
        assert_eq!(server.ask_at(router, &second_client).await.status, StatusCode::OK);
    }
    let path = format!("{secrets}/{}", second["id"].as_str().unwrap());
    admin.patch(&path, json!({"enabled": false})).await.expect(StatusCode::OK);
    for router in &routers {
        refused(&server.ask_at(router, &second_client).await, 401, "invalid_client");
    }
    admin.patch(&path, json!({"enabled": true})).await.expect(StatusCode::OK);
    for router in &routers {
        assert_eq!(server.ask_at(router, &second_client).await.status, StatusCode::OK);
    }
    let path = server.managed(&format!("/clients/{}", client.id));
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    for router in &routers {
        refused(&server.ask_at(router, &client).await, 401, "invalid_client");
    }
    let path = server.managed("?force=true");
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    for router in &routers {
        let reply = server.ask_at(router, &client).await;
        reply.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_asked_for_at_once_are_all_kept() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({})).await;
    let (first, second) = (server.client(json!({})).await, server.client(json!({})).await);
    let gone = server.client(json!({})).await;
    server.token(&gone, &[]).await;
    let path = server.managed(&format!("/clients/{}", gone.id));
    portal.admin().delete(&path).await.expect(StatusCode::NO_CONTENT);
    let router = portal.server.router();
    let asked = (0..90).map(|at| {
        let client = [&first, &second, &gone][at % 3];
        server.ask_at(&router, client)
    });
    let replies = futures_util::future::join_all(asked).await;
    let mut ids = std::collections::BTreeSet::new();
    for (at, reply) in replies.iter().enumerate() {
        if at % 3 == 2 {
            refused(reply, 401, "invalid_client");
            continue;
        }
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        let (_, claims) = read(reply.json()["access_token"].as_str().unwrap());
        assert!(ids.insert(claims["jti"].as_str().unwrap().to_owned()));
    }
    let mut kept = std::collections::BTreeSet::new();
    for client in [&first, &second] {
        let path = server.managed(&format!("/clients/{}/tokens?page[size]=100", client.id));
        kept.extend(portal.admin().get(&path).await.ids());
    }
    assert_eq!(kept, ids);
}

#[tokio::test]
async fn a_token_is_good_until_it_ends_or_is_taken_back() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({})).await;
    let scope = server.scope("read", json!({"default": true})).await;
    let client = server.client(json!({"allow_scopes": [scope]})).await;
    let stranger = server.client(json!({})).await;
    let token = server.token(&client, &[]).await;
    let told = server.post_as(&stranger, "/introspect", &[("token", &token)]).await.json();
    let (_, claims) = read(&token);
    assert_eq!(told["active"], true);
    assert_eq!(told["token_type"], "Bearer");
    for name in ["iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti"] {
        assert_eq!(told[name], claims[name], "{name}");
    }
    // Who asks has to say who they are, and have a secret.
    let reply = server.post("/introspect", &[("token", &token)]).await;
    refused(&reply, 401, "invalid_client");
    let public = server.client(json!({"token_endpoint_auth_method": "none"})).await;
    let reply = server.post("/introspect", &[("token", &token), ("client_id", &public.id)]).await;
    refused(&reply, 401, "invalid_client");
    refused(&server.post_as(&client, "/introspect", &[]).await, 400, "invalid_request");
    // Neither another server's tokens nor altered ones are any of this server's.
    let other = AuthServer::new(&portal, json!({})).await;
    let foreign = other.token(&other.client(json!({})).await, &[]).await;
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let cut = signed.get(..signed.len() - 1).unwrap();
    let altered = format!("{cut}A.{signature}");
    for bad in ["garbage", "a.b.c", &foreign, &altered, &format!("{token}x"), signed] {
        assert!(!server.is_active(&client, bad).await, "{bad}");
        let reply = server.post_as(&client, "/oauth/revoke", &[("token", bad)]).await;
        assert_eq!(reply.status, StatusCode::OK, "{bad}");
    }
    // A client takes back its own tokens, not those of others.
    let reply = server.post_as(&stranger, "/oauth/revoke", &[("token", &token)]).await;
    refused(&reply, 400, "invalid_grant");
    assert!(server.is_active(&client, &token).await);
    refused(&server.post("/oauth/revoke", &[("token", &token)]).await, 401, "invalid_client");
    for _ in 0..2 {
        let hint = [("token", token.as_str()), ("token_type_hint", "refresh_token")];
        let reply = server.post_as(&client, "/oauth/revoke", &hint).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        assert!(!server.is_active(&client, &token).await);
    }
    let token = server.token(&client, &[]).await;
    portal.server.advance_clock(Duration::from_secs(301));
    assert!(!server.is_active(&client, &token).await);
    portal.server.tidy().await.unwrap();
    assert!(!server.is_active(&client, &token).await);
}

#[tokio::test]
async fn a_client_asks_with_its_token_for_claims_that_are_not_in_it() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({})).await;
    let scope = server.scope("read", json!({})).await;
    for (name, in_token) in [("shown", true), ("asked", false)] {
        let body = json!({
            "name": name, "value": "${ .Client.Name }", "include_in_token": in_token,
            "include_in_scopes": [scope],
        });
        let made = portal.admin().post(&server.managed("/claims"), body).await;
        made.expect(StatusCode::CREATED);
    }
    let client = server.client(json!({"name": "n", "allow_scopes": [scope]})).await;
    let token = server.token(&client, &[("scope", "read")]).await;
    let (_, claims) = read(&token);
    assert_eq!((&claims["shown"], claims.get("asked")), (&json!("n"), None));
    let info = server.path("/userinfo");
    let caller = portal.anyone().with("authorization", &format!("Bearer {token}"));
    for reply in [caller.get(&info).await, caller.send(Method::POST, &info, None).await] {
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        assert_eq!(reply.json()["sub"], client.id);
        assert_eq!(reply.json()["asked"], "n");
    }
    for header in ["Bearer x.y.z", "Basic eDp5", "Bearer"] {
        let reply = portal.anyone().with("authorization", header).get(&info).await;
        refused(&reply, 401, "invalid_token");
        let challenge = reply.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{challenge}");
    }
}

#[tokio::test]
async fn a_server_describes_itself() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({})).await;
    server.scope("read", json!({"include_in_metadata": true})).await;
    server.scope("hidden", json!({})).await;
    let anyone = portal.anyone();
    let document = anyone.get(&server.path("/.well-known/openid-configuration")).await;
    assert_eq!(document.status, StatusCode::OK);
    let age = document.headers["cache-control"].to_str().unwrap().to_owned();
    let age: u64 = age.rsplit_once('=').unwrap().1.parse().unwrap();
    assert!(age <= portal.config.identity.publish_ahead.as_secs());
    let document = document.json();
    let issuer = server.issuer();
    for (name, path) in [
        ("issuer", ""),
        ("token_endpoint", "/oauth/token"),
        ("authorization_endpoint", "/oauth/authorize"),
        ("introspection_endpoint", "/introspect"),
        ("revocation_endpoint", "/oauth/revoke"),
        ("userinfo_endpoint", "/userinfo"),
        ("registration_endpoint", "/register"),
        ("jwks_uri", "/.well-known/jwks"),
    ] {
        assert_eq!(document[name], format!("{issuer}{path}"));
    }
    assert_eq!(document["scopes_supported"], json!(["openid", "profile", "email", "read"]));
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    for path in [
        server.path("/.well-known/oauth-authorization-server"),
        format!("/.well-known/oauth-authorization-server/auth/{}", server.id),
    ] {
        assert_eq!(anyone.get(&path).await.json(), document, "{path}");
    }
    let keys = anyone.get(&server.path("/.well-known/jwks")).await.json();
    assert_eq!(keys["keys"][0]["kty"], "EC");
    assert!(keys["keys"][0].get("d").is_none());
    for path in ["openid-configuration", "oauth-authorization-server", "jwks"] {
        let gone = format!("/auth/{NOBODY}/.well-known/{path}");
        anyone.get(&gone).await.expect(StatusCode::NOT_FOUND);
        anyone.get(&gone.replace(NOBODY, "x")).await.expect(StatusCode::NOT_FOUND);
    }
    assert!(issuer.starts_with(BASE));
}

#[tokio::test]
async fn browsers_may_call_from_trusted_origins_only() {
    let portal = TestPortal::start().await;
    let trusted = json!({"trusted_origins": ["https://spa.test"]});
    let server = AuthServer::new(&portal, trusted).await;
    let client = server.client(json!({})).await;
    let path = server.path("/oauth/token");
    let allowed = "access-control-allow-origin";
    for (origin, trusted) in [("https://spa.test", true), ("https://evil.test", false)] {
        let page = portal.anyone().with("origin", origin);
        let asking = page.clone().with("access-control-request-method", "POST");
        let reply = asking.send(Method::OPTIONS, &path, None).await;
        assert_eq!(reply.status == StatusCode::NO_CONTENT, trusted, "{origin}");
        assert_eq!(reply.headers.contains_key(allowed), trusted, "{origin}");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &client.id),
            ("client_secret", &client.secret),
        ];
        let reply = post_form(&page, &path, &form).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.headers.contains_key(allowed), trusted, "{origin}");
        assert_eq!(reply.headers["vary"], "Origin");
        // A sign-in is never another page's to make.
        let reply = page.get(&server.path("/oauth/authorize")).await;
        assert!(!reply.headers.contains_key(allowed));
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_and_so_are_greedy_clients() {
    let throttle = Throttle { failed_clients: 3, client_tokens: 5, ..Throttle::default() };
    let portal = TestPortal::start_with(throttle).await;
    let server = AuthServer::new(&portal, json!({})).await;
    let (client, other) = (server.client(json!({})).await, server.client(json!({})).await);
    for _ in 0..5 {
        server.token(&client, &[]).await;
    }
    let busy = server.ask(&client, &[]).await;
    refused(&busy, 429, "temporarily_unavailable");
    assert!(busy.headers.contains_key("retry-after"));
    server.token(&other, &[]).await;
    portal.server.advance_clock(Duration::from_secs(60));
    let wrong = Client { secret: "wrong".into(), ..client.clone() };
    for _ in 0..3 {
        refused(&server.ask(&wrong, &[]).await, 401, "invalid_client");
    }
    // From this address the client has failed too often, whatever it says now.
    refused(&server.ask(&wrong, &[]).await, 429, "temporarily_unavailable");
    refused(&server.ask(&client, &[]).await, 429, "temporarily_unavailable");
    let reply = server.post_as(&client, "/introspect", &[("token", "x")]).await;
    refused(&reply, 429, "temporarily_unavailable");
    server.token(&other, &[]).await;
    portal.server.advance_clock(Duration::from_secs(60));
    server.token(&client, &[]).await;
    // Nor may an address try one client after the other.
    for at in 0..30 {
        let guess = Client { id: format!("guess-{at}"), secret: "x".into() };
        refused(&server.ask(&guess, &[]).await, 401, "invalid_client");
    }
    refused(&server.ask(&other, &[]).await, 429, "temporarily_unavailable");
}

#[tokio::test]
async fn tokens_survive_a_restart() {
    let portal = TestPortal::start().await;
    let server = AuthServer::new(&portal, json!({})).await;
    let client = server.client(json!({})).await;
    let token = server.token(&client, &[]).await;
    let portal = portal.restart().await;
    let form = [("token", token.as_str())];
    let caller = portal.anyone().with("authorization", &client.basic());
    let told = post_form(&caller, &server.path("/introspect"), &form).await.json();
    assert_eq!(told["active"], true, "{told}");
    let router = portal.server.router();
    let reply = server.ask_at(&router, &client).await;
    let second = reply.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(read(&second).0["kid"], read(&token).0["kid"]);
}
