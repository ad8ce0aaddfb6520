//! Each switch of the group `shared`, on and off.

use core::time::Duration;

use gatekey_host_harness::{
    FailureKind, Plugin, Profile, Request, Transcript, World, WorldBuilder,
};

use crate::guest::lines;
use crate::script::{Script, on_and_off, told};

fn run(builder: WorldBuilder, script: &Script) -> Transcript {
    let mut world = builder.build();
    let worker = world.start(&script.compile(), Plugin::new("test", "")).unwrap();
    world.request(worker, Request::get("/"))
}

fn traps(transcript: &Transcript) -> bool {
    transcript.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Trap)
}

#[test]
fn keys_match_by_crc32() {
    let script = Script::new()
        .store("cred/plumless", "theirs", 0)
        .load("cred/buckeroo")
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.shared.keys_match_by_crc32 = true);
    assert_eq!(told(&script.run(on, Request::get("/"))), ["00", "theirs", "01"]);
    assert_eq!(told(&script.run(off, Request::get("/"))), ["00", "01"]);
}

#[test]
fn zero_cas_means_absent() {
    let script =
        Script::new().store("k", "1", 0).store("k", "2", 0).load("k").on("request_headers");
    let [on, off] = on_and_off(|p| p.shared.zero_cas_means_absent = true);
    assert_eq!(told(&script.run(on, Request::get("/"))), ["00", "08", "1", "01"]);
    assert_eq!(told(&script.run(off, Request::get("/"))), ["00", "00", "2", "02"]);
}

#[test]
fn cas_on_missing_key_succeeds() {
    let script = Script::new().store("k", "1", 5).on("request_headers");
    let [on, off] = on_and_off(|p| p.shared.cas_on_missing_key_succeeds = true);
    assert_eq!(told(&script.run(on, Request::get("/"))), ["00"]);
    assert_eq!(told(&script.run(off, Request::get("/"))), ["08"]);
}

#[test]
fn versions_per_key() {
    let script = Script::new()
        .store("a", "1", 0)
        .store("b", "1", 0)
        .load("b")
        .store("b", "2", 1)
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.shared.versions_per_key = true);
    assert_eq!(told(&script.run(on, Request::get("/"))), ["00", "00", "1", "01", "00"]);
    assert_eq!(told(&script.run(off, Request::get("/"))), ["00", "00", "1", "02", "08"]);
}

#[test]
fn null_deletes() {
    let null = |cas| {
        format!(
            "(call $store (i32.const 256) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const {cas}))"
        )
    };
    let script = Script::new()
        .store("k", "v", 0)
        .tell(&null(9))
        .tell(&null(1))
        .load("k")
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.shared.null_deletes = true);
    assert_eq!(told(&script.run(on, Request::get("/"))), ["00", "08", "00", "01"]);
    assert_eq!(told(&script.run(off, Request::get("/"))), ["00", "08", "00", "", "02"]);
}

#[test]
fn zones_are_declared() {
    let script = Script::new().store("k", "v", 0).load("k").on("request_headers");
    let [on, off] = on_and_off(|p| p.shared.zones_are_declared = true);
    assert_eq!(told(&run(World::builder(off), &script)), ["00", "v", "01"]);
    assert!(traps(&run(World::builder(on.clone()), &script)));
    assert!(traps(&run(World::builder(on.clone()).shared_zone("cred", 999), &script)));
    let builder = World::builder(on.clone()).shared_zone("*", 999);
    assert_eq!(told(&run(builder, &script)), ["00", "v", "01"]);
    let named = Script::new().store("cred/k", "v", 0).load("cred/k").on("request_headers");
    let builder = World::builder(on.clone()).shared_zone("cred", 999);
    assert_eq!(told(&run(builder, &named)), ["00", "v", "01"]);

    // A large value drives out others; one that can never fit drives out all and then traps.
    let crowd = Script::new()
        .store_large("a", 400)
        .store_large("b", 400)
        .load("a")
        .store_large("c", 2000)
        .on("request_headers");
    let mut world = World::builder(on.clone()).shared_zone("*", 999).build();
    let worker = world.start(&crowd.compile(), Plugin::new("test", "")).unwrap();
    let transcript = world.request(worker, Request::get("/"));
    assert!(traps(&transcript));
    assert_eq!(transcript.logs.len(), 4);
    for key in [b"a", b"b", b"c"] {
        assert_eq!(world.shared_data("any", key), None);
    }
    let full = Script::new().store_large("a", 400).store_large("b", 600).on("request_headers");
    let builder = World::builder(on).shared_zone_without_eviction("*", 999);
    assert!(traps(&run(builder, &full)));
}

/// Registers a queue, puts `item` in and takes it out of queue 1.
fn queueing(code: &str) -> Script {
    let register = "(call $register (i32.const 256) (i32.const 1) (i32.const 12))";
    // The script's first data is the name.
    Script::new().load("q").tell(register).raw(code).on("request_headers")
}

#[test]
fn bad_queue_traps() {
    let dequeue =
        queueing("(call $tell (call $dequeue (i32.const 9) (i32.const 0) (i32.const 4)))");
    let [on, off] = on_and_off(|p| p.shared.bad_queue_traps = true);
    assert!(traps(&dequeue.run(on.clone(), Request::get("/"))));
    assert_eq!(told(&dequeue.run(off, Request::get("/"))), ["01", "00", "01"]);

    let enqueue = queueing(
        "(call $tell (call $enqueue (i32.load (i32.const 12)) (i32.const 1024) (i32.const 60)))
         (call $tell (call $enqueue (i32.load (i32.const 12)) (i32.const 1024) (i32.const 60)))",
    );
    let mut declared = on;
    declared.shared.zones_are_declared = true;
    let builder = |profile| World::builder(profile).shared_zone("*", 999);
    assert!(traps(&run(builder(declared.clone()), &enqueue)));
    let full = run(builder(declared).shared_queue("q", 100), &enqueue);
    assert_eq!(told(&full), ["01", "00", "00"]);
    assert!(traps(&full));
}

#[test]
fn queue_ready() {
    let script = queueing(
        "(call $tell (call $enqueue (i32.load (i32.const 12)) (i32.const 256) (i32.const 1)))",
    );
    let artifact = script.module(
        r#"(func (export "proxy_on_queue_ready") (param i32 i32) (call $tell (local.get 1)))"#,
    );
    let [off, on] = on_and_off(|p| p.shared.queue_ready = false);
    for (profile, told) in [(on, 1), (off, 0)] {
        let mut world = World::builder(profile).build();
        let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
        world.request(worker, Request::get("/"));
        world.advance(Duration::ZERO);
        let calls = world.background(worker).unwrap().callbacks.iter();
        let calls = calls.filter(|call| call.name == "proxy_on_queue_ready").count();
        assert_eq!(calls, told, "{:?}", lines(world.logs(worker)));
    }
}

#[test]
fn nginx_needs_all_of_them_at_once() {
    let script = Script::new()
        .store("k", "1", 0)
        .store("k", "2", 0)
        .load("k")
        .store("k", "3", 1)
        .on("request_headers");
    for profile in [Profile::ngx_0_6(), Profile::ngx_0_5(), Profile::kong_3_9()] {
        let builder = World::builder(profile).shared_zone("*", 1 << 20);
        assert_eq!(told(&run(builder, &script)), ["00", "08", "1", "01", "00"]);
    }
}
