//! The commands around keys, snapshots and gateways, as processes.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use axum::http::StatusCode;
use gatekey_core::key::PresentedKey;
use serde_json::{Value, json};

use crate::edge::World;
use crate::strategies_discovery::new_auth_server;
use crate::strategies_openid::openid_connect;
use crate::support::{NOBODY, TestPortal};

/// What a command ended with: its status, what it printed, and its complaint.
pub(crate) struct Done {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let status = output.status.code().unwrap();
        Self { status, out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.status, 0, "{}", self.err);
        self.out
    }

    /// What was printed, with a status.
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> String {
        assert_eq!(self.status, status, "{}{}", self.out, self.err);
        self.out
    }

    /// One line of complaint, and the status.
    #[track_caller]
    pub(crate) fn refused(self, status: i32, blamed: &str) {
        assert_eq!(self.status, status, "{}{}", self.out, self.err);
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        assert!(self.err.starts_with("gatekey: ") && self.err.contains(blamed), "{}", self.err);
    }
}

/// Runs `gatekey` in a directory.
pub(crate) async fn gatekey(dir: &Path, arguments: &[&str], input: &str) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatekey"));
    command.env_clear().current_dir(dir).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let input = input.to_owned();
    let run = move || {
        let mut child = command.spawn().unwrap();
        // One that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Done::of(child.wait_with_output().unwrap())
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// The flags that lead to a portal's state.
fn state(world: &World) -> Vec<String> {
    let mut flags = vec!["--data-dir".into(), world.portal.data_dir.path().display().to_string()];
    if let Some(url) = &world.portal.config.database_url {
        flags.extend(["--database-url".into(), url.expose().clone()]);
    }
    flags
}

async fn with_state(world: &World, dir: &Path, arguments: &[&str]) -> Done {
    let state = state(world);
    let all: Vec<_> = arguments.iter().copied().chain(state.iter().map(String::as_str)).collect();
    gatekey(dir, &all, "").await
}

/// A portal with a key that is let through, and a saved snapshot.
pub(crate) struct Saved {
    pub(crate) world: World,
    pub(crate) dir: tempfile::TempDir,
    key: String,
    pub(crate) credential: String,
    pub(crate) registration: String,
}

impl Saved {
    pub(crate) async fn new() -> Self {
        let world = World::new(TestPortal::start().await).await;
        let (key, credential) = world.new_key().await;
        let registration = world.ask().await;
        world.set(&registration, "approved").await;
        let saved =
            Self { world, dir: tempfile::tempdir().unwrap(), key, credential, registration };
        saved.save().await;
        saved
    }

    pub(crate) async fn save(&self) {
        let arguments =
            ["snapshot", "save", "--gateway", &self.world.gateway, "--output", "snapshot"];
        with_state(&self.world, self.dir.path(), &arguments).await.ok();
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.dir.path().join("snapshot")).unwrap()
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Done {
        gatekey(self.dir.path(), arguments, "").await
    }

    /// Explains a request for `/flights` with headers.
    async fn explain(&self, headers: &[(&str, &str)], more: &[&str]) -> Done {
        let request = json!({"authority": "api.test", "path": "/flights/1", "headers": headers});
        let pepper = self.world.portal.data_dir.path().join("pepper").display().to_string();
        let mut arguments = vec!["explain", "--snapshot", "snapshot", "--key-file", &pepper];
        arguments.extend(["--request", "-"]);
        arguments.extend(more);
        gatekey(self.dir.path(), &arguments, &request.to_string()).await
    }
}

#[tokio::test]
async fn keys_are_issued_inspected_and_digested() {
    let dir = tempfile::tempdir().unwrap();
    let issue = ["key", "issue", "--prefix", "acme", "--environment", "test"];
    let issued = gatekey(dir.path(), &issue, "").await.ok();
    let key = issued.split_whitespace().nth(1).unwrap();
    let presented = PresentedKey::parse(key.as_bytes()).unwrap();
    let credential = presented.credential().to_string();
    assert!(key.starts_with("acme_test_") && issued.contains(&credential), "{issued}");
    let inspected = gatekey(dir.path(), &["key", "inspect"], &format!("{key}\n")).await.ok();
    for shown in ["acme", "test", presented.key_id(), credential.as_str(), "ok"] {
        assert!(inspected.contains(shown), "{inspected}");
    }
    let (_, secret) = key.split_once(presented.key_id()).unwrap();
    let (secret, checksum) = secret.split_at(27);
    assert!(!inspected.contains(secret) && !inspected.contains(checksum), "{inspected}");
    let peppers = "p1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
                   p2:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
    fs::write(dir.path().join("peppers"), peppers).unwrap();
    let digest = ["key", "digest", "--pepper-file", "peppers"];
    let digests = gatekey(dir.path(), &digest, key).await.ok();
    let pepper = gatekey_core::digest::Pepper::new("p1", &[0; 32]).unwrap();
    assert_eq!(digests.lines().count(), 2);
    assert!(digests.contains(&format!("p1  {}\n", pepper.digest(key.as_bytes()))), "{digests}");
    assert_eq!(gatekey(dir.path(), &digest, &format!("{key}\r\n")).await.ok(), digests);
}

#[tokio::test]
async fn what_is_no_key_is_refused_and_not_repeated() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("peppers"), "p1:short").unwrap();
    let issued = gatekey(dir.path(), &["key", "issue"], "").await.ok();
    let mut altered = issued.split_whitespace().nth(1).unwrap().to_owned();
    altered.replace_range(20..21, if altered.as_bytes()[20] == b'a' { "b" } else { "a" });
    for input in ["", "\n", "nonsense", &altered] {
        let refused = gatekey(dir.path(), &["key", "inspect"], input).await;
        assert!(input.len() < 5 || !refused.err.contains(input));
        refused.refused(2, "not a key");
    }
    let inspect = gatekey(dir.path(), &["key", "inspect"], &"x".repeat((1 << 20) + 1)).await;
    inspect.refused(2, "standard input");
    for (file, blamed) in [("missing", "missing"), ("peppers", "peppers")] {
        let digest = ["key", "digest", "--pepper-file", file];
        gatekey(dir.path(), &digest, "x").await.refused(2, blamed);
    }
    let issue = ["key", "issue", "--prefix", "No"];
    gatekey(dir.path(), &issue, "").await.refused(2, "prefix");
}

