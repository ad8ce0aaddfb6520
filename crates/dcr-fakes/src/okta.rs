//! Okta: the registration API of an org, and one custom authorization server.
//!
//! Follows developer.okta.com: *Dynamic Client Registration* (`POST|GET /oauth2/v1/clients`,
//! `GET|PUT|DELETE /oauth2/v1/clients/{id}`, `POST …/lifecycle/newSecret`; `PUT` replaces all
//! settings and refuses `client_id_issued_at` and `client_secret_expires_at`; `q` matches the
//! beginning of `client_name`; lists go on at `Link: <…>; rel="next"`); *Application SSO OAuth 2.0
//! client authentication* (`/api/v1/apps/{id}/credentials/secrets`: at most two, the values are in
//! the list, only an inactive one can be deleted, the only active one cannot be deactivated);
//! *API token* (`Authorization: SSWS`); *Rate limits* (429, `E0000047`, `X-Rate-Limit-*`); *Okta
//! error object* (`{errorCode, errorSummary, errorLink, errorId, errorCauses}`); *Authorization
//! Servers* management (scopes, policies, rules); *Client Credentials guide* (Basic authentication,
//! a custom scope, never `openid`; `invalid_scope`, `access_denied` without a policy).

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use crate::clock;
use crate::message::{Answer, Asked};
use crate::patch::{merge, merged};
use crate::server::{Fake, World};
use crate::signer;

/// The administrator's token.
pub const API_TOKEN: &str = "00-secret-of-the-org";

/// A secret of a client.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    /// Its id.
    pub id: String,
    /// Its value.
    pub value: String,
    /// Whether it works.
    pub active: bool,
}

/// An org.
#[derive(Debug)]
pub struct Okta {
    origin: String,
    /// The clients, by id.
    pub clients: BTreeMap<String, Value>,
    /// The secrets of each client.
    pub secrets: BTreeMap<String, Vec<ClientSecret>>,
    /// Whether a policy of the authorization server covers all clients.
    pub policy: bool,
    /// The scopes of the authorization server that are not Okta's own.
    pub scopes: Vec<String>,
    /// How many entries a page of clients holds at most.
    pub page: usize,
}

/// Starts an org. Its issuer is `{origin}/oauth2/default`.
///
/// # Errors
///
/// When no port can be had.
pub async fn start() -> io::Result<Fake<Okta>> {
    Fake::start(|origin| Okta {
        origin: origin.to_owned(),
        clients: BTreeMap::new(),
        secrets: BTreeMap::new(),
        policy: true,
        scopes: vec!["read:orders".to_owned()],
        page: 200,
    })
    .await
}

fn refuse(status: u16, code: &str, summary: &str, causes: &[&str]) -> Answer {
    let causes: Vec<_> = causes.iter().map(|cause| json!({"errorSummary": cause})).collect();
    let body = json!({"errorCode": code, "errorSummary": summary, "errorLink": code,
        "errorId": "oae-fake", "errorCauses": causes});
    Answer::json(status, body)
}

fn missing() -> Answer {
    refuse(404, "E0000007", "Not found: Resource not found (PublicClientApp)", &[])
}

fn oauth(status: u16, error: &str, text: &str) -> Answer {
    Answer::json(status, json!({"error": error, "error_description": text}))
}

/// What Okta says when a rate limit was hit; `reset` is when it may be tried again.
#[must_use]
pub fn limited(reset: u64) -> Answer {
    let text = "API call exceeded rate limit due to too many requests.";
    refuse(429, "E0000047", text, &[])
        .with("X-Rate-Limit-Limit", 100)
        .with("X-Rate-Limit-Remaining", 0)
        .with("X-Rate-Limit-Reset", reset)
}

impl World for Okta {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let (method, path) = asked.route();
        match (method, path.as_slice()) {
            (
                "GET",
                ["oauth2", "default", ".well-known", "openid-configuration"]
                | ["oauth2", "default", ".well-known", "oauth-authorization-server"],
            ) => self.discovery(),
            ("GET", ["oauth2", "default", "v1", "keys"]) => Answer::json(200, signer::jwks()),
            ("POST", ["oauth2", "default", "v1", "token"]) => self.token(asked),
            _ if asked.authorization("SSWS") != Some(API_TOKEN) => {
                refuse(401, "E0000011", "Invalid token provided", &[])
            }
            (_, ["oauth2", "v1", "clients", rest @ ..]) => self.registration(method, rest, asked),
            (_, ["api", "v1", "apps", id, "credentials", "secrets", rest @ ..]) => {
                self.client_secrets(method, id, rest)
            }
            ("GET", ["api", "v1", "authorizationServers", "default", rest @ ..]) => {
                self.server(rest)
            }
            _ => refuse(404, "E0000022", "The endpoint does not support the provided method", &[]),
        }
    }
}

impl Okta {
    fn issuer(&self) -> String {
        format!("{}/oauth2/default", self.origin)
    }

