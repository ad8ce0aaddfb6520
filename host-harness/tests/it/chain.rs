//! Chains of filters, plugins that share a VM, and chains that are replaced.

use core::time::Duration;

use gatekey_host_harness::{
    Artifact, FailurePolicy, Outcome, Plugin, Profile, Request, StartError, Upstream,
    UpstreamReply, World,
};

use crate::guest::{self, lines};

/// Adds its configuration to a header on the way up and another on the way down; pauses, answers or
/// traps when the request says so to a filter of its configuration.
fn marking() -> Artifact {
    let code = r#"
        (data (i32.const 256) "x-upx-downx-pausex-answerx-trap")
        (global $count (mut i32) (i32.const 0))
        (func $config (param $ctx i32)
          (drop (call $property (i32.const 300) (i32.const 11) (i32.const 0) (i32.const 4))))
        (data (i32.const 300) "plugin_name")
        (func $is (param $at i32) (param $len i32) (result i32)
          (local $mine i32)
          (call $config (i32.const 0))
          (local.set $mine (i32.load8_u (i32.load (i32.const 0))))
          (if (call $get (i32.const 0) (local.get $at) (local.get $len) (i32.const 0) (i32.const 4))
            (then (return (i32.const 0))))
          (i32.eq (local.get $mine) (i32.load8_u (i32.load (i32.const 0)))))
        (func (export "proxy_on_configure") (param i32) (param $size i32) (result i32)
          (drop (call $buffer (i32.const 7) (i32.const 0) (local.get $size) (i32.const 0) (i32.const 4)))
          (i32.ne (i32.load8_u (i32.load (i32.const 0))) (i32.const 33)))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (global.set $count (i32.add (global.get $count) (i32.const 1)))
          (call $tell (global.get $count))
          (if (call $is (i32.const 281) (i32.const 6)) (then unreachable))
          (if (call $is (i32.const 273) (i32.const 8)) (then
            (drop (call $answer (i32.const 403) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
              (i32.const 0) (i32.const 0) (i32.const -1))) (return (i32.const 1))))
          (call $config (i32.const 0))
          (drop (call $add (i32.const 0) (i32.const 256) (i32.const 4)
            (i32.load (i32.const 0)) (i32.load (i32.const 4))))
          (call $is (i32.const 266) (i32.const 7)))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $config (i32.const 0))
          (drop (call $add (i32.const 2) (i32.const 260) (i32.const 6)
            (i32.load (i32.const 0)) (i32.load (i32.const 4))))
          (i32.const 0))
        (func (export "proxy_on_done") (param $ctx i32) (result i32)
          (call $config (i32.const 0)) (call $said) (i32.const 1))"#;
    // `x-pause` has seven bytes, `x-answer` eight, `x-trap` six.
    guest::compile(code)
}

fn plugin(name: &str) -> Plugin {
    Plugin { vm_id: String::new(), ..Plugin::new(name, "ok") }
}

fn chain(names: &[&str]) -> Vec<(Artifact, Plugin)> {
    let artifact = marking();
    names.iter().map(|name| (artifact.clone(), plugin(name))).collect()
}

fn started(profile: Profile, names: &[&str]) -> (World, gatekey_host_harness::WorkerId) {
    let mut world = World::builder(profile).build();
    let worker = world.start_chain(&chain(names), 1).unwrap()[0];
    (world, worker)
}

#[test]
fn requests_pass_in_order_and_responses_the_other_way() {
    for profile in [Profile::spec(), Profile::envoy(), Profile::ngx_0_6()] {
        let (mut world, worker) = started(profile, &["a", "b", "c"]);
        let transcript = world.request(worker, Request::get("/"));
        let upstream = transcript.upstream.as_ref().unwrap();
        assert_eq!(upstream.headers.get_all("x-up"), [b"a", b"b", b"c"]);
        let response = transcript.response.as_ref().unwrap();
        assert_eq!(response.headers.get_all("x-down"), [b"c", b"b", b"a"]);
        assert_eq!(transcript.filters, ["a", "b", "c"]);
        let of_b = transcript.callbacks.iter().filter(|callback| callback.filter == 1);
        assert!(of_b.count() >= 2, "{transcript}");
        assert_eq!(world.open_streams(worker), 0);
    }
}

#[test]
fn a_filter_that_answers_keeps_the_request_from_later_ones() {
    let (mut world, worker) = started(Profile::envoy(), &["a", "b", "c"]);
    let transcript = world.request(worker, Request::get("/").header("x-answer", "b"));
    assert!(matches!(transcript.outcome, Outcome::Local { status: 403, .. }));
    assert_eq!(transcript.answered_by, Some(1));
    assert!(transcript.upstream.is_none());
    // The answer passes the filters that saw the request.
    assert_eq!(transcript.response.unwrap().headers.get_all("x-down"), [b"b", b"a"]);
    assert!(transcript.callbacks.iter().all(|callback| callback.filter < 2));
}

#[test]
fn a_filter_that_pauses_holds_later_ones() {
    let (mut world, worker) = started(Profile::envoy(), &["a", "b"]);
    let transcript = world.request(worker, Request::get("/").header("x-pause", "a"));
    assert!(matches!(transcript.outcome, Outcome::Paused));
    assert!(transcript.callbacks.iter().all(|callback| callback.filter == 0));
    let transcript = world.request(worker, Request::get("/").header("x-pause", "b"));
    assert!(matches!(transcript.outcome, Outcome::Paused));
    assert!(transcript.upstream.is_none());
}