#[tokio::test]
async fn a_snapshot_is_saved_shown_and_verified() {
    let saved = Saved::new().await;
    let shown = saved.run(&["snapshot", "show", "snapshot"]).await.ok();
    assert!(shown.contains(&saved.world.gateway) && shown.contains("credentials    1"), "{shown}");
    let shown = saved.run(&["snapshot", "show", "snapshot", "--json"]).await.ok();
    assert!(!shown.contains(&saved.key));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let records = shown["records"].as_array().unwrap();
    assert_eq!(shown["counts"]["credentials"], 1);
    let total: u64 =
        shown["counts"].as_object().unwrap().values().map(|v| v.as_u64().unwrap()).sum();
    assert_eq!(total, records.len() as u64);
    let credential = records.iter().find(|record| record["kind"] == "credential").unwrap();
    assert_eq!(credential["id"], json!(saved.credential));
    let registration = records.iter().find(|record| record["kind"] == "registration").unwrap();
    assert_eq!(registration["status"], "approved");
    let config = ["gateway", "filter-config", "--gateway", &saved.world.gateway];
    let config = with_state(&saved.world, saved.dir.path(), &config).await.ok();
    let config: Value = serde_json::from_str(&config).unwrap();
    let key = config["snapshot_keys"][0].as_str().unwrap();
    let verify = ["snapshot", "verify", "snapshot", "--key", key];
    assert!(saved.run(&verify).await.ok().starts_with("ok: gateway "));
    let for_this = [&verify[..], &["--gateway", &saved.world.gateway]].concat();
    saved.run(&for_this).await.ok();
    let for_another = [&verify[..], &["--gateway", NOBODY]].concat();
    saved.run(&for_another).await.refused(1, "another gateway");
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let unknown = ["snapshot", "verify", "snapshot", "--key", other];
    saved.run(&unknown).await.refused(1, "not pinned");
    let mut bytes = saved.bytes();
    bytes[60] ^= 1;
    fs::write(saved.dir.path().join("snapshot"), bytes).unwrap();
    saved.run(&verify).await.refused(1, "signature");
}

