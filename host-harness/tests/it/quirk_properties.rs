//! Each switch of the group `properties`, on and off.

use core::time::Duration;

use gatekey_host_harness::{
    FailureKind, Plugin, Profile, Request, StartError, Status, Transcript, Upstream, UpstreamReply,
    World, WorldBuilder,
};

use crate::guest::lines;
use crate::script::{REQUEST, Script, on_and_off, told};

fn run(builder: WorldBuilder, script: &Script, request: Request) -> Transcript {
    let mut world = builder.build();
    let worker = world.start(&script.compile(), Plugin::new("auth", "")).unwrap();
    world.request(worker, request)
}

#[test]
fn nginx_names() {
    let script = Script::new()
        .property(&["xds", "route_name"])
        .property(&["request", "path"])
        .property(&["request", "url_path"])
        .property(&["request", "query"])
        .property(&["request", "host"])
        .property(&["request", "size"])
        .property(&["source", "address"])
        .property(&["connection", "mtls"])
        .property(&["plugin_name"])
        .property(&["plugin_vm_id"])
        .property(&["ngx", "pid"])
        .on("request_headers");
    let request = || Request::get("/a/../b%41?c=d").property(&["xds", "route_name"], "flights");
    let [on, off] = on_and_off(|p| p.properties.nginx_names = true);
    let absent = |name| format!("host: property \"{name}\" not found");
    let builder = World::builder(on.clone()).server_name("gw", 80);
    assert_eq!(
        told(&run(builder, &script, request())),
        [
            &absent("xds.route_name"),
            "01",
            "/a/../b%41?c=d",
            "/bA",
            "c=d",
            "gw:80",
            "01",
            "127.0.0.1",
            "false",
            "auth",
            &absent("plugin_vm_id"),
            "01",
            "1000"
        ]
    );
    let off_lines = told(&run(World::builder(off), &script, request()));
    assert_eq!(off_lines[0], "flights");
    assert_eq!(off_lines.last().unwrap(), "01");

    // What may be written: the filters' own names, the query, changeable variables.
    let script = Script::new()
        .set_property(&["wasmx", "verdict"], "allow")
        .set_property(&["request", "query"], "e=f")
        .set_property(&["ngx", "consumer"], "me")
        .set_property(&["ngx", "undeclared"], "x")
        .set_property(&["request", "path"], "/x")
        .set_property(&["my", "own"], "x")
        .on("request_headers")
        .property(&["wasmx", "verdict"])
        .property(&["request", "query"])
        .property(&["ngx", "consumer"])
        .on("log");
    let builder = World::builder(on)
        .variable("consumer", "nobody")
        .proxy_set_header("X-Consumer", "consumer");
    let request = Request::get("/").header("x-consumer", "spoofed");
    let transcript = run(builder, &script, request);
    let expected = [
        "00",
        "00",
        "00",
        "host: nginx variable \"undeclared\" not found",
        "01",
        "10",
        &absent("my.own"),
        "01",
        "allow",
        "e=f",
        "me",
    ];
    assert_eq!(told(&transcript), expected);
    assert_eq!(transcript.upstream.unwrap().headers.get_all("x-consumer"), [b"me"]);
}

#[test]
fn kong_names() {
    let script = Script::new()
        .property(&["kong", "route_id"])
        .property(&["kong", "service_name"])
        .set_property(&["kong", "service_name"], "other")
        .set_property(&["kong", "ctx", "shared", "user"], "me")
        .set_property(&["kong", "service", "target"], "h:80")
        .property(&["kong", "ctx", "shared", "user"])
        .property(&["kong", "other"])
        .on("request_headers");
    let request = Request::get("/").property(&["kong", "route_id"], "r1");
    let mut off = Profile::spec();
    off.properties.nginx_names = true;
    let mut on = off.clone();
    on.properties.kong_names = true;
    let absent = |name| format!("host: property \"{name}\" not found");
    let expected = ["r1", "01", "10", "00", "00", "me", &absent("kong.other"), "01"];
    assert_eq!(told(&script.run(on, request.clone())), expected);
    let lines = told(&script.run(off, request));
    assert_eq!(lines.iter().filter(|line| *line == "01").count(), 7);
}

#[test]
fn values_are_text() {
    let script = Script::new().property(&["response", "code"]).on("response_headers");
    let [on, off] = on_and_off(|p| p.properties.values_are_text = true);
    assert_eq!(told(&script.run(on, Request::get("/"))), ["200"]);
    assert_eq!(script.run(off, Request::get("/")).logs[0].bytes, 200u64.to_le_bytes());
}

