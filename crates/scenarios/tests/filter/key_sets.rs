//! Key sets that an identity provider sends, or does not: none of them stalls or opens anything
//! (AT-20, JW-8, MD-2).

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Arc;

use gatekey_host_harness::{
    Artifact, Outcome, Plugin, Profile, Request, UnixMillis, Upstream, UpstreamReply, World,
};
use gatekey_scenarios::forge::{self, Key};
use gatekey_scenarios::subject::START;
use gatekey_scenarios::{Host, Module, Scenario, scenario};
use serde_json::{Value, json};

use crate::configuration::{self, filters};

const MANY: usize = 20;

/// One API behind tokens of an issuer whose keys have to be fetched.
fn story() -> Scenario {
    let file = json!({
        "version": 1, "name": "key-sets", "about": "Keys that are fetched.",
        "policy": {
            "strategies": [{"name": "idp", "method": {"openid_connect": {"settings": {
                "issuer": "https://idp.test", "auth_methods": ["bearer"],
                "jwks_endpoint": "https://idp.test/jwks", "timeout": 2000,
            }}}}],
            "services": [{"name": "flights-service"}],
            "routes": [{"name": "all", "service": "flights-service"}],
            "publications": [{
                "api": "flights", "portal": "main", "service": "flights-service", "strategy": "idp",
            }],
            "applications": [
                {"name": "trips", "portal": "main", "strategy": "idp", "developer": "ann"},
            ],
            "registrations": [{"application": "trips", "api": "flights", "status": "approved"}],
            "credentials": [{"name": "trips", "application": "trips", "key": {
                "client": {"strategy": "idp", "id": "trips-client"},
            }}],
        },
        "cases": [{"name": "case", "steps": []}],
    });
    scenario::parse(&file.to_string()).unwrap().pop().unwrap()
}

fn token(kid: &str, key: &str) -> String {
    let header = json!({"alg": "RS256", "kid": kid}).to_string();
    let claims =
        json!({"iss": "https://idp.test", "sub": "trips-client", "exp": START + 3_600}).to_string();
    forge::token(&header, claims.as_bytes(), key, "RS256").unwrap()
}

/// What became of many requests with one token, and how often the provider was asked.
fn many(
    artifact: &Artifact,
    profile: &str,
    reply: impl Fn() -> UpstreamReply + Send + 'static,
    token: &str,
) -> (Vec<String>, usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let host = Host::of(profile);
    let name = if host == Host::Envoy { "idp" } else { "idp.test:443" };
    let mut world = World::builder(Profile::named(profile).unwrap())
        .seed(7)
        .clock(UnixMillis(START * 1000 - 10_000))
        .upstream(
            name,
            Upstream::respond(move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
                reply()
            }),
        )
        .build();
    let mut configuration = configuration::of(&story(), host, START - 10, false);
    let way = if host == Host::Envoy { "envoy_cluster" } else { "address" };
    configuration["upstreams"] = json!({"idp.test": {way: name, "authority": "idp.test"}});
    let plugin = Plugin::new("openid-connect", configuration.to_string());
    let worker = world.start(artifact, plugin).unwrap();
    world.advance(Duration::from_secs(10));
    let outcomes = (0..MANY).map(|_| {
        let request = Request::new("GET", "/")
            .authority("api.test")
            .header("authorization", format!("Bearer {token}"));
        let transcript = world.request(worker, request);
        world.advance(Duration::from_millis(100));
        match transcript.outcome {
            Outcome::Upstream { .. } => "passes".into(),
            Outcome::Local { details, .. } => details,
            other => format!("{other:?}"),
        }
    });
    let outcomes = outcomes.collect();
    assert!(world.failure(worker).is_none());
    (outcomes, asked.load(Ordering::Relaxed))
}

fn set(keys: &[Value]) -> Vec<u8> {
    json!({"keys": keys}).to_string().into_bytes()
}

fn with(name: &str, more: &Value) -> Value {
    let mut key = Key::named(name).unwrap().jwk();
    for (name, value) in more.as_object().unwrap() {
        key[name] = value.clone();
    }
    key
}