#[tokio::test]
async fn a_file_that_is_no_snapshot_is_refused() {
    let saved = Saved::new().await;
    let bytes = saved.bytes();
    let altered = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    for (bytes, blamed) in [
        (Vec::new(), "too early"),
        (bytes[..100].to_vec(), "too early"),
        (bytes[..bytes.len() - 1].to_vec(), "too early"),
        ([&bytes[..], b"x"].concat(), "follow the end"),
        (altered(3), "unknown format"),
        (altered(bytes.len() - 1), "page 0"),
        (vec![0xff; 4096], "unknown format"),
    ] {
        fs::write(saved.dir.path().join("bad"), bytes).unwrap();
        saved.run(&["snapshot", "show", "bad"]).await.refused(2, blamed);
        let config = ["gateway", "filter-config", "--embed-snapshot", "bad", "--gateway"];
        let config = [&config[..], &[&saved.world.gateway]].concat();
        with_state(&saved.world, saved.dir.path(), &config).await.refused(2, "`bad`");
    }
    saved.run(&["snapshot", "show", "missing"]).await.refused(2, "missing");
}

#[tokio::test]
async fn what_cannot_be_saved_leaves_no_file() {
    let saved = Saved::new().await;
    let dir = saved.dir.path();
    let save =
        |gateway: &'static str| ["snapshot", "save", "--output", "out", "--gateway", gateway];
    with_state(&saved.world, dir, &save("nowhere")).await.refused(2, "`nowhere`");
    with_state(&saved.world, dir, &save(NOBODY)).await.refused(2, NOBODY);
    let nobody = [&save("x")[..], &["--data-dir", "no-such-directory"]].concat();
    saved.run(&nobody).await.refused(2, "no-such-directory");
    assert!(!dir.join("no-such-directory").exists());
    let remote = |url: &'static str, token: &'static str| {
        [&save("x")[..], &["--portal", url, "--token", token]].concat()
    };
    saved.run(&remote("ftp://x", "t")).await.refused(2, "ftp://x");
    saved.run(&remote("http://127.0.0.1:1", "@missing")).await.refused(2, "missing");
    saved.run(&remote("http://127.0.0.1:1", "a b")).await.refused(2, "token");
    saved.run(&remote("http://127.0.0.1:1", "t")).await.refused(1, "127.0.0.1:1");
    let arguments = ["snapshot", "save", "--output", "no/such/dir", "--gateway"];
    let arguments = [&arguments[..], &[&saved.world.gateway]].concat();
    with_state(&saved.world, dir, &arguments).await.refused(2, "no/such/dir");
    assert_eq!(fs::read_dir(dir).unwrap().count(), 1);
}

