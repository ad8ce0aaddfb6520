//! SDK guests that read and change messages.

use gatekey_host_harness::{
    FailureKind, Outcome, Plugin, Profile, Request, StartError, Upstream, UpstreamReply, World,
};

use crate::guest::lines;
use crate::sdk_guests::{guest, hosts, is_ngx};

#[test]
fn headers_are_read_answered_and_added() {
    let artifact = guest("http_headers");
    for profile in hosts() {
        let ngx = is_ngx(&profile);
        let mut world = World::builder(profile).build();
        let worker = world.start(&artifact, Plugin::new("headers", "")).unwrap();
        let transcript = world.request(worker, Request::get("/x").header("a", b"\xff"));
        let told = lines(&transcript.logs);
        assert!(told.contains(&":path: /x".to_owned()), "{told:?}");
        assert!(told.contains(&"a: \u{fffd}".to_owned()), "{told:?}");
        // nginx does not say whether there is a body.
        assert_eq!(told.contains(&"no body".to_owned()), !ngx);
        let seen = transcript.response.unwrap();
        assert_eq!(seen.headers.get("x-seen"), Some(&b"yes"[..]));

        let answer = world.request(worker, Request::get("/hello")).response.unwrap();
        assert_eq!(answer.status, 200);
        let (body, repeats) = if ngx { ("Hello, World!\n\n", 1) } else { ("Hello, World!\n", 2) };
        assert_eq!(String::from_utf8_lossy(&answer.body), body);
        assert_eq!(answer.headers.get_all("hello").len(), repeats);
    }
}

#[test]
fn a_body_is_collected_and_changed() {
    let artifact = guest("http_body");
    for profile in hosts() {
        let name = profile.name.clone();
        let mut world = World::builder(profile)
            .origin(Upstream::always(UpstreamReply::status(200).chunk("a sec").chunk("ret b")))
            .build();
        let worker = world.start(&artifact, Plugin::new("body", "")).unwrap();
        let transcript = world.request(worker, Request::get("/"));
        assert!(transcript.failure.is_none(), "{name}: {transcript}");
        assert_eq!(transcript.response.unwrap().body, b"a ****** b", "{name}");
    }
}

#[test]
fn a_configuration_is_read_or_refused() {
    let artifact = guest("http_config");
    for profile in hosts() {
        let mut world = World::builder(profile).build();
        let worker = world.start(&artifact, Plugin::new("config", "from config")).unwrap();
        let response = world.request(worker, Request::get("/")).response.unwrap();
        assert_eq!(response.headers.get("x-mark"), Some(&b"from config"[..]));
        let error = world.start(&artifact, Plugin::new("other", b"\xff".to_vec())).unwrap_err();
        assert!(matches!(error, StartError::ConfigurationRefused { .. }), "{error}");
        assert!(error.to_string().contains("the configuration is not text"), "{error}");
    }
}

#[test]
fn a_panic_is_closed_and_told() {
    let artifact = guest("panics");
    for profile in hosts() {
        let ngx = is_ngx(&profile);
        let mut world = World::builder(profile).build();
        let worker = world.start(&artifact, Plugin::new("panics", "")).unwrap();
        assert!(world.request(worker, Request::get("/")).reached_upstream());
        let transcript = world.request(worker, Request::get("/").header("x-panic", "1"));
        assert!(matches!(transcript.outcome, Outcome::Failed { .. }), "{transcript}");
        assert!(!transcript.reached_upstream());
        assert_eq!(transcript.status(), Some(if ngx { 500 } else { 503 }));
        let told = lines(&transcript.logs);
        assert!(told.iter().any(|line| line.contains("asked to")), "{told:?}");
        // nginx makes a fresh instance, the others stay down.
        assert_eq!(world.request(worker, Request::get("/")).reached_upstream(), ngx);
    }
}

#[test]
fn an_endless_loop_is_stopped() {
    let artifact = guest("loops");
    let mut world = World::builder(Profile::envoy()).fuel_limit(5_000_000).build();
    let worker = world.start(&artifact, Plugin::new("loops", "")).unwrap();
    assert!(world.request(worker, Request::get("/")).reached_upstream());
    let transcript = world.request(worker, Request::get("/").header("x-loop", "1"));
    assert_eq!(transcript.failure.as_ref().unwrap().kind, FailureKind::Deadline);
    assert!(!transcript.reached_upstream());
}
