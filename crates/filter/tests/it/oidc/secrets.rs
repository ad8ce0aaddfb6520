//! What nobody is told.

use serde_json::json;

use super::provider::{ISSUER, Mood};
use super::scene::{
    CLIENT_SECRET, HOSTS, OWN_SECRET, Setup, token, token_of, with_basic, with_token,
};
use gatekey_host_harness::Request;

/// Tokens, secrets and cookies, good and bad, through every way a request can end.
#[test]
fn no_secret_is_in_a_log_a_metric_or_a_forwarded_request() {
    let secret = "c2Vzc2lvbi1zZWNyZXQtb2YtdGhpcnR5LXR3by1ieXRlcyE=";
    for profile in HOSTS {
        let mut scene = Setup::new(profile)
            .calling()
            .gated()
            .settings(&json!({
                "auth_methods": ["session", "bearer", "introspection", "client_credentials"],
                "introspection_endpoint": format!("{ISSUER}/introspect"),
                "bearer_token_param_type": ["header", "query", "cookie"],
                "bearer_token_cookie_name": "token",
            }))
            .configuration(&json!({"session": {"secret": secret}}))
            .start();
        scene.wait(2_000);
        let (good, bad) = (token("ed25519-a"), token("ed25519-b"));
        // The upstream gets this one: the gateway asked for it.
        let handed = token_of("ed25519-a", &json!({"jti": "handed"}));
        scene.provider.tokens(json!({"access_token": handed, "token_type": "Bearer"}));
        let mut cookies = Vec::new();
        for round in 0..3 {
            match round {
                0 => scene.provider.introspection(json!({"active": true, "sub": "planner"})),
                1 => scene.provider.mood(Mood::Status(500)),
                _ => scene.provider.mood(Mood::Says(b"canary-body".to_vec())),
            }
            let requests = [
                with_token(&good),
                with_token(&bad),
                with_token(&format!("canary-opaque-{round}")),
                with_basic(CLIENT_SECRET),
                with_basic("canary-wrong-secret"),
                Request::get(format!("/flights?a=1&access_token={good}")),
                Request::get("/flights").header("cookie", format!("token={good}; a=b")),
                Request::get("/flights").header(
                    "cookie",
                    "gatekey_session=canary-cookie; __Host-gatekey_session=canary-cookie",
                ),
            ];
            for request in requests {
                let transcript = scene.ask(request);
                if let Some(response) = &transcript.response {
                    for cookie in response.headers.get_all("set-cookie") {
                        let text = String::from_utf8(cookie.to_vec()).unwrap();
                        let value = text.split(';').next().unwrap().split_once('=').unwrap().1;
                        if !value.is_empty() {
                            cookies.push(value.to_owned());
                        }
                    }
                }
                let Some(forwarded) = &transcript.upstream else { continue };
                let seen: Vec<u8> = forwarded
                    .headers
                    .iter()
                    .flat_map(|(_, value)| [value, b"\n"].concat())
                    .collect();
                let seen = String::from_utf8_lossy(&seen).into_owned();
                for hidden in [good.as_str(), "canary-opaque", "canary-cookie", CLIENT_SECRET] {
                    assert!(!seen.contains(hidden), "{profile}: {seen}");
                }
                // Basic credentials in their spelling.
                assert!(!seen.contains("Basic "), "{profile}: {seen}");
            }
            scene.wait(1_000);
        }
        assert!(!cookies.is_empty(), "{profile}: there were sessions");
        let names: Vec<&str> =
            scene.world.metrics().iter().map(|metric| metric.name.as_str()).collect();
        let told = [scene.logs(), names.join("\n")].concat();
        let signature = good.rsplit('.').next().unwrap();
        let payload = good.split('.').nth(1).unwrap();
        for canary in
            ["canary", signature, payload, OWN_SECRET, secret, bad.as_str(), handed.as_str()]
        {
            assert!(!told.contains(canary), "{profile}: {canary} in {told}");
        }
        for cookie in &cookies {
            assert!(!told.contains(cookie.as_str()), "{profile}: {told}");
        }
        scene.assert_sound(profile);
    }
}
