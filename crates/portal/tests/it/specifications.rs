//! Specifications of APIs, and what is made of them.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{NOBODY, SPEC, TestPortal, unique};

const PETS: &str = "openapi: 3.1.0\ninfo: {title: Pets, version: '2.0'}\npaths:\n  \
    /pets/{id}:\n    get: {operationId: pet, summary: One pet, parameters: [{name: id, in: path}]}\n    \
    delete: {parameters: [{$ref: '#/components/parameters/gone'}]}\n  /pets:\n    post: {}\n";

#[tokio::test]
async fn versions_are_checked_and_tell_what_was_found() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let api = portal.new_api().await;
    let path = format!("/v3/apis/{api}/versions");
    let spec = |content: &str| json!({"spec": {"content": content}});
    for (content, rule) in
        [("", "min_length"), ("hello", "invalid"), ("{}", "invalid"), ("a: [", "invalid")]
    {
        let blamed = admin.post(&path, spec(content)).await.blamed();
        assert_eq!(blamed, [("spec.content".into(), rule.into())], "{content}");
    }
    let blamed = admin.post(&path, json!({"spec": {}})).await.blamed();
    assert_eq!(blamed, [("spec.content".into(), "required".into())]);
    let blamed = admin.post(&path, json!({})).await.blamed();
    assert_eq!(blamed, [("spec".into(), "required".into())]);
    let made = admin.post(&path, spec(PETS)).await.expect(StatusCode::CREATED).json();
    assert_eq!(made["version"], "2.0");
    assert_eq!(made["spec"]["type"], "oas3");
    let found = json!([{"message": "'#/components/parameters/gone' does not exist"}]);
    assert_eq!(made["spec"]["validation_messages"], found);
    let shown = admin.get(&format!("/v3/apis/{api}")).await.json();
    assert_eq!(shown["current_version_summary"]["spec"], json!({"type": "oas3"}));
    assert_eq!(shown["api_spec_ids"], json!([made["id"]]));
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let edit = json!({"version": "2.1", "spec": {"content": SPEC}});
    let edited = admin.patch(&format!("{one}?force"), edit).await.expect(StatusCode::OK).json();
    assert_eq!(edited["spec"]["validation_messages"], json!([]));
    admin.patch(&format!("{one}?force=false"), json!({})).await.expect(StatusCode::OK);
    let blamed = admin.patch(&format!("{one}?force=x"), json!({})).await.blamed();
    assert_eq!(blamed, [("force".into(), "enum".into())]);
    let listed = admin.get(&format!("{path}?filter[type]=oas3&sort=created_at desc")).await.json();
    assert_eq!(listed["data"][0]["spec"], json!({"type": "oas3"}));
    assert_eq!(listed["data"][0]["version"], "2.1");
}

