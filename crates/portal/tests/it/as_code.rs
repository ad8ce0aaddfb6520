//! The state of a portal as text: `gatekey export` and `gatekey apply`, against served portals.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{SPEC, database};

/// Every list that is in no other.
const LISTS: [&str; 6] =
    ["auth_servers", "dcr_providers", "auth_strategies", "control_planes", "apis", "portals"];

/// A portal that is served, with whoever changes it.
struct Served {
    child: Child,
    base: String,
    dir: TempDir,
}

/// What a command ended with.
struct Done {
    status: i32,
    out: String,
    err: String,
}

impl Done {
    #[track_caller]
    fn expect(self, status: i32) -> String {
        assert_eq!(self.status, status, "{}{}", self.out, self.err);
        self.out
    }
}

impl Served {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = database().await;
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatekey"));
        command.env_clear().current_dir(&dir).args(["serve", "--listen", "127.0.0.1:0"]);
        if let Some(url) = &database {
            command.args(["--database-url", url.expose()]);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let base = line.split_whitespace().last().unwrap().to_owned();
        let served = Self { child, base, dir };
        served.run(&["export"], &[]).expect(0);
        served
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatekey"));
        command.env_clear().current_dir(&self.dir).args(arguments);
        command.env("GATEKEY_URL", &self.base).envs(variables.iter().copied());
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let status = output.status.code().unwrap();
        Done { status, out: text(output.stdout), err: text(output.stderr) }
    }

    /// Applies a document that is written into a file first.
    fn apply(&self, document: &str, more: &[&str], variables: &[(&str, &str)]) -> Done {
        fs::write(self.dir.path().join("state.yaml"), document).unwrap();
        let arguments: Vec<_> =
            ["apply", "-f", "state.yaml"].into_iter().chain(more.iter().copied()).collect();
        self.run(&arguments, variables)
    }

    fn export(&self) -> String {
        self.run(&["export"], &[]).expect(0)
    }

