//! What a case can say of the proxy around filters on nginx.

use gatekey_host_harness::Profile;
use gatekey_host_harness::case::{self, Options};

use crate::script::{REQUEST, Script};

const CASE: &str = r#"
version: 1
cases:
  - name: declared
    world:
      server: { name: gw.example, port: 8000 }
      variables:
        consumer: { value: nobody, header: X-Consumer }
        realip: { value: 192.0.2.1, fixed: true }
      shared_zones: { "*": 65536 }
    steps:
      - request:
          headers: [[x-consumer, spoofed]]
          expect:
            upstream:
              headers: { x-consumer: alice, x-seen: "gw.example:8000" }
"#;

#[test]
fn a_case_declares_what_nginx_configures() {
    let script = Script::new()
        .store("k", "v", 0)
        .set_property(&["ngx", "consumer"], "alice")
        .raw(
            "(drop (call $get (i32.const 0) (i32.const 1024) (i32.const 10) (i32.const 0) (i32.const 4)))
             (drop (call $add (i32.const 0) (i32.const 1040) (i32.const 6)
               (i32.load (i32.const 0)) (i32.load (i32.const 4))))",
        )
        .get(REQUEST, ":authority")
        .on("request_headers")
        .module(r#"(data (i32.const 1024) ":authority      x-seen")"#);
    let folder = std::env::temp_dir().join(format!("gatekey-world-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("declared.yaml");
    std::fs::write(&path, CASE).unwrap();
    let cases = case::load(&[path]).unwrap_or_else(|error| panic!("{error}"));
    std::fs::remove_dir_all(&folder).unwrap();
    let report = case::run(&cases[0], &script, &Profile::ngx_0_6(), &Options::default());
    assert!(report.passed(), "{report}");
    // Without the declarations the same filter fails.
    let bare = CASE.replace("shared_zones: { \"*\": 65536 }", "shared_zones: {}");
    let path = std::env::temp_dir().join(format!("gatekey-bare-{}.yaml", std::process::id()));
    std::fs::write(&path, bare).unwrap();
    let cases = case::load(core::slice::from_ref(&path)).unwrap_or_else(|error| panic!("{error}"));
    std::fs::remove_file(&path).unwrap();
    let report = case::run(&cases[0], &script, &Profile::ngx_0_6(), &Options::default());
    assert!(!report.passed());
}
