//! The Python package `Canaille`, run by the script beside this crate.

use std::process::Command;

use serde_json::{Value, json};

use crate::http::{Answer, basic, get, post};
use crate::oidc_provider::secret;
use crate::process::{Folder, Program, free_port};
use crate::tools::Tools;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/canaille/server.py");

/// A running provider.
#[derive(Debug)]
pub struct Canaille {
    port: u16,
    _program: Program,
    _folder: Folder,
}

impl Canaille {
    /// Starts a provider. Its clients are `app` and `gateway`; the user `ada` has the password
    /// `lovelace`.
    #[must_use]
    pub fn start(tools: &Tools, jwks: &Value) -> Self {
        let port = free_port();
        let client = |id: &str, audience: &[&str]| {
            json!({
                "client_id": id,
                "client_secret": secret(id),
                "grant_types": ["client_credentials", "password"],
                "audience": audience,
            })
        };
        let given = json!({
            "port": port,
            "jwks": jwks,
            "clients": [client("app", &["app", "gateway"]), client("gateway", &["gateway"])],
            "users": {"ada": "lovelace"},
            "open": false,
        });
        Self::start_as(tools, port, &given)
    }

    /// Starts a provider where anybody may register clients.
    #[must_use]
    pub fn registrar(tools: &Tools, jwks: &Value) -> Self {
        let port = free_port();
        let given = json!({"port": port, "jwks": jwks, "clients": [], "users": {}, "open": true});
        Self::start_as(tools, port, &given)
    }

    fn start_as(tools: &Tools, port: u16, given: &Value) -> Self {
        let folder = Folder::new("canaille");
        let mut command = Command::new(&tools.canaille_python);
        command.arg(SCRIPT).arg(given.to_string()).current_dir(folder.path());
        let program = Program::start("canaille", &mut command, port, &folder);
        Self { port, _program: program, _folder: folder }
    }

    /// How it calls itself.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://{}", self.authority())
    }

    /// Where it listens.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How often a path was asked for.
    #[must_use]
    pub fn count(&self, path: &str) -> u64 {
        let counts = get(&format!("{}/-/counts", self.issuer()), &[]);
        counts.json()[path].as_u64().unwrap_or_default()
    }

    /// What is registered: names by client id.
    #[must_use]
    pub fn registered(&self) -> Value {
        get(&format!("{}/-/clients", self.issuer()), &[]).json()
    }

    /// What it answers to a client that asks for a token.
    #[must_use]
    pub fn try_token(&self, client: &str, secret: &str) -> Answer {
        let authorization = basic(client, secret);
        let fields = [("grant_type", "client_credentials")];
        let url = format!("{}/oauth/token", self.issuer());
        post(&url, &[("authorization", &authorization)], &fields)
    }

    /// An opaque token for a client.
    #[must_use]
    pub fn token(&self, client: &str) -> String {
        let answer = self.post_as(client, "/oauth/token", &[("grant_type", "client_credentials")]);
        answer.json()["access_token"].as_str().expect("a token").to_owned()
    }

    /// Takes a token back.
    pub fn revoke(&self, client: &str, token: &str) {
        let answer = self.post_as(client, "/oauth/revoke", &[("token", token)]);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    fn post_as(&self, client: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let authorization = basic(client, &secret(client));
        post(&format!("{}{path}", self.issuer()), &[("authorization", &authorization)], fields)
    }
}
