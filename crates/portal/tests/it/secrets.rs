//! No secret leaves by another door than its own.

use std::fs;
use std::path::Path;

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{PASSWORD, TestPortal};

/// Looks for a text in every file below a directory, but for those that hold it on purpose.
fn holders(dir: &Path, secret: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holders(&path, secret, found);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        if bytes.windows(secret.len()).any(|window| window == secret.as_bytes()) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
}

#[tokio::test]
async fn the_store_holds_digests_only() {
    if std::env::var_os("GATEKEY_TEST_POSTGRES_URL").is_some() {
        // The files of a PostgreSQL server are not ours to read; the rows are the same.
        return;
    }
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let strategy = portal.new_strategy(json!({})).await;
    let ann = portal.developer(&id, "ann").await;
    let app = ann.new_application(&strategy).await;
    let made = ann.caller.post(&format!("/applications/{app}/credentials"), json!({})).await;
    let key = made.expect(StatusCode::CREATED).json()["credential"].as_str().unwrap().to_owned();
    let read = |name: &str| {
        let text = fs::read_to_string(portal.data_dir.path().join(name)).unwrap();
        text.trim().to_owned()
    };
    let mut secrets = vec![(key, vec![]), (PASSWORD.to_owned(), vec![])];
    let admin = portal.admin();
    let body = json!({"name": "s", "audience": "a", "signing_algorithm": "ES256"});
    let server = format!("/v1/auth-servers/{}", admin.post("/v1/auth-servers", body).await.id());
    for (path, body, member) in [
        ("clients", json!({"name": "c", "grant_types": [], "response_types": []}), "client_secret"),
        ("initial-access-tokens", json!({}), "token"),
    ] {
        let made = admin.post(&format!("{server}/{path}"), body).await;
        let made = made.expect(StatusCode::CREATED).json();
        secrets.push((made[member].as_str().unwrap().to_owned(), vec![]));
    }
    secrets.extend(ann.caller.cookies.iter().map(|(_, token)| (token.clone(), vec![])));
    for name in ["admin-token", "gateway-token", "signing-key", "pepper"] {
        secrets.push((read(name), vec![name.to_owned()]));
    }
    for (secret, expected) in secrets {
        let mut found = Vec::new();
        holders(portal.data_dir.path(), &secret, &mut found);
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn metrics_and_health_tell_no_secrets_and_need_none() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let anyone = portal.anyone();
    assert_eq!(anyone.get("/healthz").await.expect(StatusCode::OK).text(), "ok\n");
    assert_eq!(anyone.get("/readyz").await.expect(StatusCode::OK).text(), "ready\n");
    anyone.get(&format!("/portals/{id}/api/v3/portal?secret=x")).await;
    anyone.get("/made/up/by/a/client").await;
    let metrics = anyone.get("/metrics").await.expect(StatusCode::OK).text();
    assert!(metrics.contains("route=\"/portals/{portalId}/api/v3/portal\""), "{metrics}");
    assert!(!metrics.contains(&id) && !metrics.contains("made/up"), "{metrics}");
}
