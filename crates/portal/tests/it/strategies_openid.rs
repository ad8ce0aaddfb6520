//! OpenID Connect strategies: their settings, and what gateways get of them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::support::{NOBODY, TestPortal, unique};

const PATH: &str = "/v2/application-auth-strategies";

/// The body of a strategy with these settings beside those that are required.
pub(crate) fn openid_connect(settings: Value) -> Value {
    let mut all = json!({
        "issuer": "https://idp.invalid/realm",
        "credential_claim": ["sub"],
        "scopes": ["openid"],
        "auth_methods": ["client_credentials", "bearer"]
    });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    json!({
        "name": unique("strategy"),
        "display_name": "Tokens",
        "strategy_type": "openid_connect",
        "configs": {"openid-connect": all}
    })
}

#[tokio::test]
async fn settings_are_kept_as_given_changed_by_member_and_replaced() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    for base in ["/v2", "/v3"] {
        let path = format!("{base}/application-auth-strategies");
        let body = openid_connect(json!({
            "cache_tokens": false,
            "audience": null,
            "token_post_args_names": ["audience"],
            "token_post_args_values": ["https://api.example.com"]
        }));
        let made = admin.post(&path, body.clone()).await.expect(StatusCode::CREATED).json();
        assert_eq!(made["configs"], body["configs"]);
        assert_eq!((&made["active"], &made["dcr_provider"]), (&json!(false), &Value::Null));
        assert_eq!(made["supports_multiple_credentials"], false);
        let one = format!("{path}/{}", made["id"].as_str().unwrap());
        assert_eq!(admin.get(&one).await.json(), made);
        let settings = json!({"leeway": 5, "cache_tokens": null, "scopes": []});
        let edit = json!({"configs": {"openid-connect": settings}});
        let changed = admin.patch(&one, edit).await.expect(StatusCode::OK).json();
        let mut expected = body["configs"]["openid-connect"].clone();
        expected.as_object_mut().unwrap().remove("cache_tokens");
        expected["leeway"] = 5.into();
        expected["scopes"] = json!([]);
        assert_eq!(changed["configs"], json!({"openid-connect": expected}));
        // The whole is checked again, and a refusal changes nothing.
        for (settings, field, rule) in [
            (json!({"auth_methods": null}), "auth_methods", "required"),
            (json!({"token_post_args_names": null}), "token_post_args_values", "invalid"),
            (json!({"auth_methods": ["password"]}), "client_id", "required"),
        ] {
            let edit = json!({"name": "other", "configs": {"openid-connect": settings}});
            let blamed = admin.patch(&one, edit).await.blamed();
            assert_eq!(blamed, [(format!("configs.openid-connect.{field}"), rule.to_owned())]);
        }
        assert_eq!(admin.get(&one).await.json(), changed);
        let other = json!({"configs": {"key-auth": {"key_names": ["a"]}}});
        let blamed = admin.patch(&one, other).await.blamed();
        assert_eq!(blamed, [("configs.key-auth".into(), "unknown_property".into())]);
        let replaced = admin.put(&one, openid_connect(json!({"leeway": 1}))).await;
        let replaced = replaced.expect(StatusCode::CREATED).json();
        assert_eq!(replaced["id"], made["id"]);
        assert_eq!(replaced["configs"]["openid-connect"]["leeway"], 1);
        let mut keys = openid_connect(json!({}));
        keys["strategy_type"] = "key_auth".into();
        keys["configs"] = json!({"key-auth": {"key_names": ["a"]}});
        let blamed = admin.put(&one, keys).await.blamed();
        assert_eq!(blamed, [("strategy_type".into(), "invalid".into())]);
        admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn what_a_gateway_would_refuse_is_refused_by_name() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    for (settings, field, rule) in [
        (json!({"labels": {"a": "b"}}), "labels", "unknown_property"),
        (json!({"consumer_claims": ["a"]}), "consumer_claims", "unknown_property"),
        (json!({"client_secret": "s"}), "client_secret", "unknown_property"),
        (json!({"colour": 1}), "colour", "unknown_property"),
        (json!({"leeway": 61}), "leeway", "invalid"),
        (json!({"scopes": ["a b"]}), "scopes.0", "invalid"),
        (json!({"scopes": "openid"}), "scopes", "is_array"),
        (json!({"scopes": vec!["s"; 51]}), "scopes", "max_items"),
        (json!({"credential_claim": ["x".repeat(129)]}), "credential_claim.0", "max_length"),
        (json!({"auth_methods": []}), "auth_methods", "invalid"),
        (json!({"auth_methods": ["userinfo"]}), "auth_methods.0", "invalid"),
        (json!({"issuer": format!("https://{}", "x".repeat(256))}), "issuer", "max_length"),
        (json!({"issuer": "idp"}), "issuer", "invalid"),
        (json!({"issuer": "http://idp.example.com"}), "issuer", "invalid"),
        (json!({"issuer": "https://10.0.0.1"}), "issuer", "invalid"),
        (json!({"issuer": "https://login.microsoftonline.com/common/v2.0"}), "issuer", "invalid"),
        (
            json!({
                "issuer": "https://idp.example.com/.well-known/openid-configuration",
                "auth_methods": ["bearer"],
                "jwks_endpoint": "https://idp.example.com/jwks"
            }),
            "issuer",
            "invalid",
        ),
        (json!({"client_id": "a\u{0}b"}), "client_id", "invalid"),
    ] {
        let blamed = admin.post(PATH, openid_connect(settings.clone())).await.blamed();
        let field = format!("configs.openid-connect.{field}");
        assert_eq!(blamed, [(field, rule.to_owned())], "{settings}");
    }
    let mut bare = openid_connect(json!({}));
    bare["configs"]["openid-connect"] = json!({"issuer": "https://idp.example.com"});
    let blamed = admin.post(PATH, bare).await.blamed();
    let required = ["credential_claim", "scopes", "auth_methods"];
    assert_eq!(
        blamed,
        required.map(|name| (format!("configs.openid-connect.{name}"), "required".to_owned()))
    );
    let mut unknown = openid_connect(json!({}));
    unknown["dcr_provider_id"] = NOBODY.into();
    let blamed = admin.post(PATH, unknown).await.blamed();
    assert_eq!(blamed, [("dcr_provider_id".into(), "missing_reference".into())]);
    assert_eq!(admin.get(PATH).await.json()["meta"]["page"]["total"], 0);
}
