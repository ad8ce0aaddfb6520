//! A portal that is killed: what it acknowledged, gateways hear.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A portal in a process of its own.
struct Served {
    child: Child,
    base: String,
}

impl Served {
    fn start(dir: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatekey"));
        command.env_clear().current_dir(dir).args(["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let base = line.split_whitespace().last().unwrap().to_owned();
        Self { child, base }
    }

    fn post(&self, path: &str, token: &str, body: Value) -> Value {
        let answer = ureq::post(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .send(body.to_string());
        let text = answer.unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn changes(&self, token: &str, gateway: &str, since: u64, wait: u32) -> Vec<u8> {
        let path = format!("/gateway/v1/changes?gateway={gateway}&since={since}&wait={wait}");
        let answer = ureq::get(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {token}"))
            .call();
        answer.unwrap().body_mut().read_to_vec().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn secret(dir: &Path, name: &str) -> String {
    let text = std::fs::read_to_string(dir.join(".gatekey").join(name)).unwrap();
    text.trim().to_owned()
}

#[test]
fn what_was_acknowledged_is_in_the_next_delta() {
    let dir = tempfile::tempdir().unwrap();
    let mut served = Served::start(dir.path());
    let (admin, token) = (secret(dir.path(), "admin-token"), secret(dir.path(), "gateway-token"));
    let gateway = served.post("/v2/control-planes", &admin, json!({"name": "edge"}));
    let gateway = gateway["id"].as_str().unwrap().to_owned();
    let services = format!("/v2/control-planes/{gateway}/core-entities/services");
    for round in 0..5_u64 {
        let name = format!("service-{round}");
        served.post(&services, &admin, json!({"name": name, "host": "up.test"}));
        // Killed at once, without a chance to write anything more.
        served.child.kill().unwrap();
        served.child.wait().unwrap();
        served = Served::start(dir.path());
        let delta = served.changes(&token, &gateway, round, 0);
        assert!(delta.windows(name.len()).any(|window| window == name.as_bytes()), "{round}");
    }
}

#[test]
fn a_portal_that_stops_keeps_no_gateway_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let mut served = Served::start(dir.path());
    let (admin, token) = (secret(dir.path(), "admin-token"), secret(dir.path(), "gateway-token"));
    let gateway = served.post("/v2/control-planes", &admin, json!({"name": "edge"}));
    let gateway = gateway["id"].as_str().unwrap().to_owned();
    let pid = served.child.id().to_string();
    let started = Instant::now();
    let stop = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    });
    let delta = served.changes(&token, &gateway, 0, 60);
    assert!(delta.starts_with(b"GKD1"));
    stop.join().unwrap();
    assert!(served.child.wait().unwrap().success());
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}
