//! What visitors of a portal read.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::documents::slugs;
use crate::support::{NOBODY, SPEC, TestPortal, unique};

#[tokio::test]
async fn private_pages_are_for_those_who_signed_in() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let make = async |slug: &str, visibility: &str, status: &str, parent: Option<&str>| {
        let body = json!({"slug": slug, "content": slug, "visibility": visibility,
            "status": status, "parent_page_id": parent});
        admin.post(&format!("/v3/portals/{id}/pages"), body).await.id()
    };
    make("open", "public", "published", None).await;
    let mine = make("mine", "private", "published", None).await;
    make("below", "public", "published", Some(&mine)).await;
    let draft = make("draft", "public", "unpublished", None).await;
    make("below", "public", "published", Some(&draft)).await;
    let visitor = portal.visitor(&id);
    let ann = portal.developer(&id, "ann").await.caller;
    let tree = visitor.get("/pages").await.expect(StatusCode::OK).json();
    assert_eq!(slugs(&tree["data"]), json!([["open", []]]));
    assert!(tree["data"][0].get("status").is_none() && tree["data"][0].get("content").is_none());
    let tree = ann.get("/pages?sort=slug desc").await.expect(StatusCode::OK).json();
    assert_eq!(slugs(&tree["data"]), json!([["open", []], ["mine", [["below", []]]]]));
    let tree = ann.get("/pages?filter[visibility]=private").await.json();
    assert_eq!(slugs(&tree["data"]), json!([["mine", []]]));
    for (path, for_visitor, for_ann) in [
        ("open", StatusCode::OK, StatusCode::OK),
        ("mine", StatusCode::NOT_FOUND, StatusCode::OK),
        ("mine/below", StatusCode::NOT_FOUND, StatusCode::OK),
        ("draft", StatusCode::NOT_FOUND, StatusCode::NOT_FOUND),
        ("draft/below", StatusCode::NOT_FOUND, StatusCode::NOT_FOUND),
        ("none", StatusCode::NOT_FOUND, StatusCode::NOT_FOUND),
    ] {
        let path = format!("/pages/{path}");
        visitor.get(&path).await.expect(for_visitor);
        ann.get(&path).await.expect(for_ann);
    }
    for query in ["page[size]=1", "filter[status]=published", "x=1"] {
        let blamed = visitor.get(&format!("/pages?{query}")).await.blamed();
        assert_eq!(blamed[0].1, "unknown_property", "{query}");
    }
    let other = portal.new_portal(json!({})).await;
    portal.visitor(&other).get("/pages/open").await.expect(StatusCode::NOT_FOUND);
    portal.visitor(NOBODY).get("/pages").await.expect(StatusCode::NOT_FOUND);
}

async fn api(
    portal: &TestPortal,
    of: &str,
    visibility: &str,
    attributes: Value,
    spec: &str,
) -> String {
    let body = json!({"name": unique("api"), "version": "1", "attributes": attributes,
        "description": "For tests", "spec_content": spec});
    let api = portal.admin().post("/v3/apis", body).await.id();
    portal.publish(&api, of, json!({"visibility": visibility})).await;
    api
}

