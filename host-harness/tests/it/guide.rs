//! What the guide says of the hosts on which its filter does not hold.

use std::path::Path;
use std::process::Command;

use crate::sdk_guests;

fn told(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_gatekey-harness"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/guide"))
        .args(arguments)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn half_an_answer_opens_the_sdks_filter_on_nginx_and_not_on_envoy() {
    let module = sdk_guests::path("auth_random");
    let module = module.to_str().unwrap();
    for (profile, code) in [("envoy", 0), ("spec", 0), ("ngx-0.6", 1), ("kong-3.9", 1)] {
        let run = ["run", "cut-off.yaml", "--filter", module, "--profile", profile];
        let (ended, out) = told(&run);
        assert_eq!(ended, Some(code), "{profile}: {out}");
        assert_eq!(out.contains("found    :path: /"), code == 1, "{profile}: {out}");
        let run = ["run", "random.yaml", "--filter", module, "--profile", profile];
        assert_eq!(told(&run).0, Some(0), "{profile}");
        let faults = ["faults", module, "random.yaml", "--profile", profile];
        let (ended, out) = told(&faults);
        assert_eq!(ended, Some(code), "{profile}: {out}");
        assert_eq!(out.contains("OPEN"), code == 1, "{profile}: {out}");
    }
    let (ended, out) = told(&["run", "random.yaml", "--filter", module, "--profile", "ngx-0.5"]);
    assert_eq!(ended, Some(1), "{out}");
    assert!(out.contains("FAILED  ngx-0.5  random/a service that is silent"), "{out}");
}
