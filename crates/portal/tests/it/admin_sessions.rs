//! Sessions of administrators: each stands for a token, and ends with it or earlier.

use core::time::Duration;

use axum::http::StatusCode;
use gatekey_portal::config::Throttle;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{Caller, TestPortal, unique};

const SESSIONS: &str = "/v3/admin-sessions";
const CURRENT: &str = "/v3/admin-sessions/current";

/// Whoever shows a token that was just answered.
fn with_token(portal: &TestPortal, answer: &Value) -> Caller {
    let bearer = format!("Bearer {}", answer["token"].as_str().unwrap());
    portal.anyone().with("authorization", &bearer)
}

async fn session_of(portal: &TestPortal, holder: &Caller) -> (Caller, Value) {
    let made = holder.post(SESSIONS, json!({})).await.expect(StatusCode::CREATED).json();
    (with_token(portal, &made), made)
}

async fn token(portal: &TestPortal, body: Value) -> (Caller, Value) {
    let made = portal.admin().post("/v3/admin-tokens", body).await;
    let made = made.expect(StatusCode::CREATED).json();
    (with_token(portal, &made), made)
}

#[tokio::test]
async fn a_session_may_do_what_its_token_may_do() {
    let portal = TestPortal::start().await;
    let (root, made) = session_of(&portal, &portal.admin()).await;
    assert_eq!((&made["name"], &made["scopes"]), (&json!("root"), &json!(["write"])), "{made}");
    assert!(made["portal_ids"].is_null() && made["expires_at"].is_string(), "{made}");
    root.post("/v3/portals", json!({"name": unique("p")})).await.expect(StatusCode::CREATED);

    let mut seen = root.get(CURRENT).await.expect(StatusCode::OK).json();
    assert!(seen.get("token").is_none(), "{seen}");
    seen["token"] = made["token"].clone();
    assert_eq!(seen, made);

    let own = portal.new_portal(json!({})).await;
    let body = json!({"name": unique("t"), "scopes": ["portals:read"], "portal_ids": [own]});
    let (holder, of_token) = token(&portal, body).await;
    let (bound, made) = session_of(&portal, &holder).await;
    assert_eq!(made["name"], of_token["name"]);
    assert_eq!((&made["scopes"], &made["portal_ids"]), (&json!(["portals:read"]), &json!([own])));
    bound.get(&format!("/v3/portals/{own}")).await.expect(StatusCode::OK);
    bound.get("/v3/apis").await.expect(StatusCode::FORBIDDEN);
    let patch = bound.patch(&format!("/v3/portals/{own}"), json!({"name": "x"})).await;
    patch.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_session_makes_no_session_and_a_token_is_none() {
    let portal = TestPortal::start().await;
    let (session, _) = session_of(&portal, &portal.admin()).await;
    let refused = session.post(SESSIONS, json!({})).await.expect(StatusCode::FORBIDDEN).json();
    assert_eq!(refused["detail"], "A session cannot make a session");
    portal.admin().get(CURRENT).await.expect(StatusCode::NOT_FOUND);
    portal.admin().delete(CURRENT).await.expect(StatusCode::NOT_FOUND);
    let blamed = portal.admin().post(SESSIONS, json!({"hours": 100})).await.blamed();
    assert_eq!(blamed, [("hours".into(), "unknown_property".into())]);
    for bad in ["Bearer gk_session_", "Bearer x", "Basic x"] {
        let nobody = portal.anyone().with("authorization", bad);
        nobody.post(SESSIONS, json!({})).await.expect(StatusCode::UNAUTHORIZED);
        nobody.get(CURRENT).await.expect(StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_session_ends_by_hand_with_its_token_and_with_time() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let (session, _) = session_of(&portal, &admin).await;
    let (other, _) = session_of(&portal, &admin).await;
    session.delete(CURRENT).await.expect(StatusCode::NO_CONTENT);
    session.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
    other.get("/v3/portals").await.expect(StatusCode::OK);

    let (holder, made) = token(&portal, json!({"name": unique("t"), "scopes": ["read"]})).await;
    let (session, _) = session_of(&portal, &holder).await;
    session.get("/v3/portals").await.expect(StatusCode::OK);
    let path = format!("/v3/admin-tokens/{}", made["id"].as_str().unwrap());
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    session.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);

    let soon = jiff::Timestamp::now() + Duration::from_secs(600);
    let body = json!({"name": unique("t"), "scopes": ["read"], "expires_at": soon.to_string()});
    let (holder, made) = token(&portal, body).await;
    let (session, of_session) = session_of(&portal, &holder).await;
    assert_eq!(of_session["expires_at"], made["expires_at"]);
    portal.server.advance_clock(Duration::from_secs(601));
    session.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_after_half_a_day() {
    let portal = TestPortal::start().await;
    let (idle, _) = session_of(&portal, &portal.admin()).await;
    let (busy, _) = session_of(&portal, &portal.admin()).await;
    for _ in 0..14 {
        portal.server.advance_clock(Duration::from_secs(3_000));
        busy.get(CURRENT).await.expect(StatusCode::OK);
    }
    idle.get(CURRENT).await.expect(StatusCode::UNAUTHORIZED);
    portal.server.advance_clock(Duration::from_secs(1_200));
    busy.get(CURRENT).await.expect(StatusCode::UNAUTHORIZED);

    let left = async || {
        let db = portal.database().await;
        let statement = "SELECT id FROM admin_sessions";
        let statement = sea_orm::Statement::from_string(db.get_database_backend(), statement);
        db.query_all_raw(statement).await.unwrap().len()
    };
    let (fresh, _) = session_of(&portal, &portal.admin()).await;
    portal.server.tidy().await.unwrap();
    assert_eq!(left().await, 1);
    fresh.get(CURRENT).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn sessions_of_the_first_token_end_when_it_is_replaced() {
    let portal = TestPortal::start().await;
    let made = portal.admin().post(SESSIONS, json!({})).await.expect(StatusCode::CREATED).json();
    let portal = portal.restart().await;
    with_token(&portal, &made).get("/v3/portals").await.expect(StatusCode::OK);
    let path = portal.data_dir.path().join("admin-token");
    std::fs::write(path, format!("{}\n", "another-token-".repeat(3))).unwrap();
    let portal = portal.restart().await;
    portal.admin().get("/v3/portals").await.expect(StatusCode::OK);
    with_token(&portal, &made).get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn attempts_that_fail_are_counted_and_noted() {
    let portal =
        TestPortal::start_with(Throttle { failed_sign_ins: 3, ..Default::default() }).await;
    let admin = portal.admin();
    for _ in 0..5 {
        admin.post(SESSIONS, json!({})).await.expect(StatusCode::CREATED);
    }
    let bad = portal.anyone().with("authorization", "Bearer canary-of-a-token");
    for _ in 0..3 {
        bad.post(SESSIONS, json!({})).await.expect(StatusCode::UNAUTHORIZED);
    }
    bad.post(SESSIONS, json!({})).await.expect(StatusCode::TOO_MANY_REQUESTS);
    // Who has a session goes on with it.
    portal.server.advance_clock(Duration::from_secs(60));
    let (session, made) = session_of(&portal, &admin).await;
    session.delete(CURRENT).await.expect(StatusCode::NO_CONTENT);

    let log = async |action: &str| {
        let path = format!("/v3/audit-log?page[size]=100&filter[action]={action}");
        admin.get(&path).await.expect(StatusCode::OK).json()["data"].as_array().unwrap().clone()
    };
    let (into, out) = (log("admin-sign-in").await, log("admin-sign-out").await);
    let with = |outcome: &str| into.iter().filter(|entry| entry["outcome"] == outcome).count();
    assert_eq!((with("success"), with("refused")), (6, 4), "{into:?}");
    assert!(into.iter().all(|entry| entry["kind"] == "authentication"));
    assert_eq!(out.len(), 1, "{out:?}");
    assert_eq!((&out[0]["actor"], &out[0]["outcome"]), (&json!("admin:root"), &json!("success")));
    assert_eq!(out[0]["details"]["admin_session"], made["id"]);
    let text = format!("{into:?}{out:?}");
    assert!(!text.contains("canary") && !text.contains(made["token"].as_str().unwrap()));
}
