//! Random schedules on a hand-written filter that asks somebody else about every request.

use core::time::Duration;

use gatekey_host_harness::schedule::{Broken, Probe, Scene, Schedule, Step};
use gatekey_host_harness::{
    Artifact, Plugin, Profile, Request, Upstream, UpstreamReply, UpstreamRequest, World,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::guest;

/// Asks `auth` for the path that `x-key` holds; without `x-key` it says 401. Call numbers lead back
/// to streams by a table from 4096 on. What is not a 200 is told as 403, or as `otherwise` does.
fn asking(otherwise: &str) -> Artifact {
    let pairs = [(":method", "GET"), (":path", "/g"), (":authority", "a")];
    let (map, len) = (guest::map_literal(&pairs), guest::map_len(&pairs));
    // Of the path only the second byte changes: it is the first byte of the key.
    let at = 512 + 4 + 3 * 8 + ":method\0GET\0:path\0/".len();
    let answer = "(drop (call $answer (i32.const 403) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)))";
    let otherwise = otherwise.replace("$refuse", answer);
    let headers = guest::request_function(&format!(
        r#"(i32.store (i32.const 4) (i32.const 0))
        (drop (call $get (i32.const 0) (i32.const 256) (i32.const 5) (i32.const 0) (i32.const 4)))
        (if (i32.eqz (i32.load (i32.const 4))) (then
          (drop (call $answer (i32.const 401) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)))
          (return (i32.const 1))))
        (i32.store8 (i32.const {at}) (i32.load8_u (i32.load (i32.const 0))))
        (global.set $free (i32.const 65536))
        (if (call $call (i32.const 264) (i32.const 4) (i32.const 512) (i32.const {len})
              (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
              (i32.const 500) (i32.const 32)) (then
          (drop (call $answer (i32.const 503) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)))
          (return (i32.const 1))))
        (i32.store (i32.add (i32.const 4096)
            (i32.shl (i32.and (i32.load (i32.const 32)) (i32.const 4095)) (i32.const 2)))
          (local.get $ctx))
        (i32.const 1)"#
    ));
    guest::compile(
        &format!(
            r#"(data (i32.const 256) "x-key") (data (i32.const 264) "auth")
        (data (i32.const 272) ":status") (data (i32.const 512) "{map}")
        {headers}
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $tick_every (i32.const 100))) (i32.const 1))
        (func (export "proxy_on_http_call_response") (param i32 $token i32) (param i32 i32 i32)
          (if (call $act_for (i32.load (i32.add (i32.const 4096)
                (i32.shl (i32.and (local.get $token) (i32.const 4095)) (i32.const 2)))))
            (then (return)))
          (i32.store (i32.const 4) (i32.const 0))
          (drop (call $get (i32.const 6) (i32.const 272) (i32.const 7) (i32.const 0) (i32.const 4)))
          (if (i32.load (i32.const 4)) (then
            (if (i32.eq (i32.load8_u (i32.load (i32.const 0))) (i32.const 50)) (then
              (drop (call $resume (i32.const 0)))
              (return)))))
          {otherwise})"#
        )
        .replace("(param i32 $token i32)", "(param i32) (param $token i32)"),
    )
}

fn probes() -> Vec<Probe> {
    let keyed = |key: &str| Request::get("/").header("x-key", key);
    vec![
        Probe::refused(Request::get("/")),
        Probe::refused(keyed("bad")),
        Probe::refused(keyed("silent")),
        Probe::refused(keyed("reset")),
        Probe::free(keyed("good")),
        Probe::free(keyed("late").chunk("body").chunk("more")),
    ]
}

fn auth(request: &UpstreamRequest) -> UpstreamReply {
    match request.path().as_str() {
        "/g" => UpstreamReply::ok("").after(Duration::from_millis(3)),
        "/l" => UpstreamReply::ok("").after(Duration::from_millis(499)),
        "/s" => UpstreamReply::never(),
        "/r" => UpstreamReply::reset().after(Duration::from_millis(40)),
        _ => UpstreamReply::status(403).after(Duration::from_millis(20)),
    }
}

fn play(artifact: &Artifact, profile: Profile, schedule: &Schedule) -> Result<String, Broken> {
    let slow = UpstreamReply::ok("fine").after(Duration::from_millis(30));
    let mut world = World::builder(profile)
        .upstream("auth", Upstream::respond(auth))
        .origin(Upstream::always(slow))
        .build();
    let plugin = Plugin::new("test", "");
    let workers = world.start_many(artifact, plugin.clone(), 2).unwrap();
    let probes = probes();
    let mut scene = Scene::new(&mut world, workers, &probes)
        .reload(|world, _| {
            let chain = [(artifact.clone(), plugin.clone())];
            world.reconfigure(&chain).map_err(|error| error.to_string())
        })
        .most_memory(1 << 20);
    let told = schedule.play(&mut scene)?;
    Ok(told.iter().map(ToString::to_string).collect())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..4_usize, 0..6_usize).prop_map(|(worker, probe)| Step::Open { worker, probe }),
        4 => (0..16_usize).prop_map(Step::Finish),
        2 => (0..16_usize).prop_map(Step::Abort),
        4 => prop_oneof![0..50_u32, 0..1000_u32, 0..20_000_u32].prop_map(Step::Advance),
        1 => (-100_000..100_000_i32).prop_map(Step::Jump),
        1 => (0..4_usize).prop_map(Step::Stop),
        1 => Just(Step::Reload),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_order_of_events_opens_a_closed_filter(steps in vec(step(), 1..60)) {
        let artifact = asking("$refuse");
        let schedule = Schedule(steps);
        for profile in guest::both() {
            let story = play(&artifact, profile.clone(), &schedule);
            let story = story.map_err(|broken| TestCaseError::fail(broken.to_string()))?;
            prop_assert_eq!(story, play(&artifact, profile, &schedule).unwrap());
        }
    }
}

#[test]
fn good_requests_pass_and_late_ones_too() {
    let schedule = Schedule(vec![
        Step::Open { worker: 0, probe: 4 },
        Step::Open { worker: 1, probe: 5 },
        Step::Open { worker: 1, probe: 1 },
        Step::Advance(1000),
    ]);
    for profile in guest::both() {
        let story = play(&asking("$refuse"), profile, &schedule).unwrap();
        assert_eq!(story.matches("outcome upstream").count(), 2, "{story}");
        assert_eq!(story.matches("outcome local").count(), 1, "{story}");
    }
}

/// The oracle is worth something: a filter that lets requests go when nobody answers is found.
#[test]
fn a_filter_that_opens_on_silence_is_found() {
    let artifact = asking("(drop (call $resume (i32.const 0)))");
    let found = (0..50).find_map(|seed| {
        let schedule = Schedule::random(seed, 60, probes().len());
        play(&artifact, Profile::envoy(), &schedule).err()
    });
    let broken = found.unwrap().to_string();
    assert!(broken.starts_with("let through although it must be refused"), "{broken}");
    assert!(broken.contains("after these steps:\n    1. "), "{broken}");
}

/// And one that fails only in some order.
#[test]
fn a_filter_that_traps_after_an_abort_is_found() {
    let artifact = asking("unreachable");
    let found = (0..50).find_map(|seed| {
        let schedule = Schedule::random(seed, 60, probes().len());
        play(&artifact, Profile::spec(), &schedule).err()
    });
    assert!(found.unwrap().rule.starts_with("a VM failed"));
}
