//! Bad input: each gets a clear answer and changes nothing.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{NOBODY, TestPortal};

#[tokio::test]
async fn bodies_that_are_no_json_objects_are_refused() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    for body in [
        &b"{\"name\": "[..],
        b"",
        b"[]",
        b"null",
        b"\"x\"",
        b"{\"name\": \"\xff\"}",
        b"{\"name\": \"x\"} trailing",
    ] {
        let reply = admin.send(Method::POST, "/v3/portals", Some(body.to_vec())).await;
        reply.expect(StatusCode::BAD_REQUEST);
    }
    let deep = "[".repeat(100_000);
    let reply = admin.send(Method::POST, "/v3/portals", Some(deep.into_bytes())).await;
    reply.expect(StatusCode::BAD_REQUEST);
    assert_eq!(admin.get("/v3/portals").await.json()["meta"]["page"]["total"], 0);
}

#[tokio::test]
async fn every_broken_rule_is_named() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let name = json!("p");
    for (body, field, rule) in [
        (json!({}), "name", "required"),
        (json!({"name": 5}), "name", "is_string"),
        (json!({"name": null}), "name", "is_string"),
        (json!({"name": ""}), "name", "min_length"),
        (json!({"name": "x".repeat(256)}), "name", "max_length"),
        (json!({"name": "a\0b"}), "name", "invalid"),
        (json!({"name": name, "rbac_enabled": "yes"}), "rbac_enabled", "is_boolean"),
        (json!({"name": name, "display_name": null}), "display_name", "is_string"),
        (json!({"name": name, "default_api_visibility": "x"}), "default_api_visibility", "enum"),
        (json!({"name": name, "my_property": 1}), "my_property", "unknown_property"),
        (json!({"name": name, "id": NOBODY}), "id", "unknown_property"),
        (
            json!({"name": name, "default_application_auth_strategy_id": "x"}),
            "default_application_auth_strategy_id",
            "is_uuid",
        ),
        (json!({"name": name, "labels": {"kong": "x"}}), "labels.kong", "is_label"),
        (json!({"name": name, "labels": {"a": "b c"}}), "labels.a", "matches_regex"),
        (json!({"name": name, "labels": []}), "labels", "is_object"),
    ] {
        let blamed = admin.post("/v3/portals", body.clone()).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())], "{body}");
    }
    assert_eq!(admin.get("/v3/portals").await.json()["meta"]["page"]["total"], 0);
    let several = admin.post("/v3/portals", json!({"name": "", "x": 1})).await.blamed();
    assert_eq!(several.len(), 2);
}

#[tokio::test]
async fn long_bodies_are_refused() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let long = |length: usize| json!({"name": "x".repeat(length)}).to_string().into_bytes();
    let reply = admin.send(Method::POST, "/v3/portals", Some(long(1 << 20))).await;
    reply.expect(StatusCode::PAYLOAD_TOO_LARGE);
    let reply = admin.send(Method::POST, "/v3/apis", Some(long(10 << 20))).await;
    reply.expect(StatusCode::PAYLOAD_TOO_LARGE);
    let spec = format!("openapi: 3.0.0\n# {}", "x".repeat(2 << 20));
    let body = json!({"name": "large", "spec_content": spec});
    admin.post("/v3/apis", body).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn the_catalogue_takes_json_only() {
    let portal = TestPortal::start().await;
    let admin = portal.admin().with("content-type", "text/plain");
    let body = Some(b"{\"name\": \"x\"}".to_vec());
    let reply = admin.send(Method::POST, "/v3/apis", body).await;
    reply.expect(StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn unknown_and_malformed_ids_are_not_found() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    for path in [
        "/v3/portals/ID",
        "/v3/apis/ID",
        "/v3/apis/ID/versions",
        "/v2/application-auth-strategies/ID",
        "/v2/control-planes/ID",
        "/v2/control-planes/ID/core-entities/services",
        "/v3/portals/PORTAL/developers/ID",
        "/v3/portals/PORTAL/applications/ID",
        "/v3/portals/PORTAL/applications/ID/registrations",
        "/v3/portals/PORTAL/applications/ID/credentials",
        "/v3/applications/ID",
        "/portals/ID/api/v3/portal",
        "/portals/PORTAL/api/v3/apis/ID",
    ] {
        for wrong in [NOBODY, "not-a-uuid", "%ff"] {
            let path = path.replace("PORTAL", &id).replace("ID", wrong);
            admin.get(&path).await.expect(StatusCode::NOT_FOUND);
        }
    }
    admin.get("/v3/no-such-thing").await.expect(StatusCode::NOT_FOUND);
    admin.delete("/v3/portals").await.expect(StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn sign_up_takes_what_it_needs_and_no_more() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let visitor = portal.visitor(&id);
    let good = json!({"email": "a@example.com", "full_name": "A"});
    for (name, value, field, rule) in [
        ("password", json!(PASSWORD), "password", "unknown_property"),
        ("full_name", json!(""), "full_name", "min_length"),
        ("email", json!("not an address"), "email", "invalid"),
        ("email", json!("a@b.c\r\nbcc: x@y.z"), "email", "invalid"),
        ("email", json!(format!("{}@example.com", "a".repeat(250))), "email", "max_length"),
    ] {
        let mut body = good.clone();
        body[name] = value;
        assert_eq!(visitor.post("/developer", body).await.blamed(), [(field.into(), rule.into())]);
    }
    let everybody = portal.admin().get(&format!("/v3/portals/{id}/developers")).await;
    assert_eq!(everybody.json()["data"], Value::Array(Vec::new()));
}

const PASSWORD: &str = "Correct-Horse-9!";
