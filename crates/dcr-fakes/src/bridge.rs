//! A bridge of Konnect's contract, and the identity provider behind it.
//!
//! Follows the OpenAPI document of github.com/Kong/konnect-portal-dcr-handler: bodies are closed
//! and all their members required, errors are `{error, error_description}`. The calls for several
//! secrets are in no published document; here they are as the handlers of other vendors have them:
//! `GET|POST /{clientId}/secrets`, `DELETE /{clientId}/secrets/{secretId}`. What a client that is
//! not known gets is not stated: here a 404, or what [`Bridge::unknown`] says.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Map, Value, json};

use crate::message::{Answer, Asked};
use crate::server::{Fake, World};
use crate::signer;

/// The key that callers have to send.
pub const API_KEY: &str = "bridge_key_of_the_portal";

/// A bridge.
#[derive(Debug, Default)]
pub struct Bridge {
    /// The secrets of each client, by their ids.
    pub clients: BTreeMap<String, BTreeMap<String, String>>,
    /// What each client was registered with.
    pub registered: BTreeMap<String, Value>,
    /// The events it was told of.
    pub events: Vec<Value>,
    /// The answer for a client that is not known.
    pub unknown: Option<Answer>,
    /// Whether times are numbers instead of dates.
    pub numbers: bool,
}

const NEW: &[(&str, bool)] = &[
    ("redirect_uris", true),
    ("client_name", false),
    ("grant_types", true),
    ("scopes", true),
    ("token_endpoint_auth_method", false),
    ("application_description", false),
    ("portal_id", false),
    ("organization_id", false),
    ("developer_id", false),
    ("auth_strategy_id", false),
    ("dcr_provider_id", false),
];

const EVENT: &[(&str, bool)] = &[
    ("event_type", false),
    ("client_id", false),
    ("application_id", false),
    ("application_name", false),
    ("application_description", false),
    ("portal_id", false),
    ("organization_id", false),
    ("developer_id", false),
    ("auth_strategy_id", false),
    ("dcr_provider_id", false),
];

/// Starts a bridge.
///
/// # Errors
///
/// When no port can be had.
pub async fn start() -> io::Result<Fake<Bridge>> {
    Fake::start(|_| Bridge::default()).await
}

fn refuse(status: u16, error: &str, text: &str) -> Answer {
    Answer::json(status, json!({"error": error, "error_description": text}))
}

/// What is wrong with a body: a list, like the reference handler's.
fn faults(body: &Map<String, Value>, required: &[(&str, bool)], optional: &[&str]) -> Vec<Value> {
    let mut faults = Vec::new();
    for (member, list) in required {
        let fits = match body.get(*member) {
            Some(Value::Array(items)) => *list && items.iter().all(Value::is_string),
            Some(Value::String(_)) => !list,
            _ => false,
        };
        if !fits {
            faults.push(json!({"instancePath": format!("/{member}"), "message": "is wrong"}));
        }
    }
    for member in body.keys() {
        let known = required.iter().any(|(name, _)| name == member);
        if !known && !optional.contains(&member.as_str()) {
            faults.push(json!({"instancePath": format!("/{member}"), "message": "is unknown"}));
        }
    }
    faults
}

impl World for Bridge {
    fn answer(&mut self, asked: &Asked) -> Answer {
        if asked.header("x-api-key") != Some(API_KEY) {
            return refuse(401, "Wrong API-Key", "the key is not known");
        }
        let (method, path) = asked.route();
        let Some((client_id, rest)) = path.split_first() else {
            return refuse(404, "Not Found", "there is nothing here");
        };
        if (method, path.as_slice()) == ("POST", [""].as_slice()) {
            return self.register(asked);
        }
        if !self.clients.contains_key(*client_id) {
            let unknown = || refuse(404, "Not Found", &format!("no client {client_id}"));
            return self.unknown.clone().unwrap_or_else(unknown);
        }
        self.manage(method, client_id, rest, asked)
    }
}

