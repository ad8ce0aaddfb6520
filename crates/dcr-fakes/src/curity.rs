//! The Curity Identity Server: registration without templates, by an authenticated client, with
//! client management on.
//!
//! Follows curity.io/resources/learn: *Using Dynamic Client Registration* (an initial access token
//! has the scope `dcr`, which must be asked for, and is good for one use), *Non-Templatized Dynamic
//! Client Registration*, *Dynamic Client Registration Management* (`registration_client_uri` ends in
//! the client id; `registration_access_token_expires_in` is 31,536,000; `GET` and `PUT` replace the
//! registration access token and the client's secret; a token with the scope `dcrm` manages every
//! dynamic client); *OAuth metadata* of the anonymous endpoint. Its error bodies are those of RFC
//! 6749, 6750 and 7591.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use crate::clock;
use crate::message::{Answer, Asked};
use crate::patch::{merge, merged};
use crate::server::{Fake, World};
use crate::signer;

/// The administrator's client.
pub const ADMIN_ID: &str = "gatekey-registrar";
/// Its secret.
pub const ADMIN_SECRET: &str = "registrar-secret-of-the-server";

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its metadata, without secrets.
    pub metadata: Value,
    /// Its secret.
    pub secret: String,
    /// Its registration access token.
    pub token: String,
}

/// A server.
#[derive(Debug)]
pub struct Curity {
    origin: String,
    /// The clients, by id.
    pub clients: BTreeMap<String, Client>,
    /// Initial access tokens that were not used yet.
    pub initial: Vec<String>,
    /// How often an initial access token was used again.
    pub reused: usize,
    /// Tokens that manage all clients.
    pub managing: Vec<String>,
    /// Whether the administrator's client may have the scope `dcrm`.
    pub may_manage: bool,
    /// Where clients are said to be managed; the server itself when there is none.
    pub elsewhere: Option<String>,
}

/// Starts a server. Its metadata is at `{origin}/oauth/v2/oauth-anonymous`.
///
/// # Errors
///
/// When no port can be had.
pub async fn start() -> io::Result<Fake<Curity>> {
    Fake::start(|origin| Curity {
        origin: origin.to_owned(),
        clients: BTreeMap::new(),
        initial: Vec::new(),
        reused: 0,
        managing: Vec::new(),
        may_manage: true,
        elsewhere: None,
    })
    .await
}

fn refuse(status: u16, error: &str, text: &str) -> Answer {
    let answer = Answer::json(status, json!({"error": error, "error_description": text}));
    if status == 401 { answer.with("WWW-Authenticate", "Bearer") } else { answer }
}

impl World for Curity {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let (method, path) = asked.route();
        match (method, path.as_slice()) {
            ("GET", ["oauth", "v2", "oauth-anonymous", ".well-known", "openid-configuration"]) => {
                self.discovery()
            }
            ("GET", ["oauth", "v2", "oauth-anonymous", "jwks"]) => {
                Answer::json(200, signer::jwks())
            }
            ("POST", ["oauth", "v2", "oauth-token"]) => self.token(asked),
            ("POST", ["token-service", "oauth-registration"]) => self.register(asked),
            (_, ["token-service", "oauth-registration", id]) => self.manage(method, id, asked),
            _ => refuse(404, "not_found", "Not found"),
        }
    }
}

impl Curity {
    fn discovery(&self) -> Answer {
        let at = |path: &str| format!("{}/{path}", self.origin);
        Answer::json(
            200,
            json!({
                "issuer": at("oauth/v2/oauth-anonymous"),
                "token_endpoint": at("oauth/v2/oauth-token"),
                "authorization_endpoint": at("oauth/v2/oauth-authorize"),
                "jwks_uri": at("oauth/v2/oauth-anonymous/jwks"),
                "registration_endpoint": at("token-service/oauth-registration"),
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }),
        )
    }

