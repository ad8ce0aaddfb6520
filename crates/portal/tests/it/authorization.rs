//! An authorization server with a client, for tests of its endpoints.

use axum::Router;
use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{Caller, Reply, TestPortal, unique};

/// Where the portal of a test says it is.
pub(crate) const BASE: &str = "http://127.0.0.1:8180";

/// An authorization server.
pub(crate) struct AuthServer {
    pub(crate) id: String,
    admin: Caller,
    anyone: Caller,
}

/// A client and its secret.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl AuthServer {
    /// A server that signs with a key that is made quickly.
    pub(crate) async fn new(portal: &TestPortal, fields: Value) -> Self {
        let mut body = json!({
            "name": unique("server"),
            "audience": "https://api.test",
            "signing_algorithm": "ES256",
        });
        let given = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(given);
        let admin = portal.admin();
        let id = admin.post("/v1/auth-servers", body).await.id();
        Self { id, admin, anyone: portal.anyone() }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{BASE}/auth/{}", self.id)
    }

    /// The path of something to manage.
    pub(crate) fn managed(&self, rest: &str) -> String {
        format!("/v1/auth-servers/{}{rest}", self.id)
    }

    /// The path of an endpoint.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/auth/{}{rest}", self.id)
    }

    pub(crate) async fn scope(&self, name: &str, fields: Value) -> String {
        let mut body = json!({"name": name});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.admin.post(&self.managed("/scopes"), body).await.id()
    }

    pub(crate) async fn client(&self, fields: Value) -> Client {
        let mut body = json!({
            "name": unique("client"),
            "grant_types": ["client_credentials"],
            "response_types": [],
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let made = self.admin.post(&self.managed("/clients"), body).await;
        let made = made.expect(StatusCode::CREATED).json();
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        Client { id: text("id"), secret: text("client_secret") }
    }

    /// Posts a form to an endpoint.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        post_form(&self.anyone, &self.path(path), form).await
    }

    /// Posts a form as a client that uses `Basic`.
    pub(crate) async fn post_as(
        &self,
        client: &Client,
        path: &str,
        form: &[(&str, &str)],
    ) -> Reply {
        let caller = self.anyone.clone().with("authorization", &client.basic());
        post_form(&caller, &self.path(path), form).await
    }

    /// Asks for a token with `client_credentials`.
    pub(crate) async fn ask(&self, client: &Client, more: &[(&str, &str)]) -> Reply {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &client.id),
            ("client_secret", &client.secret),
        ];
        self.post("/oauth/token", &[&form, more].concat()).await
    }

    /// The same at another process of the portal.
    pub(crate) async fn ask_at(&self, router: &Router, client: &Client) -> Reply {
        let caller = self.anyone.clone().at(router.clone());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
        ];
        post_form(&caller, &self.path("/oauth/token"), &form).await
    }

    /// A token, which has to be given.
    pub(crate) async fn token(&self, client: &Client, more: &[(&str, &str)]) -> String {
        let reply = self.ask(client, more).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn is_active(&self, client: &Client, token: &str) -> bool {
        let reply = self.post_as(client, "/introspect", &[("token", token)]).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        let told = reply.json();
        let active = told["active"].as_bool().unwrap();
        assert!(active || told == json!({"active": false}), "{told}");
        active
    }
}

impl Client {
    pub(crate) fn basic(&self) -> String {
        let pair = format!("{}:{}", encoded(&self.id), encoded(&self.secret));
        format!("Basic {}", STANDARD.encode(pair))
    }
}

/// Posts a form.
pub(crate) async fn post_form(caller: &Caller, path: &str, form: &[(&str, &str)]) -> Reply {
    let pairs: Vec<_> =
        form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let caller = caller.clone().with("content-type", "application/x-www-form-urlencoded");
    caller.send(Method::POST, path, Some(pairs.join("&").into_bytes())).await
}

/// Text as a form has it.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escape =
        |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(escape).collect()
}

/// The header and the claims of a token.
pub(crate) fn read(token: &str) -> (Value, Value) {
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    let part =
        |at: usize| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[at]).unwrap()).unwrap();
    (part(0), part(1))
}

/// Expects an error of OAuth.
#[track_caller]
pub(crate) fn refused(reply: &Reply, status: u16, error: &str) {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    assert_eq!(reply.headers["content-type"], "application/json", "{}", reply.text());
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert_eq!(reply.json()["error"], error, "{}", reply.text());
}
