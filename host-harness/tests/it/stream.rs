//! Requests on their way through a filter.

use gatekey_host_harness::{Outcome, Profile, Request, Upstream, UpstreamReply};

use crate::guest::{self, both, lines};

#[test]
fn a_filter_without_callbacks_lets_everything_through() {
    for profile in both() {
        let (mut world, worker) = guest::world(profile, &guest::compile(""));
        let request = Request::post("/p?q")
            .header("X-Twice", "1")
            .header("x-twice", b"\xff")
            .chunk("ab")
            .chunk("c")
            .trailer("t", "1");
        let transcript = world.request(worker, request);
        let upstream = transcript.upstream.unwrap();
        assert_eq!(upstream.headers.get_all("x-twice"), [&b"1"[..], b"\xff"]);
        assert_eq!(upstream.headers.get(":path"), Some(&b"/p?q"[..]));
        assert_eq!(upstream.body, b"abc");
        assert_eq!(upstream.trailers.get("t"), Some(&b"1"[..]));
        assert!(matches!(transcript.outcome, Outcome::Upstream { .. }));
        assert_eq!(transcript.response.unwrap().status, 200);
        assert_eq!(world.open_streams(worker), 0);
    }
}

#[test]
fn a_pause_without_end_is_told() {
    let (mut world, worker) = guest::world(Profile::envoy(), &guest::on_request("i32.const 1"));
    let transcript = world.request(worker, Request::get("/"));
    assert_eq!(transcript.outcome, Outcome::Paused);
    assert_eq!((transcript.upstream, transcript.response), (None, None));
    assert_eq!(world.open_streams(worker), 0);
}
