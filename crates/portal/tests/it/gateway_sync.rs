//! A gateway in step with its portal.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use gatekey_core::snapshot::manifest::split_bundle;
use gatekey_core::sync::{Document, Settled, SyncError};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::edge::{Edge, World};
use crate::support::{NOBODY, TestPortal};

#[tokio::test]
async fn a_gateway_boots_from_pages_and_follows_by_deltas() {
    let world = World::new(TestPortal::start().await).await;
    world.add_bulk(12).await;
    let mut edge = world.edge();
    assert_eq!(edge.check("x"), "no_policy");
    let boot = edge.catch_up(&world.portal).await;
    assert_eq!(boot, [Document::Manifest, Document::Page(0), Document::Page(1)]);
    let (key, credential) = world.new_key().await;
    assert_eq!(edge.catch_up(&world.portal).await, [Document::Delta]);
    assert_eq!(edge.check("gk_live_0"), "malformed_credential");
    assert_eq!(edge.check(&key), "not_registered");
    let registration = world.ask().await;
    edge.catch_up(&world.portal).await;
    assert_eq!(edge.check(&key), "registration_pending");
    for (status, expected) in [
        ("approved", "allowed"),
        ("revoked", "registration_revoked"),
        ("approved", "allowed"),
        ("rejected", "registration_rejected"),
        ("approved", "allowed"),
    ] {
        world.set(&registration, status).await;
        assert_eq!(edge.catch_up(&world.portal).await, [Document::Delta]);
        assert_eq!(edge.check(&key), expected);
    }
    let path = format!("/applications/{}/credentials/{credential}", world.application);
    world.developer.caller.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(edge.catch_up(&world.portal).await, [Document::Delta]);
    assert_eq!(edge.check(&key), "unknown_credential");
}

#[tokio::test]
async fn after_a_restart_the_gateway_goes_on_with_deltas() {
    let world = World::new(TestPortal::start().await).await;
    let (key, _) = world.new_key().await;
    let registration = world.ask().await;
    world.set(&registration, "approved").await;
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    assert_eq!(edge.check(&key), "allowed");
    world.set(&registration, "revoked").await;
    let world = world.restart().await;
    assert_eq!(edge.catch_up(&world.portal).await, [Document::Delta]);
    assert_eq!(edge.check(&key), "registration_revoked");
    world.set(&registration, "approved").await;
    assert_eq!(edge.catch_up(&world.portal).await, [Document::Delta]);
    assert_eq!(edge.check(&key), "allowed");
}

#[tokio::test]
async fn a_gateway_that_was_away_too_long_takes_a_snapshot() {
    let portal = TestPortal::start_as(|config| config.retained_changes = 3).await;
    let world = World::new(portal).await;
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    let (key, _) = world.new_key().await;
    let registration = world.ask().await;
    for status in ["approved", "revoked", "approved"] {
        world.set(&registration, status).await;
    }
    world.portal.server.tidy().await.unwrap();
    assert_eq!(edge.step(&world.portal.gateway()).await, Settled::Outdated);
    let seen = edge.catch_up(&world.portal).await;
    assert_eq!(seen, [Document::Manifest, Document::Page(0)]);
    assert_eq!(edge.check(&key), "allowed");
    for status in ["revoked", "approved", "revoked"] {
        world.set(&registration, status).await;
    }
    world.portal.server.tidy().await.unwrap();
    assert_eq!(edge.catch_up(&world.portal).await, [Document::Delta]);
    assert_eq!(edge.check(&key), "registration_revoked");
}

#[tokio::test]
async fn the_newest_change_is_kept_whatever_the_limit() {
    let portal = TestPortal::start_as(|config| config.retained_changes = 0).await;
    let world = World::new(portal).await;
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    let (key, _) = world.new_key().await;
    world.portal.server.tidy().await.unwrap();
    assert_eq!(edge.catch_up(&world.portal).await, [Document::Delta]);
    assert_eq!(edge.check(&key), "not_registered");
}

#[tokio::test]
async fn a_gateway_never_goes_back() {
    let world = World::new(TestPortal::start().await).await;
    let gateway = world.portal.gateway();
    let path = format!("/gateway/v1/snapshot?gateway={}", world.gateway);
    let old = gateway.get(&path).await.expect(StatusCode::OK).body;
    let (key, _) = world.new_key().await;
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    let refused = edge.follower.replica_mut().load_bundle(&old);
    assert!(matches!(refused, Err(SyncError::Older { .. })), "{refused:?}");
    // A portal that was put back to an earlier state has nothing that this gateway believes.
    let database = world.portal.database().await;
    database.execute_unprepared("UPDATE revisions SET value = value - 1").await.unwrap();
    let world = world.restart().await;
    let gateway = world.portal.gateway();
    assert_eq!(edge.step(&gateway).await, Settled::Outdated);
    let refused = edge.step(&gateway).await;
    assert!(matches!(refused, Settled::Refused(SyncError::Older { .. })), "{refused:?}");
    assert_eq!(edge.check(&key), "not_registered");
}

