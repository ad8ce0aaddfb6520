//! The follower against a portal that answers from memory.

use gatekey_core::id::Revision;
use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_core::snapshot::{Change, Snapshot};
use gatekey_core::sync::{
    Call, CallFailure, Chore, Document, Follower, Method, Progress, Purpose, Reply, Settled,
    SyncError, Timing,
};
use gatekey_core::time::UnixMillis;

use crate::fixture::{
    NOW, delta, key, large_snapshot, loaded, registration, replica, snapshot, verdict,
};

const FOLLOW: Purpose = Purpose::Follow { applied: Revision(5) };
const TIMING: Timing = Timing { wait_seconds: 20, timeout_ms: 3_000 };

fn follower() -> Follower {
    Follower::new(replica(), TIMING, "gw-1 &x=")
}

fn following() -> Follower {
    Follower::new(loaded(), TIMING, "gw-1")
}

fn next(follower: &mut Follower, now: UnixMillis) -> (Call, Chore) {
    follower.upkeep(now, FOLLOW, || b"{}".to_vec()).unwrap()
}

fn ok(follower: &mut Follower, now: UnixMillis, chore: Chore, body: &[u8]) -> Settled {
    follower.settle(now, chore, &Reply::Response { status: 200, body })
}

fn status(follower: &mut Follower, now: UnixMillis, chore: Chore, status: u16) -> Settled {
    follower.settle(now, chore, &Reply::Response { status, body: b"" })
}

/// How long the follower rests, to the millisecond.
fn rest(follower: &mut Follower, now: UnixMillis) -> u64 {
    let rested =
        (0..).find(|millis| follower.upkeep(now.plus(*millis), FOLLOW, Vec::new).is_some());
    rested.unwrap()
}

const BASE: &str = "/gateway/v1/snapshot?gateway=11111111-1111-1111-1111-111111111111";

fn fetch(follower: &mut Follower, now: UnixMillis, whole: &Snapshot, revision: u64) {
    let (call, chore) = next(follower, now);
    assert_eq!((call.method, call.path), (Method::Get, format!("{BASE}&page=manifest")));
    assert!(call.body.is_empty());
    assert_eq!(call.timeout_ms, 3_000);
    let settled = ok(follower, now, chore, &whole.manifest);
    let progress = Progress::WantPage { revision: Revision(revision), page: 0 };
    assert_eq!(settled, Settled::Accepted { document: Document::Manifest, progress });
    for (number, page) in whole.pages.iter().enumerate() {
        let (call, chore) = next(follower, now);
        assert_eq!(call.path, format!("{BASE}&revision={revision}&page={number}"));
        let settled = ok(follower, now, chore, page);
        let progress = if number + 1 == whole.pages.len() {
            Progress::Applied(Revision(revision))
        } else {
            Progress::WantPage { revision: Revision(revision), page: number + 1 }
        };
        assert_eq!(settled, Settled::Accepted { document: Document::Page(number), progress });
    }
}

#[test]
fn manifest_pages_changes() {
    let mut follower = follower();
    fetch(&mut follower, NOW, &large_snapshot(5, 20_000), 5);
    let (call, chore) = next(&mut follower, NOW);
    assert_eq!((call.method, call.body.as_slice()), (Method::Post, &b"{}"[..]));
    assert_eq!(
        call.path,
        "/gateway/v1/changes?gateway=11111111-1111-1111-1111-111111111111&since=5&wait=20&applied=5&instance=gw-1x"
    );
    assert_eq!(call.timeout_ms, 23_000, "the portal may hold the poll open");
    let revoked = delta(5, 6, &[Change::Put(registration(RegistrationStatus::Revoked))]);
    let progress = Progress::Applied(Revision(6));
    assert_eq!(
        ok(&mut follower, NOW, chore, &revoked),
        Settled::Accepted { document: Document::Delta, progress }
    );
    assert_eq!(verdict(follower.replica().policy().unwrap(), &key(1).0), "registration_revoked");
    // What came may not be all: the next poll goes out at once.
    let (call, _) = next(&mut follower, NOW);
    assert!(call.path.contains("&since=6&"), "{}", call.path);
}

#[test]
fn one_call_at_a_time() {
    let mut follower = following();
    let (_, chore) = next(&mut follower, NOW);
    assert_eq!(follower.upkeep(NOW.plus(1_000_000), FOLLOW, Vec::new), None);
    let _ = follower.settle(NOW, chore, &Reply::Failed(CallFailure::NotSent));
    assert!(follower.upkeep(NOW.plus(125), FOLLOW, Vec::new).is_some());
}

#[test]
fn whoever_only_reports_neither_waits_nor_fetches() {
    let mut empty = follower();
    assert_eq!(empty.upkeep(NOW, Purpose::Report, Vec::new), None);
    let mut follower = following();
    let (call, _) = follower.upkeep(NOW, Purpose::Report, || b"[]".to_vec()).unwrap();
    assert!(call.path.ends_with("&since=5&wait=0"), "{}", call.path);
    assert_eq!((call.body, call.timeout_ms), (b"[]".to_vec(), 3_000));
}

