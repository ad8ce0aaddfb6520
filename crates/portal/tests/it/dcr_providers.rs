//! DCR providers: what they need, what is never shown, and what keeps them.

use axum::http::StatusCode;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use super::strategies_discovery::new_auth_server;
use super::strategies_openid::openid_connect;
use super::support::{NOBODY, TestPortal, unique};

const PATH: &str = "/v2/dcr-providers";
const SECRET: &str = "SecretOfTheProvider1";

/// Of each kind: an issuer, the members that are shown, the secret one, and what is shown besides.
fn kinds() -> Vec<(&'static str, &'static str, Value, &'static str, Value)> {
    let client = json!({"initial_client_id": "portal"});
    vec![
        (
            "auth0",
            "https://tenant.auth0.com/api/v2/",
            json!({"initial_client_id": "portal", "initial_client_audience": "https://a.test/"}),
            "initial_client_secret",
            json!({"use_developer_managed_scopes": false}),
        ),
        (
            "azureAd",
            "https://sts.windows.net/00000000-0000-4000-8000-000000000000",
            client.clone(),
            "initial_client_secret",
            json!({}),
        ),
        (
            "curity",
            "https://c.test/oauth/v2/oauth-anonymous/.well-known/openid-configuration",
            client,
            "initial_client_secret",
            json!({}),
        ),
        ("okta", "https://org.okta.com/oauth2/default", json!({}), "dcr_token", json!({})),
        (
            "http",
            "https://idp.test/realm",
            json!({"dcr_base_url": "https://bridge.test/v1/dcr", "disable_event_hooks": true}),
            "api_key",
            json!({"disable_refresh_secret": false, "allow_multiple_credentials": false}),
        ),
        (
            "rfc7591",
            "https://keycloak.test/realms/a",
            json!({"read": "rotating"}),
            "initial_access_token",
            json!({"rotate": "update", "token_endpoint_auth_method": "client_secret_basic"}),
        ),
    ]
}

fn provider(kind: &str, issuer: &str, config: Value) -> Value {
    json!({
        "name": unique(kind),
        "provider_type": kind,
        "issuer": issuer,
        "dcr_config": config
    })
}

fn okta() -> Value {
    provider("okta", "https://org.okta.com/oauth2/default", json!({"dcr_token": SECRET}))
}

