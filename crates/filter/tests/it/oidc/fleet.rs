//! Several workers, one of which asks the provider.

use gatekey_host_harness::{Fault, FaultKind};
use serde_json::json;

use super::provider::Mood;
use super::scene::{ENVOY, HOSTS, Setup, status, token, with_token};

fn two(profile: &'static str) -> Setup {
    let setup = Setup::new(profile).workers(2);
    if profile == ENVOY { setup } else { setup.configuration(&json!({"shared_data_zone": "*"})) }
}

#[test]
fn one_worker_fetches_for_both() {
    for profile in HOSTS {
        let mut scene = two(profile).start();
        scene.provider.slow(50);
        scene.wait(4_000);
        let paths = scene.provider.paths();
        assert_eq!(paths.len(), 2, "{profile}: {paths:?}");
        for worker in scene.workers.clone() {
            let transcript = scene.world.request(worker, with_token(&token("ed25519-a")));
            assert_eq!(status(&transcript), 200, "{profile}: {}", scene.logs());
        }
        // The next round, too, is one worker's.
        scene.wait_seconds(303);
        assert_eq!(scene.provider.paths().len(), 2, "{profile}: fetched anew");
        scene.assert_sound(profile);
    }
}

/// A worker that dies with a fetch under way holds nobody up.
#[test]
fn a_worker_that_dies_leaves_its_fetch_to_the_other() {
    for profile in HOSTS {
        let mut scene = two(profile).settings(&json!({"timeout": 1000})).start();
        scene.provider.mood(Mood::Silent);
        scene.wait(400);
        let dead = scene.workers.remove(0);
        scene.world.stop(dead);
        scene.provider.mood(Mood::Honest);
        scene.wait_seconds(10);
        assert_eq!(scene.token(&token("ed25519-a")), 200, "{profile}: {}", scene.logs());
    }
}

/// Whoever else can write into shared data cannot bring keys in.
#[test]
fn altered_documents_are_not_taken() {
    for profile in HOSTS {
        let mut scene = two(profile).start();
        // Whatever is read there is noise.
        scene.world.set_faults(vec![Fault::new("proxy_get_shared_data", FaultKind::GarbageData)]);
        scene.wait(10_000);
        for worker in scene.workers.clone() {
            let bad = scene.world.request(worker, with_token(&token("ed25519-b")));
            assert_eq!(status(&bad), 401, "{profile}: {}", scene.logs());
            let good = scene.world.request(worker, with_token(&token("ed25519-a")));
            assert_eq!(status(&good), 200, "{profile}: each fetched for itself");
        }
        assert!(scene.provider.paths().len() >= 4, "{profile}");
        scene.assert_sound(profile);
    }
}
