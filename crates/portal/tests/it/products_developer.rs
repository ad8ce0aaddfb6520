//! The older developer API, and what a publication's settings tell developers.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Caller, Developer, TestPortal, unique};

/// The same developer at the older API.
fn older(developer: &Developer) -> Caller {
    developer.caller.clone().at_root()
}

fn base(developer: &Developer) -> String {
    format!("/portals/{}/api/v2", developer.portal)
}

#[tokio::test]
async fn a_developer_registers_for_a_product_version() {
    let test = TestPortal::start().await;
    let admin = test.admin();
    let portal = test.new_portal(json!({})).await;
    let strategy = test.new_strategy(json!({})).await;
    let body = json!({
        "name": unique("Weather"), "portal_ids": [portal], "public_labels": {"kind": "sky"}
    });
    let product = admin.post("/v2/api-products", body).await.id();
    let path = format!("/v2/api-products/{product}/product-versions");
    let version = admin.post(&path, json!({"name": "v1"})).await.id();
    let hidden = admin.post(&path, json!({"name": "v2"})).await.id();
    let path = format!("/v2/portals/{portal}/product-versions");
    let publish = json!({
        "product_version_id": version, "auth_strategy_ids": [strategy], "deprecated": true,
        "publish_status": "published", "application_registration_enabled": true,
        "auto_approve_registration": true
    });
    admin.post(&path, publish).await.expect(StatusCode::CREATED);

    let developer = test.developer(&portal, "ann").await;
    let (caller, base) = (older(&developer), base(&developer));
    let context = test.anyone().get(&format!("{base}/portal")).await.expect(StatusCode::OK).json();
    assert_eq!((&context["portal_id"], &context["is_public"]), (&json!(portal), &json!(false)));
    assert!(test.anyone().get(&format!("{base}/products")).await.ids().is_empty());

    let products = caller.get(&format!("{base}/products")).await.expect(StatusCode::OK).json();
    let seen = &products["data"][0];
    assert_eq!((&seen["id"], &seen["version_count"]), (&json!(product), &json!(1)));
    assert_eq!(seen["public_labels"], json!({"kind": "sky"}));
    assert_eq!(seen["latest_version"]["name"], "v1");
    let of_product = format!("{base}/products/{product}");
    assert_eq!(caller.get(&format!("{of_product}/versions")).await.ids(), [version.clone()]);
    let seen = caller.get(&format!("{of_product}/versions/{version}")).await;
    let seen = seen.expect(StatusCode::OK).json();
    assert_eq!(seen["deprecated"], true);
    let config = &seen["registration_configs"][0];
    assert_eq!((&config["id"], &config["credential_type"]), (&json!(strategy), &json!("key_auth")));
    assert_eq!(
        (&config["registration_enabled"], &config["registration_auto_approve"]),
        (&json!(true), &json!(true))
    );
    let path = format!("{of_product}/versions/{hidden}");
    caller.get(&path).await.expect(StatusCode::NOT_FOUND);
    let path = format!("{of_product}/versions/{version}/spec");
    caller.get(&path).await.expect(StatusCode::NO_CONTENT);
    let actions = caller.get(&format!("{of_product}/actions")).await.expect(StatusCode::OK).json();
    assert_eq!(actions["actions"]["register"], true);

    let strategies = caller.get(&format!("{base}/applications/auth-strategies")).await;
    assert!(strategies.ids().contains(&strategy));
    let body = json!({"name": "App", "auth_strategy_id": strategy});
    let made = caller.post(&format!("{base}/applications"), body).await;
    let made = made.expect(StatusCode::CREATED).json();
    assert_eq!(made["reference_id"], made["id"], "keys have no client");
    assert_eq!(made.get("credentials"), None);
    let application = format!("{base}/applications/{}", made["id"].as_str().unwrap());
    let key =
        caller.post(&format!("{application}/credentials"), json!({"display_name": "k"})).await;
    let key = key.expect(StatusCode::CREATED).json();
    assert!(key["credential"].as_str().unwrap().len() >= 32);
    let listed = caller.get(&format!("{application}/credentials")).await.json();
    assert_eq!(listed["data"][0], json!({"id": key["id"], "display_name": "k"}));

    let register = json!({"product_version_id": version});
    let path = format!("{application}/registrations");
    let asked = caller.post(&path, register.clone()).await.expect(StatusCode::CREATED).json();
    for (member, expected) in [
        ("status", json!("approved")),
        ("product_id", json!(product)),
        ("product_version_id", json!(version)),
        ("product_version_name", json!("v1")),
    ] {
        assert_eq!(asked[member], expected, "{member}");
    }
    caller.post(&path, register).await.expect(StatusCode::CONFLICT);
    let blamed = caller.post(&path, json!({"product_version_id": hidden})).await.blamed();
    assert_eq!(blamed, [("product_version_id".into(), "missing_reference".into())]);
    // The same registration below /api/v3.
    let id = made["id"].as_str().unwrap();
    let seen = developer.caller.get(&format!("/applications/{id}/registrations")).await.json();
    assert_eq!(
        (&seen["data"][0]["id"], &seen["data"][0]["api_id"]),
        (&asked["id"], &json!(version))
    );
    let path = format!("{of_product}/versions/{version}/applications");
    let seen = caller.get(&path).await.expect(StatusCode::OK).json();
    assert_eq!(seen["data"][0]["registration_status"], "approved");

    // Somebody else's application does not exist.
    let other = test.developer(&portal, "bob").await;
    older(&other).get(&application).await.expect(StatusCode::NOT_FOUND);
    caller.delete(&application).await.expect(StatusCode::NO_CONTENT);
}

