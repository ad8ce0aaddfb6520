//! `gatekey import`, as a process: from decK files and from dumps of the Admin API.

use std::path::Path;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::command_tools::{Done, gatekey};
use crate::edge::Edge;
use crate::support::TestPortal;

const DECK: &str = "deck.yaml";
const ANNS_KEY: &str = "annannannannannannannannannann01";
const BOARDS_KEY: &str = "boardboardboardboardboardboard01";
/// What must show nowhere.
const SECRETS: [&str; 6] = [
    ANNS_KEY,
    BOARDS_KEY,
    "bob-7",
    "not-to-be-told-0123456789",
    "davedavedavedavedavedavedave0001",
    "boardsecretboardsecretboardsecre",
];

/// A portal that can be reached, and what is brought into it.
struct Target {
    test: TestPortal,
    base: String,
}

impl Target {
    async fn new() -> Self {
        let test = TestPortal::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = test.server.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { test, base }
    }

    async fn import(&self, file: &str, more: &[&str]) -> Done {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kong").join(file);
        let token = self.test.data_dir.path().join("admin-token").display().to_string();
        let file = file.display().to_string();
        let mut arguments = vec!["import", "--url", &self.base, "--token-file", &token, &file];
        arguments.extend(more);
        let done = gatekey(self.test.data_dir.path(), &arguments, "").await;
        for secret in SECRETS {
            assert!(!done.out.contains(secret) && !done.err.contains(secret), "{secret} is told");
        }
        done
    }

    async fn one(&self, path: &str) -> Value {
        let found = self.test.admin().get(path).await.expect(StatusCode::OK).json();
        assert_eq!(found["meta"]["page"]["total"], 1, "{path}: {found}");
        found["data"][0].clone()
    }

    async fn id(&self, path: &str) -> String {
        self.one(path).await["id"].as_str().unwrap().to_owned()
    }

    async fn total(&self, path: &str) -> u64 {
        let found = self.test.admin().get(path).await.expect(StatusCode::OK).json();
        found["meta"]["page"]["total"].as_u64().unwrap()
    }

    /// A gateway that follows the portal.
    async fn edge(&self) -> Edge {
        let gateway = self.id("/v2/control-planes?filter[name][eq]=imported").await;
        let mut edge = Edge::new(&self.test, &gateway);
        edge.catch_up(&self.test).await;
        edge
    }
}

#[tokio::test]
async fn a_deck_file_is_brought_over_once() {
    let target = Target::new().await;
    let planned = target.import(DECK, &["--dry-run"]).await;
    assert_eq!(planned.status, 2, "{}", planned.err);
    assert!(planned.out.contains("create   api flights"), "{}", planned.out);
    assert_eq!(target.total("/v3/apis").await, 0, "a plan changes nothing");

    let done = target.import(DECK, &[]).await.ok();
    for line in [
        "create   consumer ann",
        "create   registration ann (Key Auth) / flights",
        "plugins rate-limiting of service flights: is not about application registration",
        "plugins key-auth of flights: key_in_query: keys are read from headers alone",
        "keyauth_credentials a key of bob: it has less than 16 characters",
        "services static: no plugin asks callers who they are",
        "upstreams all: 1 left out",
        "plugins openid-connect of trains: session: this method is not brought over",
    ] {
        assert!(done.contains(line), "{line}: {done}");
    }
    let again = target.import(DECK, &[]).await.ok();
    assert!(again.starts_with("nothing to do\n"), "{again}");

    // The key works, and opens what its owner's groups open.
    let edge = target.edge().await;
    assert_eq!(edge.check(ANNS_KEY), "allowed");
    assert_eq!(edge.check("bob-7"), "unknown_credential");

    let portal = target.id("/v3/portals?filter[name][eq]=imported").await;
    let api = target.id("/v3/apis?filter[name][eq]=flights").await;
    let settings = format!("/v3/apis/{api}/publications/{portal}/settings");
    let settings = target.test.admin().get(&settings).await.expect(StatusCode::OK).json();
    for (member, expected) in [
        ("display_name", json!("Flights")),
        ("description", json!("Where planes are")),
        ("tags", json!(["public", "travel"])),
        ("auto_approve", json!(true)),
        ("show_issuer", json!(true)),
        ("application_registration_enabled", json!(true)),
        // Its groups decide about consumers.
        ("enable_proxy_with_consumer_credential", json!(false)),
    ] {
        assert_eq!(settings[member], expected, "{member}");
    }
    let weather = target.id("/v3/apis?filter[name][eq]=weather").await;
    let settings = format!("/v3/apis/{weather}/publications/{portal}/settings");
    let settings = target.test.admin().get(&settings).await.json();
    assert_eq!(settings["application_registration_enabled"], false, "it never took any");

    // One application carries what its consumer held, and says whose it is.
    let applications = format!("/v3/portals/{portal}/applications");
    let ann = target.one(&format!("{applications}?filter[name][eq]=ann (Key Auth)")).await;
    let of_ann = format!("{applications}/{}", ann["id"].as_str().unwrap());
    let consumer = target.test.admin().get(&format!("{of_ann}/consumer")).await.json();
    assert_eq!(consumer["custom_id"], "customer-1");
    assert_eq!(target.total(&format!("{of_ann}/credentials")).await, 1);
    assert_eq!(target.total(&format!("{of_ann}/registrations")).await, 2);
    let eve = target.one(&format!("{applications}?filter[name][eq]=eve")).await;
    assert_eq!(eve["client_id"], "client-of-eve");
    // The client of the gateway's own tokens is one of the portal's authorization server.
    let dave = target.one(&format!("{applications}?filter[name][eq]=dave")).await;
    assert_eq!(dave["client_id"], "dave-client");
}

