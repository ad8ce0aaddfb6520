//! Auth0: the Management API v2 and the token endpoint of a tenant.
//!
//! Follows auth0.com/docs: *Management API v2*, sections Clients (`POST|GET|PATCH|DELETE
//! /api/v2/clients`, `POST /api/v2/clients/{id}/rotate-secret`), Client Grants (`GET|POST|PATCH|
//! DELETE /api/v2/client-grants`), Resource Servers (`GET /api/v2/resource-servers/{id}`); *Get
//! Management API Access Tokens for Production* (client credentials with the audience
//! `{tenant}/api/v2/`, `scope` in the answer, 86,400 s); *Client Credentials Flow* (a token without
//! an `audience` is opaque; with one it needs a client grant); *Rate Limit Policy* (429 with
//! `x-ratelimit-limit`, `-remaining`, `-reset` in seconds since 1970); the error body `{statusCode,
//! error, message, errorCode}`. That a deleted client takes its grants with it is not stated there,
//! so here they stay.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use crate::clock;
use crate::message::{Answer, Asked};
use crate::patch::merge;
use crate::server::{Fake, World};
use crate::signer;

/// The permissions that the administrator's client has, unless a test takes some away.
pub const PERMISSIONS: &[&str] = &[
    "create:clients",
    "read:clients",
    "update:clients",
    "delete:clients",
    "update:client_keys",
    "create:client_grants",
    "read:client_grants",
    "update:client_grants",
    "delete:client_grants",
    "read:resource_servers",
];

/// The administrator's client.
pub const ADMIN_ID: &str = "admin-client";
/// Its secret.
pub const ADMIN_SECRET: &str = "admin-secret-of-the-tenant";
/// An API of the tenant, with the scopes `read:orders` and `write:orders`.
pub const API: &str = "https://orders.test/";

/// A tenant.
#[derive(Debug)]
pub struct Auth0 {
    origin: String,
    /// The clients, by id.
    pub clients: BTreeMap<String, Value>,
    /// The client grants, by id.
    pub grants: BTreeMap<String, Value>,
    /// What the administrator's client may do.
    pub permissions: Vec<String>,
    /// The management tokens that are good.
    pub tokens: Vec<String>,
    /// How many management tokens were issued.
    pub issued: usize,
    /// How many entries a page of clients holds at most.
    pub page: usize,
}

/// Starts a tenant.
///
/// # Errors
///
/// When no port can be had.
pub async fn start() -> io::Result<Fake<Auth0>> {
    Fake::start(|origin| Auth0 {
        origin: origin.to_owned(),
        clients: BTreeMap::new(),
        grants: BTreeMap::new(),
        permissions: PERMISSIONS.iter().map(|&name| name.to_owned()).collect(),
        tokens: Vec::new(),
        issued: 0,
        page: 100,
    })
    .await
}

fn refuse(status: u16, error: &str, code: &str, message: &str) -> Answer {
    let body = json!({"statusCode": status, "error": error, "message": message, "errorCode": code});
    Answer::json(status, body)
}

fn missing() -> Answer {
    refuse(404, "Not Found", "inexistent_client", "The client does not exist")
}

/// What Auth0 says when a rate limit was hit; `reset` is when it may be tried again.
#[must_use]
pub fn limited(reset: u64) -> Answer {
    refuse(429, "Too Many Requests", "too_many_requests", "Global limit has been reached")
        .with("x-ratelimit-limit", 10)
        .with("x-ratelimit-remaining", 0)
        .with("x-ratelimit-reset", reset)
}

impl World for Auth0 {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let (method, path) = asked.route();
        match (method, path.as_slice()) {
            ("GET", [".well-known", "openid-configuration"]) => self.discovery(),
            ("GET", [".well-known", "jwks.json"]) => Answer::json(200, signer::jwks()),
            ("POST", ["oauth", "token"]) => self.token(asked),
            (_, ["api", "v2", rest @ ..]) => self.manage(method, rest, asked),
            _ => refuse(404, "Not Found", "not_found", "Not Found"),
        }
    }
}

impl Auth0 {
    fn discovery(&self) -> Answer {
        let at = |path: &str| format!("{}/{path}", self.origin);
        Answer::json(
            200,
            json!({
                "issuer": at(""), "token_endpoint": at("oauth/token"),
                "authorization_endpoint": at("authorize"), "jwks_uri": at(".well-known/jwks.json"),
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }),
        )
    }