/// "Exposing the Issuer URL is essential for the Authorization Code Flow."
#[tokio::test]
async fn developers_are_told_the_issuer_where_it_is_shown() {
    let test = TestPortal::start().await;
    let admin = test.admin();
    let portal = test.new_portal(json!({})).await;
    let issuer = "https://idp.example.com/oauth2/default";
    let strategy = json!({
        "name": unique("oidc"), "display_name": "Okta", "strategy_type": "openid_connect",
        "configs": {"openid-connect": {
            "issuer": issuer, "credential_claim": ["application_id"], "scopes": ["openid"],
            "auth_methods": ["bearer"]
        }}
    });
    let strategy = admin.post("/v2/application-auth-strategies", strategy).await.id();
    let api = test.new_api().await;
    test.publish(&api, &portal, json!({"auth_strategy_ids": [strategy]})).await;
    let developer = test.developer(&portal, "ann").await;
    let path = format!("/apis/{api}/registration-settings");
    let told = developer.caller.get(&path).await.expect(StatusCode::OK).json();
    assert_eq!((&told["issuer"], &told["auto_approve"]), (&Value::Null, &json!(false)));
    assert_eq!((&told["show_issuer"], &told["deprecated"]), (&json!(false), &json!(false)));

    let settings = format!("/v3/apis/{api}/publications/{portal}/settings");
    let edit = json!({
        "show_issuer": true, "display_name": "Weather", "description": "Sun and rain",
        "deprecated": true, "tags": ["sky"], "auto_approve": true
    });
    admin.patch(&settings, edit).await.expect(StatusCode::OK);
    let told = developer.caller.get(&path).await.expect(StatusCode::OK).json();
    for (member, expected) in [
        ("issuer", json!(issuer)),
        ("display_name", json!("Weather")),
        ("description", json!("Sun and rain")),
        ("tags", json!(["sky"])),
        ("deprecated", json!(true)),
        ("auto_approve", json!(true)),
        ("application_registration_enabled", json!(true)),
    ] {
        assert_eq!(told[member], expected, "{member}");
    }
    // What is said of an API in a portal is what the portal shows.
    let seen = developer.caller.get(&format!("/apis/{api}")).await.expect(StatusCode::OK).json();
    assert_eq!((&seen["name"], &seen["description"]), (&json!("Weather"), &json!("Sun and rain")));
    assert_eq!(developer.caller.get("/apis?filter[name]=Weather").await.ids(), [api.clone()]);
    // Nobody who does not see the API is told.
    test.visitor(&portal).get(&path).await.expect(StatusCode::NOT_FOUND);
    admin.patch(&settings, json!({"published": false})).await.expect(StatusCode::OK);
    developer.caller.get(&path).await.expect(StatusCode::NOT_FOUND);
}
