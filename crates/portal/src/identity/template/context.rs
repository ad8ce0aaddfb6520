//! The fields of the server and of the client that templates can use: those of Kong, and a few
//! more.

use serde_json::Value as Json;

use super::value::Value;
use crate::store::entity::{auth_client, auth_server};

/// Whose claim is rendered, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'c> {
    /// The server that issues.
    pub(crate) server: &'c auth_server::Model,
    /// The client that gets the token.
    pub(crate) client: &'c auth_client::Model,
    /// The time, in milliseconds since 1970.
    pub(crate) now: i64,
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    scope: &'static str,
    name: &'static str,
    /// Whether members of it can be named behind another dot.
    pub(super) has_members: bool,
    /// What it comes to.
    pub(super) value: fn(&Context<'_>) -> Value,
}

macro_rules! fields {
    ($($scope:literal $name:literal = |$from:ident| $value:expr;)*) => {
        &[$(Field { scope: $scope, name: $name, has_members: false, value: |$from| $value }),*]
    };
}

const PLAIN: &[Field] = fields! {
    "AuthServer" "ID" = |from| Value::text(from.server.id);
    "AuthServer" "Name" = |from| Value::text(&from.server.name);
    "AuthServer" "Description" = |from| optional(from.server.description.as_ref());
    "AuthServer" "Audience" = |from| Value::text(&from.server.audience);
    "AuthServer" "SigningAlgorithm" = |from| Value::text(&from.server.algorithm);
    "AuthServer" "TrustedOrigins" = |from| stored(&from.server.trusted_origins);
    "AuthServer" "CreatedAt" = |from| Value::Time(from.server.created_at);
    "AuthServer" "UpdatedAt" = |from| Value::Time(from.server.updated_at);
    "Client" "ID" = |from| Value::text(&from.client.id);
    "Client" "Name" = |from| Value::text(&from.client.name);
    "Client" "GrantTypes" = |from| stored(&from.client.grant_types);
    "Client" "ResponseTypes" = |from| stored(&from.client.response_types);
    "Client" "RedirectURIs" = |from| stored(&from.client.redirect_uris);
    "Client" "LoginURI" = |from| optional(from.client.login_uri.as_ref());
    "Client" "AccessTokenDuration" = |from| Value::Int(from.client.access_token_duration.into());
    "Client" "IDTokenDuration" = |from| Value::Int(from.client.id_token_duration.into());
    "Client" "AllowAllScopes" = |from| Value::Flag(from.client.allow_all_scopes);
    "Client" "TokenEndpointAuthMethod" = |from| Value::text(&from.client.auth_method);
    "Client" "CreatedAt" = |from| Value::Time(from.client.created_at);
    "Client" "UpdatedAt" = |from| Value::Time(from.client.updated_at);
};

const WITH_MEMBERS: [Field; 2] = [
    Field {
        scope: "AuthServer",
        name: "Labels",
        has_members: true,
        value: |from| stored(&from.server.labels),
    },
    Field {
        scope: "Client",
        name: "Labels",
        has_members: true,
        value: |from| stored(&from.client.labels),
    },
];

/// The field of that name.
pub(super) fn find(scope: &str, name: &str) -> Option<Field> {
    let known = PLAIN.iter().chain(&WITH_MEMBERS);
    known.copied().find(|field| field.scope == scope && field.name == name)
}

fn optional(text: Option<&String>) -> Value {
    text.map_or(Value::Nil, Value::text)
}

fn stored(json: &Json) -> Value {
    Value::of_json(json.clone())
}
