//! Properties, foreign functions, life-cycle calls.

use gatekey_host_harness::{Plugin, Profile, Request, World};

use crate::guest::{self, lines, literal};

/// Reads each property and says it, or tells the status where there is none.
fn reading(paths: &[&[&str]]) -> String {
    let mut code = String::new();
    let mut data = String::new();
    let mut at = 256;
    for path in paths {
        let path = path.join("\0");
        data += &literal(path.as_bytes());
        code += &format!(
            r#"(local.set $n (call $property (i32.const {at}) (i32.const {}) (i32.const 0) (i32.const 4)))
               (if (local.get $n) (then (call $tell (local.get $n))) (else (call $said)))"#,
            path.len()
        );
        at += path.len();
    }
    format!(
        r#"(data (i32.const 256) "{data}") {}"#,
        guest::request_function(&format!("{code} (i32.const 0)"))
    )
}

#[test]
fn what_the_test_set_and_what_the_host_knows() {
    let code = reading(&[
        &["xds", "route_metadata", "filter_metadata", "gatekey", "service"],
        &["node"],
        &["request", "path"],
        &["request", "url_path"],
        &["request", "query"],
        &["request", "host"],
        &["request", "method"],
        &["request", "headers", "x"],
        &["request", "headers", "absent"],
        &["request", "size", "more"],
        &["plugin_name"],
        &["plugin_root_id"],
        &["plugin_vm_id"],
        &["response", "code"],
        &["nothing"],
        &[],
    ]);
    let mut world = World::builder(Profile::envoy()).property(&["node"], "n1").build();
    let plugin = Plugin { root_id: "r".into(), vm_id: "v".into(), ..Plugin::new("p", "") };
    let worker = world.start(&guest::compile(&code), plugin).unwrap();
    let route = ["xds", "route_metadata", "filter_metadata", "gatekey", "service"];
    let request = Request::get("/a/b?c=d?e")
        .authority("h.example")
        .header("X", "1")
        .header("x", "2")
        .property(&route, "flights");
    let expected = [
        "flights",
        "n1",
        "/a/b?c=d?e",
        "/a/b",
        "c=d?e",
        "h.example",
        "GET",
        "1,2",
        "01",
        "01",
        "p",
        "r",
        "v",
        "01",
        "01",
        "01",
    ];
    assert_eq!(lines(&world.request(worker, request).logs), expected);
    let next = world.request(worker, Request::get("/"));
    assert_eq!(lines(&next.logs)[..2], ["01", "n1"]);
}

#[test]
fn numbers_are_eight_bytes() {
    let code = r#"
        (data (i32.const 256) "response\00code")
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (drop (call $property (i32.const 256) (i32.const 13) (i32.const 0) (i32.const 4)))
          (call $said) (i32.const 0))"#;
    let (mut world, worker) = guest::world(Profile::envoy(), &guest::compile(code));
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(transcript.logs[0].bytes, 200_u64.to_le_bytes());
}

#[test]
fn set_properties_are_readable_under_one_segment_only() {
    let code = |path: &str| {
        let len = path.len();
        format!(
            r#"(data (i32.const 256) "{}")
            (func (export "proxy_on_configure") (param i32 i32) (result i32)
              (call $tell (call $set_property (i32.const 256) (i32.const {len}) (i32.const 256) (i32.const 1)))
              (i32.const 1))
            {}"#,
            literal(path.as_bytes()),
            guest::request_function(&format!(
                r#"(call $tell (call $set_property (i32.const 256) (i32.const {len})
                     (i32.const 256) (i32.const 2)))
                   (call $tell (call $property (i32.const 256) (i32.const {len})
                     (i32.const 0) (i32.const 4)))
                   (i32.const 0)"#
            ))
        )
    };
    let cases = [
        (Profile::envoy(), "mine", ["01", "00", "00"]),
        (Profile::envoy(), "mine\0too", ["01", "00", "01"]),
        (Profile::spec(), "mine\0too", ["00", "00", "00"]),
    ];
    for (profile, path, expected) in cases {
        let (mut world, worker) = guest::world(profile, &guest::compile(&code(path)));
        world.request(worker, Request::get("/"));
        assert_eq!(lines(world.logs(worker)), expected);
    }
}

#[test]
fn calls_that_nobody_serves() {
    let code = guest::on_request(
        r#"(call $tell (call $foreign (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 0)
             (i32.const 0) (i32.const 4)))
           (call $tell (call $done))
           (call $tell (call $act_for (i32.const 99)))
           (call $tell (call $act_for (i32.const 1)))
           (call $tell (call $resume (i32.const 0)))
           (call $tell (call $resume (i32.const 2)))
           (call $tell (call $resume (i32.const 4)))
           (call $tell (call $level (i32.const 32)))
           (call $tell (i32.load (i32.const 32)))
           (i32.const 1)"#,
    );
    let (mut world, worker) = guest::world(Profile::envoy(), &code);
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(lines(&transcript.logs), ["01", "01", "02", "00", "00", "00", "02", "00", "00"]);
    // The resume was for the root context, which has nothing to resume.
    assert!(!transcript.reached_upstream());
}
