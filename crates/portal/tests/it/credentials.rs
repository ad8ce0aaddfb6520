//! Keys that administrators make and import, rotation, and what owners hear of ends.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use gatekey_core::digest::Digest;
use gatekey_portal::server::Server;
use serde_json::{Value, json};

use crate::edge::{World, peppers};
use crate::support::{NOBODY, TestPortal};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// A key as it comes from elsewhere.
const BROUGHT: &str = "vT9x2LqPz7RkWmN4bY6cHd1J";

impl World {
    /// The path at which an administrator finds the application's keys.
    fn keys(&self) -> String {
        format!("/v3/portals/{}/applications/{}/credentials", self.id, self.application)
    }

    async fn approved(&self) {
        let registration = self.ask().await;
        self.set(&registration, "approved").await;
    }

    /// A gateway polls and reports.
    async fn report(&self, body: Value) {
        let path = format!(
            "/gateway/v1/changes?gateway={}&since=0&instance=edge-1&applied=0",
            self.gateway
        );
        let body = Some(body.to_string().into_bytes());
        self.portal.gateway().send(Method::POST, &path, body).await.expect(StatusCode::OK);
    }

    async fn rotation_status(&self, key: &str) -> Value {
        let path = format!("{}/{key}", self.keys());
        let shown = self.portal.admin().get(&path).await.expect(StatusCode::OK).json();
        shown["rotation"]["status"].clone()
    }

    /// What a gateway that has heard of everything does with a key.
    async fn outcome(&self, key: &str) -> &'static str {
        let mut edge = self.edge();
        edge.catch_up(&self.portal).await;
        edge.check(key)
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("{member} of {value}")).to_owned()
}

