//! The targets find a filter that is wrong: here one that lets everything through.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const OPEN: &str = r#"(module (memory (export "memory") 2)
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 1024))"#;

#[test]
fn an_open_filter_is_found_and_the_input_kept() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("open-filter");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("gatekey_key_auth.wasm"), wat::parse_str(OPEN).unwrap()).unwrap();
    for (target, program) in [
        ("request", env!("CARGO_BIN_EXE_request")),
        ("configuration", env!("CARGO_BIN_EXE_configuration")),
        ("snapshot", env!("CARGO_BIN_EXE_snapshot")),
        ("callout", env!("CARGO_BIN_EXE_callout")),
    ] {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        let output = Command::new(program)
            .arg(&corpus)
            .args(["-runs=0", &format!("-artifact_prefix={}/{target}-", folder.display())])
            .env("GATEKEY_FILTERS_DIR", &folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{target}: {told}");
        assert!(told.contains("let through without a key"), "{target}: {told}");
        assert!(told.contains("Test unit written to"), "{target}: {told}");
    }
}
