//! The calls that a bridge gets, and what its answers mean.

use serde_json::json;

use super::*;
use crate::job::{Event, Metadata, Origin};
use crate::provider::Kind;

fn bridge(config: Value) -> Bridge {
    let members = |value: Value| value.as_object().cloned().unwrap();
    let mut all = members(json!({ "dcr_base_url": "https://bridge.test" }));
    all.extend(members(config));
    let secrets = members(json!({ "api_key": "abcdefghijkl" }));
    let provider =
        Provider { kind: Kind::Http, issuer: "https://idp.test".into(), config: all, secrets };
    Bridge::new(&provider).unwrap()
}

fn metadata() -> Metadata {
    Metadata {
        name: "An <app>".into(),
        description: "Of a developer".into(),
        redirect_uris: vec!["https://app.test/cb".into()],
        auth_methods: vec!["client_credentials".into(), "bearer".into()],
        scopes: vec!["openid".into()],
        audiences: Vec::new(),
        origin: Origin {
            tag: "tag".into(),
            application_id: "a".into(),
            portal_id: "p".into(),
            organization_id: "o".into(),
            developer_id: "d".into(),
            auth_strategy_id: "s".into(),
            dcr_provider_id: "i".into(),
        },
    }
}

fn of(client_id: &str) -> State {
    let mut state = State::default();
    state.remote.client_id = Some(client_id.into());
    state
}

fn next(bridge: &Bridge, job: &Job, state: &State) -> (Step, Call) {
    match bridge.next(job, state) {
        Next::Call(step, call) => (step, call),
        other => panic!("{other:?}"),
    }
}

fn sent(call: &Call) -> Value {
    match &call.body {
        Body::Json(text) => serde_json::from_str(text.expose()).unwrap(),
        _ => Value::Null,
    }
}

fn reply(status: u16, body: &str) -> Outcome {
    let body = Secret::new(body.as_bytes().to_vec());
    Outcome::Replied(Reply { status, retry_after_seconds: None, next_page: None, body })
}

fn settled(bridge: &Bridge, job: &Job, state: &mut State, outcome: &Outcome) -> Settled {
    let (step, _) = next(bridge, job, state);
    bridge.settle(job, state, step, outcome)
}

fn kind(settled: &Settled) -> Option<FailureKind> {
    match settled {
        Settled::Failed(failure) => Some(failure.kind),
        _ => None,
    }
}

#[test]
fn paths_are_added_to_any_base_and_ids_are_encoded() {
    for (base, client, expected) in [
        ("https://b.test", "c", "https://b.test/c"),
        ("https://b.test/", "c", "https://b.test/c"),
        ("https://b.test/dcr", "c", "https://b.test/dcr/c"),
        ("https://b.test/dcr/", "a/b c?d#e%2F", "https://b.test/dcr/a%2Fb%20c%3Fd%23e%252F"),
    ] {
        let bridge = bridge(json!({ "dcr_base_url": base }));
        assert_eq!(next(&bridge, &Job::Unregister, &of(client)).1.url, expected);
    }
    for (base, expected) in [
        ("https://b.test", "https://b.test/"),
        ("https://b.test/dcr", "https://b.test/dcr/"),
        ("https://b.test/dcr/", "https://b.test/dcr/"),
    ] {
        let bridge = bridge(json!({ "dcr_base_url": base }));
        let (_, call) = next(&bridge, &Job::Register(metadata()), &State::default());
        assert_eq!(call.url, expected);
    }
    let dots = bridge(json!({})).next(&Job::Unregister, &of(".."));
    assert!(matches!(dots, Next::Failed(_)), "{dots:?}");
}

#[test]
fn every_call_is_as_the_contract_has_it() {
    let bridge = bridge(json!({ "allow_multiple_credentials": true }));
    let id = "c".to_owned();
    for (job, method, path, repeatable) in [
        (Job::Register(metadata()), "POST", "/", false),
        (Job::Unregister, "DELETE", "/c", true),
        (Job::RotateSecret(metadata()), "POST", "/c/new-secret", true),
        (Job::Notify(metadata(), Event::Updated), "POST", "/c/event-hook", true),
        (Job::ListSecrets, "GET", "/c/secrets", true),
        (Job::AddSecret { display_name: None }, "POST", "/c/secrets", false),
        (Job::RemoveSecret { id }, "DELETE", "/c/secrets/c", true),
    ] {
        let (_, call) = next(&bridge, &job, &of("c"));
        assert_eq!(call.method.as_str(), method, "{job:?}");
        assert_eq!(call.url, format!("https://bridge.test{path}"));
        assert_eq!(call.repeatable, repeatable, "{job:?}");
        let [(name, key)] = call.headers.as_slice() else { panic!("{:?}", call.headers) };
        assert_eq!((*name, key.expose().as_str()), ("x-api-key", "abcdefghijkl"));
    }
}

