//! Several processes of one portal on one PostgreSQL database.
//!
//! What needs the database is passed over when there is none (`GATEKEY_TEST_POSTGRES_URL`).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use gatekey_core::snapshot::manifest::split_bundle;
use gatekey_portal::config::{Config, Throttle};
use gatekey_portal::server::Server;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::json;

use crate::support::{TestPortal, database, unique};

/// The files that make processes one portal.
const FILES: [&str; 5] =
    ["admin-token", "gateway-token", "signing-key", "pepper", "encryption-key"];

fn is_on_postgres(portal: &TestPortal) -> bool {
    portal.config.database_url.is_some()
}

#[tokio::test]
async fn attempts_are_counted_by_all_processes_together() {
    let throttle = Throttle { failed_sign_ins: 4, ..Throttle::default() };
    let portal = TestPortal::start_with(throttle).await;
    if !is_on_postgres(&portal) {
        return;
    }
    let other = Server::open(portal.config.clone()).await.unwrap();
    let id = portal.new_portal(json!({})).await;
    let (here, there) = (portal.visitor(&id), portal.visitor(&id).at(other.router()));
    let wrong = json!({"username": "nobody@example.com", "password": "Wrong-Horse-9!"});
    for caller in [&here, &there, &here, &there] {
        let reply = caller.post("/developer/authenticate", wrong.clone()).await;
        reply.expect(StatusCode::UNAUTHORIZED);
    }
    for caller in [&here, &there] {
        let reply = caller.post("/developer/authenticate", wrong.clone()).await;
        let reply = reply.expect(StatusCode::TOO_MANY_REQUESTS);
        assert!(reply.headers.contains_key("retry-after"));
    }
    for server in [&portal.server, &other] {
        server.advance_clock(Duration::from_secs(60));
        server.tidy().await.unwrap();
    }
    let reply = there.post("/developer/authenticate", wrong).await;
    reply.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_process_with_other_keys_is_refused() {
    let portal = TestPortal::start().await;
    let file = portal.data_dir.path().join("gatekey.db");
    let shared = gatekey_core::secret::Secret::new(format!("sqlite:{}", file.display()));
    let of = |data_dir: &Path| Config {
        data_dir: data_dir.to_owned(),
        database_url: Some(portal.config.database_url.clone().unwrap_or_else(|| shared.clone())),
        ..portal.config.clone()
    };
    let dir = tempfile::tempdir().unwrap();
    let error = Server::open(of(dir.path())).await.unwrap_err().to_string();
    assert!(error.contains("encryption key") && error.contains("data directory"), "{error}");
    for name in FILES {
        std::fs::copy(portal.data_dir.path().join(name), dir.path().join(name)).unwrap();
    }
    Server::open(of(dir.path())).await.unwrap();
    // A pepper may come, but none may go.
    let pepper = dir.path().join("pepper");
    let one = std::fs::read_to_string(&pepper).unwrap();
    let two = format!("p2:{}\n{one}", "A".repeat(43) + "=");
    std::fs::write(&pepper, two).unwrap();
    Server::open(of(dir.path())).await.unwrap();
    std::fs::write(&pepper, &one).unwrap();
    let error = Server::open(of(dir.path())).await.unwrap_err().to_string();
    assert!(error.contains("there is no pepper `p2`"), "{error}");
    let accepting = Config { accept_new_keys: true, ..of(dir.path()) };
    Server::open(accepting).await.unwrap();
    Server::open(of(dir.path())).await.unwrap();
    std::fs::write(dir.path().join("signing-key"), format!("{}=\n", "E".repeat(43))).unwrap();
    let error = Server::open(of(dir.path())).await.unwrap_err().to_string();
    assert!(error.contains("the signing key is not the one"), "{error}");
}

/// One process of the portal.
struct Replica {
    child: Child,
    port: u16,
    dir: PathBuf,
    url: String,
}

impl Replica {
    fn start(dir: &Path, port: u16, url: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatekey"));
        command
            .env_clear()
            .env("GATEKEY_DATABASE_URL", url)
            .current_dir(dir)
            .args(["serve", "--data-dir"])
            .arg(dir)
            .args(["--listen", &format!("127.0.0.1:{port}"), "--log-level", "warn"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("portal"), "{line}");
        Self { child, port, dir: dir.to_owned(), url: url.to_owned() }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn restart(&mut self) {
        let again = Self::start(&self.dir, self.port, &self.url);
        *self = again;
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One address before several: each connection goes to the next that takes it.
fn balance(backends: [u16; 2], over: &Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let over = Arc::clone(over);
    std::thread::spawn(move || {
        let turn = AtomicUsize::new(0);
        for client in listener.incoming() {
            if over.load(Ordering::SeqCst) {
                return;
            }
            let Ok(client) = client else { continue };
            let first = turn.fetch_add(1, Ordering::SeqCst);
            let backend = (0..2).find_map(|more| {
                TcpStream::connect(("127.0.0.1", backends[(first + more) % 2])).ok()
            });
            let Some(backend) = backend else { continue };
            for (mut from, mut to) in
                [(client.try_clone().unwrap(), backend.try_clone().unwrap()), (backend, client)]
            {
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    port
}

/// Calls the one address. Nothing when there was no answer, as when a process was killed.
struct Caller {
    agent: ureq::Agent,
    base: String,
    token: String,
}

impl Caller {
    fn new(port: u16, dir: &Path, token: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .max_idle_connections(0)
            .build()
            .new_agent();
        let token = std::fs::read_to_string(dir.join(token)).unwrap();
        Self { agent, base: format!("http://127.0.0.1:{port}"), token: token.trim().to_owned() }
    }

    fn post(&self, path: &str, body: &serde_json::Value) -> Option<(u16, serde_json::Value)> {
        let answer = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .send(body.to_string());
        let mut answer = answer.ok()?;
        let text = answer.body_mut().read_to_string().ok()?;
        Some((answer.status().as_u16(), serde_json::from_str(&text).ok()?))
    }

    fn get(&self, path: &str) -> Option<(u16, Vec<u8>)> {
        let answer = self
            .agent
            .get(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .call();
        let mut answer = answer.ok()?;
        let body = answer.body_mut().read_to_vec().ok()?;
        Some((answer.status().as_u16(), body))
    }
}

/// A delta as it was served: from, to, and the changes.
type Served = (u64, u64, Vec<u8>);

fn delta(document: &[u8]) -> Served {
    assert!(document.starts_with(b"GKD1"));
    let number = |at: usize| u64::from_le_bytes(document[at..at + 8].try_into().unwrap());
    let body = 4 + 8 + 64 + 16;
    (number(body), number(body + 8), document[body + 8 * 3 + 4..].to_vec())
}

/// Polls until it holds the last revision; every delta that it got.
fn follow(caller: &Caller, gateway: &str, last: &Mutex<Option<u64>>) -> Vec<Served> {
    let (mut held, mut all) = (0, Vec::new());
    let patience = Instant::now() + Duration::from_secs(120);
    while last.lock().unwrap().is_none_or(|last| held < last) {
        assert!(Instant::now() < patience, "the last revision never comes");
        let path = format!("/gateway/v1/changes?gateway={gateway}&since={held}&wait=2");
        match caller.get(&path) {
            Some((200, document)) => {
                let served = delta(&document);
                assert_eq!(served.0, held);
                assert!(served.1 >= held);
                held = served.1;
                all.push(served);
            }
            Some((status, body)) => {
                assert!(status >= 500, "{status}: {}", String::from_utf8_lossy(&body));
            }
            None => {}
        }
    }
    all
}

/// Makes services until it is over; those that were acknowledged.
fn write(caller: &Caller, path: &str, over: &AtomicBool) -> Vec<String> {
    let mut acknowledged = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let name = unique("service");
        let made = caller.post(path, &json!({"name": name, "host": "up.test"}));
        match made {
            Some((201, _)) => acknowledged.push(name),
            Some((status, body)) => assert!(status >= 500, "{status}: {body}"),
            None => {}
        }
    }
    acknowledged
}

/// The changes in the database, by revision.
async fn log(db: &DatabaseConnection) -> BTreeMap<u64, Vec<u8>> {
    let select = "SELECT revision, body FROM changes ORDER BY revision, sequence";
    let rows = Statement::from_string(db.get_database_backend(), select);
    let mut log: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    for row in db.query_all_raw(rows).await.unwrap() {
        let revision: i64 = row.try_get("", "revision").unwrap();
        let body: Vec<u8> = row.try_get("", "body").unwrap();
        log.entry(revision.try_into().unwrap()).or_default().extend(body);
    }
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_processes_are_killed() {
    let Some(url) = database().await else { return };
    let url = url.expose().clone();
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Replica::start(one.path(), free_port(), &url);
    for name in FILES {
        std::fs::copy(one.path().join(name), two.path().join(name)).unwrap();
    }
    let second = Replica::start(two.path(), free_port(), &url);
    let over = Arc::new(AtomicBool::new(false));
    let ports = [first.port, second.port];
    let port = balance(ports, &over);
    let admin = |port| Caller::new(port, one.path(), "admin-token");
    let edge = |port| Caller::new(port, one.path(), "gateway-token");
    let made = admin(port).post("/v2/control-planes", &json!({"name": "edge"})).unwrap();
    let gateway = made.1["id"].as_str().unwrap().to_owned();
    let path = format!("/v2/control-planes/{gateway}/core-entities/services");

    let last = Arc::new(Mutex::new(None));
    let pollers: Vec<_> = (0..50)
        .map(|_| {
            let (caller, gateway, last) = (edge(port), gateway.clone(), Arc::clone(&last));
            std::thread::spawn(move || follow(&caller, &gateway, &last))
        })
        .collect();
    let writing = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let (caller, path, over) = (admin(port), path.clone(), Arc::clone(&writing));
            std::thread::spawn(move || write(&caller, &path, &over))
        })
        .collect();
    let replicas = tokio::task::spawn_blocking(move || {
        let mut replicas = [first, second];
        let mut seed = std::process::id() as usize;
        for round in 0..6 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
            let pause = |bits: usize| Duration::from_millis((seed >> bits & 511) as u64);
            std::thread::sleep(Duration::from_millis(300) + pause(20));
            // Each is killed, whatever chance says.
            let victim = if round < 2 { round } else { seed >> 40 & 1 };
            replicas[victim].kill();
            std::thread::sleep(pause(30));
            replicas[victim].restart();
        }
        replicas
    });
    let replicas = replicas.await.unwrap();
    writing.store(true, Ordering::SeqCst);
    let acknowledged: Vec<_> =
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
    let db = Database::connect(&url).await.unwrap();
    let log = log(&db).await;
    let newest = *log.keys().next_back().unwrap();
    *last.lock().unwrap() = Some(newest);
    assert!(acknowledged.len() > 4, "{}", acknowledged.len());
    // Every revision from the first to the last, and every acknowledged change in one of them.
    assert_eq!(log.keys().copied().collect::<Vec<_>>(), (1..=newest).collect::<Vec<_>>());
    for name in &acknowledged {
        let is_in =
            |body: &Vec<u8>| body.windows(name.len()).any(|window| window == name.as_bytes());
        assert!(log.values().any(is_in), "{name}");
    }
    // Everybody was served the same, whoever served it.
    for poller in pollers {
        let mut held = 0;
        for (from, to, served) in poller.join().unwrap() {
            assert_eq!(from, held);
            let logged: Vec<u8> = log
                .range(..=to)
                .filter(|(at, _)| **at > from)
                .flat_map(|(_, body)| body.clone())
                .collect();
            assert_eq!(served, logged, "{from} to {to}");
            held = to;
        }
        assert_eq!(held, newest);
    }
    // Both cut the same pages: a gateway may take each from another.
    let path = format!("/gateway/v1/snapshot?gateway={gateway}");
    let bundles: Vec<_> =
        replicas.iter().map(|replica| edge(replica.port).get(&path).unwrap().1).collect();
    let pages = |bundle| split_bundle(bundle).unwrap().1;
    assert!(!pages(&bundles[0]).is_empty());
    assert_eq!(pages(&bundles[0]), pages(&bundles[1]));
    over.store(true, Ordering::SeqCst);
    let _ = TcpStream::connect(("127.0.0.1", port));
}

#[tokio::test]
async fn pages_of_a_manifest_come_from_any_process() {
    let portal = TestPortal::start().await;
    if !is_on_postgres(&portal) {
        return;
    }
    let other = Server::open(portal.config.clone()).await.unwrap();
    let (gateway, service) = portal.new_service().await;
    let (here, there) = (portal.gateway(), portal.gateway().at(other.router()));
    let base = format!("/gateway/v1/snapshot?gateway={gateway}");
    // Both have an image, each of another revision.
    there.get(&base).await.expect(StatusCode::OK);
    let path = format!("/v2/control-planes/{gateway}/core-entities/services/{service}");
    for round in 0..3 {
        let body = json!({"name": format!("s-{round}"), "host": "up.test"});
        portal.admin().put(&path, body).await.expect(StatusCode::OK);
        let bundle = here.get(&base).await.expect(StatusCode::OK).body;
        let (manifest, pages) = split_bundle(&bundle).unwrap();
        let manifest = gatekey_core::snapshot::Manifest::read_unverified(manifest).unwrap();
        let body = json!({"name": format!("t-{round}"), "host": "up.test"});
        portal.admin().put(&path, body).await.expect(StatusCode::OK);
        let page = format!("{base}&revision={}&page=0", manifest.revision);
        assert_eq!(there.get(&page).await.expect(StatusCode::OK).body, pages[0]);
    }
}