#[test]
fn a_provider_that_lies_or_tarries_opens_nothing_and_stalls_nothing() {
    let Some(filters) = filters() else { return };
    let artifact = Artifact::from_file(filters.join(Module::OpenIdConnect.file())).unwrap();
    let ours = Key::named("rsa-a").unwrap().jwk();
    let good = token("rsa-a", "rsa-a");
    let huge = [set(core::slice::from_ref(&ours)), vec![b' '; 5_000_000]].concat();
    let large = set(&[ours.clone(), json!({"kty": "LWE", "x": "a".repeat(70_000)})]);
    type Reply = Box<dyn Fn() -> UpstreamReply + Send>;
    let body = |body: Vec<u8>| -> Reply { Box::new(move || UpstreamReply::ok(body.clone())) };
    let without = |reply: fn() -> UpstreamReply| -> Reply { Box::new(reply) };
    let passes = ["passes"];
    let closed =
        ["gatekey_keys_unavailable", "gatekey_provider_unavailable", "gatekey_provider_invalid"];
    let unknown = ["gatekey_unknown_key"];
    let rows: Vec<(&str, Reply, &[&str])> = vec![
        ("a good set", body(set(core::slice::from_ref(&ours))), &passes),
        ("an unknown kind beside", body(set(&[json!({"kty": "LWE"}), ours.clone()])), &passes),
        ("a `use` that is no text", body(set(&[with("rsa-a", &json!({"use": null}))])), &closed),
        ("a set of 5 MB", body(huge), &closed),
        ("a set of 70 KB", body(large), &closed),
        (
            "a private key inside",
            body(set(&[ours.clone(), with("rsa-b", &json!({"d": "AQAB"}))])),
            &closed,
        ),
        (
            "a shared secret inside",
            body(set(&[ours.clone(), json!({"kty": "oct", "k": "c2VjcmV0"})])),
            &closed,
        ),
        ("a key of 1024 bits alone", body(set(&[Key::named("rsa-weak").unwrap().jwk()])), &closed),
        (
            "another key under the name",
            body(set(&[with("rsa-b", &json!({"kid": "rsa-a"}))])),
            &["gatekey_bad_signature"],
        ),
        (
            "one name for two keys",
            body(set(&[
                ours.clone(),
                with("rsa-b", &json!({"kid": "rsa-a"})),
                Key::named("p256-a").unwrap().jwk(),
            ])),
            &unknown,
        ),
        ("another key", body(set(&[Key::named("rsa-b").unwrap().jwk()])), &unknown),
        ("no keys", body(set(&[])), &closed),
        ("no JSON", body(b"<html>".to_vec()), &closed),
        ("nothing", body(Vec::new()), &closed),
        ("404", without(|| UpstreamReply::status(404)), &closed),
        ("500", without(|| UpstreamReply::status(500)), &closed),
        (
            "a redirect",
            without(|| UpstreamReply::status(302).header("location", "https://evil.test/")),
            &closed,
        ),
        ("nobody listens", without(UpstreamReply::connect_error), &closed),
        ("no answer", without(UpstreamReply::never), &closed),
        ("half an answer", without(UpstreamReply::cut_off), &closed),
    ];
    let slow = ours.clone();
    let slow: Reply = Box::new(move || {
        UpstreamReply::ok(set(core::slice::from_ref(&slow))).dripping(Duration::from_secs(1), 20)
    });
    let slow: (&str, Reply, &[&str]) = ("a slow body", slow, &closed);
    for profile in ["envoy", "ngx-0.6"] {
        let mut found = Vec::new();
        for (name, reply, expected) in rows.iter().chain([&slow]) {
            let reply = reply();
            let (outcomes, asked) = many(&artifact, profile, move || reply.clone(), &good);
            if !outcomes.iter().all(|outcome| expected.contains(&outcome.as_str())) {
                found.push(format!("{profile}, {name}: expected {expected:?}, but {outcomes:?}"));
            }
            // Twenty requests in two seconds, after ten seconds of peace.
            if asked > 4 {
                found.push(format!("{profile}, {name}: asked {asked} times"));
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}