#[tokio::test]
async fn attributes_count_what_one_sees() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let env = |values: Value, owner: &str| json!({"env": values, "owner": [owner]});
    let a = api(&portal, &id, "public", env(json!(["prod", "test"]), "x"), SPEC).await;
    let b = api(&portal, &id, "public", env(json!(["prod"]), "y"), SPEC).await;
    let c = api(&portal, &id, "private", json!({"secret": ["z"], "env": ["prod"]}), SPEC).await;
    let visitor = portal.visitor(&id);
    let listed = visitor.get("/api-attributes").await.expect(StatusCode::OK).json();
    assert_eq!(
        listed["data"],
        json!([
            {"key": "env", "values": [{"value": "prod", "api_count": 2}, {"value": "test", "api_count": 1}]},
            {"key": "owner", "values": [{"value": "x", "api_count": 1}, {"value": "y", "api_count": 1}]}
        ])
    );
    assert_eq!(listed["meta"]["page"]["total"], 2);
    let listed = visitor.get("/api-attributes?selected[owner]=x,q&filter[key]=env").await.json();
    assert_eq!(
        listed["data"],
        json!([{"key": "env", "values": [
            {"value": "prod", "api_count": 2, "selected_api_count": 1},
            {"value": "test", "api_count": 1, "selected_api_count": 1}
        ]}])
    );
    let listed = visitor.get("/api-attributes?selected[owner]=y").await.json();
    assert_eq!(listed["data"][0]["values"][1]["selected_api_count"], 0);
    let blamed = visitor.get("/api-attributes?select=x").await.blamed();
    assert_eq!(blamed, [("select".into(), "unknown_property".into())]);
    let ann = portal.developer(&id, "ann").await.caller;
    let listed = ann.get("/api-attributes?filter[key]=secret").await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    for (query, expected) in [
        ("filter[attributes.env]=test", vec![&a]),
        ("filter[attributes.owner][oeq]=x,y", vec![&a, &b]),
        ("filter[attributes.secret]", vec![&c]),
        ("filter[description][contains]=for T&sort=created_at desc", vec![&c, &b, &a]),
    ] {
        let ids = ann.get(&format!("/apis?{query}")).await.ids();
        let mut expected: Vec<_> = expected.into_iter().cloned().collect();
        let mut ids = ids;
        if !query.contains("sort") {
            ids.sort();
            expected.sort();
        }
        assert_eq!(ids, expected, "{query}");
    }
    assert_eq!(visitor.get("/apis?filter[attributes.secret]").await.ids(), [""; 0]);
}

