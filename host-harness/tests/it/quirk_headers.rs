//! Each switch of the group `headers`, on and off.

use core::time::Duration;

use gatekey_host_harness::{
    FailureKind, Headers, LateEdit, Outcome, Plugin, Profile, Request, Transcript, Upstream,
    UpstreamReply, World,
};

use crate::guest::lines;
use crate::script::{REQUEST, RESPONSE, Script, on_and_off, told};

fn upstream(transcript: &Transcript) -> Headers {
    transcript.upstream.clone().unwrap().headers
}

fn of(pairs: &[(&str, &str)]) -> Headers {
    pairs.iter().copied().collect()
}

#[test]
fn removed_is_still_sent() {
    let script = Script::new()
        .remove(REQUEST, "apikey")
        .get(REQUEST, "apikey")
        .pair_count(REQUEST)
        .on("request_headers");
    let request = Request::bare().header("x", "1").header("ApiKey", "secret");
    let [on, off] = on_and_off(|p| p.headers.removed_is_still_sent = true);
    for (profile, sent) in [(on, of(&[("x", "1"), ("apikey", "secret")])), (off, of(&[("x", "1")]))]
    {
        let transcript = script.run(profile, request.clone());
        assert_eq!(told(&transcript), ["00", "01", "01"]);
        assert_eq!(upstream(&transcript), sent);
    }
}

#[test]
fn set_keeps_repeats() {
    let script = Script::new()
        .set(REQUEST, "x-user", "")
        .get(REQUEST, "x-user")
        .pair_count(REQUEST)
        .on("request_headers");
    let once = Request::bare().header("y", "1").header("X-User", "spoofed");
    let twice = once.clone().header("x-user", "again");
    let [on, off] = on_and_off(|p| p.headers.set_keeps_repeats = true);
    // A single copy is blanked on either host.
    for profile in [&on, &off] {
        let transcript = script.run(profile.clone(), once.clone());
        assert_eq!(told(&transcript), ["00", "", "02"]);
        assert_eq!(upstream(&transcript), of(&[("y", "1"), ("x-user", "")]));
    }
    let transcript = script.run(on, twice.clone());
    assert_eq!(told(&transcript), ["00", "", "01"]);
    let sent = of(&[("y", "1"), ("x-user", ""), ("x-user", "again")]);
    assert_eq!(upstream(&transcript), sent);
    let transcript = script.run(off, twice);
    assert_eq!(told(&transcript), ["00", "", "02"]);
    assert_eq!(upstream(&transcript), of(&[("y", "1"), ("x-user", "")]));
}

#[test]
fn replace_all_keeps_originals() {
    let script = Script::new()
        .replace_all(REQUEST, &[("x", "new"), ("host", "mine")])
        .get(REQUEST, "x")
        .get(REQUEST, "apikey")
        .on("request_headers");
    let request =
        Request::bare().authority("api.example").header("x", "old").header("apikey", "secret");
    let [on, off] = on_and_off(|p| {
        p.headers.replace_all_keeps_originals = true;
        p.headers.authority_is_server_name = true;
    });
    let transcript = script.run(on, request.clone());
    assert_eq!(told(&transcript), ["00", "new", "01"]);
    let sent = of(&[
        (":authority", "api.example"),
        ("x", "old"),
        ("apikey", "secret"),
        ("x", "new"),
        ("host", "mine"),
    ]);
    assert_eq!(upstream(&transcript), sent);
    let transcript = script.run(off, request);
    assert_eq!(told(&transcript), ["00", "new", "01"]);
    assert_eq!(upstream(&transcript), of(&[("x", "new"), ("host", "mine")]));
}

#[test]
fn read_at_most() {
    let script = Script::new().pair_count(REQUEST).on("request_headers");
    let [on, off] = on_and_off(|p| p.headers.read_at_most = Some(10));
    let with = |count| (0..count).fold(Request::get("/"), |r, n| r.header(format!("x{n}"), "1"));
    assert_eq!(told(&script.run(on.clone(), with(6))), ["10"]);
    let cut = script.run(on.clone(), with(7));
    assert_eq!(told(&cut), ["host: marshalled map truncated to 10 elements", "10"]);
    assert_eq!(upstream(&cut).len(), 11);
    assert_eq!(told(&script.run(off, with(7))), ["11"]);

    let script = Script::new()
        .call("auth")
        .returning(1)
        .on("request_headers")
        .pair_count(6)
        .raw("(drop (call $resume (i32.const 0)))")
        .on("http_call_response");
    let reply = UpstreamReply::status(200).after(Duration::from_millis(1));
    let reply = (0..12).fold(reply, |reply, n| reply.header(format!("x{n}"), "1"));
    let mut world = World::builder(on).upstream("auth", Upstream::always(reply)).build();
    let worker = world.start(&script.compile(), Plugin::new("test", "")).unwrap();
    assert_eq!(told(&world.request(worker, Request::get("/"))), ["00", "13"]);
}