#[tokio::test]
async fn specifications_are_versions_under_another_name() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let api = portal.new_api().await;
    let path = format!("/v3/apis/{api}/specifications");
    let blamed = admin.post(&path, json!({"content": SPEC, "type": "oas2"})).await.blamed();
    assert_eq!(blamed, [("type".into(), "invalid".into())]);
    let async_api =
        r#"{"asyncapi": "2.6.0", "info": {"title": "T", "version": "1"}, "channels": {}}"#;
    let made = admin.post(&path, json!({"content": async_api, "type": "asyncapi"})).await;
    let made = made.expect(StatusCode::CREATED).json();
    assert_eq!((&made["type"], &made["content"]), (&json!("asyncapi"), &json!(async_api)));
    admin.post(&path, json!({"content": SPEC})).await.expect(StatusCode::CONFLICT);
    let id = made["id"].as_str().unwrap();
    let version = admin.get(&format!("/v3/apis/{api}/versions/{id}")).await.json();
    assert_eq!(version["spec"]["content"], async_api);
    let one = format!("{path}/{id}");
    let edited = admin.patch(&one, json!({"content": SPEC, "type": "oas3"})).await.json();
    assert_eq!(edited["type"], "oas3");
    let blamed = admin.patch(&one, json!({"type": "oas2"})).await.blamed();
    assert_eq!(blamed, [("type".into(), "invalid".into())]);
    let listed = admin.get(&format!("{path}?filter[type]=oas3")).await.json();
    assert_eq!(listed["data"][0]["id"], id);
    assert!(listed["data"][0].get("content").is_none());
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    admin.get(&one).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_specification_can_be_checked_before_it_is_kept() {
    let portal = TestPortal::start().await;
    let path = "/v3/apis/validate-specification";
    let check = async |content: &str| portal.admin().post(path, json!({"content": content})).await;
    let fine = check(SPEC).await.expect(StatusCode::CREATED).json();
    assert_eq!(fine, json!({"validation_messages": []}));
    let warned = check(PETS).await.expect(StatusCode::CREATED).json();
    assert_eq!(warned["validation_messages"].as_array().unwrap().len(), 1);
    let invalid = ("content".to_owned(), "invalid".to_owned());
    assert_eq!(check("nothing").await.blamed(), [invalid.clone()]);
    let broken = check(r#"{"openapi": "3.0.0", "paths": {"/a": {"get": {}}}}"#).await;
    assert_eq!(broken.blamed(), [invalid.clone(), invalid]);
    portal.anyone().post(path, json!({"content": SPEC})).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn operations_follow_the_specification() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let body = json!({"name": unique("pets"), "version": "1", "spec_content": PETS});
    let api = admin.post("/v3/apis", body).await.id();
    let path = format!("/v3/apis/{api}/operations");
    let listed = admin.get(&path).await.expect(StatusCode::OK).json();
    let seen = |list: &Value| -> Vec<(String, String)> {
        let items = list["data"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        items.map(|item| (text(&item["method"]), text(&item["path"]))).collect()
    };
    let mut all = seen(&listed);
    all.sort();
    let expected = [("DELETE", "/pets/{id}"), ("GET", "/pets/{id}"), ("POST", "/pets")];
    assert_eq!(all, expected.map(|(method, path)| (method.into(), path.into())));
    let query = format!("{path}?filter[method][eq]=GET&filter[path][contains]=pets");
    let get = admin.get(&query).await.json();
    assert_eq!(seen(&get), [("GET".into(), "/pets/{id}".into())]);
    let id = get["data"][0]["id"].as_str().unwrap().to_owned();
    let one = admin.get(&format!("{path}/{id}")).await.expect(StatusCode::OK).json();
    assert_eq!(one, get["data"][0]);
    let other = portal.new_api().await;
    let elsewhere = format!("/v3/apis/{other}/operations/{id}");
    admin.get(&elsewhere).await.expect(StatusCode::NOT_FOUND);
    // Ids stay while method and path do.
    let version = admin.get(&format!("/v3/apis/{api}/versions")).await.ids().remove(0);
    let less = PETS.split("  /pets:\n").next().unwrap();
    let one = format!("/v3/apis/{api}/versions/{version}");
    let edit = json!({"spec": {"content": less}});
    admin.patch(&one, edit).await.expect(StatusCode::OK);
    assert_eq!(admin.get(&format!("{path}?filter[method]=GET")).await.ids(), [id]);
    assert_eq!(admin.get(&path).await.ids().len(), 2);
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&path).await.ids(), [""; 0]);
    let nobody = format!("/v3/apis/{NOBODY}/operations");
    admin.get(&nobody).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn attributes_and_labels_filter_apis() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let make = async |attributes: Value, labels: Value| {
        let body = json!({"name": unique("api"), "attributes": attributes, "labels": labels});
        admin.post("/v3/apis", body).await.id()
    };
    let a = make(json!({"env": ["prod", "test"], "owner": ["x"]}), json!({"tier": "gold"})).await;
    let b = make(json!({"env": ["dev"]}), json!({"tier": "lead", "a.b": "1"})).await;
    let c = make(json!({}), json!({})).await;
    for (query, expected) in [
        ("filter[attributes.env]=prod", vec![&a]),
        ("filter[attributes.env][eq]=dev", vec![&b]),
        ("filter[attributes.env][neq]=prod", vec![&b, &c]),
        ("filter[attributes.env][oeq]=dev,test", vec![&a, &b]),
        ("filter[attributes.env][contains]=ES", vec![&a]),
        ("filter[attributes.env][ocontains]=pr,de", vec![&a, &b]),
        ("filter[attributes.env]", vec![&a, &b]),
        ("filter[attributes.env]=prod&filter[attributes.owner]=x", vec![&a]),
        ("filter[attributes.env]=dev&filter[attributes.owner]=x", vec![]),
        ("filter[labels.tier]=gold", vec![&a]),
        ("filter[labels.tier][neq]=gold", vec![&b, &c]),
        ("filter[labels.tier][ocontains]=OL,EA", vec![&a, &b]),
        ("filter[labels.tier]", vec![&a, &b]),
        ("filter[labels.a.b]=1", vec![&b]),
        ("filter[labels.other]=1", vec![]),
        ("filter[implementation_mode]=gateway_entity_binding", vec![]),
        ("filter[implementation_mode][neq]=gateway_entity_binding", vec![&a, &b, &c]),
    ] {
        let ids = admin.get(&format!("/v3/apis?{query}")).await.ids();
        assert_eq!(ids.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    for query in ["filter[attributes.env][like]=x", "filter[labels.tier][gt]=x"] {
        let blamed = admin.get(&format!("/v3/apis?{query}=1")).await.blamed();
        assert_eq!(blamed[0].1, "enum", "{query}");
    }
    let listed = admin.get("/v3/api-attributes?sort=key desc").await.json();
    let keys: Vec<_> = listed["data"].as_array().unwrap().iter().map(|a| &a["key"]).collect();
    assert_eq!(keys, ["owner", "env"]);
    let values = json!([{"value": "dev", "api_count": 1}, {"value": "prod", "api_count": 1},
        {"value": "test", "api_count": 1}]);
    assert_eq!(listed["data"][1]["values"], values);
    let edit = json!({"attributes": {"env": ["dev"], "owner": null}});
    admin.patch(&format!("/v3/apis/{a}"), edit).await.expect(StatusCode::OK);
    let listed = admin.get("/v3/api-attributes").await.json();
    assert_eq!(listed["meta"]["page"]["total"], 1);
    assert_eq!(listed["data"][0]["values"], json!([{"value": "dev", "api_count": 2}]));
    for id in [a, b] {
        admin.delete(&format!("/v3/apis/{id}")).await.expect(StatusCode::NO_CONTENT);
    }
    assert_eq!(admin.get("/v3/api-attributes").await.ids(), [""; 0]);
}

#[tokio::test]
async fn what_an_api_may_say_is_bounded() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let many = |count: usize| -> Value {
        (0..count)
            .map(|n| (format!("k{n}"), json!(["v"])))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    for (member, value, field, rule) in [
        ("name", json!("x".repeat(256)), "name", "max_length"),
        ("version", json!(""), "version", "min_length"),
        ("slug", json!("a b"), "slug", "matches_regex"),
        ("attributes", json!({"A": ["x"]}), "attributes.A", "matches_regex"),
        ("attributes", json!({"a": []}), "attributes.a", "min_items"),
        ("attributes", json!({"a": vec!["x"; 21]}), "attributes.a", "max_items"),
        ("attributes", json!({"a": ["x,y"]}), "attributes.a.0", "matches_regex"),
        ("attributes", json!({"a": ["x".repeat(513)]}), "attributes.a.0", "max_length"),
        ("attributes", many(51), "attributes", "max_items"),
        ("attributes", Value::Null, "attributes", "is_object"),
        ("labels", json!({"kong-x": "y"}), "labels.kong-x", "is_label"),
        ("spec_content", json!("no"), "spec_content", "invalid"),
        ("portals", json!([]), "portals", "unknown_property"),
    ] {
        let mut body = json!({"name": unique("api")});
        body[member] = value;
        let blamed = admin.post("/v3/apis", body.clone()).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())], "{body}");
    }
    let body = json!({"name": unique("api"), "attributes": many(50)});
    admin.post("/v3/apis", body).await.id();
}

