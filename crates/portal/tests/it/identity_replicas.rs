//! Several processes of one portal: they share the keys of authorization servers.

use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use gatekey_portal::server::Server;
use serde_json::{Value, json};

use crate::support::{Caller, TestPortal, unique};

/// Somebody who sends forms.
fn forms(portal: &TestPortal) -> Caller {
    portal.anyone().with("content-type", "application/x-www-form-urlencoded")
}

async fn kids(caller: &Caller, server: &str) -> Vec<String> {
    let set = caller.get(&format!("/auth/{server}/.well-known/jwks")).await;
    let set = set.expect(StatusCode::OK).json();
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn token(caller: &Caller, server: &str, client: &Value) -> String {
    let (id, secret) = (client["id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let path = format!("/auth/{server}/oauth/token");
    let reply = caller.send(Method::POST, &path, Some(form.into_bytes())).await;
    reply.expect(StatusCode::OK).json()["access_token"].as_str().unwrap().to_owned()
}

async fn is_active(caller: &Caller, server: &str, client: &Value, token: &str) -> bool {
    let (id, secret) = (client["id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
    let form = format!("token={token}&client_id={id}&client_secret={secret}");
    let path = format!("/auth/{server}/introspect");
    let reply = caller.send(Method::POST, &path, Some(form.into_bytes())).await;
    reply.expect(StatusCode::OK).json()["active"].as_bool().unwrap()
}

/// Asks until the answer is yes; what another process did is seen within seconds.
async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !ask().await {
        assert!(Instant::now() < patience, "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn processes_share_keys_and_see_each_others_changes() {
    let portal = TestPortal::start().await;
    let other = Server::open(portal.config.clone()).await.unwrap();
    let admin = portal.admin();
    let (here, there) = (forms(&portal), forms(&portal).at(other.router()));
    let body = json!({"name": unique("server"), "audience": "a", "signing_algorithm": "ES256"});
    let server = admin.post("/v1/auth-servers", body).await.id();
    let clients = format!("/v1/auth-servers/{server}/clients");
    let body = json!({"name": "c", "grant_types": ["client_credentials"], "response_types": []});
    let client = admin.post(&clients, body).await.expect(StatusCode::CREATED).json();
    let first = kids(&here, &server).await;
    assert_eq!((first.len(), kids(&there, &server).await), (1, first.clone()));
    let made_here = token(&here, &server, &client).await;
    assert!(is_active(&there, &server, &client, &made_here).await);
    // Both notice at once that it is time, and one key is made.
    for server in [&portal.server, &other] {
        server.advance_clock(portal.config.identity.key_lifetime);
    }
    let (one, two) = tokio::join!(portal.server.rotate(), other.rotate());
    one.unwrap();
    two.unwrap();
    eventually("both publish the new key", async || {
        kids(&here, &server).await.len() == 2 && kids(&there, &server).await.len() == 2
    })
    .await;
    for server in [&portal.server, &other] {
        server.advance_clock(portal.config.identity.publish_ahead);
    }
    let (one, two) = tokio::join!(portal.server.rotate(), other.rotate());
    one.unwrap();
    two.unwrap();
    let made_there = token(&there, &server, &client).await;
    assert!(is_active(&here, &server, &client, &made_there).await);
    // What must not be trusted any longer is trusted nowhere.
    let rotate = format!("/v1/auth-servers/{server}/rotate-keys");
    let left = admin.post(&rotate, json!({"emergency": true})).await.expect(StatusCode::OK).json();
    let left = vec![left["data"][0]["kid"].as_str().unwrap().to_owned()];
    assert_eq!(kids(&here, &server).await, left);
    assert!(!is_active(&here, &server, &client, &made_there).await);
    eventually("the other process forgets the keys", async || {
        kids(&there, &server).await == left
            && !is_active(&there, &server, &client, &made_there).await
    })
    .await;
    let again = token(&there, &server, &client).await;
    assert!(is_active(&here, &server, &client, &again).await);
}

#[tokio::test]
async fn a_server_without_a_key_gets_one_when_it_is_needed() {
    let portal = TestPortal::start().await;
    let caller = forms(&portal);
    let server = portal.admin().get("/v1/auth-servers?filter[name][eq]=Default").await.ids();
    // Several ask at once, and there is one key.
    let (one, two) = tokio::join!(kids(&caller, &server[0]), kids(&caller, &server[0]));
    assert_eq!((one.len(), &one), (1, &two));
    let portal = portal.restart().await;
    assert_eq!(kids(&forms(&portal), &server[0]).await, one);
}