    /// Takes everything out.
    fn empty(&self) {
        self.apply(&empty().to_string(), &["--prune", "--yes"], &[]).expect(0);
        assert_eq!(self.export(), "_format_version: \"1.0\"\n");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn empty() -> Value {
    let mut document = json!({"_format_version": "1.0"});
    for list in LISTS {
        document[list] = json!([]);
    }
    document
}

/// One of everything.
const EVERYTHING: &str = r#"
_format_version: "1.0"
x-reader: &reader {enabled: true, include_in_metadata: true}
auth_servers:
  - name: main
    audience: api://x
    scopes:
      - {name: write, <<: *reader}
      - {name: read, <<: *reader}
    claims:
      - name: tier
        value: gold
        include_in_scopes: [write, read]
    clients:
      - id: crawler
        name: Crawler
        client_secret: {env: CRAWLER}
        grant_types: [client_credentials]
        response_types: [token]
        allow_scopes: [read]
      - id: browser
        name: Browser
        grant_types: [authorization_code]
        response_types: [code]
        redirect_uris: ["https://app.test/back"]
        token_endpoint_auth_method: none
dcr_providers:
  - name: own
    provider_type: kongIdentity
    issuer: {auth_server: main}
auth_strategies:
  - name: keys
    display_name: Keys
    strategy_type: key_auth
    configs: {key-auth: {key_names: [apikey], ttl: {value: 3, unit: weeks}}}
  - name: oidc
    display_name: OIDC
    strategy_type: openid_connect
    dcr_provider: own
    configs:
      openid-connect:
        issuer: {auth_server: main}
        credential_claim: [client_id]
        scopes: [read]
        auth_methods: [bearer]
control_planes:
  - name: edge
    labels: {env: prod}
    services:
      - name: flights
        host: up.test
        port: 8080
      - id: 0190a5c4-9d3e-7cc0-8a5e-0123456789ab
        host: unnamed.test
    routes:
      - name: f
        service: flights
        paths: [/flights]
        headers: {x-a: [b, c]}
      - id: 0190a5c4-9d3e-7cc0-8a5e-0123456789ac
        paths: [/x]
        service: 0190a5c4-9d3e-7cc0-8a5e-0123456789ab
apis:
  - name: Flights
    version: v1
    description: |
      All flights
      of the day.
    attributes: {team: [a, b]}
    versions:
      - version: v1
        spec: {content: SPEC}
    implementation: {control_plane: edge, service: flights}
    publications:
      - portal: Dev
        auth_strategy: keys
        visibility: public
  - name: Open
    publications:
      - portal: Dev
        auth_strategy: null
portals:
  - name: Dev
    default_application_auth_strategy: keys
    auto_approve_developers: true
    developers:
      - email: Ann@example.com
        full_name: Ann
        status: approved
      - email: bob@example.com
        full_name: Bob
        status: pending
    applications:
      - name: shop
        developer: ann@example.com
        auth_strategy: keys
        description: "yes"
        registrations:
          - api: Flights@v1
            status: rejected
      - name: tokens
        developer: ann@example.com
        auth_strategy: oidc
"#;

fn everything() -> String {
    EVERYTHING.replace("SPEC", &format!("'{SPEC}'"))
}

/// Where an exported document looks for the one secret.
const SECRET: (&str, &str) = ("GATEKEY_SECRET_CLIENTS_MAIN_CRAWLER_CLIENT_SECRET", "two");

#[tokio::test]
async fn a_document_makes_the_same_portal_twice() {
    let (one, other) = (Served::start().await, Served::start().await);
    one.empty();
    other.empty();
    let crawler = [("CRAWLER", "one")];
    let plan = one.apply(&everything(), &["--dry-run"], &crawler).expect(2);
    assert!(plan.contains("create   services edge / flights\n"), "{plan}");
    assert!(plan.ends_with("to create\n") && !plan.contains("update"), "{plan}");
    assert_eq!(one.export().lines().count(), 1, "a dry run changes nothing");
    let told = one.apply(&everything(), &[], &crawler).expect(0);
    assert!(told.contains("done: "), "{told}");
    assert_eq!(one.apply(&everything(), &["--dry-run"], &crawler).expect(0), "nothing to do\n");

    let document = one.export();
    assert!(!document.contains("\"one\"") && document.contains(SECRET.0), "{document}");
    // The client of the application comes and goes with it.
    assert_eq!(document.matches("      - id: ").count(), 4, "{document}");
    other.apply(&document, &[], &[SECRET]).expect(0);
    assert_eq!(other.export(), document);
    assert_eq!(other.apply(&document, &["--dry-run"], &[SECRET]).expect(0), "nothing to do\n");
}

#[tokio::test]
async fn what_differs_is_told_and_changed_and_the_rest_left_alone() {
    let portal = Served::start().await;
    portal.apply(&everything(), &[], &[("CRAWLER", "one")]).expect(0);
    let before = portal.export();
    let change = "_format_version: '1.0'\nportals:\n  - name: Dev\n    rbac_enabled: true\n    labels: \
                  {a: b}\ncontrol_planes:\n  - name: edge\n    services:\n      - name: flights\n        \
                  port: 81\n";
    let plan = portal.apply(change, &["--dry-run", "--diff"], &[]).expect(2);
    assert!(plan.contains("port: 8080 -> 81\n") && plan.contains("rbac_enabled: false -> true\n"));
    assert!(
        plan.contains("labels.a: null -> \"b\"\n") && plan.ends_with("2 to update\n"),
        "{plan}"
    );
    let plan = portal.apply(change, &["--dry-run", "--json"], &[]).expect(2);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["steps"][1]["fields"][1]["field"], "rbac_enabled");
    portal.apply(change, &[], &[]).expect(0);
    let after = portal.export();
    let changed = before
        .replace("port: 8080", "port: 81")
        .replace("rbac_enabled: false", "rbac_enabled: true")
        .replace("    developers:", "    DEVELOPERS:");
    assert_ne!(after, before);
    assert_eq!(
        after
            .replace("    labels:\n      a: b\n", "")
            .replace("    developers:", "    DEVELOPERS:"),
        changed
    );
    // A whole object is what it is given as.
    let bare = change.replace("{a: b}", "{}");
    portal.apply(&bare, &[], &[]).expect(0);
    assert!(!portal.export().contains("      a: b\n"));
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_changes() {
    let portal = Served::start().await;
    portal.apply(&everything(), &[], &[("CRAWLER", "one")]).expect(0);
    let before = portal.export();
    let lead = "_format_version: '1.0'\nauth_servers: [{name: new, audience: a}]\n";
    for (text, blamed) in [
        ("portals: [{name: Dev, colour: red}]", "state.yaml:3: `portals.0.colour`"),
        ("portals:\n  - name: Dev\n    name: Dev", "state.yaml:5: `name` stands here"),
        (
            "control_planes: [{name: edge, routes: [{name: f, service: gone}]}]",
            "`service`: there is no `gone` in `services`",
        ),
        ("apis: [{name: Flights, version: v1, publications: [{portal: Nowhere}]}]", "`Nowhere`"),
        ("auth_strategies: [{name: x}]", "lacks `display_name`, `strategy_type`, `configs`"),
        (
            "auth_strategies: [{name: keys, strategy_type: openid_connect}]",
            "`strategy_type` is \"key_auth\" there and cannot be changed",
        ),
        (
            "dcr_providers: [{name: own, dcr_config: {dcr_token: {env: NOT_SET}}}]",
            "{env: NOT_SET}: is not set",
        ),
        ("dcr_providers: [{name: own, dcr_config: {dcr_token: {file: not-there}}}]", "not-there"),
        ("nothing: []", "`nothing` is not a known property"),
    ] {
        let done = portal.apply(&format!("{lead}{text}\n"), &[], &[]);
        assert_eq!(done.status, 1, "{text}: {}", done.out);
        assert!(done.err.contains(blamed), "{text}: {}", done.err);
    }
    assert_eq!(portal.export(), before);
}

#[tokio::test]
async fn only_what_lists_leave_out_is_pruned_and_people_only_when_asked_for() {
    let portal = Served::start().await;
    portal.apply(&everything(), &[], &[("CRAWLER", "one")]).expect(0);
    let fewer = "_format_version: '1.0'\nportals:\n  - name: Dev\n    developers: []\n    applications: \
                 []\ncontrol_planes:\n  - name: edge\n    routes: [{name: f}]\n";
    assert_eq!(portal.apply(fewer, &["--dry-run"], &[]).expect(0), "nothing to do\n");
    let before = portal.export();
    let refused = portal.apply(fewer, &["--prune"], &[]);
    assert!(
        refused.err.contains("4 applications and developers would be deleted"),
        "{}",
        refused.err
    );
    assert_eq!((refused.status, portal.export()), (1, before));
    let told = portal.apply(fewer, &["--prune", "--yes"], &[]).expect(0);
    assert!(
        told.contains("delete   applications Dev / shop@ann@example.com: with 1 registrations")
    );
    assert!(told.contains("5 to delete\n"), "{told}");
    let after = portal.export();
    assert!(!after.contains(" developers:") && after.contains("services:"), "{after}");
}

#[tokio::test]
async fn a_plan_that_fails_says_how_far_it_came_and_goes_on() {
    let portal = Served::start().await;
    let document = "_format_version: '1.0'\ncontrol_planes:\n  - name: edge\n    services: [{name: s, host: \
                    h}]\n    routes: [{name: r, service: s, paths: [PATH]}]\napis: [{name: After}]\n";
    let failed = portal.apply(&document.replace("PATH", "'~/x'"), &[], &[]);
    assert_eq!(failed.status, 1);
    for part in [
        "done     create services edge / s\n",
        "failed   create routes edge / r\n",
        "not done create apis After\n",
        "`paths.0` must be a prefix",
        "2 steps done, 2 not",
    ] {
        assert!(failed.out.contains(part), "{part}: {}", failed.out);
    }
    let plan = portal.apply(&document.replace("PATH", "/x"), &[], &[]).expect(0);
    assert!(plan.contains("2 to create\n"), "{plan}");
}

#[tokio::test]
async fn the_schema_is_printed_without_a_portal() {
    let portal = Served::start().await;
    let schema: Value =
        serde_json::from_str(&portal.run(&["apply", "--schema"], &[]).expect(0)).unwrap();
    assert_eq!(schema["properties"]["portals"]["type"], "array");
}

/// Text that is hard to write down.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        "[ -~]{1,20}",
        "[a-z: #'\"\\[{]{1,12}",
        Just("null".to_owned()),
        Just("1.0".to_owned()),
        Just("zwei Wörter – und mehr".to_owned()),
        Just("two\nlines\n".to_owned()),
        Just("  indented\n\nand more".to_owned()),
    ]
}

