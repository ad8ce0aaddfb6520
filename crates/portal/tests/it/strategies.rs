//! `/v2/application-auth-strategies`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{TestPortal, unique};

const PATH: &str = "/v2/application-auth-strategies";

fn key_auth(settings: Value) -> Value {
    json!({
        "name": unique("s"),
        "display_name": "Keys",
        "strategy_type": "key_auth",
        "configs": {"key-auth": settings}
    })
}

#[tokio::test]
async fn a_strategy_is_made_changed_and_replaced() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let made = admin.post(PATH, key_auth(json!({"key_names": ["apikey"]}))).await;
    let made = made.expect(StatusCode::CREATED).json();
    assert_eq!(made["configs"], json!({"key-auth": {"key_names": ["apikey"]}}));
    assert_eq!((&made["active"], &made["dcr_provider"]), (&json!(false), &Value::Null));
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let ttl = json!({"configs": {"key-auth": {"ttl": {"value": 3, "unit": "weeks"}}}});
    let changed = admin.patch(&path, ttl).await.expect(StatusCode::OK).json();
    assert_eq!(changed["configs"]["key-auth"]["ttl"], json!({"value": 3, "unit": "weeks"}));
    assert_eq!(changed["configs"]["key-auth"]["key_names"], json!(["apikey"]));
    let gone = json!({"configs": {"key-auth": {"ttl": null}}});
    let changed = admin.patch(&path, gone).await.expect(StatusCode::OK).json();
    assert_eq!(changed["configs"], made["configs"]);
    let replaced = admin.put(&path, key_auth(json!({"key_names": ["x-key"]}))).await;
    let replaced = replaced.expect(StatusCode::CREATED).json();
    assert_eq!(replaced["id"], made["id"]);
    assert_eq!(replaced["configs"]["key-auth"]["key_names"], json!(["x-key"]));
}

#[tokio::test]
async fn what_cannot_be_enforced_is_refused() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let mut oidc = key_auth(json!({"key_names": ["apikey"]}));
    oidc["strategy_type"] = "openid_connect".into();
    let blamed = admin.post(PATH, oidc.clone()).await.blamed();
    assert_eq!(blamed, [("configs.key-auth".into(), "unknown_property".into())]);
    for (settings, field, rule) in [
        (json!({"key_names": []}), "configs.key-auth.key_names", "min_items"),
        (json!({}), "configs.key-auth.key_names", "required"),
        (json!({"key_names": ["a b"]}), "configs.key-auth.key_names.0", "matches_regex"),
        (json!({"key_names": ["a", "A"]}), "configs.key-auth.key_names.1", "invalid"),
        (json!({"key_names": vec!["k"; 11]}), "configs.key-auth.key_names", "max_items"),
        (json!({"key_names": ["a"], "labels": {}}), "configs.key-auth.labels", "unknown_property"),
        (
            json!({"key_names": ["a"], "ttl": {"value": 0, "unit": "days"}}),
            "configs.key-auth.ttl.value",
            "min",
        ),
        (
            json!({"key_names": ["a"], "ttl": {"value": 1, "unit": "months"}}),
            "configs.key-auth.ttl.unit",
            "enum",
        ),
    ] {
        let blamed = admin.post(PATH, key_auth(settings.clone())).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())], "{settings}");
    }
    assert_eq!(admin.get(PATH).await.json()["meta"]["page"]["total"], 0);
}

#[tokio::test]
async fn a_strategy_in_use_stays() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let strategy = portal.new_strategy(json!({})).await;
    let path = format!("{PATH}/{strategy}");
    let default = json!({"default_application_auth_strategy_id": strategy});
    let id = portal.new_portal(default).await;
    admin.delete(&path).await.expect(StatusCode::CONFLICT);
    let none = json!({"default_application_auth_strategy_id": null});
    admin.patch(&format!("/v3/portals/{id}"), none).await.expect(StatusCode::OK);
    let api = portal.new_api().await;
    portal.publish(&api, &id, json!({"auth_strategy_ids": [strategy]})).await;
    assert_eq!(admin.get(&path).await.json()["active"], true);
    admin.delete(&path).await.expect(StatusCode::CONFLICT);
    admin.delete(&format!("/v3/apis/{api}")).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.get(&path).await.expect(StatusCode::NOT_FOUND);
}