#[test]
fn plugins_of_one_vm_share_its_memory_and_its_end() {
    let (mut world, worker) = started(Profile::envoy(), &["a", "b"]);
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(lines(&transcript.logs)[..2], ["01", "02"]);
    let trapped = world.request(worker, Request::get("/").header("x-trap", "b"));
    assert_eq!(trapped.status(), Some(503));
    assert_eq!(world.request(worker, Request::get("/")).status(), Some(503));
}

#[test]
fn other_vm_ids_keep_plugins_apart_on_envoy_and_not_on_nginx() {
    let count = |profile: Profile| {
        let mut parts = chain(&["a", "b"]);
        parts[1].1.vm_id = "other".to_owned();
        let mut world = World::builder(profile).build();
        let worker = world.start_chain(&parts, 1).unwrap()[0];
        lines(&world.request(worker, Request::get("/")).logs)[1].clone()
    };
    assert_eq!(count(Profile::envoy()), "01");
    assert_eq!(count(Profile::ngx_0_6()), "02");
}

#[test]
fn an_open_filter_that_fails_is_passed_over_and_the_others_are_not() {
    let mut parts = chain(&["a", "b", "c"]);
    parts[1].1.vm_id = "b".to_owned();
    parts[1].1.failure_policy = FailurePolicy::Open;
    let mut world = World::builder(Profile::envoy()).build();
    let worker = world.start_chain(&parts, 1).unwrap()[0];
    let transcript = world.request(worker, Request::get("/").header("x-trap", "b"));
    assert_eq!((transcript.reached_upstream(), transcript.status()), (false, Some(503)));
    let transcript = world.request(worker, Request::get("/"));
    assert!(transcript.bypassed);
    assert_eq!(transcript.upstream.unwrap().headers.get_all("x-up"), [b"a", b"c"]);
}

#[test]
fn a_later_filter_still_judges_what_a_trap_forwards() {
    // The gate that holds on nginx: the second entry answers what the first let slip.
    let (mut world, worker) = started(Profile::ngx_0_6(), &["a", "b"]);
    let request = Request::get("/").header("x-trap", "a").header("x-answer", "b");
    let transcript = world.request(worker, request);
    assert_eq!((transcript.reached_upstream(), transcript.status()), (false, Some(500)));
}

#[test]
fn a_new_chain_takes_new_requests_and_the_old_ends_its_own() {
    for profile in [Profile::spec(), Profile::envoy(), Profile::ngx_0_6()] {
        let (mut world, worker) = started(profile, &["a"]);
        let slow = UpstreamReply::status(200).after(Duration::from_millis(50));
        world.set_origin(Upstream::always(slow));
        let old = world.open(worker, Request::get("/"));
        world.reconfigure(&chain(&["b"])).unwrap();
        let new = world.open(worker, Request::get("/"));
        world.advance(Duration::from_millis(60));
        let old = world.finish(old);
        assert_eq!(old.upstream.unwrap().headers.get_all("x-up"), [b"a"]);
        assert_eq!(old.response.unwrap().headers.get_all("x-down"), [b"a"]);
        let new = world.finish(new);
        assert_eq!(new.upstream.unwrap().headers.get_all("x-up"), [b"b"]);
        // The old plugin context was ended with its last request.
        let done: Vec<_> = lines(world.logs(worker)).into_iter().filter(|l| l == "a").collect();
        assert_eq!(done.len(), 2, "once for the stream, once for the plugin");
    }
}

#[test]
fn a_refused_chain_leaves_the_old_one() {
    for profile in [Profile::spec(), Profile::envoy()] {
        let (mut world, worker) = started(profile, &["a"]);
        let mut parts = chain(&["b", "c"]);
        parts[1].1.configuration = b"!".to_vec();
        let error = world.reconfigure(&parts).unwrap_err();
        assert!(matches!(error, StartError::ConfigurationRefused { .. }));
        let transcript = world.request(worker, Request::get("/"));
        assert_eq!(transcript.upstream.unwrap().headers.get_all("x-up"), [b"a"]);
    }
}

#[test]
fn headers_that_wait_let_body_callbacks_run_where_the_plugin_says_so() {
    let code = r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 1))
        (func (export "proxy_on_request_body") (param i32) (param $size i32) (param $eos i32)
          (result i32) (call $tell (local.get $size)) (i32.eqz (local.get $eos)))"#;
    let artifact = guest::compile(code);
    for allowed in [false, true] {
        let plugin = Plugin { allow_on_headers_stop_iteration: allowed, ..Plugin::new("test", "") };
        let mut world = World::builder(Profile::envoy()).build();
        let worker = world.start(&artifact, plugin).unwrap();
        let transcript = world.request(worker, Request::post("/").chunk("ab").chunk("cd"));
        assert_eq!(transcript.reached_upstream(), allowed);
        if allowed {
            assert_eq!(lines(&transcript.logs), ["02", "04"]);
            assert_eq!(transcript.upstream.unwrap().body, b"abcd");
        }
    }
}
