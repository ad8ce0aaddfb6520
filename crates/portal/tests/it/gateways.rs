//! Control planes, their services and routes, and implementations.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{NOBODY, TestPortal, unique};

#[tokio::test]
async fn a_gateway_is_made_and_changed() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let name = unique("g");
    let made = admin.post("/v2/control-planes", json!({"name": name})).await;
    let made = made.expect(StatusCode::CREATED).json();
    assert_eq!(made["config"]["cluster_type"], "CLUSTER_TYPE_CONTROL_PLANE");
    admin.post("/v2/control-planes", json!({"name": name})).await.expect(StatusCode::CONFLICT);
    let path = format!("/v2/control-planes/{}", made["id"].as_str().unwrap());
    let changed = admin.patch(&path, json!({"description": "d"})).await.json();
    assert_eq!((&changed["description"], &changed["name"]), (&json!("d"), &json!(name)));
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.get(&path).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn services_and_routes_are_kept_as_given() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let (gateway, service) = portal.new_service().await;
    let base = format!("/v2/control-planes/{gateway}/core-entities");
    let spread = json!({"name": "t", "url": "https://up.test/base"});
    let spread = admin.post(&format!("{base}/services"), spread).await.json();
    assert_eq!(
        (&spread["protocol"], &spread["host"], &spread["port"], &spread["path"]),
        (&json!("https"), &json!("up.test"), &json!(443), &json!("/base"))
    );
    let route = json!({
        "name": "r",
        "service": {"id": service},
        "hosts": ["*.api.test"],
        "paths": ["/flights"],
        "methods": ["GET"],
        "headers": {"x-version": ["2"]}
    });
    let made = admin.post(&format!("{base}/routes"), route.clone()).await;
    let made = made.expect(StatusCode::CREATED).json();
    for (name, value) in route.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    let path = format!("{base}/routes/{}", made["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.json(), made);
    let put = admin.put(&path, json!({"service": {"id": service}})).await.expect(StatusCode::OK);
    assert_eq!((&put.json()["paths"], &put.json()["id"]), (&Value::Null, &made["id"]));
    admin
        .put(&format!("{base}/routes/{NOBODY}"), json!({"name": "n"}))
        .await
        .expect(StatusCode::OK);
    let page = admin.get(&format!("{base}/services?size=1")).await.json();
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    let offset = page["offset"].as_str().unwrap();
    let rest = admin.get(&format!("{base}/services?size=1&offset={offset}")).await.json();
    assert_ne!(rest["data"][0]["id"], page["data"][0]["id"]);
    assert!(rest.get("offset").is_none());
    admin.delete(&format!("{base}/services/{service}")).await.expect(StatusCode::NO_CONTENT);
    admin.get(&path).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn routes_that_the_gateway_could_not_match_as_meant_are_refused() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let (gateway, service) = portal.new_service().await;
    let path = format!("/v2/control-planes/{gateway}/core-entities/routes");
    for (change, field, rule) in [
        (json!({"paths": ["~/a.*"]}), "paths.0", "matches_regex"),
        (json!({"hosts": ["a.*.b"]}), "hosts.0", "is_fqdn"),
        (json!({"methods": ["get"]}), "methods.0", "matches_regex"),
        (json!({"headers": {"x": ["~*a"]}}), "headers.x", "invalid"),
        (json!({"headers": {"x": []}}), "headers.x", "min_items"),
        (json!({"snis": ["a.test"]}), "snis", "invalid"),
        (json!({"sources": [{"ip": "10.0.0.1"}]}), "sources", "invalid"),
        (json!({"expression": "true"}), "expression", "unknown_property"),
        (json!({"service": {"id": NOBODY}}), "service.id", "missing_reference"),
    ] {
        let mut body = json!({"service": {"id": service}});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let blamed = admin.post(&path, body).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())], "{change}");
    }
    assert_eq!(admin.get(&path).await.json()["data"], json!([]));
}

#[tokio::test]
async fn one_service_implements_one_api() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let (gateway, service) = portal.new_service().await;
    let (one, two) = (portal.new_api().await, portal.new_api().await);
    let link = json!({"service": {"control_plane_id": gateway, "id": service}});
    let path = |api: &str| format!("/v3/apis/{api}/implementations");
    let made = admin.post(&path(&one), link.clone()).await.id();
    admin.post(&path(&one), link.clone()).await.expect(StatusCode::CONFLICT);
    admin.post(&path(&two), link.clone()).await.expect(StatusCode::CONFLICT);
    let mode = admin.get(&format!("/v3/apis/{one}")).await.json()["implementation_mode"].clone();
    assert_eq!(mode, "gateway_entity_binding");
    let of_service = format!("/v2/control-planes/{gateway}/core-entities/services/{service}");
    admin.delete(&of_service).await.expect(StatusCode::CONFLICT);
    admin.delete(&format!("{}/{made}", path(&two))).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&format!("{}/{made}", path(&one))).await.expect(StatusCode::NO_CONTENT);
    admin.post(&path(&two), link).await.id();
    let whole = json!({"control_plane": {"control_plane_id": gateway}});
    let blamed = admin.post(&path(&one), whole).await.blamed();
    assert_eq!(blamed, [("control_plane".into(), "invalid".into())]);
    let unknown = json!({"service": {"control_plane_id": NOBODY, "id": service}});
    let blamed = admin.post(&path(&one), unknown).await.blamed();
    assert_eq!(blamed, [("service.id".into(), "missing_reference".into())]);
    admin.delete(&format!("/v2/control-planes/{gateway}")).await.expect(StatusCode::NO_CONTENT);
    assert!(admin.get("/v3/api-implementations").await.ids().is_empty());
}
