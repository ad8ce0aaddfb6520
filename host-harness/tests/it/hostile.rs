//! Modules that are broken or mean harm: told clearly, in good time, and never more than that.

use core::time::Duration;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use gatekey_host_harness::{
    Artifact, ArtifactError, FailureKind, Outcome, Plugin, Profile, Request, StartError, World,
    WorldBuilder,
};

use crate::guest;

/// Far more than any of these needs, and less than a person waits.
const PATIENCE: Duration = Duration::from_secs(20);

const FRAME: &str = r#"(func (export "proxy_abi_version_0_2_1"))
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 1024)"#;

fn module(code: &str) -> Vec<u8> {
    wat::parse_str(format!(r#"(module {FRAME} (memory (export "memory") 1) {code})"#)).unwrap()
}

/// How a budget is spent: by instructions, or by the clock.
fn budgets() -> [fn(WorldBuilder) -> WorldBuilder; 2] {
    [|world| world.fuel_limit(5_000_000), |world| world.time_limit_seconds(1)]
}

fn start(bytes: &[u8], budget: fn(WorldBuilder) -> WorldBuilder) -> Result<(), StartError> {
    let artifact = Artifact::compile(bytes).unwrap();
    let mut world = budget(World::builder(Profile::envoy())).build();
    world.start(&artifact, Plugin::new("test", "{}")).map(drop)
}

/// The failure of a start-up callback.
fn failed(bytes: &[u8], budget: fn(WorldBuilder) -> WorldBuilder) -> (&'static str, FailureKind) {
    let began = Instant::now();
    let error = start(bytes, budget).unwrap_err();
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    let StartError::Failed { failure, .. } = error else { panic!("{error}") };
    (failure.callback, failure.kind)
}

const LOOP: &str = "(loop $again (br $again))";
const RECURSION: &str = "(func $deep (call $deep) (call $deep))";

#[test]
fn endless_start_ups_are_stopped() {
    for budget in budgets() {
        for callback in ["_initialize", "_start"] {
            let code = module(&format!(r#"(func (export "{callback}") {LOOP})"#));
            assert_eq!(failed(&code, budget), (callback, FailureKind::Deadline));
        }
        for callback in ["proxy_on_vm_start", "proxy_on_configure"] {
            let code = module(&format!(
                r#"(func (export "{callback}") (param i32 i32) (result i32) {LOOP} (i32.const 1))"#
            ));
            assert_eq!(failed(&code, budget), (callback, FailureKind::Deadline));
        }
        // The module's own start function runs before anything has a name.
        let began = Instant::now();
        let error = start(&module(&format!("(func $s {LOOP}) (start $s)")), budget).unwrap_err();
        assert!(matches!(error, StartError::Instantiation { .. }), "{error}");
        assert!(began.elapsed() < PATIENCE);
    }
}

#[test]
fn failing_start_ups_name_the_place() {
    let exit = r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;
    let code = format!(
        r#"(module {exit} {FRAME} (memory (export "memory") 1)
            (func (export "_start") (call $exit (i32.const 7))))"#
    );
    let exits = wat::parse_str(code).unwrap();
    for budget in budgets() {
        let code = module(r#"(func (export "_initialize") unreachable)"#);
        assert_eq!(failed(&code, budget), ("_initialize", FailureKind::Trap));
        let code = module(&format!(r#"{RECURSION} (func (export "_initialize") (call $deep))"#));
        assert_eq!(failed(&code, budget), ("_initialize", FailureKind::Trap));
        assert_eq!(failed(&exits, budget), ("_start", FailureKind::Exit));
    }
    let told = start(&exits, budgets()[0]).unwrap_err().to_string();
    assert!(told.contains("`_start` exited") && told.contains("code 7"), "{told}");
}

#[test]
fn endless_requests_are_stopped_and_refused() {
    let bodies = [
        (LOOP, FailureKind::Deadline),
        ("(call $deep)", FailureKind::Trap),
        // The host wants to hand over the headers, and the allocator never answers.
        ("(drop (call $pairs (i32.const 0) (i32.const 0) (i32.const 4)))", FailureKind::Deadline),
    ];
    let pairs = r#"(import "env" "proxy_get_header_map_pairs"
        (func $pairs (param i32 i32 i32) (result i32)))"#;
    for (body, kind) in bodies {
        let code = format!(
            r#"(module {pairs} (memory (export "memory") 1) {RECURSION}
            (func (export "proxy_abi_version_0_2_1"))
            (func (export "proxy_on_memory_allocate") (param i32) (result i32) {LOOP} (i32.const 0))
            (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
              {body} (i32.const 0)))"#
        );
        let artifact = Artifact::compile(&wat::parse_str(code).unwrap()).unwrap();
        for budget in budgets() {
            let began = Instant::now();
            let mut world = budget(World::builder(Profile::envoy())).build();
            let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
            let transcript = world.request(worker, Request::get("/"));
            let Outcome::Failed { failure, .. } = &transcript.outcome else {
                panic!("{transcript}")
            };
            assert_eq!((failure.kind, failure.callback), (kind, "proxy_on_request_headers"));
            assert!(!transcript.reached_upstream());
            assert!(began.elapsed() < PATIENCE);
        }
    }
}

#[test]
fn memory_has_an_end() {
    // The whole address space at once.
    let all = format!(r#"(module {FRAME} (memory (export "memory") 65536))"#);
    let error = start(&wat::parse_str(all).unwrap(), budgets()[0]).unwrap_err();
    assert!(matches!(error, StartError::Instantiation { .. }), "{error}");
    assert!(error.to_string().contains("memory"), "{error}");
    // A page after the other, for ever.
    let growing = r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
        (loop $more (br_if $more (i32.ne (memory.grow (i32.const 256)) (i32.const -1))))
        (i32.gt_u (memory.size) (i32.const 16384)))"#;
    // It is told no at the profile's limit, and may go on.
    let error = start(&module(growing), budgets()[0]).unwrap_err();
    assert!(matches!(error, StartError::ConfigurationRefused { .. }), "{error}");
    let insisting = r#"(func (export "proxy_on_configure") (param i32 i32) (result i32)
        (loop $more (drop (memory.grow (i32.const 256))) (br $more)) (i32.const 1))"#;
    for budget in budgets() {
        let failure = failed(&module(insisting), budget);
        assert_eq!(failure, ("proxy_on_configure", FailureKind::Deadline));
    }
}

/// Files that no host could load, and what must be said about them.
fn unusable() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let wat = |text: &str| wat::parse_str(format!("(module {text})")).unwrap();
    let (marker, memory) =
        (r#"(func (export "proxy_abi_version_0_2_1"))"#, r#"(memory (export "memory") 1)"#);
    let mut cut = guest::bytes("");
    cut.truncate(cut.len() / 2);
    vec![
        ("empty", Vec::new(), "not a wasm module"),
        ("text", b"fn main() {}".to_vec(), "not a wasm module"),
        ("elf", b"\x7fELF\x02\x01\x01".to_vec(), "not a wasm module"),
        ("head", b"\0asm".to_vec(), "invalid wasm module"),
        ("cut", cut, "invalid wasm module"),
        ("component", b"\0asm\x0d\x00\x01\x00".to_vec(), "invalid wasm module"),
        ("no-marker", wat(memory), "no `proxy_abi_version_*` export"),
        ("no-allocator", wat(&format!("{marker}{memory}")), "exports neither"),
        ("no-memory", wat(FRAME), "exports no memory"),
    ]
}

#[test]
fn what_is_no_filter_is_told_at_once() {
    for (name, bytes, told) in unusable() {
        let error = Artifact::compile(&bytes).unwrap_err();
        assert!(error.to_string().contains(told), "{name}: {error}");
    }
    let error = Artifact::from_file("/there/is/none.wasm").unwrap_err();
    assert!(matches!(error, ArtifactError::Unreadable { .. }));
    assert!(error.to_string().starts_with("cannot read `/there/is/none.wasm`"), "{error}");
}

#[cfg(feature = "cli")]
#[test]
fn the_command_says_the_same_and_which_file_it_is() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
    fs::create_dir_all(&folder).unwrap();
    let cases = folder.join("cases.yaml");
    fs::write(&cases, "version: 1\ncases: [{ name: a, steps: [{ request: {} }] }]").unwrap();
    let cases = cases.to_str().unwrap();
    let run = |arguments: &[&str]| {
        let began = Instant::now();
        let program = env!("CARGO_BIN_EXE_gatekey-harness");
        let output = Command::new(program).args(arguments).output().unwrap();
        assert!(began.elapsed() < PATIENCE, "{arguments:?}");
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(told).unwrap())
    };
    for (name, bytes, expected) in unusable() {
        let path = folder.join(name).with_extension("wasm");
        fs::write(&path, bytes).unwrap();
        let path = path.to_str().unwrap();
        for arguments in [&["run", cases, "--filter", path][..], &["faults", path, cases]] {
            let (code, told) = run(arguments);
            assert_eq!(code, Some(2), "{name}: {told}");
            assert!(told.contains(path) && told.contains(expected), "{name}: {told}");
        }
    }
    // What can be loaded but never starts is a case that does not hold.
    let cases_with_limit = folder.join("limit.yaml");
    let text = "version: 1\nworld: { fuel_limit: 5000000 }\ncases: [{ name: a, steps: [] }]";
    fs::write(&cases_with_limit, text).unwrap();
    let cases = cases_with_limit.to_str().unwrap();
    for (name, code, expected) in [
        ("traps", "unreachable", "`_initialize` trapped"),
        ("loops", LOOP, "`_initialize` ran past its deadline"),
    ] {
        let path = folder.join(name).with_extension("wasm");
        fs::write(&path, module(&format!(r#"(func (export "_initialize") {code})"#))).unwrap();
        let path = path.to_str().unwrap();
        for arguments in [&["run", cases, "--filter", path][..], &["faults", path, cases]] {
            let (code, told) = run(arguments);
            assert_eq!(code, Some(1), "{name}: {told}");
            assert!(told.contains(expected), "{name}: {told}");
        }
    }
}
