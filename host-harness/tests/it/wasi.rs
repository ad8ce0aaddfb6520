//! WASI as Proxy-Wasm hosts offer it.

use gatekey_host_harness::{LogLevel, Plugin, Profile, Request, UnixMillis, World};

use crate::guest::{self, lines};

#[test]
fn time_is_virtual() {
    let code = guest::on_request(
        r#"(call $tell (call $clock (i32.const 0) (i64.const 0) (i32.const 32)))
           (call $say (i32.const 32) (i32.const 8))
           (call $tell (call $now (i32.const 32)))
           (call $say (i32.const 32) (i32.const 8))
           (call $tell (call $clock (i32.const 1) (i64.const 0) (i32.const 32)))
           (call $say (i32.const 32) (i32.const 8))
           (call $tell (call $clock (i32.const 2) (i64.const 0) (i32.const 32)))
           (call $tell (call $clock (i32.const 0) (i64.const 0) (i32.const -4)))
           (i32.const 0)"#,
    );
    let mut world = World::builder(Profile::envoy()).clock(UnixMillis(1_000)).build();
    let worker = world.start(&code, Plugin::new("test", "")).unwrap();
    world.advance(core::time::Duration::from_millis(500));
    world.set_wall_clock_off_by(-100);
    let transcript = world.request(worker, Request::get("/"));
    let bytes = |line: usize| transcript.logs[line].bytes.clone();
    assert_eq!(bytes(1), 1_400_000_000_u64.to_le_bytes());
    assert_eq!(bytes(3), bytes(1));
    assert_eq!(bytes(5), 500_000_000_u64.to_le_bytes());
    assert_eq!(lines(&transcript.logs)[6..], ["58", "21"]);
}

#[test]
fn randomness_is_seeded_and_bounded() {
    let code = guest::on_request(
        r#"(call $tell (call $random (i32.const 32) (i32.const 16)))
           (call $say (i32.const 32) (i32.const 16))
           (call $tell (call $random (i32.const 0) (i32.const 65537)))
           (call $tell (call $random (i32.const 131070) (i32.const 16)))
           (i32.const 0)"#,
    );
    let run = |seed| -> Vec<Vec<String>> {
        let mut world = World::builder(Profile::envoy()).seed(seed).build();
        let workers = world.start_many(&code, Plugin::new("test", ""), 2).unwrap();
        let logs = workers.into_iter().map(|worker| world.request(worker, Request::get("/")).logs);
        logs.map(|logs| logs.iter().map(|log| format!("{:?}", log.bytes)).collect()).collect()
    };
    let (one, again, other) = (run(1), run(1), run(2));
    assert_eq!(one, again);
    assert_ne!(one[0][1], one[1][1], "workers differ");
    assert_ne!(one[0][1], other[0][1], "seeds differ");
    assert_eq!(one[0][2], format!("{:?}", b"28"));
    assert_eq!(one[0][3], format!("{:?}", b"21"));
}

#[test]
fn output_is_logged_without_its_last_line_feed() {
    let code = guest::compile(&format!(
        r#"(data (i32.const 256) "hello, world\n")
           (data (i32.const 512) "\00\01\00\00\05\00\00\00\05\01\00\00\08\00\00\00")
           (data (i32.const 528) "\00\01\00\00\ff\ff\ff\7f")
           {}"#,
        guest::request_function(
            r#"(call $tell (call $write (i32.const 1) (i32.const 512) (i32.const 2) (i32.const 32)))
               (call $tell (i32.load (i32.const 32)))
               (call $tell (call $write (i32.const 2) (i32.const 512) (i32.const 1) (i32.const 32)))
               (call $tell (call $write (i32.const 3) (i32.const 512) (i32.const 1) (i32.const 32)))
               (call $tell (call $write (i32.const 1) (i32.const 528) (i32.const 1) (i32.const 32)))
               (call $tell (call $write (i32.const 1) (i32.const 512) (i32.const -1) (i32.const 32)))
               (i32.const 0)"#
        )
    ));
    let (mut world, worker) = guest::world(Profile::envoy(), &code);
    let transcript = world.request(worker, Request::get("/"));
    let told = ["hello, world", "00", "13", "hello", "00", "08", "21", "28"];
    assert_eq!(lines(&transcript.logs), told);
    assert_eq!(transcript.logs[0].level, LogLevel::Info);
    assert_eq!(transcript.logs[3].level, LogLevel::Error);
}

#[test]
fn only_the_configured_environment_is_seen() {
    let code = guest::on_request(
        r#"(call $tell (call $env_sizes (i32.const 32) (i32.const 36)))
           (call $tell (i32.load (i32.const 32)))
           (call $tell (call $env (i32.const 40) (i32.const 512)))
           (call $say (i32.const 512) (i32.load (i32.const 36)))
           (call $tell (call $env (i32.const -4) (i32.const -4)))
           (i32.const 0)"#,
    );
    let mut world =
        World::builder(Profile::envoy()).environment("A", "1").environment("B", "").build();
    let worker = world.start(&code, Plugin::new("test", "")).unwrap();
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(lines(&transcript.logs), ["00", "02", "00", "A=1\0B=\0", "21"]);
}

#[test]
fn quiet_worlds_keep_only_what_is_loud_enough() {
    let code = guest::on_request(
        r#"(drop (call $level (i32.const 32)))
           (drop (call $log (i32.const 2) (i32.const 0) (i32.const 1)))
           (drop (call $log (i32.load (i32.const 32)) (i32.const 0) (i32.const 1)))
           (i32.const 0)"#,
    );
    let mut world = World::builder(Profile::envoy()).log_level(LogLevel::Warn).build();
    let worker = world.start(&code, Plugin::new("test", "")).unwrap();
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(transcript.logs.len(), 1);
    assert_eq!(transcript.logs[0].level, LogLevel::Warn);
}
