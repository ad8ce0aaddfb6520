//! What a bridge answers.

use serde_json::Value;

use crate::call::Reply;
use crate::member::{text, time};
use crate::oauth_error::OauthError;
use crate::remote::RemoteSecret;

/// The item of a list of secrets; none when it is of no use any more.
pub(super) fn listed_secret(item: &Value) -> Option<RemoteSecret> {
    let inactive = |status: &str| status.eq_ignore_ascii_case("inactive");
    if item.get("status").and_then(Value::as_str).is_some_and(inactive) {
        return None;
    }
    Some(RemoteSecret {
        id: text(item, "secret_id")?,
        display_name: text(item, "display_name"),
        created_at: time(item, "created_at"),
        expires_at: time(item, "expires_at"),
    })
}

/// Whether a refusal says that what is to be removed is not there. The contract has no code for it:
/// 404 and 410 are unmistakable, a 400 is by its words, when they are about the client or the secret
/// and not about something else that a bridge may miss.
pub(super) fn says_gone(reply: &Reply, id: &str) -> bool {
    const MISSING: [&str; 5] = ["not found", "not_found", "unknown", "does not exist", "no such"];
    const OURS: [&str; 3] = ["client", "application", "secret"];
    match reply.status {
        404 | 410 => true,
        400 => OauthError::read(reply).is_some_and(|error| {
            let said = format!("{} {}", error.code, error.description);
            let about_it = said.contains(id);
            let said = said.to_ascii_lowercase();
            MISSING.into_iter().any(|words| said.contains(words))
                && (about_it || OURS.into_iter().any(|words| said.contains(words)))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use gatekey_core::secret::Secret;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_inactive_secret_is_not_listed() {
        let item = |status: Value| json!({ "secret_id": "s", "status": status });
        assert!(listed_secret(&item(json!("ACTIVE"))).is_some());
        assert!(listed_secret(&item(json!(null))).is_some());
        assert!(listed_secret(&item(json!("INACTIVE"))).is_none());
        assert!(listed_secret(&json!({ "secret_id": "" })).is_none());
    }

    #[test]
    fn only_some_refusals_say_that_nothing_is_there() {
        let said = |status, body: &Value| {
            let body = Secret::new(body.to_string().into_bytes());
            let reply = Reply { status, retry_after_seconds: None, next_page: None, body };
            says_gone(&reply, "0oa404")
        };
        assert!(said(404, &json!({})));
        assert!(said(410, &json!({})));
        assert!(said(400, &json!({"error": "unknown client", "error_description": "c"})));
        assert!(said(
            400,
            &json!({"error": "Bad Request", "error_description": "Not found: 0oa404"})
        ));
        assert!(!said(400, &json!({"error": "Bad Request", "error_description": "busy"})));
        assert!(!said(
            400,
            &json!({"error": "Bad Request", "error_description": "0oa404 is busy"})
        ));
        assert!(!said(
            400,
            &json!({"error": "Bad Request", "error_description": "no such tenant"})
        ));
        assert!(!said(401, &json!({"error": "unknown client", "error_description": ""})));
        assert!(!said(500, &json!({"error": "not found", "error_description": ""})));
    }
}