#[test]
fn in_root() {
    let script = Script::new()
        .property(&["plugin_root_id"])
        .property(&["request", "path"])
        .property(&["ngx", "pid"])
        .set_property(&["wasmx", "x"], "1")
        .raw("(drop (call $tick_every (i32.const 1000)))")
        .on("configure")
        .property(&["node"])
        .on("tick");
    let mut profile = Profile::spec();
    profile.properties.nginx_names = true;
    profile.properties.in_root = Some(Status::InternalFailure);
    let run = |profile| {
        let mut world = World::builder(profile).build();
        let worker = world.start(&script.compile(), Plugin::new("auth", "")).unwrap();
        world.advance(Duration::from_millis(1000));
        lines(world.logs(worker))
    };
    assert_eq!(run(profile), ["auth", "10", "10", "10", "10"]);
    assert_eq!(run(Profile::spec()), ["auth", "01", "01", "00", "01"]);
}

#[test]
fn plugin_name_in_configure_crashes() {
    let script = Script::new().property(&["plugin_name"]).on("configure");
    let mut on = Profile::spec();
    on.properties.nginx_names = true;
    let mut off = on.clone();
    on.properties.plugin_name_in_configure_crashes = true;
    off.properties.plugin_name_in_configure_crashes = false;
    let start = |profile| {
        let mut world = World::builder(profile).build();
        world.start(&script.compile(), Plugin::new("auth", ""))
    };
    match start(on) {
        Err(StartError::Failed { failure, .. }) => assert_eq!(failure.kind, FailureKind::Crash),
        other => panic!("{other:?}"),
    }
    assert!(start(off).is_ok());
}

#[test]
fn fixed_variable_traps() {
    let script = Script::new().set_property(&["ngx", "realip"], "x").on("request_headers");
    let mut on = Profile::spec();
    on.properties.nginx_names = true;
    let off = on.clone();
    on.properties.fixed_variable_traps = true;
    let run = |profile| {
        let builder = World::builder(profile).fixed_variable("realip", "127.0.0.1");
        run(builder, &script, Request::get("/"))
    };
    assert_eq!(run(on).failure.unwrap().kind, FailureKind::Trap);
    assert_eq!(told(&run(off)), ["10"]);
}

#[test]
fn nested_set_is_unreadable() {
    let script =
        Script::new().set_property(&["a", "b"], "x").property(&["a", "b"]).on("request_headers");
    let [on, off] = on_and_off(|p| p.properties.nested_set_is_unreadable = true);
    assert_eq!(told(&script.run(on, Request::get("/"))), ["00", "01"]);
    assert_eq!(told(&script.run(off, Request::get("/"))), ["00", "x"]);
}

#[test]
fn root_cannot_set() {
    let script = Script::new().set_property(&["a"], "x").on("configure");
    let [on, off] = on_and_off(|p| p.properties.root_cannot_set = true);
    for (profile, status) in [(on, "01"), (off, "00")] {
        let mut world = World::builder(profile).build();
        let worker = world.start(&script.compile(), Plugin::new("auth", "")).unwrap();
        assert_eq!(lines(world.logs(worker)), [status]);
    }
}

/// A gate behind a filter: what the first leaves with the host the second can judge by, even when
/// the first has trapped since.
#[test]
fn what_the_host_keeps_is_seen_along_the_chain_and_outlives_a_trap() {
    let marking = |mark: &str| {
        let script = Script::new().set_property(&["wasmx", "verdict"], mark);
        let script = script.remove(REQUEST, "apikey").call("h:80").returning(1);
        script.on("request_headers").raw("(unreachable)").on("http_call_response").compile()
    };
    let gate = Script::new()
        .property(&["wasmx", "verdict"])
        .get(REQUEST, "apikey")
        .on("request_headers")
        .compile();
    for mark in ["allow", "deny"] {
        let reply = UpstreamReply::status(200).after(Duration::from_millis(1));
        let builder = World::builder(Profile::ngx_0_6());
        let mut world = builder.upstream("h:80", Upstream::always(reply)).build();
        let chain =
            [(marking(mark), Plugin::new("auth", "")), (gate.clone(), Plugin::new("gate", ""))];
        let worker = world.start_chain(&chain, 1).unwrap()[0];
        let transcript = world.request(worker, Request::get("/").header("apikey", "secret"));
        assert_eq!(transcript.failure.as_ref().unwrap().kind, FailureKind::Trap);
        assert_eq!(told(&transcript), ["00", "00", "00", mark, "01"]);
        let sent = transcript.upstream.unwrap().headers;
        assert_eq!(sent.get("apikey"), Some(&b"secret"[..]));
    }
    // Each request has its own.
    let reading = Script::new()
        .property(&["wasmx", "verdict"])
        .set_property(&["wasmx", "verdict"], "allow")
        .on("request_headers");
    let mut world = World::builder(Profile::ngx_0_6()).build();
    let worker = world.start(&reading.compile(), Plugin::new("auth", "")).unwrap();
    for _ in 0..2 {
        assert_eq!(told(&world.request(worker, Request::get("/"))), ["01", "00"]);
    }
}
