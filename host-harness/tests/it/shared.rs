//! State that VMs share: data, queues, metrics.

use gatekey_host_harness::{MetricKind, Plugin, Profile, Request, World};

use crate::guest::{self, lines};

/// Reads `key`, writes the value `v` with the CAS number from the reading, tells both statuses.
const SWAP: &str = r#"
    (call $tell (call $load (i32.const 256) (i32.const 3) (i32.const 0) (i32.const 4) (i32.const 8)))
    (call $tell (call $store (i32.const 256) (i32.const 3) (i32.const 259) (i32.const 1)
      (i32.load (i32.const 8))))
    (call $tell (call $store (i32.const 256) (i32.const 3) (i32.const 259) (i32.const 1)
      (i32.const 77)))
    (i32.const 0)"#;

fn swapping() -> String {
    format!(r#"(data (i32.const 256) "keyv") {}"#, guest::request_function(SWAP))
}

#[test]
fn data_is_seen_by_all_workers_of_the_vm_id() {
    let artifact = guest::compile(&swapping());
    let mut world = World::builder(Profile::envoy()).build();
    let workers = world.start_many(&artifact, Plugin::new("a", ""), 2).unwrap();
    let stranger = world.start(&artifact, Plugin::new("b", "")).unwrap();
    let told = |world: &mut World, worker| lines(&world.request(worker, Request::get("/")).logs);
    assert_eq!(told(&mut world, workers[0]), ["01", "00", "08"]);
    assert_eq!(told(&mut world, workers[1]), ["00", "00", "08"]);
    assert_eq!(told(&mut world, stranger), ["01", "00", "08"]);
    assert_eq!(world.shared_data("a", b"key"), Some(b"v".to_vec()));
    assert_eq!(world.shared_data("c", b"key"), None);
}

#[test]
fn a_swap_on_a_missing_key_depends_on_the_host() {
    let code = format!(
        r#"(data (i32.const 256) "keyv") {}"#,
        guest::request_function(
            r#"(call $tell (call $store (i32.const 256) (i32.const 3) (i32.const 259) (i32.const 1)
                 (i32.const 5)))
               (i32.const 0)"#
        )
    );
    for (profile, told) in [(Profile::envoy(), "00"), (Profile::spec(), "08")] {
        let (mut world, worker) = guest::world(profile, &guest::compile(&code));
        assert_eq!(lines(&world.request(worker, Request::get("/")).logs), [told]);
    }
}

#[test]
fn queues_tell_the_worker_that_registered() {
    let code = format!(
        r#"(data (i32.const 256) "jobsitem")
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (call $tell (call $register (i32.const 256) (i32.const 4) (i32.const 32))) (i32.const 1))
        (func (export "proxy_on_queue_ready") (param $root i32) (param $queue i32)
          (call $tell (call $dequeue (local.get $queue) (i32.const 0) (i32.const 4)))
          (call $said)
          (call $tell (call $dequeue (local.get $queue) (i32.const 0) (i32.const 4))))
        {}"#,
        guest::request_function(
            r#"(call $tell (call $resolve (i32.const 0) (i32.const 0)
                 (i32.const 256) (i32.const 4) (i32.const 36)))
               (call $tell (call $resolve (i32.const 256) (i32.const 4)
                 (i32.const 256) (i32.const 4) (i32.const 40)))
               (call $tell (call $enqueue (i32.load (i32.const 36)) (i32.const 260) (i32.const 4)))
               (call $tell (call $enqueue (i32.const 99) (i32.const 260) (i32.const 4)))
               (i32.const 0)"#
        )
    );
    let artifact = guest::compile(&code);
    let mut world = World::builder(Profile::envoy()).build();
    let workers = world.start_many(&artifact, Plugin::new("a", ""), 2).unwrap();
    let transcript = world.request(workers[0], Request::get("/"));
    assert_eq!(lines(&transcript.logs), ["00", "01", "00", "01"]);
    world.advance(core::time::Duration::ZERO);
    assert_eq!(lines(world.logs(workers[1])), ["00", "00", "item", "07"]);
}

#[test]
fn metrics_keep_the_hosts_rules() {
    let code = format!(
        r#"(data (i32.const 256) "hits")
        {}"#,
        guest::request_function(
            r#"(call $tell (call $define (i32.const 0) (i32.const 256) (i32.const 4) (i32.const 32)))
               (call $tell (call $define (i32.const 3) (i32.const 256) (i32.const 4) (i32.const 36)))
               (call $tell (call $define (i32.const 2) (i32.const 256) (i32.const 3) (i32.const 40)))
               (call $tell (call $increment (i32.load (i32.const 32)) (i64.const 2)))
               (call $tell (call $increment (i32.load (i32.const 32)) (i64.const 0)))
               (call $tell (call $record (i32.load (i32.const 32)) (i64.const 3)))
               (call $tell (call $metric (i32.load (i32.const 32)) (i32.const 48)))
               (call $tell (i32.load (i32.const 48)))
               (call $tell (call $record (i32.load (i32.const 40)) (i64.const 9)))
               (call $tell (call $metric (i32.load (i32.const 40)) (i32.const 48)))
               (call $tell (call $metric (i32.const 77) (i32.const 48)))
               (i32.const 0)"#
        )
    );
    let expected = |zero| ["00", "02", "00", "00", zero, "00", "00", "05", "00", "02", "01"];
    for (profile, prefix, zero) in
        [(Profile::envoy(), "wasmcustom.", "02"), (Profile::spec(), "", "00")]
    {
        let (mut world, worker) = guest::world(profile, &guest::compile(&code));
        assert_eq!(lines(&world.request(worker, Request::get("/")).logs), expected(zero));
        assert_eq!(world.metric(&format!("{prefix}hits")), Some(5));
        let histogram = &world.metrics()[1];
        assert_eq!((histogram.kind, &histogram.samples[..]), (MetricKind::Histogram, &[9][..]));
    }
}