#[tokio::test]
async fn a_document_for_another_gateway_or_of_another_portal_is_refused() {
    let world = World::new(TestPortal::start().await).await;
    let stranger = World::new(TestPortal::start().await).await;
    let bundle = async |world: &World, gateway: &str| {
        let path = format!("/gateway/v1/snapshot?gateway={gateway}");
        world.portal.gateway().get(&path).await.expect(StatusCode::OK).body
    };
    let (other, _) = world.portal.new_service().await;
    for (bundle, expected) in [
        (bundle(&world, &other).await, SyncError::WrongGateway),
        (bundle(&stranger, &stranger.gateway).await, SyncError::UnknownKey),
    ] {
        let mut edge = world.edge();
        assert_eq!(edge.follower.replica_mut().load_bundle(&bundle), Err(expected));
    }
}

#[tokio::test]
async fn a_poll_is_answered_as_soon_as_there_is_something() {
    let world = World::new(TestPortal::start().await).await;
    let registration = world.ask().await;
    let mut edge = Edge::named(&world.portal, &world.gateway, "edge-1", 30);
    let gateway = world.portal.gateway();
    while !matches!(
        edge.step(&gateway).await,
        Settled::Accepted { document: Document::Page(_), .. }
    ) {}
    let poll = tokio::spawn(async move { edge.step(&gateway).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!poll.is_finished());
    let changed = Instant::now();
    world.set(&registration, "approved").await;
    let settled = poll.await.unwrap();
    assert!(matches!(settled, Settled::Accepted { document: Document::Delta, .. }), "{settled:?}");
    assert!(changed.elapsed() < Duration::from_secs(1), "{:?}", changed.elapsed());
}

#[tokio::test]
async fn a_poll_ends_when_its_time_is_over() {
    let world = World::new(TestPortal::start().await).await;
    let mut edge = Edge::named(&world.portal, &world.gateway, "edge-1", 1);
    let started = Instant::now();
    edge.catch_up(&world.portal).await;
    let took = started.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(5)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn what_another_process_commits_is_noticed() {
    let world = World::new(TestPortal::start().await).await;
    let other = gatekey_portal::server::Server::open(world.portal.config.clone()).await.unwrap();
    let mut edge = Edge::named(&world.portal, &world.gateway, "edge-1", 30);
    let gateway = world.portal.gateway();
    while edge.held().0 == 0 {
        edge.step(&gateway).await;
    }
    let before = edge.held();
    let poll = tokio::spawn(async move {
        edge.step(&gateway).await;
        edge.held()
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let changed = Instant::now();
    let admin = world.portal.admin().at(other.router());
    let path = format!("/v2/control-planes/{}/core-entities/services", world.gateway);
    admin.post(&path, json!({"name": "t", "host": "up.test"})).await.expect(StatusCode::CREATED);
    assert!(poll.await.unwrap() > before);
    assert!(changed.elapsed() < Duration::from_secs(2), "{:?}", changed.elapsed());
}

#[tokio::test]
async fn a_snapshot_is_built_once_and_its_pages_stay_for_a_while() {
    let world = World::new(TestPortal::start().await).await;
    let gateway = world.portal.gateway();
    let base = format!("/gateway/v1/snapshot?gateway={}", world.gateway);
    let manifest = format!("{base}&page=manifest");
    let (first, second) = tokio::join!(gateway.get(&manifest), gateway.get(&manifest));
    // The time of issue is in it: two that were built apart would differ.
    assert_eq!(first.expect(StatusCode::OK).body, second.expect(StatusCode::OK).body);
    let bundle = gateway.get(&base).await.expect(StatusCode::OK);
    assert_eq!(bundle.headers["content-type"], "application/vnd.gatekey.snapshot");
    let (_, pages) = split_bundle(&bundle.body).unwrap();
    let mut edge = world.edge();
    edge.catch_up(&world.portal).await;
    let page = format!("{base}&revision={}&page=0", edge.held());
    world.new_key().await;
    let kept = gateway.get(&page).await.expect(StatusCode::OK);
    assert_eq!(kept.body, pages[0]);
    let service =
        format!("/v2/control-planes/{}/core-entities/services/{}", world.gateway, world.service);
    for round in 0..40 {
        let body = json!({"name": format!("s-{round}"), "host": "up.test"});
        world.portal.admin().put(&service, body).await.expect(StatusCode::OK);
        gateway.get(&base).await.expect(StatusCode::OK);
    }
    // What follows from the oldest that is kept can still be had; what came before it cannot.
    assert_eq!(gateway.get(&page).await.expect(StatusCode::OK).body, pages[0]);
    gateway.get(&format!("{base}&revision=1&page=0")).await.expect(StatusCode::GONE);
}

#[tokio::test]
async fn only_gateways_are_answered_and_only_about_gateways() {
    let world = World::new(TestPortal::start().await).await;
    let portal = &world.portal;
    let base = format!("/gateway/v1/changes?gateway={}&since=0", world.gateway);
    for caller in [portal.anyone(), portal.admin(), world.developer.caller.clone()] {
        let caller = caller.at_root();
        caller.get(&base).await.expect(StatusCode::UNAUTHORIZED);
        let path = format!("/gateway/v1/snapshot?gateway={}", world.gateway);
        caller.get(&path).await.expect(StatusCode::UNAUTHORIZED);
    }
    let gateway = portal.gateway();
    gateway.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
    for unknown in [NOBODY, "nowhere"] {
        let path = format!("/gateway/v1/snapshot?gateway={unknown}");
        gateway.get(&path).await.expect(StatusCode::NOT_FOUND);
        let path = format!("/gateway/v1/changes?gateway={unknown}&since=0");
        gateway.get(&path).await.expect(StatusCode::NOT_FOUND);
    }
    let path = format!("/v2/control-planes/{}", world.gateway);
    let name = portal.admin().get(&path).await.json()["name"].as_str().unwrap().to_owned();
    let path = format!("/gateway/v1/snapshot?gateway={name}");
    gateway.get(&path).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn parameters_that_mean_nothing_are_refused() {
    let world = World::new(TestPortal::start().await).await;
    let gateway = world.portal.gateway();
    let of = format!("gateway={}", world.gateway);
    for (path, expected) in [
        ("changes?since=0".into(), vec![("gateway", "required")]),
        ("changes?gateway=&since=0".into(), vec![("gateway", "invalid")]),
        (format!("changes?{of}"), vec![("since", "required")]),
        (format!("changes?{of}&since=-1"), vec![("since", "is_integer")]),
        (format!("changes?{of}&since=18446744073709551616"), vec![("since", "is_integer")]),
        (format!("changes?{of}&since=0&since=1"), vec![("since", "unknown_property")]),
        (format!("changes?{of}&since=0&wait=61"), vec![("wait", "max")]),
        (format!("changes?{of}&since=0&wait="), vec![("wait", "is_integer")]),
        (format!("changes?{of}&since=0&applied=x"), vec![("applied", "is_integer")]),
        (format!("changes?{of}&since=0&instance="), vec![("instance", "matches_regex")]),
        (format!("changes?{of}&since=0&instance=a_b"), vec![("instance", "matches_regex")]),
        (
            format!("changes?{of}&since=0&instance={}", "a".repeat(65)),
            vec![("instance", "matches_regex")],
        ),
        (format!("changes?{of}&since=0&more=1"), vec![("more", "unknown_property")]),
        (format!("changes?{of}&since=x&wait=99"), vec![("since", "is_integer"), ("wait", "max")]),
        (format!("snapshot?{of}&page=0"), vec![("revision", "required")]),
        (format!("snapshot?{of}&page=x"), vec![("page", "invalid")]),
        (format!("snapshot?{of}&page=%2B1&revision=1"), vec![("page", "invalid")]),
        (format!("snapshot?{of}&page=manifest&revision=1"), vec![("revision", "invalid")]),
        (format!("snapshot?{of}&page=0&revision=x"), vec![("revision", "is_integer")]),
    ] {
        let blamed = gateway.get(&format!("/gateway/v1/{path}")).await.blamed();
        let blamed: Vec<_> = blamed.iter().map(|(f, r)| (f.as_str(), r.as_str())).collect();
        assert_eq!(blamed, expected, "{path}");
    }
    let newest = world.edge();
    let mut newest = newest;
    newest.catch_up(&world.portal).await;
    let revision = newest.held();
    for (query, status) in [
        (format!("changes?{of}&since={}", revision.0 + 1), StatusCode::GONE),
        (format!("changes?{of}&since={}", u64::MAX), StatusCode::GONE),
        (format!("snapshot?{of}&revision={}&page=0", revision.0 + 1), StatusCode::GONE),
        (format!("snapshot?{of}&revision={}", revision.0 + 1), StatusCode::GONE),
        (format!("snapshot?{of}&revision={revision}&page=1"), StatusCode::NOT_FOUND),
    ] {
        gateway.get(&format!("/gateway/v1/{query}")).await.expect(status);
    }
}
