//! The compiled filter in a real Envoy, with identity providers that know nothing of us.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test says what is wrong by failing"
)]

mod authority;
mod bearer;
mod description;
mod exchange;
mod flows;
mod introspection;
mod journey;
mod login;
mod outage;
mod people;
mod registration;
mod rotation;
mod sign_in;

use core::time::Duration;
use std::time::Instant;

use gatekey_providers::{Answer, OidcProvider, Tools, jwks};

/// A provider with keys of every kind that nobody is sent to.
fn provider(tools: &Tools) -> OidcProvider {
    OidcProvider::start(tools, &jwks(tools, "one", &["RS256", "ES256", "EdDSA"]), &[], "")
}

/// Refused, for this reason and with this status.
#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    let details = format!("gatekey_{code}");
    assert!(answer.status == status && answer.details() == details, "{code}: {answer:?}");
}

/// Asks until the answer has this status, and says how long that took.
#[track_caller]
fn await_status(status: u16, within: Duration, ask: impl Fn() -> Answer) -> Duration {
    let started = Instant::now();
    loop {
        let answer = ask();
        if answer.status == status {
            return started.elapsed();
        }
        assert!(started.elapsed() < within, "never {status}: {answer:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Waits until something is so.
#[track_caller]
fn eventually(what: &str, holds: impl Fn() -> bool, told: impl Fn() -> String) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(30), "never: {what}\n{}", told());
        std::thread::sleep(Duration::from_millis(50));
    }
}
