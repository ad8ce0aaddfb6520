//! Several workers, one of which asks the portal.

use gatekey_core::lifecycle::registration::RegistrationStatus;

use gatekey_host_harness::Profile;

use crate::filter::{configuration, logs, start, start_many, status, wait, world, world_of};
use crate::portal::{Mood, Portal, key};

#[test]
fn one_worker_asks_and_all_follow() {
    let portal = Portal::new();
    portal.issue_many(0..40_000);
    let mut world = world(&portal);
    let workers = start_many(&mut world, &configuration(&portal), 4);
    wait(&mut world, 4_000);
    let one = key(1).0;
    for worker in &workers {
        assert_eq!(status(&mut world, *worker, &one), 200, "{}", logs(&world, *worker));
    }
    let manifests =
        |requests: &[String]| requests.iter().filter(|r| r.contains("manifest")).count();
    assert_eq!(manifests(&portal.take_requests()), 1, "one worker fetched for all");
    portal.register(RegistrationStatus::Revoked);
    wait(&mut world, 2_000);
    for worker in &workers {
        assert_eq!(status(&mut world, *worker, &one), 403);
    }
    // Only what every worker has applied is reported as applied.
    wait(&mut world, 3_000);
    let last = portal.take_requests().pop().unwrap();
    assert!(last.contains(&format!("applied={}", portal.revision())), "{last}");
}

#[test]
fn a_new_worker_starts_from_what_the_others_share() {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut world = world(&portal);
    let configuration = configuration(&portal);
    start(&mut world, &configuration);
    wait(&mut world, 2_000);
    for number in 2..20 {
        portal.issue(number);
        wait(&mut world, 1_100);
    }
    portal.mood(Mood::Away);
    wait(&mut world, 5_000);
    let late = start(&mut world, &configuration);
    assert_eq!(status(&mut world, late, &one), 200, "at once, without the portal");
    assert_eq!(status(&mut world, late, &key(19).0), 200, "with every delta");
}

#[test]
fn many_deltas_are_folded_into_a_new_snapshot() {
    let portal = Portal::new();
    let mut world = world(&portal);
    let configuration = configuration(&portal);
    let worker = start(&mut world, &configuration);
    wait(&mut world, 2_000);
    portal.take_requests();
    for number in 0..530 {
        portal.issue(number);
        wait(&mut world, 1_100);
    }
    let refetched = portal.take_requests().iter().filter(|path| path.contains("manifest")).count();
    assert_eq!(refetched, 1);
    let late = start(&mut world, &configuration);
    for worker in [worker, late] {
        assert_eq!(status(&mut world, worker, &key(0).0), 200);
        assert_eq!(status(&mut world, worker, &key(529).0), 200);
    }
}

#[test]
fn another_worker_takes_over_when_the_leader_dies() {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut world = world(&portal);
    let workers = start_many(&mut world, &configuration(&portal), 3);
    wait(&mut world, 3_000);
    let asks = |world: &mut gatekey_host_harness::World| {
        let mut asking = Vec::new();
        for worker in &workers {
            if !world.take_background(*worker).callouts.is_empty() {
                asking.push(*worker);
            }
        }
        asking
    };
    asks(&mut world);
    wait(&mut world, 3_000);
    let leaders = asks(&mut world);
    assert_eq!(leaders.len(), 1, "one worker asks");
    world.stop(leaders[0]);
    portal.register(RegistrationStatus::Revoked);
    wait(&mut world, 5_000);
    for worker in workers.iter().filter(|worker| **worker != leaders[0]) {
        assert_eq!(status(&mut world, *worker, &one), 403);
    }
    asks(&mut world);
    wait(&mut world, 3_000);
    let successors = asks(&mut world);
    assert_eq!(successors.len(), 1, "one worker asks again");
    assert_ne!(successors, leaders);
}

/// Envoy keeps a VM on its main thread, which ticks and may lead but serves nobody.
#[test]
fn a_leader_that_serves_nobody_serves_the_fleet() {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut profile = Profile::envoy();
    profile.start.main_thread_vm = true;
    let mut world = world_of(profile, &portal);
    let workers = start_many(&mut world, &configuration(&portal), 2);
    wait(&mut world, 3_000);
    for (status_wanted, registration) in
        [(200, RegistrationStatus::Approved), (403, RegistrationStatus::Revoked)]
    {
        portal.register(registration);
        wait(&mut world, 2_000);
        for worker in &workers {
            assert_eq!(status(&mut world, *worker, &one), status_wanted);
        }
    }
}
