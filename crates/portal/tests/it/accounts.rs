//! Sign-up, passwords, sessions.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use gatekey_portal::config::Throttle;
use serde_json::json;

use crate::support::{NOBODY, PASSWORD, TestPortal};

#[tokio::test]
async fn a_developer_signs_up_waits_and_is_let_in() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let mut ann = portal.sign_up(&id, "ann").await;
    let refused = ann.sign_in().await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json()["title"], "Approval Required");
    assert!(!refused.headers.contains_key(SET_COOKIE));
    ann.become_(&portal, "approved").await;
    portal.mail(&ann.email, "account-access-approved").await;
    let signed_in = ann.sign_in().await.expect(StatusCode::NO_CONTENT);
    for cookie in signed_in.headers.get_all(SET_COOKIE) {
        let cookie = cookie.to_str().unwrap();
        for part in
            ["HttpOnly", "Secure", "SameSite=Lax", "Max-Age=", &format!("Path=/portals/{id}")]
        {
            assert!(cookie.contains(part), "{cookie}");
        }
    }
    assert_eq!(ann.caller.get("/developer/me").await.json()["id"], ann.id);
}

#[tokio::test]
async fn tokens_from_mails_work_once_and_for_a_while_and_for_one_thing() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let elsewhere = portal.visitor(&portal.new_portal(json!({})).await);
    let visitor = portal.visitor(&id);
    let body = json!({"email": "a@example.com", "full_name": "A"});
    visitor.post("/developer", body.clone()).await.expect(StatusCode::CREATED);
    let first = portal.mail("a@example.com", "confirm-email-address").await["token"].clone();
    visitor.post("/developer", body).await.expect(StatusCode::CREATED);
    let mut newest = first.clone();
    while newest == first {
        tokio::time::sleep(Duration::from_millis(10)).await;
        newest = portal.mail("a@example.com", "confirm-email-address").await["token"].clone();
    }
    let verify = "/developer/verify-email";
    let reset = "/developer/reset-password";
    visitor.post(verify, json!({"token": first})).await.expect(StatusCode::NOT_FOUND);
    elsewhere.post(verify, json!({"token": newest})).await.expect(StatusCode::NOT_FOUND);
    let wrong = json!({"token": newest, "password": PASSWORD});
    visitor.post(reset, wrong).await.expect(StatusCode::NOT_FOUND);
    let verified = visitor.post(verify, json!({"token": newest})).await;
    let token = verified.expect(StatusCode::ACCEPTED).json()["token"].clone();
    visitor.post(verify, json!({"token": newest})).await.expect(StatusCode::GONE);
    let short = json!({"token": token, "password": "short"});
    assert_eq!(
        visitor.post(reset, short).await.blamed(),
        [("password".into(), "min_length".into())]
    );
    portal.server.advance_clock(Duration::from_secs(3_601));
    let late = json!({"token": token, "password": PASSWORD});
    visitor.post(reset, late).await.expect(StatusCode::GONE);
    visitor.post(verify, json!({"token": NOBODY})).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_tells_whether_an_address_has_an_account() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let visitor = portal.visitor(&id);
    let mut answers = Vec::new();
    for email in [ann.email.as_str(), "nobody@example.com"] {
        let attempt = json!({"username": email, "password": "Wrong-Horse-9!"});
        let refused = visitor.post("/developer/authenticate", attempt).await;
        let mut refused = refused.expect(StatusCode::UNAUTHORIZED).json();
        refused["instance"] = json!(null);
        let forgot = visitor.post("/developer/forgot-password", json!({"email": email})).await;
        let again = visitor.post("/developer", json!({"email": email, "full_name": "X"})).await;
        answers.push((refused, forgot.status, forgot.body, again.status, again.body));
    }
    assert_eq!(answers[0], answers[1]);
    let kept = portal.admin().get(&format!("/v3/portals/{id}/developers/{}", ann.id)).await.json();
    assert_eq!((&kept["full_name"], &kept["status"]), (&json!("ann"), &json!("approved")));
}

