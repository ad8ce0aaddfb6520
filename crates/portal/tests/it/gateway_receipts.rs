//! Receipts, and writes that wait for them.

use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::edge::{Edge, World};
use crate::support::{NOBODY, Reply, TestPortal};

fn enforcement(reply: &Reply) -> String {
    reply.headers["gatekey-enforcement"].to_str().unwrap().to_owned()
}

async fn receipts(world: &World) -> Value {
    let path = format!("/v2/control-planes/{}/gatekey-receipts", world.gateway);
    world.portal.admin().get(&path).await.expect(StatusCode::OK).json()
}

/// Asks once, as an instance that applied a revision.
async fn poll(world: &World, instance: &str, applied: u64) {
    let newest = receipts(world).await["revision"].as_u64().unwrap();
    let path = format!(
        "/gateway/v1/changes?gateway={}&since={newest}&instance={instance}&applied={applied}",
        world.gateway
    );
    let reply = world.portal.gateway().send(Method::POST, &path, None).await;
    reply.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_write_waits_until_every_gateway_enforces_it() {
    let world = World::new(TestPortal::start().await).await;
    let (key, _) = world.new_key().await;
    let registration = world.ask().await;
    world.set(&registration, "approved").await;
    let mut edges = Vec::new();
    for name in ["edge-1", "edge-2"] {
        let mut edge = Edge::named(&world.portal, &world.gateway, name, 0);
        edge.catch_up(&world.portal).await;
        assert_eq!(edge.check(&key), "allowed");
        edges.push(edge);
    }
    let admin = world.portal.admin();
    let path = format!("{registration}?wait_for=gateways&timeout=20");
    let write = tokio::spawn(async move { admin.patch(&path, json!({"status": "revoked"})).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut edges = edges.into_iter();
    let mut first = edges.next().unwrap();
    first.catch_up(&world.portal).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!write.is_finished(), "one gateway of two still lets requests through");
    let mut second = edges.next().unwrap();
    second.catch_up(&world.portal).await;
    let reply = write.await.unwrap().expect(StatusCode::OK);
    assert_eq!(reply.json()["status"], "revoked");
    let expected = format!("enforced on 2 of 2 at revision {}", first.held());
    assert_eq!(enforcement(&reply), expected);
    assert_eq!(first.check(&key), "registration_revoked");
    assert_eq!(second.check(&key), "registration_revoked");
}

#[tokio::test]
async fn a_write_says_when_a_gateway_did_not_follow_in_time() {
    let world = World::new(TestPortal::start().await).await;
    let (_, credential) = world.new_key().await;
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    let newest = edge.held().0;
    let started = Instant::now();
    let key = format!("/applications/{}/credentials/{credential}", world.application);
    let path = format!("{key}?timeout=1&wait_for=gateways");
    let reply = world.developer.caller.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(enforcement(&reply), format!("enforced on 0 of 1 at revision {}", newest + 1));
    let took = started.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(5)).contains(&took), "{took:?}");
    // The write itself is done.
    world.developer.caller.delete(&key).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_gateways_there_is_nothing_to_wait_for() {
    let world = World::new(TestPortal::start().await).await;
    let started = Instant::now();
    let path = format!("/applications/{}/credentials?wait_for=gateways", world.application);
    let reply = world.developer.caller.post(&path, json!({})).await.expect(StatusCode::CREATED);
    assert!(enforcement(&reply).starts_with("enforced on 0 of 0 at revision "));
    assert!(started.elapsed() < Duration::from_secs(5));
    // A write that gateways need not hear of has nothing newer to wait for.
    let path = format!("/v3/portals/{}?wait_for=gateways", world.id);
    let edit = json!({"description": "x"});
    let reply = world.portal.admin().patch(&path, edit).await.expect(StatusCode::OK);
    let newest = receipts(&world).await["revision"].clone();
    assert_eq!(enforcement(&reply), format!("enforced on 0 of 0 at revision {newest}"));
}

#[tokio::test]
async fn a_wait_that_cannot_be_is_refused_before_the_write() {
    let world = World::new(TestPortal::start().await).await;
    let path = format!("/applications/{}/credentials", world.application);
    for (query, blamed) in [
        ("wait_for=all", "wait_for"),
        ("wait_for=gateways&timeout=61", "timeout"),
        ("wait_for=gateways&timeout=soon", "timeout"),
        ("wait_for=gateways&wait_for=gateways", "wait_for"),
    ] {
        let reply = world.developer.caller.post(&format!("{path}?{query}"), json!({})).await;
        assert_eq!(reply.blamed()[0].0, blamed, "{query}");
    }
    let keys = world.developer.caller.get(&path).await.expect(StatusCode::OK).json();
    assert_eq!(keys["data"].as_array().unwrap().len(), 0);
    // A refused write neither waits nor claims anything.
    let path = format!("/v3/portals/{NOBODY}?wait_for=gateways&timeout=60");
    let reply = world.portal.admin().patch(&path, json!({})).await.expect(StatusCode::NOT_FOUND);
    assert!(reply.headers.get("gatekey-enforcement").is_none());
}

#[tokio::test]
async fn receipts_tell_who_enforces_what() {
    let world = World::new(TestPortal::start().await).await;
    assert_eq!(receipts(&world).await["instances"], json!([]));
    let newest = receipts(&world).await["revision"].as_u64().unwrap();
    poll(&world, "edge-1", newest).await;
    // What one worker applied counts for nothing until all have.
    poll(&world, "edge-2", newest - 1).await;
    // Nobody can have applied what there is not.
    poll(&world, "edge-3", newest + 7).await;
    let view = receipts(&world).await;
    assert_eq!((&view["live"], &view["enforced"]), (&json!(3), &json!(2)));
    let applied: Vec<_> = view["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|receipt| {
            (receipt["instance"].as_str().unwrap(), receipt["applied_revision"].as_u64())
        })
        .collect();
    let expected = [("edge-1", newest), ("edge-2", newest - 1), ("edge-3", newest)];
    assert_eq!(applied, expected.map(|(name, revision)| (name, Some(revision))));
    let world = world.restart().await;
    assert_eq!(receipts(&world).await["live"], 3, "a restarted portal knows its gateways");
    world.portal.server.advance_clock(Duration::from_secs(16));
    poll(&world, "edge-1", newest).await;
    let view = receipts(&world).await;
    assert_eq!((&view["live"], &view["enforced"]), (&json!(1), &json!(1)));
    assert_eq!(view["instances"].as_array().unwrap().len(), 3);
    world.portal.server.advance_clock(Duration::from_secs(25 * 3_600));
    world.portal.server.tidy().await.unwrap();
    assert_eq!(receipts(&world).await["instances"], json!([]));
}

#[tokio::test]
async fn receipts_are_for_administrators() {
    let world = World::new(TestPortal::start().await).await;
    let path = format!("/v2/control-planes/{}/gatekey-receipts", world.gateway);
    world.portal.gateway().get(&path).await.expect(StatusCode::UNAUTHORIZED);
    world.portal.anyone().get(&path).await.expect(StatusCode::UNAUTHORIZED);
    let path = format!("/v2/control-planes/{NOBODY}/gatekey-receipts");
    world.portal.admin().get(&path).await.expect(StatusCode::NOT_FOUND);
}
