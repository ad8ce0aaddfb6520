//! Judging modules: every rule passes on a good module and fails on one made for it.

use gatekey_host_harness::Profile;
use gatekey_host_harness::lint::{self, Severity, Verdict};

use crate::command::{file, folder, run};

/// What every good module has, with room for more.
fn module(more: &str) -> Vec<u8> {
    text(&format!(
        r#"(module {more}
          (memory (export "memory") 1 16)
          (func (export "proxy_abi_version_0_2_1"))
          (func (export "_initialize"))
          (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 1024)
          (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) i32.const 0))"#
    ))
}

fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Codes found for one host, those that are only worth knowing left out.
fn codes(bytes: &[u8], profile: &str) -> Vec<&'static str> {
    let report = lint::lint(bytes, &[profile], None).unwrap();
    let all = report.findings.iter().chain(&report.hosts[0].findings);
    all.filter(|f| f.severity > Severity::Info).map(|finding| finding.code).collect()
}

#[test]
fn a_good_module_loads_everywhere() {
    let bytes = module(r#"(import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))"#);
    let report = lint::lint(&bytes, &Profile::NAMES, Some(10_000)).unwrap();
    assert!(!report.has_errors(), "{report}");
    assert_eq!(report.hosts.len(), 5);
    for host in &report.hosts {
        assert_eq!((host.verdict, host.findings.len()), (Verdict::Loads, 0), "{report}");
    }
    let facts = &report.facts;
    assert_eq!((facts.abi, facts.allocator), (Some("0.2.1"), Some("proxy_on_memory_allocate")));
    assert_eq!(
        (facts.initialiser, facts.memories.as_slice()),
        (Some("_initialize"), &[(65_536, Some(1_048_576))][..])
    );
}

#[test]
fn each_rule_on_imports_can_fail() {
    let import = |module: &str, name: &str, ty: &str| {
        self::module(&format!(r#"(import "{module}" "{name}" (func {ty}))"#))
    };
    let size = import("env", "proxy_get_header_map_size", "(param i32 i32) (result i32)");
    let level = import("env", "proxy_get_log_level", "(param i32) (result i32)");
    let done = import("env", "proxy_done", "(result i32)");
    let foreign = import(
        "env",
        "proxy_call_foreign_function",
        "(param i32 i32 i32 i32 i32 i32) (result i32)",
    );
    let unstable = import("wasi_unstable", "random_get", "(param i32 i32) (result i32)");
    let random = import("wasi_snapshot_preview1", "random_get", "(param i32 i32) (result i32)");
    let sync = import("wasi_snapshot_preview1", "fd_sync", "(param i32) (result i32)");
    let unknown = import("env", "proxy_fly", "(result i32)");
    let wrong = import("env", "proxy_log", "(param i32) (result i32)");
    let other = import("wasi_snapshot_preview2", "fly", "");
    let cases: [(&[u8], &str, &[&str]); 21] = [
        (&size, "spec", &[]),
        (&size, "envoy", &[]),
        (&size, "ngx-0.6", &["L020"]),
        (&size, "kong-3.9", &["L020"]),
        (&level, "envoy", &[]),
        (&level, "ngx-0.6", &["L021"]),
        (&level, "ngx-0.5", &["L021"]),
        (&done, "envoy", &[]),
        (&done, "ngx-0.6", &["L022"]),
        (&foreign, "ngx-0.6", &[]),
        (&foreign, "ngx-0.5", &["L022"]),
        (&foreign, "kong-3.9", &["L022"]),
        (&unstable, "envoy", &[]),
        (&unstable, "ngx-0.6", &["L023"]),
        (&random, "envoy", &[]),
        (&random, "ngx-0.6", &["L026"]),
        (&sync, "spec", &["L020"]),
        (&sync, "envoy", &["L024"]),
        (&sync, "ngx-0.6", &["L024"]),
        (&unknown, "envoy", &["L020"]),
        (&other, "envoy", &["L023"]),
    ];
    for (bytes, profile, expected) in cases {
        assert_eq!(codes(bytes, profile), expected, "{profile}");
    }
    for profile in Profile::NAMES {
        assert_eq!(codes(&wrong, profile), ["L021"], "{profile}");
    }
    let memory = text(
        r#"(module (import "env" "memory" (memory 1)) (import "env" "g" (global i32))
          (export "memory" (memory 0)) (func (export "proxy_abi_version_0_2_1"))
          (func (export "_initialize")) (func (export "proxy_on_log") (param i32))
          (func (export "malloc") (param i32) (result i32) i32.const 1024))"#,
    );
    assert_eq!(codes(&memory, "spec"), ["L055", "L025"]);
}

#[test]
fn the_abi_decides_what_envoy_offers() {
    let with = |marker: &str, import: &str| {
        text(&format!(
            r#"(module (import "env" "{import}" (func (param i32) (result i32)))
              (memory (export "memory") 1) (func (export "{marker}")) (func (export "_initialize"))
              (func (export "malloc") (param i32) (result i32) i32.const 1024)
              (func (export "proxy_on_log") (param i32)))"#
        ))
    };
    let level = "proxy_get_log_level";
    assert!(codes(&with("proxy_abi_version_0_2_1", level), "envoy").is_empty());
    assert_eq!(codes(&with("proxy_abi_version_0_2_0", level), "envoy"), ["L020"]);
    let resume = "proxy_continue_stream";
    assert!(codes(&with("proxy_abi_version_0_2_0", resume), "envoy").is_empty());
    assert_eq!(codes(&with("proxy_abi_version_0_1_0", resume), "envoy"), ["L020"]);
    assert!(codes(&with("proxy_abi_version_0_1_0", resume), "ngx-0.6").is_empty());
    assert_eq!(codes(&with("proxy_abi_version_0_3_0", resume), "envoy"), ["L001"]);
}

#[test]
fn each_rule_on_exports_can_fail() {
    let nothing = text("(module)");
    assert_eq!(codes(&nothing, "envoy"), ["L001", "L010", "L011", "L014", "L033"]);
    let cases = [
        (r#"(func (export "malloc") (param i32) (result i32) i32.const 8)"#, "L012"),
        (r#"(func (export "proxy_abi_version_0_1_0"))"#, "L002"),
        (r#"(func (export "_start"))"#, "L015"),
        (r#"(func (export "proxy_on_tick") (param i32 i32))"#, "L030"),
        (r#"(func (export "proxy_on_tock") (param i32))"#, "L032"),
        ("(func $f) (start $f)", "L064"),
        ("(memory 1)", "L041"),
    ];
    for (more, code) in cases {
        // The exported memory stands first in the frame, so additions come behind it.
        let found = codes(&appended(more), "envoy");
        assert!(found.contains(&code), "{more}: {found:?}");
    }
    let allocator = text(
        r#"(module (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1"))
          (func (export "_initialize") (param i32)) (func (export "proxy_on_log") (param i32))
          (global (export "malloc") i32 (i32.const 1)))"#,
    );
    assert_eq!(codes(&allocator, "spec"), ["L013", "L016"]);
}

fn appended(more: &str) -> Vec<u8> {
    text(&format!(
        r#"(module
          (memory (export "memory") 1 16)
          (func (export "proxy_abi_version_0_2_1"))
          (func (export "_initialize"))
          (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 1024)
          (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) i32.const 0)
          {more})"#
    ))
}

#[test]
fn callbacks_that_nginx_never_calls_are_named() {
    let bytes = appended(
        r#"(func (export "proxy_on_queue_ready") (param i32 i32))
           (func (export "proxy_on_request_trailers") (param i32 i32) (result i32) i32.const 0)
           (func (export "proxy_on_new_connection") (param i32) (result i32) i32.const 0)
           (func (export "proxy_on_grpc_close") (param i32 i32 i32))"#,
    );
    assert!(codes(&bytes, "envoy").is_empty());
    for profile in ["ngx-0.6", "ngx-0.5", "kong-3.9"] {
        assert_eq!(codes(&bytes, profile), ["L031"; 4], "{profile}");
    }
}

#[test]
fn features_and_memory_are_held_against_the_host() {
    let gc = appended("(type (struct (field i32)))");
    assert!(codes(&gc, "ngx-0.6").contains(&"L040"));
    assert!(!codes(&gc, "envoy").contains(&"L040"));
    let simd = appended("(func (drop (v128.const i32x4 0 0 0 0)))");
    let report = lint::lint(&simd, &["kong-3.9"], None).unwrap();
    assert_eq!(report.hosts[0].findings[0].code, "L042");
    assert_eq!(report.hosts[0].verdict, Verdict::Loads);
    let memory = |limits: &str| {
        text(&format!(
            r#"(module (memory (export "memory") {limits})
              (func (export "proxy_abi_version_0_2_1")) (func (export "_initialize"))
              (func (export "proxy_on_log") (param i32))
              (func (export "malloc") (param i32) (result i32) i32.const 1024))"#
        ))
    };
    let four_gib = memory("65536");
    assert_eq!(codes(&four_gib, "envoy"), ["L050"]);
    let report = lint::lint(&four_gib, &["envoy", "ngx-0.6"], None).unwrap();
    assert_eq!(report.hosts[0].verdict, Verdict::DoesNotLoad);
    assert_eq!(report.hosts[1].verdict, Verdict::LoadsWithWarnings);
    assert!(codes(&memory("16384"), "envoy").is_empty());
    assert_eq!(codes(&memory("i64 1"), "envoy"), ["L040", "L052"]);
    assert_eq!(codes(&memory("1 2 shared"), "envoy"), ["L041", "L053"]);
}

#[test]
fn size_and_leftovers_are_seen() {
    let bytes = appended(r#"(@custom ".debug_info" "0123456789")"#);
    assert_eq!(codes(&bytes, "spec"), ["L062"]);
    let report = lint::lint(&bytes, &[], Some(100)).unwrap();
    assert_eq!(report.findings[0].code, "L060");
    assert!(report.has_errors());
    assert_eq!(report.facts.custom_sections, [(".debug_info".to_owned(), 10)]);
}

#[test]
fn bytes_that_are_no_module_are_located() {
    let good = module("");
    let cut = lint::lint(&good[..good.len() - 3], &Profile::NAMES, None).unwrap_err();
    assert!(cut.offset > 8, "{cut}");
    let text = lint::lint(b"hello", &Profile::NAMES, None).unwrap_err();
    assert_eq!(text.offset, 0);
    assert!(text.to_string().contains("not a wasm module"), "{text}");
    let component = lint::lint(b"\0asm\x0d\0\x01\0", &Profile::NAMES, None).unwrap_err();
    assert!(component.to_string().contains("component"), "{component}");
    for cut in 0..good.len() {
        // No cut may panic; most are refused.
        drop(lint::lint(&good[..cut], &["spec"], None));
    }
}

#[test]
fn the_command_tells_its_verdict_by_its_exit_code() {
    let folder = folder("lint-command");
    let good = file(&folder, "good.wasm", module(""));
    let ran = run(&["lint", &good]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for profile in Profile::NAMES {
        assert!(ran.out.contains(&format!("{profile}: loads\n")), "{}", ran.out);
    }
    assert!(ran.out.contains("proxy_on_request_headers: once for each request"), "{}", ran.out);
    let empty = file(&folder, "empty.wasm", text("(module)"));
    let ran = run(&["lint", &empty, "--profile", "envoy"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("envoy: does not load"), "{}", ran.out);
    assert!(ran.out.contains("error L001 exports:"), "{}", ran.out);
    let text = file(&folder, "text.wasm", "hello");
    let ran = run(&["lint", &text]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("text.wasm: at byte 0x0: not a wasm module"), "{}", ran.err);
    let ran = run(&["lint", "/nowhere.wasm"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("/nowhere.wasm: "), "{}", ran.err);
    assert_eq!(run(&["lint", &good, "--profile", "apache"]).code, 2);
    assert_eq!(run(&["lint", &good, "--max-size", "10"]).code, 1);
}

#[test]
fn the_command_writes_json_and_the_allow_list() {
    let folder = folder("lint-files");
    let bytes = module(
        r#"(import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
           (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#,
    );
    let good = file(&folder, "good.wasm", bytes);
    let (json, list) = (folder.join("report.json"), folder.join("allow.yaml"));
    let (json, list) = (json.display().to_string(), list.display().to_string());
    let ran = run(&["lint", &good, "--json", &json, "--allow-list", &list]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(report["hosts"][1]["profile"], "envoy");
    assert_eq!(report["hosts"][1]["verdict"], "loads");
    let expected = "capability_restriction_config:\n  allowed_capabilities:\n    fd_write: {}\n    \
        proxy_log: {}\n    proxy_on_request_headers: {}\n";
    assert_eq!(std::fs::read_to_string(&list).unwrap(), expected);
    let ran = run(&["lint", &good, "--json", "-"]);
    assert!(serde_json::from_str::<serde_json::Value>(&ran.out).is_ok(), "{}", ran.out);
}

#[test]
fn the_command_checks_the_files_beside_a_module() {
    let folder = folder("lint-meta");
    let good = file(&folder, "good.wasm", module(""));
    let meta = |content: &str| file(&folder, "good.meta.json", content);
    let ran = run(&["lint", &good, "--meta", &meta(r#"{"config_schema":{"type":"object"}}"#)]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let ran = run(&["lint", &good, "--meta", &meta(r#"{"config_schema":{"type":"objekt"}}"#)]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("good.meta.json#/config_schema/type"), "{}", ran.out);
    let ran = run(&["lint", &good, "--meta", &meta("{\n  \"config_schema\": \n")]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("good.meta.json: ") && ran.err.contains("line 3"), "{}", ran.err);
    let schema = file(&folder, "schema.json", r##"{"$schema":"x","$ref":"#/nothing"}"##);
    let ran = run(&["lint", &good, "--schema", &schema]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("error L091"), "{}", ran.out);
}

#[test]
fn start_up_is_run_only_when_asked_for_and_always_ends() {
    let folder = folder("lint-start");
    let initialize = |code: &str| {
        text(&format!(
            r#"(module (memory (export "memory") 1 16) (func (export "proxy_abi_version_0_2_1"))
              (func (export "_initialize") {code}) (func (export "proxy_on_log") (param i32))
              (func (export "malloc") (param i32) (result i32) i32.const 1024))"#
        ))
    };
    for (name, code, word) in [
        ("trap.wasm", "unreachable", "trapped"),
        ("loop.wasm", "(loop (br 0))", "ran past its deadline"),
    ] {
        let path = file(&folder, name, initialize(code));
        assert_eq!(run(&["lint", &path]).code, 0, "{name}");
        let ran = run(&["lint", &path, "--start", "--deadline", "1"]);
        assert_eq!(ran.code, 1, "{name}");
        assert!(ran.out.contains("L100 _initialize: ") && ran.out.contains(word), "{}", ran.out);
    }
    let path = file(&folder, "good.wasm", initialize("nop"));
    assert_eq!(run(&["lint", &path, "--start"]).code, 0);
    assert_eq!(run(&["lint", &path, "--config", &path]).code, 2);
}