#[tokio::test]
async fn a_filter_is_configured_with_what_the_portal_knows() {
    let saved = Saved::new().await;
    let path = format!("/v2/control-planes/{}", saved.world.gateway);
    let shown = saved.world.portal.admin().get(&path).await.expect(StatusCode::OK).json();
    let arguments = [
        "gateway",
        "filter-config",
        "--gateway",
        shown["name"].as_str().unwrap(),
        "--portal-cluster",
        "portal",
        "--portal-authority",
        "portal.test",
        "--service",
        "s",
        "--embed-snapshot",
        "snapshot",
        "--realm",
        "flights",
        "--max-staleness",
        "60",
        "--when-stale",
        "serve_known",
    ];
    let printed = with_state(&saved.world, saved.dir.path(), &arguments).await.ok();
    let config = accepted(&printed);
    let data_dir = saved.world.portal.data_dir.path();
    let token = fs::read_to_string(data_dir.join("gateway-token")).unwrap();
    let pepper = fs::read_to_string(data_dir.join("pepper")).unwrap();
    let (pepper_id, pepper) = pepper.trim().split_once(':').unwrap();
    assert_eq!(config["gateway_id"], json!(saved.world.gateway));
    assert_eq!(config["peppers"], json!([{"id": pepper_id, "secret": pepper}]));
    assert_eq!(config["sync"]["token"], json!(token.trim()));
    let upstream = json!({"envoy_cluster": "portal", "authority": "portal.test"});
    assert_eq!(config["sync"]["upstream"], upstream);
    assert_eq!(config["staleness"], json!({"max_seconds": 60, "then": "serve_known"}));
    assert_eq!((&config["service"], &config["realm"]), (&json!("s"), &json!("flights")));
    let plain = ["gateway", "filter-config", "--gateway", &saved.world.gateway];
    let plain = accepted(&with_state(&saved.world, saved.dir.path(), &plain).await.ok());
    assert!(plain.get("snapshot").is_none() && plain.get("staleness").is_none());
}

#[tokio::test]
async fn a_token_of_an_issuer_that_is_not_discovered_is_explained() {
    let saved = Saved::new().await;
    let portal = &saved.world.portal;
    let strategy = openid_connect(json!({"issuer": "https://idp.invalid/a"}));
    let strategy = portal.admin().post("/v2/application-auth-strategies", strategy).await.id();
    let site = portal.new_portal(json!({})).await;
    portal.publish(&saved.world.api, &site, json!({"auth_strategy_ids": [strategy]})).await;
    fs::remove_file(saved.dir.path().join("snapshot")).unwrap();
    let save = ["snapshot", "save", "--output", "snapshot", "--gateway", &saved.world.gateway];
    with_state(&saved.world, saved.dir.path(), &save).await.ok();
    let done = saved.explain(&[("authorization", "Bearer a.b.c")], &[]).await;
    assert_eq!(done.status, 1, "{}", done.err);
    let discovery = format!("/v2/application-auth-strategies/{strategy}/discovery");
    for told in ["503", "issuer_undiscovered", "with https://idp.invalid/a, not", &discovery] {
        assert!(done.out.contains(told), "{told}: {}", done.out);
    }
}

#[tokio::test]
async fn keys_of_the_portals_own_issuers_are_fetched_where_the_portal_is() {
    let saved = Saved::new().await;
    let portal = &saved.world.portal;
    let config = ["gateway", "filter-config", "--gateway", &saved.world.gateway];
    let printed = with_state(&saved.world, saved.dir.path(), &config).await.ok();
    // Before there is any strategy: the portal as the command finds it configured.
    let config_before = accepted(&printed);
    let own = "127.0.0.1:8180";
    assert_eq!(config_before["upstreams"], json!({own: config_before["sync"]["upstream"]}));
    let server = new_auth_server(portal).await;
    let issuer = format!("http://{}/auth/{server}", portal.config.listen);
    for issuer in [issuer, "https://idp.invalid".into()] {
        let strategy = openid_connect(json!({"issuer": issuer}));
        portal.admin().post("/v2/application-auth-strategies", strategy).await.id();
    }
    let printed = with_state(&saved.world, saved.dir.path(), &config).await.ok();
    let config = accepted(&printed);
    let upstream = &config["sync"]["upstream"];
    let expected = json!({own: upstream, portal.config.listen.to_string(): upstream});
    assert_eq!(config["upstreams"], expected);
}

