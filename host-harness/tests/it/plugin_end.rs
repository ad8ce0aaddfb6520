//! How a plugin ends: at once, or when the guest lets go.

use core::time::Duration;

use gatekey_host_harness::{Outcome, Profile, Request};

use crate::guest::{self, both, lines};

/// `on_done` answers this; the first tick, after 5 ms, lets go.
fn ending(answer: u32) -> String {
    format!(
        r#"(data (i32.const 256) "donelogdelete")
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (call $tell (call $done)) (drop (call $tick_every (i32.const 5))) (i32.const 1))
        (func (export "proxy_on_done") (param $c i32) (result i32)
          (call $say (i32.const 256) (i32.const 4))
          (call $tell (call $done))
          (i32.const {answer}))
        (func (export "proxy_on_tick") (param i32)
          (call $tell (call $done)) (call $tell (call $done)))
        (func (export "proxy_on_log") (param i32) (call $say (i32.const 260) (i32.const 3)))
        (func (export "proxy_on_delete") (param i32) (call $say (i32.const 263) (i32.const 6)))"#
    )
}

#[test]
fn a_plugin_that_is_done_is_deleted_at_once() {
    let artifact = guest::compile(&ending(1));
    for (profile, end) in
        [(Profile::spec(), &["log", "delete"][..]), (Profile::envoy(), &["delete"])]
    {
        let (mut world, worker) = guest::world(profile, &artifact);
        assert!(!world.is_stopped(worker));
        assert!(world.shut_down(worker));
        let told = lines(world.logs(worker));
        assert_eq!(told[..3], ["01", "done", "01"]);
        assert_eq!(told[3..], *end);
        world.advance(Duration::from_secs(1));
        assert_eq!(lines(world.logs(worker)).len(), told.len(), "no timer fires any more");
    }
}

#[test]
fn a_plugin_that_asks_for_time_lives_until_it_lets_go() {
    let artifact = guest::compile(&ending(0));
    for profile in both() {
        let (mut world, worker) = guest::world(profile, &artifact);
        assert!(!world.shut_down(worker));
        assert!(!world.shut_down(worker), "asked once only");
        assert_eq!(lines(world.logs(worker)), ["01", "done", "01"]);
        let refused = world.request(worker, Request::get("/"));
        assert!(matches!(refused.outcome, Outcome::Failed { .. }), "{refused}");
        world.advance(Duration::from_secs(1));
        assert!(world.is_stopped(worker));
        let told = lines(world.logs(worker));
        assert_eq!(told[3..5], ["00", "01"]);
        assert_eq!(told.last().unwrap(), "delete");
        assert_eq!(told.iter().filter(|line| *line == "delete").count(), 1);
    }
}

#[test]
fn streams_in_flight_end_before_their_plugin() {
    let artifact =
        guest::compile(&format!("{} {}", ending(0), guest::request_function("(i32.const 1)")));
    let (mut world, worker) = guest::world(Profile::envoy(), &artifact);
    let stream = world.open(worker, Request::get("/"));
    assert!(!world.shut_down(worker));
    assert!(!world.is_over(stream));
    let transcript = world.abort(stream);
    assert!(transcript.failure.is_none(), "{transcript}");
    world.advance(Duration::from_secs(1));
    assert!(world.is_stopped(worker));
}

#[test]
fn a_host_may_not_care_what_the_guest_says() {
    let artifact = guest::compile(
        r#"(func (export "proxy_on_done") (param $c i32) (result i32) (i32.const 0))
           (func (export "proxy_on_delete") (param i32) (call $tell (i32.const 1)))"#,
    );
    let (mut world, worker) = guest::world(Profile::ngx_0_6(), &artifact);
    assert!(world.shut_down(worker));
    assert_eq!(lines(world.logs(worker)), ["01"]);
}
