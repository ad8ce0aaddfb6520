//! Each switch of the group `runtime`, on and off, and what `capabilities` does.

use core::time::Duration;

use gatekey_host_harness::{
    FailureKind, Plugin, Profile, Request, StartError, Transcript, UnixMillis, WorkerId, World,
};

use crate::guest::lines;
use crate::script::{Script, on_and_off, told};

fn traps(transcript: &Transcript) -> bool {
    transcript.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Trap)
}

fn start(profile: Profile, script: &Script) -> (World, WorkerId) {
    let mut world = World::builder(profile).build();
    let worker = world.start(&script.compile(), Plugin::new("test", "")).unwrap();
    (world, worker)
}

/// Eight random bytes, as they are.
fn drawing() -> Script {
    Script::new()
        .raw("(drop (call $random (i32.const 1024) (i32.const 8)))")
        .raw("(call $say (i32.const 1024) (i32.const 8))")
        .on("request_headers")
}

#[test]
fn random_is_predictable() {
    let draw = |profile: Profile, seed, start| {
        let mut world = World::builder(profile).seed(seed).clock(UnixMillis(start)).build();
        let artifact = drawing().compile();
        let one = world.start(&artifact, Plugin::new("one", "")).unwrap();
        [(); 2].map(|()| world.request(one, Request::get("/")).logs[0].bytes.clone())
    };
    let [on, off] = on_and_off(|p| p.runtime.random_is_predictable = true);
    // The low bytes of `random()` after `srandom((1000 << 16) ^ seconds ^ milliseconds)`.
    let first = [0xb4, 0x79, 0xaf, 0x80, 0x49, 0x3e, 0x71, 0xde];
    let [drawn, next] = draw(on.clone(), 1, 1_767_225_600_000);
    assert_eq!(drawn, first);
    assert_ne!(next, first);
    assert_eq!(draw(on.clone(), 2, 1_767_225_600_000), [drawn, next]);
    assert_ne!(draw(on, 1, 1_767_225_601_000)[0], first);
    assert_ne!(draw(off.clone(), 1, 0), draw(off, 2, 0));
}

#[test]
fn clock_in_milliseconds() {
    let script = Script::new()
        .raw("(drop (call $clock (i32.const 1) (i64.const 0) (i32.const 1024)))")
        .raw("(call $say (i32.const 1024) (i32.const 8))")
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.runtime.clock_in_milliseconds = true);
    for (profile, nanos) in [(on, 1_000_000u64), (off, 1_999_999)] {
        let (mut world, worker) = start(profile, &script);
        world.advance(Duration::from_nanos(1_999_999));
        let transcript = world.request(worker, Request::get("/"));
        assert_eq!(transcript.logs[0].bytes, nanos.to_le_bytes());
    }
}

#[test]
fn second_tick_period_traps() {
    let script = Script::new()
        .tell("(call $tick_every (i32.const 1000))")
        .on("configure")
        .tell("(call $tick_every (i32.const 2000))")
        .on("tick");
    let [on, off] = on_and_off(|p| p.runtime.second_tick_period_traps = true);
    for (profile, failed) in [(on, true), (off, false)] {
        let (mut world, worker) = start(profile, &script);
        world.advance(Duration::from_millis(1000));
        assert_eq!(world.failure(worker).is_some(), failed);
    }
}

#[test]
fn stopped_timer_runs_on() {
    let script = Script::new()
        .tell("(call $tick_every (i32.const 1000))")
        .tell("(call $tick_every (i32.const 0))")
        .tell("(call $tick_every (i32.const 1500))")
        .on("configure")
        .raw("(call $tell (i32.const 77))")
        .on("tick");
    let [on, off] = on_and_off(|p| p.runtime.stopped_timer_runs_on = true);
    let ticks = |profile, millis| {
        let (mut world, worker) = start(profile, &script);
        world.advance(Duration::from_millis(millis));
        lines(world.logs(worker)).iter().filter(|line| *line == "77").count()
    };
    // The old timer fires after its old second, and then with the new period, like the new one.
    assert_eq!([1000, 1500, 2500, 3000].map(|millis| ticks(on.clone(), millis)), [1, 2, 3, 4]);
    assert_eq!([1000, 1500, 2500, 3000].map(|millis| ticks(off.clone(), millis)), [0, 1, 1, 2]);
}

#[test]
fn tick_period_in_stream_traps() {
    let script = Script::new().tell("(call $tick_every (i32.const 10))").on("request_headers");
    let [on, off] = on_and_off(|p| p.runtime.tick_period_in_stream_traps = true);
    assert!(traps(&script.run(on, Request::get("/"))));
    assert_eq!(told(&script.run(off, Request::get("/"))), ["00"]);
}

#[test]
fn missing_functions() {
    let script = Script::new().tell("(call $level (i32.const 32))").on("request_headers");
    let [on, off] = on_and_off(|p| {
        p.runtime.missing_functions = vec!["proxy_get_log_level".to_owned()];
    });
    let error = World::builder(on).build().start(&script.compile(), Plugin::default());
    let imports = match error {
        Err(StartError::MissingImports { imports }) => imports,
        other => panic!("{other:?}"),
    };
    assert_eq!(imports, ["env.proxy_get_log_level"]);
    assert_eq!(told(&script.run(off, Request::get("/"))), ["00"]);
}

