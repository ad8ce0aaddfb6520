//! Servers of RFC 7591 and RFC 7592, which agree on little but the paths.
//!
//! What they have in common is from the two documents: 201 and the whole metadata for a
//! registration, 401 for a token that is not the client's, an update that replaces and refuses the
//! members that are the server's. Where they differ, a [`Quirks`] says how; each constructor says
//! where its behaviour is from. [`Quirks::glewlwyd`], [`Quirks::oidc_provider`] and
//! [`Quirks::canaille`] were seen in the servers themselves (Glewlwyd 2.7.5, oidc-provider 9.13,
//! Canaille 0.3.6), [`Quirks::keycloak`] is from Keycloak's guide *Using the client registration
//! service*, [`Quirks::curity`] from curity.io's *Dynamic Client Registration Management*.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Map, Value, json};

use crate::message::{Answer, Asked};
use crate::server::{Fake, World};
use crate::signer;

/// When something of a client is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// Never.
    Never,
    /// With every update.
    OnUpdate,
    /// With every use of the registration access token, reads included.
    OnUse,
}

/// In what a server differs from others.
#[derive(Clone, Debug)]
pub struct Quirks {
    /// The status of a registration.
    pub created: u16,
    /// The status of a removal.
    pub removed: u16,
    /// What a token gets that is not a client's.
    pub denied: (u16, &'static str),
    /// When the registration access token is replaced.
    pub token: Replaced,
    /// When the secret is replaced.
    pub secret: Replaced,
    /// Whether answers to reads and updates hold the token and the management URI.
    pub repeats_token: bool,
    /// Whether a client has to have a redirect URI.
    pub wants_redirect_uri: bool,
    /// Whether `software_id` is refused.
    pub refuses_software_id: bool,
    /// Whether anything at all is registered.
    pub registers_anything: bool,
    /// The token with which clients are registered; none when anybody may.
    pub initial_access_token: Option<String>,
    /// Where the discovery document is; none when there is none.
    pub document: Option<&'static str>,
    /// Another origin that management URIs point to.
    pub manages_at: Option<String>,
    /// Whether a registration comes with a management URI and a token.
    pub manages: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self::oidc_provider()
    }
}

impl Quirks {
    /// npm's oidc-provider: an update keeps the secret and replaces the token.
    #[must_use]
    pub fn oidc_provider() -> Self {
        Self {
            created: 201,
            removed: 204,
            denied: (401, "invalid_token"),
            token: Replaced::OnUpdate,
            secret: Replaced::Never,
            repeats_token: true,
            wants_redirect_uri: false,
            refuses_software_id: false,
            registers_anything: false,
            initial_access_token: None,
            document: Some("/.well-known/openid-configuration"),
            manages_at: None,
            manages: true,
        }
    }

    /// Glewlwyd: 200 for everything, an update replaces the secret, tokens are told only once.
    #[must_use]
    pub fn glewlwyd() -> Self {
        Self {
            created: 200,
            removed: 200,
            token: Replaced::Never,
            secret: Replaced::OnUpdate,
            repeats_token: false,
            wants_redirect_uri: true,
            ..Self::oidc_provider()
        }
    }

    /// Keycloak: every use of the token replaces it.
    #[must_use]
    pub fn keycloak() -> Self {
        Self { token: Replaced::OnUse, ..Self::oidc_provider() }
    }

    /// Canaille: 400 for a token whose client is gone; updates replace nothing.
    #[must_use]
    pub fn canaille() -> Self {
        Self { denied: (400, "access_denied"), token: Replaced::Never, ..Self::oidc_provider() }
    }

    /// Curity: every use replaces token and secret.
    #[must_use]
    pub fn curity() -> Self {
        Self { token: Replaced::OnUse, secret: Replaced::OnUse, ..Self::oidc_provider() }
    }

