//! Hand-written guests: a frame with the exports every filter has, and parts to put into it.

use gatekey_host_harness::{Artifact, Plugin, Profile, WorkerId, World};

/// Imports, by the name the guest code calls them.
const IMPORTS: &str = r#"
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_set_header_map_pairs" (func $set_pairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_size" (func $map_size (param i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_remove_header_map_value" (func $remove (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_status" (func $buffer_status (param i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response"
    (func $answer (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_continue_stream" (func $resume (param i32) (result i32)))
  (import "env" "proxy_close_stream" (func $close (param i32) (result i32)))
  (import "env" "proxy_http_call"
    (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_status" (func $get_status (param i32 i32 i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $act_for (param i32) (result i32)))
  (import "env" "proxy_set_tick_period_milliseconds" (func $tick_every (param i32) (result i32)))
  (import "env" "proxy_get_current_time_nanoseconds" (func $now (param i32) (result i32)))
  (import "env" "proxy_get_shared_data" (func $load (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $store (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_register_shared_queue" (func $register (param i32 i32 i32) (result i32)))
  (import "env" "proxy_resolve_shared_queue" (func $resolve (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_enqueue_shared_queue" (func $enqueue (param i32 i32 i32) (result i32)))
  (import "env" "proxy_dequeue_shared_queue" (func $dequeue (param i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
  (import "env" "proxy_record_metric" (func $record (param i32 i64) (result i32)))
  (import "env" "proxy_get_metric" (func $metric (param i32 i32) (result i32)))
  (import "env" "proxy_get_property" (func $property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func $set_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_call_foreign_function"
    (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_done" (func $done (result i32)))
  (import "env" "proxy_get_log_level" (func $level (param i32) (result i32)))
  (import "env" "proxy_grpc_call" (func $grpc_call
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_stream" (func $grpc_stream
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_send" (func $grpc_send (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_cancel" (func $grpc_cancel (param i32) (result i32)))
  (import "env" "proxy_grpc_close" (func $grpc_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $sleep (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
"#;

/// A bump allocator, and functions that put what they are told on the log:
///
/// - `$say at len`: the bytes;
/// - `$said`: what the last answer with data left at 0 (pointer) and 4 (length);
/// - `$tell n`: the number as two characters, so that statuses can be read from the log.
const FRAME: &str = r#"
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 65536))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param $len i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get $len)))
    (local.get $at))
  (func $say (param i32 i32)
    (drop (call $log (i32.const 2) (local.get 0) (local.get 1))))
  (func $said
    (call $say (i32.load (i32.const 0)) (i32.load (i32.const 4))))
  (func $tell (param $n i32)
    (i32.store8 (i32.const 16) (i32.add (i32.const 48) (i32.div_u (local.get $n) (i32.const 10))))
    (i32.store8 (i32.const 17) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
    (call $say (i32.const 16) (i32.const 2)))
"#;

/// The imported functions by their short name, with the types of their parameters.
pub(crate) fn signatures() -> Vec<(String, Vec<&'static str>)> {
    let functions = IMPORTS.split("(func $").skip(1);
    functions
        .map(|function| {
            let name = function.split([' ', '\n']).next().unwrap();
            let params = function.split("(param").nth(1).and_then(|rest| rest.split(')').next());
            (name.to_owned(), params.unwrap_or_default().split_whitespace().collect())
        })
        .collect()
}

/// What a function is imported as.
pub(crate) fn import_name(short: &str) -> String {
    let before = IMPORTS.split(&format!("(func ${short} ")).next().unwrap();
    before.rsplit('"').nth(1).unwrap().to_owned()
}

/// Compiles a guest made of the frame and this code. Data may lie from 256 on.
pub(crate) fn compile(code: &str) -> Artifact {
    Artifact::compile(&bytes(code)).unwrap()
}

pub(crate) fn bytes(code: &str) -> Vec<u8> {
    // Only what is used: some hosts lack functions that others have.
    let is_used = |import: &str| {
        let name = import.split("(func $").nth(1).and_then(|rest| rest.split([' ', '\n']).next());
        let called = |text: &str| {
            let mut calls = text.split("call $").skip(1);
            calls.any(|call| call.split([' ', ')', '\n']).next() == name)
        };
        called(code) || called(FRAME)
    };
    let imports = IMPORTS.split("(import").filter(|import| is_used(import));
    let imports: String = imports.map(|import| format!("(import{import}")).collect();
    let text = format!("(module {imports} {FRAME} {code})");
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

/// A guest whose `proxy_on_request_headers` is this code, which leaves the action behind.
pub(crate) fn on_request(code: &str) -> Artifact {
    compile(&request_function(code))
}

pub(crate) fn request_function(code: &str) -> String {
    format!(
        r#"(func (export "proxy_on_request_headers") (param $ctx i32) (param $n i32) (param $eos i32)
             (result i32) {code})"#
    )
}

/// A serialised map as a WAT string.
pub(crate) fn map_literal(pairs: &[(&str, &str)]) -> String {
    let mut bytes = u32::try_from(pairs.len()).unwrap().to_le_bytes().to_vec();
    for (name, value) in pairs {
        bytes.extend(u32::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
    }
    for part in pairs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(part.as_bytes());
        bytes.push(0);
    }
    literal(&bytes)
}

pub(crate) fn literal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// How long the map is that [`map_literal`] writes.
pub(crate) fn map_len(pairs: &[(&str, &str)]) -> usize {
    4 + pairs.iter().map(|(name, value)| 10 + name.len() + value.len()).sum::<usize>()
}

/// A world of this profile with one worker.
pub(crate) fn world(profile: Profile, artifact: &Artifact) -> (World, WorkerId) {
    let mut world = World::builder(profile).build();
    let worker = world.start(artifact, Plugin::new("test", "")).unwrap();
    (world, worker)
}

pub(crate) fn both() -> [Profile; 2] {
    [Profile::spec(), Profile::envoy()]
}

/// What was logged, as text.
pub(crate) fn lines(logs: &[gatekey_host_harness::Log]) -> Vec<String> {
    logs.iter().map(|log| log.message().into_owned()).collect()
}