#[tokio::test]
async fn specifications_and_images_are_read_by_those_who_see_the_api() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let yaml = "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths: {}\n";
    let open = api(&portal, &id, "public", json!({}), SPEC).await;
    let closed = api(&portal, &id, "private", json!({}), yaml).await;
    let image = json!({"data": "data:image/jpeg;base64,/9j/AA=="});
    for api in [&open, &closed] {
        let path = format!("/v3/apis/{api}/images/icon");
        portal.admin().put(&path, image.clone()).await.expect(StatusCode::CREATED);
    }
    let visitor = portal.visitor(&id);
    let ann = portal.developer(&id, "ann").await.caller;
    let shown = visitor.get(&format!("/apis/{open}")).await.expect(StatusCode::OK).json();
    let spec = shown["current_version_summary"]["id"].as_str().unwrap().to_owned();
    assert_eq!(shown["specifications"], json!([{"id": spec, "type": "oas3"}]));
    let slug = shown["slug"].as_str().unwrap();
    let listed = visitor.get(&format!("/apis/{slug}/specifications")).await.json();
    assert_eq!(listed["data"], json!([{"id": spec, "api_type": "oas3"}]));
    let one = visitor.get(&format!("/apis/{slug}/specifications/{spec}")).await.json();
    assert_eq!(one, json!({"api_type": "oas3", "content": SPEC}));
    for what in ["specifications", "versions"] {
        let raw = visitor.get(&format!("/apis/{slug}/{what}/{spec}/raw")).await;
        assert_eq!(raw.headers["content-type"], "application/json");
        assert_eq!(raw.text(), SPEC);
        visitor.get(&format!("/apis/{slug}/{what}/{NOBODY}")).await.expect(StatusCode::NOT_FOUND);
        let path = format!("/apis/{closed}/{what}");
        let id = ann.get(&path).await.ids().remove(0);
        let raw = ann.get(&format!("{path}/{id}/raw")).await.expect(StatusCode::OK);
        assert_eq!(raw.headers["content-type"], "application/yaml");
        for path in [path.clone(), format!("{path}/{id}"), format!("{path}/{id}/raw")] {
            visitor.get(&path).await.expect(StatusCode::NOT_FOUND);
        }
        // Each version only below its own API.
        ann.get(&format!("/apis/{open}/{what}/{id}")).await.expect(StatusCode::NOT_FOUND);
    }
    let place = visitor.get(&format!("/apis/{slug}/images/icon/raw")).await;
    assert_eq!(
        (place.status, &place.headers["location"]),
        (StatusCode::FOUND, &"content".parse().unwrap())
    );
    let content = visitor.get(&format!("/apis/{slug}/images/icon/content")).await;
    assert_eq!(content.headers["content-type"], "image/jpeg");
    for end in ["raw", "content"] {
        let path = format!("/apis/{closed}/images/icon/{end}");
        visitor.get(&path).await.expect(StatusCode::NOT_FOUND);
        assert!(!ann.get(&path).await.status.is_client_error());
    }
    visitor.get(&format!("/apis/{open}/images/other/raw")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn search_finds_operations_and_documents_that_one_sees() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let spec = |word: &str| {
        json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {
            format!("/{word}"): {"get": {"operationId": "one", "summary": format!("Gets {word}")}},
            "/other": {"post": {"description": "nothing"}}
        }})
        .to_string()
    };
    let open = api(&portal, &id, "public", json!({}), &spec("needle")).await;
    let closed = api(&portal, &id, "private", json!({}), &spec("needle")).await;
    for (api, title, status) in [
        (&open, "About a Needle", "published"),
        (&open, "A hidden needle", "unpublished"),
        (&open, "A needle in a stack", "published"),
        (&closed, "A secret needle", "published"),
    ] {
        let body = json!({"title": title, "content": "Text", "status": status});
        admin.post(&format!("/v3/apis/{api}/documents"), body).await.id();
    }
    let visitor = portal.visitor(&id);
    let found = visitor.get("/search?q=NEEDLE").await.expect(StatusCode::OK).json();
    let items = found["data"].as_array().unwrap();
    let kinds: Vec<_> = items.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["api_specs_operation", "api_document", "api_document"]);
    let operation = &items[0];
    assert_eq!(operation["attributes"]["operation_key"], "GET /needle");
    assert_eq!(operation["attributes"]["scope"], "public");
    assert_eq!(
        (&operation["relations"]["api_id"], &operation["match"]),
        (&json!(open), &json!("/needle"))
    );
    assert_eq!(operation["relations"]["portal_id"], id);
    assert_eq!(items[1]["attributes"]["path"], "/about-a-needle");
    assert_eq!(items[1]["match"], "About a Needle");
    assert_eq!(found["meta"]["page"], json!({"next": null, "previous": null, "size": 10}));
    // Page after page nothing is lost, and nothing comes twice.
    let ann = portal.developer(&id, "ann").await.caller;
    let mut seen = Vec::new();
    let mut next = Some("/api/v3/search?q=needle&page[size]=2".to_owned());
    while let Some(url) = next {
        let path = url.strip_prefix("/api/v3").unwrap();
        let page = ann.get(path).await.expect(StatusCode::OK).json();
        let items = page["data"].as_array().unwrap();
        assert!(!items.is_empty() && items.len() <= 2);
        seen.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        next = page["meta"]["page"]["next"].as_str().map(str::to_owned);
    }
    seen.sort();
    let expected =
        ["A needle in a stack", "A secret needle", "About a Needle", "Gets needle", "Gets needle"];
    assert_eq!(seen, expected);
    let all = visitor.get("/search?page[size]=100").await.json();
    assert_eq!(all["data"].as_array().unwrap().len(), 4);
    let nothing = visitor.get("/search?q=%25").await.json();
    assert_eq!(nothing["data"], json!([]));
    let long = "x".repeat(201);
    for (query, field, rule) in [
        (format!("q={long}"), "q", "max_length"),
        ("q=%00".into(), "q", "invalid"),
        ("page[size]=0".into(), "page[size]", "min"),
        ("page[size]=101".into(), "page[size]", "max"),
        ("page[size]=x".into(), "page[size]", "is_integer"),
        ("page[after]=x".into(), "page[after]", "invalid"),
        ("page[number]=1".into(), "page[number]", "unknown_property"),
    ] {
        let blamed = visitor.get(&format!("/search?{query}")).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())]);
    }
}