    fn token(&mut self, asked: &Asked) -> Answer {
        let Some((id, secret)) = asked.client() else {
            return refuse(401, "invalid_client", "No client");
        };
        if asked.field("grant_type").as_deref() != Some("client_credentials") {
            return refuse(400, "unsupported_grant_type", "Only client_credentials");
        }
        let scope = asked.field("scope").unwrap_or_default();
        let issued = |token: &str, scope: &str| {
            let body = json!({"access_token": token, "token_type": "bearer", "expires_in": 300,
                "scope": scope});
            Answer::json(200, body)
        };
        if id == ADMIN_ID && secret == ADMIN_SECRET {
            let token = signer::uuid();
            return match scope.as_str() {
                "dcr" => {
                    self.initial.push(token.clone());
                    issued(&token, "dcr")
                }
                "dcrm" if self.may_manage => {
                    self.managing.push(token.clone());
                    issued(&token, "dcrm")
                }
                "" => issued(&token, ""),
                _ => refuse(400, "invalid_scope", "The client may not have this scope"),
            };
        }
        let known = self.clients.get(&id).is_some_and(|client| client.secret == secret);
        if !known {
            return refuse(401, "invalid_client", "The client could not be authenticated");
        }
        let now = clock::now();
        let claims = json!({"iss": format!("{}/oauth/v2/oauth-anonymous", self.origin), "sub": id,
            "aud": id, "iat": now, "exp": now + 300, "jti": signer::uuid(), "scope": scope});
        issued(&signer::sign("at+jwt", &claims), &scope)
    }

    fn shown(&self, client: &Client) -> Value {
        let id = client.metadata.get("client_id").and_then(Value::as_str).unwrap_or_default();
        let base = self.elsewhere.as_deref().unwrap_or(&self.origin);
        let secret = json!({
            "client_secret": client.secret,
            "registration_client_uri": format!("{base}/token-service/oauth-registration/{id}"),
            "registration_access_token": client.token,
            "registration_access_token_expires_in": 31_536_000,
        });
        merged(client.metadata.clone(), &secret)
    }

    fn register(&mut self, asked: &Asked) -> Answer {
        let token = asked.authorization("bearer").unwrap_or_default();
        let Some(index) = self.initial.iter().position(|known| known == token) else {
            self.reused += 1;
            return refuse(401, "invalid_token", "The access token is not valid");
        };
        self.initial.remove(index);
        let body = asked.json();
        if body.get("client_name").and_then(Value::as_str).is_none() {
            return refuse(400, "invalid_client_metadata", "client_name is required");
        }
        let id = signer::uuid();
        let metadata = merged(
            body,
            &json!({"client_id": id, "client_id_issued_at": clock::now(),
                "client_secret_expires_at": 0}),
        );
        let client = Client { metadata, secret: signer::random(24), token: signer::uuid() };
        let answer = Answer::json(201, self.shown(&client));
        self.clients.insert(id, client);
        answer
    }

    fn manage(&mut self, method: &str, id: &str, asked: &Asked) -> Answer {
        let token = asked.authorization("bearer").unwrap_or_default();
        let managing = self.managing.iter().any(|known| known == token);
        let denied = || refuse(401, "invalid_token", "The access token is not valid");
        let Some(client) = self.clients.get_mut(id) else {
            return if managing { refuse(404, "not_found", "No such client") } else { denied() };
        };
        if !managing && client.token != token {
            return denied();
        }
        match method {
            "DELETE" => {
                self.clients.remove(id);
                return Answer::empty(204);
            }
            "PUT" => {
                let body = asked.json();
                let ours = [
                    "registration_access_token",
                    "registration_client_uri",
                    "client_secret_expires_at",
                    "client_id_issued_at",
                ];
                if ours.iter().any(|member| body.get(member).is_some())
                    || body.get("client_id").and_then(Value::as_str) != Some(id)
                {
                    return refuse(400, "invalid_client_metadata", "A member is not allowed");
                }
                merge(&mut client.metadata, &body);
            }
            "GET" => {}
            _ => return refuse(405, "invalid_request", "Not allowed"),
        }
        client.secret = signer::random(24);
        client.token = signer::uuid();
        let client = client.clone();
        Answer::json(200, self.shown(&client))
    }
}
