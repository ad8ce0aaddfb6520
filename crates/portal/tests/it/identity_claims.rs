//! Claims of authorization servers, and their templates.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{NOBODY, TestPortal, unique};

async fn new_server(portal: &TestPortal) -> String {
    let body = json!({"name": unique("server"), "audience": "aud", "signing_algorithm": "ES256"});
    let server = portal.admin().post("/v1/auth-servers", body).await.id();
    format!("/v1/auth-servers/{server}")
}

#[tokio::test]
async fn a_claim_is_checked_before_it_is_kept() {
    let portal = TestPortal::start().await;
    let (admin, server) = (portal.admin(), new_server(&portal).await);
    let claims = format!("{server}/claims");
    let made = admin.post(&claims, json!({"name": "plan", "value": "${ .Client.Name }"})).await;
    let made = made.expect(StatusCode::CREATED).json();
    let expected = json!({
        "id": made["id"], "name": "plan", "value": "${ .Client.Name }", "include_in_token": false,
        "include_in_all_scopes": false, "include_in_scopes": [], "enabled": true,
        "created_at": made["created_at"], "updated_at": made["updated_at"]
    });
    assert_eq!(made, expected);
    let one = format!("{claims}/{}", made["id"].as_str().unwrap());
    for (change, field, rule) in [
        (json!({"name": "sub"}), "name", "invalid"),
        (json!({"name": "cnf"}), "name", "invalid"),
        (json!({"name": ""}), "name", "min_length"),
        (json!({"value": ""}), "value", "min_length"),
        (json!({"value": "${ env \"HOME\" }"}), "value", "invalid"),
        (json!({"value": "${ .Client.Secret }"}), "value", "invalid"),
        (json!({"value": "${ repeat 99999999 \"x\" }"}), "value", "invalid"),
        (json!({"include_in_scopes": [NOBODY]}), "include_in_scopes.0", "missing_reference"),
        (json!({"enabled": null}), "enabled", "is_boolean"),
    ] {
        let expected = [(field.to_owned(), rule.to_owned())];
        let mut body = json!({"name": "n", "value": "v"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(admin.post(&claims, body).await.blamed(), expected, "{change}");
        assert_eq!(admin.patch(&one, change.clone()).await.blamed(), expected, "{change}");
    }
    let refused = admin.post(&claims, json!({"name": "n", "value": "${ shout 1 }"})).await;
    assert!(refused.text().contains("unknown function `shout`"), "{}", refused.text());
    assert_eq!(admin.get(&one).await.json(), made);
    assert_eq!(
        admin.get(&format!("{claims}?filter[name][contains]=la&sort=name")).await.ids().len(),
        1
    );
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    admin.get(&one).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_template_that_fits_some_clients_is_kept() {
    let portal = TestPortal::start().await;
    let (admin, server) = (portal.admin(), new_server(&portal).await);
    let value = "${ uuidParse .Client.Name }";
    let body = json!({"name": "id", "value": value});
    admin.post(&format!("{server}/claims"), body).await.expect(StatusCode::CREATED);
    for (name, status) in [(NOBODY, StatusCode::OK), ("Ann", StatusCode::BAD_REQUEST)] {
        let body = json!({"name": name, "grant_types": [], "response_types": []});
        let client = admin.post(&format!("{server}/clients"), body).await.id();
        let path = format!("{server}/clients/{client}/test-claim");
        admin.post(&path, json!({"id": value})).await.expect(status);
    }
}

#[tokio::test]
async fn a_claim_whose_last_scope_goes_is_disabled() {
    let portal = TestPortal::start().await;
    let (admin, server) = (portal.admin(), new_server(&portal).await);
    let mut scopes = Vec::new();
    for name in ["a", "b"] {
        scopes.push(admin.post(&format!("{server}/scopes"), json!({"name": name})).await.id());
    }
    let body = json!({"name": "c", "value": "v", "include_in_scopes": scopes});
    let claim = admin.post(&format!("{server}/claims"), body).await.id();
    let shown = async || admin.get(&format!("{server}/claims/{claim}")).await.json();
    let gone = format!("{server}/scopes/{}", scopes[0]);
    admin.delete(&gone).await.expect(StatusCode::NO_CONTENT);
    let left = shown().await;
    assert_eq!((&left["include_in_scopes"], &left["enabled"]), (&json!([scopes[1]]), &json!(true)));
    let gone = format!("{server}/scopes/{}", scopes[1]);
    admin.delete(&gone).await.expect(StatusCode::NO_CONTENT);
    let left = shown().await;
    assert_eq!((&left["include_in_scopes"], &left["enabled"]), (&json!([]), &json!(false)));
}

#[tokio::test]
async fn claims_can_be_tried_for_a_client() {
    let portal = TestPortal::start().await;
    let (admin, server) = (portal.admin(), new_server(&portal).await);
    let body = json!({
        "name": "Ann's", "grant_types": ["client_credentials"], "response_types": [],
        "labels": {"environment": "prod"}
    });
    let client = admin.post(&format!("{server}/clients"), body).await.id();
    let path = format!("{server}/clients/{client}/test-claim");
    let tried = json!({
        "destination": "anywhere",
        "name": "${ upper .Client.Name }",
        "id": "${ .AuthServer.Audience }-${ .Client.ID }",
        "environment": "${ .Client.Labels.environment | default \"none\" }",
        "limits": "{\"rps\": 5}",
        "grants": "${ .Client.GrantTypes }"
    });
    let rendered = admin.post(&path, tried).await.expect(StatusCode::OK).json();
    let expected = json!({
        "destination": "anywhere",
        "name": "ANN'S",
        "id": format!("aud-{client}"),
        "environment": "prod",
        "limits": {"rps": 5},
        "grants": ["client_credentials"]
    });
    assert_eq!(rendered, expected);
    let blamed = admin.post(&path, json!({"a": "x", "b": "${ nope }"})).await.blamed();
    assert_eq!(blamed, [("b".to_owned(), "invalid".to_owned())]);
    let blamed = admin.post(&path, json!({"a": 5})).await.blamed();
    assert_eq!(blamed, [("a".to_owned(), "is_string".to_owned())]);
    let path = format!("{server}/clients/nobody/test-claim");
    admin.post(&path, json!({})).await.expect(StatusCode::NOT_FOUND);
}
