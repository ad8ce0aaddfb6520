//! API keys.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use gatekey_core::key::PresentedKey;
use serde_json::{Value, json};

use crate::support::{NOBODY, TestPortal};

#[tokio::test]
async fn a_key_is_shown_once() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    let path = format!("/applications/{app}/credentials");
    assert!(ann.caller.get(&path).await.ids().is_empty());
    let made = ann.caller.post(&path, json!({"display_name": "First"})).await;
    let made = made.expect(StatusCode::CREATED).json();
    let key = made["credential"].as_str().unwrap();
    assert!(key.starts_with("gk_live_"));
    let presented = PresentedKey::parse(key.as_bytes()).unwrap();
    assert_eq!(presented.credential().to_string(), made["id"].as_str().unwrap());
    assert_eq!((&made["status"], &made["expires_at"]), (&json!("active"), &Value::Null));
    let listed = ann.caller.get(&path).await;
    assert!(!listed.text().contains(key));
    assert_eq!(listed.ids(), [made["id"].as_str().unwrap()]);

    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let renamed = ann.caller.put(&one, json!({"display_name": "Second"})).await;
    assert!(renamed.expect(StatusCode::OK).body.is_empty());
    assert_eq!(ann.caller.get(&path).await.json()["data"][0]["display_name"], "Second");
    let unknown = format!("{path}/{NOBODY}");
    ann.caller.delete(&unknown).await.expect(StatusCode::NOT_FOUND);
    ann.caller.delete(&one).await.expect(StatusCode::NO_CONTENT);
    ann.caller.delete(&one).await.expect(StatusCode::NOT_FOUND);
    ann.caller.send(Method::POST, &path, None).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn an_application_holds_at_most_20_keys() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    let path = format!("/applications/{app}/credentials");
    let mut last = String::new();
    for _ in 0..20 {
        last = ann.caller.post(&path, json!({})).await.id();
    }
    let refused = ann.caller.post(&path, json!({})).await.expect(StatusCode::FORBIDDEN).json();
    assert!(refused["detail"].as_str().unwrap().contains("20"));
    ann.caller.delete(&format!("{path}/{last}")).await.expect(StatusCode::NO_CONTENT);
    ann.caller.post(&path, json!({})).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn keys_made_at_once_do_not_pass_the_limit() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    let path = format!("/applications/{app}/credentials");
    let calls: Vec<_> = (0..30)
        .map(|_| {
            let (caller, path) = (ann.caller.clone(), path.clone());
            tokio::spawn(async move { caller.post(&path, json!({})).await.status })
        })
        .collect();
    let mut made = 0;
    for call in calls {
        match call.await.unwrap() {
            StatusCode::CREATED => made += 1,
            status => assert_eq!(status, StatusCode::FORBIDDEN),
        }
    }
    assert_eq!(made, 20);
}

#[tokio::test]
async fn a_key_ends_when_its_strategy_said_so() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({"ttl": {"value": 1, "unit": "days"}})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    let path = format!("/v3/portals/{id}/applications/{app}/credentials");
    ann.caller.post(&format!("/applications/{app}/credentials"), json!({})).await.id();
    let status = async || portal.admin().get(&path).await.json()["data"][0]["status"].clone();
    assert_eq!(status().await, "active");
    portal.server.advance_clock(Duration::from_secs(86_401));
    assert_eq!(status().await, "expired");
}
