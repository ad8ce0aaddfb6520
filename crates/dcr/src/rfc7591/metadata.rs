//! Client metadata as RFC 7591 words it.

use serde_json::{Map, Value, json};

use super::Config;
use crate::job::Metadata;

/// All metadata of a client. `tagged` says whether our tag goes along, as `software_id`.
pub(super) fn of(config: &Config, metadata: &Metadata, tagged: bool) -> Map<String, Value> {
    let mut redirect_uris = metadata.redirect_uris.clone();
    if redirect_uris.is_empty() {
        redirect_uris.extend(config.default_redirect_uri.clone());
    }
    let grants = metadata.grant_types();
    let responses: &[&str] = if grants.contains(&"authorization_code") { &["code"] } else { &[] };
    let mut members = Map::new();
    members.insert("client_name".into(), metadata.name.as_str().into());
    members.insert("redirect_uris".into(), redirect_uris.into());
    members.insert("grant_types".into(), grants.into());
    members.insert("response_types".into(), responses.into());
    let method = config.token_endpoint_auth_method.as_str();
    members.insert("token_endpoint_auth_method".into(), method.into());
    if !metadata.scopes.is_empty() {
        members.insert("scope".into(), metadata.scopes.join(" ").into());
    }
    if tagged && !metadata.origin.tag.is_empty() {
        members.insert("software_id".into(), metadata.origin.tag.as_str().into());
    }
    members
}

/// What no server registers: it shows that the endpoint is one, and that the token is taken.
pub(super) fn invalid() -> Value {
    json!({
        "client_name": "gatekey-verify",
        "redirect_uris": "gatekey-verify",
        "token_endpoint_auth_method": "gatekey-verify",
    })
}

/// What the server made of the metadata and will surprise whoever uses the client.
pub(super) fn surprises(sent: &Map<String, Value>, answered: &Value) -> Vec<String> {
    let mut surprises = Vec::new();
    let (method, grants) = ("token_endpoint_auth_method", "grant_types");
    // Glewlwyd answers a list.
    let answer = answered.get(method).map(|answer| answer.get(0).unwrap_or(answer));
    if let (Some(answer), Some(sent)) = (answer, sent.get(method))
        && answer != sent
    {
        surprises.push(format!("the server registered {answer} in the place of {sent}"));
    }
    let answer = answered.get(grants).and_then(Value::as_array);
    for grant in sent.get(grants).and_then(Value::as_array).into_iter().flatten() {
        if answer.is_some_and(|answer| !answer.contains(grant)) {
            surprises.push(format!("the server did not register the grant type {grant}"));
        }
    }
    surprises
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Origin;

    fn metadata(redirect_uris: &[&str], scopes: &[&str]) -> Metadata {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        Metadata {
            name: "app".into(),
            auth_methods: vec!["bearer".into()],
            redirect_uris: owned(redirect_uris),
            scopes: owned(scopes),
            origin: Origin { tag: "t".into(), ..Origin::default() },
            ..Metadata::default()
        }
    }

    #[test]
    fn a_machine_has_no_responses_and_no_redirects() {
        let body = of(&Config::default(), &metadata(&[], &[]), true);
        assert_eq!(
            Value::Object(body),
            json!({
                "client_name": "app",
                "redirect_uris": [],
                "grant_types": ["client_credentials"],
                "response_types": [],
                "token_endpoint_auth_method": "client_secret_basic",
                "software_id": "t"
            })
        );
    }

    #[test]
    fn users_come_back_to_a_redirect_uri() {
        let config =
            Config { default_redirect_uri: Some("https://none.test".into()), ..<_>::default() };
        let body = of(&config, &metadata(&["https://a.test/cb"], &["a", "b"]), false);
        assert_eq!(
            Value::Object(body),
            json!({
                "client_name": "app",
                "redirect_uris": ["https://a.test/cb"],
                "grant_types": ["client_credentials", "authorization_code"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_basic",
                "scope": "a b"
            })
        );
        let body = of(&config, &metadata(&[], &[]), false);
        assert_eq!(body["redirect_uris"], json!(["https://none.test"]));
        assert_eq!(body["grant_types"], json!(["client_credentials"]));
    }

    #[test]
    fn what_was_registered_otherwise_is_told() {
        let sent = of(&Config::default(), &metadata(&[], &[]), false);
        for (answered, expected) in [
            (json!({}), 0),
            (json!({ "token_endpoint_auth_method": "client_secret_basic" }), 0),
            (json!({ "token_endpoint_auth_method": ["client_secret_basic"] }), 0),
            (json!({ "token_endpoint_auth_method": "client_secret_post" }), 1),
            (json!({ "grant_types": ["client_credentials", "authorization_code"] }), 0),
            (json!({ "grant_types": [] }), 1),
        ] {
            assert_eq!(surprises(&sent, &answered).len(), expected, "{answered}");
        }
    }
}