/// The filter itself has to accept what the portal prints.
#[track_caller]
fn accepted(printed: &str) -> Value {
    gatekey_filter::config::Config::parse(printed.as_bytes()).unwrap();
    serde_json::from_str(printed).unwrap()
}

#[tokio::test]
async fn flags_that_the_filter_would_refuse_are_refused_here() {
    let saved = Saved::new().await;
    let usage = async |more: &[&str]| {
        let arguments = ["gateway", "filter-config", "--gateway", &saved.world.gateway];
        let arguments = [&arguments[..], more].concat();
        let done = with_state(&saved.world, saved.dir.path(), &arguments).await;
        assert_eq!(done.status, 2, "{more:?}");
        assert!(done.out.is_empty() && done.err.contains(more[0]), "{}", done.err);
    };
    usage(&["--realm", "a\"b"]).await;
    usage(&["--portal-cluster", "a b"]).await;
    usage(&["--portal-authority", ""]).await;
    usage(&["--max-staleness", "soon"]).await;
    usage(&["--when-stale", "open", "--max-staleness", "1"]).await;
    usage(&["--unknown"]).await;
}

#[tokio::test]
async fn a_request_that_passes_is_explained() {
    let saved = Saved::new().await;
    let done = saved.explain(&[("APIKey", &saved.key)], &[]).await.ok();
    assert!(done.contains("allowed") && done.contains(&saved.credential), "{done}");
    assert!(done.contains(&saved.world.application) && !done.contains(&saved.key), "{done}");
    let pepper = saved.world.portal.data_dir.path().join("pepper").display().to_string();
    let header = format!("apikey: {}", saved.key);
    let flags = ["explain", "--snapshot", "snapshot", "--pepper-file", &pepper];
    let flags = [&flags[..], &["--path", "/flights", "--header", &header]].concat();
    saved.run(&flags).await.ok();
}

