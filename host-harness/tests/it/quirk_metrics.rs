//! Each switch of the group `metrics`, on and off.

use gatekey_host_harness::{FailureKind, MetricRules, Plugin, Profile, Request, World};

use crate::script::{Script, told};

/// Numbers of the counter, gauge and histogram that scripts define.
const COUNTER: &str = "(i32.load (i32.const 32))";
const GAUGE: &str = "(i32.load (i32.const 36))";
const HISTOGRAM: &str = "(i32.load (i32.const 40))";

fn calling(call: &str) -> Script {
    Script::new()
        .define(0, "c", 32)
        .define(1, "g", 36)
        .define(2, "h", 40)
        .tell(call)
        .on("request_headers")
}

/// Status of the call with the switch on, or nothing for a trap, and the same with it off.
fn on_and_off(turn_on: impl FnOnce(&mut MetricRules), call: &str) -> [Option<String>; 2] {
    crate::script::on_and_off(|profile| turn_on(&mut profile.metrics)).map(|profile| {
        let transcript = calling(call).run(profile, Request::get("/"));
        match transcript.failure {
            Some(failure) => {
                assert_eq!(failure.kind, FailureKind::Trap);
                None
            }
            None => told(&transcript).pop(),
        }
    })
}

fn status(status: &str) -> Option<String> {
    Some(status.to_owned())
}

#[test]
fn counter_record_traps() {
    let call = format!("(call $record {COUNTER} (i64.const 3))");
    let [on, off] = on_and_off(|rules| rules.counter_record_traps = true, &call);
    assert_eq!((on, off), (None, status("00")));
}

#[test]
fn histogram_read_traps() {
    let call = format!("(call $metric {HISTOGRAM} (i32.const 48))");
    let [on, off] = on_and_off(|rules| rules.histogram_read_traps = true, &call);
    assert_eq!((on, off), (None, status("02")));
}

#[test]
fn other_increment_traps() {
    let call = format!("(call $increment {GAUGE} (i64.const 1))");
    let [on, off] = on_and_off(|rules| rules.other_increment_traps = true, &call);
    assert_eq!((on, off), (None, status("00")));
}

#[test]
fn unknown_id_traps() {
    let call = "(call $record (i32.const 400) (i64.const 1))";
    let [on, off] = on_and_off(|rules| rules.unknown_id_traps = true, call);
    assert_eq!((on, off), (None, status("01")));
}

#[test]
fn counters_only_rise() {
    let call = format!("(call $increment {COUNTER} (i64.const 0))");
    let [on, off] = on_and_off(|rules| rules.counters_only_rise = true, &call);
    assert_eq!((on, off), (status("02"), status("00")));
}

#[test]
fn max_name_bytes() {
    let call = "(call $define (i32.const 0) (i32.const 1024) (i32.const 10) (i32.const 44))";
    for (most, answer) in [(9, None), (10, status("00"))] {
        let [on, off] = on_and_off(|rules| rules.max_name_bytes = Some(most), call);
        assert_eq!((on, off), (answer, status("00")));
    }
    // The prefix counts: 256 bytes are 248 of the guest's own here.
    let long = |len| {
        format!("(call $define (i32.const 0) (i32.const 1024) (i32.const {len}) (i32.const 44))")
    };
    let defines = |len| {
        let script = Script::new().tell(&long(len)).on("request_headers");
        script.run(Profile::ngx_0_6(), Request::get("/")).failure.is_none()
    };
    assert!(defines(248));
    assert!(!defines(249));
}

#[test]
fn ids_are_scattered() {
    let call = format!("(i32.sub {GAUGE} {COUNTER})");
    let [on, off] = on_and_off(|rules| rules.ids_are_scattered = true, &call);
    assert_eq!(off, status("05"));
    assert_ne!(on, off);
}

#[test]
fn every_call_traps() {
    let call = "(i32.const 0)";
    let [on, off] = on_and_off(|rules| rules.every_call_traps = true, call);
    assert_eq!((on, off), (None, status("00")));
}

#[test]
fn prefix() {
    let mut profile = Profile::spec();
    profile.metrics.prefix = "pw:{plugin}:".to_owned();
    for (profile, name) in [(profile, "pw:auth:c"), (Profile::spec(), "c")] {
        let mut world = World::builder(profile).build();
        let script = calling("(i32.const 0)");
        let worker = world.start(&script.compile(), Plugin::new("auth", "")).unwrap();
        world.request(worker, Request::get("/"));
        assert_eq!(world.metric(name), Some(0));
    }
}
