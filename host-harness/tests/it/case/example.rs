//! The examples of the guide hold.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Folder;

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn examples() -> PathBuf {
    crate_folder().join("examples/cases")
}

/// The module of the examples, compiled into a folder.
fn module(folder: &Folder) -> PathBuf {
    let text = fs::read_to_string(examples().join("door.wat")).unwrap();
    folder.write("door.wasm", wat::parse_str(&text).unwrap())
}

fn run(profile: &str) -> (Option<i32>, String) {
    let folder = Folder::new();
    let output = Command::new(env!("CARGO_BIN_EXE_gatekey-harness"))
        .arg("run")
        .arg(examples())
        .arg("--filter")
        .arg(module(&folder))
        .args(["--profile", profile])
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn every_example_holds() {
    for profile in ["envoy", "spec"] {
        let (code, text) = run(profile);
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(text, "6 passed, 0 failed, 0 skipped\n");
    }
}

/// The guide says so: a header that is removed reaches the upstream on nginx hosts all the same.
#[test]
fn another_host_tells_the_secret() {
    let (code, text) = run("ngx-0.6");
    assert_eq!(code, Some(1));
    let found = "check `secret`: secret 1 was told in the request to the upstream, field `x-word`";
    assert!(text.contains(found), "{text}");
    assert!(!text.contains("sesame"), "{text}");
}

/// Each fenced YAML block of the guide that is a whole file is one of the examples.
#[test]
fn the_guide_shows_files_that_are_run() {
    let guide = fs::read_to_string(crate_folder().join("docs/cases.md")).unwrap();
    let entries = fs::read_dir(examples()).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<String> = entries.filter_map(|path| fs::read_to_string(path).ok()).collect();
    let blocks = guide.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let whole: Vec<&str> = blocks.filter(|block| block.starts_with("version: 1\n")).collect();
    assert!(!whole.is_empty());
    for block in whole {
        assert!(files.iter().any(|file| file == block), "no example is\n{block}");
    }
}
