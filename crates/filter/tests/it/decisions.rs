//! What is logged of decisions, and how a client's refusal leads there.

use gatekey_core::lifecycle::registration::RegistrationStatus;
use gatekey_host_harness::{Outcome, Request, Transcript};
use serde_json::{Value, json};

use crate::filter::{configuration, start, wait, world};
use crate::portal::{API, APPLICATION, Portal, key};

const REQUEST: &str = "8c5f4b0e-6a0f-4e51-9d55-c1b2e0e6a001";

fn lines(transcript: &Transcript) -> Vec<String> {
    transcript.logs.iter().map(|log| log.message().into_owned()).collect()
}

#[test]
fn every_decision_is_one_object_that_a_refused_client_can_name() {
    let portal = Portal::new();
    let one = portal.issue(1);
    let mut world = world(&portal);
    let mut configuration = configuration(&portal);
    configuration["decision_log"] = json!(true);
    let worker = start(&mut world, &configuration);
    wait(&mut world, 1_000);
    let request = |key: &str| {
        Request::get("/flights/\"1\"?token=hunter2")
            .header("x-request-id", REQUEST)
            .header("apikey", key)
    };
    let credential = key(1).1.id.to_string();

    let transcript = world.request(worker, request(&one));
    assert!(matches!(transcript.outcome, Outcome::Upstream { .. }));
    let logged = lines(&transcript);
    assert_eq!(logged.len(), 1, "{logged:?}");
    let allowed: Value = serde_json::from_str(&logged[0]).unwrap();
    assert!(logged[0].starts_with("{\"decision\":"), "{logged:?}");
    assert_eq!((&allowed["decision"], &allowed["reason"]), (&json!("allowed"), &Value::Null));
    assert_eq!(allowed["credential"], *credential);

    portal.register(RegistrationStatus::Revoked);
    wait(&mut world, 2_000);
    let transcript = world.request(worker, request(&one));
    let Outcome::Local { status, body, .. } = &transcript.outcome else { panic!("passed") };
    // What the client has, and all that it has.
    let told: Value = serde_json::from_slice(body).unwrap();
    assert_eq!((*status, &told["request_id"]), (403, &json!(REQUEST)));
    let logged = lines(&transcript);
    assert_eq!(logged.len(), 1, "{logged:?}");
    let refused: Value = serde_json::from_str(&logged[0]).unwrap();
    let expected = json!({
        "decision": "refused", "reason": "registration_revoked",
        "revision": refused["revision"], "method": "GET", "host": refused["host"],
        "path": "/flights/\"1\"", "service": "flights", "credential": credential,
        "application": APPLICATION.to_string(), "api": API.to_string(),
        "strategy": refused["strategy"], "request_id": REQUEST
    });
    assert_eq!(refused["revision"].as_u64(), allowed["revision"].as_u64().map(|before| before + 1));
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(refused[name], *value, "{name}");
    }
    let all = logged.concat();
    assert!(!all.contains(&one) && !all.contains("hunter2"), "{all}");

    let transcript = world.request(worker, request("no\u{e9}nsense"));
    let logged = lines(&transcript);
    let refused: Value = serde_json::from_str(&logged[0]).unwrap();
    assert_eq!(refused["reason"], "malformed_credential");
}
