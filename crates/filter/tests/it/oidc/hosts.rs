//! What differs between hosts: who lets a request go on, and how cookies reach the client.

use gatekey_host_harness::{Fault, FaultKind, Outcome, Request};
use serde_json::json;

use super::calls::introspecting;
use super::provider::{ISSUER, Mood};
use super::scene::{HOSTS, NGINX, Setup, status, token, with_token};

/// There a request goes on by itself after a callback that fails: the gate is shut then.
#[test]
fn a_trap_while_a_request_waits_opens_no_gate() {
    let callback = "proxy_on_http_call_response";
    for profile in NGINX {
        for function in
            ["proxy_get_header_map_pairs", "proxy_get_buffer_bytes", "proxy_send_local_response"]
        {
            for kind in [FaultKind::Trap, FaultKind::Status(2), FaultKind::EmptyData] {
                if function == "proxy_send_local_response" && kind == FaultKind::EmptyData {
                    continue;
                }
                let mut scene = introspecting(profile).start();
                scene.wait(1_000);
                let active = function != "proxy_send_local_response";
                scene.provider.introspection(json!({"active": active, "sub": "planner"}));
                scene.world.set_faults(vec![Fault::new(function, kind).within(callback)]);
                let transcript = scene.ask(with_token("opaque"));
                assert!(
                    !transcript.reached_upstream(),
                    "{profile} {function} {kind:?}: {transcript}"
                );
                scene.world.set_faults(Vec::new());
                assert_eq!(
                    status(&scene.ask(Request::get("/flights"))),
                    401,
                    "{profile} {function} {kind:?}"
                );
            }
        }
    }
}

/// Whatever the filter can answer is answered, were there no gate.
#[test]
fn an_answer_that_cannot_be_read_opens_nothing() {
    let callback = "proxy_on_http_call_response";
    for profile in NGINX {
        for function in [
            "proxy_get_header_map_pairs",
            "proxy_get_header_map_value",
            "proxy_get_buffer_bytes",
            "proxy_get_property",
        ] {
            for kind in [
                FaultKind::Status(1),
                FaultKind::Status(2),
                FaultKind::EmptyData,
                FaultKind::ShortData,
                FaultKind::GarbageData,
            ] {
                let mut scene = introspecting(profile).without_its_gate().start();
                scene.wait(1_000);
                scene.provider.introspection(json!({"active": true, "sub": "planner"}));
                let fault = Fault::new(function, kind).within(callback);
                scene.world.set_faults(vec![fault]);
                let transcript = scene.ask(with_token("opaque"));
                let about = format!("{profile} {function} {kind:?}");
                assert!(!transcript.reached_upstream(), "{about}: {transcript}");
                assert!([400, 403, 431, 503].contains(&status(&transcript)), "{about}");
                scene.assert_sound(&about);
            }
        }
    }
}

/// An answer that comes when the call was given up long ago: there a request goes on after it.
#[test]
fn an_answer_to_a_call_that_is_not_known_any_more_refuses() {
    for profile in NGINX {
        for gate in [true, false] {
            let setup = introspecting(profile);
            let mut scene = if gate { setup } else { setup.without_its_gate() }.start();
            scene.wait(1_000);
            scene.provider.introspection(json!({"active": true, "sub": "planner"}));
            scene.provider.mood(Mood::Drips);
            let transcript = scene.ask(with_token("opaque"));
            assert_eq!(status(&transcript), 503, "{profile}: {transcript}");
            assert!(!transcript.reached_upstream(), "{profile}");
            scene.provider.mood(Mood::Honest);
            assert_eq!(scene.token("opaque"), 200, "{profile}");
            scene.assert_sound(profile);
        }
    }
}

/// Another request's trap takes the memory of what waits along.
#[test]
fn a_request_that_waits_is_refused_when_another_traps() {
    for profile in NGINX {
        let mut scene = introspecting(profile).start();
        scene.provider.introspection(json!({"active": true, "sub": "planner"}));
        scene.provider.slow(500);
        scene.wait(1_000);
        let worker = scene.worker();
        let waiting = scene.world.open(worker, with_token("opaque"));
        scene.world.set_faults(vec![
            Fault::new("proxy_get_header_map_pairs", FaultKind::Trap)
                .within("proxy_on_request_headers"),
        ]);
        let trapped = scene.ask(with_token("other"));
        assert!(!trapped.reached_upstream(), "{profile}");
        scene.world.set_faults(Vec::new());
        scene.wait(3_000);
        let transcript = scene.world.finish(waiting);
        assert!(!transcript.reached_upstream(), "{profile}: {transcript}");
    }
}

/// A client that goes away takes its call along; nothing else suffers.
#[test]
fn a_client_that_goes_away_harms_nobody() {
    for profile in HOSTS {
        let mut scene = introspecting(profile).start();
        scene.wait(1_000);
        scene.provider.slow(500);
        scene.provider.introspection(json!({"active": true, "sub": "planner"}));
        let worker = scene.worker();
        for at in 0..5 {
            let gone = scene.world.open(worker, with_token(&format!("opaque-{at}")));
            scene.wait(100);
            scene.world.abort(gone);
        }
        assert_eq!(scene.token("opaque-0"), 200, "{profile}: {}", scene.logs());
        scene.wait_seconds(30);
        assert_eq!(scene.token("opaque-9"), 200, "{profile}");
        assert_eq!(scene.world.open_streams(worker), 0, "{profile}");
        scene.assert_sound(profile);
    }
}

