//! Registrations.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::TestPortal;

#[tokio::test]
async fn access_is_asked_for_granted_taken_and_asked_for_again() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let api = portal.new_api().await;
    portal.publish(&api, &id, json!({"auth_strategy_ids": [strategy]})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    let asked = ann.ask(&app, &api).await.expect(StatusCode::CREATED).json();
    assert_eq!(asked["status"], "pending");
    ann.ask(&app, &api).await.expect(StatusCode::CONFLICT);
    let registration = asked["id"].as_str().unwrap();
    let own = format!("/applications/{app}/registrations/{registration}");
    let approve = json!({"status": "approved"}).to_string().into_bytes();
    let forbidden = ann.caller.send(Method::PATCH, &own, Some(approve)).await;
    forbidden.expect(StatusCode::METHOD_NOT_ALLOWED);
    let path = format!("/v3/portals/{id}/applications/{app}/registrations/{registration}");
    for status in ["approved", "revoked", "approved", "rejected", "pending", "rejected"] {
        admin.patch(&path, json!({"status": status})).await.expect(StatusCode::OK);
        assert_eq!(ann.caller.get(&own).await.json()["status"], status);
    }
    let mail = portal.mail(&ann.email, "app-registration-approved").await;
    assert_eq!(mail["api_name"], asked["api_name"]);
    portal.mail(&ann.email, "app-registration-rejected").await;
    portal.mail(&ann.email, "app-registration-revoked").await;
    ann.ask(&app, &api).await.expect(StatusCode::CONFLICT);
    ann.caller.delete(&own).await.expect(StatusCode::NO_CONTENT);
    ann.ask(&app, &api).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn publication_or_portal_approve_by_themselves() {
    let portal = TestPortal::start().await;
    let strategy = portal.new_strategy(json!({})).await;
    for (of_portal, of_publication, expected) in [
        (false, false, "pending"),
        (false, true, "approved"),
        (true, false, "approved"),
        (true, true, "approved"),
    ] {
        let id = portal.new_portal(json!({"auto_approve_applications": of_portal})).await;
        let api = portal.new_api().await;
        let terms = json!({
            "auth_strategy_ids": [strategy],
            "auto_approve_registrations": of_publication
        });
        portal.publish(&api, &id, terms).await;
        let ann = portal.developer(&id, &format!("ann-{of_portal}-{of_publication}")).await;
        let app = ann.new_application(&strategy).await;
        let asked = ann.ask(&app, &api).await.expect(StatusCode::CREATED).json();
        assert_eq!(asked["status"], expected);
        let opposite = json!({"auth_strategy_ids": [strategy], "auto_approve_registrations": true});
        portal.publish(&api, &id, opposite).await;
        let path = format!("/applications/{app}/registrations/{}", asked["id"].as_str().unwrap());
        assert_eq!(ann.caller.get(&path).await.json()["status"], expected);
    }
}

#[tokio::test]
async fn only_what_fits_can_be_asked_for() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let other = portal.new_strategy(json!({})).await;
    let (fits, differs, open, elsewhere) = (
        portal.new_api().await,
        portal.new_api().await,
        portal.new_api().await,
        portal.new_api().await,
    );
    portal.publish(&fits, &id, json!({"auth_strategy_ids": [strategy]})).await;
    portal.publish(&differs, &id, json!({"auth_strategy_ids": [other]})).await;
    portal.publish(&open, &id, json!({"auth_strategy_ids": null})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    let path = format!("/v3/portals/{id}/applications/{app}/registrations");
    for (api, rule) in
        [(&differs, "invalid"), (&open, "invalid"), (&elsewhere, "missing_reference")]
    {
        let expected = [("api_id".to_owned(), rule.to_owned())];
        assert_eq!(ann.ask(&app, api).await.blamed(), expected);
        assert_eq!(admin.post(&path, json!({"api_id": api})).await.blamed(), expected);
    }
    let body = json!({"api_id": fits, "status": "revoked"});
    assert_eq!(admin.post(&path, body).await.blamed(), [("status".into(), "enum".into())]);
    let body = json!({"api_id": fits, "status": "approved"});
    let made = admin.post(&path, body).await.expect(StatusCode::CREATED).json();
    assert_eq!(made["status"], "approved");
    let count = async || {
        admin.get(&format!("/v3/applications/{app}")).await.json()["registration_count"].clone()
    };
    assert_eq!(count().await, 1);
    admin.delete(&format!("/v3/apis/{fits}")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn lists_show_registrations_from_every_side() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let api = portal.new_api().await;
    portal.publish(&api, &id, json!({"auth_strategy_ids": [strategy]})).await;
    let ann = portal.developer(&id, "ann").await;
    let (one, two) = (ann.new_application(&strategy).await, ann.new_application(&strategy).await);
    let first = ann.ask(&one, &api).await.id();
    let all = format!("/v3/portals/{id}/application-registrations");
    let by_developer =
        format!("{all}?filter[developer_id][eq]={}&filter[status][eq]=pending", ann.id);
    assert_eq!(admin.get(&by_developer).await.ids(), [first.clone()]);
    assert!(admin.get(&format!("{all}?filter[status][neq]=pending")).await.ids().is_empty());
    let of_api =
        admin.get(&format!("/v3/apis/{api}/registrations?filter[portal_id][eq]={id}")).await;
    assert_eq!(of_api.json()["data"][0]["application"]["owner"]["id"], ann.id);
    let of_app = format!("/v3/portals/{id}/applications/{one}/registrations?sort=status desc");
    assert_eq!(admin.get(&of_app).await.ids(), [first.clone()]);
    let for_api = ann.caller.get(&format!("/apis/{api}/applications")).await.json();
    let shown: Vec<_> = for_api["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["registration_id"].clone())
        .collect();
    assert_eq!(shown, [json!(first), json!(null)]);
    let unregistered = format!("/apis/{api}/applications?unregistered=true");
    assert_eq!(ann.caller.get(&unregistered).await.ids(), [two]);
    let by_name = format!("/applications/{one}/registrations?filter[api_name][contains]=API-");
    assert_eq!(ann.caller.get(&by_name).await.ids(), [first]);
}
