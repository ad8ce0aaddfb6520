//! A provider that is away, slow, or back again.

use core::time::Duration;
use std::sync::Mutex;
use std::time::Instant;

use gatekey_providers::{Answer, OidcProvider, Registration, Service, Tools, World};
use serde_json::{Value, json};

use crate::{assert_refused, await_status, provider};

const TIMEOUT_MS: u64 = 2_000;
/// Keys are fetched anew at this age, and used for so much longer when that is not possible.
const MAX_AGE_SECONDS: u64 = 30;
const STALE_SECONDS: u64 = 20;

fn world(tools: &Tools, provider: &OidcProvider) -> World {
    let of = |name: &str, more: Value| {
        let mut settings = json!({
            "issuer": provider.issuer(),
            "client_id": "gateway",
            "credential_claim": ["client_id"],
            "timeout": TIMEOUT_MS,
        });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Service::new(name, settings).client("app", Registration::Approved)
    };
    World::plan(tools)
        .provider(&provider.authority())
        .service(of(
            "signed",
            json!({
                "auth_methods": ["bearer"],
                "jwks_max_age": MAX_AGE_SECONDS,
                "jwks_stale_seconds": STALE_SECONDS,
            }),
        ))
        .service(of("opaque", json!({"auth_methods": ["introspection"]})))
        .service(of("exchange", json!({"auth_methods": ["client_credentials"]})))
        .start()
}

/// Refused for now, and told when to come back.
#[track_caller]
fn assert_later(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{answer:?}");
    assert_eq!(answer.json()["message"], "Service temporarily unavailable");
}

#[test]
fn what_is_known_goes_on_without_the_provider() {
    let Some(tools) = Tools::find() else { return };
    let mut provider = provider(&tools);
    let world = world(&tools, &provider);
    let basic = gatekey_providers::basic("app", "secret-of-app");
    // Tokens that the gateway has seen need no key any more, so each is shown once.
    let tokens: Vec<_> = (0..400).map(|_| provider.token("app", "ES256", "", 600)).collect();
    let tokens = Mutex::new(tokens);
    let unseen = || world.bearer("/signed", &tokens.lock().unwrap().pop().unwrap());
    let opaque = provider.token("app", "opaque", "", 600);
    assert_eq!(unseen().status, 200, "{}", world.log());
    let fetched = Instant::now();
    // It must have been reached before it is gone.
    assert_eq!(world.bearer("/opaque", &provider.token("app", "opaque", "", 600)).status, 200);

    provider.kill();
    assert_eq!(unseen().status, 200);
    assert_later(&world.bearer("/opaque", &opaque));
    assert_later(&world.get("/exchange", &[("authorization", &basic)]));
    // The keys are older than they should be, and nobody has better ones.
    let old = Duration::from_secs(MAX_AGE_SECONDS + 2);
    std::thread::sleep(old.saturating_sub(fetched.elapsed()));
    assert_eq!(unseen().status, 200, "{}", world.log());

    // Beyond the limit even known keys are not used.
    await_status(503, Duration::from_secs(STALE_SECONDS + 3), unseen);
    assert_later(&unseen());

    provider.restart();
    let patience = Duration::from_secs(30);
    let signed = await_status(200, patience, || {
        let token = provider.token("app", "ES256", "", 600);
        world.bearer("/signed", &token)
    });
    let fresh = provider.token("app", "opaque", "", 600);
    let opaque = await_status(200, patience, || world.bearer("/opaque", &fresh));
    println!("recovered after {signed:?} and {opaque:?}");
    let exchange = || world.get("/exchange", &[("authorization", &basic)]);
    await_status(200, patience, exchange);
}

#[test]
fn a_gateway_that_starts_without_its_provider_waits_for_it() {
    let Some(tools) = Tools::find() else { return };
    let mut provider = provider(&tools);
    let token = provider.token("app", "RS256", "", 600);
    let world = world(&tools, &provider);
    provider.kill();
    assert_later(&world.bearer("/signed", &token));
    assert_later(&world.bearer("/opaque", "any"));
    provider.restart();
    await_status(200, Duration::from_secs(30), || world.bearer("/signed", &token));
}

#[test]
fn a_slow_provider_keeps_nobody_waiting_but_those_who_need_it() {
    let Some(tools) = Tools::find() else { return };
    let provider = provider(&tools);
    let world = world(&tools, &provider);
    let token = provider.token("app", "RS256", "", 600);
    let opaque = provider.token("app", "opaque", "", 600);
    assert_eq!(world.bearer("/signed", &token).status, 200, "{}", world.log());
    let known = provider.token("app", "opaque", "", 600);
    assert_eq!(world.bearer("/opaque", &known).status, 200);

    provider.pause();
    std::thread::scope(|scope| {
        let needy: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let started = Instant::now();
                    (world.bearer("/opaque", &opaque), started.elapsed())
                })
            })
            .collect();
        let mut slowest = Duration::ZERO;
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(TIMEOUT_MS) {
            for (path, token) in [("/signed", &token), ("/opaque", &known)] {
                let started = Instant::now();
                assert_eq!(world.bearer(path, token).status, 200, "{path}");
                slowest = slowest.max(started.elapsed());
            }
        }
        println!("the slowest of the others took {slowest:?}");
        assert!(slowest < Duration::from_millis(TIMEOUT_MS / 2), "{slowest:?}");
        for asked in needy {
            let (answer, took) = asked.join().unwrap();
            assert_later(&answer);
            assert!(took < Duration::from_millis(2 * TIMEOUT_MS + 500), "{took:?}");
        }
    });
    assert_refused(&world.bearer("/opaque", &opaque), 503, "provider_unavailable");
    provider.resume();
    await_status(200, Duration::from_secs(30), || world.bearer("/opaque", &opaque));
}
