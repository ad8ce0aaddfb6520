//! Documents of APIs.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Caller, NOBODY, TestPortal, unique};

async fn documents(portal: &TestPortal) -> (Caller, String) {
    let api = portal.new_api().await;
    (portal.admin(), format!("/v3/apis/{api}/documents"))
}

/// The slugs of a tree, each with those below it.
pub(crate) fn slugs(tree: &Value) -> Value {
    let branches = tree.as_array().unwrap().iter();
    branches.map(|branch| json!([branch["slug"], slugs(&branch["children"])])).collect()
}

#[tokio::test]
async fn a_document_says_of_itself_what_the_request_does_not() {
    let portal = TestPortal::start().await;
    let (admin, path) = documents(&portal).await;
    let made = admin.post(&path, json!({"content": "# Getting Started\n"})).await;
    let made = made.expect(StatusCode::CREATED).json();
    assert_eq!(
        (&made["title"], &made["slug"]),
        (&json!("Getting Started"), &json!("getting-started"))
    );
    assert_eq!(
        (&made["status"], &made["parent_document_id"]),
        (&json!("unpublished"), &Value::Null)
    );
    let id = made["id"].as_str().unwrap();
    let content = format!(
        "---\ntitle: From the front\nslug: front\nstatus: published\nparent_document_id: {id}\nimage: x\n---\ntext"
    );
    let made = admin.post(&path, json!({"content": content})).await.json();
    assert_eq!((&made["title"], &made["slug"]), (&json!("From the front"), &json!("front")));
    assert_eq!((&made["status"], &made["parent_document_id"]), (&json!("published"), &json!(id)));
    assert_eq!(made["content"], content);
    let content = content.replace("slug: front", "slug: back");
    let body = json!({"content": content, "title": "Mine", "slug": "mine", "status": "unpublished",
        "parent_document_id": null});
    let made = admin.post(&path, body).await.expect(StatusCode::CREATED).json();
    assert_eq!((&made["title"], &made["slug"]), (&json!("Mine"), &json!("mine")));
    assert_eq!(
        (&made["status"], &made["parent_document_id"]),
        (&json!("unpublished"), &Value::Null)
    );
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(admin.get(&one).await.json(), made);
    let edited = admin.patch(&one, json!({"title": "Other"})).await.json();
    assert_eq!((&edited["title"], &edited["slug"]), (&json!("Other"), &json!("mine")));
    let edit = json!({"content": "---\nstatus: published\ntitle: New\n---\n", "title": "Newer"});
    let edited = admin.patch(&one, edit).await.json();
    assert_eq!((&edited["title"], &edited["status"]), (&json!("Newer"), &json!("published")));
}

#[tokio::test]
async fn what_a_document_may_say_is_bounded() {
    let portal = TestPortal::start().await;
    let (admin, path) = documents(&portal).await;
    let long = "x".repeat(1_000_001);
    for (body, field, rule) in [
        (json!({}), "content", "required"),
        (json!({"content": 1}), "content", "is_string"),
        (json!({"content": long}), "content", "max_length"),
        (json!({"content": "text"}), "title", "required"),
        (json!({"content": "", "title": ""}), "title", "min_length"),
        (json!({"content": "", "title": "x".repeat(513)}), "title", "max_length"),
        (json!({"content": "", "title": "日本"}), "slug", "required"),
        (json!({"content": "", "title": "t", "slug": "a b"}), "slug", "matches_regex"),
        (json!({"content": "", "title": "t", "status": "draft"}), "status", "enum"),
        (
            json!({"content": "", "title": "t", "parent_document_id": "x"}),
            "parent_document_id",
            "is_uuid",
        ),
        (
            json!({"content": "", "title": "t", "parent_document_id": NOBODY}),
            "parent_document_id",
            "missing_reference",
        ),
        (json!({"content": "---\nslug: a b\n---\n", "title": "t"}), "content", "matches_regex"),
        (json!({"content": "---\nstatus: draft\n---\n", "title": "t"}), "content", "enum"),
        (json!({"content": "---\n- a\n---\n", "title": "t"}), "content", "invalid"),
        (json!({"content": "", "title": "t", "id": NOBODY}), "id", "unknown_property"),
    ] {
        let blamed = admin.post(&path, body.clone()).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())], "{field} {rule}");
    }
    admin.post(&path, json!({"content": "# A"})).await.id();
    admin.post(&path, json!({"content": "# A"})).await.expect(StatusCode::CONFLICT);
    let other = documents(&portal).await.1;
    admin.post(&other, json!({"content": "# A"})).await.id();
    let nobody = format!("/v3/apis/{NOBODY}/documents");
    admin.post(&nobody, json!({"content": "# A"})).await.expect(StatusCode::NOT_FOUND);
    admin.get(&nobody).await.expect(StatusCode::NOT_FOUND);
    let blamed = admin.get(&format!("{path}?page[size]=1")).await.blamed();
    assert_eq!(blamed, [("page[size]".into(), "unknown_property".into())]);
}

