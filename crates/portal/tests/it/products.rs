//! API products under `/v2`, which are APIs under `/v3`; and what a publication says of itself.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{NOBODY, SPEC, TestPortal, unique};

/// A product with one version, on no portal.
async fn product(test: &TestPortal) -> (String, String) {
    let admin = test.admin();
    let body = json!({"name": unique("Weather"), "description": "Weather for all"});
    let product = admin.post("/v2/api-products", body).await.id();
    let path = format!("/v2/api-products/{product}/product-versions");
    let version = admin.post(&path, json!({"name": "v2"})).await.id();
    (product, version)
}

/// The body of the guide's own call, with the ids in their places.
fn guide(version: &str, strategy: &str) -> Value {
    let text = r#"{
    "product_version_id": "your_product_version_id",
    "auth_strategy_ids": [
      "your_auth_strategy_id"
    ],
    "publish_status": "published",
    "application_registration_enabled": true,
    "auto_approve_registration": true,
    "deprecated": false
  }"#;
    let text = text.replace("your_product_version_id", version);
    serde_json::from_str(&text.replace("your_auth_strategy_id", strategy)).unwrap()
}

/// Konnect's guide to app registration for an API product version, step by step.
#[tokio::test]
async fn the_guides_own_call_opens_a_version_for_registration() {
    let test = TestPortal::start().await;
    let admin = test.admin();
    let portal = test.new_portal(json!({})).await;
    let strategy = test.new_strategy(json!({})).await;
    let (product, version) = product(&test).await;
    let (gateway, service) = test.new_service().await;

    // "For app registration to work, the link between API product version and a Gateway service is
    // required."
    let of_version = format!("/v2/api-products/{product}/product-versions/{version}");
    let link = json!({"gateway_service": {"id": service, "control_plane_id": gateway}});
    let linked = admin.patch(&of_version, link).await.expect(StatusCode::OK).json();
    assert_eq!(linked["gateway_service"]["id"], service);

    // The guide's path ends with a slash.
    let path = format!("/v2/portals/{portal}/product-versions/");
    let made = admin.post(&path, guide(&version, &strategy)).await;
    let made = made.expect(StatusCode::CREATED).json();
    for (member, expected) in [
        ("product_version_id", json!(version)),
        ("publish_status", json!("published")),
        ("application_registration_enabled", json!(true)),
        ("auto_approve_registration", json!(true)),
        ("deprecated", json!(false)),
    ] {
        assert_eq!(made[member], expected, "{member}");
    }
    assert_eq!(made["auth_strategies"][0]["id"], strategy);
    assert_eq!(made["auth_strategies"][0]["credential_type"], "key_auth");

    // "If your API Products are not yet published, you will need to publish the API Product itself."
    let developer = test.developer(&portal, "ann").await;
    let application = developer.new_application(&strategy).await;
    developer.ask(&application, &version).await.expect(StatusCode::BAD_REQUEST);
    let publication = format!("/v3/apis/{version}/publications/{portal}");
    admin.get(&publication).await.expect(StatusCode::NOT_FOUND);
    let publish = json!({"api_products": {&product: {"publish_status": "published"}}});
    let path = format!("/v2/portals/{portal}/publish");
    admin.post(&path, publish).await.expect(StatusCode::NO_CONTENT);

    // Developers see it, and get in without anybody's approval.
    assert_eq!(developer.caller.get("/apis").await.ids(), [version.clone()]);
    let registered = developer.ask(&application, &version).await;
    let registered = registered.expect(StatusCode::CREATED).json();
    assert_eq!(registered["status"], "approved");

    // The same in the words of /v3.
    let seen = admin.get(&publication).await.expect(StatusCode::OK).json();
    assert_eq!(seen["auth_strategy_ids"], json!([strategy]));
    assert_eq!(seen["auto_approve_registrations"], true);
    let api = admin.get(&format!("/v3/apis/{version}")).await.json();
    assert_eq!(api["version"], "v2");
    assert_eq!(api["description"], "Weather for all");
    assert_eq!(api["portals"][0]["id"], portal);
    assert_eq!(api["implementation_mode"], "gateway_entity_binding");

    // Registrations in the words of /v2.
    let path = format!("/v2/portals/{portal}/application-registrations");
    let found = admin.get(&path).await.expect(StatusCode::OK).json();
    assert_eq!(found["data"][0]["product"]["id"], product);
    assert_eq!(found["data"][0]["product_version"]["id"], version);
    assert_eq!(found["data"][0]["developer"]["name"], "ann");

    // "Turning off Accept application registrations" stops new ones only.
    let path = format!("/v2/portals/{portal}/product-versions/{version}");
    let off = json!({"application_registration_enabled": false});
    admin.patch(&path, off).await.expect(StatusCode::OK);
    let other = developer.new_application(&strategy).await;
    let refused = developer.ask(&other, &version).await.expect(StatusCode::BAD_REQUEST).json();
    let reason = refused["invalid_parameters"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("application registration is not enabled"), "{reason}");
    let path = format!("/v2/portals/{portal}/applications/{application}/registrations");
    assert_eq!(admin.get(&path).await.json()["data"][0]["status"], "approved");

    // The product's own view.
    let product = admin.get(&format!("/v2/api-products/{product}")).await.json();
    assert_eq!(product["portal_ids"], json!([portal]));
    assert_eq!(product["version_count"], 1);
    let version = admin.get(&of_version).await.json();
    assert_eq!(version["portals"][0]["portal_product_version_id"], made["id"]);
    assert_eq!(version["portals"][0]["application_registration_enabled"], false);
    assert_eq!(version["publish_status"], "published");
}

