//! What one request asks a provider: introspection and grants.

use serde_json::{Value, json};

use super::provider::{ISSUER, Mood};
use super::scene::{
    CLIENT, CLIENT_SECRET, HOSTS, NGINX, Scene, Setup, reason, status, token, upstream, with_basic,
    with_token,
};

pub fn introspecting(profile: &'static str) -> Setup {
    Setup::new(profile).calling().gated().settings(&json!({
        "auth_methods": ["introspection"],
        "introspection_endpoint": format!("{ISSUER}/introspect"),
        "cache_ttl": 600,
    }))
}

fn told(scene: &mut Scene, reply: Value, token: &str) -> (u16, String) {
    scene.provider.introspection(reply);
    let transcript = scene.ask(with_token(token));
    (status(&transcript), reason(&transcript))
}

#[test]
fn what_the_issuer_says_about_a_token_decides() {
    for profile in HOSTS {
        let mut scene = introspecting(profile).start();
        let active = json!({"active": true, "sub": CLIENT});
        let cases: [(Value, u16, &str); 9] = [
            (active.clone(), 200, ""),
            (json!({"active": false}), 401, "inactive_token"),
            (json!({"active": "true", "sub": CLIENT}), 503, "provider_invalid"),
            (json!({"active": 1, "sub": CLIENT}), 503, "provider_invalid"),
            (json!({"sub": CLIENT}), 503, "provider_invalid"),
            (json!([active]), 503, "provider_invalid"),
            (json!({"active": true}), 401, "missing_claim"),
            (json!({"active": true, "sub": "stranger"}), 401, "unknown_client"),
            (
                json!({"active": true, "sub": CLIENT, "iss": "https://rival.test"}),
                401,
                "unknown_issuer",
            ),
        ];
        for (at, (reply, wanted, why)) in cases.into_iter().enumerate() {
            let (status, reason) = told(&mut scene, reply.clone(), &format!("opaque-{at}"));
            assert_eq!((status, reason.as_str()), (wanted, why), "{profile} {reply}");
            // A good answer in between keeps the circuit closed.
            told(&mut scene, active.clone(), &format!("good-{at}"));
        }
        let moods = [Mood::Away, Mood::Breaking, Mood::Status(401), Mood::Redirects, Mood::Silent];
        for (at, mood) in moods.into_iter().enumerate() {
            let about = format!("{profile} {mood:?}");
            scene.provider.mood(mood);
            let transcript = scene.ask(with_token(&format!("asked-{at}")));
            assert_eq!(status(&transcript), 503, "{about}");
            assert!(!transcript.reached_upstream(), "{about}");
        }
        scene.assert_sound(profile);
    }
}

#[test]
fn an_answer_is_remembered_within_its_life_and_the_limit() {
    for profile in HOSTS {
        let mut scene = introspecting(profile).start();
        scene.wait(1_000);
        let end = super::scene::NOW + 100;
        told(&mut scene, json!({"active": true, "sub": CLIENT, "exp": end}), "short");
        told(&mut scene, json!({"active": true, "sub": CLIENT}), "long");
        scene.provider.take();
        assert_eq!((scene.token("short"), scene.token("long")), (200, 200), "{profile}");
        assert!(scene.provider.take().is_empty(), "{profile}: remembered");
        scene.provider.introspection(json!({"active": false}));
        scene.wait_seconds(101);
        assert_eq!((scene.token("short"), scene.token("long")), (401, 200), "{profile}");
        scene.wait_seconds(501);
        assert_eq!(scene.token("long"), 401, "{profile}: asked again");
        scene.assert_sound(profile);
    }
}

fn granting(profile: &'static str) -> Setup {
    Setup::new(profile).calling().gated().settings(&json!({
        "auth_methods": ["client_credentials"],
        "upstream_access_token_header": "authorization:bearer",
    }))
}

#[test]
fn an_id_and_a_secret_become_a_token() {
    for profile in HOSTS {
        let mut scene = granting(profile).start();
        scene.wait(2_000);
        scene.provider.take();
        let access = token("ed25519-a");
        scene
            .provider
            .tokens(json!({"access_token": access, "token_type": "Bearer", "expires_in": 60}));
        let transcript = scene.ask(with_basic(CLIENT_SECRET));
        assert_eq!(status(&transcript), 200, "{profile}: {}", scene.logs());
        let handed = upstream(&transcript).get_all("authorization");
        assert_eq!(handed, [format!("Bearer {access}").as_bytes()], "{profile}");
        let seen = scene.provider.take();
        assert_eq!(seen.len(), 1, "{profile}: {seen:?}");
        assert!(seen[0].authorization.as_ref().unwrap().starts_with("Basic "), "{profile}");
        assert!(seen[0].body.contains("grant_type=client_credentials"), "{profile}");
        assert_eq!(status(&scene.ask(with_basic(CLIENT_SECRET))), 200, "{profile}");
        assert!(scene.provider.take().is_empty(), "{profile}: remembered");
        // Another secret is another question.
        scene.provider.mood(Mood::Status(401));
        let transcript = scene.ask(with_basic("wrong"));
        assert_eq!(
            (status(&transcript), &*reason(&transcript)),
            (401, "credentials_refused"),
            "{profile}"
        );
        assert_eq!(status(&scene.ask(with_basic(CLIENT_SECRET))), 200, "{profile}");
        scene.assert_sound(profile);
    }
}

#[test]
fn a_grant_that_goes_wrong_is_refused() {
    for profile in HOSTS {
        for reply in [
            json!({}),
            json!({"access_token": "", "token_type": "Bearer"}),
            json!({"access_token": "x", "token_type": "mac"}),
            json!({"access_token": token("ed25519-b"), "token_type": "Bearer"}),
            json!({"access_token": 7, "token_type": "Bearer"}),
        ] {
            let mut scene = granting(profile).start();
            scene.wait(2_000);
            scene.provider.tokens(reply.clone());
            let transcript = scene.ask(with_basic(CLIENT_SECRET));
            assert!([401, 503].contains(&status(&transcript)), "{profile} {reply}: {transcript}");
            assert!(!transcript.reached_upstream(), "{profile} {reply}");
        }
    }
}

/// Unless the operator says so, no request makes a call on nginx and Kong.
#[test]
fn methods_that_need_calls_are_refused_without_them() {
    for profile in NGINX {
        let methods = json!(["introspection", "client_credentials"]);
        let mut scene = Setup::new(profile).settings(&json!({"auth_methods": methods})).start();
        scene.wait(2_000);
        scene.provider.take();
        scene.provider.introspection(json!({"active": true, "sub": CLIENT}));
        for request in [with_token("opaque"), with_basic(CLIENT_SECRET)] {
            let transcript = scene.ask(request);
            assert_eq!(
                (status(&transcript), &*reason(&transcript)),
                (403, "method_absent"),
                "{profile}"
            );
            assert_eq!(transcript.callouts.len(), 0, "{profile}");
        }
        assert!(scene.provider.take().is_empty(), "{profile}");
    }
}
