//! What a request costs and leaves behind.

use gatekey_host_harness::{Outcome, Request};

use crate::filter::{FILTERED, call, serving, status};
use crate::portal::{APPLICATION, key};

#[test]
fn nothing_is_kept_for_a_stream() {
    let (mut world, worker, one) = serving();
    for _ in 0..2_000 {
        assert_eq!(status(&mut world, worker, &one), 200);
        assert_eq!(status(&mut world, worker, "nonsense"), 401);
    }
    let before = world.memory_bytes(worker);
    for _ in 0..20_000 {
        assert_eq!(status(&mut world, worker, &one), 200);
        assert_eq!(status(&mut world, worker, "nonsense"), 401);
    }
    assert_eq!(world.memory_bytes(worker), before, "no memory is kept for a stream");
    assert_eq!(world.open_streams(worker), 0);
}

#[test]
fn an_allowed_request_reads_once_and_writes_its_identity() {
    let (mut world, worker, one) = serving();
    let transcript = call(&mut world, worker, &one);
    assert_eq!(transcript.host_call_counts["proxy_get_header_map_pairs"], 1);
    assert!(transcript.host_call_count() <= FILTERED, "{:?}", transcript.host_call_counts);
    let Outcome::Upstream { headers } = transcript.outcome else { panic!("refused") };
    assert_eq!(headers.get("apikey"), None);
    assert_eq!(headers.get("x-application-id"), Some(APPLICATION.to_string().as_bytes()));
    assert_eq!(headers.get("x-application-name"), Some(&b"Planner"[..]));
    let credential = key(1).1.id.to_string();
    assert_eq!(headers.get("x-credential-identifier"), Some(credential.as_bytes()));
}

#[test]
fn forged_identity_never_arrives() {
    let (mut world, worker, one) = serving();
    let mut request = Request::get("/flights").header("apikey", &one);
    for name in ["x-consumer-id", "x_consumer_id", "x-api-id", "x-api-id", "x_developer-id"] {
        request = request.header(name, "forged");
    }
    let Outcome::Upstream { headers } = world.request(worker, request).outcome else {
        panic!("refused")
    };
    assert!(headers.iter().all(|(_, value)| value != b"forged"), "{headers:?}");
    assert_eq!(headers.get_all("x-api-id").len(), 1);
}

#[test]
fn a_request_with_too_many_headers_is_refused() {
    let (mut world, worker, one) = serving();
    let mut request = Request::get("/flights").header("apikey", &one);
    for number in 0..130 {
        request = request.header(format!("x-{number}"), "1");
    }
    let Outcome::Local { status, details, .. } = world.request(worker, request).outcome else {
        panic!("passed")
    };
    assert_eq!((status, details.as_str()), (431, "gatekey_oversized_request"));
}
