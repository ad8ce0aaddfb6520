//! One worker and the portal.

use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::snapshot::RecordKey;
use gatekey_host_harness::Outcome;

use crate::filter::{call, configuration, logs, start, status, wait, world};
use crate::portal::{API, APPLICATION, Mood, Portal, key};

#[test]
fn before_the_first_snapshot_the_answer_is_503_and_then_it_follows() {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut world = world(&portal);
    let worker = start(&mut world, &configuration(&portal));
    let Outcome::Local { status: 503, headers, body, details } =
        call(&mut world, worker, &one).outcome
    else {
        panic!("open before the first snapshot")
    };
    assert_eq!(headers.get("retry-after"), Some(&b"5"[..]));
    assert!(body.starts_with(br#"{"message":"Service temporarily unavailable","request_id":""#));
    assert_eq!(details, "gatekey_no_policy");
    wait(&mut world, 1_000);
    assert_eq!(status(&mut world, worker, &one), 200);

    portal.register(RegistrationStatus::Revoked);
    wait(&mut world, 1_500);
    assert_eq!(status(&mut world, worker, &one), 403);
    portal.register(RegistrationStatus::Approved);
    let two = portal.issue(2);
    portal.delete(RecordKey::Credential { digest: key(1).1.digest });
    wait(&mut world, 1_500);
    assert_eq!(status(&mut world, worker, &one), 401);
    assert_eq!(status(&mut world, worker, &two), 200);
    portal.delete(RecordKey::Registration { application: APPLICATION, api: API });
    wait(&mut world, 1_500);
    assert_eq!(status(&mut world, worker, &two), 403);
}

#[test]
fn a_large_snapshot_comes_in_pages() {
    let portal = Portal::new();
    portal.issue_many(0..40_000);
    let mut world = world(&portal);
    let worker = start(&mut world, &configuration(&portal));
    wait(&mut world, 2_000);
    let pages = portal.take_requests().iter().filter(|path| path.contains("&page=")).count();
    assert!(pages >= 4, "a manifest and {pages} pages");
    for number in [0, 17, 39_999] {
        assert_eq!(status(&mut world, worker, &key(number).0), 200);
    }
    assert_eq!(status(&mut world, worker, &key(40_000).0), 401);
}

#[test]
fn the_portal_goes_away_and_comes_back() {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut world = world(&portal);
    let worker = start(&mut world, &configuration(&portal));
    wait(&mut world, 1_000);
    for mood in [Mood::Away, Mood::Status(500), Mood::Status(401)] {
        portal.mood(mood);
        wait(&mut world, 30_000);
        assert_eq!(status(&mut world, worker, &one), 200);
        portal.register(RegistrationStatus::Revoked);
        wait(&mut world, 5_000);
        assert_eq!(status(&mut world, worker, &one), 200, "nothing was heard of it");
        portal.mood(Mood::Honest);
        wait(&mut world, 2_000);
        assert_eq!(status(&mut world, worker, &one), 403, "in step within two seconds");
        portal.register(RegistrationStatus::Approved);
        wait(&mut world, 2_000);
    }
    let logged = logs(&world, worker);
    assert_eq!(logged.matches("in step with the portal again").count(), 3, "{logged}");
    assert!(logged.contains("the portal answers with status 500"), "{logged}");
}

#[test]
fn what_is_not_signed_or_whole_changes_nothing() {
    for (mood, reason) in [
        (Mood::Impostor, "signed with a key that is not pinned"),
        (Mood::Garbling, "the signature does not match"),
        (Mood::Truncating, "the signature does not match"),
    ] {
        let portal = Portal::new();
        let one = portal.issue(1);
        let mut world = world(&portal);
        let worker = start(&mut world, &configuration(&portal));
        portal.mood(mood);
        wait(&mut world, 5_000);
        assert_eq!(status(&mut world, worker, &one), 503, "{mood:?}");
        portal.mood(Mood::Honest);
        wait(&mut world, 2_000);
        assert_eq!(status(&mut world, worker, &one), 200, "{mood:?}");
        portal.mood(mood);
        portal.register(RegistrationStatus::Revoked);
        wait(&mut world, 5_000);
        assert_eq!(status(&mut world, worker, &one), 200, "{mood:?}");
        let logged = logs(&world, worker);
        assert!(logged.contains(&format!("refused: {reason}")), "{logged}");
    }
}

#[test]
fn an_answer_that_the_host_doubts_is_none() {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut world = world(&portal);
    let worker = start(&mut world, &configuration(&portal));
    portal.mood(Mood::Doubtful);
    wait(&mut world, 5_000);
    assert_eq!(status(&mut world, worker, &one), 503);
    portal.mood(Mood::Honest);
    wait(&mut world, 2_000);
    assert_eq!(status(&mut world, worker, &one), 200);
}

#[test]
fn an_older_portal_is_not_believed() {
    let portal = Portal::new();
    let one = portal.issue(1);
    portal.register(RegistrationStatus::Revoked);
    let mut world = world(&portal);
    let worker = start(&mut world, &configuration(&portal));
    wait(&mut world, 1_000);
    assert_eq!(status(&mut world, worker, &one), 403);
    // A signed state of old, in which the application was approved.
    portal.register(RegistrationStatus::Approved);
    portal.roll_back(2);
    wait(&mut world, 10_000);
    assert_eq!(status(&mut world, worker, &one), 403);
    assert!(logs(&world, worker).contains("is older than"), "{}", logs(&world, worker));
}

#[test]
fn a_gateway_that_is_too_far_behind_fetches_a_snapshot() {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut world = world(&portal);
    let worker = start(&mut world, &configuration(&portal));
    wait(&mut world, 1_000);
    portal.register(RegistrationStatus::Revoked);
    portal.prune();
    portal.take_requests();
    wait(&mut world, 3_000);
    assert_eq!(status(&mut world, worker, &one), 403);
    assert!(portal.take_requests().iter().any(|path| path.contains("page=manifest")));
}

#[test]
fn a_quiet_portal_is_not_asked_more_than_once_a_second() {
    let portal = Portal::new();
    let mut world = world(&portal);
    start(&mut world, &configuration(&portal));
    wait(&mut world, 2_000);
    portal.take_requests();
    wait(&mut world, 20_000);
    let asked = portal.take_requests().len();
    assert!((15..=21).contains(&asked), "{asked} polls in 20 s");
}

#[test]
fn traffic_is_reported() {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut world = world(&portal);
    let worker = start(&mut world, &configuration(&portal));
    wait(&mut world, 1_000);
    for _ in 0..3 {
        assert_eq!(status(&mut world, worker, &one), 200);
    }
    assert_eq!(status(&mut world, worker, &key(2).0), 401);
    wait(&mut world, 3_000);
    let reports = portal.take_reports();
    assert_eq!(reports.len(), 1, "{reports:?}");
    let usage = &reports[0]["usage"];
    assert_eq!(usage.as_array().unwrap().len(), 1, "{usage}");
    assert_eq!(usage[0]["class"], "allowed");
    assert_eq!(usage[0]["count"], 3);
    assert_eq!(usage[0]["application"], APPLICATION.to_string());
    let used = &reports[0]["last_used"];
    assert_eq!(used[0]["credential"], key(1).1.id.to_string());
    assert_eq!(world.metric("wasmcustom.gatekey.allowed"), Some(3));
    assert_eq!(world.metric("wasmcustom.gatekey.unknown_credential"), Some(1));
}
