//! `/v3/portals`.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{NOBODY, TestPortal, unique};

#[tokio::test]
async fn a_portal_is_made_with_defaults_and_changed() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let name = unique("p");
    let made = admin.post("/v3/portals", json!({"name": name, "labels": {"a": "b"}})).await;
    let made = made.expect(StatusCode::CREATED).json();
    assert_eq!(made["display_name"], name);
    assert_eq!(made["authentication_enabled"], true);
    assert_eq!(made["default_domain"], made["canonical_domain"]);
    assert!(made["default_application_auth_strategy_id"].is_string());

    let path = format!("/v3/portals/{}", made["id"].as_str().unwrap());
    let change = json!({"description": "d", "labels": {"a": null, "c": "d"}});
    let changed = admin.patch(&path, change).await.expect(StatusCode::OK).json();
    assert_eq!(changed["labels"], json!({"c": "d"}));
    assert_eq!(changed["description"], "d");
    assert!(changed["updated_at"].as_str() > made["updated_at"].as_str());
    assert_eq!(admin.get(&path).await.json(), changed);
}

#[tokio::test]
async fn names_are_unique_and_references_real() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let (one, two) = (unique("one"), unique("two"));
    admin.post("/v3/portals", json!({"name": one})).await.id();
    admin.post("/v3/portals", json!({"name": one})).await.expect(StatusCode::CONFLICT);
    let id = admin.post("/v3/portals", json!({"name": two})).await.id();
    let path = format!("/v3/portals/{id}");
    admin.patch(&path, json!({"name": one})).await.expect(StatusCode::CONFLICT);
    let change = json!({"default_application_auth_strategy_id": NOBODY});
    let blamed = admin.patch(&path, change).await.blamed();
    assert_eq!(
        blamed,
        [("default_application_auth_strategy_id".into(), "missing_reference".into())]
    );
    let blamed =
        admin.patch(&path, json!({"authentication_enabled": false, "rbac_enabled": true})).await;
    assert_eq!(blamed.blamed(), [("rbac_enabled".into(), "invalid".into())]);
    assert_eq!(admin.get(&path).await.json()["name"], two);
}

#[tokio::test]
async fn a_portal_with_publications_is_deleted_by_force_with_all_it_held() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let api = portal.new_api().await;
    portal.publish(&api, &id, json!({"auth_strategy_ids": [strategy]})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    ann.ask(&app, &api).await.expect(StatusCode::CREATED);

    let path = format!("/v3/portals/{id}");
    admin.delete(&path).await.expect(StatusCode::CONFLICT);
    admin.delete(&format!("{path}?force=maybe")).await.expect(StatusCode::BAD_REQUEST);
    admin.get(&path).await.expect(StatusCode::OK);
    admin.delete(&format!("{path}?force=true")).await.expect(StatusCode::NO_CONTENT);
    admin.get(&path).await.expect(StatusCode::NOT_FOUND);
    admin.get(&format!("/v3/applications/{app}")).await.expect(StatusCode::NOT_FOUND);
    assert!(admin.get(&format!("/v3/apis/{api}/registrations")).await.ids().is_empty());
    ann.caller.get("/developer/me").await.expect(StatusCode::NOT_FOUND);
    let strategy = format!("/v2/application-auth-strategies/{strategy}");
    admin.delete(&strategy).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn without_sign_in_nobody_signs_up() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({"authentication_enabled": false})).await;
    let visitor = portal.visitor(&id);
    assert_eq!(visitor.get("/portal").await.json()["basic_auth_enabled"], false);
    let body = json!({"email": "a@example.com", "full_name": "A"});
    visitor.post("/developer", body).await.expect(StatusCode::FORBIDDEN);
    let body = json!({"email": "a@example.com"});
    visitor.post("/developer/forgot-password", body).await.expect(StatusCode::FORBIDDEN);
}
