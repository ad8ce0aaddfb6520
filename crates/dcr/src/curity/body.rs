//! What Curity is told of a client, and what it tells.

use gatekey_core::secret::Secret;
use serde_json::{Value, json};

use crate::adapter::State;
use crate::job::Metadata;
use crate::remote::IssuedSecret;
use crate::vendor::{Base, text};

/// A client, new or, with its id, changed: an update replaces all of it.
pub(super) fn client(metadata: &Metadata, client_id: Option<&str>) -> Value {
    let web = metadata.has_authorization_code();
    let name = if metadata.name.trim().is_empty() { "Application" } else { &metadata.name };
    let mut body = json!({
        "client_name": name,
        "grant_types": metadata.grant_types(),
        "response_types": if web { vec!["code"] } else { Vec::new() },
        "redirect_uris": metadata.redirect_uris,
        "token_endpoint_auth_method": "client_secret_basic",
    });
    // Without a user there is nothing that OpenID Connect could tell.
    let scopes = metadata.scopes.iter().map(String::as_str);
    let scopes: Vec<_> = scopes.filter(|scope| web || *scope != "openid").collect();
    if let Some(body) = body.as_object_mut() {
        if !scopes.is_empty() {
            body.insert("scope".into(), scopes.join(" ").into());
        }
        if let Some(client_id) = client_id {
            body.insert("client_id".into(), client_id.into());
        }
    }
    body
}

/// Takes in what an answer holds of the client's token, its address and its secret. What it does not
/// hold stays as it is.
pub(super) fn take(state: &mut State, origin: &Base, answer: &Value) {
    let number = |member: &str| answer.get(member).and_then(Value::as_u64);
    let remote = &mut state.remote;
    if let Some(token) = text(answer, "registration_access_token") {
        remote.registration_access_token = Some(Secret::new(token.to_owned()));
        let lasts = number("registration_access_token_expires_in");
        remote.registration_access_token_expires_at =
            lasts.map(|lasts| state.now.saturating_add(lasts));
    }
    // An address elsewhere would be sent a token: it is as good as none.
    if let Some(uri) = text(answer, "registration_client_uri").and_then(|uri| origin.pinned(uri)) {
        remote.registration_client_uri = Some(uri);
    }
    if let Some(secret) = text(answer, "client_secret") {
        let expires_at = number("client_secret_expires_at").filter(|time| *time > 0);
        remote.client_secret_expires_at = expires_at;
        let secret = Secret::new(secret.to_owned());
        state.issued = Some(IssuedSecret { id: None, secret, expires_at });
    }
}
