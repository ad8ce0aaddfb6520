//! The portal, as an operator runs it: on SQLite, in a release build.

use core::time::Duration;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::api::{Caller, request, text, token_request};
use super::load::Target;
use super::server::Server;
use super::{CLIENTS, Parts};
use crate::connection::Connection;
use crate::envoy::free_ports;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "A-long-way-from-Turin-1842";
const MAIL: Duration = Duration::from_secs(10);

/// One machine asks for everything: nothing is to be held back because of that.
const CONFIGURATION: &str = "[throttle]\nclient_tokens = 100000000\nkeys = 100000000\n";

#[derive(Debug)]
pub(super) struct Portal {
    server: Server,
    requests: BTreeMap<&'static str, Vec<Vec<u8>>>,
    data: PathBuf,
    admin: String,
    issuer: String,
}

impl Portal {
    /// Starts it with an authorization server for each algorithm.
    pub(super) fn start(parts: &Parts, algorithms: &[&'static str]) -> Result<Self> {
        let folder = parts.folder.join("portal");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let configuration = folder.join("gatekey.toml");
        fs::write(&configuration, CONFIGURATION)?;
        let data = folder.join("data");
        let port = *free_ports(1)?.first().context("a port")?;
        let mut command = Command::new(&parts.gatekey);
        command
            .arg("serve")
            .arg("--config")
            .arg(&configuration)
            .arg("--data-dir")
            .arg(&data)
            .args(["--listen", &format!("127.0.0.1:{port}"), "--log-level", "warn"])
            .current_dir(&folder);
        let server = Server::start("gatekey", &mut command, port, &parts.folder)?;
        await_ready(port)?;
        let admin = fs::read_to_string(data.join("admin-token"))?;
        let admin = format!("Bearer {}", admin.trim());
        let mut portal =
            Self { server, requests: BTreeMap::new(), data, admin, issuer: String::new() };
        for algorithm in algorithms {
            let requests = portal.authorization_server(algorithm)?;
            portal.requests.insert(algorithm, requests);
        }
        Ok(portal)
    }

    fn administrator(&self) -> Caller<'_> {
        Caller { port: self.server.port, header: ("authorization", &self.admin) }
    }

    /// Makes an authorization server with clients: requests for their tokens.
    fn authorization_server(&mut self, algorithm: &str) -> Result<Vec<Vec<u8>>> {
        let admin = self.administrator();
        let body = json!({
            "name": algorithm,
            "audience": "https://api.example.com",
            "signing_algorithm": algorithm,
        });
        let made = admin.create("/v1/auth-servers", &body)?;
        let (id, issuer) = (text(&made, "id")?, text(&made, "issuer")?);
        admin.create(&format!("/v1/auth-servers/{id}/scopes"), &json!({"name": "read"}))?;
        let at = issuer.find("/auth/").context("an issuer under /auth")?;
        let path = format!("{}/oauth/token", issuer.get(at..).unwrap_or_default());
        let mut requests = Vec::with_capacity(CLIENTS);
        for number in 0..CLIENTS {
            let body = json!({
                "name": format!("client {number}"),
                "grant_types": ["client_credentials"],
                "response_types": ["token"],
                "allow_all_scopes": true,
            });
            let client = admin.create(&format!("/v1/auth-servers/{id}/clients"), &body)?;
            let (id, secret) = (text(&client, "id")?, text(&client, "client_secret")?);
            requests.push(token_request(&path, &id, &secret, "&scope=read"));
        }
        self.issuer = issuer;
        Ok(requests)
    }