#[test]
fn unfinished_functions() {
    let script = Script::new().tell("(call $close (i32.const 9))").on("request_headers");
    let [on, off] = on_and_off(|p| {
        p.runtime.unfinished_functions = vec!["proxy_close_stream".to_owned()];
    });
    let transcript = script.run(on, Request::get("/"));
    assert!(traps(&transcript));
    assert!(transcript.failure.unwrap().message.contains("not yet implemented"));
    assert_eq!(told(&script.run(off, Request::get("/"))), ["02"]);
}

#[test]
fn unknown_foreign_function_traps() {
    let script = Script::new()
        .tell(
            "(call $foreign (i32.const 1024) (i32.const 3) (i32.const 0) (i32.const 0)
               (i32.const 0) (i32.const 4))",
        )
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.runtime.unknown_foreign_function_traps = true);
    assert!(traps(&script.run(on, Request::get("/"))));
    assert_eq!(told(&script.run(off, Request::get("/"))), ["01"]);
}

#[test]
fn bad_pointer_traps() {
    let log = Script::new()
        .tell("(call $log (i32.const 2) (i32.const -8) (i32.const 8))")
        .on("request_headers");
    let clock = Script::new()
        .tell("(call $clock (i32.const 0) (i64.const 0) (i32.const -1))")
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.runtime.bad_pointer_traps = true);
    for (script, status) in [(log, "06"), (clock, "21")] {
        assert!(traps(&script.run(on.clone(), Request::get("/"))));
        assert_eq!(told(&script.run(off.clone(), Request::get("/"))), [status]);
    }
}

#[test]
fn process_environment_is_visible() {
    let script = Script::new()
        .raw("(drop (call $env_sizes (i32.const 32) (i32.const 36)))")
        .raw("(call $tell (i32.load (i32.const 32)))")
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.runtime.process_environment_is_visible = true);
    for (profile, count) in [(on, "02"), (off, "01")] {
        let builder = World::builder(profile).environment("A", "1");
        let mut world = builder.process_environment("SECRET", "2").build();
        let worker = world.start(&script.compile(), Plugin::new("test", "")).unwrap();
        assert_eq!(told(&world.request(worker, Request::get("/"))), [count]);
    }
}

#[test]
fn sleeping_traps() {
    let script = Script::new()
        .tell("(call $sleep (i32.const 1024) (i32.const 1024) (i32.const 0) (i32.const 32))")
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.runtime.sleeping_traps = true);
    assert!(traps(&script.run(on, Request::get("/"))));
    assert_eq!(told(&script.run(off, Request::get("/"))), ["00"]);
}

#[test]
fn local_response_in_root_crashes() {
    let script = Script::new()
        .raw("(drop (call $tick_every (i32.const 1000)))")
        .on("configure")
        .tell(
            "(call $answer (i32.const 401) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
               (i32.const 0) (i32.const 0) (i32.const -1))",
        )
        .on("tick")
        .returning(1)
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.runtime.local_response_in_root_crashes = true);
    for (profile, kind) in [(on, Some(FailureKind::Crash)), (off, None)] {
        let (mut world, worker) = start(profile, &script);
        let paused = world.open(worker, Request::get("/"));
        world.advance(Duration::from_millis(1000));
        assert_eq!(world.finish(paused).failure.map(|failure| failure.kind), kind);
    }
}

#[test]
fn max_random_bytes() {
    let script =
        Script::new().tell("(call $random (i32.const 1024) (i32.const 9))").on("request_headers");
    let [on, off] = on_and_off(|p| p.runtime.max_random_bytes = Some(8));
    assert_eq!(told(&script.run(on, Request::get("/"))), ["28"]);
    assert_eq!(told(&script.run(off, Request::get("/"))), ["00"]);
}

#[test]
fn max_memory_bytes() {
    let script = Script::new()
        .raw("(call $tell (i32.ne (memory.grow (i32.const 2)) (i32.const -1)))")
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.runtime.max_memory_bytes = 3 << 16);
    assert_eq!(told(&script.run(on, Request::get("/"))), ["00"]);
    assert_eq!(told(&script.run(off, Request::get("/"))), ["01"]);
}

#[test]
fn capabilities_leave_stubs() {
    let script = Script::new()
        .tell("(call $now (i32.const 32))")
        .tell("(call $random (i32.const 32) (i32.const 4))")
        .on("request_headers")
        .tell("(i32.const 7)")
        .on("log");
    let run = |capabilities: Option<&[&str]>| {
        let mut builder = World::builder(Profile::envoy());
        if let Some(capabilities) = capabilities {
            builder = builder.capabilities(capabilities);
        }
        let mut world = builder.build();
        let worker = world.start(&script.compile(), Plugin::new("test", "")).unwrap();
        told(&world.request(worker, Request::get("/")))
    };
    assert_eq!(run(None), ["00", "00", "07"]);
    let expected = [
        "host: proxy_get_current_time_nanoseconds is not among the plugin's capabilities",
        "10",
        "host: random_get is not among the plugin's capabilities",
        "76",
    ];
    assert_eq!(run(Some(&["proxy_log", "proxy_on_request_headers"])), expected);
    assert_eq!(run(Some(&["proxy_log"])), [""; 0]);
}

#[test]
fn effective_context_is_ignored() {
    let script = Script::new()
        .tell("(call $act_for (i32.const 99))")
        .tell("(call $act_for (i32.const 1))")
        .get(crate::script::REQUEST, "x")
        .on("request_headers");
    let request = Request::get("/").header("x", "mine");
    let [on, off] = on_and_off(|p| p.runtime.effective_context_is_ignored = true);
    assert_eq!(told(&script.run(on, request.clone())), ["00", "00", "mine"]);
    // Acting for the root context, which has no request.
    assert_eq!(told(&script.run(off, request)), ["02", "00", "02"]);
}