#[test]
fn a_log_that_does_not_reach_back_leads_to_a_new_snapshot() {
    let mut follower = following();
    let (_, chore) = next(&mut follower, NOW);
    assert_eq!(status(&mut follower, NOW, chore, 410), Settled::Outdated);
    assert_eq!(verdict(follower.replica().policy().unwrap(), &key(1).0), "allowed");
    assert_eq!(follower.upkeep(NOW, FOLLOW, Vec::new), None);
    fetch(&mut follower, NOW.plus(200), &snapshot(9), 9);
    let (call, _) = next(&mut follower, NOW.plus(200));
    assert!(call.path.contains("/changes?") && call.path.contains("since=9"), "{}", call.path);
}

#[test]
fn a_page_that_is_no_longer_kept_starts_the_snapshot_anew() {
    let mut follower = follower();
    let whole = large_snapshot(5, 20_000);
    let (_, chore) = next(&mut follower, NOW);
    let _ = ok(&mut follower, NOW, chore, &whole.manifest);
    let (_, chore) = next(&mut follower, NOW);
    let _ = ok(&mut follower, NOW, chore, &whole.pages[0]);
    let (_, chore) = next(&mut follower, NOW);
    assert_eq!(status(&mut follower, NOW, chore, 410), Settled::Outdated);
    fetch(&mut follower, NOW.plus(200), &snapshot(6), 6);
}

#[test]
fn a_gap_leads_to_a_new_snapshot() {
    let mut follower = following();
    let (_, chore) = next(&mut follower, NOW);
    let gap = SyncError::Gap { from: Revision(7), held: Revision(5) };
    assert_eq!(ok(&mut follower, NOW, chore, &delta(7, 8, &[])), Settled::Refused(gap));
    fetch(&mut follower, NOW.plus(200), &snapshot(8), 8);
}

#[test]
fn the_same_revision_can_be_asked_for_again() {
    let mut follower = following();
    follower.refetch();
    fetch(&mut follower, NOW, &large_snapshot(5, 2), 5);
    assert_eq!(follower.replica().policy().unwrap().credentials(), 2);
    let (call, _) = next(&mut follower, NOW);
    assert!(call.path.contains("/changes?"), "{}", call.path);
}

#[test]
fn failures_back_off_within_bounds_and_success_ends_it() {
    let mut follower = following();
    let mut now = NOW;
    let mut rests = Vec::new();
    for failure in 0..40 {
        let (_, chore) = next(&mut follower, now);
        let settled = match failure % 4 {
            0 => follower.settle(now, chore, &Reply::Failed(CallFailure::NoAnswer)),
            1 => status(&mut follower, now, chore, 503),
            2 => status(&mut follower, now, chore, 401),
            _ => ok(&mut follower, now, chore, b"<html>"),
        };
        assert!(!matches!(settled, Settled::Accepted { .. }), "{settled:?}");
        let (_, chore) = {
            let mut millis = 0;
            loop {
                match follower.upkeep(now.plus(millis), FOLLOW, Vec::new) {
                    Some(call) => break (rests.push(millis), call.1),
                    None => millis += 1,
                }
            }
        };
        let _ = follower.settle(now, chore, &Reply::Failed(CallFailure::NotSent));
        now = now.plus(2_000);
    }
    assert_eq!(rests[..3], [125, 500, 1_000], "every other failure is seen");
    assert!(rests[2..].iter().all(|rest| *rest == 1_000), "{rests:?}");
    let (_, chore) = next(&mut follower, now);
    let _ = ok(&mut follower, now, chore, &delta(5, 6, &[]));
    let (_, chore) = next(&mut follower, now);
    let _ = status(&mut follower, now, chore, 500);
    assert_eq!(rest(&mut follower, now), 125, "a success forgets the failures");
}

#[test]
fn empty_polls_do_not_turn_into_a_busy_loop() {
    let mut follower = following();
    let (_, chore) = next(&mut follower, NOW);
    let settled = ok(&mut follower, NOW.plus(3), chore, &delta(5, 5, &[]));
    let progress = Progress::Confirmed(Revision(5));
    assert_eq!(settled, Settled::Accepted { document: Document::Delta, progress });
    assert_eq!(rest(&mut follower, NOW.plus(3)), 997, "a second after the poll was sent");
}

#[test]
fn a_poll_that_was_held_open_is_followed_by_the_next() {
    let mut follower = following();
    let (_, chore) = next(&mut follower, NOW);
    let later = NOW.plus(20_000);
    let _ = ok(&mut follower, later, chore, &delta(5, 5, &[]));
    assert_eq!(rest(&mut follower, later), 0);
}

#[test]
fn a_portal_that_always_wants_a_refetch_is_not_hammered() {
    let mut follower = following();
    let (mut now, mut calls) = (NOW, 0_u64);
    while now < NOW.plus(10_000) {
        let Some((call, chore)) = follower.upkeep(now, FOLLOW, Vec::new) else {
            now = now.plus(1);
            continue;
        };
        calls += 1;
        if call.path.contains("/changes?") {
            let _ = status(&mut follower, now, chore, 410);
        } else {
            let _ = ok(&mut follower, now, chore, &snapshot(5).manifest);
        }
    }
    assert!((10..=20).contains(&calls), "{calls} calls in ten seconds");
}

#[test]
fn the_clock_may_jump() {
    let mut follower = following();
    let (_, chore) = next(&mut follower, NOW);
    let _ = ok(&mut follower, UnixMillis(0), chore, &delta(5, 5, &[]));
    let (_, chore) = next(&mut follower, UnixMillis(u64::MAX));
    let _ = status(&mut follower, UnixMillis(u64::MAX), chore, 500);
    assert!(follower.upkeep(UnixMillis(u64::MAX), FOLLOW, Vec::new).is_some());
}
