//! `gatekey backup` and `gatekey restore`, while a portal runs, and after.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use gatekey_core::snapshot::Manifest;
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};

use crate::support::unique;

struct Served {
    child: Child,
    base: String,
}

fn gatekey(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatekey"));
    command.env_clear().current_dir(dir).args(arguments);
    command
}

impl Served {
    fn start(dir: &Path) -> Self {
        let mut command = gatekey(dir, &["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let base = line.split_whitespace().last().unwrap().to_owned();
        Self { child, base }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn secret(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(".gatekey").join(name)).unwrap().trim().to_owned()
}

fn post(base: &str, path: &str, token: &str, body: &Value) -> Value {
    let answer = ureq::post(format!("{base}{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .send(body.to_string());
    let text = answer.unwrap().body_mut().read_to_string().unwrap();
    serde_json::from_str(&text).unwrap()
}

fn get(base: &str, path: &str, token: &str) -> (u16, Vec<u8>) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let answer = agent
        .get(format!("{base}{path}"))
        .header("authorization", format!("Bearer {token}"))
        .call();
    let mut answer = answer.unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_vec().unwrap())
}

#[track_caller]
fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[track_caller]
fn refused(output: &Output, reason: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(reason), "{error}");
}

async fn names(file: &Path) -> Vec<String> {
    let db = Database::connect(format!("sqlite:{}?mode=ro", file.display())).await.unwrap();
    let backend = db.get_database_backend();
    let check = Statement::from_string(backend, "PRAGMA integrity_check");
    let found = db.query_one_raw(check).await.unwrap().unwrap();
    assert_eq!(found.try_get_by_index::<String>(0).unwrap(), "ok");
    let rows = Statement::from_string(backend, "SELECT name FROM services");
    let rows = db.query_all_raw(rows).await.unwrap();
    rows.into_iter().map(|row| row.try_get("", "name").unwrap()).collect()
}

#[tokio::test]
async fn a_copy_has_what_was_acknowledged_and_gateways_go_on_after_a_restore() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::start(dir.path());
    let (admin, token) = (secret(dir.path(), "admin-token"), secret(dir.path(), "gateway-token"));
    let gateway = post(&served.base, "/v2/control-planes", &admin, &json!({"name": "edge"}));
    let gateway = gateway["id"].as_str().unwrap().to_owned();
    let services = format!("/v2/control-planes/{gateway}/core-entities/services");
    let (over, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let writers: Vec<_> = (0..2)
        .map(|_| {
            let (base, path, admin) = (served.base.clone(), services.clone(), admin.clone());
            let over = Arc::clone(&over);
            let acknowledged: Arc<Mutex<Vec<String>>> = Arc::clone(&acknowledged);
            std::thread::spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    let name = unique("service");
                    post(&base, &path, &admin, &json!({"name": name, "host": "up.test"}));
                    acknowledged.lock().unwrap().push(name);
                }
            })
        })
        .collect();
    for round in 0..4 {
        let copy = format!("copy-{round}");
        let before = acknowledged.lock().unwrap().clone();
        let secrets = format!("secrets-{round}");
        let arguments = ["backup", "--to", &copy, "--secrets", &secrets];
        succeeded(&gatekey(dir.path(), &arguments).output().unwrap());
        let names = names(&dir.path().join(&copy)).await;
        assert!(before.iter().all(|name| names.contains(name)), "{round}");
        for file in [&copy, &secrets] {
            let mode = fs::metadata(dir.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        refused(&gatekey(dir.path(), &arguments).output().unwrap(), "exists already");
    }
    over.store(true, Ordering::SeqCst);
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let copied = names(&dir.path().join("copy-3")).await.len();

    // What a gateway has followed since is not in the copy.
    let snapshot = format!("/gateway/v1/snapshot?gateway={gateway}&page=manifest");
    post(&served.base, &services, &admin, &json!({"name": "late", "host": "up.test"}));
    let (_, manifest) = get(&served.base, &snapshot, &token);
    let held = Manifest::read_unverified(&manifest).unwrap().revision;
    let restore = ["restore", "--from", "copy-3"];
    refused(&gatekey(dir.path(), &restore).output().unwrap(), "another portal");
    let second = ["serve", "--listen", "127.0.0.1:0"];
    refused(&gatekey(dir.path(), &second).output().unwrap(), "another portal");
    drop(served);

    refused(
        &gatekey(dir.path(), &["restore", "--from", "secrets-3"]).output().unwrap(),
        "secrets-3",
    );
    succeeded(&gatekey(dir.path(), &restore).output().unwrap());
    let served = Served::start(dir.path());
    let (_, manifest) = get(&served.base, &snapshot, &token);
    let leapt = Manifest::read_unverified(&manifest).unwrap().revision;
    assert!(leapt > held);
    for held in [held.0, held.0 - 1, held.0 + 1] {
        let path = format!("/gateway/v1/changes?gateway={gateway}&since={held}");
        assert_eq!(get(&served.base, &path, &token).0, 410);
    }
    assert_eq!(names(&dir.path().join(".gatekey/gatekey.db")).await.len(), copied);
    drop(served);

    // On another machine, from nothing: with the keys it is the same portal.
    let other = tempfile::tempdir().unwrap();
    for file in ["copy-3", "secrets-3"] {
        fs::copy(dir.path().join(file), other.path().join(file)).unwrap();
    }
    let restore = ["restore", "--from", "copy-3", "--secrets", "secrets-3"];
    succeeded(&gatekey(other.path(), &restore).output().unwrap());
    let served = Served::start(other.path());
    assert_eq!(get(&served.base, &snapshot, &token).0, 200);
}

#[test]
fn postgresql_has_its_own_means() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in [["backup", "--to", "x"], ["restore", "--from", "x"]] {
        let mut command = gatekey(dir.path(), &arguments);
        let command = command.env("GATEKEY_DATABASE_URL", "postgres://127.0.0.1:1/x");
        refused(&command.output().unwrap(), "PostgreSQL");
    }
}
