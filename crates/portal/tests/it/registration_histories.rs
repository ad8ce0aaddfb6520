//! How a registration came to where it stands.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Caller, TestPortal};

/// Status, who gave it, and their name if it is told.
async fn history(caller: &Caller, path: &str) -> Vec<(String, String, Option<String>)> {
    let list = caller.get(path).await.expect(StatusCode::OK).json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let entries = list["data"].as_array().unwrap().iter();
    entries
        .map(|one| {
            assert!(one["at"].is_string(), "{one}");
            (text(&one["status"]).unwrap(), text(&one["by"]).unwrap(), text(&one["name"]))
        })
        .collect()
}

fn entry(status: &str, by: &str, name: Option<&str>) -> (String, String, Option<String>) {
    (status.into(), by.into(), name.map(str::to_owned))
}

#[tokio::test]
async fn every_status_is_told_with_who_gave_it() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let api = portal.new_api().await;
    portal.publish(&api, &id, json!({"auth_strategy_ids": [strategy]})).await;
    let ann = portal.developer(&id, "ann").await;
    let bob = portal.developer(&id, "bob").await;
    let application = ann.new_application(&strategy).await;
    let registration = ann.ask(&application, &api).await.id();
    let own = format!("/applications/{application}/registrations/{registration}");
    let managed = format!("/v3/portals/{id}{own}");
    let (own_history, managed_history) = (format!("{own}/history"), format!("{managed}/history"));
    let asked = entry("pending", "developer", Some("ann"));
    assert_eq!(history(&ann.caller, &own_history).await, [asked.clone()]);
    // What is decided again is decided once.
    for status in ["approved", "approved", "revoked"] {
        admin.patch(&managed, json!({"status": status})).await.expect(StatusCode::OK);
    }
    let root = Some("root");
    let expected = [
        asked.clone(),
        entry("approved", "administrator", root),
        entry("revoked", "administrator", root),
    ];
    assert_eq!(history(&admin, &managed_history).await, expected);
    let expected = [
        asked.clone(),
        entry("approved", "administrator", None),
        entry("revoked", "administrator", None),
    ];
    assert_eq!(history(&ann.caller, &own_history).await, expected);
    let newest = history(&ann.caller, &format!("{own_history}?sort=at desc&page[size]=1")).await;
    assert_eq!(newest, [entry("revoked", "administrator", None)]);
    bob.caller.get(&own_history).await.expect(StatusCode::NOT_FOUND);

    // Another request is another history.
    ann.caller.delete(&own).await.expect(StatusCode::NO_CONTENT);
    ann.caller.get(&own_history).await.expect(StatusCode::NOT_FOUND);
    let again = ann.ask(&application, &api).await.id();
    let path = format!("/applications/{application}/registrations/{again}/history");
    assert_eq!(history(&ann.caller, &path).await, [asked]);
}

#[tokio::test]
async fn what_is_approved_at_once_says_by_whom() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let (open, closed) = (portal.new_api().await, portal.new_api().await);
    let terms = json!({"auth_strategy_ids": [strategy], "auto_approve_registrations": true});
    portal.publish(&open, &id, terms).await;
    portal.publish(&closed, &id, json!({"auth_strategy_ids": [strategy]})).await;
    let ann = portal.developer(&id, "ann").await;
    let application = ann.new_application(&strategy).await;
    let registration = ann.ask(&application, &open).await.id();
    let base = format!("/applications/{application}/registrations");
    let found = history(&ann.caller, &format!("{base}/{registration}/history")).await;
    let expected =
        [entry("pending", "developer", Some("ann")), entry("approved", "automatic", None)];
    assert_eq!(found, expected);

    let base = format!("/v3/portals/{id}{base}");
    let body = json!({"api_id": closed, "status": "approved"});
    let registration = admin.post(&base, body).await.id();
    let found = history(&admin, &format!("{base}/{registration}/history")).await;
    assert_eq!(found, [entry("approved", "administrator", Some("root"))]);
}