    /// All of them, with their names.
    #[must_use]
    pub fn all() -> Vec<(&'static str, Self)> {
        vec![
            ("oidc-provider", Self::oidc_provider()),
            ("glewlwyd", Self::glewlwyd()),
            ("keycloak", Self::keycloak()),
            ("canaille", Self::canaille()),
            ("curity", Self::curity()),
        ]
    }
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its metadata.
    pub metadata: Map<String, Value>,
    /// Its secret.
    pub secret: String,
    /// Its registration access token.
    pub token: String,
}

/// A server.
#[derive(Debug)]
pub struct Rfc7591 {
    origin: String,
    /// How it behaves.
    pub quirks: Quirks,
    /// The clients, by id.
    pub clients: BTreeMap<String, Client>,
    /// How many registrations there were.
    pub registered: usize,
}

/// Members that are the server's: an update must not carry them.
const SERVERS: &[&str] = &[
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// Members that clients may have.
const KNOWN: &[&str] = &[
    "client_id",
    "client_secret",
    "client_name",
    "redirect_uris",
    "grant_types",
    "response_types",
    "token_endpoint_auth_method",
    "scope",
    "software_id",
];

/// Starts a server.
///
/// # Errors
///
/// When no port can be had.
pub async fn start(quirks: Quirks) -> io::Result<Fake<Rfc7591>> {
    Fake::start(|origin| Rfc7591::new(origin, quirks)).await
}

fn refuse(status: u16, error: &str, text: &str) -> Answer {
    Answer::json(status, json!({"error": error, "error_description": text}))
}

impl World for Rfc7591 {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let (method, path) = asked.route();
        let whole = format!("/{}", path.join("/"));
        if method == "GET" && self.quirks.document == Some(whole.as_str()) {
            return self.discovery();
        }
        match (method, path.as_slice()) {
            ("POST", ["reg"]) => self.register(asked),
            (_, ["reg", id]) => self.manage(method, id, asked),
            ("POST", ["token"]) => self.token(asked),
            _ => refuse(404, "not_found", "there is nothing here"),
        }
    }
}

impl Rfc7591 {
    /// A server at an origin.
    #[must_use]
    pub fn new(origin: &str, quirks: Quirks) -> Self {
        Self { origin: origin.to_owned(), quirks, clients: BTreeMap::new(), registered: 0 }
    }

    fn discovery(&self) -> Answer {
        let at = |path: &str| format!("{}{path}", self.origin);
        Answer::json(
            200,
            json!({
                "issuer": at(""), "token_endpoint": at("/token"),
                "registration_endpoint": at("/reg"), "jwks_uri": at("/jwks"),
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }),
        )
    }

    /// What is wrong with metadata.
    fn fault(&self, metadata: &Map<String, Value>) -> Option<Answer> {
        let fault = |text: &str| Some(refuse(400, "invalid_client_metadata", text));
        if metadata.contains_key("software_id") && self.quirks.refuses_software_id {
            return fault("software_id is not recognized");
        }
        if self.quirks.registers_anything {
            return None;
        }
        let uris = metadata.get("redirect_uris").and_then(Value::as_array);
        let Some(uris) = uris else {
            return Some(refuse(400, "invalid_redirect_uri", "redirect_uris must be an array"));
        };
        if uris.is_empty() && self.quirks.wants_redirect_uri {
            return Some(refuse(400, "invalid_redirect_uri", "redirect_uris is mandatory"));
        }
        let methods = ["client_secret_basic", "client_secret_post"];
        let method = metadata.get("token_endpoint_auth_method").and_then(Value::as_str);
        if !methods.contains(&method.unwrap_or("client_secret_basic")) {
            return fault("token_endpoint_auth_method is not supported");
        }
        None
    }

