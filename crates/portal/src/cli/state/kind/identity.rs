//! Authorization servers: scopes, claims, clients.

use serde_json::{Value, json};

use super::{Change, Fields, Kind, Making, Place, Reference};
use crate::identity::claim::{ClaimEdit, NewClaim};
use crate::identity::client::{AuthMethod, ClientEdit, Replacement};
use crate::identity::scope::{NewScope, ScopeEdit};
use crate::identity::server::{NewServer, ServerEdit};
use crate::input::schema_of;

pub(super) const SERVERS: Kind = Kind {
    list: "auth_servers",
    body: schema_of::<NewServer>,
    change: Change::Patch(schema_of::<ServerEdit>),
    whole: &["labels"],
    at: "/v1/auth-servers",
    item: "/v1/auth-servers/{id}",
    deleting: "?force=true",
    ..Kind::USUAL
};

pub(super) const SCOPES: Kind = Kind {
    list: "scopes",
    within: Some("auth_servers"),
    body: schema_of::<NewScope>,
    change: Change::Patch(schema_of::<ScopeEdit>),
    at: "/v1/auth-servers/{auth_servers}/scopes",
    item: "/v1/auth-servers/{auth_servers}/scopes/{id}",
    ..Kind::USUAL
};

pub(super) const CLAIMS: Kind = Kind {
    list: "claims",
    within: Some("auth_servers"),
    body: schema_of::<NewClaim>,
    change: Change::Patch(schema_of::<ClaimEdit>),
    references: &[scopes("include_in_scopes")],
    at: "/v1/auth-servers/{auth_servers}/claims",
    item: "/v1/auth-servers/{auth_servers}/claims/{id}",
    ..Kind::USUAL
};

/// A client keeps its id, which its users know. Those of applications are not among them: they are
/// made, and go, with the application.
pub(super) const CLIENTS: Kind = Kind {
    list: "clients",
    within: Some("auth_servers"),
    identity: &["id"],
    body: || {
        let mut schema = schema_of::<Replacement>().as_ref().clone();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("id".into(), json!({ "type": "string", "minLength": 1 }));
        }
        schema.into()
    },
    making: Making::Put("id"),
    change: Change::Patch(schema_of::<ClientEdit>),
    whole: &["labels"],
    references: &[scopes("allow_scopes")],
    secrets: &["client_secret"],
    held,
    at: "/v1/auth-servers/{auth_servers}/clients",
    item: "/v1/auth-servers/{auth_servers}/clients/{id}",
    ..Kind::USUAL
};

const fn scopes(member: &'static str) -> Reference {
    Reference {
        place: Place::Around("auth_servers"),
        many: true,
        ..Reference::to(member, member, "scopes")
    }
}

fn held(client: &Fields) -> Vec<&'static str> {
    let method = client.get("token_endpoint_auth_method").and_then(Value::as_str);
    if method == Some(AuthMethod::None.as_str()) { Vec::new() } else { vec!["client_secret"] }
}