#[tokio::test]
async fn keys_that_can_be_guessed_are_digested_with_a_pepper_or_not_at_all() {
    let target = Target::new().await;
    let pepper = target.test.data_dir.path().join("pepper").display().to_string();
    target.import(DECK, &["--pepper-file", &pepper]).await.ok();
    let edge = target.edge().await;
    assert_eq!(edge.check(ANNS_KEY), "allowed");
    // It is known, and opens the weather alone: the flights are for another group.
    assert_eq!(edge.check("bob-7"), "not_registered");
}

#[tokio::test]
async fn the_older_portal_is_brought_over_with_its_applications() {
    let target = Target::new().await;
    let done = target.import("dump", &["--portal", "old", "--json"]).await.ok();
    let done: Value = serde_json::from_str(&done).unwrap();
    let left = done["left_out"].as_array().unwrap();
    let lost = left.iter().find(|left| left["name"] == "Lost").unwrap();
    assert_eq!(lost["reason"], "its developer is not in the dump");
    assert_eq!(done["refused"], json!([]));
    let again = target.import("dump", &["--portal", "old", "--json"]).await.ok();
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["steps"], json!([]));

    // In the older portal the client id is the key.
    let edge = target.edge().await;
    assert_eq!(edge.check(BOARDS_KEY), "allowed");

    let portal = target.id("/v3/portals?filter[name][eq]=old").await;
    let base = format!("/v3/portals/{portal}");
    let dora = target.one(&format!("{base}/developers?filter[email][eq]=dora@example.com")).await;
    assert_eq!((&dora["full_name"], &dora["status"]), (&json!("Dora Dent"), &json!("approved")));
    let eric = target.one(&format!("{base}/developers?filter[email][eq]=eric@example.com")).await;
    assert_eq!(eric["status"], "pending");
    let registered = format!("{base}/application-registrations?sort=created_at");
    let registered = target.test.admin().get(&registered).await.expect(StatusCode::OK).json();
    let registered = registered["data"].as_array().unwrap();
    let statuses: Vec<_> = registered.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["approved", "rejected"]);
    let names: Vec<_> = registered.iter().map(|one| &one["application"]["name"]).collect();
    assert_eq!(names, ["Board", "Board (2)"]);
    // The ids of the gateway are kept.
    let gateway = target.id("/v2/control-planes?filter[name][eq]=imported").await;
    let service = "6f1e8b4a-3c0d-4a6e-9f53-0d6f3f1b7c01";
    let path = format!("/v2/control-planes/{gateway}/core-entities/services/{service}");
    target.test.admin().get(&path).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let target = Target::new().await;
    let dir = target.test.data_dir.path().to_owned();
    for (text, fault) in [
        ("_format_version: '0.9'\n", "is not 1.1 or 3.0"),
        ("services: [", "is no YAML"),
        ("[1, 2]", "must be an object"),
    ] {
        let path = dir.join("bad.yaml");
        std::fs::write(&path, text).unwrap();
        let done = target.import(&path.display().to_string(), &[]).await;
        assert_eq!(done.status, 2, "{}", done.err);
        assert!(done.err.contains(fault), "{}", done.err);
    }
}
