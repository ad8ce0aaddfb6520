//! Traces reach a collector, as parts of those that callers began.

use core::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use gatekey_portal::config::Telemetry;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::support::TestPortal;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

async fn take(
    State(taken): State<UnboundedSender<Bytes>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    taken.send(body).unwrap();
    StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_span_of_its_callers_trace() {
    let (taken, mut spans) = unbounded_channel();
    let collector = Router::new().route("/v1/traces", post(take)).with_state(taken);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, collector).await });
    let portal =
        TestPortal::start_as(|config| config.telemetry = Some(Telemetry::new(&endpoint))).await;
    let caller = portal
        .anyone()
        .with("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .with("x-request-id", "the-request-of-this-test");
    let path = "/v3/portals?secret=do-not-tell";
    caller.get(path).await.expect(StatusCode::UNAUTHORIZED);

    let started = Instant::now();
    loop {
        let batch = tokio::time::timeout(Duration::from_secs(30), spans.recv()).await;
        let batch = batch.unwrap().unwrap();
        let holds = |part: &[u8]| batch.windows(part.len()).any(|window| window == part);
        assert!(!holds(b"do-not-tell"));
        let trace = u128::from_str_radix(TRACE, 16).unwrap().to_be_bytes();
        if holds(&trace) {
            assert!(holds(b"GET /v3/portals") && holds(b"the-request-of-this-test"));
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "no span came");
    }
    serving.abort();
}
