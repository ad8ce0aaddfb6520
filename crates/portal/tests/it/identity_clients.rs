//! Clients of authorization servers: their secrets, and the tokens with which they register.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Caller, NOBODY, TestPortal, unique};

/// A server, and the path of its clients.
async fn clients(portal: &TestPortal) -> (String, String) {
    let body = json!({"name": unique("server"), "audience": "a", "signing_algorithm": "ES256"});
    let server = portal.admin().post("/v1/auth-servers", body).await.id();
    let server = format!("/v1/auth-servers/{server}");
    let clients = format!("{server}/clients");
    (server, clients)
}

fn body(name: &str) -> Value {
    json!({"name": name, "grant_types": ["client_credentials"], "response_types": ["none"]})
}

fn with(name: &str, fields: Value) -> Value {
    let mut body = body(name);
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

async fn new_client(admin: &Caller, clients: &str, name: &str) -> Value {
    admin.post(clients, body(name)).await.expect(StatusCode::CREATED).json()
}

#[tokio::test]
async fn a_client_gets_an_id_and_a_secret_that_is_shown_once() {
    let portal = TestPortal::start().await;
    let (admin, (server, clients)) = (portal.admin(), clients(&portal).await);
    let scope = admin.post(&format!("{server}/scopes"), json!({"name": "read"})).await.id();
    let fields = json!({
        "allow_scopes": [scope],
        "labels": {"env": "test"},
        "redirect_uris": ["https://client.example/cb", "http://127.0.0.1:9/cb"],
        "login_uri": "https://client.example/login",
        "grant_types": ["client_credentials", "authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic"
    });
    let mut made =
        admin.post(&clients, with("one", fields.clone())).await.expect(StatusCode::CREATED).json();
    let secret = made.as_object_mut().unwrap().remove("client_secret").unwrap();
    assert_eq!(secret.as_str().unwrap().len(), 44);
    let id = made["id"].as_str().unwrap().to_owned();
    assert!(id.len() == 20 && id.chars().all(|c| c.is_ascii_alphanumeric()), "{id}");
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_eq!(
        (&made["access_token_duration"], &made["id_token_duration"]),
        (&json!(300), &json!(300))
    );
    let one = format!("{clients}/{id}");
    let shown = admin.get(&one).await;
    assert!(!shown.text().contains(secret.as_str().unwrap()));
    assert_eq!(shown.expect(StatusCode::OK).json(), made);
    assert_eq!(admin.get(&format!("{clients}?filter[labels]=env:test")).await.ids(), [id.clone()]);
    assert_eq!(admin.get(&format!("{clients}?filter[id]={id}&sort=name desc")).await.ids(), [id]);
    // The scope goes out of the client when it goes.
    admin.delete(&format!("{server}/scopes/{scope}")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&one).await.json()["allow_scopes"], json!([]));
    let change =
        json!({"access_token_duration": 60, "labels": null, "login_uri": null, "name": "two"});
    let changed = admin.patch(&one, change).await.expect(StatusCode::OK).json();
    assert_eq!(changed["access_token_duration"], 60);
    assert_eq!((&changed["labels"], changed.get("login_uri")), (&json!({}), None));
    assert_eq!(changed["redirect_uris"], made["redirect_uris"]);
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&one).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name() {
    let portal = TestPortal::start().await;
    let (admin, (_, clients)) = (portal.admin(), clients(&portal).await);
    let existing = new_client(&admin, &clients, "there").await;
    let path = format!("{clients}/{}", existing["id"].as_str().unwrap());
    for (change, field, rule) in [
        (json!({"name": ""}), "name", "min_length"),
        (json!({"grant_types": ["password"]}), "grant_types.0", "enum"),
        (json!({"grant_types": ["implicit", "implicit"]}), "grant_types.1", "invalid"),
        (json!({"response_types": ["codes"]}), "response_types.0", "enum"),
        (json!({"redirect_uris": ["http://x.example.com"]}), "redirect_uris.0", "invalid"),
        (json!({"redirect_uris": ["https://x.example.com/#a"]}), "redirect_uris.0", "invalid"),
        (json!({"login_uri": "http://x.example.com"}), "login_uri", "invalid"),
        (json!({"access_token_duration": 59}), "access_token_duration", "min"),
        (json!({"id_token_duration": 2_592_001}), "id_token_duration", "max"),
        (json!({"allow_scopes": [NOBODY]}), "allow_scopes.0", "missing_reference"),
        (json!({"allow_scopes": ["x"]}), "allow_scopes.0", "is_uuid"),
        (
            json!({"token_endpoint_auth_method": "private_key_jwt"}),
            "token_endpoint_auth_method",
            "enum",
        ),
        (json!({"id": "mine"}), "id", "unknown_property"),
    ] {
        let expected = [(field.to_owned(), rule.to_owned())];
        let refused = admin.post(&clients, with("n", change.clone())).await;
        assert_eq!(refused.blamed(), expected, "{change}");
        assert_eq!(admin.patch(&path, change.clone()).await.blamed(), expected, "{change}");
    }
    assert_eq!(admin.get(&clients).await.ids().len(), 1);
    admin.post(&clients, body("there")).await.expect(StatusCode::CONFLICT);
    let mut unchanged = existing;
    unchanged.as_object_mut().unwrap().remove("client_secret");
    assert_eq!(admin.get(&path).await.json(), unchanged);
}

#[tokio::test]
async fn put_makes_a_client_of_a_chosen_id_or_replaces_it() {
    let portal = TestPortal::start().await;
    let (admin, (_, clients)) = (portal.admin(), clients(&portal).await);
    let one = format!("{clients}/chosen-id_1");
    let chosen = with("one", json!({"client_secret": "SecretPassword"}));
    let made = admin.put(&one, chosen.clone()).await.expect(StatusCode::CREATED);
    assert!(!made.text().contains("SecretPassword"));
    assert_eq!(made.json()["id"], "chosen-id_1");
    let secrets = format!("{one}/secrets");
    let first = admin.get(&secrets).await.ids();
    let change = json!({"access_token_duration": 900});
    admin.patch(&one, change).await.expect(StatusCode::OK);
    // The same secret stays the same; what is not said is as for a new client.
    let replaced = admin.put(&one, chosen).await.expect(StatusCode::OK).json();
    assert_eq!(replaced["access_token_duration"], 300);
    assert_eq!(admin.get(&secrets).await.ids(), first);
    let other = with("one", json!({"client_secret": "Another"}));
    admin.put(&one, other).await.expect(StatusCode::OK);
    let second = admin.get(&secrets).await.ids();
    assert_eq!(second.len(), 1);
    assert_ne!(second, first);
    for id in ["with.dot", "with%20space", &"x".repeat(37)] {
        let path = format!("{clients}/{id}");
        let body = with("n", json!({"client_secret": "s"}));
        admin.put(&path, body).await.expect(StatusCode::NOT_FOUND);
    }
    let blamed = admin.put(&one, body("one")).await.blamed();
    assert_eq!(blamed, [("client_secret".to_owned(), "required".to_owned())]);
    new_client(&admin, &clients, "two").await;
    let taken = with("two", json!({"client_secret": "Another"}));
    admin.put(&one, taken).await.expect(StatusCode::CONFLICT);
}

#[tokio::test]
async fn two_secrets_can_be_active() {
    let portal = TestPortal::start().await;
    let (admin, (_, clients)) = (portal.admin(), clients(&portal).await);
    let client = new_client(&admin, &clients, "one").await;
    let secrets = format!("{clients}/{}/secrets", client["id"].as_str().unwrap());
    let own = json!({"secret": "OwnSecretValue"});
    let made = admin.post(&secrets, own).await.expect(StatusCode::CREATED).json();
    assert_eq!((&made["secret"], &made["enabled"]), (&json!("OwnSecretValue"), &json!(true)));
    admin.post(&secrets, json!({})).await.expect(StatusCode::FORBIDDEN);
    let third =
        admin.post(&secrets, json!({"enabled": false})).await.expect(StatusCode::CREATED).json();
    let listed = admin.get(&secrets).await;
    for secret in [&client["client_secret"], &made["secret"], &third["secret"]] {
        assert!(!listed.text().contains(secret.as_str().unwrap()));
    }
    assert_eq!(listed.ids().len(), 3);
    assert_eq!(
        admin.get(&format!("{secrets}?filter[enabled]=false")).await.ids(),
        [third["id"].as_str().unwrap()]
    );
    let path = |item: &Value| format!("{secrets}/{}", item["id"].as_str().unwrap());
    let enable = json!({"enabled": true});
    admin.patch(&path(&third), enable.clone()).await.expect(StatusCode::FORBIDDEN);
    // What is enabled already stays so.
    admin.patch(&path(&made), enable.clone()).await.expect(StatusCode::OK);
    let disabled = admin.patch(&path(&made), json!({"enabled": false})).await;
    assert_eq!(disabled.expect(StatusCode::OK).json()["enabled"], false);
    let enabled = admin.patch(&path(&third), enable).await.expect(StatusCode::OK).json();
    let shown = admin.get(&path(&third)).await.expect(StatusCode::OK).json();
    assert_eq!((&shown, shown.get("secret")), (&enabled, None));
    admin.delete(&path(&made)).await.expect(StatusCode::NO_CONTENT);
    admin.get(&path(&made)).await.expect(StatusCode::NOT_FOUND);
    let other = new_client(&admin, &clients, "two").await;
    let elsewhere = format!(
        "{clients}/{}/secrets/{}",
        other["id"].as_str().unwrap(),
        third["id"].as_str().unwrap()
    );
    admin.get(&elsewhere).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&elsewhere).await.expect(StatusCode::NOT_FOUND);
    let none = format!("{clients}/nobody/secrets");
    admin.get(&none).await.expect(StatusCode::NOT_FOUND);
    admin.post(&none, json!({})).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tokens_are_listed_and_revoked() {
    let portal = TestPortal::start().await;
    let (admin, (server, clients)) = (portal.admin(), clients(&portal).await);
    let client = new_client(&admin, &clients, "one").await["id"].as_str().unwrap().to_owned();
    let tokens = format!("{clients}/{client}/tokens");
    let db = portal.database().await;
    let mut ids = Vec::new();
    for (scope, ends) in [("read", 4_000_000_000_000_i64), ("write", 4_000_000_000_001), ("old", 1)]
    {
        use sea_orm::sea_query::{Query, SimpleExpr};
        use sea_orm::{ConnectionTrait, Value as Sql};
        let id = uuid::Uuid::now_v7();
        let server = uuid::Uuid::try_parse(server.rsplit('/').next().unwrap()).unwrap();
        let values: [Sql; 9] = [
            id.into(),
            server.into(),
            client.clone().into(),
            client.clone().into(),
            "access".into(),
            json!([scope]).into(),
            ends.into(),
            5_i64.into(),
            Option::<Vec<u8>>::None.into(),
        ];
        let columns = [
            "id",
            "server_id",
            "client_id",
            "subject",
            "kind",
            "scopes",
            "expires_at",
            "created_at",
            "digest",
        ];
        let insert = Query::insert()
            .into_table("auth_tokens")
            .columns(columns)
            .values_panic(values.map(SimpleExpr::from))
            .to_owned();
        db.execute(&insert).await.unwrap();
        ids.push(id.to_string());
    }
    // The third is over.
    ids.pop();
    assert_eq!(admin.get(&format!("{tokens}?sort=expires_at")).await.ids(), ids);
    let one = format!("{tokens}/{}", ids[0]);
    let shown = admin.get(&one).await.expect(StatusCode::OK).json();
    assert_eq!(shown["granted_scope_names"], json!(["read"]));
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    admin.get(&one).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&tokens).await.expect(StatusCode::NO_CONTENT);
    assert!(admin.get(&tokens).await.ids().is_empty());
    admin.get(&format!("{clients}/nobody/tokens")).await.expect(StatusCode::NOT_FOUND);
    admin.delete(&format!("{clients}/nobody/tokens")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn initial_access_tokens_are_shown_once() {
    let portal = TestPortal::start().await;
    let (admin, (server, _)) = (portal.admin(), clients(&portal).await);
    let tokens = format!("{server}/initial-access-tokens");
    let made = admin.post(&tokens, json!({})).await.expect(StatusCode::CREATED).json();
    assert_eq!((&made["uses_left"], &made["policy"]), (&json!(1), &json!({})));
    assert!(made["expires_at"].is_string());
    let policy = json!({
        "grant_types": ["client_credentials"],
        "scopes": ["read"],
        "redirect_uri_patterns": ["https://[a-z]+\\.example/.*"]
    });
    let body = json!({"uses": null, "expires_in": null, "policy": policy});
    let second = admin.post(&tokens, body).await.expect(StatusCode::CREATED).json();
    assert_eq!(
        (&second["uses_left"], &second["expires_at"], &second["policy"]),
        (&Value::Null, &Value::Null, &policy)
    );
    let listed = admin.get(&tokens).await;
    let one = format!("{tokens}/{}", made["id"].as_str().unwrap());
    let shown = admin.get(&one).await;
    for token in [&made["token"], &second["token"]] {
        assert!(!listed.text().contains(token.as_str().unwrap()));
        assert!(!shown.text().contains(token.as_str().unwrap()));
    }
    assert_eq!(listed.ids().len(), 2);
    for (body, field, rule) in [
        (json!({"uses": 0}), "uses", "min"),
        (json!({"expires_in": 0}), "expires_in", "min"),
        (json!({"policy": {"grant_types": ["x"]}}), "policy.grant_types.0", "enum"),
        (
            json!({"policy": {"redirect_uri_patterns": ["("]}}),
            "policy.redirect_uri_patterns.0",
            "invalid",
        ),
        (json!({"policy": {"audience": "x"}}), "policy.audience", "unknown_property"),
    ] {
        assert_eq!(admin.post(&tokens, body).await.blamed(), [(field.to_owned(), rule.to_owned())]);
    }
    admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
    admin.get(&one).await.expect(StatusCode::NOT_FOUND);
}