#[tokio::test]
async fn a_new_password_ends_the_old_one_and_every_session() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let mut ann = portal.developer(&id, "ann").await;
    let forgot = json!({"email": "ANN@example.com"});
    ann.caller.post("/developer/forgot-password", forgot).await.expect(StatusCode::OK);
    let token = portal.mail(&ann.email, "reset-password").await["token"].clone();
    let body = json!({"token": token, "password": "Another-Horse-9!"});
    ann.caller.post("/developer/reset-password", body).await.expect(StatusCode::NO_CONTENT);
    ann.caller.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
    ann.sign_in().await.expect(StatusCode::UNAUTHORIZED);
    let body = json!({"username": ann.email, "password": "Another-Horse-9!"});
    ann.caller.sign_in(body).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn sessions_are_refreshed_and_ended() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let mut ann = portal.developer(&id, "ann").await;
    let old = ann.caller.clone();
    portal.server.advance_clock(Duration::from_secs(3_601));
    old.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
    let refreshed = ann.caller.post("/developer/refresh", json!({})).await;
    ann.caller.keep(&refreshed.expect(StatusCode::NO_CONTENT));
    ann.caller.get("/developer/me").await.expect(StatusCode::OK);
    old.post("/developer/refresh", json!({})).await.expect(StatusCode::UNAUTHORIZED);
    let kept = ann.caller.clone();
    ann.caller.post("/developer/logout", json!({})).await.expect(StatusCode::NO_CONTENT);
    kept.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
    kept.post("/developer/refresh", json!({})).await.expect(StatusCode::UNAUTHORIZED);
    portal.anyone().get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn whoever_is_no_longer_approved_is_signed_out() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let mut ann = portal.developer(&id, "ann").await;
    for status in ["revoked", "rejected"] {
        ann.become_(&portal, status).await;
        ann.caller.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
        let refused = ann.sign_in().await.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(refused.json()["title"], "Invalid Credentials");
        portal.mail(&ann.email, &format!("account-access-{status}")).await;
    }
    ann.become_(&portal, "approved").await;
    ann.caller.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
    ann.sign_in().await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn other_sites_cannot_write() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let body = json!({"name": "x"});
    for (name, value) in [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")] {
        let caller = ann.caller.clone().with(name, value);
        caller.post("/applications", body.clone()).await.expect(StatusCode::FORBIDDEN);
        caller.get("/developer/me").await.expect(StatusCode::OK);
    }
    let caller = ann.caller.clone().with("origin", "http://portal.test");
    caller.post("/applications", body).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn outsiders_are_slowed_down() {
    let portal = TestPortal::start_with(Throttle {
        sign_ups: 2,
        sign_ins: 50,
        failed_sign_ins: 3,
        resets: 50,
        keys: 50,
        ..Throttle::default()
    })
    .await;
    let id = portal.new_portal(json!({})).await;
    let mut ann = portal.developer(&id, "ann").await;
    let sign_up = json!({"email": "b@example.com", "full_name": "B"});
    ann.caller.post("/developer", sign_up.clone()).await.expect(StatusCode::CREATED);
    let refused = ann.caller.post("/developer", sign_up).await;
    assert!(refused.expect(StatusCode::TOO_MANY_REQUESTS).headers.contains_key("retry-after"));
    for _ in 0..5 {
        ann.sign_in().await.expect(StatusCode::NO_CONTENT);
    }
    let wrong = json!({"username": ann.email, "password": "Wrong-Horse-9!"});
    for _ in 0..3 {
        let reply = ann.caller.post("/developer/authenticate", wrong.clone()).await;
        reply.expect(StatusCode::UNAUTHORIZED);
    }
    ann.sign_in().await.expect(StatusCode::TOO_MANY_REQUESTS);
    portal.server.advance_clock(Duration::from_secs(20));
    ann.sign_in().await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn administrators_add_developers() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({"auto_approve_developers": true})).await;
    let admin = portal.admin();
    let path = format!("/v3/portals/{id}/developers");
    let body = json!({"email": "d@example.com", "full_name": "D", "send_invitation_email": true});
    let made = admin.post(&path, body.clone()).await.expect(StatusCode::CREATED).json();
    assert_eq!(made["status"], "approved");
    let conflict = admin.post(&path, body).await.expect(StatusCode::CONFLICT);
    assert_eq!(conflict.json()["detail"], "Developer with the given email already exists");
    let token = portal.mail("d@example.com", "developer-invitation").await["token"].clone();
    let mut visitor = portal.visitor(&id);
    let body = json!({"token": token, "password": PASSWORD});
    visitor.post("/developer/reset-password", body).await.expect(StatusCode::NO_CONTENT);
    let body = json!({"username": "d@example.com", "password": PASSWORD});
    visitor.sign_in(body).await.expect(StatusCode::NO_CONTENT);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    visitor.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
}
