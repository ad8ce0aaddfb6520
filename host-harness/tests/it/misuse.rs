//! Guests that call every host function with nonsense, wherever they can: told, never fatal.

use core::time::Duration;

use gatekey_host_harness::{GrpcReply, GrpcUpstream, Plugin, Profile, Request, Status, World};

use crate::guest::{self, both};

const NONSENSE: [i64; 8] = [0, 1, 7, 99, 131_070, 0x7fff_ffff, -1, -8];

/// Calls every imported function, for each nonsense with every argument the same.
fn nonsense() -> String {
    let mut code = String::new();
    for (name, params) in guest::signatures() {
        if name == "exit" {
            continue;
        }
        for value in NONSENSE {
            let args: String = params.iter().map(|ty| format!("({ty}.const {value}) ")).collect();
            code += &format!("(drop (call ${name} {args}))\n");
        }
    }
    format!("(func $nonsense {code} (drop (call $tick_every (i32.const 50))))")
}

#[test]
fn nonsense_is_answered_with_a_status_everywhere() {
    let artifact = guest::compile(&format!(
        r#"{}
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (call $nonsense) (i32.const 1))
        (func (export "proxy_on_configure") (param i32 i32) (result i32) (call $nonsense) (i32.const 1))
        (func (export "proxy_on_tick") (param i32) (call $nonsense))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $nonsense) (i32.const 0))
        (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
          (call $nonsense) (i32.const 1))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $nonsense) (i32.const 0))
        (func (export "proxy_on_done") (param i32) (result i32) (call $nonsense) (i32.const 1))
        (func (export "proxy_on_log") (param i32) (call $nonsense))
        (func (export "proxy_on_delete") (param i32) (call $nonsense))"#,
        nonsense()
    ));
    let calls = (guest::signatures().len() - 1) * NONSENSE.len() + 1;
    for profile in both() {
        let (mut world, worker) = guest::world(profile, &artifact);
        for request in
            [Request::get("/"), Request::post("/").chunk("a").chunk("b"), Request::bare()]
        {
            let transcript = world.request(worker, request);
            assert!(transcript.failure.is_none(), "{transcript}");
            assert_eq!(transcript.host_call_count() % calls as u64, 0);
        }
        world.advance(Duration::from_millis(200));
        assert!(world.failure(worker).is_none());
        assert_eq!(world.open_streams(worker), 0);
    }
}

#[test]
fn functions_that_cannot_take_nonsense_say_so() {
    let artifact = guest::compile(&format!(
        "{} {}",
        nonsense(),
        guest::request_function("(call $nonsense) (i32.const 0)")
    ));
    let (mut world, worker) = guest::world(Profile::envoy(), &artifact);
    let transcript = world.request(worker, Request::get("/"));
    let answered = |name: &str, status: Status| {
        transcript.host_calls.iter().any(|call| call.name == name && call.answered(status))
    };
    for (name, _) in guest::signatures() {
        let name = guest::import_name(&name);
        let refused = transcript
            .host_calls
            .iter()
            .any(|call| call.name == name && call.status != Status::Ok as u32);
        // These three have nothing to refuse.
        let total = ["proxy_set_tick_period_milliseconds", "environ_get", "proc_exit"];
        assert!(refused || total.contains(&name.as_str()), "{name}");
    }
    assert!(answered("proxy_get_property", Status::InvalidMemoryAccess));
    assert!(answered("proxy_http_call", Status::InvalidMemoryAccess));
    assert!(answered("proxy_close_stream", Status::BadArgument));
    assert!(answered("proxy_dequeue_shared_queue", Status::NotFound));
}

#[test]
fn nonsense_does_not_disturb_what_is_under_way() {
    let artifact = guest::compile(&format!(
        r#"{}
        (data (i32.const 256) "rpc")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $grpc_call (i32.const 256) (i32.const 3) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 32)))
          (drop (call $grpc_stream (i32.const 256) (i32.const 3) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 32)))
          (call $nonsense) (i32.const 1))
        (func (export "proxy_on_grpc_receive_initial_metadata") (param i32 i32 i32) (call $nonsense))
        (func (export "proxy_on_grpc_receive") (param i32 i32 i32) (call $nonsense))
        (func (export "proxy_on_grpc_receive_trailing_metadata") (param i32 i32 i32) (call $nonsense))
        (func (export "proxy_on_grpc_close") (param i32 i32 i32) (call $nonsense))
        (func (export "proxy_on_foreign_function") (param i32 i32 i32) (call $nonsense))
        (func (export "proxy_on_done") (param i32) (result i32) (call $nonsense) (i32.const 0))"#,
        nonsense()
    ));
    for profile in both() {
        let reply = GrpcReply::ok("x").every(Duration::from_millis(3));
        let mut world = World::builder(profile)
            .grpc_upstream("rpc", GrpcUpstream::always(reply))
            .foreign_function("", |bytes| Ok(bytes.to_vec()))
            .build();
        let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
        let transcript = world.request(worker, Request::get("/"));
        assert!(transcript.failure.is_none(), "{transcript}");
        world.call_foreign_callback(worker, u32::MAX, vec![0; 9]).unwrap();
        world.advance(Duration::from_millis(200));
        world.shut_down(worker);
        world.advance(Duration::from_millis(200));
        assert!(world.failure(worker).is_none());
    }
}
