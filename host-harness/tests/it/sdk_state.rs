//! SDK guests that share state: metrics, data, queues.

use core::time::Duration;

use gatekey_host_harness::{FailureKind, Plugin, Profile, Request, World};

use crate::guest::{both, lines};
use crate::sdk_guests::{guest, hosts, is_ngx};

#[test]
fn metrics_count_where_a_gauge_can_be_counted_on() {
    let artifact = guest("metrics");
    for profile in hosts() {
        let ngx = is_ngx(&profile);
        let mut world = World::builder(profile).build();
        let worker = world.start(&artifact, Plugin::new("metrics", "")).unwrap();
        if ngx {
            // Counting on a gauge traps there.
            let transcript = world.request(worker, Request::get("/"));
            assert_eq!(transcript.failure.unwrap().kind, FailureKind::Trap);
            continue;
        }
        for _ in 0..3 {
            world.request(worker, Request::get("/"));
        }
        let open = world.open(worker, Request::get("/"));
        let values: Vec<(String, u64)> =
            world.metrics().iter().map(|metric| (metric.name.clone(), metric.value)).collect();
        let value = |name: &str| values.iter().find(|(full, _)| full.ends_with(name)).unwrap().1;
        assert_eq!((value("requests"), value("open"), value("sizes")), (4, 1, 4));
        world.finish(open);
    }
}

#[test]
fn shared_data_counts_across_workers() {
    let artifact = guest("shared_data");
    for profile in both() {
        let mut world = World::builder(profile).build();
        let workers = world.start_many(&artifact, Plugin::new("data", ""), 2).unwrap();
        for (visit, worker) in [0, 1, 1, 0].into_iter().enumerate() {
            let upstream = world.request(workers[worker], Request::get("/")).upstream.unwrap();
            let expected = (visit + 1).to_string();
            assert_eq!(upstream.headers.get("x-visit"), Some(expected.as_bytes()));
        }
    }
}

#[test]
fn a_queue_is_announced_where_the_host_does_so() {
    let artifact = guest("shared_queue");
    for (profile, announced) in
        [(Profile::spec(), true), (Profile::envoy(), true), (Profile::ngx_0_6(), false)]
    {
        let mut world = World::builder(profile).shared_queue("paths", 1 << 16).build();
        let workers = world.start_many(&artifact, Plugin::new("queue", ""), 2).unwrap();
        world.request(workers[0], Request::get("/a"));
        world.request(workers[0], Request::get("/b"));
        world.advance(Duration::from_millis(1));
        // The last worker to register is told.
        let told = lines(world.logs(workers[1]));
        let expected = if announced { &["taken /a", "taken /b"][..] } else { &[] };
        assert_eq!(told, expected);
        assert!(world.logs(workers[0]).is_empty());
    }
}
