//! The portal's authorization servers, with client libraries that know nothing of us.

mod npm;
mod openidconnect;
mod python;

use gatekey_providers::{Admin, AuthServer, Developer, PASSWORD, Portal, Tools, id_of};
use serde_json::{Value, json};

/// Where people are sent back to. Nobody listens there: how they arrive is enough.
const CALLBACK: &str = "http://127.0.0.1:9/callback";

/// A portal and a developer who can sign in.
struct Scene {
    portal: Portal,
    admin: Admin,
    developer: Developer,
}

impl Scene {
    fn set(tools: &Tools) -> Self {
        let portal = Portal::start(tools);
        let admin = portal.admin();
        let developer = portal.developer(&admin.portal("people"), "ada");
        Self { portal, admin, developer }
    }

    /// A client that acts for itself, and may ask for `read`.
    fn machine(&self, server: &AuthServer) -> Value {
        let body = json!({
            "name": "machine",
            "grant_types": ["client_credentials"],
            "response_types": ["token"],
            "allow_all_scopes": true,
        });
        client_of(&self.admin.auth_client(server, &body))
    }

    /// The client of an application that signs people in, and the developer who does.
    fn person(&self, server: &AuthServer) -> Value {
        let name = format!("people of {}", server.audience);
        let provider = self.admin.dcr_provider(&name, "kongIdentity", &server.issuer, &json!({}));
        let settings = json!({
            "issuer": server.issuer,
            "credential_claim": ["client_id"],
            "scopes": ["openid", "offline_access"],
            // Whoever has this method has refresh tokens; the gateway's own client is not needed.
            "auth_methods": ["bearer", "session", "refresh_token"],
            "client_id": "the-gateway",
        });
        let strategy = self.admin.strategy(&name, &settings, Some(&provider));
        let application = self.developer.create(&name, &strategy, Some(CALLBACK));
        json!({
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            "method": "client_secret_post",
            "redirect_uri": CALLBACK,
            "login": self.developer.email,
            "password": PASSWORD,
        })
    }

    /// A token with which clients register themselves.
    fn initial_access_token(&self, server: &AuthServer) -> String {
        let path = format!("/v1/auth-servers/{}/initial-access-tokens", server.id);
        let made = self.admin.create(&path, &json!({}));
        made["token"].as_str().expect("a token").to_owned()
    }
}

fn client_of(created: &Value) -> Value {
    json!({
        "client_id": id_of(created),
        "client_secret": created["client_secret"],
        "method": "client_secret_post",
    })
}