#[test]
fn pseudo_headers_are_counted() {
    let script = Script::new().raw("(call $tell (local.get 1))").on("request_headers");
    let request = Request::get("/").header("x", "1");
    let [off, on] = on_and_off(|p| p.headers.pseudo_headers_are_counted = false);
    assert_eq!(told(&script.run(on, request.clone())), ["05"]);
    assert_eq!(told(&script.run(off, request)), ["01"]);
}

#[test]
fn pseudo_headers_come_first() {
    let script = Script::new().pairs(REQUEST).on("request_headers");
    let request = Request::bare().header("x", "1").header(":method", "GET").header(":path", "/a");
    let [on, off] = on_and_off(|p| p.headers.pseudo_headers_come_first = true);
    let names = |profile| {
        let said = told(&script.run(profile, request.clone()))[0].clone();
        let place = |name: &str| said.find(name).unwrap();
        (place(":path") < place(":method"), place(":method") < place("x\0"))
    };
    assert_eq!(names(on), (true, true));
    assert_eq!(names(off), (false, false));
}

#[test]
fn map_keeps_case() {
    let script = Script::new().pairs(REQUEST).get(REQUEST, "x-USER").on("request_headers");
    let request = Request::bare().header("X-User", "me");
    let [on, off] = on_and_off(|p| p.headers.map_keeps_case = true);
    for (profile, name) in [(on, "X-User"), (off, "x-user")] {
        let lines = told(&script.run(profile, request.clone()));
        assert!(lines[0].contains(&format!("{name}\0me\0")), "{lines:?}");
        assert_eq!(lines[1], "me");
    }
}

#[test]
fn authority_is_server_name() {
    let script =
        Script::new().get(REQUEST, ":authority").get(REQUEST, "host").on("request_headers");
    let [on, off] = on_and_off(|p| p.headers.authority_is_server_name = true);
    let run = |profile| {
        let mut world = World::builder(profile).server_name("gateway.example", 8000).build();
        let worker = world.start(&script.compile(), Plugin::new("test", "")).unwrap();
        world.request(worker, Request::get("/").authority("api.example"))
    };
    let (on, off) = (run(on), run(off));
    assert_eq!(told(&on), ["gateway.example:8000", "api.example"]);
    assert_eq!(told(&off), ["api.example", "01"]);
    for transcript in [on, off] {
        let sent = upstream(&transcript);
        assert_eq!(sent.get(":authority"), Some(&b"api.example"[..]));
        assert_eq!(sent.get("host"), None);
    }
}

#[test]
fn authority_and_scheme_are_read_only() {
    let script = Script::new()
        .set(REQUEST, ":authority", "other")
        .set(REQUEST, ":scheme", "ftp")
        .set(REQUEST, ":method", "PUT")
        .get(REQUEST, ":authority")
        .get(REQUEST, ":scheme")
        .get(REQUEST, ":method")
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.headers.authority_and_scheme_are_read_only = true);
    let error = |name| format!("host: cannot set read-only \"{name}\" header");
    let expected =
        [&error(":authority"), "00", &error(":scheme"), "00", "00", "localhost", "http", "PUT"];
    assert_eq!(told(&script.run(on, Request::get("/"))), expected);
    let expected = ["00", "00", "00", "other", "ftp", "PUT"];
    assert_eq!(told(&script.run(off, Request::get("/"))), expected);
}

#[test]
fn path_change_is_not_sent() {
    let script =
        Script::new().set(REQUEST, ":path", "/new").get(REQUEST, ":path").on("request_headers");
    let [on, off] = on_and_off(|p| p.headers.path_change_is_not_sent = true);
    for (profile, path) in [(on, "/old?a=b"), (off, "/new")] {
        let transcript = script.run(profile, Request::get("/old?a=b"));
        assert_eq!(told(&transcript), ["00", "/new"]);
        assert_eq!(upstream(&transcript).get(":path"), Some(path.as_bytes()));
    }
}

#[test]
fn path_with_query_traps() {
    let script = Script::new().set(REQUEST, ":path", "/a?b").on("request_headers");
    let [on, off] = on_and_off(|p| p.headers.path_with_query_traps = true);
    let failure = script.run(on, Request::get("/")).failure.unwrap();
    assert_eq!(failure.kind, FailureKind::Trap);
    assert_eq!(told(&script.run(off, Request::get("/"))), ["00"]);
}