    fn register(&mut self, asked: &Asked) -> Answer {
        if let Some(token) = &self.quirks.initial_access_token
            && asked.authorization("bearer") != Some(token)
        {
            return refuse(401, "invalid_token", "the initial access token is not known");
        }
        let Value::Object(mut metadata) = asked.json() else {
            return refuse(400, "invalid_client_metadata", "the body is no JSON object");
        };
        if let Some(fault) = self.fault(&metadata) {
            return fault;
        }
        metadata.retain(|name, _| KNOWN.contains(&name.as_str()));
        self.registered += 1;
        let id = format!("client {}", signer::random(6));
        let client = Client { metadata, secret: signer::random(16), token: signer::random(16) };
        self.clients.insert(id.clone(), client);
        self.show(&id, self.quirks.created, self.quirks.manages)
    }

    fn show(&self, id: &str, status: u16, with_token: bool) -> Answer {
        let Some(client) = self.clients.get(id) else { return Answer::empty(404) };
        let mut body = client.metadata.clone();
        body.insert("client_id".into(), id.into());
        body.insert("client_secret".into(), client.secret.as_str().into());
        body.insert("client_secret_expires_at".into(), 0.into());
        if with_token {
            let origin = self.quirks.manages_at.as_deref().unwrap_or(&self.origin);
            let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
            let uri = format!("{origin}/reg/{}", id.replace('+', "%20"));
            body.insert("registration_client_uri".into(), uri.into());
            body.insert("registration_access_token".into(), client.token.as_str().into());
        }
        Answer::json(status, Value::Object(body))
    }

    fn manage(&mut self, method: &str, id: &str, asked: &Asked) -> Answer {
        let (status, error) = self.quirks.denied;
        let given = asked.authorization("bearer").unwrap_or_default();
        let denied = || refuse(status, error, "the token is not the client's");
        if self.clients.get(id).is_none_or(|client| client.token != given) {
            return denied();
        }
        let quirks = self.quirks.clone();
        match method {
            "DELETE" => {
                self.clients.remove(id);
                Answer::empty(quirks.removed)
            }
            "GET" | "PUT" => {
                let update = method == "PUT";
                if update && let Err(fault) = self.update(id, &asked.json()) {
                    return fault;
                }
                let replaced = |when: Replaced| {
                    when == Replaced::OnUse || update && when == Replaced::OnUpdate
                };
                if let Some(client) = self.clients.get_mut(id) {
                    if replaced(quirks.token) {
                        client.token = signer::random(16);
                    }
                    if replaced(quirks.secret) {
                        client.secret = signer::random(16);
                    }
                }
                self.show(id, 200, quirks.repeats_token)
            }
            _ => refuse(405, "invalid_request", "no such method"),
        }
    }

    fn update(&mut self, id: &str, body: &Value) -> Result<(), Answer> {
        let invalid = |text: &str| Err(refuse(400, "invalid_request", text));
        let Value::Object(body) = body else {
            return invalid("the body is no JSON object");
        };
        if let Some(member) = SERVERS.iter().find(|member| body.contains_key(**member)) {
            return invalid(&format!("the request must not include {member}"));
        }
        if body.get("client_id").and_then(Value::as_str) != Some(id) {
            return invalid("the client_id is not the client's");
        }
        if let Some(fault) = self.fault(body) {
            return Err(fault);
        }
        let Some(client) = self.clients.get_mut(id) else {
            return invalid("there is no such client");
        };
        if body.get("client_secret").is_some_and(|secret| *secret != client.secret.as_str()) {
            return invalid("the client_secret is not the client's");
        }
        client.metadata = body.clone();
        client.metadata.retain(|name, _| KNOWN.contains(&name.as_str()));
        Ok(())
    }

    fn token(&self, asked: &Asked) -> Answer {
        let known = asked.client().is_some_and(|(id, secret)| {
            self.clients.get(&id).is_some_and(|client| client.secret == secret)
        });
        if !known {
            return refuse(401, "invalid_client", "the client is not known")
                .with("www-authenticate", "Basic");
        }
        if asked.field("grant_type").as_deref() != Some("client_credentials") {
            return refuse(400, "unsupported_grant_type", "only client_credentials");
        }
        let token = signer::random(24);
        Answer::json(200, json!({"access_token": token, "token_type": "Bearer", "expires_in": 300}))
    }
}
