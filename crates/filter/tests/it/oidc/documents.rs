//! Discovery documents and keys: fetched once, used while they last.

use gatekey_host_harness::Outcome;

use super::provider::{Mood, Provider};
use super::scene::{ENVOY, HOSTS, NGINX, Setup, reason, status, token, upstream, with_token};
use serde_json::json;

const DISCOVERY: &str = "/.well-known/openid-configuration";

#[test]
fn documents_are_there_before_the_first_request() {
    for profile in HOSTS {
        let mut scene = Setup::new(profile).start();
        scene.wait(2_000);
        assert_eq!(scene.provider.paths(), [DISCOVERY, "/jwks"], "{profile}");
        let transcript = scene.ask(with_token(&token("ed25519-a")));
        assert_eq!(status(&transcript), 200, "{profile}: {}", scene.logs());
        assert_eq!(transcript.callouts.len(), 0, "{profile}");
        let name = upstream(&transcript).get("x-application-name");
        assert_eq!(name, Some(&b"Planner"[..]), "{profile}");
        for worse in ["ed25519-b", "ed25519-c"] {
            assert_eq!(scene.token(&token(worse)), 401, "{profile}");
        }
        scene.assert_sound(profile);
    }
}

#[test]
fn a_request_waits_for_keys_on_envoy() {
    let mut scene = Setup::new(ENVOY).start();
    scene.provider.slow(40);
    let transcript = scene.ask(with_token(&token("ed25519-a")));
    assert_eq!(status(&transcript), 200, "{}", scene.logs());
    assert_eq!(scene.provider.paths(), [DISCOVERY, "/jwks"]);
}

#[test]
fn no_request_waits_for_keys_elsewhere() {
    for profile in NGINX {
        for calling in [false, true] {
            let setup = Setup::new(profile).gated();
            let mut scene = if calling { setup.calling() } else { setup }.start();
            let transcript = scene.ask(with_token(&token("ed25519-a")));
            assert_eq!(status(&transcript), 503, "{profile}");
            assert_eq!(transcript.opened_at, transcript.ended_at, "{profile}: at once");
            assert_eq!(transcript.callouts.len(), 0, "{profile}");
            assert_eq!(scene.provider.paths(), [""; 0], "{profile}");
            scene.wait(2_000);
            assert_eq!(scene.token(&token("ed25519-a")), 200, "{profile}: {}", scene.logs());
            scene.assert_sound(profile);
        }
    }
}

#[test]
fn ten_requests_wait_for_one_fetch() {
    let mut scene = Setup::new(ENVOY).start();
    scene.provider.slow(300);
    let worker = scene.worker();
    let tokens: Vec<String> = (0..10)
        .map(|at| super::scene::token_of("ed25519-a", &json!({"jti": at.to_string()})))
        .collect();
    let mut open: Vec<_> =
        tokens.iter().map(|token| scene.world.open(worker, with_token(token))).collect();
    scene.wait(100);
    // Somebody goes away while the fetch is under way, the one who began it among them.
    scene.world.abort(open.remove(0));
    scene.world.abort(open.remove(4));
    scene.wait(2_000);
    for stream in open {
        assert!(scene.world.is_over(stream));
        let transcript = scene.world.finish(stream);
        assert!(matches!(transcript.outcome, Outcome::Upstream { .. }), "{transcript}");
    }
    assert_eq!(scene.provider.paths(), [DISCOVERY, "/jwks"], "one fetch of each");
    assert_eq!(scene.world.open_streams(worker), 0);
    scene.assert_sound("aborts");
}

#[test]
fn stale_keys_are_used_up_to_their_limit() {
    for profile in HOSTS {
        let setup = Setup::new(profile);
        let mut scene =
            setup.settings(&json!({"jwks_max_age": 60, "jwks_stale_seconds": 600})).start();
        scene.wait(2_000);
        let good = token("ed25519-a");
        assert_eq!(scene.token(&good), 200, "{profile}");
        scene.provider.mood(Mood::Away);
        scene.wait_seconds(640);
        let fresh = super::scene::token_of("ed25519-a", &json!({"jti": "2"}));
        assert_eq!(scene.token(&fresh), 200, "{profile}: stale, and within the limit");
        scene.wait_seconds(40);
        let late = super::scene::token_of("ed25519-a", &json!({"jti": "3"}));
        let transcript = scene.ask(with_token(&late));
        assert_eq!(status(&transcript), 503, "{profile}: {}", reason(&transcript));
        scene.provider.mood(Mood::Honest);
        scene.wait_seconds(40);
        assert_eq!(scene.token(&late), 200, "{profile}");
        scene.assert_sound(profile);
    }
}

#[test]
fn an_unknown_key_is_asked_for_once_in_an_interval() {
    for profile in HOSTS {
        let mut scene = Setup::new(profile).start();
        scene.wait(2_000);
        scene.wait_seconds(60);
        scene.provider.take();
        for at in 0..50 {
            let odd = super::scene::token_of("ed25519-b", &json!({"jti": at.to_string()}));
            assert_eq!(scene.token(&odd), 401, "{profile}");
            scene.wait(300);
        }
        let asked = scene.provider.paths();
        assert_eq!(asked.len(), 1, "{profile}: {asked:?}");
        scene.assert_sound(profile);
    }
}

/// A provider announces a key before it signs with it, as it should: no request fails.
#[test]
fn a_rotation_fails_no_request() {
    for profile in HOSTS {
        let provider = Provider::new();
        let mut scene = Setup::new(profile).start_with(provider);
        scene.wait(2_000);
        scene.wait_seconds(31);
        assert_eq!(scene.token(&token("ed25519-a")), 200, "{profile}");
        scene.provider.keys(&["ed25519-a", "ed25519-b"]);
        // Envoy fetches when the first token with the new key comes; elsewhere the clock does.
        scene.wait_seconds(if profile == ENVOY { 0 } else { 301 });
        for _ in 0..5 {
            for key in ["ed25519-b", "ed25519-a"] {
                assert_eq!(scene.token(&token(key)), 200, "{profile} {key}: {}", scene.logs());
            }
        }
        scene.provider.keys(&["ed25519-b"]);
        scene.wait_seconds(302);
        assert_eq!(scene.token(&token("ed25519-b")), 200, "{profile}");
        assert_eq!(scene.token(&token("ed25519-a")), 401, "{profile}: withdrawn");
        assert!(scene.metric("provider_keys_changed") >= 1, "{profile}");
        scene.assert_sound(profile);
    }
}
