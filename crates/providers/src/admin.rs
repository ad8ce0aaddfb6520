//! The administrator, who speaks the management API.

use serde_json::{Value, json};

use crate::http::{Answer, exchange, post};

/// An administrator of a portal.
#[derive(Clone, Debug)]
pub struct Admin {
    base: String,
    authorization: String,
}

impl Admin {
    pub(crate) fn new(base: String, token: &str) -> Self {
        Self { base, authorization: format!("Bearer {token}") }
    }

    /// Sends a request; `Null` is no body.
    #[must_use]
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", self.base);
        let authorization = ("authorization", self.authorization.as_str());
        send(method, &url, authorization, body)
    }

    /// What its requests carry in the header `Authorization`.
    #[must_use]
    pub fn bearer(&self) -> String {
        self.authorization.clone()
    }

    /// Creates something.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub fn create(&self, path: &str, body: &Value) -> Value {
        let answer = self.call("POST", path, body);
        assert_eq!(answer.status, 201, "{path} {body}: {}", answer.body);
        answer.json()
    }

    /// A portal whose developers, applications and registrations need nobody's approval.
    #[must_use]
    pub fn portal(&self, name: &str) -> String {
        let body = json!({
            "name": name,
            "auto_approve_developers": true,
            "auto_approve_applications": true,
        });
        id_of(&self.create("/v3/portals", &body))
    }

    /// A gateway.
    #[must_use]
    pub fn gateway(&self, name: &str) -> String {
        id_of(&self.create("/v2/control-planes", &json!({ "name": name })))
    }

    /// An API that a service of the gateway implements, both of this name.
    #[must_use]
    pub fn api(&self, gateway: &str, name: &str) -> String {
        self.api_of(name, gateway, name)
    }

    /// An API that a service of the gateway implements.
    #[must_use]
    pub fn api_of(&self, name: &str, gateway: &str, service: &str) -> String {
        let entities = format!("/v2/control-planes/{gateway}/core-entities");
        let service = json!({ "name": service, "host": "127.0.0.1", "port": 9 });
        let service = id_of(&self.create(&format!("{entities}/services"), &service));
        let api = id_of(&self.create("/v3/apis", &json!({ "name": name })));
        let link = json!({ "service": { "control_plane_id": gateway, "id": service } });
        self.create(&format!("/v3/apis/{api}/implementations"), &link);
        api
    }

    /// An authorization server that signs with this algorithm, and has the scope `read`.
    ///
    /// # Panics
    ///
    /// When it is refused.
    #[must_use]
    pub fn auth_server(&self, name: &str, algorithm: &str, profile: &str) -> AuthServer {
        let body = json!({
            "name": name,
            "audience": format!("https://{name}.example"),
            "signing_algorithm": algorithm,
            "access_token_profile": profile,
        });
        let server = AuthServer::of(&self.create("/v1/auth-servers", &body));
        self.create(&format!("/v1/auth-servers/{}/scopes", server.id), &json!({ "name": "read" }));
        server
    }

    /// A client of an authorization server: the answer, with its secret.
    pub fn auth_client(&self, server: &AuthServer, body: &Value) -> Value {
        self.create(&format!("/v1/auth-servers/{}/clients", server.id), body)
    }

    /// A strategy of OpenID Connect with these settings, and the provider that makes its clients.
    #[must_use]
    pub fn strategy(&self, name: &str, settings: &Value, provider: Option<&str>) -> String {
        let body = json!({
            "name": name,
            "display_name": name,
            "strategy_type": "openid_connect",
            "configs": { "openid-connect": settings },
            "dcr_provider_id": provider,
        });
        id_of(&self.create("/v2/application-auth-strategies", &body))
    }

    /// A provider that makes clients.
    #[must_use]
    pub fn dcr_provider(&self, name: &str, kind: &str, issuer: &str, config: &Value) -> String {
        let body = json!({
            "name": name,
            "provider_type": kind,
            "issuer": issuer,
            "dcr_config": config,
        });
        id_of(&self.create("/v2/dcr-providers", &body))
    }

    /// Publishes an API on a portal under a strategy; registrations need nobody's approval.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub fn publish(&self, api: &str, portal: &str, strategy: &str) {
        let path = format!("/v3/apis/{api}/publications/{portal}");
        let body = json!({
            "auth_strategy_ids": [strategy],
            "auto_approve_registrations": true,
            "visibility": "private",
        });
        let answer = self.call("PUT", &path, &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

/// An authorization server of the portal.
#[derive(Clone, Debug)]
pub struct AuthServer {
    /// Its id.
    pub id: String,
    /// Its issuer.
    pub issuer: String,
    /// Whom its tokens are for.
    pub audience: String,
}

impl AuthServer {
    /// The server of an answer.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[must_use]
    pub fn of(created: &Value) -> Self {
        let text = |name: &str| created[name].as_str().expect("a text").to_owned();
        Self { id: text("id"), issuer: text("issuer"), audience: text("audience") }
    }

    /// What the token endpoint answers to an id and a secret in the form.
    #[must_use]
    pub fn token(&self, client_id: &str, client_secret: &str, more: &[(&str, &str)]) -> Answer {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", client_secret),
        ];
        post(&format!("{}/oauth/token", self.issuer), &[], &[&fields, more].concat())
    }
}

/// The id of what was created.
///
/// # Panics
///
/// When it has none.
#[must_use]
pub fn id_of(created: &Value) -> String {
    created["id"].as_str().unwrap_or_else(|| panic!("no id in {created}")).to_owned()
}

/// Sends a request with a header and, unless it is `Null`, a body of JSON.
pub(crate) fn send(method: &str, url: &str, header: (&str, &str), body: &Value) -> Answer {
    if body.is_null() {
        return exchange(method, url, &[header], "");
    }
    let headers = [header, ("content-type", "application/json")];
    exchange(method, url, &headers, &body.to_string())
}
