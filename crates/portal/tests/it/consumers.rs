//! Consumers of gateways, and applications that are one.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::edge::World;
use crate::support::{NOBODY, TestPortal};

impl World {
    fn consumers(&self) -> String {
        format!("/v2/control-planes/{}/core-entities/consumers", self.gateway)
    }

    async fn new_consumer(&self, username: &str) -> String {
        let body = json!({"username": username, "custom_id": format!("id-of-{username}")});
        self.portal.admin().post(&self.consumers(), body).await.id()
    }

    async fn consumer_of(&self, registration: &str) -> Value {
        self.portal.admin().get(registration).await.expect(StatusCode::OK).json()["consumer"]
            .clone()
    }
}

#[tokio::test]
async fn consumers_follow_the_gateways_own_conventions() {
    let world = World::new(TestPortal::start().await).await;
    let (admin, path) = (world.portal.admin(), world.consumers());
    let made = admin.post(&path, json!({"username": "ann", "tags": ["a"]})).await;
    let made = made.expect(StatusCode::CREATED).json();
    let id = made["id"].as_str().unwrap();
    assert_eq!((&made["username"], &made["custom_id"]), (&json!("ann"), &Value::Null));
    assert_eq!(made["tags"], json!(["a"]));
    assert!(made["created_at"].as_i64().unwrap() < 100_000_000_000);
    let one = format!("{path}/{id}");
    assert_eq!(admin.get(&one).await.expect(StatusCode::OK).json(), made);
    let put = admin.put(&one, json!({"username": "anna", "custom_id": "7"})).await;
    assert_eq!(put.expect(StatusCode::OK).json()["username"], "anna");
    let other = format!("{path}/{NOBODY}");
    let body = json!({"username": "bob"});
    assert_eq!(admin.put(&other, body).await.expect(StatusCode::OK).json()["id"], NOBODY);
    for (body, expected) in [
        (json!({"username": "anna"}), StatusCode::CONFLICT),
        (json!({"custom_id": "7"}), StatusCode::CONFLICT),
        (json!({"id": NOBODY, "username": "new"}), StatusCode::CONFLICT),
    ] {
        admin.post(&path, body).await.expect(expected);
    }
    for (body, field, rule) in [
        (json!({}), "username", "required"),
        (json!({"username": ""}), "username", "min_length"),
        (json!({"username": "x", "groups": []}), "groups", "unknown_property"),
    ] {
        let blamed = admin.post(&path, body).await.blamed();
        assert_eq!((blamed[0].0.as_str(), blamed[0].1.as_str()), (field, rule));
    }
    let first = admin.get(&format!("{path}?size=1")).await.expect(StatusCode::OK).json();
    assert_eq!(first["data"].as_array().unwrap().len(), 1);
    let next = first["next"].as_str().unwrap();
    assert_eq!(admin.get(next).await.ids().len(), 1);
    assert_eq!(admin.get(&format!("{path}?filter[username][eq]=anna")).await.ids(), [id]);
    assert_eq!(admin.get(&format!("{path}?filter[custom_id][eq]=7")).await.ids(), [id]);
    let elsewhere = world.portal.new_service().await.0;
    let stranger = one.replace(&world.gateway, &elsewhere);
    admin.get(&stranger).await.expect(StatusCode::NOT_FOUND);
    admin.put(&stranger, json!({"username": "x"})).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&one).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_application_is_the_same_consumer_for_all_apis_of_a_gateway() {
    let world = World::new(TestPortal::start().await).await;
    let admin = world.portal.admin();
    let registration = world.ask().await;
    let consumer = world.new_consumer("ann").await;
    let mapping = format!("{registration}/consumer");
    assert_eq!(world.consumer_of(&registration).await, Value::Null);
    admin.put(&mapping, json!({"id": consumer})).await.expect(StatusCode::NO_CONTENT);
    let expected = json!({
        "id": consumer,
        "username": "ann",
        "custom_id": "id-of-ann",
        "control_plane_id": world.gateway,
    });
    assert_eq!(world.consumer_of(&registration).await, expected);
    let listed = format!("/v3/portals/{}/application-registrations", world.id);
    assert_eq!(admin.get(&listed).await.json()["data"][0]["consumer"], expected);

    // Another API of the same gateway: the application is the consumer there as well.
    let api = world.portal.new_api().await;
    let services = format!("/v2/control-planes/{}/core-entities/services", world.gateway);
    let service = admin.post(&services, json!({"name": "t", "host": "t.test"})).await.id();
    let link = json!({"service": {"control_plane_id": world.gateway, "id": service}});
    world.portal.publish(&api, &world.id, json!({"auth_strategy_ids": [world.strategy]})).await;
    let second = world.developer.ask(&world.application, &api).await.id();
    let second = format!(
        "/v3/portals/{}/applications/{}/registrations/{second}",
        world.id, world.application
    );
    assert_eq!(world.consumer_of(&second).await, Value::Null);
    let unlinked = admin.put(&format!("{second}/consumer"), json!({"id": consumer})).await;
    assert_eq!(unlinked.blamed(), [("id".to_owned(), "invalid".to_owned())]);
    let implementations = format!("/v3/apis/{api}/implementations");
    let implementation = admin.post(&implementations, link).await.id();
    assert_eq!(world.consumer_of(&second).await, expected);

    let other = world.new_consumer("other").await;
    admin
        .put(&format!("{second}/consumer"), json!({"id": other}))
        .await
        .expect(StatusCode::NO_CONTENT);
    assert_eq!(world.consumer_of(&registration).await["id"], json!(other));
    admin
        .delete(&format!("{implementations}/{implementation}"))
        .await
        .expect(StatusCode::NO_CONTENT);
    assert_eq!(world.consumer_of(&second).await, Value::Null);
    assert_eq!(world.consumer_of(&registration).await["id"], json!(other));

    // A consumer is one application.
    let rival = world.developer.new_application(&world.strategy).await;
    let rival_registration = world.developer.ask(&rival, &world.api).await.id();
    let rival_path = format!(
        "/v3/portals/{}/applications/{rival}/registrations/{rival_registration}/consumer",
        world.id
    );
    let taken = admin.put(&rival_path, json!({"id": other})).await;
    assert_eq!(taken.blamed(), [("id".to_owned(), "invalid".to_owned())]);
    admin.delete(&mapping).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(world.consumer_of(&registration).await, Value::Null);
    admin.delete(&mapping).await.expect(StatusCode::NO_CONTENT);
    admin.put(&rival_path, json!({"id": other})).await.expect(StatusCode::NO_CONTENT);

    // Consumers of other gateways, and none at all, are refused.
    let (elsewhere, _) = world.portal.new_service().await;
    let path = format!("/v2/control-planes/{elsewhere}/core-entities/consumers");
    let stranger = admin.post(&path, json!({"username": "ann"})).await.id();
    for id in [stranger.as_str(), NOBODY] {
        let refused = admin.put(&mapping, json!({"id": id})).await;
        assert_eq!(refused.blamed(), [("id".to_owned(), "invalid".to_owned())]);
    }
    admin.put(&mapping, json!({})).await.expect(StatusCode::BAD_REQUEST);
    let nowhere = mapping.replace(&world.application, NOBODY);
    admin.put(&nowhere, json!({"id": other})).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_consumer_that_goes_leaves_applications_behind() {
    let world = World::new(TestPortal::start().await).await;
    let admin = world.portal.admin();
    let registration = world.ask().await;
    for by_gateway in [false, true] {
        let consumer = world.new_consumer("ann").await;
        let mapping = format!("{registration}/consumer");
        admin.put(&mapping, json!({"id": consumer})).await.expect(StatusCode::NO_CONTENT);
        let path = if by_gateway {
            format!("/v2/control-planes/{}", world.gateway)
        } else {
            format!("{}/{consumer}", world.consumers())
        };
        admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(world.consumer_of(&registration).await, Value::Null);
    }
}

#[tokio::test]
async fn limits_and_networks_are_set_shown_and_lifted() {
    let world = World::new(TestPortal::start().await).await;
    let admin = world.portal.admin();
    let base = format!("/v3/portals/{}/applications/{}", world.id, world.application);
    let (limits, networks) = (format!("{base}/limits"), format!("{base}/networks"));
    assert_eq!(admin.get(&limits).await.expect(StatusCode::OK).json(), json!({"limits": []}));
    let body = json!({"limits": [
        {"kind": "rate", "requests": 10, "window_seconds": 1},
        {"kind": "quota", "requests": 1000, "window_seconds": 86400, "apis": [world.api]},
    ]});
    assert_eq!(admin.put(&limits, body.clone()).await.expect(StatusCode::OK).json(), body);
    let listed = json!({"networks": ["10.0.0.0/8", "2001:db8::/32"]});
    assert_eq!(admin.put(&networks, listed.clone()).await.expect(StatusCode::OK).json(), listed);
    let own = format!("/applications/{}/limits", world.application);
    let shown = world.developer.caller.get(&own).await.expect(StatusCode::OK).json();
    assert_eq!((&shown["limits"], &shown["networks"]), (&body["limits"], &listed["networks"]));
    let bob = world.portal.developer(&world.id, "bob").await;
    bob.caller.get(&own).await.expect(StatusCode::NOT_FOUND);

    let limit = |member: &str, value: Value| {
        let mut limit = json!({"kind": "rate", "requests": 1, "window_seconds": 1});
        limit[member] = value;
        json!({"limits": [limit]})
    };
    for (path, body, field) in [
        (&limits, limit("kind", json!("burst")), "limits.0.kind"),
        (&limits, limit("requests", json!(0)), "limits.0.requests"),
        (&limits, limit("window_seconds", json!(86_401)), "limits.0.window_seconds"),
        (&limits, limit("apis", json!([])), "limits.0.apis"),
        (&limits, limit("apis", json!([NOBODY])), "limits.0.apis.0"),
        (&limits, limit("apis", json!([world.api, world.api])), "limits.0.apis"),
        (&limits, limit("burst", json!(1)), "limits.0.burst"),
        (&limits, json!({}), "limits"),
        (&networks, json!({"networks": ["10.0.0.1/8"]}), "networks.0"),
        (&networks, json!({"networks": ["10.0.0.0/8", "x"]}), "networks.1"),
        (&networks, json!({"networks": vec!["::1"; 65]}), "networks"),
    ] {
        let blamed = admin.put(path, body.clone()).await.blamed();
        assert_eq!(blamed[0].0, field, "{body}");
    }
    assert_eq!(admin.get(&limits).await.json(), body);
    assert_eq!(admin.get(&networks).await.json(), listed);
    for path in [&limits, &networks] {
        admin.delete(path).await.expect(StatusCode::NO_CONTENT);
    }
    assert_eq!(admin.get(&networks).await.json(), json!({"networks": []}));
    admin.get(&limits.replace(&world.id, NOBODY)).await.expect(StatusCode::NOT_FOUND);
}
