//! The project's scenarios, as case files, on the filter that they are about.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The built filter; without it the test is left out, but never on CI.
fn filter() -> Option<PathBuf> {
    let folder = std::env::var_os("GATEKEY_FILTERS_DIR").map(PathBuf::from);
    assert!(
        folder.is_some() || std::env::var_os("CI").is_none(),
        "`GATEKEY_FILTERS_DIR` is not set"
    );
    folder.map(|folder| folder.join("gatekey_key_auth.wasm"))
}

#[test]
fn the_key_auth_filter_tells_every_story_as_written() {
    let Some(filter) = filter() else { return };
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../filters/key-auth/cases");
    let output = Command::new(env!("CARGO_BIN_EXE_gatekey-harness"))
        .arg("run")
        .arg(cases)
        .arg("--filter")
        .arg(filter)
        .args(["--profile", "envoy", "--profile", "spec"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let passed = text.split(' ').next().and_then(|count| count.parse::<usize>().ok());
    assert!(passed.is_some_and(|passed| passed > 500), "{text}");
}