fn labels() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-j]{1,4}", "[a-z0-9]{1,6}", 0..3).prop_map(|map| json!(map))
}

/// A state in which everything refers to something that is there.
fn any_state() -> impl Strategy<Value = Value> {
    let api = (text(), prop::option::of("[v0-9]{1,3}"), text(), labels(), any::<[bool; 3]>());
    let service = (text(), 1..1000_u16, any::<bool>());
    let application = (text(), 0..2_usize, 0..4_usize);
    (
        prop::collection::vec(api, 0..4),
        prop::collection::vec(service, 0..3),
        prop::collection::vec(application, 0..4),
        (text(), labels(), any::<[bool; 4]>()),
    )
        .prop_map(|(apis, services, applications, (name, labels, flags))| {
            // Names are unique by what stands behind them.
            let named = |at: usize, text: &str| format!("{text} {at}");
            let status = ["approved", "pending", "revoked", "rejected"];
            let services: Vec<_> = services
                .iter()
                .enumerate()
                .map(|(at, (name, port, enabled))| {
                    let name = named(at, name);
                    json!({"name": name, "host": "up.test", "port": port, "enabled": enabled})
                })
                .collect();
            let routes: Vec<_> = services
                .iter()
                .enumerate()
                .map(|(at, service)| {
                    let name = named(at, "route");
                    json!({"name": name, "service": service["name"], "paths": [format!("/{at}")]})
                })
                .collect();
            let called = |name: &str, version: &Option<String>| match version {
                Some(version) => format!("{name}@{version}"),
                None => name.to_owned(),
            };
            let mut published = Vec::new();
            let apis: Vec<_> = apis
                .iter()
                .enumerate()
                .map(|(at, (name, version, description, labels, flags))| {
                    let name = named(at, name);
                    let mut api = json!({
                        "name": name, "slug": format!("api-{at}"), "labels": labels,
                        "description": description
                    });
                    if let Some(version) = version {
                        api["version"] = json!(version);
                    }
                    if flags[0] {
                        let visibility = if flags[1] { "public" } else { "private" };
                        api["publications"] = json!([{
                            "portal": "Dev", "auth_strategy": "keys", "visibility": visibility,
                            "auto_approve_registrations": flags[2]
                        }]);
                        published.push(called(&name, version));
                    }
                    if let Some(service) = services.get(at) {
                        let service = &service["name"];
                        api["implementation"] =
                            json!({"control_plane": "edge", "service": service});
                    }
                    api
                })
                .collect();
            let applications: Vec<_> = applications
                .iter()
                .enumerate()
                .map(|(at, (name, owner, first))| {
                    let registrations = published
                        .iter()
                        .enumerate()
                        .map(|(at, api)| json!({"api": api, "status": status[(at + first) % 4]}));
                    json!({
                        "name": named(at, name), "developer": format!("dev{owner}@example.com"),
                        "auth_strategy": "keys", "registrations": registrations.collect::<Vec<_>>()
                    })
                })
                .collect();
            let developers: Vec<_> = (0..2)
                .map(|at| {
                    let email = format!("dev{at}@example.com");
                    json!({"email": email, "full_name": name, "status": status[at]})
                })
                .collect();
            json!({
                "_format_version": "1.0",
                "auth_strategies": [{
                    "name": "keys", "display_name": name, "strategy_type": "key_auth",
                    "configs": {"key-auth": {"key_names": ["apikey"]}}, "labels": labels
                }],
                "control_planes": [{"name": "edge", "services": services, "routes": routes}],
                "apis": apis,
                "portals": [{
                    "name": "Dev", "display_name": name, "labels": labels,
                    "authentication_enabled": flags[0], "rbac_enabled": flags[1],
                    "auto_approve_developers": flags[2], "auto_approve_applications": flags[3],
                    "default_application_auth_strategy": null,
                    "developers": developers, "applications": applications
                }]
            })
        })
}

#[tokio::test]
async fn any_state_is_exported_and_made_again() {
    const CASES: usize = 5;
    let (one, other) = (Served::start().await, Served::start().await);
    let config = Config::default();
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    for _ in 0..CASES {
        let state = any_state().new_tree(&mut runner).unwrap().current();
        one.empty();
        other.empty();
        // JSON is YAML.
        one.apply(&state.to_string(), &[], &[]).expect(0);
        assert_eq!(one.apply(&state.to_string(), &["--dry-run"], &[]).expect(0), "nothing to do\n");
        let document = one.export();
        other.apply(&document, &[], &[]).expect(0);
        assert_eq!(other.export(), document, "{state}");
    }
}
