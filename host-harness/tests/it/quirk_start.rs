//! What of the group `start` is about single functions, on and off.

use gatekey_host_harness::{Plugin, Request, World};

use crate::guest::lines;
use crate::script::{Script, on_and_off, told};

#[test]
fn configuration_only_in_configure() {
    let script =
        Script::new().buffer(7, 0, 99).on("configure").buffer(7, 0, 99).on("request_headers");
    let [on, off] = on_and_off(|p| p.start.configuration_only_in_configure = true);
    for (profile, later) in [(on, "01"), (off, "{}")] {
        let mut world = World::builder(profile).build();
        let worker = world.start(&script.compile(), Plugin::new("test", "{}")).unwrap();
        assert_eq!(lines(world.logs(worker)), ["{}"]);
        assert_eq!(told(&world.request(worker, Request::get("/"))), [later]);
    }
}
