//! What older Envoys lack.

use core::time::Duration;

use gatekey_host_harness::{FailurePolicy, Plugin, Profile, Request, World};

use crate::script::{Script, told};

#[test]
fn reload_policy() {
    let script = Script::new().raw("(unreachable)").on("request_headers");
    for reloads in [true, false] {
        let mut profile = Profile::envoy();
        profile.failures.reload_policy = reloads;
        let mut world = World::builder(profile).build();
        let plugin = Plugin { failure_policy: FailurePolicy::Reload, ..Plugin::new("test", "") };
        let worker = world.start(&script.compile(), plugin).unwrap();
        world.request(worker, Request::get("/"));
        world.advance(Duration::from_secs(60));
        world.request(worker, Request::get("/"));
        assert_eq!(world.reloads(worker), u64::from(reloads));
    }
}

#[test]
fn stop_iteration_option() {
    let script = Script::new()
        .returning(1)
        .on("request_headers")
        .raw("(call $tell (local.get 1))")
        .on("request_body");
    for known in [true, false] {
        let mut profile = Profile::envoy();
        profile.streams.stop_iteration_option = known;
        let mut world = World::builder(profile).build();
        let plugin = Plugin { allow_on_headers_stop_iteration: true, ..Plugin::new("test", "") };
        let worker = world.start(&script.compile(), plugin).unwrap();
        let transcript = world.request(worker, Request::post("/").body("ab"));
        assert_eq!(told(&transcript).len(), usize::from(known));
        assert_eq!(transcript.reached_upstream(), known);
    }
}
