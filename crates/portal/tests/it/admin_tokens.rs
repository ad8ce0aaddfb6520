//! Tokens of administrators: each opens its own doors, for as long as it lives.

use core::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{Caller, TestPortal, unique};

async fn holder(portal: &TestPortal, scopes: &[&str]) -> (Caller, String) {
    let body = json!({"name": unique("token"), "scopes": scopes});
    let made = portal.admin().post("/v3/admin-tokens", body).await;
    let made = made.expect(StatusCode::CREATED).json();
    let token = format!("Bearer {}", made["token"].as_str().unwrap());
    (portal.anyone().with("authorization", &token), made["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say() {
    let portal = TestPortal::start().await;
    let (viewer, _) = holder(&portal, &["read"]).await;
    viewer.get("/v3/portals").await.expect(StatusCode::OK);
    let refused = viewer.post("/v3/portals", json!({"name": unique("p")})).await;
    let refused = refused.expect(StatusCode::FORBIDDEN).json();
    assert_eq!(refused["detail"], "You do not have permission to perform this action");
    viewer
        .delete("/v3/portals/00000000-0000-4000-8000-000000000000")
        .await
        .expect(StatusCode::FORBIDDEN);

    let (publisher, _) = holder(&portal, &["apis:write"]).await;
    let api = publisher.post("/v3/apis", json!({"name": unique("api")})).await.id();
    publisher.get(&format!("/v3/apis/{api}")).await.expect(StatusCode::OK);
    publisher.get("/v3/portals").await.expect(StatusCode::FORBIDDEN);
    publisher.get("/v3/admin-tokens").await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let portal = TestPortal::start().await;
    let (keeper, _) = holder(&portal, &["tokens:write"]).await;
    let ask = async |scopes: &[&str]| {
        let body = json!({"name": unique("token"), "scopes": scopes});
        keeper.post("/v3/admin-tokens", body).await
    };
    ask(&["tokens:read"]).await.expect(StatusCode::CREATED);
    ask(&["read"]).await.expect(StatusCode::FORBIDDEN);
    ask(&["write"]).await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_token_ends_by_its_time_or_by_hand() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let (revoked, id) = holder(&portal, &["read"]).await;
    revoked.get("/v3/portals").await.expect(StatusCode::OK);
    let path = format!("/v3/admin-tokens/{id}");
    let seen = admin.get(&path).await.json();
    assert!(seen["last_used_at"].is_string() && seen.get("token").is_none(), "{seen}");
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    revoked.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
    admin.delete(&path).await.expect(StatusCode::NOT_FOUND);

    let soon = jiff::Timestamp::now() + Duration::from_secs(3_600);
    let body = json!({"name": unique("t"), "scopes": ["read"], "expires_at": soon.to_string()});
    let made = admin.post("/v3/admin-tokens", body).await.expect(StatusCode::CREATED).json();
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let caller = portal.anyone().with("authorization", &bearer);
    caller.get("/v3/portals").await.expect(StatusCode::OK);
    portal.server.advance_clock(Duration::from_secs(3_601));
    caller.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_for_one_portal_sees_no_other() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let own = admin.post("/v3/portals", json!({"name": unique("own")})).await.id();
    let other = admin.post("/v3/portals", json!({"name": unique("other")})).await.id();
    let body = json!({"name": unique("t"), "scopes": ["write"], "portal_ids": [own]});
    let made = admin.post("/v3/admin-tokens", body).await.expect(StatusCode::CREATED).json();
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let caller = portal.anyone().with("authorization", &bearer);
    caller.get(&format!("/v3/portals/{own}")).await.expect(StatusCode::OK);
    caller.get(&format!("/v3/portals/{own}/developers")).await.expect(StatusCode::OK);
    for path in [format!("/v3/portals/{other}"), "/v3/portals".into(), "/v3/apis".into()] {
        caller.get(&path).await.expect(StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn bad_tokens_to_make_are_refused_by_name() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    for (body, field, rule) in [
        (json!({"scopes": ["read"]}), "name", "required"),
        (json!({"name": "n", "scopes": []}), "scopes", "min_items"),
        (json!({"name": "n", "scopes": ["admin"]}), "scopes.0", "enum"),
        (
            json!({"name": "n", "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z"}),
            "expires_at",
            "min",
        ),
        (json!({"name": "n", "scopes": ["read"], "portal_ids": ["x"]}), "portal_ids.0", "is_uuid"),
    ] {
        let blamed = admin.post("/v3/admin-tokens", body.clone()).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())], "{body}");
    }
    let name = unique("twice");
    let body = json!({"name": name, "scopes": ["read"]});
    admin.post("/v3/admin-tokens", body.clone()).await.expect(StatusCode::CREATED);
    admin.post("/v3/admin-tokens", body).await.expect(StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_request_keeps_the_name_that_it_came_with() {
    let portal = TestPortal::start().await;
    let caller = portal.anyone().with("x-request-id", "a-name-from-outside");
    let refused = caller.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers["x-request-id"], "a-name-from-outside");
    assert_eq!(refused.json()["instance"], "kong:trace:a-name-from-outside");
}
