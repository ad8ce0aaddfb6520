//! Modules that no host should load, each refused with its own error.

use gatekey_host_harness::{Artifact, ArtifactError, Plugin, Profile, StartError, World};

use crate::guest;

fn error_of(text: &str) -> ArtifactError {
    Artifact::compile(&wat::parse_str(text).unwrap()).unwrap_err()
}

const MARKER: &str = r#"(func (export "proxy_abi_version_0_2_1"))"#;
const ALLOCATOR: &str =
    r#"(func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 0)"#;
const MEMORY: &str = r#"(memory (export "memory") 1)"#;

#[test]
fn not_wasm() {
    for bytes in [&b""[..], b"\0as", b"#!/bin/sh", b"(module)"] {
        assert_eq!(Artifact::compile(bytes).unwrap_err(), ArtifactError::NotWasm);
    }
}

#[test]
fn broken_wasm() {
    let whole = guest::bytes("");
    for end in [4, 8, 9, whole.len() / 2, whole.len() - 1] {
        let error = Artifact::compile(&whole[..end]).unwrap_err();
        let refused = match error {
            ArtifactError::Invalid { reason } => !reason.is_empty(),
            // Eight bytes are a whole, empty module.
            ArtifactError::MissingAbiMarker { found } => end == 8 && found.is_empty(),
            _ => false,
        };
        assert!(refused, "{end}");
    }
}

#[test]
fn missing_exports() {
    assert_eq!(
        error_of(&format!("(module {MEMORY} {ALLOCATOR})")),
        ArtifactError::MissingAbiMarker { found: vec![] }
    );
    let future = r#"(func (export "proxy_abi_version_0_9_0"))"#;
    assert_eq!(
        error_of(&format!("(module {MEMORY} {ALLOCATOR} {future})")),
        ArtifactError::MissingAbiMarker { found: vec!["proxy_abi_version_0_9_0".into()] }
    );
    assert_eq!(error_of(&format!("(module {MARKER} {MEMORY})")), ArtifactError::MissingAllocator);
    assert_eq!(error_of(&format!("(module {MARKER} {ALLOCATOR})")), ArtifactError::MissingMemory);
}

#[test]
fn the_old_marker_and_the_old_allocator_are_enough() {
    let text = r#"(module (memory (export "memory") 1)
        (func (export "proxy_abi_version_0_2_0"))
        (func (export "malloc") (param i32) (result i32) i32.const 64))"#;
    let artifact = Artifact::compile(&wat::parse_str(text).unwrap()).unwrap();
    guest::world(Profile::envoy(), &artifact);
}

#[test]
fn every_unknown_import_is_named() {
    let error = error_of(&format!(
        r#"(module
            (import "env" "envoy_resolve_dns" (func (param i32)))
            (import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "sock_open" (func (param i32 i32 i32) (result i32)))
            {MARKER} {ALLOCATOR} {MEMORY})"#
    ));
    let imports = vec!["env.envoy_resolve_dns".into(), "wasi_snapshot_preview1.sock_open".into()];
    assert_eq!(error, ArtifactError::UnknownImports { imports });
    let memory = error_of(&format!(
        r#"(module (import "env" "memory" (memory 1)) {MARKER} {ALLOCATOR} (export "memory" (memory 0)))"#
    ));
    assert_eq!(memory, ArtifactError::UnknownImports { imports: vec!["env.memory".into()] });
}

#[test]
fn imports_and_exports_have_one_type() {
    let error = error_of(&format!(
        r#"(module (import "env" "proxy_log" (func (param i64))) {MARKER} {ALLOCATOR} {MEMORY})"#
    ));
    assert!(matches!(error, ArtifactError::WrongImport { .. }), "{error}");
    let text = format!(
        r#"(module {MARKER} {ALLOCATOR} {MEMORY}
            (func (export "proxy_on_request_headers") (param i32 i32) (result i32) i32.const 0))"#
    );
    let error = start(&wat::parse_str(text).unwrap()).unwrap_err();
    let wrong = ArtifactError::WrongExport { name: "proxy_on_request_headers".into() };
    assert_eq!(error, StartError::Artifact(wrong));
}

#[test]
fn files_that_cannot_be_read() {
    let error = Artifact::from_file("/no/such/filter.wasm").unwrap_err();
    assert!(
        matches!(&error, ArtifactError::Unreadable { path, .. } if path.ends_with("filter.wasm"))
    );
    assert!(error.to_string().starts_with("cannot read `/no/such/filter.wasm`: "), "{error}");
}

#[test]
fn four_gibibytes_are_refused() {
    let text = format!(r#"(module {MARKER} {ALLOCATOR} (memory (export "memory") 65536))"#);
    let error = start(&wat::parse_str(text).unwrap()).unwrap_err();
    assert!(matches!(error, StartError::Instantiation { .. }), "{error}");
}

#[test]
fn growing_beyond_the_limit_is_refused_to_the_guest() {
    let code = guest::request_function(
        r#"(call $tell (i32.eq (memory.grow (i32.const 16384)) (i32.const -1)))
           (call $tell (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
           i32.const 0"#,
    );
    let (mut world, worker) = guest::world(Profile::envoy(), &guest::compile(&code));
    let transcript = world.request(worker, gatekey_host_harness::Request::get("/"));
    assert_eq!(guest::lines(&transcript.logs), ["01", "00"]);
    assert_eq!(transcript.memory_after, transcript.memory_before + 65536);
    assert_eq!(world.memory_bytes(worker), transcript.memory_after);
}

#[test]
fn one_artifact_serves_threads() {
    let artifact = guest::compile("");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| guest::world(Profile::spec(), &artifact));
        }
    });
}

#[test]
fn compiled_forms_are_kept_and_spoilt_ones_made_anew() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    drop(std::fs::remove_dir_all(&folder));
    let files = || -> Vec<std::path::PathBuf> {
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let bytes = guest::bytes("");
    guest::world(Profile::envoy(), &Artifact::compile_cached(&bytes, &folder).unwrap());
    let [file] = &files()[..] else { panic!("{:?}", files()) };
    let written = std::fs::metadata(file).unwrap().modified().unwrap();
    guest::world(Profile::envoy(), &Artifact::compile_cached(&bytes, &folder).unwrap());
    assert_eq!(std::fs::metadata(file).unwrap().modified().unwrap(), written);
    std::fs::write(file, "spoilt").unwrap();
    guest::world(Profile::envoy(), &Artifact::compile_cached(&bytes, &folder).unwrap());
    assert_ne!(std::fs::read(file).unwrap(), b"spoilt");
    let other = guest::bytes("(func)");
    Artifact::compile_cached(&other, &folder).unwrap();
    assert_eq!(files().len(), 2);
    let error = Artifact::compile_cached(&other, "/proc/no-such-folder").unwrap_err();
    assert!(matches!(error, ArtifactError::Cache { .. }), "{error}");
}

fn start(bytes: &[u8]) -> Result<(), StartError> {
    let artifact = Artifact::compile(bytes)?;
    World::builder(Profile::spec()).build().start(&artifact, Plugin::new("test", "")).map(drop)
}
