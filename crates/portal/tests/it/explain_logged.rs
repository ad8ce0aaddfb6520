//! From a line of a gateway's log to the rule that decided, and the change that would allow it.

use std::fs;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::command_tools::Saved;

const REQUEST: &str = "8c5f4b0e-6a0f-4e51-9d55-c1b2e0e6a001";

/// What a filter logs of a request for `/flights`, as Envoy writes it.
fn line(saved: &Saved, more: Value) -> String {
    let mut line = json!({
        "decision": "refused", "revision": 1, "method": "GET", "host": "api.test", "path": "/flights/1",
        "credential": saved.credential, "application": saved.world.application,
        "api": saved.world.api, "strategy": saved.world.strategy, "request_id": REQUEST
    });
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    // The object begins with the decision: that is how it is found.
    let rest = line.as_object().unwrap().iter().filter(|(name, _)| *name != "decision");
    let rest: Vec<_> = rest.map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    let lead = format!("{{\"decision\":{}", line["decision"]);
    format!("[info][wasm] [context.cc:1168] wasm log gatekey: {lead},{}}}\n", rest.join(","))
}

async fn explain(saved: &Saved, log: &str, more: &[&str]) -> crate::command_tools::Done {
    fs::write(saved.dir.path().join("log"), log).unwrap();
    let mut arguments = vec!["explain", "--snapshot", "snapshot", "--log", "log"];
    arguments.extend(["--request-id", REQUEST]);
    arguments.extend(more);
    saved.run(&arguments).await
}

#[tokio::test]
async fn a_refusal_is_explained_without_the_key() {
    let saved = Saved::new().await;
    saved.world.set(&saved.registration, "revoked").await;
    saved.save().await;
    let log = line(&saved, json!({"reason": "registration_revoked"}));
    let told = explain(&saved, &log, &[]).await.expect(1);
    for part in [
        &format!("request      {REQUEST}\n"),
        "logged       refused: registration_revoked, at revision 1",
        "rule         registration_revoked: the registration was withdrawn\n",
        "remedy       approve the registration of the application",
        &format!("credential   {}\n", saved.credential),
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }

    // Where there is nothing to change any more, that is what is told.
    saved.world.set(&saved.registration, "approved").await;
    saved.save().await;
    let told = explain(&saved, &log, &[]).await.expect(0);
    assert!(told.contains("none is needed: this policy allows the request"), "{told}");
    let log = line(&saved, json!({"reason": "wrong_header"}));
    let told = explain(&saved, &log, &[]).await.expect(0);
    assert!(told.contains("present the credential as its strategy says"), "{told}");
    let log =
        line(&saved, json!({"reason": "unknown_route", "path": "/elsewhere", "credential": ""}));
    let told = explain(&saved, &log, &[]).await.expect(1);
    assert!(told.contains("give the service `s` a route that matches"), "{told}");
}

#[tokio::test]
async fn refusals_in_words_and_standard_input_will_do() {
    let saved = Saved::new().await;
    saved.world.set(&saved.registration, "rejected").await;
    saved.save().await;
    let log = format!(
        "2026/01/02 [info] refused: registration_rejected credential={} application={} api={} \
         request_id={REQUEST}\n",
        saved.credential, saved.world.application, saved.world.api
    );
    let told = explain(&saved, &log, &[]).await.expect(1);
    assert!(told.contains("approve the registration of the application"), "{told}");
    explain(&saved, "nothing\n", &[]).await.refused(2, "no decision about the request");
}

#[tokio::test]
async fn revisions_are_made_again_from_the_log_of_changes() {
    let saved = Saved::new().await;
    let portal = &saved.world.portal;
    let gateway = portal.gateway();
    let at = |revision: u64| {
        format!("/gateway/v1/snapshot?gateway={}&revision={revision}", saved.world.gateway)
    };
    let edge_held = |bytes: &[u8]| {
        let (head, _) = gatekey_core::snapshot::manifest::split_bundle(bytes).unwrap();
        gatekey_core::snapshot::Manifest::read_unverified(head).unwrap().revision.0
    };
    let newest = format!("/gateway/v1/snapshot?gateway={}", saved.world.gateway);
    let approved = edge_held(&gateway.get(&newest).await.expect(StatusCode::OK).body);
    saved.world.set(&saved.registration, "revoked").await;
    let now = edge_held(&gateway.get(&newest).await.expect(StatusCode::OK).body);
    assert!(now > approved);
    let log = line(&saved, json!({"reason": "registration_revoked", "revision": now}));
    for (revision, status) in [(approved, 0), (now, 1)] {
        let snapshot = gateway.get(&at(revision)).await.expect(StatusCode::OK).body;
        assert_eq!(edge_held(&snapshot), revision);
        fs::write(saved.dir.path().join("snapshot"), snapshot).unwrap();
        let revision = revision.to_string();
        explain(&saved, &log, &["--revision", &revision]).await.expect(status);
    }
    explain(&saved, &log, &["--revision", "1"]).await.refused(2, "not 1");
    gateway.get(&at(now + 1)).await.expect(StatusCode::GONE);
}
