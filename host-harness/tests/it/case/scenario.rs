//! The project's scenarios, as case files, on the filter that they are about.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gatekey_host_harness::Profile;
use serde_json::Value;

use super::Folder;

/// The built filter; without it the test is left out, but never on CI.
fn filter(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("GATEKEY_FILTERS_DIR").map(PathBuf::from);
    assert!(
        folder.is_some() || std::env::var_os("CI").is_none(),
        "`GATEKEY_FILTERS_DIR` is not set"
    );
    folder.map(|folder| folder.join(name))
}

fn cases(filter: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../filters").join(filter).join("cases")
}

/// Runs cases; what was printed, and the reports.
fn run(cases: &Path, filter: &Path, profile: &str) -> (Output, Vec<Value>) {
    let folder = Folder::new();
    let report = folder.path().join("report.json");
    let output = Command::new(env!("CARGO_BIN_EXE_gatekey-harness"))
        .arg("run")
        .arg(cases)
        .arg("--filter")
        .arg(filter)
        .args(["--profile", profile, "--json"])
        .arg(&report)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    (output, report["reports"].as_array().unwrap().clone())
}

#[test]
fn the_filters_for_tokens_tell_every_story_on_every_profile() {
    for (name, module, least) in [
        ("openid-connect", "gatekey_openid_connect.wasm", 200),
        ("application-auth", "gatekey_application_auth.wasm", 15),
    ] {
        let Some(filter) = filter(module) else { return };
        let (output, reports) = run(&cases(name), &filter, "all");
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{name}: {text}{errors}");
        for profile in Profile::NAMES {
            let passed = reports
                .iter()
                .filter(|report| report["profile"] == profile && report["verdict"] == "passed");
            let passed = passed.count();
            assert!(passed >= least, "{name}, {profile}: {passed} passed");
        }
    }
}

#[test]
fn the_key_auth_filter_tells_every_story_on_every_profile() {
    let Some(filter) = filter("gatekey_key_auth.wasm") else { return };
    let (output, reports) = run(&cases("key-auth"), &filter, "all");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for profile in Profile::NAMES {
        let count = |fits: fn(&Value) -> bool| {
            reports.iter().filter(|report| report["profile"] == profile && fits(report)).count()
        };
        let passed = count(|report| report["verdict"] == "passed");
        assert!(passed > 250, "{profile}: {passed} passed");
        // The stories of other hosts are told in other words here.
        let untold = count(|report| {
            let reason = report["reason"].as_str();
            reason.is_some_and(|reason| !reason.starts_with("only for "))
        });
        assert!(untold <= 5, "{profile}: {untold} stories are not told");
    }
}

/// The filter is set up otherwise than the cases expect.
#[test]
fn a_key_that_reaches_the_upstream_is_found_on_every_profile() {
    let Some(filter) = filter("gatekey_key_auth.wasm") else { return };
    for profile in Profile::NAMES {
        let set = if ["spec", "envoy"].contains(&profile) { "envoy" } else { "nginx" };
        let text =
            fs::read_to_string(cases("key-auth").join(set).join("key-headers.json")).unwrap();
        let shown = text.replace("\"hide_credentials\": true", "\"hide_credentials\": false");
        assert_ne!(shown, text);
        let folder = Folder::new();
        let file = folder.write("key-headers.json", shown);
        let (output, reports) = run(&file, &filter, profile);
        assert_eq!(output.status.code(), Some(1), "{profile}");
        let found = |report: &Value| {
            let findings = report["findings"].as_array().unwrap().iter();
            findings.filter(|finding| finding["check"] == "secret").count()
        };
        assert!(reports.iter().map(found).sum::<usize>() >= 6, "{profile}");
    }
}

/// What the client says about who calls is refused on nginx; Envoy relieves the request of it.
#[test]
fn a_story_of_one_host_does_not_hold_on_another() {
    let Some(filter) = filter("gatekey_key_auth.wasm") else { return };
    for (set, profile) in [("envoy", "ngx-0.6"), ("nginx", "envoy")] {
        let text =
            fs::read_to_string(cases("key-auth").join(set).join("identity-headers.json")).unwrap();
        let mut file: Value = serde_json::from_str(&text).unwrap();
        file.as_object_mut().unwrap().remove("profiles");
        // The filter is told where it really is.
        let text = match set {
            "envoy" => file
                .to_string()
                .replace("\"hide_credentials\"", "\"host\":\"nginx\",\"hide_credentials\""),
            _ => file.to_string().replace("\"host\":\"nginx\",", ""),
        };
        let folder = Folder::new();
        let (output, reports) = run(&folder.write("other.json", text), &filter, profile);
        assert_eq!(output.status.code(), Some(1), "{profile}");
        let failed = reports.iter().filter(|report| report["verdict"] == "failed").count();
        assert!(failed >= 5, "{profile}: {failed} failed");
    }
}