    fn token(&mut self, asked: &Asked) -> Answer {
        // This token endpoint takes JSON, too.
        let json = asked.json();
        let field =
            |name: &str| asked.field(name).or_else(|| json.get(name)?.as_str().map(str::to_owned));
        let refuse = |status: u16, error: &str, text: &str| {
            Answer::json(status, json!({"error": error, "error_description": text}))
        };
        if field("grant_type").as_deref() != Some("client_credentials") {
            return refuse(403, "unsupported_grant_type", "Unsupported grant type");
        }
        let given = asked.client().or_else(|| Some((field("client_id")?, field("client_secret")?)));
        let Some((id, secret)) = given else {
            return refuse(401, "access_denied", "Unauthorized");
        };
        let audience = field("audience");
        if id == ADMIN_ID && secret == ADMIN_SECRET {
            if audience != Some(format!("{}/api/v2/", self.origin)) {
                return refuse(403, "access_denied", "Service not enabled within domain");
            }
            let token = signer::random(24);
            self.tokens.push(token.clone());
            self.issued += 1;
            let scope = self.permissions.join(" ");
            let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": 86_400,
                "scope": scope});
            return Answer::json(200, body);
        }
        let known = self
            .clients
            .get(&id)
            .filter(|client| client.get("client_secret").and_then(Value::as_str) == Some(&secret));
        let Some(client) = known else {
            return refuse(401, "access_denied", "Unauthorized");
        };
        let may = client.pointer("/grant_types").and_then(Value::as_array);
        if !may.is_some_and(|grants| grants.contains(&json!("client_credentials"))) {
            return refuse(403, "unauthorized_client", "Grant type not allowed for the client");
        }
        let Some(audience) = audience else {
            let body = json!({"access_token": signer::random(24), "token_type": "Bearer",
                "expires_in": 86_400});
            return Answer::json(200, body);
        };
        let grant = self.grants.values().find(|grant| {
            grant.get("client_id") == Some(&json!(id))
                && grant.get("audience") == Some(&json!(audience))
        });
        let Some(grant) = grant else {
            let text = format!("Client is not authorized to access \"{audience}\"");
            return refuse(403, "access_denied", &text);
        };
        let scopes = grant.get("scope").and_then(Value::as_array).cloned().unwrap_or_default();
        let scope = scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
        let now = clock::now();
        let claims = json!({
            "iss": format!("{}/", self.origin), "sub": format!("{id}@clients"), "aud": audience,
            "azp": id, "gty": "client-credentials", "iat": now, "exp": now + 86_400,
            "scope": scope,
        });
        let token = signer::sign("JWT", &claims);
        let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": 86_400,
            "scope": scope});
        Answer::json(200, body)
    }

    fn manage(&mut self, method: &str, path: &[&str], asked: &Asked) -> Answer {
        let good = asked.authorization("bearer");
        if !good.is_some_and(|token| self.tokens.iter().any(|known| known == token)) {
            return refuse(401, "Unauthorized", "invalid_token", "Invalid token");
        }
        let needed = match (method, path.first().copied().unwrap_or_default()) {
            ("GET", "clients") => "read:clients",
            ("PATCH", "clients") => "update:clients",
            ("DELETE", "clients") => "delete:clients",
            ("POST", "clients") if path.len() > 1 => "update:client_keys",
            ("POST", "clients") => "create:clients",
            ("GET", "client-grants") => "read:client_grants",
            ("POST", "client-grants") => "create:client_grants",
            ("PATCH", "client-grants") => "update:client_grants",
            ("DELETE", "client-grants") => "delete:client_grants",
            ("GET", "resource-servers") => "read:resource_servers",
            _ => return refuse(404, "Not Found", "not_found", "Not Found"),
        };
        if !self.permissions.iter().any(|permission| permission == needed) {
            let text = format!("Insufficient scope, expected any of: {needed}");
            return refuse(403, "Forbidden", "insufficient_scope", &text);
        }
        match (method, path) {
            ("POST", ["clients"]) => self.create(&asked.json()),
            ("GET", ["clients"]) => self.list(asked),
            ("GET", ["clients", id]) => match self.clients.get(*id) {
                Some(client) => Answer::json(200, without_secret(client)),
                None => missing(),
            },
            ("PATCH", ["clients", id]) => match self.clients.get_mut(*id) {
                Some(client) => {
                    merge(client, &asked.json());
                    Answer::json(200, without_secret(client))
                }
                None => missing(),
            },
            ("POST", ["clients", id, "rotate-secret"]) => match self.clients.get_mut(*id) {
                Some(client) => {
                    merge(client, &json!({"client_secret": signer::random(48)}));
                    Answer::json(200, client.clone())
                }
                None => missing(),
            },
            ("DELETE", ["clients", id]) => {
                self.clients.remove(*id);
                Answer::empty(204)
            }
            ("POST", ["client-grants"]) => self.grant(&asked.json()),
            ("GET", ["client-grants"]) => {
                let of = asked.parameter("client_id");
                let grants: Vec<_> = self
                    .grants
                    .values()
                    .filter(|grant| of.is_none() || grant["client_id"].as_str() == of)
                    .collect();
                Answer::json(200, json!(grants))
            }
            ("PATCH", ["client-grants", id]) => match self.grants.get_mut(*id) {
                Some(grant) => {
                    merge(grant, &asked.json());
                    Answer::json(200, grant.clone())
                }
                None => refuse(404, "Not Found", "inexistent_grant", "The grant does not exist"),
            },
            ("DELETE", ["client-grants", id]) => {
                self.grants.remove(*id);
                Answer::empty(204)
            }
            ("GET", ["resource-servers", API]) => {
                let scopes = json!([{"value": "read:orders"}, {"value": "write:orders"}]);
                Answer::json(200, json!({"id": "rs1", "identifier": API, "scopes": scopes}))
            }
            _ => refuse(404, "Not Found", "not_found", "Not Found"),
        }
    }

    fn create(&mut self, body: &Value) -> Answer {
        let invalid = |text: &str| refuse(400, "Bad Request", "invalid_body", text);
        let Some(name) = body.get("name").and_then(Value::as_str) else {
            return invalid("Payload validation error: 'Missing required property: name'.");
        };
        if name.is_empty() || name.contains(['<', '>']) {
            return invalid("Payload validation error: 'String does not match pattern' on name");
        }
        let described = body.get("description").and_then(Value::as_str).unwrap_or_default();
        if described.chars().count() > 140 {
            return invalid("Payload validation error: 'String is too long' on description");
        }
        let id = signer::random(24);
        let mut client = json!({"client_id": id, "client_secret": signer::random(48),
            "is_first_party": true, "tenant": "fake", "global": false});
        merge(&mut client, body);
        self.clients.insert(id, client.clone());
        Answer::json(201, client)
    }

    fn list(&self, asked: &Asked) -> Answer {
        let number = |name: &str| asked.parameter(name).and_then(|text| text.parse::<usize>().ok());
        let size = number("per_page").unwrap_or(50).min(self.page);
        let skip = number("page").unwrap_or(0) * size;
        let clients = self.clients.values().skip(skip).take(size).map(without_secret);
        let clients: Vec<Value> = match asked.parameter("fields") {
            Some(fields) => clients.map(|client| only(&client, fields)).collect(),
            None => clients.collect(),
        };
        if asked.parameter("include_totals") == Some("true") {
            let total = self.clients.len();
            let body = json!({"start": skip, "limit": size, "total": total, "clients": clients});
            return Answer::json(200, body);
        }
        Answer::json(200, json!(clients))
    }

    fn grant(&mut self, body: &Value) -> Answer {
        let client = body.get("client_id").and_then(Value::as_str).unwrap_or_default();
        if !self.clients.contains_key(client) {
            return missing();
        }
        if body.get("audience") != Some(&json!(API)) {
            return refuse(404, "Not Found", "inexistent_resource_server", "No such audience");
        }
        let asked = body.get("scope").and_then(Value::as_array).cloned().unwrap_or_default();
        let known = [json!("read:orders"), json!("write:orders")];
        if asked.iter().any(|scope| !known.contains(scope)) {
            let text = "One or more scopes are not valid for this audience";
            return refuse(400, "Bad Request", "invalid_scope", text);
        }
        let same = |grant: &&Value| {
            grant.get("client_id") == body.get("client_id")
                && grant.get("audience") == body.get("audience")
        };
        if self.grants.values().any(|grant| same(&grant)) {
            let text = "A resource server client grant already exists for this client";
            return refuse(409, "Conflict", "grant_conflict", text);
        }
        let id = format!("cgr_{}", signer::random(12));
        let mut grant = body.clone();
        merge(&mut grant, &json!({"id": id}));
        self.grants.insert(id, grant.clone());
        Answer::json(201, grant)
    }
}

/// Without `read:client_keys` the secret is not shown.
fn without_secret(client: &Value) -> Value {
    let mut client = client.clone();
    if let Some(members) = client.as_object_mut() {
        members.remove("client_secret");
    }
    client
}

fn only(client: &Value, fields: &str) -> Value {
    let members = client.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| fields.split(',').any(|field| field == *name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
