//! A provider that refuses, is slow, or lies: refused, never forwarded, and nobody else waits.

use serde_json::json;

use super::provider::{ISSUER, Mood, Provider};
use super::scene::{ENVOY, HOSTS, NGINX, Setup, reason, status, token, with_token};

fn moods() -> Vec<Mood> {
    let says = |text: &str| Mood::Says(text.as_bytes().to_vec());
    vec![
        Mood::Away,
        Mood::Silent,
        Mood::Breaking,
        Mood::Status(500),
        Mood::Status(404),
        Mood::Status(204),
        Mood::Redirects,
        says(""),
        says("{"),
        says("null"),
        says("[]"),
        says(r#"{"issuer":"https://idp.test","issuer":"https://idp.test","keys":[]}"#),
        says(r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#),
        Mood::Says(vec![0xff; 100]),
        Mood::Says(vec![b'['; 60_000]),
        Mood::Says(vec![b' '; 5 << 20]),
    ]
}

#[test]
fn without_keys_nothing_passes_and_all_is_well_afterwards() {
    for profile in HOSTS {
        for mood in moods() {
            let about = format!("{profile} {:.60}", format!("{mood:?}"));
            let provider = Provider::new();
            provider.mood(mood);
            let mut scene =
                Setup::new(profile).settings(&json!({"timeout": 500})).start_with(provider);
            let good = token("ed25519-a");
            for _ in 0..4 {
                let transcript = scene.ask(with_token(&good));
                assert_eq!(status(&transcript), 503, "{about}: {transcript}");
                assert!(!transcript.reached_upstream(), "{about}");
                let waited = transcript.ended_at - transcript.opened_at;
                assert!(waited.as_millis() <= 1_500, "{about}: {waited:?}");
                scene.wait(1_000);
            }
            // What needs no keys is answered.
            assert_eq!(scene.token("nonsense"), 401, "{about}");
            let failed = scene.metric("provider_failed") + scene.metric("provider_answer_refused");
            assert!(failed > 0, "{about}: counted");
            scene.provider.mood(Mood::Honest);
            scene.wait_seconds(40);
            assert_eq!(scene.token(&good), 200, "{about}: {}", scene.logs());
            scene.assert_sound(&about);
        }
    }
}

/// With keys at hand a provider that goes mad changes nothing until they are too old.
#[test]
fn a_provider_that_fails_later_is_not_noticed() {
    for profile in HOSTS {
        for mood in moods() {
            let about = format!("{profile} {:.60}", format!("{mood:?}"));
            let mut scene = Setup::new(profile).settings(&json!({"timeout": 500})).start();
            scene.wait(2_000);
            scene.provider.mood(mood);
            for at in 0..5 {
                scene.wait_seconds(150);
                let good = super::scene::token_of("ed25519-a", &json!({"jti": at.to_string()}));
                let transcript = scene.ask(with_token(&good));
                assert_eq!(status(&transcript), 200, "{about}");
                assert_eq!(transcript.opened_at, transcript.ended_at, "{about}: at once");
                let odd = super::scene::token_of("ed25519-b", &json!({"jti": at.to_string()}));
                assert_eq!(scene.token(&odd), 401, "{about}");
            }
            scene.assert_sound(&about);
        }
    }
}

#[test]
fn a_provider_of_another_name_is_not_believed() {
    for profile in HOSTS {
        for issuer in ["https://idp.test/", "https://rival.test", "http://idp.test"] {
            let provider = Provider::new();
            provider.issuer(issuer);
            let mut scene = Setup::new(profile).start_with(provider);
            scene.wait(5_000);
            let transcript = scene.ask(with_token(&token("ed25519-a")));
            assert_eq!(status(&transcript), 503, "{profile} {issuer}");
            assert_eq!(reason(&transcript), "keys_unavailable", "{profile} {issuer}");
            let paths = scene.provider.paths();
            assert!(!paths.contains(&"/jwks".to_owned()), "{profile} {issuer}: {paths:?}");
        }
    }
}

/// One strategy's provider is silent; requests that need nothing of it are served meanwhile.
#[test]
fn a_silent_provider_stalls_nobody_else() {
    let mut scene = Setup::new(ENVOY)
        .settings(&json!({"auth_methods": ["bearer", "introspection"], "introspection_endpoint": format!("{ISSUER}/introspect")}))
        .start();
    scene.wait(2_000);
    scene.provider.mood(Mood::Silent);
    let worker = scene.worker();
    let opaque: Vec<_> =
        (0..20).map(|at| scene.world.open(worker, with_token(&format!("opaque-{at}")))).collect();
    let good = scene.ask(with_token(&token("ed25519-a")));
    assert_eq!(status(&good), 200);
    assert_eq!(good.opened_at, good.ended_at);
    scene.wait_seconds(10);
    for stream in opaque {
        assert_eq!(status(&scene.world.finish(stream)), 503);
    }
    assert_eq!(scene.world.open_streams(worker), 0);
}

#[test]
fn more_than_may_wait_are_refused() {
    let mut scene = Setup::new(ENVOY).configuration(&json!({"max_waiting": 3})).start();
    scene.provider.slow(500);
    let worker = scene.worker();
    let good = token("ed25519-a");
    let open: Vec<_> = (0..5).map(|_| scene.world.open(worker, with_token(&good))).collect();
    scene.wait(3_000);
    let statuses: Vec<u16> =
        open.into_iter().map(|stream| status(&scene.world.finish(stream))).collect();
    assert_eq!(statuses, [200, 200, 200, 503, 503]);
    assert_eq!(scene.metric("too_many_waiting"), 2);
}

#[test]
fn a_circuit_opens_and_closes() {
    for profile in HOSTS {
        let endpoint = format!("{ISSUER}/introspect");
        let mut scene = Setup::new(profile)
            .calling()
            .gated()
            .settings(
                &json!({"auth_methods": ["introspection"], "introspection_endpoint": endpoint}),
            )
            .start();
        scene.wait(1_000);
        scene.provider.mood(Mood::Status(500));
        scene.provider.take();
        for at in 0..50 {
            let transcript = scene.ask(with_token(&format!("opaque-{at}")));
            assert_eq!(status(&transcript), 503, "{profile}");
        }
        let asked = scene.provider.paths().len();
        assert!(asked <= 6, "{profile}: {asked} calls");
        scene.wait(500);
        assert_eq!(scene.metric("provider_circuit_opened"), 1, "{profile}");
        scene.provider.mood(Mood::Honest);
        scene.provider.introspection(json!({"active": true, "sub": "planner"}));
        scene.wait_seconds(3);
        assert_eq!(scene.token("opaque"), 200, "{profile}: {}", scene.logs());
        scene.wait(500);
        assert_eq!(scene.metric("provider_circuit_closed"), 1, "{profile}");
        scene.assert_sound(profile);
    }
}

/// What the operator did not name is not called.
#[test]
fn a_provider_without_a_place_is_not_called() {
    for profile in [ENVOY, NGINX[0]] {
        let mut scene = Setup::new(profile).configuration(&json!({"upstreams": {}})).start();
        scene.wait(3_000);
        let transcript = scene.ask(with_token(&token("ed25519-a")));
        assert_eq!(status(&transcript), 503, "{profile}");
        scene.wait(500);
        assert!(scene.metric("provider_upstream_missing") > 0, "{profile}");
        assert!(scene.provider.take().is_empty(), "{profile}");
    }
}
