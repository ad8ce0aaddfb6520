//! The npm package `oidc-provider`, run by the script beside this crate.

use std::process::Command;

use serde_json::{Value, json};

use crate::http::{Answer, basic, exchange, get, post};
use crate::process::{Folder, Program, free_port};
use crate::tools::Tools;

/// A running provider.
#[derive(Debug)]
pub struct OidcProvider {
    tools: Tools,
    folder: Folder,
    given: Value,
    port: u16,
    program: Option<Program>,
}

/// New private keys, one for each algorithm; their ids are the prefix and the algorithm.
///
/// # Panics
///
/// When none can be made.
#[must_use]
pub fn jwks(tools: &Tools, prefix: &str, algorithms: &[&str]) -> Value {
    let output = Command::new(&tools.node)
        .arg(tools.oidc_provider.join("keys.mjs"))
        .arg(prefix)
        .args(algorithms)
        .output()
        .expect("node starts");
    serde_json::from_slice(&output.stdout).expect("a JWK Set")
}

/// The keys of two sets. A provider signs with the first that fits.
///
/// # Panics
///
/// When these are no sets.
#[must_use]
pub fn merged(first: &Value, second: &Value) -> Value {
    let keys = |set: &Value| set["keys"].as_array().expect("a JWK Set").clone();
    let both = [keys(first), keys(second)].concat();
    json!({"keys": both})
}

impl OidcProvider {
    /// Starts a provider. Its clients are
    ///
    /// - `app`, `unregistered` and `stranger`, which get tokens for themselves,
    /// - `gateway`, which introspects and signs users in; it is sent back to these addresses, and
    ///   gets tokens for this resource.
    #[must_use]
    pub fn start(tools: &Tools, jwks: &Value, redirect_uris: &[&str], resource: &str) -> Self {
        let port = free_port();
        Self::start_as(
            tools,
            &format!("http://127.0.0.1:{port}"),
            port,
            jwks,
            redirect_uris,
            resource,
        )
    }

    /// Starts a provider that calls itself as another: what it says is not true.
    #[must_use]
    pub fn impostor(tools: &Tools, of: &Self, jwks: &Value) -> Self {
        Self::start_as(tools, &of.issuer(), free_port(), jwks, &[], "urn:gatekey:RS256:600")
    }

    /// Starts a provider where whoever has this initial access token may register clients. They
    /// outlive it.
    #[must_use]
    pub fn registrar(tools: &Tools, jwks: &Value, initial_access_token: &str) -> Self {
        let port = free_port();
        let folder = Folder::new("oidc-provider");
        let given = json!({
            "issuer": format!("http://127.0.0.1:{port}"),
            "port": port,
            "jwks": jwks,
            "clients": [],
            "registration": initial_access_token,
            "store": folder.path().join("store.json"),
        });
        let mut provider = Self { tools: tools.clone(), folder, given, port, program: None };
        provider.restart();
        provider
    }

    fn start_as(
        tools: &Tools,
        issuer: &str,
        port: u16,
        jwks: &Value,
        redirect_uris: &[&str],
        resource: &str,
    ) -> Self {
        let machine = |id: &str| {
            json!({
                "client_id": id,
                "client_secret": secret(id),
                "grant_types": ["client_credentials"],
                "redirect_uris": [],
                "response_types": [],
            })
        };
        let mut clients = vec![machine("app"), machine("unregistered"), machine("stranger")];
        let mut gateway = machine("gateway");
        if !redirect_uris.is_empty() {
            gateway["grant_types"] = json!(["authorization_code", "refresh_token"]);
            gateway["response_types"] = json!(["code"]);
            gateway["redirect_uris"] = json!(redirect_uris);
            gateway["gatekey_resource"] = json!(resource);
        }
        clients.push(gateway);
        let given = json!({"issuer": issuer, "port": port, "jwks": jwks, "clients": clients});
        let folder = Folder::new("oidc-provider");
        let mut provider = Self { tools: tools.clone(), folder, given, port, program: None };
        provider.restart();
        provider
    }

    /// Starts it anew: it has forgotten what it issued, and has the keys it began with.
    pub fn restart(&mut self) {
        self.program = None;
        let mut command = Command::new(&self.tools.node);
        command
            .arg(self.tools.oidc_provider.join("server.mjs"))
            .arg(self.given.to_string())
            .current_dir(&self.tools.oidc_provider);
        let program = Program::start("oidc-provider", &mut command, self.port, &self.folder);
        self.program = Some(program);
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.program = None;
    }

    /// It accepts connections and answers nothing.
    pub fn pause(&self) {
        self.running().pause();
    }

    /// It answers again.
    pub fn resume(&self) {
        self.running().resume();
    }

    /// Whether it listens: it may have crashed.
    #[must_use]
    pub fn is_running(&self) -> bool {
        std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    fn running(&self) -> &Program {
        self.program.as_ref().expect("the provider runs")
    }

    /// How it calls itself.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.given["issuer"].as_str().expect("text").to_owned()
    }

    /// Where it listens.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.authority())
    }

    /// How often a path was asked for.
    #[must_use]
    pub fn count(&self, path: &str) -> u64 {
        get(&self.url("/-/counts"), &[]).json()[path].as_u64().unwrap_or_default()
    }

    /// Gives it other keys.
    pub fn set_keys(&self, jwks: &Value) {
        assert_eq!(exchange("PUT", &self.url("/-/jwks"), &[], &jwks.to_string()).status, 200);
    }

    /// What is registered, by client id.
    #[must_use]
    pub fn registered(&self) -> Value {
        get(&self.url("/-/clients"), &[]).json()
    }

    /// It will end as by a crash when such a request comes: `before` it looks at it, or `after`
    /// what was asked is done, without an answer.
    pub fn crash_on(&self, method: &str, path: &str, when: &str) {
        let body = json!({"method": method, "path": path, "when": when});
        let answer = exchange("PUT", &self.url("/-/crash"), &[], &body.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// What it answers to a client that asks for a token.
    #[must_use]
    pub fn try_token(&self, client: &str, secret: &str) -> Answer {
        let authorization = basic(client, secret);
        let fields = [("grant_type", "client_credentials")];
        post(&self.url("/token"), &[("authorization", &authorization)], &fields)
    }

    /// A token for a client: a JWT signed with this algorithm, or `opaque`; with these scopes, and
    /// for so many seconds.
    #[must_use]
    pub fn token(&self, client: &str, format: &str, scope: &str, seconds: u32) -> String {
        let resource = format!("urn:gatekey:{format}:{seconds}");
        let fields =
            [("grant_type", "client_credentials"), ("resource", &resource), ("scope", scope)];
        let answer = self.post_as(client, "/token", &fields);
        answer.json()["access_token"].as_str().expect("a token").to_owned()
    }

    /// Takes a token back.
    pub fn revoke(&self, client: &str, token: &str) {
        let answer = self.post_as(client, "/token/revocation", &[("token", token)]);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    fn post_as(&self, client: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let authorization = basic(client, &secret(client));
        post(&self.url(path), &[("authorization", &authorization)], fields)
    }
}

/// The secret of a client.
pub(crate) fn secret(client: &str) -> String {
    format!("secret-of-{client}")
}