#[test]
fn underscore_names_are_dropped() {
    let script = Script::new().get(REQUEST, "x_user").on("request_headers");
    let request = Request::bare().header("x_user", "me").header("y", "1");
    let [on, off] = on_and_off(|p| p.headers.underscore_names_are_dropped = true);
    let dropped = script.run(on, request.clone());
    assert_eq!(told(&dropped), ["01"]);
    assert_eq!(upstream(&dropped), of(&[("y", "1")]));
    assert_eq!(told(&script.run(off, request)), ["me"]);
}

#[test]
fn request_maps_stay_open() {
    let script = Script::new()
        .on("request_headers")
        .get(REQUEST, "x")
        .on("response_headers")
        .get(REQUEST, "x")
        .on("log");
    let request = Request::get("/").header("x", "1");
    let [on, off] = on_and_off(|p| p.headers.request_maps_stay_open = true);
    assert_eq!(told(&script.run(on, request.clone())), ["1", "1"]);
    assert_eq!(told(&script.run(off, request)), ["02", "1"]);
}

#[test]
fn line_breaks_are_escaped() {
    let script =
        Script::new().set(REQUEST, "x", "a\r\nb: c").get(REQUEST, "x").on("request_headers");
    let [on, off] = on_and_off(|p| p.headers.line_breaks_are_escaped = true);
    assert_eq!(told(&script.run(on, Request::get("/"))), ["00", "a%0D%0Ab: c"]);
    assert_eq!(told(&script.run(off, Request::get("/"))), ["00", "a\r\nb: c"]);
}

#[test]
fn request_map_in_root_crashes() {
    let script = Script::new()
        .raw("(drop (call $tick_every (i32.const 1000)))")
        .on("configure")
        .get(REQUEST, "x")
        .on("tick")
        .returning(1)
        .on("request_headers");
    let [on, off] = on_and_off(|p| p.headers.request_map_in_root_crashes = true);
    for (profile, crashes) in [(on, true), (off, false)] {
        let mut world = World::builder(profile).build();
        let worker = world.start(&script.compile(), Plugin::new("test", "")).unwrap();
        let paused = world.open(worker, Request::get("/"));
        world.advance(Duration::from_millis(1000));
        // All that the worker had in hand goes down with it.
        let kind = world.finish(paused).failure.map(|failure| failure.kind);
        assert_eq!(kind, crashes.then_some(FailureKind::Crash));
        assert_eq!(lines(world.logs(worker)).is_empty(), crashes);
    }
}

#[test]
fn response_headers_in_request_phase() {
    let script = Script::new()
        .add(RESPONSE, "x-request", "1")
        .on("request_headers")
        .get(RESPONSE, "x-request")
        .on("response_headers");
    let [on, off] = on_and_off(|p| p.headers.response_headers_in_request_phase = true);
    let transcript = script.run(on, Request::get("/"));
    assert_eq!(told(&transcript), ["00", "1"]);
    assert_eq!(transcript.response.unwrap().headers.get("x-request"), Some(&b"1"[..]));
    let transcript = script.run(off, Request::get("/"));
    assert_eq!(told(&transcript), ["02", "01"]);
    assert_eq!(transcript.response.unwrap().headers.get("x-request"), None);
}

#[test]
fn single_slot_add_is_dropped() {
    let script = Script::new()
        .add(REQUEST, "Authorization", "mine")
        .add(REQUEST, "x", "mine")
        .on("request_headers");
    let request = Request::bare().header("authorization", "theirs").header("x", "theirs");
    let [on, off] = on_and_off(|p| p.headers.single_slot_add_is_dropped = true);
    let dropped = script.run(on, request.clone());
    assert_eq!(told(&dropped), ["host: invalid duplicate header \"authorization\"", "00", "00"]);
    assert_eq!(upstream(&dropped).get_all("authorization"), [b"theirs"]);
    assert_eq!(upstream(&dropped).get_all("x").len(), 2);
    let added = script.run(off, request);
    assert_eq!(told(&added), ["00", "00"]);
    assert_eq!(upstream(&added).get_all("authorization"), [&b"theirs"[..], b"mine"]);
}

#[test]
fn late_edit() {
    let script =
        Script::new().on("request_headers").set(REQUEST, "x", "late").on("response_headers");
    let run = |late| {
        let mut profile = Profile::spec();
        profile.headers.late_edit = late;
        script.run(profile, Request::get("/").header("x", "1"))
    };
    assert_eq!(told(&run(LateEdit::Refused)), ["02"]);
    let ignored = run(LateEdit::Ignored);
    assert_eq!(told(&ignored), ["host: cannot change headers: they are on their way", "00"]);
    assert_eq!(upstream(&ignored).get("x"), Some(&b"1"[..]));
    let trapped = run(LateEdit::Traps);
    assert_eq!(trapped.failure.unwrap().kind, FailureKind::Trap);
    assert!(matches!(trapped.outcome, Outcome::Failed { .. }));
}
