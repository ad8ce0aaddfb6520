//! Authorization servers, their scopes and their keys.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{NOBODY, TestPortal, unique};

const AUDIENCE: &str = "https://api.example.com";
const SERVERS: &str = "/v1/auth-servers";

async fn new_server(portal: &TestPortal, fields: Value) -> Value {
    let mut body = json!({"name": unique("server"), "audience": AUDIENCE});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    portal.admin().post(SERVERS, body).await.expect(StatusCode::CREATED).json()
}

fn path(server: &Value, rest: &str) -> String {
    format!("{SERVERS}/{}{rest}", server["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_server_says_where_it_is_and_keeps_what_it_is_told() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let made = new_server(&portal, json!({"labels": {"env": "test"}})).await;
    let issuer = made["issuer"].as_str().unwrap();
    assert_eq!(
        issuer,
        format!("{}/auth/{}", "http://127.0.0.1:8180", made["id"].as_str().unwrap())
    );
    assert_eq!(made["jwks_uri"], format!("{issuer}/.well-known/jwks"));
    assert_eq!(made["metadata_uri"], format!("{issuer}/.well-known/openid-configuration"));
    assert_eq!(made["signing_algorithm"], "RS256");
    assert_eq!(made["description"], "");
    assert_eq!(made["trusted_origins"], json!([]));
    assert!(made.get("access_token_profile").is_none());
    assert_eq!(admin.get(&path(&made, "")).await.expect(StatusCode::OK).json(), made);
    let change = json!({
        "description": "d",
        "labels": {"env": null, "tier": "gold"},
        "trusted_origins": ["https://app.example.com"],
        "access_token_profile": "rfc9068"
    });
    let changed = admin.patch(&path(&made, ""), change.clone()).await.expect(StatusCode::OK).json();
    assert_eq!(changed["labels"], json!({"tier": "gold"}));
    assert_eq!(changed["access_token_profile"], "rfc9068");
    assert_eq!(changed["issuer"], made["issuer"]);
    assert_ne!(changed["updated_at"], made["updated_at"]);
    let twin = json!({"name": made["name"], "audience": "x"});
    admin.post(SERVERS, twin).await.expect(StatusCode::CONFLICT);
    let other = new_server(&portal, json!({"signing_algorithm": "ES256"})).await;
    let taken = json!({"name": made["name"]});
    admin.patch(&path(&other, ""), taken).await.expect(StatusCode::CONFLICT);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    for (change, field, rule) in [
        (json!({"name": ""}), "name", "min_length"),
        (json!({"audience": ""}), "audience", "min_length"),
        (json!({"signing_algorithm": "HS256"}), "signing_algorithm", "enum"),
        (json!({"trusted_origins": ["https://a.example/x"]}), "trusted_origins.0", "invalid"),
        (
            json!({"trusted_origins": ["https://a.test", "https://a.test"]}),
            "trusted_origins.1",
            "invalid",
        ),
        (json!({"access_token_profile": "opaque"}), "access_token_profile", "enum"),
        (json!({"issuer": "https://x"}), "issuer", "unknown_property"),
        (json!({"labels": {"kongx": "y"}}), "labels.kongx", "is_label"),
    ] {
        let mut body = json!({"name": "n", "audience": AUDIENCE});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let blamed = admin.post(SERVERS, body).await.blamed();
        assert_eq!(blamed, [(field.to_owned(), rule.to_owned())], "{change}");
    }
    assert_eq!(admin.post(SERVERS, json!({})).await.blamed().len(), 2);
    for path in [
        format!("{SERVERS}/{NOBODY}"),
        format!("{SERVERS}/x"),
        format!("{SERVERS}/{NOBODY}/scopes"),
    ] {
        admin.get(&path).await.expect(StatusCode::NOT_FOUND);
        portal.anyone().get(&path).await.expect(StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn lists_are_paged_filtered_and_sorted() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let mut ids = Vec::new();
    for (name, labels) in
        [("b-one", json!({"env": "test"})), ("a-two", json!({"env": "testing", "x": "1"}))]
    {
        let body = json!({"name": name, "labels": labels, "signing_algorithm": "Ed25519"});
        ids.push(new_server(&portal, body).await["id"].as_str().unwrap().to_owned());
    }
    let found = async |query: &str| admin.get(&format!("{SERVERS}?{query}")).await.ids();
    assert_eq!(found("filter[name][eq]=b-one").await, [ids[0].clone()]);
    assert_eq!(found("filter[name][contains]=TWO").await, [ids[1].clone()]);
    assert_eq!(found(&format!("filter[id][eq]={}", ids[0])).await, [ids[0].clone()]);
    assert_eq!(found("filter[labels][eq]=env:test").await, [ids[0].clone()]);
    assert_eq!(found("filter[labels]=env,x:1").await, [ids[1].clone()]);
    assert_eq!(found("filter[labels]=x").await, [ids[1].clone()]);
    assert!(found("filter[labels]=env:tes").await.is_empty());
    assert!(found("filter[labels]=nv").await.is_empty());
    assert_eq!(found("filter[name][contains]=-&sort=audience,name desc").await, ids);
    ids.reverse();
    assert_eq!(found("filter[name][contains]=-&sort=name").await, ids);
    assert_eq!(found("page[size]=1&sort=name&filter[name][contains]=-").await, [ids[0].clone()]);
    let blamed = admin.get(&format!("{SERVERS}?sort=name,color")).await.blamed();
    assert_eq!(blamed, [("sort".to_owned(), "enum".to_owned())]);
    let blamed = admin.get(&format!("{SERVERS}?filter[labels]=,")).await.blamed();
    assert_eq!(blamed, [("filter[labels]".to_owned(), "invalid".to_owned())]);
}

#[tokio::test]
async fn what_is_built_in_can_be_deleted_for_good() {
    let portal = TestPortal::start().await;
    let built_in = "/v1/auth-servers?filter[name][eq]=Default";
    let found = portal.admin().get(built_in).await.expect(StatusCode::OK).json();
    assert_eq!(found["data"][0]["audience"], "http://127.0.0.1:8180");
    let portal = portal.restart().await;
    let ids = portal.admin().get(built_in).await.ids();
    assert_eq!(ids.len(), 1);
    let path = format!("{SERVERS}/{}", ids[0]);
    portal.admin().delete(&path).await.expect(StatusCode::NO_CONTENT);
    let portal = portal.restart().await;
    assert!(portal.admin().get(built_in).await.ids().is_empty());
}

#[tokio::test]
async fn a_server_with_something_in_it_takes_force() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    for (kind, body) in [
        ("scopes", json!({"name": "s"})),
        ("claims", json!({"name": "c", "value": "x"})),
        ("clients", json!({"name": "c", "grant_types": [], "response_types": []})),
    ] {
        let server = new_server(&portal, json!({"signing_algorithm": "ES256"})).await;
        admin.post(&path(&server, &format!("/{kind}")), body).await.expect(StatusCode::CREATED);
        let blamed = admin.delete(&path(&server, "?force=false")).await.blamed();
        assert_eq!(blamed, [("force".to_owned(), "invalid".to_owned())]);
        admin.delete(&path(&server, "?force=true")).await.expect(StatusCode::NO_CONTENT);
        admin.get(&path(&server, "")).await.expect(StatusCode::NOT_FOUND);
    }
    let empty = new_server(&portal, json!({"signing_algorithm": "ES256"})).await;
    admin.delete(&path(&empty, "")).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn scopes_have_names_of_their_own() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let server = new_server(&portal, json!({"signing_algorithm": "ES256"})).await;
    let scopes = path(&server, "/scopes");
    let made =
        admin.post(&scopes, json!({"name": "read"})).await.expect(StatusCode::CREATED).json();
    let (default, metadata, enabled) =
        (&made["default"], &made["include_in_metadata"], &made["enabled"]);
    assert_eq!((default, metadata, enabled), (&json!(false), &json!(false), &json!(true)));
    admin.post(&scopes, json!({"name": "read"})).await.expect(StatusCode::CONFLICT);
    let blamed = admin.post(&scopes, json!({"name": "two words"})).await.blamed();
    assert_eq!(blamed, [("name".to_owned(), "matches_regex".to_owned())]);
    let one = format!("{scopes}/{}", made["id"].as_str().unwrap());
    let change =
        json!({"name": "write", "default": true, "include_in_metadata": true, "enabled": false});
    let changed = admin.patch(&one, change).await.expect(StatusCode::OK).json();
    assert_eq!(admin.get(&one).await.json(), changed);
    assert_eq!(changed["name"], "write");
    // The same name at another server is another scope.
    let other = new_server(&portal, json!({"signing_algorithm": "ES256"})).await;
    let body = json!({"name": "write"});
    let elsewhere = admin.post(&path(&other, "/scopes"), body).await.id();
    admin.get(&format!("{scopes}/{elsewhere}")).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    admin.get(&one).await.expect(StatusCode::NOT_FOUND);
    assert!(admin.get(&scopes).await.ids().is_empty());
}

fn states(keys: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let keys = keys["data"].as_array().unwrap().iter();
    keys.map(|key| (text(&key["kid"]), text(&key["state"]))).collect()
}

#[tokio::test]
async fn keys_are_changed_with_overlap_and_in_an_emergency_without() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let server = new_server(&portal, json!({"signing_algorithm": "ES256"})).await;
    let rotate = path(&server, "/rotate-keys");
    let asked = admin.post(&rotate, json!({})).await.expect(StatusCode::OK).json();
    let [(first, active), (second, pending)] = states(&asked).try_into().unwrap();
    assert_eq!((active.as_str(), pending.as_str()), ("active", "pending"));
    // Asking again makes no third key.
    let again = admin.send(axum::http::Method::POST, &rotate, None).await;
    assert_eq!(states(&again.expect(StatusCode::OK).json()), states(&asked));
    portal.server.advance_clock(portal.config.identity.publish_ahead);
    portal.server.rotate().await.unwrap();
    let turned = admin.post(&rotate, json!({})).await.json();
    let states_now = states(&turned);
    assert_eq!(states_now[0], (first.clone(), "retiring".to_owned()));
    assert_eq!(states_now[1], (second.clone(), "active".to_owned()));
    assert_eq!(states_now[2].1, "pending");
    portal.server.advance_clock(portal.config.identity.keep_retired);
    portal.server.rotate().await.unwrap();
    let later = states(&admin.post(&rotate, json!({"emergency": false})).await.json());
    assert!(!later.iter().any(|(kid, _)| *kid == first), "{later:?}");
    let replaced = states(&admin.post(&rotate, json!({"emergency": true})).await.json());
    let [(kid, state)] = replaced.try_into().unwrap();
    assert_eq!(state, "active");
    assert!(!later.iter().any(|(other, _)| *other == kid));
    let blamed = admin.post(&rotate, json!({"now": true})).await.blamed();
    assert_eq!(blamed, [("now".to_owned(), "unknown_property".to_owned())]);
}

#[tokio::test]
async fn keys_are_changed_on_schedule() {
    let portal = TestPortal::start_as(|config| {
        config.identity.key_lifetime = Duration::from_secs(86_400);
    })
    .await;
    let server = new_server(&portal, json!({"signing_algorithm": "Ed25519"})).await;
    let db = portal.database().await;
    let states = async || {
        use sea_orm::{ConnectionTrait, Statement};
        portal.server.rotate().await.unwrap();
        let sql = "SELECT state FROM auth_keys ORDER BY created_at";
        let rows =
            db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        let states = rows.iter().map(|row| row.try_get::<String>("", "state").unwrap());
        states.collect::<Vec<_>>()
    };
    // The built-in server gets its key from the schedule, too.
    let both = states().await;
    assert_eq!(both, ["active", "active"]);
    let default = portal.admin().get("/v1/auth-servers?filter[name][eq]=Default").await.ids();
    portal
        .admin()
        .delete(&format!("{SERVERS}/{}", default[0]))
        .await
        .expect(StatusCode::NO_CONTENT);
    portal.server.advance_clock(Duration::from_secs(86_400 - 3_600 - 60));
    assert_eq!(states().await, ["active"]);
    portal.server.advance_clock(Duration::from_secs(61));
    assert_eq!(states().await, ["active", "pending"]);
    portal.server.advance_clock(Duration::from_secs(3_601));
    assert_eq!(states().await, ["retiring", "active"]);
    portal.server.advance_clock(Duration::from_secs(43_200));
    assert_eq!(states().await, ["retiring", "active"]);
    let change = json!({"signing_algorithm": "ES256"});
    portal.admin().patch(&path(&server, ""), change).await.expect(StatusCode::OK);
    assert_eq!(states().await, ["retiring", "active", "pending"]);
}
