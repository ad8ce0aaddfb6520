//! Every operation of Konnect's v2 is served, is an alias of one under `/v3`, or says that it is left
//! out.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::support::{TestPortal, unique};

/// Contract, method, path and operation, one per line.
const OPERATIONS: &str = include_str!("contract_v2_operations.txt");

/// What answers 501.
const LEFT_OUT: [&str; 10] = [
    "get-portal-appearance-defaults",
    "get-portal-appearance",
    "update-portal-appearance",
    "get-portal-logo",
    "get-portal-catalog-cover",
    "verify-portal-domains",
    // An API keeps its own documents, under /v3.
    "create-api-product-document",
    "get-many-api-product-document",
    "get-api-product-document",
    "update-api-product-document",
];
/// The same, where the path is one of those above.
const ALSO_LEFT_OUT: &str = "delete-api-product-document";

/// Aliases: what is below `/v2/portals/{portalId}` and says and shows what `/v3` does.
const ALIASES: [&str; 7] = [
    "/teams",
    "/authentication-settings",
    "/identity-provider/",
    "/identity-providers",
    "/audit-log-webhook",
    "/audit-log-replay-job",
    "/developers/{}/teams",
];

fn shape(path: &str) -> String {
    let segments = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    segments.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_operation_of_v2_is_served_or_left_out_in_so_many_words() {
    let test = TestPortal::start().await;
    let admin = test.admin();
    let portal = test.new_portal(serde_json::json!({})).await;
    let product = serde_json::json!({"name": unique("product")});
    let product = admin.post("/v2/api-products", product).await.id();
    let description: Value = serde_json::from_str(&gatekey_portal::openapi()).unwrap();
    let served: BTreeMap<String, &Value> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(path, operations)| (shape(path), operations))
        .collect();
    let mut missing = Vec::new();
    for line in OPERATIONS.lines() {
        let words: Vec<_> = line.split(' ').collect();
        let [_, method, path, id] = words[..] else { panic!("{line}") };
        let path = shape(path);
        let own = format!("/v2{path}");
        let below = path.strip_prefix("/portals/{}").unwrap_or_default();
        let family = ALIASES.iter().find(|alias| below.starts_with(**alias));
        let is_alias = path == "/portal-roles" || family.is_some();
        let described = if is_alias { format!("/v3{path}") } else { own.clone() };
        let member = method.to_ascii_lowercase();
        // An alias is there with all that it stands for, or there is nothing to stand for.
        let known = family.is_none_or(|family| {
            let family = format!("/v3/portals/{{}}{family}");
            served.keys().any(|path| path.starts_with(&family))
        });
        if known && served.get(&described).is_none_or(|item| item.get(&member).is_none()) {
            missing.push(format!("{id}: {method} {described}"));
        }
        if is_alias && method == "GET" {
            let path = own.replacen("{}", &portal, 1).replace("{}", &product);
            let other = path.replacen("/v2/", "/v3/", 1);
            for caller in [&admin, &test.anyone()] {
                let (one, two) = (caller.get(&path).await, caller.get(&other).await);
                assert_eq!(one.status, two.status, "{id}");
            }
        }
        if LEFT_OUT.contains(&id) || id == ALSO_LEFT_OUT {
            let first = if path.starts_with("/portals") { &portal } else { &product };
            let path = own.replacen("{}", first, 1).replace("{}", first);
            let method: Method = method.parse().unwrap();
            let reply = admin.send(method.clone(), &path, Some(b"{}".to_vec())).await;
            assert_eq!(reply.status, StatusCode::NOT_IMPLEMENTED, "{id}: {}", reply.text());
            assert!(reply.json()["detail"].as_str().unwrap().contains("left out"), "{id}");
            let reply = test.anyone().send(method, &path, None).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{id}");
        }
    }
    assert!(missing.is_empty(), "not served:\n{}", missing.join("\n"));
}

#[test]
fn the_table_of_v2_is_whole() {
    assert_eq!(OPERATIONS.lines().count(), 81);
    for id in LEFT_OUT {
        assert!(OPERATIONS.lines().any(|line| line.ends_with(&format!(" {id}"))), "{id}");
    }
}

/// An alias is the other path: who may call, and what is there, is the same.
#[tokio::test]
async fn an_alias_answers_as_what_it_stands_for() {
    let test = TestPortal::start().await;
    let portal = test.new_portal(serde_json::json!({})).await;
    let reply = test.anyone().get(&format!("/v2/portals/{portal}/teams")).await;
    let other = test.anyone().get(&format!("/v3/portals/{portal}/teams")).await;
    assert_eq!(reply.status, other.status);

    // The older developer API signs in by the same rules, and with the same cookies.
    let mut developer = test.developer(&portal, "ann").await;
    let mut caller = test.anyone();
    let base = format!("/portals/{portal}/api/v2");
    let body =
        serde_json::json!({"username": developer.email, "password": crate::support::PASSWORD});
    let signed_in = caller.post(&format!("{base}/developer/authenticate"), body).await;
    let signed_in = signed_in.expect(StatusCode::NO_CONTENT);
    let cookies: Vec<_> = signed_in
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap().to_owned())
        .collect();
    let refresh = cookies.iter().find(|cookie| cookie.starts_with("portalrefreshtoken=")).unwrap();
    assert!(refresh.contains(&format!("; Path=/portals/{portal};")), "{refresh}");
    caller.keep(&signed_in);
    let me = caller.get(&format!("{base}/developer/me")).await.expect(StatusCode::OK).json();
    assert_eq!(me["email"], developer.email);
    let refreshed = caller.post(&format!("{base}/developer/refresh"), serde_json::json!({})).await;
    refreshed.expect(StatusCode::NO_CONTENT);
    developer.sign_in().await.expect(StatusCode::NO_CONTENT);
}
