//! Random schedules on the compiled filter, with a portal that answers late or not at all.

use core::time::Duration;

use gatekey_harness_fuzz::gate::{self, KEY_HEADER, Source};
use gatekey_host_harness::schedule::{Probe, Scene, Schedule};
use gatekey_host_harness::{
    Outcome, Profile, Request, UnixMillis, Upstream, UpstreamReply, UpstreamRequest, World,
};

use crate::filter;
use crate::matrix::HOSTS;

fn probes() -> Vec<Probe> {
    let keys = gate::keys().unwrap();
    let ask = || Request::get("/a").authority("a.test");
    let keyed = |key: &str| ask().header(KEY_HEADER, key);
    vec![
        Probe::refused(ask()),
        Probe::refused(ask().header("x-consumer-id", "admin").chunk("a").chunk("b")),
        Probe::refused(keyed(&keys.pending.text)),
        Probe::refused(keyed(&keys.stranger.text)),
        Probe::refused(keyed(&keys.good.text).header(KEY_HEADER, &keys.good.text)),
        Probe::free(keyed(&keys.good.text)),
        Probe::free(keyed(&keys.good.text).chunk("a").trailer("t", "1")),
    ]
}

/// A portal in one of several moods, which the seed chooses.
fn portal(seed: u64) -> Upstream {
    let mut asked = seed;
    Upstream::respond(move |request: &UpstreamRequest| {
        asked = asked.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let snapshot = gate::snapshot().unwrap();
        let reply = match (asked >> 60, request.path().contains("page=manifest")) {
            (0, _) => UpstreamReply::never(),
            (1, _) => UpstreamReply::reset(),
            (2, _) => UpstreamReply::ok("garbage"),
            (_, true) => UpstreamReply::ok(snapshot.manifest.clone()),
            _ if request.path().contains("/snapshot") => {
                UpstreamReply::ok(snapshot.pages[0].clone())
            }
            _ => UpstreamReply::status(503),
        };
        reply.after(Duration::from_millis((asked >> 32) % 900))
    })
}

#[test]
fn no_order_of_events_opens_the_filter() {
    let Some(filter) = filter() else { return };
    let (probes, mut through) = (probes(), 0);
    let hosts = HOSTS.iter().flat_map(|host| host.profiles.iter().map(move |name| (host, *name)));
    for (host, name) in hosts {
        for seed in 0..16 {
            let mut world = World::builder(Profile::named(name).unwrap())
                .seed(seed)
                .clock(UnixMillis(gate::START.0))
                .upstream(host.portal, portal(seed))
                .build();
            let plugin = gate::plugin(host.configuration(Source::Portal).to_string());
            let workers = world.start_many(filter, plugin.clone(), 2).unwrap();
            let mut scene = Scene::new(&mut world, workers, &probes)
                .reload(|world, _| {
                    let chain = [(filter.clone(), plugin.clone())];
                    world.reconfigure(&chain).map_err(|error| error.to_string())
                })
                .most_memory(8 << 20);
            let schedule = Schedule::random(seed, 80, probes.len());
            let told = schedule
                .play(&mut scene)
                .unwrap_or_else(|broken| panic!("{name} seed {seed}: {broken}"));
            assert!(told.iter().all(|transcript| transcript.outcome != Outcome::Paused));
            through += told.iter().filter(|transcript| transcript.reached_upstream()).count();
        }
    }
    // Schedules in which nothing ever passes would show nothing.
    assert!(through > 20, "{through}");
}