fn and(mut config: Value, more: &Value) -> Value {
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

/// What the database holds of a provider's secrets.
async fn sealed(portal: &TestPortal, name: &str) -> Option<Vec<u8>> {
    let db = portal.database().await;
    let sql = format!("SELECT secret FROM dcr_providers WHERE name = '{name}'");
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    row.unwrap().unwrap().try_get("", "secret").unwrap()
}

#[tokio::test]
async fn every_kind_is_kept_without_showing_its_secret() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    for (kind, issuer, public, secret, shown) in kinds() {
        for base in ["/v2", "/v3"] {
            let path = format!("{base}/dcr-providers");
            let body = provider(kind, issuer, and(public.clone(), &json!({secret: SECRET})));
            let reply = admin.post(&path, body.clone()).await.expect(StatusCode::CREATED);
            assert!(!reply.text().contains(SECRET));
            let made = reply.json();
            assert_eq!(made["dcr_config"], and(public.clone(), &shown), "{kind}");
            for name in ["name", "provider_type", "issuer"] {
                assert_eq!(made[name], body[name]);
            }
            assert_eq!((&made["active"], &made["labels"]), (&json!(false), &json!({})));
            let one = format!("{path}/{}", made["id"].as_str().unwrap());
            assert_eq!(admin.get(&one).await.json(), made);
            let name = made["name"].as_str().unwrap();
            let before = sealed(&portal, name).await.unwrap();
            assert!(!before.windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes()));
            // The secret may be left out of an edit, and is kept.
            let edit = json!({"display_name": "Shown", "labels": {"a": "b"}});
            let edited = admin.patch(&one, edit).await.expect(StatusCode::OK).json();
            assert_eq!(edited["dcr_config"], made["dcr_config"]);
            assert_eq!(
                (&edited["display_name"], &edited["labels"]["a"]),
                (&json!("Shown"), &json!("b"))
            );
            let edit = json!({"dcr_config": {secret: "AnotherSecret12"}});
            let reply = admin.patch(&one, edit).await.expect(StatusCode::OK);
            assert!(!reply.text().contains("AnotherSecret12"));
            assert_ne!(sealed(&portal, name).await.unwrap(), before);
            let edit = json!({"provider_type": "okta"});
            let blamed = admin.patch(&one, edit).await.blamed();
            assert_eq!(blamed, [("provider_type".into(), "unknown_property".into())]);
            admin.post(&path, body).await.expect(StatusCode::CONFLICT);
            admin.delete(&one).await.expect(StatusCode::NO_CONTENT);
            admin.get(&one).await.expect(StatusCode::NOT_FOUND);
            admin.post(&format!("{one}/verify"), json!({})).await.expect(StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_by_name_and_changes_nothing() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let total = async || admin.get(PATH).await.json()["meta"]["page"]["total"].clone();
    let at_first = total().await;
    let with = |change: Value| and(okta(), &change);
    let http = |config: Value| {
        let all = json!({"dcr_base_url": "https://b.test", "api_key": "abcdefghijkl"});
        provider("http", "https://idp.test", and(all, &config))
    };
    for (body, field, rule) in [
        (with(json!({"issuer": "not a url"})), "issuer", "invalid"),
        (with(json!({"issuer": "https://192.168.0.1"})), "issuer", "invalid"),
        (with(json!({"issuer": format!("https://{}", "x".repeat(256))})), "issuer", "max_length"),
        (with(json!({"provider_type": "kong"})), "provider_type", "enum"),
        (with(json!({"provider_type": "azuread"})), "provider_type", "enum"),
        (with(json!({"name": ""})), "name", "min_length"),
        (with(json!({"colour": 1})), "colour", "unknown_property"),
        (with(json!({"dcr_config": {}})), "dcr_config.dcr_token", "required"),
        (with(json!({"dcr_config": 1})), "dcr_config", "is_object"),
        (
            with(json!({"dcr_config": {"dcr_token": "t", "api_key": "abcdefghijkl"}})),
            "dcr_config.api_key",
            "unknown_property",
        ),
        (
            with(json!({"dcr_config": {"dcr_token": "x".repeat(257)}})),
            "dcr_config.dcr_token",
            "max_length",
        ),
        (http(json!({"api_key": "short"})), "dcr_config.api_key", "min_length"),
        (http(json!({"api_key": "not-allowed-here"})), "dcr_config.api_key", "matches_regex"),
        (http(json!({"dcr_base_url": "https://10.0.0.1"})), "dcr_config.dcr_base_url", "invalid"),
        (http(json!({"dcr_base_url": "ftp://b.test"})), "dcr_config.dcr_base_url", "invalid"),
        (
            http(json!({"allow_multiple_credentials": 1})),
            "dcr_config.allow_multiple_credentials",
            "is_boolean",
        ),
        (
            provider(
                "azureAd",
                "https://login.microsoftonline.com/common/v2.0",
                json!({
                    "initial_client_id": "a", "initial_client_secret": "b"
                }),
            ),
            "issuer",
            "invalid",
        ),
        (provider("kongIdentity", "https://idp.test", json!({})), "issuer", "missing_reference"),
        (
            provider("kongIdentity", "https://idp.test", json!({"dcr_token": "x"})),
            "dcr_config.dcr_token",
            "unknown_property",
        ),
    ] {
        let blamed = admin.post(PATH, body.clone()).await.blamed();
        assert_eq!(blamed, [(field.into(), rule.into())], "{body}");
    }
    assert_eq!(total().await, at_first);
    let id = admin.post(PATH, okta()).await.id();
    let path = format!("{PATH}/{id}");
    let before = admin.get(&path).await.json();
    for (edit, field) in [
        (json!({"name": "x", "dcr_config": {"dcr_token": null}}), "dcr_config.dcr_token"),
        (json!({"name": "x", "dcr_config": {"api_key": "x"}}), "dcr_config.api_key"),
        (json!({"name": "x", "issuer": "https://10.0.0.1"}), "issuer"),
    ] {
        assert_eq!(admin.patch(&path, edit).await.blamed()[0].0, field);
    }
    assert_eq!(admin.get(&path).await.json(), before);
    admin.patch(&format!("{PATH}/{NOBODY}"), json!({})).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_provider_in_use_stays() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let made = admin.post(PATH, okta()).await.expect(StatusCode::CREATED).json();
    let id = made["id"].as_str().unwrap();
    let path = format!("{PATH}/{id}");
    let strategies = "/v3/application-auth-strategies";
    let body = and(openid_connect(json!({})), &json!({"dcr_provider_id": id}));
    let strategy = admin.post(strategies, body).await.expect(StatusCode::CREATED).json();
    let shown = json!({"id": id, "name": made["name"], "provider_type": "okta"});
    assert_eq!(strategy["dcr_provider"], shown);
    let one = format!("{strategies}/{}", strategy["id"].as_str().unwrap());
    admin.delete(&path).await.expect(StatusCode::CONFLICT);
    let name = made["name"].as_str().unwrap();
    for (filter, found) in [
        (format!("filter[dcr_provider_id]={id}"), true),
        (format!("filter[dcr_provider_name][contains]={name}"), true),
        ("filter[dcr_provider_type]=okta&sort=dcr_provider_name desc".into(), true),
        ("filter[dcr_provider_type][eq]=http".into(), false),
        (format!("filter[dcr_provider_id][neq]={id}"), false),
    ] {
        let listed = admin.get(&format!("{strategies}?{filter}")).await.ids();
        assert_eq!(listed.len(), usize::from(found), "{filter}");
    }
    let id_of = strategy["id"].as_str().unwrap();
    let (site, api) = (portal.new_portal(json!({})).await, portal.new_api().await);
    portal.publish(&api, &site, json!({"auth_strategy_ids": [id_of]})).await;
    assert_eq!(admin.get(&path).await.json()["active"], true);
    let none = json!({"dcr_provider_id": null});
    let freed = admin.patch(&one, none).await.expect(StatusCode::OK).json();
    assert_eq!(freed["dcr_provider"], Value::Null);
    assert_eq!(admin.get(&path).await.json()["active"], false);
    let client = new_client(&portal, id).await;
    admin.delete(&path).await.expect(StatusCode::CONFLICT);
    portal.database().await.execute_unprepared(&client).await.unwrap();
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
}

/// A client at a provider, made behind the portal's back; the answer is the statement that removes
/// it.
async fn new_client(portal: &TestPortal, provider: &str) -> String {
    let db = portal.database().await;
    let literal = |id: Uuid| match db.get_database_backend() {
        DbBackend::Sqlite => (format!("X'{}'", id.simple()), "X'00'"),
        _ => (format!("'{id}'"), "'\\x00'"),
    };
    let ((id, blob), (provider, _)) = (literal(Uuid::now_v7()), literal(provider.parse().unwrap()));
    let sql = format!(
        "INSERT INTO dcr_clients (id, provider_id, state, remote, created_at, updated_at) \
         VALUES ({id}, {provider}, 'live', {blob}, 1, 1)"
    );
    db.execute_unprepared(&sql).await.unwrap();
    format!("DELETE FROM dcr_clients WHERE id = {id}")
}

#[tokio::test]
async fn lists_are_filtered_by_what_is_shown() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let auth0 = json!({
        "initial_client_id": "one", "initial_client_secret": SECRET,
        "initial_client_audience": "https://a.test"
    });
    let auth0 = admin.post(PATH, provider("auth0", "https://t.auth0.com", auth0)).await.id();
    let okta = admin.post(PATH, okta()).await.id();
    for (query, found) in [
        ("sort=provider_type", vec![&auth0, &okta]),
        ("sort=issuer", vec![&okta, &auth0]),
        ("sort=name desc", vec![&okta, &auth0]),
        ("filter[provider_type]=okta", vec![&okta]),
        ("filter[issuer][contains]=AUTH0", vec![&auth0]),
        ("filter[initial_client_id]=one", vec![&auth0]),
        ("filter[initial_client_id][contains]=n", vec![&auth0]),
        ("filter[initial_client_audience][eq]=https://a.test", vec![&auth0]),
        ("filter[initial_client_audience]=b", vec![]),
    ] {
        let mut ids = admin.get(&format!("{PATH}?{query}")).await.ids();
        // The portal has one of its own.
        ids.retain(|id| [&auth0, &okta].contains(&id));
        assert_eq!(ids.iter().collect::<Vec<_>>(), found, "{query}");
    }
    let query = format!("filter[initial_client_secret]={SECRET}");
    admin.get(&format!("{PATH}?{query}")).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_portals_own_servers_are_verified_in_the_database() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let server = new_auth_server(&portal).await;
    let issuer = format!("http://{}/auth/{server}", portal.config.listen);
    let mut body = provider("kongIdentity", &issuer, json!({}));
    body.as_object_mut().unwrap().remove("dcr_config");
    let made = admin.post(PATH, body).await.expect(StatusCode::CREATED).json();
    assert_eq!((&made["issuer"], &made["dcr_config"]), (&json!(issuer), &json!({})));
    let verify = format!("{PATH}/{}/verify", made["id"].as_str().unwrap());
    let verified = admin.post(&verify, json!({})).await.expect(StatusCode::OK).json();
    assert_eq!(verified, json!({"status": "success", "errors": []}));
    let gone = "DELETE FROM auth_servers";
    portal.database().await.execute_unprepared(gone).await.unwrap();
    let verified = admin.post(&verify, json!({})).await.expect(StatusCode::OK).json();
    assert_eq!(verified["status"], "failed");
    let unreachable = json!({"dcr_base_url": "http://127.0.0.1:9/dcr", "api_key": "abcdefghijkl"});
    let id = admin.post(PATH, provider("http", "https://idp.test", unreachable)).await.id();
    let path = format!("{PATH}/{id}/verify");
    let verified = admin.post(&path, json!({})).await.expect(StatusCode::OK).json();
    assert_eq!(verified["status"], "failed");
    assert!(!verified["errors"].as_array().unwrap().is_empty());
}
