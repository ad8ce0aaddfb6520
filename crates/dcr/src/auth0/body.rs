//! What Auth0 is told of a client, and what it tells.

use serde_json::{Value, json};

use crate::job::Metadata;
use crate::remote::Remote;
use crate::vendor::{id, text};

/// The member of `client_metadata` that holds our tag.
const TAG: &str = "gatekey_tag";
/// The longest description that Auth0 takes.
const LONGEST_DESCRIPTION: usize = 140;
/// A length of names that nobody minds.
const LONGEST_NAME: usize = 128;
/// Scopes of OpenID Connect belong to users, not to APIs.
const OPENID: [&str; 6] = ["openid", "profile", "email", "address", "phone", "offline_access"];

/// What can be changed of a client.
pub(super) fn settings(metadata: &Metadata) -> Value {
    let cut = |text: &str, longest: usize| text.chars().take(longest).collect::<String>();
    // Auth0 refuses names with these.
    let name = metadata.name.replace(['<', '>'], "");
    let name = if name.trim().is_empty() { "Application".to_owned() } else { name };
    json!({
        "name": cut(&name, LONGEST_NAME),
        "description": cut(&metadata.description, LONGEST_DESCRIPTION),
        "callbacks": metadata.redirect_uris,
        "grant_types": metadata.grant_types(),
    })
}

/// A new client.
pub(super) fn client(metadata: &Metadata) -> Value {
    let mut body = settings(metadata);
    let web = metadata.has_authorization_code();
    let origin = &metadata.origin;
    let rest = json!({
        "app_type": if web { "regular_web" } else { "non_interactive" },
        "token_endpoint_auth_method": "client_secret_post",
        "oidc_conformant": true,
        "is_first_party": true,
        "jwt_configuration": {"alg": "RS256"},
        "client_metadata": {
            "konnect_application_id": origin.application_id,
            "konnect_developer_id": origin.developer_id,
            "konnect_org_id": origin.organization_id,
            "konnect_portal_id": origin.portal_id,
            TAG: origin.tag,
        },
    });
    if let (Some(body), Value::Object(rest)) = (body.as_object_mut(), rest) {
        body.extend(rest);
    }
    body
}

/// The scopes of an API that a client is to be granted.
pub(super) fn scopes(metadata: &Metadata) -> Vec<&str> {
    let scopes = metadata.scopes.iter().map(String::as_str);
    scopes.filter(|scope| !OPENID.contains(scope)).collect()
}

/// The tag of a listed client, and what is known of it.
pub(super) fn tagged(client: &Value) -> Option<(String, Remote)> {
    let tag = text(client.get("client_metadata")?, TAG)?.to_owned();
    let client_id = Some(id(client, "client_id")?);
    Some((tag, Remote { client_id, ..Remote::default() }))
}