#[test]
fn a_registration_carries_what_the_contract_lists_and_no_more() {
    let (_, call) = next(&bridge(json!({})), &Job::Register(metadata()), &State::default());
    assert_eq!(
        sent(&call),
        json!({
            "redirect_uris": ["https://app.test/cb"],
            "client_name": "An <app>",
            "grant_types": ["client_credentials", "bearer"],
            "scopes": ["openid"],
            "token_endpoint_auth_method": "client_secret_basic",
            "application_description": "Of a developer",
            "portal_id": "p",
            "organization_id": "o",
            "developer_id": "d",
            "auth_strategy_id": "s",
            "dcr_provider_id": "i",
        })
    );
}

#[test]
fn events_carry_what_the_contract_lists_and_no_more() {
    let both = json!({
        "client_id": "c",
        "application_id": "a",
        "application_name": "An <app>",
        "application_description": "Of a developer",
        "portal_id": "p",
        "organization_id": "o",
        "developer_id": "d",
        "auth_strategy_id": "s",
        "dcr_provider_id": "i",
    });
    let api_id = || "api".to_owned();
    for (event, own) in [
        (
            Event::Updated,
            json!({ "event_type": "update_application", "redirect_uris": ["https://app.test/cb"] }),
        ),
        (
            Event::Registered { api_id: api_id(), audience: Some("x".into()) },
            json!({
                "event_type": "add_registration",
                "api_product_version_id": "api",
                "audience": "x"
            }),
        ),
        (
            Event::Unregistered { api_id: api_id(), audience: None },
            json!({ "event_type": "remove_registration", "api_product_version_id": "api" }),
        ),
    ] {
        let mut expected = both.as_object().cloned().unwrap();
        expected.extend(own.as_object().cloned().unwrap());
        let (_, call) = next(&bridge(json!({})), &Job::Notify(metadata(), event), &of("c"));
        assert_eq!(sent(&call), Value::Object(expected));
    }
}

#[test]
fn flags_are_capabilities() {
    let plain = bridge(json!({})).capabilities();
    assert_eq!((plain.secrets, plain.rotate, plain.events), (1, Rotate::Call, true));
    let bridge = bridge(json!({
        "disable_event_hooks": true,
        "disable_refresh_secret": true,
        "allow_multiple_credentials": true,
    }));
    let can = bridge.capabilities();
    assert_eq!((can.secrets, can.rotate, can.events), (u32::MAX, Rotate::Never, false));
    let told = bridge.next(&Job::Notify(metadata(), Event::Updated), &of("c"));
    assert!(matches!(told, Next::Done), "{told:?}");
    let rotated = bridge.next(&Job::RotateSecret(metadata()), &of("c"));
    assert!(matches!(rotated, Next::Failed(_)), "{rotated:?}");
}