#[tokio::test]
async fn what_is_not_json_is_refused_by_its_type() {
    let portal = TestPortal::start().await;
    let api = portal.new_api().await;
    let admin = portal.admin().with("content-type", "text/yaml");
    for (method, path) in [
        (Method::POST, "/v3/apis".to_owned()),
        (Method::PATCH, format!("/v3/apis/{api}")),
        (Method::POST, format!("/v3/apis/{api}/versions")),
        (Method::POST, format!("/v3/apis/{api}/specifications")),
        (Method::POST, "/v3/apis/validate-specification".into()),
        (Method::POST, format!("/v3/apis/{api}/documents")),
        (Method::POST, format!("/v3/apis/{api}/documents/{NOBODY}/move")),
        (Method::PUT, format!("/v3/apis/{api}/images/icon")),
    ] {
        let reply = admin.send(method, &path, Some(b"{}".to_vec())).await;
        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
    }
}

const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";

#[tokio::test]
async fn an_api_has_an_icon() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let api = portal.new_api().await;
    let path = format!("/v3/apis/{api}/images/icon");
    admin.get(&path).await.expect(StatusCode::NOT_FOUND);
    for data in ["", "x", "data:text/html;base64,AAAA", "data:image/gif;base64,AAAA"] {
        let rule = if data.is_empty() { "min_length" } else { "matches_regex" };
        let blamed = admin.put(&path, json!({"data": data})).await.blamed();
        assert_eq!(blamed, [("data".into(), rule.into())], "{data}");
    }
    let long = format!("data:image/png;base64,{}", "A".repeat(1_400_000));
    let blamed = admin.put(&path, json!({"data": long})).await.blamed();
    assert_eq!(blamed, [("data".into(), "max_length".into())]);
    let made = admin.put(&path, json!({"data": PNG})).await.expect(StatusCode::CREATED).json();
    assert_eq!((&made["status"], &made["error"]), (&json!("valid"), &Value::Null));
    assert_eq!((&made["api_id"], &made["image_type"]), (&json!(api), &json!("icon")));
    let raw = admin.get(&format!("{path}/raw")).await;
    assert_eq!(
        (raw.status, &raw.headers["location"]),
        (StatusCode::FOUND, &"content".parse().unwrap())
    );
    let shown = admin.get(&format!("{path}/content")).await.expect(StatusCode::OK);
    assert_eq!(shown.headers["content-type"], "image/png");
    assert!(shown.body.starts_with(b"\x89PNG"));
    // What is no image does not take the place of one.
    let lie = json!({"data": "data:image/png;base64,AAAA"});
    let refused = admin.put(&path, lie).await.expect(StatusCode::OK).json();
    assert_eq!(refused["status"], "invalid");
    assert!(refused["error"].is_string());
    let still = admin.get(&format!("{path}/content")).await.expect(StatusCode::OK);
    assert_eq!(still.body, shown.body);
    let svg = json!({"data": "data:image/svg+xml;base64,PHN2Zy8+"});
    admin.put(&path, svg).await.expect(StatusCode::OK);
    let shown = admin.get(&format!("{path}/content")).await.expect(StatusCode::OK);
    assert_eq!(shown.headers["content-type"], "image/svg+xml");
    let policy = shown.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert_eq!(shown.headers["x-content-type-options"], "nosniff");
    admin.get(&format!("/v3/apis/{api}/images/banner")).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&path).await.expect(StatusCode::NOT_FOUND);
    let nobody = format!("/v3/apis/{NOBODY}/images/icon");
    admin.put(&nobody, json!({"data": PNG})).await.expect(StatusCode::NOT_FOUND);
}