impl Bridge {
    fn register(&mut self, asked: &Asked) -> Answer {
        let Value::Object(body) = asked.json() else {
            return refuse(400, "Bad Request", "the body is no JSON object");
        };
        let faults = faults(&body, NEW, &[]);
        if !faults.is_empty() {
            return Answer::json(400, json!({"error": "Bad Request", "error_description": faults}));
        }
        let client_id = format!("client/{}", signer::random(6));
        self.registered.insert(client_id.clone(), Value::Object(body));
        self.clients.insert(client_id.clone(), BTreeMap::new());
        let (_, secret) = self.add_secret(&client_id);
        let (issued, expires) = match self.numbers {
            true => (json!(1_772_366_400), json!(0)),
            false => (json!("2026-03-01T12:00:00.000Z"), json!("2126-03-01T12:00:00.000Z")),
        };
        Answer::json(
            201,
            json!({
                "client_id": client_id, "client_secret": secret,
                "client_id_issued_at": issued, "client_secret_expires_at": expires
            }),
        )
    }

    fn add_secret(&mut self, client_id: &str) -> (String, String) {
        let (id, secret) = (signer::random(6), signer::random(16));
        if let Some(secrets) = self.clients.get_mut(client_id) {
            secrets.insert(id.clone(), secret.clone());
        }
        (id, secret)
    }

    fn manage(&mut self, method: &str, client_id: &str, rest: &[&str], asked: &Asked) -> Answer {
        match (method, rest) {
            ("DELETE", []) => {
                self.clients.remove(client_id);
                Answer::empty(204)
            }
            ("POST", ["new-secret"]) => {
                self.clients.insert(client_id.to_owned(), BTreeMap::new());
                let (_, secret) = self.add_secret(client_id);
                Answer::json(200, json!({"client_id": client_id, "client_secret": secret}))
            }
            ("POST", ["event-hook"]) => self.hear(client_id, asked),
            ("GET", ["secrets"]) => {
                let secrets = self.clients.get(client_id).into_iter().flatten();
                let items: Vec<Value> = secrets
                    .map(|(id, _)| {
                        json!({
                            "secret_id": id, "client_id": client_id, "status": "ACTIVE",
                            "created_at": "2026-03-01T12:00:00.000Z", "expires_at": null
                        })
                    })
                    .collect();
                Answer::json(200, json!({"secrets": items}))
            }
            ("POST", ["secrets"]) => {
                let (id, secret) = self.add_secret(client_id);
                Answer::json(
                    201,
                    json!({
                        "secret_id": id, "client_id": client_id, "client_secret": secret,
                        "created_at": "2026-03-01T12:00:00.000Z", "expires_at": null
                    }),
                )
            }
            ("DELETE", ["secrets", id]) => {
                let secrets = self.clients.get_mut(client_id);
                match secrets.and_then(|secrets| secrets.remove(*id)) {
                    Some(_) => Answer::empty(204),
                    None => refuse(404, "Not Found", "no such secret"),
                }
            }
            _ => refuse(404, "Not Found", "there is nothing here"),
        }
    }

    fn hear(&mut self, client_id: &str, asked: &Asked) -> Answer {
        let Value::Object(body) = asked.json() else {
            return refuse(400, "Bad Request", "the body is no JSON object");
        };
        let own: &[&str] = match body.get("event_type").and_then(Value::as_str) {
            Some("update_application") => &["redirect_uris"],
            Some("add_registration" | "remove_registration") => {
                &["api_product_version_id", "audience"]
            }
            _ => return refuse(400, "Bad Request", "event_type is wrong"),
        };
        let faults = faults(&body, EVENT, own);
        let named = own.first().is_some_and(|member| body.contains_key(*member));
        if !faults.is_empty() || !named || body.get("client_id") != Some(&json!(client_id)) {
            return Answer::json(400, json!({"error": "Bad Request", "error_description": faults}));
        }
        self.events.push(Value::Object(body));
        Answer::json(200, json!({}))
    }
}
