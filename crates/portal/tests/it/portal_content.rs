//! Pages, snippets and the looks of portals.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::documents::slugs;
use crate::support::{NOBODY, TestPortal};

#[tokio::test]
async fn pages_have_paths_of_their_own() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({"default_page_visibility": "public"})).await;
    let path = format!("/v3/portals/{id}/pages");
    let make = async |slug: &str, parent: Option<&str>| {
        let body = json!({"slug": slug, "content": "x", "status": "published",
            "parent_page_id": parent});
        admin.post(&path, body).await.id()
    };
    let home = make("/", None).await;
    let guides = make("/guides", None).await;
    let first = make("first", Some(&guides)).await;
    let deep = make("/deep", Some(&first)).await;
    let visitor = portal.visitor(&id);
    let at = async |path: &str| visitor.get(&format!("/pages/{path}")).await;
    let found = async |path: &str| at(path).await.expect(StatusCode::OK).json()["id"].clone();
    assert_eq!(found("%2F").await, home);
    assert_eq!(found("guides").await, guides);
    assert_eq!(found("guides/first/deep").await, deep);
    assert_eq!(found("guides%2Ffirst").await, first);
    at("first").await.expect(StatusCode::NOT_FOUND);
    for (slug, parent) in
        [("guides", Value::Null), ("first/", json!(guides)), ("/guides/first", Value::Null)]
    {
        let body = json!({"slug": slug, "content": "", "parent_page_id": parent});
        assert_eq!(admin.post(&path, body).await.blamed(), [("slug".into(), "invalid".into())]);
    }
    // Whatever is below moves along.
    let renamed = json!({"slug": "docs"});
    admin.patch(&format!("{path}/{guides}"), renamed).await.expect(StatusCode::OK);
    assert_eq!(found("docs/first/deep").await, deep);
    at("guides/first").await.expect(StatusCode::NOT_FOUND);
    let inward = json!({"slug": "docs/first"});
    admin.patch(&format!("{path}/{guides}"), inward).await.expect(StatusCode::OK);
    assert_eq!(found("docs/first/first/deep").await, deep);
    let to = |parent: Option<&str>, index: i64| json!({"parent_page_id": parent, "index": index});
    let shift = async |id: &str, body: Value| admin.post(&format!("{path}/{id}/move"), body).await;
    let moved = shift(&first, to(None, 0)).await.expect(StatusCode::CREATED);
    assert!(moved.body.is_empty());
    assert_eq!(found("first/deep").await, deep);
    let tree = admin.get(&path).await.expect(StatusCode::OK).json();
    let expected = json!([["first", [["/deep", []]]], ["/", []], ["docs/first", []]]);
    assert_eq!(slugs(&tree["data"]), expected);
    let blamed = shift(&first, to(Some(&deep), 0)).await.blamed();
    assert_eq!(blamed, [("parent_page_id".into(), "invalid".into())]);
    let blamed = shift(&first, to(Some(NOBODY), 0)).await.blamed();
    assert_eq!(blamed, [("parent_page_id".into(), "missing_reference".into())]);
    let sorted = admin.get(&format!("{path}?sort=slug desc&filter[slug][contains]=D")).await.json();
    assert_eq!(slugs(&sorted["data"]), json!([["docs/first", []], ["/deep", []]]));
    let blamed = admin.get(&format!("{path}?filter[status]=published")).await.blamed();
    assert_eq!(blamed, [("filter[status]".into(), "unknown_property".into())]);
    admin.delete(&format!("{path}/{first}")).await.expect(StatusCode::NO_CONTENT);
    admin.get(&format!("{path}/{deep}")).await.expect(StatusCode::NOT_FOUND);
    let elsewhere = portal.new_portal(json!({})).await;
    let other = format!("/v3/portals/{elsewhere}/pages/{home}");
    admin.get(&other).await.expect(StatusCode::NOT_FOUND);
    admin.patch(&other, json!({})).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&other).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_page_may_say_is_bounded() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let path = format!("/v3/portals/{id}/pages");
    for (member, value, field, rule) in [
        ("slug", json!(""), "slug", "min_length"),
        ("slug", json!("x".repeat(513)), "slug", "max_length"),
        ("slug", json!("a b"), "slug", "matches_regex"),
        ("slug", json!("../x"), "slug", "matches_regex"),
        ("title", json!("x".repeat(513)), "title", "max_length"),
        ("description", json!("x".repeat(161)), "description", "max_length"),
        ("description", Value::Null, "description", "is_string"),
        ("content", json!("x".repeat(1_000_001)), "content", "max_length"),
        ("visibility", json!("secret"), "visibility", "enum"),
        ("status", json!("draft"), "status", "enum"),
        ("parent_page_id", json!(NOBODY), "parent_page_id", "missing_reference"),
        ("position", json!(1), "position", "unknown_property"),
    ] {
        let mut body = json!({"slug": "x", "content": ""});
        body[member] = value;
        assert_eq!(admin.post(&path, body).await.blamed(), [(field.into(), rule.into())]);
    }
    let blamed = admin.post(&path, json!({})).await.blamed();
    assert_eq!(blamed, [("slug".into(), "required".into()), ("content".into(), "required".into())]);
    let content = "---\ntitle: Front\ndescription: Before\n---\n".to_owned() + &"ü".repeat(999_000);
    let body = json!({"slug": "x", "content": content, "title": "Body"});
    let made = admin.post(&path, body).await.expect(StatusCode::CREATED).json();
    // Here the front matter counts, and not, as in documents, the request.
    assert_eq!((&made["title"], &made["description"]), (&json!("Front"), &json!("Before")));
    assert_eq!((&made["visibility"], &made["status"]), (&json!("private"), &json!("unpublished")));
    assert_eq!(made["content"], content);
    let made = admin.post(&path, json!({"slug": "/a/name", "content": ""})).await.json();
    assert_eq!(made["title"], "name");
    assert!(made.get("description").is_none());
    let nobody = format!("/v3/portals/{NOBODY}/pages");
    admin.post(&nobody, json!({"slug": "x", "content": ""})).await.expect(StatusCode::NOT_FOUND);
    admin.get(&nobody).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn snippets_have_names() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({"default_page_visibility": "public"})).await;
    let path = format!("/v3/portals/{id}/snippets");
    let body = json!({"name": "nav", "content": "---\ntitle: T\n---\n", "title": "no",
        "status": "published"});
    let made = admin.post(&path, body.clone()).await.expect(StatusCode::CREATED).json();
    assert_eq!((&made["title"], &made["visibility"]), (&json!("T"), &json!("public")));
    assert_eq!(admin.post(&path, body).await.blamed(), [("name".into(), "invalid".into())]);
    for (member, value, rule) in [
        ("name", json!("x".repeat(513)), "max_length"),
        ("name", json!("a/b"), "matches_regex"),
        ("title", json!("x".repeat(513)), "max_length"),
        ("description", json!("x".repeat(161)), "max_length"),
        ("content", json!("x".repeat(1_000_001)), "max_length"),
        ("visibility", json!("x"), "enum"),
        ("status", json!("x"), "enum"),
        ("slug", json!("x"), "unknown_property"),
    ] {
        let mut body = json!({"name": "x", "content": ""});
        body[member] = value;
        assert_eq!(admin.post(&path, body).await.blamed(), [(member.into(), rule.into())]);
    }
    let private = json!({"name": "mine", "content": "x", "status": "published",
        "visibility": "private"});
    let mine = admin.post(&path, private).await.id();
    let hidden = admin.post(&path, json!({"name": "hidden", "content": "x"})).await.id();
    let visitor = portal.visitor(&id);
    let seen = visitor.get("/snippets?filter[title][contains]=t&sort=name").await.json();
    assert_eq!(seen["data"].as_array().unwrap().len(), 1);
    assert_eq!(seen["meta"]["page"]["total"], 1);
    assert!(seen["data"][0].get("content").is_none() && seen["data"][0].get("status").is_none());
    let nav = visitor.get("/snippets/nav").await.expect(StatusCode::OK).json();
    assert_eq!((&nav["name"], &nav["content"]), (&json!("nav"), &made["content"]));
    for name in ["mine", "hidden"] {
        visitor.get(&format!("/snippets/{name}")).await.expect(StatusCode::NOT_FOUND);
    }
    let ann = portal.developer(&id, "ann").await.caller;
    ann.get("/snippets/mine").await.expect(StatusCode::OK);
    ann.get("/snippets/hidden").await.expect(StatusCode::NOT_FOUND);
    let edit = json!({"name": "shown", "status": "published"});
    let edited = admin.patch(&format!("{path}/{hidden}"), edit).await.json();
    assert_eq!(edited["name"], "shown");
    let blamed = admin.patch(&format!("{path}/{hidden}"), json!({"name": "nav"})).await.blamed();
    assert_eq!(blamed, [("name".into(), "invalid".into())]);
    admin.delete(&format!("{path}/{mine}")).await.expect(StatusCode::NO_CONTENT);
    admin.get(&format!("{path}/{mine}")).await.expect(StatusCode::NOT_FOUND);
    let elsewhere = portal.new_portal(json!({})).await;
    let other = format!("/v3/portals/{elsewhere}/snippets/{hidden}");
    admin.get(&other).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn customization_is_kept_as_it_was_sent() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let path = format!("/v3/portals/{id}/customization");
    assert_eq!(admin.get(&path).await.expect(StatusCode::OK).json(), json!({}));
    let item = |path: &str, visibility: &str, external: bool| json!({"path": path, "title": "T", "visibility": visibility, "external": external});
    let whole = json!({
        "theme": {"name": "x", "mode": "dark", "colors": {"primary": "#Fa0"}},
        "layout": "sidebar",
        "css": "a { color: red }",
        "menu": {
            "main": [item("/apis", "public", false), item("/mine", "private", false)],
            "footer_sections": [{"title": "F", "items": [item("https://x.test", "public", true),
                item("/mine", "private", false)]}],
            "footer_bottom": [item("/mine", "private", false)]
        },
        "spec_renderer": {"try_it_ui": false, "hide_internal": true},
        "robots": null
    });
    let put = admin.put(&path, whole.clone()).await.expect(StatusCode::OK).json();
    assert_eq!(put, whole);
    assert_eq!(admin.get(&path).await.json(), whole);
    let ann = portal.developer(&id, "ann").await.caller;
    assert_eq!(ann.get("/customization").await.json(), whole);
    let open = portal.visitor(&id).get("/customization").await.expect(StatusCode::OK).json();
    assert_eq!(open["menu"]["main"], json!([item("/apis", "public", false)]));
    assert_eq!(open["menu"]["footer_sections"][0]["items"].as_array().unwrap().len(), 1);
    assert_eq!(open["menu"]["footer_bottom"], json!([]));
    let edit = json!({"theme": {"mode": "light"}, "css": null, "menu": {"main": []}});
    let merged = admin.patch(&path, edit).await.expect(StatusCode::OK).json();
    assert_eq!(
        merged["theme"],
        json!({"name": "x", "mode": "light", "colors": {"primary": "#Fa0"}})
    );
    assert_eq!((&merged["css"], &merged["menu"]["main"]), (&Value::Null, &json!([])));
    assert_eq!(merged["menu"]["footer_bottom"], whole["menu"]["footer_bottom"]);
    let replaced = admin.put(&path, json!({"layout": "top"})).await.json();
    assert_eq!(replaced, json!({"layout": "top"}));
    for (body, field, rule) in [
        (json!({"theme": {"mode": "blue"}}), "theme.mode", "enum"),
        (json!({"theme": {"colors": {"primary": "red"}}}), "theme.colors.primary", "matches_regex"),
        (json!({"theme": {"size": 1}}), "theme.size", "unknown_property"),
        (json!({"layout": null}), "layout", "is_string"),
        (json!({"css": "x".repeat(500_001)}), "css", "max_length"),
        (json!({"robots": 1}), "robots", "is_string"),
        (
            json!({"menu": {"main": vec![item("/x", "public", false); 101]}}),
            "menu.main",
            "max_items",
        ),
        (json!({"menu": {"main": [{}]}}), "menu.main.0.path", "required"),
        (
            json!({"menu": {"main": [item("javascript:alert(1)", "public", true)]}}),
            "menu.main.0.path",
            "invalid",
        ),
        (
            json!({"menu": {"footer_sections": [{"title": "x", "items": [item("x", "public", false)]}]}}),
            "menu.footer_sections.0.items.0.path",
            "invalid",
        ),
        (json!({"spec_renderer": {"try_it_ui": 1}}), "spec_renderer.try_it_ui", "is_boolean"),
        (json!({"my_property": 1}), "my_property", "unknown_property"),
    ] {
        for reply in [admin.put(&path, body.clone()).await, admin.patch(&path, body).await] {
            assert_eq!(reply.blamed()[0], (field.into(), rule.into()));
        }
    }
    assert_eq!(admin.get(&path).await.json(), json!({"layout": "top"}));
    let nobody = format!("/v3/portals/{NOBODY}/customization");
    admin.get(&nobody).await.expect(StatusCode::NOT_FOUND);
    admin.put(&nobody, json!({})).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn integrations_are_whole_or_not_there() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let path = format!("/v3/portals/{id}/integrations");
    assert_eq!(admin.get(&path).await.expect(StatusCode::OK).json(), json!({}));
    let tags =
        json!({"enabled": true, "type": "tracking", "config_data": {"id": "GTM-ABC", "l": null}});
    let whole = json!({"google_tag_manager": tags, "equal_web": null});
    assert_eq!(admin.put(&path, whole.clone()).await.expect(StatusCode::OK).json(), whole);
    let shown = portal.visitor(&id).get("/integrations").await.expect(StatusCode::OK).json();
    assert_eq!(shown, whole);
    let edit = json!({"google_tag_manager": {"enabled": false}});
    let edited = admin.patch(&path, edit).await.expect(StatusCode::OK).json();
    assert_eq!(edited["google_tag_manager"]["enabled"], false);
    assert_eq!(edited["google_tag_manager"]["config_data"], tags["config_data"]);
    let half = json!({"google_analytics_4": {"enabled": true, "type": "analytics"}});
    for reply in [admin.patch(&path, half.clone()).await, admin.put(&path, half).await] {
        assert_eq!(reply.blamed(), [("google_analytics_4.config_data".into(), "required".into())]);
    }
    let of = |member: &str, kind: &str, data: Value| json!({member: {"enabled": true, "type": kind, "config_data": data}});
    for (body, field, rule) in [
        (of("google_tag_manager", "tracking", json!({"id": "GTM"})), "id", "min_length"),
        (of("google_tag_manager", "tracking", json!({"id": "ABCDEF"})), "id", "matches_regex"),
        (
            of("google_analytics_4", "analytics", json!({"id": "G-".to_owned() + &"x".repeat(19)})),
            "id",
            "max_length",
        ),
        (
            of("google_analytics_4", "analytics", json!({"id": "G-ABC", "l": "x".repeat(101)})),
            "l",
            "max_length",
        ),
        (
            of("equal_web", "accessibility", json!({"site_key": "x".repeat(31)})),
            "site_key",
            "min_length",
        ),
        (
            of(
                "equal_web",
                "accessibility",
                json!({"site_key": "x".repeat(32), "widget_config": 1}),
            ),
            "widget_config",
            "is_object",
        ),
    ] {
        let member = body.as_object().unwrap().keys().next().unwrap().clone();
        let field = format!("{member}.config_data.{field}");
        assert_eq!(admin.put(&path, body).await.blamed(), [(field, rule.into())]);
    }
    let blamed = admin.put(&path, of("equal_web", "tracking", json!({}))).await.blamed();
    assert!(blamed.contains(&("equal_web.type".into(), "enum".into())), "{blamed:?}");
    assert_eq!(admin.get(&path).await.json(), edited);
}

