//! Where clients are registered, as the issuer's own documents say.

use serde_json::Value;
use url::Url;

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";

/// Where the document of an issuer may be: OpenID Connect appends its path, RFC 8414 inserts
/// it before the issuer's. An issuer that is a document's URL already is taken as it is.
pub(super) fn documents(issuer: &Url) -> Vec<String> {
    if issuer.path().contains("/.well-known/") {
        return vec![issuer.to_string()];
    }
    let path = issuer.path().trim_end_matches('/');
    [format!("{path}{OPENID}"), format!("{OAUTH}{path}")]
        .into_iter()
        .map(|path| {
            let mut document = issuer.clone();
            document.set_path(&path);
            document.to_string()
        })
        .collect()
}

/// The registration endpoint that a document names.
pub(super) fn registration_endpoint(issuer: &Url, document: &Value) -> Result<String, String> {
    let member = |name| document.get(name).and_then(Value::as_str).unwrap_or_default();
    let (entered, named) = (issuer.as_str(), member("issuer"));
    let same = named.trim_end_matches('/') == entered.trim_end_matches('/');
    if !same && !issuer.path().contains("/.well-known/") {
        let named = if named.is_empty() { "no issuer" } else { named };
        return Err(format!("the discovery document is of {named}, not of {entered}"));
    }
    let endpoint = member("registration_endpoint");
    if endpoint.is_empty() {
        return Err("the discovery document names no registration_endpoint: the server may not \
                    register clients, or not say where"
            .into());
    }
    let url = Url::parse(endpoint).ok().filter(|url| {
        // What was asked over TLS does not send tokens elsewhere without it.
        matches!((issuer.scheme(), url.scheme()), (_, "https") | ("http", "http"))
    });
    let url = url.ok_or_else(|| format!("{endpoint} is no registration endpoint to be used"))?;
    Ok(url.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn both_places_are_known() {
        for (issuer, expected) in [
            (
                "https://i.test",
                vec![
                    "https://i.test/.well-known/openid-configuration",
                    "https://i.test/.well-known/oauth-authorization-server",
                ],
            ),
            (
                "https://i.test/realms/r/",
                vec![
                    "https://i.test/realms/r/.well-known/openid-configuration",
                    "https://i.test/.well-known/oauth-authorization-server/realms/r",
                ],
            ),
            (
                "https://i.test/a/.well-known/openid-configuration",
                vec!["https://i.test/a/.well-known/openid-configuration"],
            ),
        ] {
            assert_eq!(documents(&url(issuer)), expected);
        }
    }

    #[test]
    fn a_document_of_another_issuer_or_without_the_endpoint_is_refused() {
        let issuer = url("https://i.test/r");
        let of = |issuer: &str, endpoint: &str| json!({ "issuer": issuer, "registration_endpoint": endpoint });
        for issuer_named in ["https://i.test/r", "https://i.test/r/"] {
            let found = registration_endpoint(&issuer, &of(issuer_named, "https://i.test/reg"));
            assert_eq!(found.as_deref(), Ok("https://i.test/reg"));
        }
        for (document, expected) in [
            (of("https://j.test/r", "https://i.test/reg"), "is of https://j.test/r"),
            (json!({ "issuer": "https://i.test/r" }), "names no registration_endpoint"),
            (of("https://i.test/r", "http://i.test/reg"), "is no registration endpoint"),
            (of("https://i.test/r", "/reg"), "is no registration endpoint"),
            (json!(null), "is of no issuer"),
        ] {
            let refused = registration_endpoint(&issuer, &document).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