#[tokio::test]
async fn documents_stand_in_a_tree() {
    let portal = TestPortal::start().await;
    let (admin, path) = documents(&portal).await;
    let make = async |name: &str, parent: Option<&str>| {
        let body = json!({"content": "", "title": name, "parent_document_id": parent});
        admin.post(&path, body).await.id()
    };
    let a = make("a", None).await;
    let b = make("b", None).await;
    let c = make("c", Some(&a)).await;
    let d = make("d", Some(&c)).await;
    let tree = async || slugs(&admin.get(&path).await.expect(StatusCode::OK).json()["data"]);
    assert_eq!(tree().await, json!([["a", [["c", [["d", []]]]]], ["b", []]]));
    let shift = async |id: &str, body: Value| admin.post(&format!("{path}/{id}/move"), body).await;
    let moved = async |id: &str, body: Value| {
        shift(id, body).await.expect(StatusCode::NO_CONTENT);
        tree().await
    };
    let to =
        |parent: Option<&str>, index: i64| json!({"parent_document_id": parent, "index": index});
    assert_eq!(moved(&b, to(None, 0)).await, json!([["b", []], ["a", [["c", [["d", []]]]]]]));
    assert_eq!(moved(&d, to(Some(&a), 0)).await, json!([["b", []], ["a", [["d", []], ["c", []]]]]));
    assert_eq!(
        moved(&d, json!({"index": -1})).await,
        json!([["b", []], ["a", [["c", []]]], ["d", []]])
    );
    assert_eq!(
        moved(&d, json!({"index": -2})).await,
        json!([["b", []], ["d", []], ["a", [["c", []]]]])
    );
    shift(&a, to(Some(&c), 0)).await.expect(StatusCode::CONFLICT);
    shift(&a, to(Some(&a), 0)).await.expect(StatusCode::CONFLICT);
    shift(&a, to(Some(NOBODY), 0)).await.expect(StatusCode::CONFLICT);
    shift(NOBODY, to(None, 0)).await.expect(StatusCode::NOT_FOUND);
    let blamed = shift(&a, json!({"index": "first"})).await.blamed();
    assert_eq!(blamed, [("index".into(), "is_integer".into())]);
    let edit = json!({"parent_document_id": c});
    admin.patch(&format!("{path}/{a}"), edit).await.expect(StatusCode::CONFLICT);
    let other = documents(&portal).await.1;
    let body = json!({"content": "", "title": "x", "parent_document_id": a});
    assert_eq!(admin.post(&other, body).await.blamed()[0].1, "missing_reference");
    admin.get(&format!("{other}/{a}")).await.expect(StatusCode::NOT_FOUND);
    // What is below goes with it.
    admin.delete(&format!("{path}/{a}")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(tree().await, json!([["b", []], ["d", []]]));
    admin.get(&format!("{path}/{c}")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn trees_have_a_depth() {
    let portal = TestPortal::start().await;
    let (admin, path) = documents(&portal).await;
    let mut parent = Value::Null;
    for level in 0..16 {
        let body =
            json!({"content": "", "title": format!("d{level}"), "parent_document_id": parent});
        parent = admin.post(&path, body).await.id().into();
    }
    let body = json!({"content": "", "title": unique("x"), "parent_document_id": parent});
    admin.post(&path, body).await.expect(StatusCode::CONFLICT);
}

#[tokio::test]
async fn visitors_read_what_is_published_all_the_way_up() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let id = portal.new_portal(json!({})).await;
    let (public, private) = (portal.new_api().await, portal.new_api().await);
    portal.publish(&public, &id, json!({"visibility": "public"})).await;
    portal.publish(&private, &id, json!({"visibility": "private"})).await;
    let make = async |api: &str, title: &str, status: &str, parent: Option<&str>| {
        let body = json!({"content": format!("# {title}\n<script>"), "status": status,
            "parent_document_id": parent});
        admin.post(&format!("/v3/apis/{api}/documents"), body).await.id()
    };
    let shown = make(&public, "shown", "published", None).await;
    let hidden = make(&public, "hidden", "unpublished", None).await;
    make(&public, "below", "published", Some(&shown)).await;
    let below_hidden = make(&public, "below-hidden", "published", Some(&hidden)).await;
    make(&private, "secret", "published", None).await;
    let visitor = portal.visitor(&id);
    let path = format!("/apis/{public}/documents");
    let tree = visitor.get(&path).await.expect(StatusCode::OK).json();
    assert_eq!(slugs(&tree["data"]), json!([["shown", [["below", []]]]]));
    assert!(tree["data"][0].get("status").is_none());
    let one = visitor.get(&format!("{path}/below")).await.expect(StatusCode::OK);
    assert_eq!(one.headers["content-type"], "application/json");
    assert_eq!(one.json()["content"], "# below\n<script>");
    assert_eq!(one.json()["parent_document_id"], shown);
    visitor.get(&format!("{path}/{shown}")).await.expect(StatusCode::OK);
    let reader = visitor.clone().with("accept", "text/markdown;q=0.9, application/json;q=0.1");
    let text = reader.get(&format!("{path}/below")).await.expect(StatusCode::OK);
    assert_eq!(text.headers["content-type"], "text/markdown; charset=utf-8");
    assert_eq!(text.headers["x-content-type-options"], "nosniff");
    assert_eq!(text.text(), "# below\n<script>");
    for name in ["hidden", &hidden, "below-hidden", &below_hidden, "nothing", NOBODY] {
        visitor.get(&format!("{path}/{name}")).await.expect(StatusCode::NOT_FOUND);
    }
    let secret = format!("/apis/{private}/documents");
    visitor.get(&secret).await.expect(StatusCode::NOT_FOUND);
    visitor.get(&format!("{secret}/secret")).await.expect(StatusCode::NOT_FOUND);
    let ann = portal.developer(&id, "ann").await.caller;
    ann.get(&format!("{secret}/secret")).await.expect(StatusCode::OK);
    // Each document only below its own API.
    ann.get(&format!("{path}/secret")).await.expect(StatusCode::NOT_FOUND);
}
