//! APIs, their specifications and publications, and what visitors see of them.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{SPEC, TestPortal, unique};

#[tokio::test]
async fn an_api_has_one_specification_of_a_known_kind() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let api = portal.new_api().await;
    let path = format!("/v3/apis/{api}/versions");
    let body = |content: &str| json!({"version": "1.0.0", "spec": {"content": content}});
    let blamed = admin.post(&path, body("no specification")).await.blamed();
    assert_eq!(blamed, [("spec.content".into(), "invalid".into())]);
    let made = admin.post(&path, body(SPEC)).await.expect(StatusCode::CREATED).json();
    assert_eq!(made["spec"], json!({"content": SPEC, "type": "oas3", "validation_messages": []}));
    admin.post(&path, body(SPEC)).await.expect(StatusCode::CONFLICT);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let changed = admin.patch(&one, json!({"version": "1.1.0"})).await.json();
    assert_eq!(changed["spec"]["content"], SPEC);
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    admin.get(&one).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn name_and_version_and_slug_are_unique() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let name = unique("Orders");
    let body = json!({"name": name, "version": "v1"});
    let made = admin.post("/v3/apis", body.clone()).await.expect(StatusCode::CREATED).json();
    assert_eq!(made["slug"], format!("{}-v1", name.to_lowercase()));
    admin.post("/v3/apis", body).await.expect(StatusCode::CONFLICT);
    admin.post("/v3/apis", json!({"name": name})).await.id();
    admin.post("/v3/apis", json!({"name": name})).await.expect(StatusCode::CONFLICT);
    let body = json!({"name": unique("other"), "slug": made["slug"]});
    admin.post("/v3/apis", body).await.expect(StatusCode::CONFLICT);
    let attributes = json!({"attributes": {"domains": ["web"], "owner": ["me"]}});
    let path = format!("/v3/apis/{}", made["id"].as_str().unwrap());
    admin.patch(&path, attributes).await.expect(StatusCode::OK);
    let changed = admin.patch(&path, json!({"attributes": {"domains": null}})).await.json();
    assert_eq!(changed["attributes"], json!({"owner": ["me"]}));
}

#[tokio::test]
async fn visitors_see_public_apis_and_developers_private_ones() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let (public, private, hidden) =
        (portal.new_api().await, portal.new_api().await, portal.new_api().await);
    portal.publish(&public, &id, json!({"visibility": "public"})).await;
    portal.publish(&private, &id, json!({"visibility": "private"})).await;
    let visitor = portal.visitor(&id);
    assert_eq!(visitor.get("/apis").await.ids(), [public.clone()]);
    visitor.get(&format!("/apis/{private}")).await.expect(StatusCode::NOT_FOUND);
    visitor.get(&format!("/apis/{private}/versions")).await.expect(StatusCode::NOT_FOUND);
    let ann = portal.developer(&id, "ann").await.caller;
    assert_eq!(ann.get("/apis").await.json()["meta"]["page"]["total"], 2);
    ann.get(&format!("/apis/{private}")).await.expect(StatusCode::OK);
    ann.get(&format!("/apis/{hidden}")).await.expect(StatusCode::NOT_FOUND);
    let rbac = json!({"rbac_enabled": true});
    portal.admin().patch(&format!("/v3/portals/{id}"), rbac).await.expect(StatusCode::OK);
    assert_eq!(ann.get("/apis").await.ids(), [public]);
}

#[tokio::test]
async fn publications_replace_each_other_and_end() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let api = portal.new_api().await;
    let path = format!("/v3/apis/{api}/publications/{id}");
    admin.get(&path).await.expect(StatusCode::NOT_FOUND);
    let default = admin.put(&path, json!({})).await.expect(StatusCode::OK).json();
    assert!(default["auth_strategy_ids"][0].is_string());
    assert_eq!(default["visibility"], "private");
    let open = json!({"auth_strategy_ids": null, "visibility": "public"});
    let open = admin.put(&path, open).await.expect(StatusCode::OK).json();
    assert_eq!(open["created_at"], default["created_at"]);
    assert!(open["auth_strategy_ids"].is_null());
    let all = admin.get(&format!("/v3/api-publications?filter[api_id]={api}")).await.json();
    assert_eq!(all["data"][0]["portal_id"], id);
    let of_portal =
        admin.get(&format!("/v3/portals/{id}/api-publications?sort=api_name desc")).await;
    assert_eq!(of_portal.json()["data"][0]["portal_ids"], json!([id]));
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&path).await.expect(StatusCode::NOT_FOUND);
}
