//! Webhooks: what they are told, how it is signed, and what happens when nobody listens.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatekey_portal::server::Server;
use serde_json::{Value, json};

use crate::receiver::{Heard, Receiver, eventually};
use crate::support::{NOBODY, TestPortal, unique};

async fn new_webhook(portal: &TestPortal, base: &str, body: Value) -> (String, String) {
    let made = portal.admin().post(base, body).await.expect(StatusCode::CREATED).json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

/// The signature that a secret makes, as the specification has it.
fn signature(secret: &str, heard: &Heard) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let body = String::from_utf8(heard.body.clone()).unwrap();
    let (id, timestamp) = (heard.header("webhook-id"), heard.header("webhook-timestamp"));
    let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag.as_ref()))
}

fn kinds(heard: &[Heard]) -> Vec<String> {
    heard.iter().map(|heard| heard.json()["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_journey_is_told_signed_and_in_order() {
    let portal = TestPortal::start().await;
    let receiver = Receiver::start().await;
    let shows = json!({"notifications_developer_pii_visibility_enabled": true});
    let id = portal.new_portal(shows).await;
    let base = format!("/v3/portals/{id}/webhooks");
    let body = json!({"name": "crm", "url": receiver.url});
    let (webhook, secret) = new_webhook(&portal, &base, body).await;
    let strategy = portal.new_strategy(json!({})).await;
    let api = portal.new_api().await;
    portal.publish(&api, &id, json!({"auth_strategy_ids": [strategy]})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    let asked = ann.ask(&app, &api).await.id();
    let path = format!("/v3/portals/{id}/applications/{app}/registrations/{asked}");
    portal.admin().patch(&path, json!({"status": "approved"})).await.expect(StatusCode::OK);
    let path = format!("/applications/{app}/credentials");
    let made = ann.caller.post(&path, json!({"display_name": "k"})).await;
    let made = made.expect(StatusCode::CREATED).json();
    let key = made["id"].as_str().unwrap();
    ann.caller.delete(&format!("{path}/{key}")).await.expect(StatusCode::NO_CONTENT);
    ann.caller.delete(&format!("/applications/{app}")).await.expect(StatusCode::NO_CONTENT);
    let heard = receiver.hears(8).await;
    assert_eq!(
        kinds(&heard),
        [
            "developer.signed_up",
            "developer.approved",
            "application.created",
            "registration.requested",
            "registration.approved",
            "credential.created",
            "credential.revoked",
            "application.deleted",
        ]
    );
    for heard in &heard {
        assert_eq!(heard.header("webhook-signature"), signature(&secret, heard));
        assert_eq!(heard.header("content-type"), "application/json");
        assert_eq!(heard.json()["data"]["portal"]["id"], id.as_str());
        let text = String::from_utf8_lossy(&heard.body).into_owned();
        assert!(!text.contains(made["credential"].as_str().unwrap()), "{text}");
    }
    let person = &heard[1].json()["data"]["developer"];
    assert_eq!(
        (&person["email"], &person["status"]),
        (&"ann@example.com".into(), &"approved".into())
    );
    let decision = &heard[4].json()["data"];
    assert_eq!(decision["application"]["id"], app.as_str());
    assert_eq!(decision["api"]["id"], api.as_str());
    let history = eventually("all are delivered", async || {
        let path = format!("{base}/{webhook}/deliveries?filter[state]=delivered");
        let list = portal.admin().get(&path).await.expect(StatusCode::OK).json();
        (list["meta"]["page"]["total"] == 8).then_some(list)
    });
    let history = history.await;
    assert_eq!(history["data"][0]["response_status"], 204);
    assert_eq!(history["data"][0]["message_id"], heard[0].header("webhook-id"));
}

#[tokio::test]
async fn only_what_is_wanted_is_told_and_only_to_whom_it_concerns() {
    let portal = TestPortal::start().await;
    let (own, other, all) =
        (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    let (id, elsewhere) = (portal.new_portal(json!({})).await, portal.new_portal(json!({})).await);
    let body = json!({"name": "own", "url": own.url, "events": ["developer.approved"]});
    new_webhook(&portal, &format!("/v3/portals/{id}/webhooks"), body).await;
    let body = json!({"name": "other", "url": other.url});
    new_webhook(&portal, &format!("/v3/portals/{elsewhere}/webhooks"), body).await;
    let body = json!({"name": "all", "url": all.url});
    new_webhook(&portal, "/v3/webhooks", body).await;
    portal.developer(&id, "ann").await;
    let heard = all.hears(2).await;
    assert_eq!(kinds(&heard), ["developer.signed_up", "developer.approved"]);
    assert_eq!(kinds(&own.hears(1).await), ["developer.approved"]);
    assert!(other.heard().is_empty());
    // One event is one message, whoever hears it.
    assert_eq!(own.heard()[0].header("webhook-id"), heard[1].header("webhook-id"));
    // The portal does not show people in notifications.
    let person = &heard[0].json()["data"]["developer"];
    assert_eq!((&person["email"], &person["full_name"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn what_is_refused_is_tried_again_and_all_of_it_is_history() {
    let portal = TestPortal::start().await;
    let receiver = Receiver::start().await;
    let admin = portal.admin();
    let body = json!({"name": "w", "url": receiver.url});
    let (id, secret) = new_webhook(&portal, "/v3/webhooks", body).await;
    let path = format!("/v3/webhooks/{id}");
    receiver.answer(&[500]);
    let sent = admin.post(&format!("{path}/test"), json!({})).await;
    let sent = sent.expect(StatusCode::ACCEPTED).json();
    let delivery = format!("{path}/deliveries/{}", sent["id"].as_str().unwrap());
    receiver.hears(1).await;
    let shown = eventually("the refusal is history", async || {
        let shown = admin.get(&delivery).await.expect(StatusCode::OK).json();
        (shown["attempts"] == 1).then_some(shown)
    });
    let shown = shown.await;
    assert_eq!((&shown["state"], &shown["response_status"]), (&"waiting".into(), &500.into()));
    assert_eq!(shown["tries"].as_array().unwrap().len(), 1);
    portal.server.advance_clock(Duration::from_secs(6));
    let heard = receiver.hears(2).await;
    assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));
    assert_ne!(heard[0].header("webhook-timestamp"), heard[1].header("webhook-timestamp"));
    assert_eq!(heard[1].header("webhook-signature"), signature(&secret, &heard[1]));
    let shown = eventually("it is delivered", async || {
        let shown = admin.get(&delivery).await.json();
        (shown["state"] == "delivered").then_some(shown)
    });
    let tries = shown.await["tries"].clone();
    assert_eq!(
        (&tries[0]["response_status"], &tries[1]["response_status"]),
        (&500.into(), &204.into())
    );
    assert!(tries[1]["duration_ms"].is_u64());
    let again = admin.post(&format!("{delivery}/redeliver"), json!({})).await;
    again.expect(StatusCode::ACCEPTED);
    let heard = receiver.hears(3).await;
    assert_eq!(heard[2].header("webhook-id"), heard[0].header("webhook-id"));
    assert_eq!(heard[2].body, heard[0].body);
}

#[tokio::test]
async fn a_receiver_that_is_away_gets_everything_later_in_order() {
    let portal = TestPortal::start().await;
    // An address where nobody listens yet.
    let place = Receiver::start().await;
    let url = place.url.clone();
    let address = url.trim_start_matches("http://").trim_end_matches("/hook").parse().unwrap();
    drop(place);
    let (id, _) = new_webhook(&portal, "/v3/webhooks", json!({"name": "w", "url": url})).await;
    let in_portal = portal.new_portal(json!({})).await;
    for name in ["a", "b", "c"] {
        let body = json!({"email": format!("{name}@example.com"), "full_name": name});
        let visitor = portal.visitor(&in_portal);
        visitor.post("/developer", body).await.expect(StatusCode::CREATED);
    }
    let deliveries = format!("/v3/webhooks/{id}/deliveries");
    eventually("the first try fails", async || {
        let list = portal.admin().get(&deliveries).await.json();
        let tried = list["data"].as_array().unwrap().iter().any(|one| one["attempts"] == 1);
        tried.then_some(())
    })
    .await;
    // A crash between the commit and the delivery loses nothing.
    let portal = portal.restart().await;
    let receiver = Receiver::start_at(address).await;
    // What it was busy with is another's only after the lease.
    portal.server.advance_clock(Duration::from_secs(200));
    let heard = receiver.hears(3).await;
    let times: Vec<_> = heard.iter().map(|heard| heard.header("webhook-id")).collect();
    let mut sorted = times.clone();
    sorted.sort();
    assert_eq!(times, sorted);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_called_no_more_and_one_that_never_takes_is_given_up() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let receiver = Receiver::start().await;
    let body = json!({"name": "w", "url": receiver.url});
    let (id, _) = new_webhook(&portal, "/v3/webhooks", body).await;
    let path = format!("/v3/webhooks/{id}");
    receiver.answer(&[400; 11]);
    let sent = admin.post(&format!("{path}/test"), json!({})).await;
    let sent = sent.expect(StatusCode::ACCEPTED).json()["id"].as_str().unwrap().to_owned();
    for count in 1..=11 {
        receiver.hears(count).await;
        eventually("the try is written down", async || {
            let shown = admin.get(&format!("{path}/deliveries/{sent}")).await.json();
            (shown["attempts"] == count).then_some(())
        })
        .await;
        portal.server.advance_clock(Duration::from_secs(28_800));
    }
    let shown = admin.get(&format!("{path}/deliveries/{sent}")).await.json();
    assert_eq!(shown["state"], "failed");
    receiver.answer(&[410]);
    admin.post(&format!("{path}/test"), json!({})).await.expect(StatusCode::ACCEPTED);
    eventually("it is disabled", async || {
        let shown = admin.get(&path).await.expect(StatusCode::OK).json();
        (shown["enabled"] == false).then_some(())
    })
    .await;
    assert_eq!(receiver.heard().len(), 12);
}

#[tokio::test]
async fn a_new_secret_signs_beside_the_old_one_for_a_while() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let receiver = Receiver::start().await;
    let body = json!({"name": "w", "url": receiver.url});
    let (id, old) = new_webhook(&portal, "/v3/webhooks", body).await;
    let path = format!("/v3/webhooks/{id}");
    let made = admin.post(&format!("{path}/rotate-secret"), json!({"overlap_seconds": 60})).await;
    let new = made.expect(StatusCode::OK).json()["secret"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    let shown = admin.get(&path).await.expect(StatusCode::OK).text();
    assert!(!shown.contains("whsec_") && shown.contains("old_secret_until"), "{shown}");
    admin.post(&format!("{path}/test"), json!({})).await.expect(StatusCode::ACCEPTED);
    let heard = receiver.hears(1).await;
    let both = format!("{} {}", signature(&new, &heard[0]), signature(&old, &heard[0]));
    assert_eq!(heard[0].header("webhook-signature"), both);
    portal.server.advance_clock(Duration::from_secs(61));
    admin.post(&format!("{path}/test"), json!({})).await.expect(StatusCode::ACCEPTED);
    let heard = receiver.hears(2).await;
    assert_eq!(heard[1].header("webhook-signature"), signature(&new, &heard[1]));
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_name() {
    let portal = TestPortal::start_as(|config| config.outbound_allow = Some(Vec::new())).await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    for (body, field, rule) in [
        (json!({"name": "w", "url": "http://127.0.0.1:1/"}), "url", "invalid"),
        (json!({"name": "w", "url": "http://example.com/"}), "url", "invalid"),
        (json!({"name": "w", "url": "https://169.254.169.254/"}), "url", "invalid"),
        (json!({"name": "w", "url": "https://u:p@example.com/"}), "url", "invalid"),
        (json!({"name": "w"}), "url", "required"),
        (json!({"name": "w", "url": "https://e.com", "events": ["x"]}), "events.0", "enum"),
        (json!({"name": "w", "url": "https://e.com", "events": []}), "events", "min_items"),
        (json!({"name": "w", "url": "https://e.com", "secret": "x"}), "secret", "unknown_property"),
    ] {
        for base in [format!("/v3/portals/{id}/webhooks"), "/v3/webhooks".into()] {
            let blamed = admin.post(&base, body.clone()).await.blamed();
            assert_eq!(blamed, [(field.to_owned(), rule.to_owned())], "{body}");
        }
    }
    let elsewhere = format!("/v3/portals/{NOBODY}/webhooks");
    admin.get(&elsewhere).await.expect(StatusCode::NOT_FOUND);
    let body = json!({"name": "w", "url": "https://e.com"});
    admin.post(&elsewhere, body.clone()).await.expect(StatusCode::NOT_FOUND);
    // A webhook of one place is not there in another.
    let own = admin.post(&format!("/v3/portals/{id}/webhooks"), body).await.id();
    let other = portal.new_portal(json!({})).await;
    for base in [format!("/v3/portals/{other}/webhooks/{own}"), format!("/v3/webhooks/{own}")] {
        admin.get(&base).await.expect(StatusCode::NOT_FOUND);
        admin.delete(&base).await.expect(StatusCode::NOT_FOUND);
        admin.get(&format!("{base}/deliveries")).await.expect(StatusCode::NOT_FOUND);
        admin.post(&format!("{base}/test"), json!({})).await.expect(StatusCode::NOT_FOUND);
    }
    admin.get(&format!("/v3/portals/{id}/webhooks/{own}")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn of_two_processes_one_delivers() {
    let portal = TestPortal::start().await;
    let other = Server::open(portal.config.clone()).await.unwrap();
    let receiver = Receiver::start().await;
    new_webhook(&portal, "/v3/webhooks", json!({"name": "w", "url": receiver.url})).await;
    let id = portal.new_portal(json!({})).await;
    for number in 0..20 {
        let visitor = portal.visitor(&id);
        let visitor = if number % 2 == 0 { visitor.at(other.router()) } else { visitor };
        let body = json!({"email": format!("{}@example.com", unique("p")), "full_name": "P"});
        visitor.post("/developer", body).await.expect(StatusCode::CREATED);
    }
    receiver.hears(20).await;
    eventually("none waits", async || {
        let list = portal.admin().get("/v3/webhooks").await.json();
        let id = list["data"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v3/webhooks/{id}/deliveries?filter[state]=waiting");
        let list = portal.admin().get(&path).await.json();
        (list["meta"]["page"]["total"] == 0).then_some(())
    })
    .await;
    let heard = receiver.heard();
    let messages: BTreeSet<_> = heard.iter().map(|heard| heard.header("webhook-id")).collect();
    assert_eq!((heard.len(), messages.len()), (20, 20));
}

/// The example in the documentation is what is sent.
#[tokio::test]
async fn the_documented_example_has_the_members_that_are_sent() {
    let text = include_str!("../../../../docs/webhooks.md");
    let (_, behind) = text.split_once("```json").unwrap();
    let (example, _) = behind.split_once("```").unwrap();
    let documented: Value = serde_json::from_str(example).unwrap();
    let portal = TestPortal::start().await;
    let receiver = Receiver::start().await;
    let body = json!({"name": "w", "url": receiver.url, "events": ["registration.approved"]});
    new_webhook(&portal, "/v3/webhooks", body).await;
    let id = portal.new_portal(json!({"auto_approve_applications": true})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let api = portal.new_api().await;
    portal.publish(&api, &id, json!({"auth_strategy_ids": [strategy]})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    ann.ask(&app, &api).await.expect(StatusCode::CREATED);
    let sent = receiver.hears(1).await[0].json();
    assert_eq!(members(&documented, ""), members(&sent, ""));
    assert_eq!(documented["type"], sent["type"]);
}

fn members(value: &Value, at: &str) -> BTreeSet<String> {
    let Some(object) = value.as_object() else { return BTreeSet::from([at.to_owned()]) };
    object.iter().flat_map(|(name, value)| members(value, &format!("{at}.{name}"))).collect()
}