#[tokio::test]
async fn an_administrator_makes_and_imports_keys_and_gateways_let_them_through() {
    let world = World::new(TestPortal::start().await).await;
    world.approved().await;
    let (admin, path) = (world.portal.admin(), world.keys());
    let made = admin.send(Method::POST, &path, None).await.expect(StatusCode::CREATED).json();
    let issued = text(&made, "credential");

    let chosen = "a-key-that-somebody-chose-0815";
    let made = admin.post(&path, json!({"value": chosen, "display_name": "Chosen"})).await;
    let made = made.expect(StatusCode::CREATED);
    assert!(!made.text().contains(chosen));
    assert_eq!(made.json()["display_name"], "Chosen");

    let plain = Digest::sha256(BROUGHT.as_bytes()).to_string();
    let body = json!({"digest": {"algorithm": "sha256", "value": plain}});
    let imported = admin.post(&path, body.clone()).await.id();

    let peppered = "another-key-from-elsewhere-4711";
    let pepper = &peppers(&world.portal)[0];
    let digest = pepper.digest(peppered.as_bytes()).to_string();
    let digest = json!({"algorithm": "hmac-sha256", "value": digest, "pepper_id": pepper.id()});
    admin.post(&path, json!({"digest": digest})).await.id();

    for key in [&*issued, chosen, BROUGHT, peppered] {
        assert_eq!(world.outcome(key).await, "allowed", "{key}");
    }
    assert_eq!(world.outcome("a-key-that-nobody-has-12345").await, "unknown_credential");
    let listed = admin.get(&path).await.expect(StatusCode::OK);
    for hidden in [&*issued, chosen, BROUGHT, &plain] {
        assert!(!listed.text().contains(hidden));
    }
    let detail = admin.get(&format!("{path}/{imported}")).await.expect(StatusCode::OK).json();
    assert_eq!((&detail["origin"], &detail["scheme"]), (&json!("imported"), &json!("sha256")));

    // However a key is known, it is known once.
    let twin = Digest::sha256(chosen.as_bytes()).to_string();
    for again in [
        body,
        json!({"value": chosen}),
        json!({"value": BROUGHT}),
        json!({"value": peppered}),
        json!({"digest": digest}),
    ] {
        admin.post(&path, again).await.expect(StatusCode::CONFLICT);
    }
    // Only the key itself says which digests are of one key.
    let twin = json!({"digest": {"algorithm": "sha256", "value": twin}});
    admin.post(&path, twin).await.expect(StatusCode::CREATED);

    let one = format!("{path}/{imported}");
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&one).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(world.outcome(BROUGHT).await, "unknown_credential");
    admin.delete(&format!("{path}/{NOBODY}")).await.expect(StatusCode::NOT_FOUND);
    admin.get(&format!("{path}/x")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_key_that_cannot_be_is_refused_and_nothing_is_made() {
    let world = World::new(TestPortal::start().await).await;
    let (admin, path) = (world.portal.admin(), world.keys());
    let digest =
        |algorithm: &str, value: &str| json!({"digest": {"algorithm": algorithm, "value": value}});
    let hex = "0".repeat(64);
    for (body, field, rule) in [
        (json!({"value": "short"}), "value", "min_length"),
        (json!({"value": "x".repeat(513)}), "value", "max_length"),
        (json!({"value": "with a space in it somewhere"}), "value", "invalid"),
        (json!({"value": "aaaaaaaaaaaaaaaaaaaa"}), "value", "invalid"),
        (digest("md5", &hex), "digest.algorithm", "enum"),
        (digest("sha256", &"g".repeat(64)), "digest.value", "invalid"),
        (digest("sha256", "AAAA"), "digest.value", "min_length"),
        (json!({"digest": {"algorithm": "sha256"}}), "digest.value", "required"),
        (
            json!({"digest": {"algorithm": "sha256", "value": hex, "pepper_id": "p1"}}),
            "digest.pepper_id",
            "invalid",
        ),
        (
            json!({"digest": {"algorithm": "hmac-sha256", "value": hex, "pepper_id": "p9"}}),
            "digest.pepper_id",
            "missing_reference",
        ),
        (
            json!({"value": BROUGHT, "digest": digest("sha256", &hex)["digest"]}),
            "digest",
            "invalid",
        ),
        (json!({"expires_at": "tomorrow"}), "expires_at", "is_date_time"),
        (json!({"expires_at": "2001-01-01T00:00:00Z"}), "expires_at", "min"),
        (json!({"secret": "x"}), "secret", "unknown_property"),
        (json!({"display_name": "x".repeat(256)}), "display_name", "max_length"),
    ] {
        let blamed = admin.post(&path, body.clone()).await.blamed();
        assert_eq!((blamed[0].0.as_str(), blamed[0].1.as_str()), (field, rule), "{body}");
    }
    assert!(admin.get(&path).await.ids().is_empty());
    let elsewhere = world.portal.new_portal(json!({})).await;
    let path = path.replace(&world.id, &elsewhere);
    admin.post(&path, json!({})).await.expect(StatusCode::NOT_FOUND);
    world.portal.anyone().post(&world.keys(), json!({})).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_administrator_moves_the_end_of_a_key() {
    let world = World::new(TestPortal::start().await).await;
    world.approved().await;
    let (admin, path) = (world.portal.admin(), world.keys());
    let (key, id) = world.new_key().await;
    let one = format!("{path}/{id}");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let end = rfc3339(now + HOUR);
    let patched = admin.patch(&one, json!({"expires_at": end, "display_name": "Short"})).await;
    let patched = patched.expect(StatusCode::OK).json();
    assert_eq!((&patched["expires_at"], &patched["display_name"]), (&json!(end), &json!("Short")));
    assert_eq!(world.outcome(&key).await, "allowed");
    world.portal.server.advance_clock(HOUR);
    assert_eq!(world.outcome(&key).await, "expired_credential");
    assert_eq!(admin.get(&path).await.json()["data"][0]["status"], "expired");
    let patched = admin.patch(&one, json!({"expires_at": null})).await;
    assert_eq!(patched.expect(StatusCode::OK).json()["status"], "active");
    assert_eq!(world.outcome(&key).await, "allowed");
    let blamed = admin.patch(&one, json!({"expires_at": end})).await.blamed();
    assert_eq!(blamed, [("expires_at".to_owned(), "min".to_owned())]);
}

#[tokio::test]
async fn an_owner_has_a_key_end_earlier_but_not_later() {
    let world = World::new(TestPortal::start().await).await;
    world.approved().await;
    let (key, id) = world.new_key().await;
    let own = format!("/applications/{}", world.application);
    let one = format!("{own}/credentials/{id}");
    let owner = &world.developer.caller;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let (end, later) = (rfc3339(now + DAY), rfc3339(now + 2 * DAY));
    owner.patch(&one, json!({"expires_at": end})).await.expect(StatusCode::OK);
    for bad in [json!(later), Value::Null] {
        let blamed = owner.patch(&one, json!({"expires_at": bad})).await.blamed();
        assert_eq!(blamed, [("expires_at".to_owned(), "max".to_owned())]);
    }
    let sooner = rfc3339(now + HOUR);
    owner.patch(&one, json!({"expires_at": sooner})).await.expect(StatusCode::OK);
    let listed =
        owner.get(&format!("{own}/credential-details")).await.expect(StatusCode::OK).json();
    assert_eq!(listed["data"][0]["expires_at"], json!(sooner), "{listed}");
    assert_eq!(listed["data"][0]["rotation"]["status"], "current", "{listed}");
    let other = world.portal.developer(&world.id, "other").await;
    for path in [format!("{own}/credential-details"), format!("{own}/usage")] {
        owner.get(&path).await.expect(StatusCode::OK);
        other.caller.get(&path).await.expect(StatusCode::NOT_FOUND);
    }
    let theirs = other.caller.patch(&one, json!({"display_name": "x"})).await;
    theirs.expect(StatusCode::NOT_FOUND);

    world.portal.server.advance_clock(HOUR);
    assert_eq!(world.outcome(&key).await, "expired_credential");
}

#[tokio::test]
async fn every_path_counts_to_20_and_a_rotation_needs_no_room() {
    let world = World::new(TestPortal::start().await).await;
    world.approved().await;
    let (admin, path) = (world.portal.admin(), world.keys());
    let (old_key, old) = world.new_key().await;
    for n in 1..20 {
        let value = format!("a-key-that-was-brought-{n:04}");
        admin.post(&path, json!({"value": value})).await.expect(StatusCode::CREATED);
    }
    let own = format!("/applications/{}/credentials", world.application);
    let developer = &world.developer.caller;
    let digest = json!({"algorithm": "sha256", "value": "1".repeat(64)});
    for refused in [
        developer.post(&own, json!({})).await,
        admin.post(&path, json!({})).await,
        admin.post(&path, json!({"value": BROUGHT})).await,
        admin.post(&path, json!({"digest": digest})).await,
    ] {
        let refused = refused.expect(StatusCode::FORBIDDEN).json();
        assert!(text(&refused, "detail").contains("20"));
    }
    let rotate = format!("{own}/{old}/rotate");
    let rotated = developer.send(Method::POST, &rotate, None).await;
    let rotated = rotated.expect(StatusCode::CREATED).json();
    let new_key = text(&rotated, "credential");
    assert_eq!(rotated["predecessor"]["id"], json!(old));
    assert_eq!(rotated["predecessor"]["rotation"]["status"], "retiring");
    assert_eq!(rotated["predecessor"]["rotation"]["successor_id"], rotated["id"]);
    for key in [&old_key, &new_key] {
        assert_eq!(world.outcome(key).await, "allowed");
    }
    // The successor has taken the place of the key.
    developer.post(&own, json!({})).await.expect(StatusCode::FORBIDDEN);
    developer.post(&rotate, json!({})).await.expect(StatusCode::CONFLICT);
    assert_eq!(world.rotation_status(&old).await, "retiring");
    world.portal.server.advance_clock(7 * DAY);
    assert_eq!(world.outcome(&old_key).await, "expired_credential");
    assert_eq!(world.outcome(&new_key).await, "allowed");
    assert_eq!(world.rotation_status(&old).await, "retired");
    // A month later nobody wants to see it any more.
    world.portal.server.advance_clock(31 * DAY);
    world.portal.server.attend_to_keys().await.unwrap();
    admin.get(&format!("{path}/{old}")).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(world.outcome(&old_key).await, "unknown_credential");
    assert_eq!(world.outcome(&new_key).await, "allowed");
}

#[tokio::test]
async fn a_rotation_that_cannot_be_changes_nothing() {
    let world = World::new(TestPortal::start().await).await;
    let (admin, path) = (world.portal.admin(), world.keys());
    let (_, key) = world.new_key().await;
    let rotate = format!("{path}/{key}/rotate");
    for (body, field, rule) in [
        (json!({"retire_at": "soon"}), "retire_at", "is_date_time"),
        (json!({"retire_at": "2001-01-01T00:00:00Z"}), "retire_at", "min"),
        (json!({"retire_at": "2999-01-01T00:00:00Z"}), "retire_at", "max"),
        (json!({"retire_when_idle_hours": 0}), "retire_when_idle_hours", "min"),
        (json!({"retire_when_idle_hours": 2161}), "retire_when_idle_hours", "max"),
        (json!({"expires_at": null}), "expires_at", "unknown_property"),
    ] {
        let blamed = admin.post(&rotate, body.clone()).await.blamed();
        assert_eq!((blamed[0].0.as_str(), blamed[0].1.as_str()), (field, rule), "{body}");
    }
    assert_eq!(admin.get(&path).await.ids(), [key.clone()]);
    admin.post(&format!("{path}/{NOBODY}/rotate"), json!({})).await.expect(StatusCode::NOT_FOUND);
    // Somebody else's key is no key.
    let bob = world.portal.developer(&world.id, "bob").await;
    let own = format!("/applications/{}/credentials/{key}", world.application);
    bob.caller.get(&own).await.expect(StatusCode::NOT_FOUND);
    bob.caller.post(&format!("{own}/rotate"), json!({})).await.expect(StatusCode::NOT_FOUND);
    world.developer.caller.get(&own).await.expect(StatusCode::OK);
    // A retiring key cannot be made to live longer.
    admin.post(&rotate, json!({})).await.expect(StatusCode::CREATED);
    let one = format!("{path}/{key}");
    let blamed = admin.patch(&one, json!({"expires_at": "2999-01-01T00:00:00Z"})).await.blamed();
    assert_eq!(blamed, [("expires_at".to_owned(), "max".to_owned())]);
}

#[tokio::test]
async fn a_key_retires_when_gateways_say_that_it_is_idle() {
    let world = World::new(TestPortal::start().await).await;
    world.approved().await;
    let server = &world.portal.server;
    let (old_key, old) = world.new_key().await;
    let rotate = format!("{}/{old}/rotate", world.keys());
    let body = json!({"retire_when_idle_hours": 2});
    world.portal.admin().post(&rotate, body).await.expect(StatusCode::CREATED);
    // Ahead of the portal's clock: now, as far as the portal is concerned.
    let used = json!({"last_used": [{"credential": old, "at": 253_402_300_799_i64}]});
    world.report(json!({})).await;
    server.advance_clock(HOUR);
    world.report(used).await;
    server.advance_clock(HOUR + HOUR / 2);
    world.report(json!({})).await;
    server.attend_to_keys().await.unwrap();
    assert_eq!(world.rotation_status(&old).await, "retiring");
    server.advance_clock(HOUR);
    // No gateway has told of the last hour: the key may be in use.
    server.attend_to_keys().await.unwrap();
    assert_eq!(world.rotation_status(&old).await, "retiring");
    assert_eq!(world.outcome(&old_key).await, "allowed");
    world.report(json!({})).await;
    let other = Server::open(world.portal.config.clone()).await.unwrap();
    other.advance_clock(3 * HOUR + HOUR / 2);
    let (here, there) = tokio::join!(server.attend_to_keys(), other.attend_to_keys());
    here.and(there).unwrap();
    assert_eq!(world.rotation_status(&old).await, "retired");
    let shown = world.portal.admin().get(&format!("{}/{old}", world.keys())).await.json();
    assert_eq!(shown["status"], "revoked");
    assert_eq!(world.outcome(&old_key).await, "expired_credential");
}

#[tokio::test]
async fn keys_rotate_while_gateways_report() {
    let world = World::new(TestPortal::start().await).await;
    let mut keys = Vec::new();
    for _ in 0..6 {
        keys.push(world.new_key().await.1);
    }
    let uses: Vec<_> =
        keys.iter().map(|key| json!({"credential": key, "at": 253_402_300_799_i64})).collect();
    let count = json!({
        "application": world.application, "api": world.api, "class": "allowed", "count": 1
    });
    let body = json!({"usage": [count], "last_used": uses}).to_string();
    let path = format!("/gateway/v1/changes?gateway={}&since=0", world.gateway);
    let reports: Vec<_> = (0..40)
        .map(|_| {
            let (gateway, path) = (world.portal.gateway(), path.clone());
            let body = body.clone().into_bytes();
            tokio::spawn(async move {
                gateway.send(Method::POST, &path, Some(body)).await.expect(StatusCode::OK);
            })
        })
        .collect();
    let rotations: Vec<_> = keys
        .iter()
        .map(|key| {
            let (admin, path) = (world.portal.admin(), format!("{}/{key}/rotate", world.keys()));
            let body = json!({"retire_when_idle_hours": 1});
            tokio::spawn(async move { admin.post(&path, body).await.id() })
        })
        .collect();
    for report in reports {
        report.await.unwrap();
    }
    for rotation in rotations {
        rotation.await.unwrap();
    }
    for key in &keys {
        let shown = world.portal.admin().get(&format!("{}/{key}", world.keys())).await.json();
        assert_eq!(shown["rotation"]["status"], "retiring");
        assert!(shown["last_used_at"].is_string(), "{shown}");
    }
}

#[tokio::test]
async fn owners_hear_of_each_end_once_from_two_processes() {
    let portal = TestPortal::start().await;
    let other = Server::open(portal.config.clone()).await.unwrap();
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({"ttl": {"value": 1, "unit": "days"}})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    for n in 0..5 {
        let path = format!("/applications/{app}/credentials");
        ann.caller.post(&path, json!({"display_name": format!("Key {n}")})).await.id();
    }
    let count = |template: &str| {
        portal.mails(&ann.email).iter().filter(|mail| mail["template"] == template).count()
    };
    let pass = async |time: Duration| {
        portal.server.advance_clock(time);
        other.advance_clock(time);
        for _ in 0..3 {
            let (here, there) =
                tokio::join!(portal.server.attend_to_keys(), other.attend_to_keys());
            here.and(there).unwrap();
        }
    };
    pass(17 * HOUR).await;
    pass(2 * HOUR).await;
    let variables = portal.mail(&ann.email, "api-key-expiring-soon").await;
    assert!(variables["credential_name"].as_str().unwrap().starts_with("Key "));
    assert!(variables["credential_expires_at"].as_str().unwrap().ends_with('Z'));
    assert!(variables["application_name"].is_string());
    pass(6 * HOUR).await;
    portal.mail(&ann.email, "api-key-expired").await;
    // What is promised later is delivered later.
    portal.sign_up(&id, "last").await;
    for template in ["api-key-expiring-soon", "api-key-expired"] {
        let patience = std::time::Instant::now() + Duration::from_secs(10);
        while count(template) < 5 && std::time::Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(count(template), 5, "{template}");
    }
    let path = format!("/v3/portals/{id}/applications/{app}/credentials");
    let listed = portal.admin().get(&path).await.json();
    assert!(listed["data"].as_array().unwrap().iter().all(|key| key["status"] == "expired"));
}

#[tokio::test]
async fn gateways_enforce_what_is_done_to_keys_before_the_answer_comes() {
    let world = World::new(TestPortal::start().await).await;
    world.approved().await;
    let (admin, path) = (world.portal.admin(), world.keys());
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    let (_, key) = world.new_key().await;
    let enforced = async |reply: crate::support::Reply| {
        let text = reply.headers["gatekey-enforcement"].to_str().unwrap().to_owned();
        assert!(text.starts_with("enforced on 0 of 1"), "{text}");
        edge.held()
    };
    let wait = "?wait_for=gateways&timeout=0";
    let body = json!({"value": BROUGHT});
    enforced(admin.post(&format!("{path}{wait}"), body).await).await;
    enforced(admin.post(&format!("{path}/{key}/rotate{wait}"), json!({})).await).await;
    let limits = path.replace("/credentials", "/limits");
    let body = json!({"limits": [{"kind": "rate", "requests": 5, "window_seconds": 1}]});
    enforced(admin.put(&format!("{limits}{wait}"), body).await).await;
    enforced(admin.delete(&format!("{path}/{key}{wait}")).await).await;
}

fn rfc3339(since: Duration) -> String {
    // Whole seconds, as keys end.
    let seconds = i64::try_from(since.as_secs()).unwrap();
    format!("{:.3}", jiff::Timestamp::from_second(seconds).unwrap())
}
