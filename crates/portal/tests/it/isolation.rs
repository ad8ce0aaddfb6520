//! Whose is what: nobody reaches what belongs to another developer, another portal, or another
//! kind of caller.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{BEARER, TestPortal};

#[tokio::test]
async fn what_belongs_to_others_does_not_exist() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let (here, there) = (portal.new_portal(json!({})).await, portal.new_portal(json!({})).await);
    let strategy = portal.new_strategy(json!({})).await;
    let api = portal.new_api().await;
    for id in [&here, &there] {
        portal.publish(&api, id, json!({"auth_strategy_ids": [strategy]})).await;
    }
    let ann = portal.developer(&here, "ann").await;
    let bob = portal.developer(&here, "bob").await;
    let eve = portal.developer(&there, "eve").await;
    let app = ann.new_application(&strategy).await;
    let key = ann.caller.post(&format!("/applications/{app}/credentials"), json!({})).await.id();
    let registration = ann.ask(&app, &api).await.id();
    let body = Some(json!({"display_name": "x"}).to_string().into_bytes());
    let ask = Some(json!({"api_id": api}).to_string().into_bytes());
    let tries = [
        (Method::GET, format!("/applications/{app}"), None),
        (Method::PATCH, format!("/applications/{app}"), Some(b"{\"name\":\"x\"}".to_vec())),
        (Method::DELETE, format!("/applications/{app}"), None),
        (Method::GET, format!("/applications/{app}/credentials"), None),
        (Method::POST, format!("/applications/{app}/credentials"), body.clone()),
        (Method::PUT, format!("/applications/{app}/credentials/{key}"), body.clone()),
        (Method::DELETE, format!("/applications/{app}/credentials/{key}"), None),
        (Method::GET, format!("/applications/{app}/registrations"), None),
        (Method::POST, format!("/applications/{app}/registrations"), ask),
        (Method::GET, format!("/applications/{app}/registrations/{registration}"), None),
        (Method::DELETE, format!("/applications/{app}/registrations/{registration}"), None),
        (Method::GET, format!("/applications/{app}/granted-scopes"), None),
        (Method::POST, format!("/applications/{app}/regenerate-secret"), None),
    ];
    // Bob's own application does not open Ann's keys either.
    let bobs = bob.new_application(&strategy).await;
    for (method, path, body) in &tries {
        for stranger in [&bob.caller, &eve.caller] {
            let reply = stranger.send(method.clone(), path, body.clone()).await;
            reply.expect(StatusCode::NOT_FOUND);
        }
        let nobody = portal.visitor(&here).send(method.clone(), path, body.clone()).await;
        nobody.expect(StatusCode::UNAUTHORIZED);
        let mixed = path.replace(&app, &bobs);
        if mixed.contains(&key) || mixed.contains(&registration) {
            let reply = bob.caller.send(method.clone(), &mixed, body.clone()).await;
            reply.expect(StatusCode::NOT_FOUND);
        }
        let admin_path = format!("/v3/portals/{there}{path}");
        if *method == Method::GET && !path.ends_with("granted-scopes") {
            admin.get(&admin_path).await.expect(StatusCode::NOT_FOUND);
        }
    }
    assert_eq!(ann.caller.get("/applications").await.ids(), [app.clone()]);
    assert_eq!(bob.caller.get("/applications").await.ids(), [bobs]);
    assert_eq!(ann.caller.get(&format!("/applications/{app}/credentials")).await.ids(), [key]);
    let path = format!("/applications/{app}/registrations/{registration}");
    assert_eq!(ann.caller.get(&path).await.json()["status"], "pending");
    let developer = format!("/v3/portals/{there}/developers/{}", ann.id);
    admin.get(&developer).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&developer).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_account_is_good_in_one_portal() {
    let portal = TestPortal::start().await;
    let (here, there) = (portal.new_portal(json!({})).await, portal.new_portal(json!({})).await);
    let ann = portal.developer(&here, "ann").await;
    let mut elsewhere = portal.visitor(&there);
    elsewhere.cookies = ann.caller.cookies.clone();
    elsewhere.get("/developer/me").await.expect(StatusCode::UNAUTHORIZED);
    elsewhere.post("/developer/refresh", json!({})).await.expect(StatusCode::UNAUTHORIZED);
    let body = json!({"username": ann.email, "password": "Correct-Horse-9!"});
    elsewhere.post("/developer/authenticate", body).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn administrators_and_developers_are_not_each_other() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let (_, access) = &ann.caller.cookies[0];
    for (name, value) in [
        (BEARER, format!("Bearer {access}")),
        ("cookie", format!("portalaccesstoken={access}")),
        (BEARER, "Bearer ".to_owned()),
        (BEARER, "Basic eDp5".to_owned()),
    ] {
        let caller = portal.anyone().with(name, &value);
        let refused = caller.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(refused.json()["title"], "Unauthorized");
    }
    let token = std::fs::read_to_string(portal.data_dir.path().join("admin-token")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let admin = portal.visitor(&id).with(BEARER, &bearer);
    admin.get("/applications").await.expect(StatusCode::UNAUTHORIZED);
    let gateway = std::fs::read_to_string(portal.data_dir.path().join("gateway-token")).unwrap();
    let gateway = portal.anyone().with(BEARER, &format!("Bearer {}", gateway.trim()));
    gateway.get("/v3/portals").await.expect(StatusCode::UNAUTHORIZED);
}

/// Every operation of the description that is not for everybody answers 401 to nobody.
#[tokio::test]
async fn every_operation_asks_who_calls() {
    const FOR_EVERYBODY: [&str; 45] = [
        "get-portal-context",
        "register",
        "verify-email",
        "reset-password",
        "forgot-password",
        "authenticate",
        "refresh",
        "logout",
        "authenticate-sso",
        "authenticate-sso-callback",
        "list-catalogue-apis",
        "fetch-catalogue-api",
        "list-api-version-specs",
        "fetch-api-version-spec",
        "fetch-api-version-spec-raw",
        "list-catalogue-api-specs",
        "fetch-catalogue-api-spec",
        "fetch-api-spec-raw",
        "fetch-catalogue-api-image",
        "fetch-catalogue-api-image-content",
        "list-catalogue-api-documents",
        "fetch-catalogue-api-document",
        "get-paginated-api-attributes",
        "list-shown-pages",
        "get-portal-page-by-name",
        "list-shown-snippets",
        "get-portal-snippet-by-name",
        "get-shown-customization",
        "get-shown-integrations",
        "get-portal-logo",
        "get-portal-favicon",
        "search-portal",
        "fetch-api-registration-settings",
        "get-portal-context-v2",
        "get-catalogue-appearance-v2",
        "get-catalogue-cover-v2",
        "get-catalogue-logo-v2",
        "list-product-documents-v2",
        "get-product-document-v2",
        "get-product-version-spec-operations-v2",
        "search-portal-entities-v2",
        "list-products",
        "get-product",
        "list-product-versions",
        "get-product-version",
    ];
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let description = portal.anyone().get("/openapi.json").await.json();
    let mut asked = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            if FOR_EVERYBODY.contains(&name) {
                assert!(operation.get("security").is_none(), "{name}");
                continue;
            }
            assert!(operation["security"].is_array(), "{name}");
            let path = path.replace("{portalId}", &id);
            let path: Vec<_> = path
                .split('/')
                .map(|part| if part.starts_with('{') { crate::support::NOBODY } else { part })
                .collect();
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let reply = portal.anyone().send(method, &path.join("/"), Some(b"{}".to_vec())).await;
            reply.expect(StatusCode::UNAUTHORIZED);
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked}");
}