    /// Creates applications, each with a client of its own at the last authorization server; how
    /// long each took, in milliseconds.
    pub(super) fn register(&self, count: usize) -> Result<Vec<f64>> {
        let admin = self.administrator();
        let provider = admin.create(
            "/v2/dcr-providers",
            &json!({
                "name": "bench",
                "provider_type": "kongIdentity",
                "issuer": self.issuer,
                "dcr_config": {},
            }),
        )?;
        let strategy = admin.create(
            "/v2/application-auth-strategies",
            &json!({
                "name": "bench",
                "display_name": "bench",
                "strategy_type": "openid_connect",
                "configs": {"openid-connect": {
                    "issuer": self.issuer,
                    "credential_claim": ["sub"],
                    "scopes": ["read"],
                    "auth_methods": ["client_credentials", "bearer"],
                }},
                "dcr_provider_id": text(&provider, "id")?,
            }),
        )?;
        let strategy = text(&strategy, "id")?;
        let people = json!({
            "name": "bench",
            "auto_approve_developers": true,
            "auto_approve_applications": true,
        });
        let people = text(&admin.create("/v3/portals", &people)?, "id")?;
        let base = format!("/portals/{people}/api/v3");
        let cookie = self.sign_up(&base)?;
        let path = format!("{base}/applications");
        let mut connection = Connection::connect(self.server.port)?;
        let mut times = Vec::with_capacity(count);
        for number in 0..count {
            let body =
                json!({"name": format!("application {number}"), "auth_strategy_id": strategy});
            let headers = [("cookie", cookie.as_str())];
            let request = request("POST", &path, &headers, "application/json", &body.to_string());
            let begun = Instant::now();
            let answer = connection.exchange(&request)?;
            times.push(begun.elapsed().as_secs_f64() * 1_000.0);
            let made: Value = serde_json::from_slice(answer.body).unwrap_or_default();
            ensure!(answer.status == 201, "answered {}: {made}", answer.status);
            text(&made, "client_secret")?;
        }
        Ok(times)
    }

    /// A developer who is signed in: the cookie.
    fn sign_up(&self, base: &str) -> Result<String> {
        let nobody = Caller { port: self.server.port, header: ("accept", "application/json") };
        let post = |path: &str, body: &Value, status: u16| {
            nobody.call("POST", &format!("{base}/developer{path}"), body, status)
        };
        post("", &json!({"email": EMAIL, "full_name": "Ada"}), 201)?;
        let token = mailed_token(&self.data.join("mailbox"))?;
        let (_, answer) = post("/verify-email", &json!({"token": token}), 202)?;
        let password = json!({"token": text(&answer, "token")?, "password": PASSWORD});
        post("/reset-password", &password, 204)?;
        let credentials = json!({"username": EMAIL, "password": PASSWORD});
        let (head, _) = post("/authenticate", &credentials, 204)?;
        let pair = |line: &str| {
            let start = line.find("portalaccesstoken=")?;
            line.get(start..)?.split(';').next().map(str::to_owned)
        };
        head.lines().find_map(pair).context("signing in brought no cookie")
    }
}

impl Target for Portal {
    fn port(&self) -> u16 {
        self.server.port
    }

    fn cpu_seconds(&self) -> Result<f64> {
        self.server.cpu_seconds()
    }

    fn requests(&self, algorithm: &str) -> &[Vec<u8>] {
        self.requests.get(algorithm).map(Vec::as_slice).unwrap_or_default()
    }
}

/// It listens before it has its database.
fn await_ready(port: u16) -> Result<()> {
    let request = request("GET", "/readyz", &[], "text/plain", "");
    for _ in 0..600 {
        if Connection::connect(port)?.exchange(&request).is_ok_and(|answer| answer.status == 200) {
            return Ok(());
        }
        sleep(Duration::from_millis(50));
    }
    bail!("the portal is never ready")
}

/// The token of the one e-mail that there is, once it has arrived.
fn mailed_token(mailbox: &Path) -> Result<String> {
    let started = Instant::now();
    while started.elapsed() < MAIL {
        let entries = fs::read_dir(mailbox).into_iter().flatten().flatten();
        let mails = entries.filter_map(|entry| fs::read(entry.path()).ok());
        // One that is still being written is there, whole, the next time.
        let mut mails = mails.filter_map(|mail| serde_json::from_slice::<Value>(&mail).ok());
        if let Some(mail) = mails.next() {
            return text(mail.get("variables").unwrap_or(&Value::Null), "token");
        }
        sleep(Duration::from_millis(20));
    }
    bail!("no e-mail within {MAIL:?}")
}
