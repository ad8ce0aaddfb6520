//! Every operation of the contracts that the portal keeps is served, or answers that it is left
//! out.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::support::{NOBODY, TestPortal};

/// Contract, method, path and operation, one per line.
const OPERATIONS: &str = include_str!("contract_operations.txt");

/// Paths below which an operation answers 501, and why it is left out.
const LEFT_OUT: [(&str, &str); 1] =
    [("/v3/api-packages", "policies know services, and nothing is enforced per operation")];

struct Operation {
    method: Method,
    path: String,
    id: &'static str,
}

fn operations() -> Vec<Operation> {
    let read = |line: &'static str| {
        let words: Vec<_> = line.split(' ').collect();
        let [contract, method, path, id] = words[..] else { panic!("{line}") };
        let base = match contract {
            "dev-portal-v3" => "/portals/{portalId}",
            _ => "/v3",
        };
        let path = format!("{base}{path}");
        Operation { method: method.parse().unwrap(), path, id }
    };
    OPERATIONS.lines().map(read).collect()
}

/// A path without the names of its parameters.
fn shape(path: &str) -> String {
    let segments = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    segments.collect::<Vec<_>>().join("/")
}

fn is_left_out(path: &str) -> bool {
    LEFT_OUT.iter().any(|(start, _)| path.starts_with(start))
}

#[tokio::test]
async fn every_operation_is_served_or_left_out_in_so_many_words() {
    let portal = TestPortal::start().await;
    let description: Value = serde_json::from_str(&gatekey_portal::openapi()).unwrap();
    let served: BTreeMap<String, &Value> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(path, operations)| (shape(path), operations))
        .collect();
    let mut missing = Vec::new();
    for operation in operations() {
        let Operation { method, path, id } = &operation;
        let member = method.as_str().to_ascii_lowercase();
        let described = served.get(&shape(path)).is_some_and(|item| item.get(member).is_some());
        if !described {
            missing.push(format!("{id}: {method} {path}"));
        }
        if is_left_out(path) {
            let segments = path.split('/');
            let segments = segments.map(|part| if part.starts_with('{') { NOBODY } else { part });
            let path = segments.collect::<Vec<_>>().join("/");
            let reply = portal.admin().send(method.clone(), &path, None).await;
            assert_eq!(reply.status, StatusCode::NOT_IMPLEMENTED, "{id}");
            assert!(reply.json()["detail"].as_str().unwrap().contains("left out"), "{id}");
            let reply = portal.anyone().send(method.clone(), &path, None).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{id}");
        }
    }
    assert!(missing.is_empty(), "not served:\n{}", missing.join("\n"));
}

#[test]
fn the_table_is_whole() {
    let operations = operations();
    assert_eq!(operations.len(), 230);
    for (start, why) in LEFT_OUT {
        assert!(operations.iter().any(|operation| operation.path.starts_with(start)), "{why}");
    }
}
