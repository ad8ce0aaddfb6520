//! Worlds as a whole: determinism, cost, independence.

use core::time::Duration;

use gatekey_host_harness::{
    Plugin, Profile, Request, Transcript, Upstream, UpstreamReply, WorkerId, World,
};

use crate::guest::{self, map_len, map_literal};

/// Uses time, randomness, shared data, metrics, ticks and a call, so that all of them must repeat.
fn busy() -> String {
    let pairs = [(":method", "GET"), (":path", "/"), (":authority", "a")];
    format!(
        r#"(data (i32.const 256) "cluster") (data (i32.const 512) "{}")
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $tick_every (i32.const 7))) (i32.const 1))
        (func (export "proxy_on_tick") (param i32)
          (drop (call $random (i32.const 32) (i32.const 8)))
          (drop (call $store (i32.const 256) (i32.const 7) (i32.const 32) (i32.const 8) (i32.const 0))))
        {}
        (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32)
          (drop (call $load (i32.const 256) (i32.const 7) (i32.const 0) (i32.const 4) (i32.const 8)))
          (call $said)
          (drop (call $act_for (i32.const 2)))
          (drop (call $add (i32.const 0) (i32.const 256) (i32.const 1) (i32.load (i32.const 0)) (i32.const 8)))
          (drop (call $resume (i32.const 0))))"#,
        map_literal(&pairs),
        guest::request_function(&format!(
            r#"(drop (call $now (i32.const 32))) (call $say (i32.const 32) (i32.const 8))
               (drop (call $call (i32.const 256) (i32.const 7) (i32.const 512) (i32.const {})
                 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 100) (i32.const 40)))
               (i32.const 1)"#,
            map_len(&pairs)
        ))
    )
}

fn run(seed: u64) -> (World, WorkerId, Transcript) {
    let reply = UpstreamReply::ok("x").after(Duration::from_millis(30));
    let mut world = World::builder(Profile::envoy())
        .seed(seed)
        .upstream("cluster", Upstream::always(reply))
        .build();
    let worker = world.start(&guest::compile(&busy()), Plugin::new("test", "")).unwrap();
    world.advance(Duration::from_millis(20));
    let transcript = world.request(worker, Request::post("/").body("b"));
    (world, worker, transcript)
}

#[test]
fn the_same_seed_gives_the_same_transcript_to_the_byte() {
    let (world, worker, transcript) = run(7);
    let (other_world, other_worker, again) = run(7);
    assert_eq!(transcript, again);
    assert_eq!(transcript.to_string(), again.to_string());
    assert_eq!(world.logs(worker), other_world.logs(other_worker));
    assert_eq!(world.background(worker), other_world.background(other_worker));
    let (_, _, other) = run(8);
    assert_ne!(transcript.to_string(), other.to_string());
    assert_ne!(transcript.upstream, other.upstream);
}

#[test]
fn a_transcript_tells_everything_in_order() {
    let (_, _, transcript) = run(7);
    let names: Vec<&str> = transcript.host_calls.iter().map(|call| call.name).collect();
    assert_eq!(
        names,
        [
            "proxy_get_current_time_nanoseconds",
            "proxy_log",
            "proxy_http_call",
            "proxy_get_shared_data",
            "proxy_log",
            "proxy_set_effective_context",
            "proxy_add_header_map_value",
            "proxy_continue_stream",
        ]
    );
    assert_eq!(transcript.host_calls[2].subject, b"cluster");
    assert_eq!(transcript.host_call_count(), 8);
    assert_eq!(transcript.host_call_counts["proxy_log"], 2);
    let callbacks: Vec<&str> = transcript.callbacks.iter().map(|c| c.name).collect();
    assert_eq!(callbacks, ["proxy_on_request_headers", "proxy_on_http_call_response"]);
    assert_eq!(transcript.callbacks.iter().map(|c| c.host_calls).sum::<u64>(), 8);
    assert_eq!(transcript.callbacks.iter().map(|c| c.fuel).sum::<u64>(), transcript.fuel);
    assert!(transcript.fuel > 0 && transcript.bytes_copied > 0);
    assert_eq!(transcript.opened_at, Duration::from_millis(20));
    assert_eq!(transcript.ended_at, Duration::from_millis(50));
    let text = transcript.to_string();
    for part in ["outcome upstream", "call 4 to cluster", "host call proxy_log", "  :path: /"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn timing_worlds_count_calls_and_nothing_else() {
    let artifact = guest::on_request("(call $tell (i32.const 1)) (i32.const 0)");
    let mut world = World::builder(Profile::envoy()).fuel(false).record(false).build();
    let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!((transcript.fuel, transcript.host_calls.len()), (0, 0));
    assert_eq!((transcript.host_call_count(), transcript.logs.len()), (1, 1));
}

#[test]
fn streams_do_not_mix_their_books() {
    let (mut world, worker, _) = run(7);
    let first = world.open(worker, Request::get("/1"));
    let second = world.open(worker, Request::get("/2"));
    let (first, second) = (world.finish(first), world.finish(second));
    assert_eq!(first.callouts.len(), 1);
    assert_eq!(second.callouts.len(), 1);
    assert_eq!(first.logs.len(), 1);
    assert_ne!(first.logs[0].context, second.logs[0].context);
}

#[test]
fn a_worker_of_another_world_is_nobody() {
    let artifact = guest::compile("");
    let mut many = World::builder(Profile::spec()).build();
    let workers = many.start_many(&artifact, Plugin::new("test", ""), 3).unwrap();
    let (mut world, _) = guest::world(Profile::spec(), &artifact);
    let transcript = world.request(workers[2], Request::get("/"));
    assert!(transcript.failure.is_some() && !transcript.reached_upstream());
    assert_eq!(world.memory_bytes(workers[2]), 0);
}

#[test]
fn a_world_may_move_between_threads() {
    let (mut world, worker, _) = run(1);
    let status = std::thread::spawn(move || {
        world.set_upstream("cluster", Upstream::always(UpstreamReply::ok("")));
        let transcript = world.request(worker, Request::get("/"));
        transcript.callouts.len()
    });
    assert_eq!(status.join().unwrap(), 1);
}
