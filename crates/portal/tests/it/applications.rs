//! Applications, as their owners and as administrators manage them.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{NOBODY, TestPortal};

#[tokio::test]
async fn an_application_keeps_its_strategy() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let other = portal.new_strategy(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    let path = format!("/applications/{app}");
    let blamed = ann.caller.patch(&path, json!({"auth_strategy_id": other})).await.blamed();
    assert_eq!(blamed, [("auth_strategy_id".into(), "unknown_property".into())]);
    let changed = ann.caller.patch(&path, json!({"description": "d"})).await.json();
    assert_eq!(changed["auth_strategy"]["id"], strategy);
    assert_eq!(changed["description"], "d");
    for (body, field, rule) in [
        (json!({}), "name", "required"),
        (json!({"name": "x", "auth_strategy_id": NOBODY}), "auth_strategy_id", "missing_reference"),
        (json!({"name": "x", "client_id": "c"}), "client_id", "invalid"),
        (json!({"name": "x", "scopes": ["s"]}), "scopes", "invalid"),
        (json!({"name": "x", "team_id": NOBODY}), "team_id", "missing_reference"),
    ] {
        let blamed = ann.caller.post("/applications", body).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())]);
    }
    assert_eq!(ann.caller.get("/applications").await.ids(), [app]);
}

#[tokio::test]
async fn administrators_move_applications_and_change_nothing_else() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let (ann, bob) = (portal.developer(&id, "ann").await, portal.developer(&id, "bob").await);
    let base = format!("/v3/portals/{id}/applications");
    let owner = |id: &str| json!({"type": "developer", "id": id});
    let body = json!({"name": "a", "owner": owner(&ann.id), "labels": {"k": "v"}});
    let made = admin.post(&base, body).await.expect(StatusCode::CREATED).json();
    let app = made["id"].as_str().unwrap();
    let path = format!("{base}/{app}");
    assert_eq!(
        admin.patch(&path, json!({"name": "b"})).await.blamed(),
        [("name".into(), "unknown_property".into())]
    );
    let moved = admin.patch(&path, json!({"owner": owner(&bob.id)})).await.json();
    assert_eq!(moved["owner"], owner(&bob.id));
    ann.caller.get(&format!("/applications/{app}")).await.expect(StatusCode::NOT_FOUND);
    bob.caller.get(&format!("/applications/{app}")).await.expect(StatusCode::OK);
    assert_eq!(admin.get(&format!("{path}/developers")).await.ids(), [bob.id.clone()]);
    assert_eq!(admin.get(&format!("/v3/applications/{app}")).await.json(), moved);
    let team = json!({"owner": {"type": "team", "id": NOBODY}});
    assert_eq!(
        admin.patch(&path, team).await.blamed(),
        [("owner.id".into(), "missing_reference".into())]
    );
    let elsewhere = portal.new_portal(json!({})).await;
    let eve = portal.developer(&elsewhere, "eve").await;
    let stranger = json!({"owner": owner(&eve.id)});
    assert_eq!(
        admin.patch(&path, stranger).await.blamed(),
        [("owner.id".into(), "missing_reference".into())]
    );
    admin
        .delete(&format!("/v3/portals/{id}/developers/{}", bob.id))
        .await
        .expect(StatusCode::NO_CONTENT);
    admin.get(&path).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_developer_has_at_most_500_applications() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    for n in 0..500 {
        let body = json!({"name": format!("app {n}")});
        ann.caller.post("/applications", body).await.expect(StatusCode::CREATED);
    }
    let refused = ann.caller.post("/applications", json!({"name": "one more"})).await;
    assert!(
        refused.expect(StatusCode::FORBIDDEN).json()["detail"].as_str().unwrap().contains("500")
    );
    let total = &ann.caller.get("/applications").await.json()["meta"]["page"]["total"];
    assert_eq!(*total, json!(500));
}

#[tokio::test]
async fn there_are_no_client_secrets_with_keys() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    let regenerate = format!("/applications/{app}/regenerate-secret");
    ann.caller.post(&regenerate, json!({})).await.expect(StatusCode::CONFLICT);
    let scopes = ann.caller.get(&format!("/applications/{app}/granted-scopes")).await;
    assert_eq!(scopes.expect(StatusCode::UNPROCESSABLE_ENTITY).json()["title"], "Unsupported IDP");
}