#[test]
fn a_session_is_one_cookie() {
    let secret = "c2Vzc2lvbi1zZWNyZXQtb2YtdGhpcnR5LXR3by1ieXRlcyE=";
    for profile in HOSTS {
        let mut scene = Setup::new(profile)
            .settings(&json!({"auth_methods": ["session", "bearer"]}))
            .configuration(&json!({"session": {"secret": secret}}))
            .start();
        scene.wait(2_000);
        let transcript = scene.ask(with_token(&token("ed25519-a")));
        assert_eq!(status(&transcript), 200, "{profile}: {}", scene.logs());
        let response = transcript.response.as_ref().unwrap();
        let cookies = response.headers.get_all("set-cookie");
        assert_eq!(cookies.len(), 1, "{profile}: {transcript}");
        let text = String::from_utf8(cookies[0].to_vec()).unwrap();
        let pair = text.split(';').next().unwrap();
        let with = |pair: &str| Request::get("/flights").header("cookie", format!("a=b; {pair}"));
        let back = scene.ask(with(pair));
        assert_eq!(status(&back), 200, "{profile}: {}", scene.logs());
        let seen = format!("{:?}", back.upstream);
        let value = pair.split_once('=').unwrap().1;
        assert!(!seen.contains(value), "{profile}: the cookie is the gateway's own");
        // A bit of it, or a bit more of it, is none.
        let mut flipped = pair.to_owned();
        let last = if flipped.pop() == Some('A') { 'B' } else { 'A' };
        flipped.push(last);
        let shorter = pair.get(..pair.len() - 8).unwrap();
        for bad in [&*flipped, shorter, &format!("{pair}AAAA")] {
            let transcript = scene.ask(with(bad));
            assert_eq!(status(&transcript), 401, "{profile}");
            if let Outcome::Local { headers, .. } = &transcript.outcome {
                assert!(headers.get_all("set-cookie").len() <= 1, "{profile}");
            }
        }
        scene.provider.mood(Mood::Away);
        assert_eq!(status(&scene.ask(with(pair))), 200, "{profile}: nobody is asked");
        scene.wait_seconds(901);
        assert_eq!(status(&scene.ask(with(pair))), 401, "{profile}: idle for too long");
        scene.assert_sound(profile);
    }
}

fn signing_in(profile: &'static str) -> Setup {
    Setup::new(profile).calling().gated().settings(&json!({
        "auth_methods": ["session", "authorization_code"],
        "redirect_uri": "https://api.test/callback",
        "authorization_endpoint": format!("{ISSUER}/authorize"),
    }))
}

fn navigation(path: &str) -> Request {
    let request = Request::get(path).header("accept", "text/html").header("host", "api.test");
    request.authority("api.test").header("sec-fetch-mode", "navigate")
}

#[test]
fn a_sign_in_begins_with_one_cookie() {
    let secret = "c2Vzc2lvbi1zZWNyZXQtb2YtdGhpcnR5LXR3by1ieXRlcyE=";
    for profile in HOSTS {
        let mut scene =
            signing_in(profile).configuration(&json!({"session": {"secret": secret}})).start();
        scene.wait(2_000);
        let mut seen = Vec::new();
        for _ in 0..2 {
            let transcript = scene.ask(navigation("/flights"));
            assert_eq!(status(&transcript), 302, "{profile}: {transcript}");
            let headers = &transcript.response.as_ref().unwrap().headers;
            assert_eq!(headers.get_all("set-cookie").len(), 1, "{profile}: {transcript}");
            let location = headers.get("location").unwrap().to_vec();
            let location = String::from_utf8(location).unwrap();
            assert!(location.contains("code_challenge_method=S256"), "{profile}: {location}");
            seen.push(location);
        }
        assert_ne!(seen[0], seen[1], "{profile}: state and nonce are new each time");
        // Who comes back with nothing of ours, or calls as a program does.
        for path in ["/callback?code=c&state=s", "/callback?state=s", "/callback?error=e&state=s"] {
            let transcript = scene.ask(navigation(path));
            assert_eq!(status(&transcript), 401, "{profile} {path}: {transcript}");
        }
        let program = Request::get("/flights").header("accept", "application/json");
        assert_eq!(status(&scene.ask(program)), 401, "{profile}");
        scene.assert_sound(profile);
    }
}

/// Nothing can be sealed then, and what is not sealed cannot be believed.
#[test]
fn nobody_signs_in_without_a_secret() {
    for profile in HOSTS {
        let mut scene = signing_in(profile).start();
        scene.wait(2_000);
        for path in ["/flights", "/callback?code=c&state=s"] {
            let transcript = scene.ask(navigation(path));
            assert!([401, 403].contains(&status(&transcript)), "{profile}: {transcript}");
            let headers = &transcript.response.as_ref().unwrap().headers;
            assert!(headers.get("location").is_none(), "{profile} {path}");
        }
    }
}
