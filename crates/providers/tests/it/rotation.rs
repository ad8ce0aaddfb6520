//! A provider changes its keys while requests go on.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::RwLock;
use std::time::Instant;

use gatekey_providers::{OidcProvider, Registration, Service, Tools, World, jwks, merged};
use serde_json::json;

use crate::await_status;

/// How many requests there are at least, in each of the three stages.
const EACH: u64 = 1_000;
const CLIENTS: usize = 4;
/// How long a stage lasts at least: more than the pause that a gateway makes between two fetches.
const LEAST: Duration = Duration::from_secs(3);

#[test]
fn no_request_fails_while_keys_change() {
    let Some(tools) = Tools::find() else { return };
    let kinds = ["RS256", "ES256"];
    let (old, new) = (jwks(&tools, "old", &kinds), jwks(&tools, "new", &kinds));
    let provider = OidcProvider::start(&tools, &old, &[], "");
    let settings = json!({
        "issuer": provider.issuer(),
        "auth_methods": ["bearer"],
        "jwks_max_age": 30,
        "rediscovery_lifetime": 1,
    });
    let world = World::plan(&tools)
        .provider(&provider.authority())
        .service(Service::new("api", settings).client("app", Registration::Approved))
        .workers(2)
        .start();
    let issued = || -> Vec<String> {
        let of = |kind: &&str| provider.token("app", kind, "read", 600);
        kinds.iter().chain(&kinds).chain(&kinds).map(of).collect()
    };
    let tokens = RwLock::new(issued());
    let first = tokens.read().unwrap()[0].clone();
    let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let client = |number: usize| {
        let mut turn = number;
        while !over.load(Ordering::SeqCst) {
            let token = {
                let tokens = tokens.read().unwrap();
                tokens[turn % tokens.len()].clone()
            };
            let answer = world.bearer("/api/", &token);
            if answer.status != 200 {
                over.store(true, Ordering::SeqCst);
                panic!("request {turn}: {answer:?}\n{}", world.log());
            }
            done.fetch_add(1, Ordering::SeqCst);
            turn += 1;
        }
    };
    let stage = |name: &str| {
        let goal = done.load(Ordering::SeqCst) + EACH;
        let began = Instant::now();
        let goes_on = || done.load(Ordering::SeqCst) < goal || began.elapsed() < LEAST;
        while goes_on() && !over.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
        println!("{name}: {} requests", done.load(Ordering::SeqCst));
    };
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let client = &client;
            scope.spawn(move || client(number));
        }
        stage("with the old keys");
        // The new keys sign from the moment they are published: nobody waits for anybody.
        provider.set_keys(&merged(&new, &old));
        let more = issued();
        tokens.write().unwrap().extend(more);
        stage("with both");
        provider.set_keys(&new);
        let rest = issued();
        *tokens.write().unwrap() = rest;
        stage("with the new keys");
        over.store(true, Ordering::SeqCst);
    });
    assert!(done.load(Ordering::SeqCst) >= 3 * EACH);
    // As soon as the gateway has looked again, what the old keys signed is worth nothing. It looks
    // when a token names a key that it does not know.
    let keys = jwks(&tools, "newest", &kinds);
    provider.set_keys(&merged(&keys, &new));
    let newest = provider.token("app", "ES256", "read", 600);
    assert_eq!(world.bearer("/api/", &newest).status, 200);
    await_status(401, Duration::from_secs(60), || world.bearer("/api/", &first));
    let fetched = provider.count("/jwks");
    // Two workers, three sets: what one has fetched the other one takes.
    assert!(fetched <= 8, "the keys were fetched {fetched} times");
}
