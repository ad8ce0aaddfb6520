//! SDK guests that call others: HTTP, several at once, gRPC, foreign functions.

use core::time::Duration;

use gatekey_host_harness::{
    FailureKind, GrpcReply, GrpcUpstream, Plugin, Request, Upstream, UpstreamReply,
    UpstreamRequest, World,
};

use crate::guest::lines;
use crate::sdk_guests::{guest, hosts, is_ngx};

#[test]
fn a_call_decides_about_the_request() {
    let artifact = guest("auth_random");
    for profile in hosts() {
        let ngx = is_ngx(&profile);
        let even = UpstreamReply::ok([2]).header("content-length", "1");
        let odd = UpstreamReply::ok([3]).header("content-length", "1");
        let replies = [even, odd, UpstreamReply::reset(), UpstreamReply::never()];
        let replies = replies.map(|reply| reply.after(Duration::from_millis(3)));
        let mut world =
            World::builder(profile).upstream("random:80", Upstream::script(replies)).build();
        let worker = world.start(&artifact, Plugin::new("auth", "")).unwrap();
        let allowed = world.request(worker, Request::get("/"));
        assert!(allowed.reached_upstream(), "{allowed}");
        let response = allowed.response.unwrap();
        assert_eq!(response.headers.get("powered-by"), Some(&b"proxy-wasm"[..]));
        let refused = world.request(worker, Request::get("/"));
        assert_eq!(refused.status(), Some(403), "{refused}");
        let body = if ngx { &b"Access forbidden\n"[..] } else { b"Access forbidden" };
        assert_eq!(refused.response.unwrap().body, body);
        // The first byte of a failure's own text decides on Envoy; "u" is odd.
        for _ in 0..2 {
            let failed = world.request(worker, Request::get("/"));
            assert_eq!(failed.status(), Some(403), "{failed}");
        }
    }
}

#[test]
fn several_calls_run_at_once() {
    let artifact = guest("http_call");
    let answer = |request: &UpstreamRequest| match request.path().as_str() {
        "/a" => {
            UpstreamReply::ok("slow").header("content-length", "4").after(Duration::from_millis(30))
        }
        "/b" => {
            UpstreamReply::ok("fast").header("content-length", "4").after(Duration::from_millis(10))
        }
        _ => {
            UpstreamReply::ok("mid").header("content-length", "3").after(Duration::from_millis(20))
        }
    };
    for profile in hosts() {
        let mut world =
            World::builder(profile).upstream("svc:80", Upstream::respond(answer)).build();
        let worker = world.start(&artifact, Plugin::new("calls", "")).unwrap();
        let transcript = world.request(worker, Request::get("/"));
        let upstream = transcript.upstream.as_ref().unwrap();
        assert_eq!(upstream.headers.get("x-replies"), Some(&b"fast,mid,slow"[..]));
        assert_eq!(transcript.ended_at, Duration::from_millis(30));
        assert_eq!(transcript.callouts.len(), 3);
        world.set_upstream("svc:80", Upstream::always(UpstreamReply::status(500)));
        assert_eq!(world.request(worker, Request::get("/")).status(), Some(502));
    }
}

#[test]
fn a_grpc_call_decides_or_traps() {
    let artifact = guest("grpc_call");
    let replies =
        || [GrpcReply::ok([1]), GrpcReply::ok([0]), GrpcReply::status(7, "no"), GrpcReply::never()];
    for profile in hosts() {
        let (ngx, name) = (is_ngx(&profile), profile.name.clone());
        let mut world = World::builder(profile)
            .grpc_upstream("policy", GrpcUpstream::script(replies()))
            .build();
        let worker = world.start(&artifact, Plugin::new("grpc", "")).unwrap();
        let first = world.request(worker, Request::get("/abc"));
        if ngx {
            assert_eq!(first.failure.as_ref().unwrap().kind, FailureKind::Trap);
            assert!(!first.reached_upstream());
            continue;
        }
        assert!(first.reached_upstream(), "{first}");
        let call = &first.grpc_callouts[0];
        assert_eq!(call.messages, [b"/abc".to_vec()]);
        assert_eq!((&*call.service, &*call.method), ("example.Policy", "Check"));
        for status in ["0", "7", "4"] {
            let refused = world.request(worker, Request::get("/"));
            let response = refused.response.as_ref().unwrap();
            assert_eq!(response.status, 403, "{name}");
            assert_eq!(response.headers.get("x-grpc-status"), Some(status.as_bytes()), "{refused}");
        }
        assert_eq!(world.elapsed(), Duration::from_secs(1));
    }
}

#[test]
fn an_unknown_grpc_service_is_an_error_to_the_sdk_only_by_one_status() {
    let artifact = guest("grpc_call");
    for profile in hosts() {
        let mut world = World::builder(profile.clone()).build();
        let worker = world.start(&artifact, Plugin::new("grpc", "")).unwrap();
        let transcript = world.request(worker, Request::get("/"));
        assert!(!transcript.reached_upstream(), "{transcript}");
        // PARSE_FAILURE, as Envoy says it, is known to the SDK; at BAD_ARGUMENT it panics.
        match profile.name.as_str() {
            "envoy" => assert_eq!(transcript.status(), Some(503), "{transcript}"),
            _ => assert_eq!(transcript.failure.unwrap().kind, FailureKind::Trap),
        }
    }
}

#[test]
fn a_foreign_function_is_called_and_calls() {
    let artifact = guest("foreign_function");
    for profile in hosts() {
        let ngx = is_ngx(&profile);
        let mut world = World::builder(profile.clone())
            .foreign_function("greet", |name| Ok([b"hello ", name].concat()))
            .build();
        let worker = world.start(&artifact, Plugin::new("foreign", "")).unwrap();
        let greeted = world.request(worker, Request::get("/")).upstream.unwrap();
        assert_eq!(greeted.headers.get("x-greeting"), Some(&b"hello world"[..]));
        world.call_foreign_callback(worker, 3, "news").unwrap();
        assert_eq!(lines(world.logs(worker)), ["called 3 with news"]);

        let mut without = World::builder(profile).build();
        let worker = without.start(&artifact, Plugin::new("foreign", "")).unwrap();
        let transcript = without.request(worker, Request::get("/"));
        assert_eq!(transcript.failure.is_some(), ngx, "{transcript}");
        if !ngx {
            let upstream = transcript.upstream.unwrap();
            assert_eq!(upstream.headers.get("x-greeting"), Some(&b"NotFound"[..]));
        }
    }
}