/// The guide: one application has one strategy, and versions may differ in theirs.
#[tokio::test]
async fn versions_of_a_product_differ_in_their_strategies() {
    let test = TestPortal::start().await;
    let admin = test.admin();
    let portal = test.new_portal(json!({"auto_approve_applications": true})).await;
    let (one, two) = (test.new_strategy(json!({})).await, test.new_strategy(json!({})).await);
    let body = json!({"name": unique("Weather"), "portal_ids": [portal]});
    let product = admin.post("/v2/api-products", body).await.id();
    let mut versions = Vec::new();
    for (name, strategy) in [("v1", &one), ("v2", &two)] {
        let path = format!("/v2/api-products/{product}/product-versions");
        let version = admin.post(&path, json!({"name": name})).await.id();
        let path = format!("/v2/portals/{portal}/product-versions");
        admin.post(&path, guide(&version, strategy)).await.expect(StatusCode::CREATED);
        versions.push(version);
    }
    let developer = test.developer(&portal, "bob").await;
    let application = developer.new_application(&two).await;
    developer.ask(&application, &versions[0]).await.expect(StatusCode::BAD_REQUEST);
    developer.ask(&application, &versions[1]).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn what_v3_makes_is_in_v2() {
    let test = TestPortal::start().await;
    let admin = test.admin();
    let portal = test.new_portal(json!({})).await;
    let name = unique("Flights");
    let make = |version: &str| json!({"name": name, "version": version, "description": "Fly"});
    let one = admin.post("/v3/apis", make("1")).await.id();
    let two = admin.post("/v3/apis", make("2")).await.id();
    test.publish(&one, &portal, json!({})).await;

    let query = format!("/v2/api-products?filter[name][eq]={name}");
    let found = admin.get(&query).await.expect(StatusCode::OK).json();
    assert_eq!(found["meta"]["page"]["total"], 1, "APIs of one name are one product");
    let product = found["data"][0].clone();
    assert_eq!(product["version_count"], 2);
    assert_eq!(product["description"], "Fly");
    assert_eq!(product["portal_ids"], json!([portal]));
    let id = product["id"].as_str().unwrap();
    let path = format!("/v2/api-products/{id}/product-versions");
    assert_eq!(admin.get(&path).await.ids(), [one.clone(), two.clone()]);
    let query = format!("{path}?filter[publish_status]=published");
    assert_eq!(admin.get(&query).await.ids(), [one.clone()]);
    assert_eq!(admin.get(&format!("/v2/portals/{portal}/products")).await.ids(), [id]);
    let listed = admin.get(&format!("/v2/portals/{portal}/product-versions")).await.json();
    assert_eq!(listed["data"][0]["product_version_id"], one);
    assert_eq!(listed["data"][0]["application_registration_enabled"], true);

    // One that is renamed goes elsewhere; the last takes its implicit product with it.
    let other = unique("Trains");
    let path = format!("/v3/apis/{two}");
    admin.patch(&path, json!({"name": other})).await.expect(StatusCode::OK);
    let found = admin.get(&format!("/v2/api-products?filter[name]={other}")).await;
    assert_eq!(found.json()["data"][0]["version_count"], 1);
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    let found = admin.get(&format!("/v2/api-products?filter[name]={other}")).await;
    assert_eq!(found.json()["meta"]["page"]["total"], 0);
}

#[tokio::test]
async fn a_product_speaks_for_its_versions() {
    let test = TestPortal::start().await;
    let admin = test.admin();
    let portal = test.new_portal(json!({})).await;
    let (product, version) = product(&test).await;
    let path = format!("/v2/api-products/{product}");
    let name = unique("Climate");
    let edit = json!({
        "name": name, "description": null, "labels": {"team": "sky"}, "portal_ids": [portal]
    });
    let after = admin.patch(&path, edit).await.expect(StatusCode::OK).json();
    assert_eq!(after["labels"], json!({"team": "sky"}));
    assert_eq!(after["portals"][0]["portal_id"], portal);
    let api = admin.get(&format!("/v3/apis/{version}")).await.json();
    assert_eq!((&api["name"], &api["description"]), (&json!(name), &Value::Null));
    assert_eq!(admin.get("/v2/api-products?labels=team:sky").await.ids(), [product.clone()]);
    assert!(admin.get("/v2/api-products?labels=team:sea").await.ids().is_empty());

    // Two versions of one name do not fit into a product.
    let versions = format!("{path}/product-versions");
    admin.post(&versions, json!({"name": "v2"})).await.expect(StatusCode::CONFLICT);
    // An unknown portal, an unknown service.
    let blamed = admin.patch(&path, json!({"portal_ids": [NOBODY]})).await.blamed();
    assert_eq!(blamed, [("portal_ids".into(), "missing_reference".into())]);
    let service = json!({"gateway_service": {"id": NOBODY, "control_plane_id": NOBODY}});
    let blamed = admin.patch(&format!("{versions}/{version}"), service).await.blamed();
    assert_eq!(blamed, [("gateway_service.id".into(), "missing_reference".into())]);

    // With the product go its versions.
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.get(&format!("/v3/apis/{version}")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_specification_is_a_file_under_v2() {
    use base64::Engine;
    let test = TestPortal::start().await;
    let admin = test.admin();
    let (product, version) = product(&test).await;
    let path = format!("/v2/api-products/{product}/product-versions/{version}/specifications");
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let body = json!({"name": "weather.json", "content": encode(SPEC)});
    let made = admin.post(&path, body.clone()).await.expect(StatusCode::CREATED).json();
    assert_eq!(made["name"], "weather.json");
    assert_eq!(made["content"], SPEC);
    admin.post(&path, body).await.expect(StatusCode::CONFLICT);
    let api = admin.get(&format!("/v3/apis/{version}")).await.json();
    assert_eq!(api["current_version_summary"]["spec"]["type"], "oas3");
    let of_one = format!("{path}/{}", made["id"].as_str().unwrap());
    for (edit, rule) in [
        (json!({"content": "%"}), "is_base64"),
        (json!({"content": encode("hello")}), "invalid"),
        (json!({"name": "weather.txt"}), "matches_regex"),
    ] {
        assert_eq!(admin.patch(&of_one, edit).await.blamed()[0].1, rule);
    }
    let renamed = admin.patch(&of_one, json!({"name": "w.yaml"})).await.expect(StatusCode::OK);
    assert_eq!(renamed.json()["name"], "w.yaml");
    let as_text = Some(b"name: w".to_vec());
    let reply = admin.clone().with("content-type", "text/yaml");
    let reply = reply.send(Method::PATCH, &of_one, as_text).await;
    reply.expect(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    admin.delete(&of_one).await.expect(StatusCode::NO_CONTENT);
    assert!(admin.get(&path).await.ids().is_empty());
}

#[tokio::test]
async fn a_portal_product_version_is_replaced_and_taken_out() {
    let test = TestPortal::start().await;
    let admin = test.admin();
    let portal = test.new_portal(json!({})).await;
    let strategy = test.new_strategy(json!({})).await;
    let api = test.new_api().await;
    test.publish(&api, &portal, json!({"auth_strategy_ids": [strategy]})).await;
    let path = format!("/v2/portals/{portal}/product-versions/{api}");
    let row = admin.get(&path).await.expect(StatusCode::OK).json();
    let by_own_id =
        format!("/v2/portals/{portal}/product-versions/{}", row["id"].as_str().unwrap());
    assert_eq!(admin.get(&by_own_id).await.json(), row);

    let mut whole = guide(&api, &strategy);
    whole.as_object_mut().unwrap().remove("product_version_id");
    whole["publish_status"] = json!("unpublished");
    whole["deprecated"] = json!(true);
    let after = admin.put(&path, whole.clone()).await.expect(StatusCode::OK).json();
    assert_eq!((&after["deprecated"], &after["id"]), (&json!(true), &row["id"]));
    let publication = format!("/v3/apis/{api}/publications/{portal}");
    admin.get(&publication).await.expect(StatusCode::NOT_FOUND);
    whole.as_object_mut().unwrap().remove("deprecated");
    let blamed = admin.put(&path, whole).await.blamed();
    assert_eq!(blamed, [("deprecated".into(), "required".into())]);

    // In the portal already, or nowhere at all.
    let versions = format!("/v2/portals/{portal}/product-versions");
    for (version, rule) in [(api.as_str(), "invalid"), (NOBODY, "missing_reference")] {
        let blamed = admin.post(&versions, guide(version, &strategy)).await.blamed();
        assert_eq!(blamed, [("product_version_id".into(), rule.into())]);
    }
    // To publish under /v3 is to publish.
    test.publish(&api, &portal, json!({"auth_strategy_ids": [strategy]})).await;
    assert_eq!(admin.get(&path).await.json()["publish_status"], "published");
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.get(&path).await.expect(StatusCode::NOT_FOUND);
    admin.get(&publication).await.expect(StatusCode::NOT_FOUND);
}

/// The older gateways' guide: the parameters of the plugin, as settings of a publication.
#[tokio::test]
async fn a_publication_has_the_settings_of_the_older_plugin() {
    let test = TestPortal::start().await;
    let admin = test.admin();
    let portal = test.new_portal(json!({})).await;
    let (one, two) = (test.new_api().await, test.new_api().await);
    for api in [&one, &two] {
        test.publish(api, &portal, json!({"visibility": "public"})).await;
    }
    let settings = |api: &str| format!("/v3/apis/{api}/publications/{portal}/settings");
    let fresh = admin.get(&settings(&one)).await.expect(StatusCode::OK).json();
    for (member, expected) in [
        ("display_name", Value::Null),
        ("description", Value::Null),
        ("tags", json!([])),
        ("auto_approve", json!(false)),
        ("show_issuer", json!(false)),
        ("enable_proxy_with_consumer_credential", json!(false)),
        ("published", json!(true)),
        ("application_registration_enabled", json!(true)),
        ("deprecated", json!(false)),
    ] {
        assert_eq!(fresh[member], expected, "{member}");
    }
    let edit = json!({
        "display_name": "Weather", "description": "Sun and rain", "tags": ["a", "b"],
        "auto_approve": true, "show_issuer": true, "enable_proxy_with_consumer_credential": true
    });
    let after = admin.patch(&settings(&one), edit).await.expect(StatusCode::OK).json();
    assert_eq!(after["tags"], json!(["a", "b"]));
    let publication = format!("/v3/apis/{one}/publications/{portal}");
    assert_eq!(admin.get(&publication).await.json()["auto_approve_registrations"], true);
    // "Display Name: Unique name".
    let twin = json!({"display_name": "Weather"});
    admin.patch(&settings(&two), twin).await.expect(StatusCode::CONFLICT);
    let bad = json!({"tags": ["a,b"], "colour": "red"});
    assert_eq!(admin.patch(&settings(&two), bad).await.blamed().len(), 2);

    // To replace the publication leaves its settings alone.
    test.publish(&one, &portal, json!({"visibility": "public"})).await;
    assert_eq!(admin.get(&settings(&one)).await.json()["display_name"], "Weather");

    // Unpublished: nobody sees it, but what was said of it stays.
    let off = json!({"published": false});
    admin.patch(&settings(&one), off).await.expect(StatusCode::OK);
    assert_eq!(test.visitor(&portal).get("/apis").await.ids(), [two.clone()]);
    admin.get(&publication).await.expect(StatusCode::NOT_FOUND);
    let listed = admin.get(&format!("/v3/portals/{portal}/api-publications")).await.json();
    assert_eq!(listed["meta"]["page"]["total"], 1);
    assert_eq!(admin.get(&settings(&one)).await.json()["show_issuer"], true);
}

#[tokio::test]
async fn gateways_do_not_hear_of_what_is_not_published() {
    let test = TestPortal::start().await;
    let admin = test.admin();
    let portal = test.new_portal(json!({})).await;
    let api = test.new_api().await;
    let (gateway, service) = test.new_service().await;
    let link = json!({"service": {"control_plane_id": gateway, "id": service}});
    let path = format!("/v3/apis/{api}/implementations");
    admin.post(&path, link).await.expect(StatusCode::CREATED);
    test.publish(&api, &portal, json!({})).await;
    let publications = || async {
        let path = format!("/gateway/v1/snapshot?gateway={gateway}");
        let snapshot = test.gateway().get(&path).await.expect(StatusCode::OK).body;
        let id: uuid::Uuid = api.parse().unwrap();
        snapshot.windows(16).filter(|bytes| *bytes == id.as_bytes()).count()
    };
    let published = publications().await;
    assert!(published > 0, "the snapshot names the API");
    let settings = format!("{path}/../publications/{portal}/settings");
    let settings = settings.replace("implementations/../", "");
    admin.patch(&settings, json!({"published": false})).await.expect(StatusCode::OK);
    assert_eq!(publications().await, 0);
    admin.patch(&settings, json!({"published": true})).await.expect(StatusCode::OK);
    assert_eq!(publications().await, published);
}

#[tokio::test]
async fn a_portal_of_v2_is_public_or_has_developers() {
    let test = TestPortal::start().await;
    let admin = test.admin();
    let body = json!({"name": unique("old"), "is_public": true, "custom_domain": null});
    let made = admin.post("/v2/portals", body).await.expect(StatusCode::CREATED).json();
    let id = made["id"].as_str().unwrap();
    for (member, expected) in [
        ("is_public", json!(true)),
        ("developer_count", json!(0)),
        ("application_count", json!(0)),
        ("published_product_count", json!(0)),
        ("custom_domain", Value::Null),
    ] {
        assert_eq!(made[member], expected, "{member}");
    }
    let as_v3 = admin.get(&format!("/v3/portals/{id}")).await.json();
    assert_eq!(as_v3["authentication_enabled"], false);
    let api = test.new_api().await;
    test.publish(&api, id, json!({})).await;
    assert_eq!(test.visitor(id).get("/apis").await.ids(), [api.clone()]);

    // A private one hides everything, and has somebody to sign in.
    let path = format!("/v2/portals/{id}");
    let edit = json!({"is_public": false, "auto_approve_developers": true});
    let after = admin.patch(&path, edit).await.expect(StatusCode::OK).json();
    assert_eq!(
        (&after["is_public"], &after["published_product_count"]),
        (&json!(false), &json!(1))
    );
    assert!(test.visitor(id).get("/apis").await.ids().is_empty());
    let developer = test.developer(id, "cat").await;
    let found = admin.get(&format!("{path}/developers/{}", developer.id)).await.json();
    assert_eq!((&found["application_count"], &found["status"]), (&json!(0), &json!("approved")));
    assert_eq!(admin.get("/v2/portals?filter[is_public]=true").await.ids(), Vec::<String>::new());
    let custom = json!({"custom_domain": "api.example.com"});
    admin.patch(&path, custom).await.expect(StatusCode::NOT_IMPLEMENTED);
    admin.get(&format!("{path}/appearance")).await.expect(StatusCode::NOT_IMPLEMENTED);
    admin.delete(&path).await.expect(StatusCode::BAD_REQUEST);
    admin.delete(&format!("{path}?force=true")).await.expect(StatusCode::NO_CONTENT);
}
