//! Who reaches what: every operation of the description, asked by everybody who must not reach it.
//!
//! The description is the table. An operation whose path has an id that nothing is made for here fails
//! the test, and so does one to which no rule applies and that nobody excepts with a reason.

mod sample;
mod world;

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::Value;

use self::sample::sample;
use self::world::World;
use crate::support::{Caller, Reply};

/// Operations for people without an account, or about nothing that is anybody's. They are found out
/// by the test that asks every operation as nobody.
const PUBLIC_TO_VISITORS: &str = "no `security` in its description";

/// An operation of the description.
#[derive(Debug)]
struct Operation {
    id: String,
    method: Method,
    path: String,
    /// The smallest body that it takes.
    body: Option<Vec<u8>>,
    /// Whether it asks who calls.
    secured: bool,
}

fn operations(description: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else { continue };
            let Some(id) = operation["operationId"].as_str() else { continue };
            let schema = operation["requestBody"].get("content");
            let schema = schema.and_then(|content| content.get("application/json"));
            let body = schema.map(|media| sample(description, &media["schema"]));
            operations.push(Operation {
                id: id.to_owned(),
                method,
                path: path.clone(),
                body: body.map(|body| body.to_string().into_bytes()),
                secured: operation["security"].is_array(),
            });
        }
    }
    operations
}

impl Operation {
    fn is_management(&self) -> bool {
        ["/v1/", "/v2/", "/v3/"].iter().any(|base| self.path.starts_with(base))
    }

    fn is_developers(&self) -> bool {
        self.path.starts_with("/portals/")
    }

    fn parameters(&self) -> Vec<&str> {
        let segments = self.path.split('/');
        let names = segments.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        names.map(|name| name.trim_start_matches('*')).collect()
    }

    /// The path with ids in it.
    fn at(&self, ids: &BTreeMap<&'static str, String>) -> String {
        let filled = self.path.split('/').map(|part| {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            let Some(name) = name else { return part };
            let name = name.trim_start_matches('*');
            let known = ids.get(name);
            known.unwrap_or_else(|| {
                panic!("nothing is made for `{name}` of {} {}", self.method, self.path)
            })
        });
        filled.collect::<Vec<_>>().join("/")
    }

    async fn ask(&self, caller: &Caller, path: &str) -> Reply {
        caller.send(self.method.clone(), path, self.body.clone()).await
    }
}

/// Operations that refuse nobody by the rules below, each with the reason.
fn excepted(operation: &Operation) -> Option<&'static str> {
    match operation.id.as_str() {
        _ if operation.path.starts_with("/gateway/") => Some("gateways share one token"),
        _ if !operation.secured => Some(PUBLIC_TO_VISITORS),
        _ => None,
    }
}

/// What operations about a session itself answer any token, whatever it is for: one is made, or there
/// is none.
fn of_sessions(operation: &Operation) -> Option<StatusCode> {
    match operation.id.as_str() {
        "create-admin-session" => Some(StatusCode::CREATED),
        "get-current-admin-session" | "end-current-admin-session" => Some(StatusCode::NOT_FOUND),
        _ => None,
    }
}

/// Nobody but an administrator whose token is for it reaches an operation of the management API.
#[tokio::test]
async fn administrators_stay_within_their_tokens() {
    let world = World::make().await;
    let viewer = world.token(&["read"], None).await;
    let elsewhere = world.token(&["write"], Some(&world.there)).await;
    let mut asked = 0;
    for operation in operations(&world.description).iter().filter(|one| one.is_management()) {
        let what = format!("{} {} ({})", operation.method, operation.path, operation.id);
        assert!(operation.secured, "{what}");
        let path = operation.at(&world.mine);
        for stranger in [&world.nobody, &world.gateway, &world.developer_at_root] {
            let status = operation.ask(stranger, &path).await.status;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}");
        }
        asked += 1;
        if let Some(expected) = of_sessions(operation) {
            for any in [&viewer, &elsewhere] {
                assert_eq!(operation.ask(any, &path).await.status, expected, "{what}");
            }
            continue;
        }
        if operation.method != Method::GET {
            let status = operation.ask(&viewer, &path).await.status;
            assert_eq!(status, StatusCode::FORBIDDEN, "{what}");
        }
        let status = operation.ask(&elsewhere, &path).await.status;
        assert_eq!(status, StatusCode::FORBIDDEN, "{what}");
    }
    assert!(asked > 250, "{asked}");
    world.nothing_changed().await;
}

/// What is below one thing is not found below another of its kind.
#[tokio::test]
async fn ids_are_good_below_their_owner_only() {
    let world = World::make().await;
    let mut asked = 0;
    let all = operations(&world.description);
    for operation in all.iter().filter(|one| one.is_management()) {
        let parameters = operation.parameters();
        let [first, .., last] = parameters.as_slice() else { continue };
        if world::may_name_another_owner(&operation.method, &operation.path) {
            continue;
        }
        let Some((name, other)) = world.others.get_key_value(*first) else {
            panic!("there is no second `{first}` for {} {}", operation.method, operation.path)
        };
        let mut ids = world.mine.clone();
        ids.insert(name, other.clone());
        let reply = operation.ask(&world.admin, &operation.at(&ids)).await;
        let what = format!("{last} of {} {}: {}", operation.method, operation.path, reply.text());
        // A body is looked at first where a rule goes beyond its schema.
        let hidden = match operation.body {
            Some(_) => {
                &[StatusCode::NOT_FOUND, StatusCode::NOT_IMPLEMENTED, StatusCode::BAD_REQUEST][..]
            }
            None => &[StatusCode::NOT_FOUND, StatusCode::NOT_IMPLEMENTED],
        };
        assert!(hidden.contains(&reply.status), "{}: {what}", reply.status);
        asked += 1;
    }
    assert!(asked > 60, "{asked}");
    world.nothing_changed().await;
}

/// What is a developer's is nobody else's.
#[tokio::test]
async fn developers_reach_what_is_theirs() {
    let world = World::make().await;
    let (mut asked, mut hidden) = (0, 0);
    for operation in operations(&world.description).iter().filter(|one| one.is_developers()) {
        let what = format!("{} {} ({})", operation.method, operation.path, operation.id);
        let path = operation.at(&world.mine);
        if excepted(operation).is_some() {
            continue;
        }
        for stranger in [&world.nobody, &world.admin, &world.gateway, &world.developer_of_another] {
            let status = operation.ask(stranger, &path).await.status;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}");
        }
        asked += 1;
        if operation.parameters().iter().any(|name| world::OWNED.contains(name)) {
            let reply = operation.ask(&world.neighbour, &path).await;
            let hides = [StatusCode::NOT_FOUND, StatusCode::NOT_IMPLEMENTED];
            assert!(hides.contains(&reply.status), "{what}: {} {}", reply.status, reply.text());
            hidden += 1;
        }
    }
    assert!(asked > 25 && hidden > 15, "{asked} {hidden}");
    world.nothing_changed().await;
}

/// No operation is left out of all of the above without a reason.
#[tokio::test]
async fn every_operation_is_in_the_matrix() {
    let world = World::make().await;
    for operation in operations(&world.description) {
        let covered = operation.is_management() || operation.is_developers();
        let what = format!("{} {} ({})", operation.method, operation.path, operation.id);
        assert!(covered || excepted(&operation).is_some(), "{what}");
        // It panics if an id of the path is unknown.
        if !operation.path.starts_with("/gateway/") {
            operation.at(&world.mine);
        }
    }
}