    fn discovery(&self) -> Answer {
        let issuer = self.issuer();
        let at = |path: &str| format!("{issuer}/v1/{path}");
        Answer::json(
            200,
            json!({
                "issuer": issuer, "token_endpoint": at("token"), "jwks_uri": at("keys"),
                "authorization_endpoint": at("authorize"),
                "registration_endpoint": format!("{}/oauth2/v1/clients", self.origin),
                "response_types_supported": ["code", "token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }),
        )
    }

    fn token(&self, asked: &Asked) -> Answer {
        let Some((id, secret)) = asked.client() else {
            return oauth(401, "invalid_client", "Client authentication failed.");
        };
        let known = self.secrets.get(&id).is_some_and(|secrets| {
            secrets.iter().any(|known| known.active && known.value == secret)
        });
        if !known {
            return oauth(401, "invalid_client", "The client secret supplied is invalid.");
        }
        if asked.field("grant_type").as_deref() != Some("client_credentials") {
            return oauth(400, "unsupported_grant_type", "The grant type is not supported.");
        }
        let scope = asked.field("scope").unwrap_or_default();
        let mut scopes = scope.split_whitespace();
        if scope.is_empty() || !scopes.all(|scope| self.scopes.iter().any(|known| known == scope)) {
            return oauth(400, "invalid_scope", "One or more scopes are not configured.");
        }
        if !self.policy {
            let text = "Policy evaluation failed for this request, please check the policy.";
            return oauth(400, "access_denied", text);
        }
        let now = clock::now();
        let scopes: Vec<_> = scope.split_whitespace().collect();
        let claims = json!({
            "ver": 1, "jti": format!("AT.{}", signer::random(12)), "iss": self.issuer(),
            "aud": "api://default", "iat": now, "exp": now + 3_600, "cid": id, "sub": id,
            "scp": scopes,
        });
        let body = json!({"access_token": signer::sign("JWT", &claims), "token_type": "Bearer",
            "expires_in": 3_600, "scope": scope});
        Answer::json(200, body)
    }

    fn registration(&mut self, method: &str, path: &[&str], asked: &Asked) -> Answer {
        match (method, path) {
            ("POST", []) => self.create(&asked.json()),
            ("GET", []) => self.list(asked),
            ("GET", [id]) => match self.clients.get(*id) {
                Some(client) => Answer::json(200, client.clone()),
                None => missing(),
            },
            ("PUT", [id]) => self.replace(id, &asked.json()),
            ("DELETE", [id]) => match self.clients.remove(*id) {
                Some(_) => {
                    self.secrets.remove(*id);
                    Answer::empty(204)
                }
                None => missing(),
            },
            ("POST", [id, "lifecycle", "newSecret"]) => {
                let Some(client) = self.clients.get(*id) else { return missing() };
                let secret = new_secret();
                let answer = merged(client.clone(), &json!({"client_secret": secret.value}));
                self.secrets.insert((*id).to_owned(), vec![secret]);
                Answer::json(200, answer)
            }
            _ => missing(),
        }
    }

    fn create(&mut self, body: &Value) -> Answer {
        if let Err(answer) = check(body) {
            return answer;
        }
        let id = format!("0oa{}", signer::random(12));
        let client = merged(
            body.clone(),
            &json!({"client_id": id, "client_id_issued_at": clock::now(),
                "client_secret_expires_at": 0}),
        );
        let secret = new_secret();
        let answer = merged(client.clone(), &json!({"client_secret": secret.value}));
        self.clients.insert(id.clone(), client);
        self.secrets.insert(id, vec![secret]);
        Answer::json(201, answer)
    }

    fn replace(&mut self, id: &str, body: &Value) -> Answer {
        let Some(client) = self.clients.get_mut(id) else { return missing() };
        if let Err(answer) = check(body) {
            return answer;
        }
        for member in ["client_id_issued_at", "client_secret_expires_at"] {
            if body.get(member).is_some() {
                let cause = format!("{member}: must not be sent");
                return refuse(400, "E0000001", "Api validation failed: client", &[&cause]);
            }
        }
        if body.get("client_id") != Some(&json!(id)) {
            let cause = "client_id: does not match the path";
            return refuse(400, "E0000001", "Api validation failed: client", &[cause]);
        }
        let issued_at = client.get("client_id_issued_at").cloned();
        *client = body.clone();
        merge(client, &json!({"client_id_issued_at": issued_at, "client_secret_expires_at": 0}));
        Answer::json(200, client.clone())
    }

    fn list(&self, asked: &Asked) -> Answer {
        let limit = asked.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(20);
        let limit = self.page.min(limit);
        let begins = asked.parameter("q").unwrap_or_default();
        let after = asked.parameter("after").unwrap_or_default();
        let name = |client: &Value| client["client_name"].as_str().unwrap_or_default().to_owned();
        let matching: Vec<_> = self
            .clients
            .iter()
            .filter(|(id, client)| id.as_str() > after && name(client).starts_with(begins))
            .collect();
        let page: Vec<_> = matching.iter().take(limit).map(|(_, client)| client).collect();
        let answer = Answer::json(200, json!(page));
        let own = format!("<{}/oauth2/v1/clients?limit={limit}>; rel=\"self\"", self.origin);
        let answer = answer.with("Link", own);
        match matching.get(limit.saturating_sub(1)).filter(|_| matching.len() > limit) {
            Some((last, _)) => {
                let at = format!("{}/oauth2/v1/clients?after={last}&limit={limit}", self.origin);
                answer.with("Link", format!("<{at}>; rel=\"next\""))
            }
            None => answer,
        }
    }

    fn client_secrets(&mut self, method: &str, id: &str, path: &[&str]) -> Answer {
        let Some(secrets) = self.secrets.get_mut(id) else { return missing() };
        let active = secrets.iter().filter(|secret| secret.active).count();
        let found = |secrets: &[ClientSecret], wanted: &str| {
            secrets.iter().position(|secret| secret.id == wanted)
        };
        match (method, path) {
            ("GET", []) => Answer::json(200, secrets.iter().map(shown).collect()),
            ("POST", []) if secrets.len() >= 2 => {
                let cause = "You cannot have more than two client secrets";
                refuse(400, "E0000001", "Api validation failed: secrets", &[cause])
            }
            ("POST", []) => {
                let secret = new_secret();
                let answer = Answer::json(201, shown(&secret));
                secrets.push(secret);
                answer
            }
            ("GET", [wanted]) => match secrets.iter().find(|secret| secret.id == *wanted) {
                Some(secret) => Answer::json(200, shown(secret)),
                None => missing(),
            },
            ("POST", [wanted, "lifecycle", "deactivate"]) => {
                let Some(secret) = secrets.iter_mut().find(|secret| secret.id == *wanted) else {
                    return missing();
                };
                if secret.active && active < 2 {
                    let cause = "You cannot deactivate the only active client secret";
                    return refuse(400, "E0000001", "Api validation failed: secret", &[cause]);
                }
                secret.active = false;
                Answer::json(200, shown(secret))
            }
            ("DELETE", [wanted]) => match found(secrets, wanted) {
                Some(index) if secrets.get(index).is_some_and(|secret| secret.active) => {
                    let cause = "You cannot delete an active client secret";
                    refuse(400, "E0000001", "Api validation failed: secret", &[cause])
                }
                Some(index) => {
                    secrets.remove(index);
                    Answer::empty(204)
                }
                None => missing(),
            },
            _ => missing(),
        }
    }

    fn server(&self, path: &[&str]) -> Answer {
        match path {
            ["scopes"] => {
                let own = ["openid", "profile", "offline_access"];
                let own = own.iter().map(|name| json!({"name": name, "system": true}));
                let rest = self.scopes.iter().map(|name| json!({"name": name, "system": false}));
                Answer::json(200, own.chain(rest).collect())
            }
            ["policies"] if self.policy => {
                let clients = json!({"clients": {"include": ["ALL_CLIENTS"]}});
                let policy = json!({"id": "p1", "status": "ACTIVE", "conditions": clients});
                Answer::json(200, json!([policy]))
            }
            ["policies"] => Answer::json(200, json!([])),
            ["policies", "p1", "rules"] => {
                let grants = json!({"grantTypes": {"include": ["client_credentials"]}});
                let rule = json!({"id": "r1", "status": "ACTIVE", "conditions": grants});
                Answer::json(200, json!([rule]))
            }
            _ => missing(),
        }
    }
}

fn new_secret() -> ClientSecret {
    let id = format!("ocs{}", signer::random(12));
    ClientSecret { id, value: signer::random(30), active: true }
}

fn shown(secret: &ClientSecret) -> Value {
    let status = if secret.active { "ACTIVE" } else { "INACTIVE" };
    json!({"id": secret.id, "status": status, "client_secret": secret.value,
        "secret_hash": "fake", "created": "2026-03-01T12:00:00.000Z"})
}

fn check(body: &Value) -> Result<(), Answer> {
    let invalid = |text: &str| Err(oauth(400, "invalid_client_metadata", text));
    let has = |member: &str, value: &str| {
        body.get(member).and_then(Value::as_array).is_some_and(|all| all.contains(&json!(value)))
    };
    let name = body.get("client_name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() || name.chars().count() > 100 {
        return invalid("client_name: must be 1 to 100 characters");
    }
    let needed = [
        "application_type",
        "grant_types",
        "response_types",
        "redirect_uris",
        "token_endpoint_auth_method",
    ];
    if let Some(member) = needed.into_iter().find(|member| body.get(member).is_none()) {
        return invalid(&format!("{member}: is required"));
    }
    match body.get("application_type").and_then(Value::as_str) {
        Some("service") if has("response_types", "token") && !has("grant_types", "implicit") => {
            if has("grant_types", "authorization_code") {
                return invalid("grant_types: not valid for an application of type service");
            }
        }
        Some("web")
            if has("grant_types", "authorization_code") && has("response_types", "code") =>
        {
            let uris = body.get("redirect_uris").and_then(Value::as_array);
            if uris.is_none_or(Vec::is_empty) {
                return Err(oauth(400, "invalid_redirect_uri", "redirect_uris: is required"));
            }
        }
        _ => return invalid("application_type, grant_types and response_types do not agree"),
    }
    Ok(())
}