#[test]
fn any_success_will_do_and_the_id_is_kept_even_without_a_secret() {
    let bridge = bridge(json!({}));
    let job = Job::Register(metadata());
    for status in [200, 201, 202] {
        let mut state = State::default();
        let body = r#"{"client_id":"c","client_secret":"x","client_secret_expires_at":0}"#;
        assert_eq!(settled(&bridge, &job, &mut state, &reply(status, body)), Settled::Continue);
        assert_eq!(state.issued.as_ref().unwrap().secret.expose(), "x");
        assert_eq!(state.remote.client_secret_expires_at, None);
        assert!(matches!(bridge.next(&job, &state), Next::Done));
    }
    let mut state = State::default();
    let odd = settled(&bridge, &job, &mut state, &reply(201, r#"{"client_id":"c"}"#));
    assert_eq!(kind(&odd), Some(FailureKind::Unexpected));
    assert_eq!(state.remote.client_id.as_deref(), Some("c"));
}

#[test]
fn a_refusal_tells_what_the_bridge_said_without_the_key() {
    let bridge = bridge(json!({}));
    let body = r#"{"error":"Wrong API-Key","error_description":"abcdefghijkl is unknown"}"#;
    let job = Job::Register(metadata());
    let refused = settled(&bridge, &job, &mut State::default(), &reply(401, body));
    assert_eq!(
        refused,
        Settled::Failed(Failure::new(
            CREATE,
            FailureKind::Unauthorized,
            "answer 401: Wrong API-Key: (the API key) is unknown"
        ))
    );
}

#[test]
fn what_may_have_been_done_is_not_done_again() {
    let bridge = bridge(json!({ "allow_multiple_credentials": true }));
    for job in [Job::Register(metadata()), Job::AddSecret { display_name: None }] {
        for (outcome, expected) in [
            (Outcome::Lost("cut".into()), FailureKind::Uncertain),
            (reply(500, "oops"), FailureKind::Uncertain),
            (reply(502, "<html>"), FailureKind::Uncertain),
            (reply(500, r#"{"error":"e","error_description":"d"}"#), FailureKind::Unavailable),
            (reply(400, r#"{"error":"e","error_description":["d"]}"#), FailureKind::Refused),
            (reply(302, ""), FailureKind::Unexpected),
        ] {
            let settled = settled(&bridge, &job, &mut of("c"), &outcome);
            assert_eq!(kind(&settled), Some(expected), "{job:?}: {outcome:?}");
        }
        for outcome in [Outcome::NotSent("away".into()), reply(503, ""), reply(429, "")] {
            let settled = settled(&bridge, &job, &mut of("c"), &outcome);
            assert!(matches!(settled, Settled::Retry { .. }), "{job:?}: {outcome:?}");
        }
    }
    for job in [Job::Unregister, Job::RotateSecret(metadata()), Job::ListSecrets] {
        for outcome in [Outcome::Lost("cut".into()), reply(500, "oops")] {
            let settled = settled(&bridge, &job, &mut of("c"), &outcome);
            assert!(matches!(settled, Settled::Retry { .. }), "{job:?}: {outcome:?}");
        }
    }
}

#[test]
fn what_is_gone_is_removed_already() {
    let bridge = bridge(json!({ "allow_multiple_credentials": true }));
    for outcome in [
        reply(204, ""),
        reply(404, ""),
        reply(410, ""),
        reply(400, r#"{"error":"unknown client","error_description":"c"}"#),
    ] {
        let mut state = of("c");
        assert_eq!(settled(&bridge, &Job::Unregister, &mut state, &outcome), Settled::Continue);
        assert!(state.remote.is_empty());
        assert!(matches!(bridge.next(&Job::Unregister, &state), Next::Done));
    }
    let refused = reply(400, r#"{"error":"Bad Request","error_description":"locked"}"#);
    let settled = settled(&bridge, &Job::Unregister, &mut of("c"), &refused);
    assert_eq!(kind(&settled), Some(FailureKind::Refused));
    assert!(matches!(bridge.next(&Job::Unregister, &State::default()), Next::Done));
}

#[test]
fn secrets_are_added_listed_and_removed() {
    let bridge = bridge(json!({ "allow_multiple_credentials": true }));
    let mut state = of("c");
    let added = reply(
        201,
        r#"{"secret_id":"2","client_id":"c","client_secret":"x","created_at":"2026-03-01T12:00:00Z",
            "expires_at":null}"#,
    );
    let job = Job::AddSecret { display_name: None };
    assert_eq!(settled(&bridge, &job, &mut state, &added), Settled::Continue);
    assert_eq!(state.issued.as_ref().unwrap().id.as_deref(), Some("2"));
    assert_eq!(state.remote.secrets[0].created_at, Some(1_772_366_400));

    state.stage.clear();
    let listed = reply(
        200,
        r#"{"secrets":[{"secret_id":"1","status":"ACTIVE","created_at":1772366400},
            {"secret_id":"2","status":"INACTIVE"}]}"#,
    );
    assert_eq!(settled(&bridge, &Job::ListSecrets, &mut state, &listed), Settled::Continue);
    let ids: Vec<_> = state.found.secrets.iter().map(|secret| secret.id.as_str()).collect();
    assert_eq!(ids, ["1"]);

    state.stage.clear();
    let job = Job::RemoveSecret { id: "1".into() };
    assert_eq!(settled(&bridge, &job, &mut state, &reply(204, "")), Settled::Continue);
    assert!(state.remote.secrets.is_empty());
}

#[test]
fn a_provider_is_verified_without_leaving_anything_behind() {
    let bridge = bridge(json!({}));
    let (_, call) = next(&bridge, &Job::Verify, &State::default());
    assert_eq!(call.method, Method::Delete);
    for (outcome, expected, warnings) in [
        (reply(204, ""), None, 0),
        (reply(400, r#"{"error":"unknown client","error_description":""}"#), None, 0),
        (reply(404, "<html>"), None, 1),
        (reply(500, "{}"), None, 1),
        (reply(401, "{}"), Some(FailureKind::Unauthorized), 0),
        (reply(502, ""), Some(FailureKind::Unavailable), 0),
        (reply(302, ""), Some(FailureKind::Unexpected), 0),
        (Outcome::NotSent("no route".into()), Some(FailureKind::Unavailable), 0),
    ] {
        let mut state = State::default();
        let settled = settled(&bridge, &Job::Verify, &mut state, &outcome);
        assert_eq!(kind(&settled), expected, "{outcome:?}");
        assert_eq!(state.found.warnings.len(), warnings, "{outcome:?}");
    }
}
