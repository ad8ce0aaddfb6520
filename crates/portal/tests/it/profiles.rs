//! Developers' own accounts: name, password, the browsers that they are signed in with.

use std::time::Duration;

use axum::http::StatusCode;
use gatekey_portal::config::Throttle;
use serde_json::{Value, json};

use crate::support::{Caller, Developer, NOBODY, PASSWORD, TestPortal};

const SESSIONS: &str = "/developer/sessions";
const CHANGE: &str = "/developer/change-password";

/// Another browser of a developer.
async fn signed_in(portal: &TestPortal, developer: &Developer, browser: &str) -> Caller {
    let mut caller = portal.visitor(&developer.portal).with("user-agent", browser);
    let body = json!({"username": developer.email, "password": PASSWORD});
    caller.sign_in(body).await.expect(StatusCode::NO_CONTENT);
    caller
}

async fn sessions(caller: &Caller) -> Vec<Value> {
    let list = caller.get(SESSIONS).await.expect(StatusCode::OK).json();
    list["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_developer_sees_and_ends_their_sessions() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let bob = portal.developer(&id, "bob").await;
    let phone = signed_in(&portal, &ann, "Phone/1").await;
    let laptop = signed_in(&portal, &ann, "Laptop/2").await;
    let seen = sessions(&laptop).await;
    let agents: Vec<_> = seen.iter().map(|one| one["user_agent"].clone()).collect();
    assert_eq!(agents, [Value::Null, json!("Phone/1"), json!("Laptop/2")]);
    let current: Vec<_> = seen.iter().map(|one| one["current"] == true).collect();
    assert_eq!(current, [false, false, true]);
    assert!(seen.iter().all(|one| one["address"] == "0.0.0.0" && one["last_used_at"].is_string()));

    // What is another's, or nobody's, does not exist.
    let of_phone = format!("{SESSIONS}/{}", seen[1]["id"].as_str().unwrap());
    bob.caller.delete(&of_phone).await.expect(StatusCode::NOT_FOUND);
    laptop.delete(&format!("{SESSIONS}/{NOBODY}")).await.expect(StatusCode::NOT_FOUND);
    phone.get("/developer/me").await.expect(StatusCode::OK);
    laptop.delete(&of_phone).await.expect(StatusCode::NO_CONTENT);
    laptop.delete(&of_phone).await.expect(StatusCode::NOT_FOUND);
    phone.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
    phone.post("/developer/refresh", json!({})).await.expect(StatusCode::UNAUTHORIZED);

    laptop.delete(SESSIONS).await.expect(StatusCode::NO_CONTENT);
    ann.caller.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(sessions(&laptop).await.len(), 1);
    assert_eq!(sessions(&bob.caller).await.len(), 1);
}

#[tokio::test]
async fn it_is_known_when_a_session_was_last_used() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let first = sessions(&ann.caller).await[0]["last_used_at"].clone();
    portal.server.advance_clock(Duration::from_secs(600));
    ann.caller.get("/developer/me").await.expect(StatusCode::OK);
    let later = sessions(&ann.caller).await[0]["last_used_at"].clone();
    assert!(later.as_str() > first.as_str(), "{first} {later}");
    // A session that can no longer be renewed is none.
    let other = signed_in(&portal, &ann, "x").await;
    portal.server.advance_clock(Duration::from_secs(14 * 86_400 - 3_000));
    let refreshed = signed_in(&portal, &ann, "y").await;
    portal.server.advance_clock(Duration::from_secs(3_001));
    assert_eq!(sessions(&refreshed).await.len(), 1);
    other.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_developer_changes_their_name() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let before = ann.caller.get("/developer/me").await.json();
    let after = ann.caller.patch("/developer/me", json!({"full_name": "Ann Müller"})).await;
    let after = after.expect(StatusCode::OK).json();
    assert_eq!((&after["full_name"], &after["email"]), (&json!("Ann Müller"), &before["email"]));
    assert!(after["updated_at"].as_str() > before["updated_at"].as_str());
    assert_eq!(ann.caller.get("/developer/me").await.json(), after);
    for (body, rule) in [
        (json!({"full_name": ""}), ("full_name", "min_length")),
        (json!({"full_name": "x".repeat(251)}), ("full_name", "max_length")),
        (json!({"email": "x@example.com"}), ("email", "unknown_property")),
    ] {
        let blamed = ann.caller.patch("/developer/me", body).await.blamed();
        assert_eq!(blamed, [(rule.0.into(), rule.1.into())]);
    }
    let kept = ann.caller.patch("/developer/me", json!({})).await.expect(StatusCode::OK).json();
    assert_eq!(kept, after);
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let mut ann = portal.developer(&id, "ann").await;
    let here = signed_in(&portal, &ann, "here").await;
    let body = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    let wrong = here.post(CHANGE, body("Wrong-Horse-9!", "Another-Horse-9!")).await;
    assert_eq!(wrong.blamed(), [("current_password".into(), "invalid".into())]);
    let short = here.post(CHANGE, body(PASSWORD, "short")).await;
    assert_eq!(short.blamed(), [("new_password".into(), "min_length".into())]);
    ann.caller.get("/developer/me").await.expect(StatusCode::OK);

    let changed = here.post(CHANGE, body(PASSWORD, "Another-Horse-9!")).await;
    changed.expect(StatusCode::NO_CONTENT);
    here.get("/developer/me").await.expect(StatusCode::OK);
    ann.caller.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
    ann.sign_in().await.expect(StatusCode::UNAUTHORIZED);
    let attempt = json!({"username": ann.email, "password": "Another-Horse-9!"});
    ann.caller.sign_in(attempt).await.expect(StatusCode::NO_CONTENT);

    let path = "/v3/audit-log?filter[action]=change-password";
    let log = portal.admin().get(path).await.expect(StatusCode::OK).json();
    let outcomes: Vec<_> =
        log["data"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes.len(), 2, "{log}");
    assert!(outcomes.contains(&&json!("refused")) && outcomes.contains(&&json!("success")));
    assert!(!log.to_string().contains("Horse"));
}

#[tokio::test]
async fn nobody_guesses_a_password_by_changing_it() {
    let throttle = Throttle { failed_sign_ins: 3, ..Default::default() };
    let portal = TestPortal::start_with(throttle).await;
    let id = portal.new_portal(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let right = json!({"current_password": PASSWORD, "new_password": PASSWORD});
    for _ in 0..4 {
        ann.caller.post(CHANGE, right.clone()).await.expect(StatusCode::NO_CONTENT);
    }
    let wrong = json!({"current_password": "Wrong-Horse-9!", "new_password": PASSWORD});
    for _ in 0..3 {
        ann.caller.post(CHANGE, wrong.clone()).await.expect(StatusCode::BAD_REQUEST);
    }
    ann.caller.post(CHANGE, right).await.expect(StatusCode::TOO_MANY_REQUESTS);
}