#[tokio::test]
async fn a_portal_has_images() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    for name in ["logo", "favicon"] {
        let path = format!("/v3/portals/{id}/assets/{name}");
        let default = admin.get(&path).await.expect(StatusCode::OK).json();
        assert!(default["data"].as_str().unwrap().starts_with("data:image/png;base64,"));
        assert_eq!(admin.get(&format!("{path}/raw")).await.headers["content-type"], "image/png");
        for (url, media_type) in [
            ("data:image/png;base64,bmljZV9sb29raW5nX3BpY3R1cmU=", "image/png"),
            ("data:image/jpeg,AAAA", "image/jpeg"),
            ("data:image/gif;base64,AAAA", "image/gif"),
            ("data:image/vnd.microsoft.icon;base64,AAAA", "image/x-icon"),
            ("data:image/svg+xml;base64,PHN2Zy8+", "image/svg+xml"),
        ] {
            let body = json!({"data": url});
            let put = admin.put(&path, body.clone()).await.expect(StatusCode::OK).json();
            assert_eq!(put, body);
            assert_eq!(admin.get(&path).await.json(), body);
            let raw = portal.visitor(&id).get(&format!("/assets/{name}")).await;
            for raw in [raw, admin.get(&format!("{path}/raw")).await] {
                assert_eq!(
                    (raw.status, &raw.headers["content-type"]),
                    (StatusCode::OK, &media_type.parse().unwrap())
                );
                assert_eq!(raw.headers["x-content-type-options"], "nosniff");
                let policy = raw.headers["content-security-policy"].to_str().unwrap();
                assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"));
            }
        }
        for (body, rule) in [
            (json!({}), "required"),
            (json!({"data": null}), "is_string"),
            (json!({"data": "data:text/html;base64,AAAA"}), "matches_regex"),
            (json!({"data": "data:image/png;base64,*"}), "matches_regex"),
            (json!({"data": "https://example.com/logo.png"}), "matches_regex"),
        ] {
            assert_eq!(admin.put(&path, body).await.blamed(), [("data".into(), rule.into())]);
        }
    }
    let nobody = format!("/v3/portals/{NOBODY}/assets/logo");
    admin.get(&nobody).await.expect(StatusCode::NOT_FOUND);
    admin.get(&format!("{nobody}/raw")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn default_content_takes_nobodys_place() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let pages = format!("/v3/portals/{id}/pages");
    let own = json!({"slug": "/", "content": "mine"});
    let home = admin.post(&pages, own).await.id();
    let path = format!("/v3/portals/{id}/default-content");
    let made = admin.send(axum::http::Method::POST, &path, None).await;
    let made = made.expect(StatusCode::CREATED).json();
    assert_eq!(made, json!({"pages": ["/getting-started"], "snippets": []}));
    let still = admin.get(&format!("{pages}/{home}")).await.json();
    assert_eq!(still["content"], "mine");
    let visitor = portal.visitor(&id);
    visitor.get("/pages/getting-started").await.expect(StatusCode::OK);
    assert!(visitor.get("/customization").await.json()["menu"]["main"][0]["path"].is_string());
    let again = admin.send(axum::http::Method::POST, &path, None).await.json();
    assert_eq!(again, json!({"pages": [], "snippets": []}));
}
