//! `oidc-provider`, by the script that the tests run it with.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::api::token_request;
use super::load::Target;
use super::server::Server;
use super::{CLIENTS, Parts};
use crate::envoy::free_ports;

#[derive(Debug)]
pub(super) struct Peer {
    server: Server,
    requests: BTreeMap<&'static str, Vec<Vec<u8>>>,
}

impl Peer {
    pub(super) fn start(parts: &Parts, algorithms: &[&'static str]) -> Result<Self> {
        let keys = Command::new(&parts.node)
            .arg(parts.oidc_provider.join("keys.mjs"))
            .arg("bench")
            .args(algorithms)
            .output()
            .context("cannot start node")?;
        ensure!(keys.status.success(), "{}", String::from_utf8_lossy(&keys.stderr));
        let keys: Value = serde_json::from_slice(&keys.stdout)?;
        let port = *free_ports(1)?.first().context("a port")?;
        let id = |number: usize| format!("client-{number}");
        let secret = |number: usize| format!("secret-of-client-{number}-that-nobody-guesses");
        let clients = (0..CLIENTS).map(|number| {
            json!({
                "client_id": id(number),
                "client_secret": secret(number),
                "token_endpoint_auth_method": "client_secret_post",
                "grant_types": ["client_credentials"],
                "redirect_uris": [],
                "response_types": [],
            })
        });
        let given = json!({
            "issuer": format!("http://127.0.0.1:{port}"),
            "port": port,
            "jwks": keys,
            "clients": clients.collect::<Vec<_>>(),
        });
        let mut command = Command::new(&parts.node);
        command
            .arg(parts.oidc_provider.join("server.mjs"))
            .arg(given.to_string())
            .env("NODE_ENV", "production")
            .current_dir(&parts.oidc_provider);
        let server = Server::start("oidc-provider", &mut command, port, &parts.folder)?;
        let requests = algorithms.iter().map(|algorithm| {
            // A signed token of the same life and scope as the portal's.
            let more = format!("&scope=read&resource=urn%3Agatekey%3A{algorithm}%3A300");
            let of = |number| token_request("/token", &id(number), &secret(number), &more);
            (*algorithm, (0..CLIENTS).map(of).collect())
        });
        let requests = requests.collect();
        Ok(Self { server, requests })
    }
}

impl Target for Peer {
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