#[tokio::test]
async fn a_refusal_is_explained_with_what_would_change_it() {
    let saved = Saved::new().await;
    let expect = async |headers: &[(&str, &str)], more: &[&str], rule: &str, remedy: &str| {
        let done = saved.explain(headers, more).await;
        assert_eq!((done.status, done.err.as_str()), (1, ""), "{}", done.out);
        assert!(done.out.contains(&format!("rule         {rule}: ")), "{rule}: {}", done.out);
        let told = done.out.lines().filter(|line| line.starts_with("remedy"));
        assert!(told.clone().any(|line| line.contains(remedy)), "{rule}: {}", done.out);
        assert!(!done.out.contains(&saved.key), "{}", done.out);
    };
    let key = saved.key.as_str();
    let nothing = "no single change";
    expect(&[], &[], "no_credential", nothing).await;
    expect(&[("apikey", "x")], &[], "malformed_credential", nothing).await;
    let other = gatekey(saved.dir.path(), &["key", "issue"], "").await.ok();
    let other = other.split_whitespace().nth(1).unwrap();
    expect(&[("apikey", other)], &[], "unknown_credential", nothing).await;
    expect(&[("x-api-key", key)], &[], "no_credential", "in the header `apikey`").await;
    let twice = [("apikey", key), ("apikey", other)];
    expect(&twice, &[], "duplicate_credential", "only the key of credential").await;
    let key_header = [("apikey", key)];
    expect(&key_header, &["--service", "x"], "unknown_service", "name the service `s`").await;
    let stale = ["--max-staleness", "60", "--at", "2100-01-01T00:00:00Z"];
    expect(&key_header, &stale, "stale_policy", "fetch a newer snapshot").await;
    let networks =
        format!("/v3/portals/{}/applications/{}/networks", saved.world.id, saved.world.application);
    let admin = saved.world.portal.admin();
    let only = async |networks_of: Value| {
        let body = json!({"networks": networks_of});
        admin.put(&networks, body).await.expect(StatusCode::OK);
        saved.save().await;
    };
    only(json!(["192.0.2.0/24"])).await;
    expect(&key_header, &[], "address_unknown", "with `--client-address`").await;
    let elsewhere = ["--client-address", "198.51.100.7"];
    let add = "add 198.51.100.7/32 to the networks of the application";
    expect(&key_header, &elsewhere, "address_refused", add).await;
    let inside = saved.explain(&key_header, &["--client-address", "192.0.2.9"]).await;
    assert_eq!(inside.status, 0, "{}", inside.out);
    only(json!([])).await;
    let set = async |status: &str| {
        saved.world.set(&saved.registration, status).await;
        saved.save().await;
    };
    set("revoked").await;
    let approve = "approve the registration of the application";
    expect(&key_header, &[], "registration_revoked", approve).await;
    set("rejected").await;
    expect(&key_header, &[], "registration_rejected", approve).await;
    set("pending").await;
    expect(&key_header, &[], "registration_pending", approve).await;
    set("approved").await;
    let world = &saved.world;
    let entities = format!("/v2/control-planes/{}/core-entities", world.gateway);
    let admin = world.portal.admin();
    let route = admin.get(&format!("{entities}/routes")).await.ids();
    admin.delete(&format!("{entities}/routes/{}", route[0])).await.expect(StatusCode::NO_CONTENT);
    saved.save().await;
    expect(&key_header, &[], "unknown_route", "give the service `s` a route").await;
    let publication = format!("/v3/apis/{}/publications/{}", world.api, world.id);
    admin.delete(&publication).await.expect(StatusCode::NO_CONTENT);
    saved.save().await;
    let at_service = ["--service", "s"];
    expect(&key_header, &at_service, "unpublished", "publish the API").await;
    let other = world.portal.new_strategy(json!({})).await;
    world.portal.publish(&world.api, &world.id, json!({"auth_strategy_ids": [other]})).await;
    saved.save().await;
    expect(&key_header, &at_service, "not_registered", "with the strategy").await;
    world
        .portal
        .publish(&world.api, &world.id, json!({"auth_strategy_ids": [world.strategy]}))
        .await;
    let id = saved.registration.rsplit('/').next().unwrap();
    let own = format!("/applications/{}/registrations/{id}", world.application);
    world.developer.caller.delete(&own).await.expect(StatusCode::NO_CONTENT);
    saved.save().await;
    expect(&key_header, &at_service, "not_registered", "register and approve").await;
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_is_not_a_refusal() {
    let saved = Saved::new().await;
    let dir = saved.dir.path();
    fs::write(dir.join("peppers"), "p1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let base = ["explain", "--snapshot", "snapshot", "--pepper-file", "peppers"];
    let ask =
        async |more: &[&str], input: &str| gatekey(dir, &[&base[..], more].concat(), input).await;
    for input in ["", "{}", "[]", r#"{"path": 1}"#, r#"{"path": "/", "more": 1}"#] {
        ask(&["--request", "-"], input).await.refused(2, "not a request");
    }
    let secret = r#"{"path": "/", "headers": [["apikey", "hunter2", 1]]}"#;
    let done = ask(&["--request", "-"], secret).await;
    assert!(!done.err.contains("hunter2"), "{}", done.err);
    done.refused(2, "not a request");
    ask(&["--request", "missing"], "").await.refused(2, "missing");
    ask(&["--path", "/", "--header", "hunter2"], "").await.refused(2, "header 1");
    ask(&["--path", "/", "--at", "yesterday"], "").await.refused(2, "yesterday");
    let no_pepper = ["explain", "--snapshot", "snapshot", "--pepper-file", "x", "--path", "/"];
    saved.run(&no_pepper).await.refused(2, "`x`");
    let no_snapshot = ["explain", "--snapshot", "x", "--pepper-file", "peppers", "--path", "/"];
    saved.run(&no_snapshot).await.refused(2, "`x`");
    for usage in [&["--request", "-", "--path", "/"][..], &[], &["--path"]] {
        assert_eq!(ask(usage, "").await.status, 2);
    }
}
