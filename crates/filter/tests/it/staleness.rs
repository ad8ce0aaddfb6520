//! What happens when the portal is silent for too long.

use crate::filter::{configuration, start, status, wait, world};
use crate::portal::{Mood, Portal};
use serde_json::json;

/// Two keys; only the first was used while the portal was there.
fn statuses_after_the_limit(then: &str) -> [u16; 2] {
    let portal = Portal::new();
    let (used, unused) = (portal.issue(1), portal.issue(2));
    let mut configuration = configuration(&portal);
    configuration["staleness"] = json!({"max_seconds": 60, "then": then});
    let mut world = world(&portal);
    let worker = start(&mut world, &configuration);
    wait(&mut world, 1_000);
    assert_eq!(status(&mut world, worker, &used), 200);
    portal.mood(Mood::Away);
    wait(&mut world, 58_000);
    assert_eq!(status(&mut world, worker, &used), 200, "not yet");
    wait(&mut world, 5_000);
    let statuses = [status(&mut world, worker, &used), status(&mut world, worker, &unused)];
    portal.mood(Mood::Honest);
    portal.set_now(crate::portal::START.0 + 64_000);
    wait(&mut world, 3_000);
    assert_eq!(status(&mut world, worker, &unused), 200, "fresh again");
    statuses
}

#[test]
fn each_mode_keeps_its_word() {
    assert_eq!(statuses_after_the_limit("deny_all"), [503, 503]);
    assert_eq!(statuses_after_the_limit("deny_new"), [200, 503]);
    assert_eq!(statuses_after_the_limit("serve_known"), [200, 200]);
}

#[test]
fn a_quiet_portal_keeps_the_policy_fresh() {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut configuration = configuration(&portal);
    configuration["staleness"] = json!({"max_seconds": 60, "then": "deny_all"});
    let mut world = world(&portal);
    let worker = start(&mut world, &configuration);
    let late = start(&mut world, &configuration);
    for minute in 1..5 {
        portal.set_now(crate::portal::START.0 + minute * 55_000);
        wait(&mut world, 55_000);
        assert_eq!(status(&mut world, worker, &one), 200);
        assert_eq!(status(&mut world, late, &one), 200, "the pulse reaches every worker");
    }
}
