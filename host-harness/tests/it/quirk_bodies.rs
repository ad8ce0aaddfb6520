//! Each function-level switch of the group `bodies`, on and off.

use core::time::Duration;

use gatekey_host_harness::{
    FailureKind, Plugin, Profile, Request, Transcript, Upstream, UpstreamReply, World,
};

use crate::script::{Script, on_and_off, told};

#[test]
fn read_offset_is_ignored() {
    let script = Script::new().buffer(0, 0, 3).buffer(0, 3, 3).buffer(0, 100, 2).on("request_body");
    let request = Request::post("/").body("abcdef");
    let [on, off] = on_and_off(|p| p.bodies.read_offset_is_ignored = true);
    assert_eq!(told(&script.run(on, request.clone())), ["abc", "abc", "ab"]);
    assert_eq!(told(&script.run(off, request)), ["abc", "def", ""]);
}

#[test]
fn memory_limit() {
    let script =
        Script::new().raw("(call $tell (local.get 1))").buffer(0, 0, 99).on("request_body");
    let [on, off] = on_and_off(|p| p.bodies.memory_limit = Some(5));
    let body = |text: &str| Request::post("/").body(text);
    assert_eq!(told(&script.run(on.clone(), body("12345"))), ["05", "12345"]);
    let expected = ["06", "host: cannot read request body buffered to file", "01"];
    let large = script.run(on, body("123456"));
    assert_eq!(told(&large), expected);
    assert_eq!(large.upstream.unwrap().body, b"123456");
    assert_eq!(told(&script.run(off, body("123456"))), ["06", "123456"]);
}

#[test]
fn readable_in_log() {
    let script = Script::new()
        .buffer(0, 0, 99)
        .on("request_headers")
        .buffer(0, 0, 99)
        .on("request_body")
        .buffer(0, 0, 99)
        .on("log");
    let request = Request::post("/").body("body");
    let [on, off] = on_and_off(|p| p.bodies.readable_in_log = true);
    assert_eq!(told(&script.run(on, request.clone())), ["01", "body", "body"]);
    assert_eq!(told(&script.run(off, request)), ["01", "body", "01"]);
}

#[test]
fn read_in_call_callback_traps() {
    let script = Script::new()
        .call("auth")
        .returning(1)
        .on("request_headers")
        .buffer(0, 0, 99)
        .raw("(drop (call $resume (i32.const 0)))")
        .on("http_call_response");
    let run = |profile: Profile| -> Transcript {
        let reply = UpstreamReply::status(200).after(Duration::from_millis(1));
        let mut world = World::builder(profile).upstream("auth", Upstream::always(reply)).build();
        let worker = world.start(&script.compile(), Plugin::new("test", "")).unwrap();
        world.request(worker, Request::post("/").body("body"))
    };
    let [on, off] = on_and_off(|p| p.bodies.read_in_call_callback_traps = true);
    let failure = run(on).failure.unwrap();
    assert_eq!(
        (failure.kind, failure.callback),
        (FailureKind::Trap, "proxy_on_http_call_response")
    );
    let transcript = run(off);
    assert_eq!(told(&transcript), ["00", "01"]);
    assert_eq!(transcript.failure, None);
}

#[test]
fn empty_read_is_not_found() {
    let script = Script::new().buffer(7, 0, 99).on("configure");
    for (profile, expected) in
        on_and_off(|p| p.bodies.empty_read_is_not_found = true).into_iter().zip([["01"], [""]])
    {
        let mut world = World::builder(profile).build();
        let worker = world.start(&script.compile(), Plugin::new("test", "")).unwrap();
        assert_eq!(crate::guest::lines(world.logs(worker)), expected);
    }
}

#[test]
fn write_inside_is_refused() {
    let write = |at: u32| {
        let call = format!(
            "(call $tell (call $set_buffer (i32.const 0) (i32.const {at}) (i32.const 1) (i32.const 256) (i32.const 0)))"
        );
        let script = Script::new().raw(&call).on("request_body");
        on_and_off(|p| p.bodies.write_inside_is_refused = true).map(|profile| {
            let transcript = script.run(profile, Request::post("/").body("abc"));
            (told(&transcript).concat(), transcript.upstream.unwrap().body)
        })
    };
    assert_eq!(write(0), [("00".into(), b"bc".to_vec()), ("00".into(), b"bc".to_vec())]);
    assert_eq!(write(1), [("02".into(), b"abc".to_vec()), ("00".into(), b"ac".to_vec())]);
    assert_eq!(write(3), [("00".into(), b"abc".to_vec()), ("00".into(), b"abc".to_vec())]);
}
