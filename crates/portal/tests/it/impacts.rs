//! What deleting something would cut off.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{NOBODY, TestPortal};

/// Applications, registrations, credentials, publications, developers.
fn counts(reply: &Value) -> [u64; 5] {
    assert_eq!(reply.as_object().unwrap().len(), 5, "{reply}");
    ["applications", "registrations", "credentials", "publications", "developers"]
        .map(|name| reply[name].as_u64().unwrap_or_else(|| panic!("{name}: {reply}")))
}

#[tokio::test]
async fn it_is_told_what_deleting_would_cut_off() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let other = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let (api, lonely) = (portal.new_api().await, portal.new_api().await);
    for portal_id in [&id, &other] {
        portal.publish(&api, portal_id, json!({"auth_strategy_ids": [strategy]})).await;
    }
    portal.publish(&lonely, &id, json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let bob = portal.developer(&id, "bob").await;
    let eve = portal.developer(&other, "eve").await;
    let first = ann.new_application(&strategy).await;
    for application in [&first, &ann.new_application(&strategy).await] {
        ann.ask(application, &api).await.id();
        let keys = format!("/applications/{application}/credentials");
        ann.caller.post(&keys, json!({})).await.id();
    }
    bob.new_application(&strategy).await;
    let of_eve = eve.new_application(&strategy).await;
    eve.ask(&of_eve, &api).await.id();

    for (path, expected) in [
        (format!("/v3/apis/{api}"), [3, 3, 2, 2, 2]),
        (format!("/v3/apis/{lonely}"), [0, 0, 0, 1, 0]),
        (format!("/v3/apis/{api}/publications/{id}"), [2, 2, 2, 0, 1]),
        (format!("/v3/application-auth-strategies/{strategy}"), [4, 3, 2, 2, 3]),
        (format!("/v3/portals/{id}"), [3, 2, 2, 2, 2]),
        (format!("/v3/portals/{id}/developers/{}", ann.id), [2, 2, 2, 0, 0]),
        (format!("/v3/portals/{id}/developers/{}", bob.id), [1, 0, 0, 0, 0]),
        (format!("/v3/portals/{id}/applications/{first}"), [0, 1, 1, 0, 0]),
    ] {
        let reply = admin.get(&format!("{path}/impact")).await.expect(StatusCode::OK).json();
        assert_eq!(counts(&reply), expected, "{path}");
    }
    for path in [
        format!("/v3/apis/{NOBODY}"),
        format!("/v3/apis/{lonely}/publications/{other}"),
        format!("/v3/application-auth-strategies/{NOBODY}"),
        format!("/v3/dcr-providers/{NOBODY}"),
        format!("/v3/portals/{NOBODY}"),
        format!("/v3/portals/{other}/developers/{}", ann.id),
        format!("/v3/portals/{other}/applications/{first}"),
    ] {
        admin.get(&format!("{path}/impact")).await.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_providers_strategies_are_what_it_cuts_off() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let body = json!({
        "name": "bridge",
        "provider_type": "http",
        "issuer": "https://id.example.com",
        "dcr_config": {"dcr_base_url": "https://bridge.example.com", "api_key": "a_key_of_the_bridge"},
    });
    let provider = admin.post("/v2/dcr-providers", body).await.id();
    let reply = admin.get(&format!("/v3/dcr-providers/{provider}/impact")).await;
    assert_eq!(counts(&reply.expect(StatusCode::OK).json()), [0; 5]);
}
