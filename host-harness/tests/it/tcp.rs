//! TCP connections: data both ways, pauses, closing, failures.

use core::time::Duration;

use gatekey_host_harness::{ConnectionTranscript, Peer, Plugin, Profile, World};

use crate::guest::{self, both, lines};
use crate::sdk_guests;

/// Pauses data that does not end with a full stop, and closes at an exclamation mark; each tick
/// resumes both ways of the first connection and tells the statuses.
const STOPS: &str = r#"
    (data (i32.const 256) "newdownup")
    (func $last (param $kind i32) (param $size i32) (result i32)
      (drop (call $buffer (local.get $kind) (i32.sub (local.get $size) (i32.const 1)) (i32.const 1)
        (i32.const 8) (i32.const 12)))
      (i32.load8_u (i32.load (i32.const 8))))
    (func $judge (param $kind i32) (param $size i32) (result i32) (local $last i32)
      (local.set $last (call $last (local.get $kind) (local.get $size)))
      (if (i32.eq (local.get $last) (i32.const 33)) (then (drop (call $close (local.get $kind)))))
      (if (i32.eq (local.get $last) (i32.const 63)) (then unreachable))
      (i32.ne (local.get $last) (i32.const 46)))
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (drop (call $tick_every (i32.const 10))) (i32.const 1))
    (func (export "proxy_on_new_connection") (param i32) (result i32)
      (call $say (i32.const 256) (i32.const 3)) (i32.const 0))
    (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
      (call $judge (i32.const 2) (local.get 1)))
    (func (export "proxy_on_upstream_data") (param i32 i32 i32) (result i32)
      (call $judge (i32.const 3) (local.get 1)))
    (func (export "proxy_on_downstream_connection_close") (param i32 i32)
      (call $say (i32.const 259) (i32.const 4)) (call $tell (local.get 1)))
    (func (export "proxy_on_upstream_connection_close") (param i32 i32)
      (call $say (i32.const 263) (i32.const 2)) (call $tell (local.get 1)))
    (func (export "proxy_on_tick") (param i32)
      (if (i32.eqz (call $act_for (i32.const 2))) (then
        (call $tell (call $resume (i32.const 2))) (call $tell (call $resume (i32.const 3))))))"#;

fn told(transcript: &ConnectionTranscript) -> Vec<String> {
    lines(&transcript.ledger.logs)
}

#[test]
fn data_is_held_until_the_guest_lets_go() {
    let artifact = guest::compile(STOPS);
    for profile in both() {
        let (mut world, worker) = guest::world(profile, &artifact);
        let id = world.connect(worker).unwrap();
        world.downstream_data(id, b"a", false);
        world.downstream_data(id, b"b.", false);
        world.downstream_data(id, b"c", true);
        world.downstream_data(id, b"too late", false);
        world.upstream_data(id, b"x.", false);
        world.upstream_data(id, b"y", true);
        assert!(world.is_connected(id));
        let transcript = world.finish_connection(id).unwrap();
        assert_eq!(transcript.to_upstream, b"ab.");
        assert_eq!(transcript.to_client, b"x.");
        assert_eq!(transcript.held, [b"c".to_vec(), b"y".to_vec()]);
        assert!(!transcript.upstream_saw_end && !transcript.closed_by_filter);
        assert_eq!(told(&transcript), ["new", "up", "00", "down", "02"]);
        assert!(!world.is_connected(id));
        assert!(world.finish_connection(id).is_none());
    }
}

#[test]
fn upstream_data_cannot_be_resumed_on_envoy() {
    let artifact = guest::compile(STOPS);
    for (profile, status, to_client) in
        [(Profile::spec(), "00", &b"y"[..]), (Profile::envoy(), "12", b"")]
    {
        let (mut world, worker) = guest::world(profile, &artifact);
        let id = world.connect(worker).unwrap();
        world.downstream_data(id, b"c", true);
        world.upstream_data(id, b"y", false);
        world.advance(Duration::from_millis(10));
        assert_eq!(lines(world.logs(worker)), ["new", "00", status]);
        let transcript = world.finish_connection(id).unwrap();
        assert_eq!((transcript.to_upstream, transcript.upstream_saw_end), (b"c".to_vec(), true));
        assert_eq!(transcript.to_client, to_client);
    }
}

#[test]
fn a_filter_may_close_a_connection_or_fail_it() {
    let artifact = guest::compile(STOPS);
    for profile in both() {
        let (mut world, worker) = guest::world(profile, &artifact);
        let (id, other) = (world.connect(worker).unwrap(), world.connect(worker).unwrap());
        world.downstream_data(id, b"bye!", false);
        assert!(!world.is_connected(id) && world.is_connected(other));
        let transcript = world.finish_connection(id).unwrap();
        assert!(transcript.closed_by_filter && transcript.to_upstream.is_empty());
        assert_eq!(told(&transcript), ["new", "down", "01"]);
        world.upstream_data(other, b"?", false);
        assert!(!world.is_connected(other));
        let transcript = world.finish_connection(other).unwrap();
        assert_eq!(transcript.failure.unwrap().callback, "proxy_on_upstream_data");
        assert!(world.connect(worker).is_none(), "the VM is down");
    }
}

#[test]
fn the_peer_that_closes_is_told() {
    let artifact = guest::compile(STOPS);
    let (mut world, worker) = guest::world(Profile::envoy(), &artifact);
    for (peer, number) in [(Peer::Unknown, "00"), (Peer::Local, "01"), (Peer::Remote, "02")] {
        let id = world.connect(worker).unwrap();
        world.close_connection(id, peer);
        world.downstream_data(id, b"x.", false);
        let transcript = world.finish_connection(id).unwrap();
        assert_eq!(told(&transcript), ["new", "down", number]);
        assert!(transcript.to_upstream.is_empty());
    }
}

#[test]
fn nginx_asks_no_filter_about_connections() {
    let artifact = guest::compile(STOPS);
    let (mut world, worker) = guest::world(Profile::ngx_0_6(), &artifact);
    let id = world.connect(worker).unwrap();
    world.downstream_data(id, b"a", true);
    world.upstream_data(id, b"?", false);
    let transcript = world.finish_connection(id).unwrap();
    assert_eq!((&*transcript.to_upstream, &*transcript.to_client), (&b"a"[..], &b"?"[..]));
    assert!(transcript.ledger.callbacks.is_empty() && transcript.failure.is_none());
}

#[test]
fn an_sdk_guest_changes_and_collects_data() {
    let artifact = sdk_guests::guest("tcp_data");
    for profile in both() {
        let mut world = World::builder(profile).build();
        let worker = world.start(&artifact, Plugin::new("tcp", "")).unwrap();
        let id = world.connect(worker).unwrap();
        world.downstream_data(id, b"Hello", true);
        world.upstream_data(id, b"wor", false);
        world.upstream_data(id, b"ld\n", false);
        world.upstream_data(id, b"rest", true);
        let transcript = world.finish_connection(id).unwrap();
        assert_eq!(transcript.to_upstream, b"HELLO");
        assert_eq!(transcript.to_client, b"world\nrest");
        assert!(transcript.upstream_saw_end && transcript.client_saw_end);
        let expected = ["connected", "upstream closed: Unknown", "downstream closed: Remote"];
        assert_eq!(told(&transcript), expected);
    }
}
